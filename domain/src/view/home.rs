//! The home page: what shoppers see of it, and how managers arrange it.

use serde::{Deserialize, Serialize};

use super::{CategoryView, LinkTarget, PictureView, ProductCardView, StoryView, TargetChoice, TargetState};
use crate::id::{CategoryId, HomeSectionId, ProductId};
use crate::{Date, TimeZone, Timestamp};

/// A section of the home page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HomeSectionView {
    Banner(StoryView),
    Products {
        title: String,
        /// Where more of them are; empty for nowhere.
        link: String,
        products: Vec<ProductCardView>,
    },
    Text {
        title: String,
        /// Sanitised: elements of text, and links.
        html: String,
    },
    Categories {
        title: String,
        categories: Vec<CategoryView>,
    },
    /// Delivery, payment and returns in a sentence each.
    Promises {
        /// Does the shop take cash on delivery?
        cash: bool,
    },
}

/// The home page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomePageView {
    /// Those that have something to show, in order.
    pub sections: Vec<HomeSectionView>,
}

/// What a section of the home page shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SectionKind {
    /// Words, a picture and a link.
    #[default]
    Banner,
    /// Products of a category.
    Products,
    /// The newest products.
    Newest,
    /// Products with a place on the home page.
    Featured,
    /// Products that were picked for it.
    Picked,
    /// Markdown.
    Text,
    Categories,
    /// Delivery, payment and returns.
    Promises,
}

impl SectionKind {
    pub const ALL: [Self; 8] =
        [Self::Banner, Self::Products, Self::Picked, Self::Newest, Self::Featured, Self::Text, Self::Categories, Self::Promises];

    /// As in the database and in addresses.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Banner => "banner",
            Self::Products => "products",
            Self::Newest => "newest",
            Self::Featured => "featured",
            Self::Picked => "picked",
            Self::Text => "text",
            Self::Categories => "categories",
            Self::Promises => "promises",
        }
    }

    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// A section in one language, as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SectionTexts {
    pub locale: String,
    pub title: String,
    /// Plain words of a banner, Markdown of a text.
    pub body: String,
    /// What a banner's link says.
    pub action: String,
    /// What the picture shows.
    pub alt: String,
}

/// A section as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeSectionDraft {
    /// None for a new one.
    pub id: Option<HomeSectionId>,
    /// When it was last saved: who saves another version is told.
    pub version: i64,
    pub kind: SectionKind,
    pub hidden: bool,
    pub visible_from: Option<Timestamp>,
    /// After [`Self::visible_from`].
    pub visible_until: Option<Timestamp>,
    /// Whose products are shown.
    pub category: Option<CategoryId>,
    /// Where a banner leads.
    pub link: LinkTarget,
    pub texts: Vec<SectionTexts>,
}

/// When shoppers see a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SectionState {
    Shown,
    Hidden,
    /// From a moment that is to come.
    Planned,
    Ended,
}

/// A section in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeSectionRowView {
    pub id: HomeSectionId,
    pub kind: SectionKind,
    /// In the reader's language; empty for what its kind is called.
    pub title: String,
    pub state: SectionState,
    pub visible_from: Option<Timestamp>,
    pub visible_until: Option<Timestamp>,
    /// Of what it leads to or takes its products from.
    pub target: TargetState,
}

/// A product that was picked for a section.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PickedProductView {
    pub id: ProductId,
    /// Empty where it is deleted.
    pub name: String,
    pub state: TargetState,
}

/// A section with what it can be set to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomeSectionEditView {
    pub draft: HomeSectionDraft,
    pub picture: Option<PictureView>,
    /// In order.
    pub products: Vec<PickedProductView>,
    pub categories: Vec<TargetChoice>,
    pub pages: Vec<TargetChoice>,
}

/// A section as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HomeSectionForm {
    /// Empty for a new one.
    pub id: String,
    pub version: String,
    /// The code of its [`SectionKind`].
    pub kind: String,
    /// Not empty when shoppers see it.
    pub shown: String,
    /// As [`moment_field`] writes it; empty for at once.
    pub visible_from: String,
    /// Empty for no end.
    pub visible_until: String,
    /// A category's id.
    pub category: String,
    /// Empty, `category:` or `page:` with an id, or `address`.
    pub link: String,
    /// For the link `address`.
    pub address: String,
    pub texts: Vec<SectionTexts>,
}

