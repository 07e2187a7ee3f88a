//! Where entries of menus and sections of the home page lead: as it is stored, checked, and shown.

use std::collections::HashMap;

use domain::Locale;
use domain::id::{CategoryId, PageId, ProductId};
use domain::messages::t;
use domain::view::{LinkKind, LinkTarget, TargetChoice, TargetState};
use platform::db::{Flag, FromRow};
use url::{Url, form_urlencoded};
use uuid::Uuid;

use super::{ContentError, published};
use crate::Shop;
use crate::catalog::{self, Checker};

/// Characters of an address.
const MAX_ADDRESS: usize = 500;
/// Characters of what is searched for.
const MAX_WORDS: usize = 100;

/// A target as its columns hold it: kind, id, and words or address.
pub(super) type StoredTarget = (&'static str, Option<Uuid>, String);

pub(super) fn stored(target: &LinkTarget) -> StoredTarget {
    let (id, address) = match target {
        LinkTarget::Heading => (None, ""),
        LinkTarget::Category(id) => (Some(id.0), ""),
        LinkTarget::Page(id) => (Some(id.0), ""),
        LinkTarget::Product(id) => (Some(id.0), ""),
        LinkTarget::Search(words) => (None, words.as_str()),
        LinkTarget::Address(address) => (None, address.as_str()),
    };
    (target.kind().code(), id, address.to_owned())
}

/// The target of these columns; none of what this program does not know.
pub(super) fn target(kind: &str, id: Option<Uuid>, address: String) -> Option<LinkTarget> {
    Some(match LinkKind::parse(kind)? {
        LinkKind::Heading => LinkTarget::Heading,
        LinkKind::Category => LinkTarget::Category(CategoryId(id?)),
        LinkKind::Page => LinkTarget::Page(PageId(id?)),
        LinkKind::Product => LinkTarget::Product(ProductId(id?)),
        LinkKind::Search => LinkTarget::Search(address),
        LinkKind::Address => LinkTarget::Address(address),
    })
}

/// Checks what was typed: the fields `words` and `address`.
pub(super) fn check(c: &mut Checker, target: &LinkTarget) -> LinkTarget {
    match target {
        LinkTarget::Search(words) => LinkTarget::Search(c.required("words", words, MAX_WORDS)),
        LinkTarget::Address(address) => {
            let address = c.required("address", address, MAX_ADDRESS);
            if !address.is_empty() && !is_address(&address) {
                c.wrong("address", t::ADMIN_CONTENT_ADDRESS_INVALID.text(c.locale));
            }
            LinkTarget::Address(address)
        }
        other => other.clone(),
    }
}

/// Is it a path of this shop, or an address of the web by https? Browsers take `\` for `/` and drop tabs and ends of lines, so a path
/// with those could lead elsewhere.
fn is_address(address: &str) -> bool {
    if address.chars().any(|letter| letter == '\\' || letter.is_control() || letter.is_whitespace()) {
        return false;
    }
    if address.starts_with('/') {
        return !address.starts_with("//");
    }
    let web = Url::parse(address).ok().filter(|url| url.scheme() == "https" && address.starts_with("https://"));
    // A name before the host looks like another host than the one that it leads to.
    web.is_some_and(|url| url.has_host() && url.username().is_empty() && url.password().is_none())
}

struct Found {
    name: String,
    /// Empty where shoppers cannot see it.
    href: String,
}

/// What some targets are called and where they are, in one language.
#[derive(Default)]
pub(super) struct Targets {
    categories: HashMap<CategoryId, Found>,
    pages: HashMap<PageId, Found>,
    products: HashMap<ProductId, Found>,
}

fn products_of<'a>(targets: impl IntoIterator<Item = &'a LinkTarget>) -> Vec<ProductId> {
    let id = |target: &LinkTarget| match target {
        LinkTarget::Product(id) => Some(*id),
        _ => None,
    };
    targets.into_iter().filter_map(id).collect()
}

