//! The types of the table of admin pages: who may open a page, and where it is offered. The table itself is in
//! `app/src/admin.rs`.

use domain::Locale;
use domain::messages::{Msg, t};
use domain::permission::{Permission, Role};
use leptos::prelude::*;
use leptos_router::hooks::use_location;
use leptos_router::{ChooseView, Lazy, LazyRoute};
use ui::{Command, CommandKind, NavItem, SIGN_OUT_FORM, Shape, Tab, Tabs, icon, use_locale};

use crate::Forbidden;
use crate::layout::use_role;

/// A page with what is derived of it: route, permission, navigation entry, tab and palette entry.
#[derive(Clone, Copy, Debug)]
pub struct AdminPage {
    /// Below `/admin`, as in its route: `orders/:order`. Empty for the home.
    pub path: &'static str,
    /// The permission to open it.
    pub needs: Permission,
    /// Where it is offered.
    pub offered: Offered,
    /// Its views that the command palette offers as well.
    pub shortcuts: &'static [Shortcut],
}

/// Where a page is offered. What is in the navigation or a tab is in the command palette as well.
#[derive(Clone, Copy, Debug)]
pub enum Offered {
    /// In the navigation: the first page of its section.
    Navigation(Msg, Shape),
    /// In the navigation with the first name, and with the second as the first tab of its section.
    FirstTab(Msg, Msg, Shape),
    /// As a tab of the section whose first page has this path.
    Tab(&'static str, Msg, Shape),
    /// In the command palette only, under the section whose first page has this path.
    Palette(&'static str, Msg, Shape),
    /// Not offered: the page of this path links to it.
    Within(&'static str),
}

/// A view of a page that the command palette offers: a list with a filter, a form for something new, a field, a file.
#[derive(Clone, Copy, Debug)]
pub struct Shortcut {
    /// The address below `/admin`, with its query, or with the id of a field behind `#`.
    pub path: &'static str,
    pub needs: Permission,
    pub name: Msg,
    pub shape: Shape,
    /// Other words that find it.
    pub words: Option<Msg>,
    /// Is it a file to download?
    pub is_file: bool,
}

impl Shortcut {
    #[must_use]
    pub const fn to(path: &'static str, needs: Permission, name: Msg, shape: Shape) -> Self {
        Self { path, needs, name, shape, words: None, is_file: false }
    }

    /// A file to download.
    #[must_use]
    pub const fn file(path: &'static str, needs: Permission, name: Msg) -> Self {
        Self { path, needs, name, shape: icon::DOWNLOAD, words: None, is_file: true }
    }

    /// The same, found by other words too.
    #[must_use]
    pub const fn or_by(self, words: Msg) -> Self {
        Self { words: Some(words), ..self }
    }
}

/// A path below `/admin` as an address.
fn address_of(path: &str) -> String {
    if path.is_empty() { "/admin".to_owned() } else { format!("/admin/{path}") }
}

impl AdminPage {
    /// Its address, with parameters as in the route.
    #[must_use]
    pub fn address(&self) -> String {
        address_of(self.path)
    }

    /// Its name in the command palette, and its icon.
    const fn entry(&self) -> Option<(Msg, Shape)> {
        match self.offered {
            Offered::Navigation(name, shape) | Offered::FirstTab(name, _, shape) => Some((name, shape)),
            Offered::Tab(_, name, shape) | Offered::Palette(_, name, shape) => Some((name, shape)),
            Offered::Within(_) => None,
        }
    }

    /// The path of the page above it.
    const fn above(&self) -> Option<&'static str> {
        match self.offered {
            Offered::Navigation(..) | Offered::FirstTab(..) => None,
            Offered::Tab(path, ..) | Offered::Palette(path, ..) | Offered::Within(path) => Some(path),
        }
    }
}

/// The name of the section that a page belongs to.
fn section_of(pages: &[AdminPage], page: &AdminPage) -> Option<Msg> {
    let Some(above) = page.above() else { return page.entry().map(|(name, _)| name) };
    section_of(pages, pages.iter().find(|page| page.path == above)?)
}

/// The entries of the navigation that a role may open.
#[must_use]
pub fn navigation(pages: &[AdminPage], role: Role, locale: Locale) -> Vec<NavItem> {
    let item = |page: &AdminPage| {
        let (name, shape) = page.entry().filter(|_| page.above().is_none())?;
        Some(NavItem { href: page.address(), name: name.text(locale).to_owned(), shape, waiting: None })
    };
    pages.iter().filter(|page| role.may(page.needs)).filter_map(item).collect()
}

/// The tabs of a section for a role; `open` is the address of the current page.
#[must_use]
pub fn tabs(pages: &[AdminPage], section: &str, role: Role, locale: Locale, open: &str) -> Vec<Tab> {
    let tab = |page: &AdminPage| {
        let name = match page.offered {
            Offered::FirstTab(_, name, _) if page.path == section => name,
            Offered::Tab(of, name, _) if of == section => name,
            _ => return None,
        };
        let href = page.address();
        let current = href == open;
        Some(Tab { href, name: name.text(locale).to_owned(), count: None, current })
    };
    pages.iter().filter(|page| role.may(page.needs)).filter_map(tab).collect()
}

/// The command palette's entries for a role: the navigation first, then every other page with its shortcuts, and what can be done on all.
#[must_use]
pub fn commands(pages: &[AdminPage], role: Role, locale: Locale) -> Vec<Command> {
    let text = |name: Msg| name.text(locale).to_owned();
    let command = |group: Msg, label: String, href: String, shape: Shape| {
        let (group, keywords) = (text(group), String::new());
        Command { label, group, href, kind: CommandKind::Page, shape, keywords }
    };
    let sections = navigation(pages, role, locale).into_iter().map(|item| command(t::ADMIN_TITLE, item.name, item.href, item.shape));
    let of_page = |page: &AdminPage| {
        let section = section_of(pages, page).unwrap_or(t::ADMIN_TITLE);
        let own = page.entry().filter(|_| page.above().is_some() && role.may(page.needs));
        let own = own.map(|(name, shape)| command(section, text(name), page.address(), shape));
        let shortcut = |shortcut: &Shortcut| Command {
            kind: if shortcut.is_file { CommandKind::File } else { CommandKind::Page },
            keywords: shortcut.words.map(text).unwrap_or_default(),
            ..command(section, text(shortcut.name), address_of(shortcut.path), shortcut.shape)
        };
        let shortcuts = page.shortcuts.iter().filter(|shortcut| role.may(shortcut.needs)).map(shortcut);
        own.into_iter().chain(shortcuts).collect::<Vec<_>>()
    };
    let shop = command(t::ADMIN_TITLE, text(t::ADMIN_OPEN_SHOP), "/".to_owned(), icon::STORE);
    let sign_out = Command {
        kind: CommandKind::Form(SIGN_OUT_FORM),
        ..command(t::ADMIN_TITLE, text(t::ACCOUNT_SIGN_OUT), String::new(), icon::SIGN_OUT)
    };
    sections.chain(pages.iter().flat_map(of_page)).chain([shop, sign_out]).collect()
}

/// The table, for components inside the layout.
#[derive(Clone, Copy)]
pub(crate) struct Pages(pub(crate) &'static [AdminPage]);

/// The tabs of a section that the user may open.
#[component]
pub fn SectionTabs(
    /// The path of the section's first page.
    section: &'static str,
) -> impl IntoView {
    let pages = use_context::<Pages>().map(|Pages(pages)| pages).unwrap_or_default();
    let (role, locale) = (use_role(), use_locale());
    let open = use_location().pathname.get_untracked();
    let open = open.trim_end_matches('/').to_owned();
    let label = pages.iter().find(|page| page.path == section).and_then(|page| section_of(pages, page));
    let label = label.map(|name| name.text(locale)).unwrap_or_default();
    move || {
        let tabs = role.get().map(|role| tabs(pages, section, role, locale, &open)).unwrap_or_default();
        view! { <Tabs label tabs/> }
    }
}

/// A page that is shown only to users with its permission. Its server functions check again.
#[derive(Debug)]
pub struct Guarded<Page> {
    needs: Permission,
    page: Lazy<Page>,
}

impl<Page> Guarded<Page> {
    #[must_use]
    pub fn new(needs: Permission) -> Self {
        Self { needs, page: Lazy::new() }
    }
}

impl<Page> Clone for Guarded<Page> {
    fn clone(&self) -> Self {
        Self { needs: self.needs, page: self.page.clone() }
    }
}

impl<Page: LazyRoute + Send + Sync> ChooseView for Guarded<Page> {
    async fn choose(self) -> AnyView {
        let needs = self.needs;
        if use_role().get_untracked().is_some_and(|role| !role.may(needs)) {
            return view! { <Forbidden needs/> }.into_any();
        }
        self.page.choose().await
    }

    async fn preload(&self) {
        self.page.preload().await;
    }
}