impl HomeSectionForm {
    /// The section as far as it can be read, and the fields with a moment that is none.
    #[must_use]
    pub fn read(self, zone: TimeZone) -> (HomeSectionDraft, Vec<&'static str>) {
        let mut unread = Vec::new();
        let mut moment = |field: &'static str, text: &str| {
            let moment = read_moment(zone, text);
            if moment.is_none() && !text.trim().is_empty() {
                unread.push(field);
            }
            moment
        };
        let draft = HomeSectionDraft {
            visible_from: moment("visible_from", &self.visible_from),
            visible_until: moment("visible_until", &self.visible_until),
            id: self.id.parse().ok(),
            version: self.version.parse().unwrap_or_default(),
            kind: SectionKind::parse(&self.kind).unwrap_or_default(),
            hidden: self.shown.is_empty(),
            category: self.category.parse().ok(),
            link: read_link(&self.link, self.address),
            texts: self.texts,
        };
        (draft, unread)
    }
}

fn read_link(link: &str, address: String) -> LinkTarget {
    let read = match link.split_once(':') {
        Some(("category", id)) => id.parse().ok().map(LinkTarget::Category),
        Some(("page", id)) => id.parse().ok().map(LinkTarget::Page),
        _ => (link == "address").then_some(LinkTarget::Address(address)),
    };
    read.unwrap_or_default()
}

/// A banner's link as the field `link` holds it.
#[must_use]
pub fn link_field(link: &LinkTarget) -> String {
    match link {
        LinkTarget::Category(id) => format!("category:{id}"),
        LinkTarget::Page(id) => format!("page:{id}"),
        LinkTarget::Address(_) => "address".to_owned(),
        LinkTarget::Heading | LinkTarget::Product(_) | LinkTarget::Search(_) => String::new(),
    }
}

/// A moment as a field for day and time holds it, by this zone's clock: `2026-12-24T18:00`.
#[must_use]
pub fn moment_field(zone: TimeZone, at: Timestamp) -> String {
    zone.iso_minute(at).replace(' ', "T")
}

/// The moment of a field for day and time; none of what is none. Seconds are left out.
#[must_use]
pub fn read_moment(zone: TimeZone, text: &str) -> Option<Timestamp> {
    let (day, clock) = text.trim().split_once(['T', ' '])?;
    let mut parts = clock.split(':');
    let mut part = |most: i64| {
        let digits = parts.next().filter(|part| part.len() == 2)?;
        digits.parse::<i64>().ok().filter(|number| (0..=most).contains(number))
    };
    let minute = part(23)? * 60 + part(59)?;
    Some(zone.moment(Date::parse(day)?, minute))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_is_read_by_the_clock_of_the_shop() {
        let zone = TimeZone::DEFAULT;
        let at = read_moment(zone, "2026-12-24T18:30").unwrap_or(Timestamp::from_millis(0));
        assert_eq!(at.iso_date_time().get(..16), Some("2026-12-24T10:30"));
        assert_eq!(moment_field(zone, at), "2026-12-24T18:30");
        assert_eq!(read_moment(zone, "2026-12-24 18:30:59"), Some(at));
        for bad in ["", "2026-12-24", "2026-12-24T24:00", "2026-12-24T18:60", "2026-12-24T1:5", "2026-02-30T10:00", "soon", "2026-12-24T"] {
            assert_eq!(read_moment(zone, bad), None, "{bad}");
        }
    }

    #[test]
    fn a_form_with_a_moment_that_is_none_names_its_field() {
        let form =
            HomeSectionForm { visible_from: "soon".into(), link: "address".into(), address: "/c".into(), ..HomeSectionForm::default() };
        let (draft, unread) = form.read(TimeZone::DEFAULT);
        assert_eq!((draft.link, draft.hidden, unread), (LinkTarget::Address("/c".into()), true, vec!["visible_from"]));
    }
}
