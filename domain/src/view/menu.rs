//! Menus: what shoppers see of them, and how managers arrange them.

use serde::{Deserialize, Serialize};

use crate::id::{CategoryId, MenuEntryId, PageId, ProductId};

/// A link of a menu.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuLinkView {
    pub name: String,
    pub href: String,
}

/// An entry of a menu at the top, with the links below it. In the footer it is a column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuEntryView {
    pub name: String,
    /// Empty for a heading.
    pub href: String,
    pub below: Vec<MenuLinkView>,
}

/// The menus as shoppers see them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenusView {
    pub main: Vec<MenuEntryView>,
    /// Did the owner arrange the main menu? Else it has the categories.
    pub is_main_arranged: bool,
    /// The columns.
    pub footer: Vec<MenuEntryView>,
}

/// A menu that can be arranged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Menu {
    /// Below the shop's name; on phones above the categories.
    #[default]
    Main,
    /// Its entries at the top are headings of columns, and all others stand below one.
    Footer,
}

impl Menu {
    pub const ALL: [Self; 2] = [Self::Main, Self::Footer];

    /// As in the database and in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Footer => "footer",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|menu| menu.code() == code)
    }
}

/// Where an entry of a menu or a section of the home page leads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkTarget {
    /// Nowhere.
    #[default]
    Heading,
    Category(CategoryId),
    Page(PageId),
    Product(ProductId),
    /// The results of a search for these words.
    Search(String),
    /// An address in the shop (`/…`) or on the web (`https://…`).
    Address(String),
}

/// The kind of a [`LinkTarget`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkKind {
    #[default]
    Heading,
    Category,
    Page,
    Product,
    Search,
    Address,
}

impl LinkKind {
    pub const ALL: [Self; 6] = [Self::Category, Self::Page, Self::Product, Self::Search, Self::Address, Self::Heading];

    /// As in the database and in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Heading => "heading",
            Self::Category => "category",
            Self::Page => "page",
            Self::Product => "product",
            Self::Search => "search",
            Self::Address => "address",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl LinkTarget {
    #[must_use]
    pub const fn kind(&self) -> LinkKind {
        match self {
            Self::Heading => LinkKind::Heading,
            Self::Category(_) => LinkKind::Category,
            Self::Page(_) => LinkKind::Page,
            Self::Product(_) => LinkKind::Product,
            Self::Search(_) => LinkKind::Search,
            Self::Address(_) => LinkKind::Address,
        }
    }
}

/// Whether shoppers can see what something leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum TargetState {
    #[default]
    Shown,
    /// A hidden category, a page that is a draft, a product that is not published.
    NotShown,
    Deleted,
}

/// What an entry is called in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct MenuLabel {
    pub locale: String,
    /// Empty for the target's own name.
    pub label: String,
}

/// An entry of a menu in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuRowView {
    pub id: MenuEntryId,
    /// As shoppers read it; empty where its target is deleted and it has no label.
    pub name: String,
    pub target: LinkTarget,
    pub state: TargetState,
    /// Those below it.
    pub below: Vec<MenuRowView>,
}

/// A menu as it is arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuView {
    pub menu: Menu,
    /// Is it arranged by hand? Else `rows` is empty, and `generated` has what the shop makes by itself.
    pub is_arranged: bool,
    pub rows: Vec<MenuRowView>,
    pub generated: Vec<MenuEntryView>,
}

/// An entry of a menu as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuEntryDraft {
    /// None for a new one.
    pub id: Option<MenuEntryId>,
    /// When it was last saved: who saves another version is told.
    pub version: i64,
    pub menu: Menu,
    /// The entry that it stands below; none at the top.
    pub parent: Option<MenuEntryId>,
    pub target: LinkTarget,
    pub labels: Vec<MenuLabel>,
}

/// Something that an entry may lead to, to choose from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetChoice {
    pub id: String,
    pub name: String,
    pub state: TargetState,
}

/// An entry of a menu with what it can be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenuEntryEditView {
    pub draft: MenuEntryDraft,
    /// What it can stand below: entries at the top, but for itself. None where others stand below it.
    pub parents: Vec<(MenuEntryId, String)>,
    /// The categories or pages that it may lead to, by its kind; of a product the one that it leads to.
    pub targets: Vec<TargetChoice>,
}

/// How an entry or a section is moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Move {
    Up,
    Down,
    /// Below the entry before it.
    In,
    /// Behind the entry that it stands below.
    Out,
}

impl Move {
    /// As forms send it.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::In => "in",
            Self::Out => "out",
        }
    }
}
