//! Which language the address of a product or category is written in.

use domain::Locale;

use crate::Shop;

use super::CatalogError;
use super::listings::Snapshot;
use super::store::Category;

/// The language of a product's slug; none of one that products have in several languages, or that no product has.
///
/// # Errors
/// The database's.
pub async fn language_of_product(shop: &Shop, slug: &str) -> Result<Option<Locale>, CatalogError> {
    let sql = "select locale from product_texts where locale in ('en', 'fil') and slug = $1";
    let locales: Vec<String> = shop.db().fetch_scalars(sql, &[&slug]).await?;
    Ok(match locales.as_slice() {
        [one] => Locale::parse(one),
        _ => None,
    })
}

/// The same of a category's slug.
///
/// # Errors
/// The database's.
pub async fn language_of_category(shop: &Shop, slug: &str) -> Result<Option<Locale>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    Ok(only_language(&snapshot, slug))
}

fn only_language(snapshot: &Snapshot, slug: &str) -> Option<Locale> {
    let texts = snapshot.categories.iter().flat_map(|category| &category.texts);
    let mut languages = texts.filter(|(_, text)| text.slug == slug).map(|(locale, _)| *locale);
    languages.next().filter(|_| languages.next().is_none())
}

/// The slugs of a category by language code, where its page has an address of its own in each of several languages; else none.
pub(super) fn addresses_of(snapshot: &Snapshot, category: &Category) -> Vec<(String, String)> {
    let own = |locale: &Locale| {
        let slug = category.texts.get(locale)?.slug.clone();
        Some((locale.code().to_owned(), only_language(snapshot, &slug).map(|_| slug)?))
    };
    let addresses: Vec<_> = Locale::ALL.iter().filter_map(own).collect();
    if addresses.len() > 1 && addresses.len() == category.texts.len() { addresses } else { Vec::new() }
}