impl Targets {
    /// Those of these that shoppers can see, from memory.
    pub(super) async fn shown<'a>(
        shop: &Shop,
        locale: Locale,
        targets: impl IntoIterator<Item = &'a LinkTarget>,
    ) -> Result<Self, ContentError> {
        let categories = catalog::published_categories(shop, locale).await?;
        let categories = categories.into_iter().map(|(id, view)| (id, Found { name: view.name, href: format!("/c/{}", view.slug) }));
        let pages = published::links(shop, locale).await?;
        let pages = pages.into_iter().map(|(id, link)| (id, Found { name: link.title, href: format!("/pages/{}", link.slug) }));
        let products = products_of(targets);
        let cards = if products.is_empty() { Vec::new() } else { catalog::cards_by_ids(shop, locale, &products).await? };
        let products = cards.into_iter().map(|card| (card.id, Found { name: card.name, href: format!("/p/{}", card.slug) }));
        Ok(Self { categories: categories.collect(), pages: pages.collect(), products: products.collect() })
    }

    /// These, and all categories and pages, also those that shoppers do not see, from the database.
    pub(super) async fn all<'a>(
        shop: &Shop,
        locale: Locale,
        targets: impl IntoIterator<Item = &'a LinkTarget>,
    ) -> Result<Self, ContentError> {
        Self::with_products(shop, locale, &products_of(targets)).await
    }

    /// All categories and pages, and these products, also those that shoppers do not see, from the database.
    pub(super) async fn with_products(shop: &Shop, locale: Locale, products: &[ProductId]) -> Result<Self, ContentError> {
        let found = |name: String, path: &str, is_shown: bool| Found { name, href: if is_shown { path.to_owned() } else { String::new() } };
        let categories = catalog::every_category(shop, locale).await?;
        let categories = categories.into_iter().map(|(id, view, shown)| (id, found(view.name, &format!("/c/{}", view.slug), shown)));
        let pages = pages(shop, locale).await?.into_iter();
        let pages = pages.map(|page| (page.id, found(page.title, &format!("/pages/{}", page.slug), page.published.0)));
        let rows = catalog::admin::list_rows(shop, products).await?.into_iter();
        let products = rows.map(|row| (row.id, found(row.name, "/p", row.status == "published")));
        Ok(Self { categories: categories.collect(), pages: pages.collect(), products: products.collect() })
    }

    fn found(&self, target: &LinkTarget) -> Option<&Found> {
        match target {
            LinkTarget::Category(id) => self.categories.get(id),
            LinkTarget::Page(id) => self.pages.get(id),
            LinkTarget::Product(id) => self.products.get(id),
            LinkTarget::Heading | LinkTarget::Search(_) | LinkTarget::Address(_) => None,
        }
    }

    /// Its own name, or the words that are searched for.
    pub(super) fn name<'a>(&'a self, target: &'a LinkTarget) -> Option<&'a str> {
        match target {
            LinkTarget::Search(words) => Some(words),
            other => self.found(other).map(|found| found.name.as_str()),
        }
    }

    /// Where it is; empty for a heading, none of what shoppers cannot see.
    pub(super) fn href(&self, target: &LinkTarget) -> Option<String> {
        match target {
            LinkTarget::Heading => Some(String::new()),
            LinkTarget::Search(words) => {
                Some(format!("/search?q={}", form_urlencoded::byte_serialize(words.as_bytes()).collect::<String>()))
            }
            LinkTarget::Address(address) => Some(address.clone()),
            other => self.found(other).map(|found| found.href.clone()).filter(|href| !href.is_empty()),
        }
    }

    pub(super) fn state(&self, target: &LinkTarget) -> TargetState {
        match target {
            LinkTarget::Heading | LinkTarget::Search(_) | LinkTarget::Address(_) => TargetState::Shown,
            other => match self.found(other) {
                None => TargetState::Deleted,
                Some(found) if found.href.is_empty() => TargetState::NotShown,
                Some(_) => TargetState::Shown,
            },
        }
    }

    /// What there is of a kind, by name, to choose from.
    pub(super) fn choices(&self, kind: LinkKind) -> Vec<TargetChoice> {
        let choice = |id: String, found: &Found| {
            let state = if found.href.is_empty() { TargetState::NotShown } else { TargetState::Shown };
            TargetChoice { id, name: found.name.clone(), state }
        };
        let mut choices: Vec<TargetChoice> = match kind {
            LinkKind::Category => self.categories.iter().map(|(id, found)| choice(id.to_string(), found)).collect(),
            LinkKind::Page => self.pages.iter().map(|(id, found)| choice(id.to_string(), found)).collect(),
            LinkKind::Product => self.products.iter().map(|(id, found)| choice(id.to_string(), found)).collect(),
            LinkKind::Heading | LinkKind::Search | LinkKind::Address => Vec::new(),
        };
        choices.sort_by(|one, other| (&one.name, &one.id).cmp(&(&other.name, &other.id)));
        choices
    }
}

#[derive(FromRow)]
struct PageRow {
    id: PageId,
    published: Flag,
    title: String,
    slug: String,
}

/// All pages, in this language or in English.
async fn pages(shop: &Shop, locale: Locale) -> Result<Vec<PageRow>, ContentError> {
    let rows = shop
        .db()
        .fetch_all(
            "select p.id, p.published, coalesce(t.title, e.title, p.handle) as title, coalesce(t.slug, e.slug, p.handle) as slug
             from pages p
             left join page_texts t on t.page_id = p.id and t.locale = $1
             left join page_texts e on e.page_id = p.id and e.locale = 'en'",
            &[&locale.code()],
        )
        .await?;
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_of_the_shop_or_one_of_the_web_by_https() {
        for good in ["/", "/c/mugs?sort=newest", "/pages/about#us", "https://example.com", "https://example.com/a?b=c"] {
            assert!(is_address(good), "{good}");
        }
        let bad = [
            "//evil.example",
            "/\\evil.example",
            "/\t/evil.example",
            "c/mugs",
            "http://example.com",
            "javascript:steal()",
            "data:text/html,x",
            "https:evil.example",
            "https://",
            "https://shop.example@evil.example",
            "mailto:ana@example.com",
            "/a b",
        ];
        for bad in bad {
            assert!(!is_address(bad), "{bad}");
        }
    }

    #[test]
    fn a_target_is_read_as_it_was_stored() {
        let id = Uuid::from_u128(7);
        let all = [
            LinkTarget::Heading,
            LinkTarget::Category(CategoryId(id)),
            LinkTarget::Page(PageId(id)),
            LinkTarget::Product(ProductId(id)),
            LinkTarget::Search("gift & box".into()),
            LinkTarget::Address("/c".into()),
        ];
        for written in all {
            let (kind, id, address) = stored(&written);
            assert_eq!(target(kind, id, address), Some(written));
        }
        assert_eq!(target("category", None, String::new()), None);
        let href = Targets::default().href(&LinkTarget::Search("gift & box".into()));
        assert_eq!(href.as_deref(), Some("/search?q=gift+%26+box"));
    }
}
