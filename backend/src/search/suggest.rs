//! Suggestions while somebody types.

use domain::Locale;
use domain::messages::t;
use domain::view::{CategoryView, ProductCardView, SuggestionView};
use platform::plain_text::plain;

use super::{SearchError, SearchQuery, find, popular};
use crate::Shop;
use crate::catalog;

const MAX_PRODUCTS: usize = 6;
const MAX_CATEGORIES: usize = 2;

/// Products and categories that match what was typed so far; popular products before anything is.
///
/// # Errors
/// [`SearchError`].
pub async fn suggest(shop: &Shop, locale: Locale, typed: &str) -> Result<Vec<SuggestionView>, SearchError> {
    let (ids, categories) = if typed.trim().is_empty() {
        let popular = popular::products(shop).await?;
        (popular.iter().take(MAX_PRODUCTS).copied().collect(), Vec::new())
    } else {
        let query = SearchQuery { text: typed.to_owned(), locale, status: "published", names_only: true, limit: MAX_PRODUCTS };
        (find(shop, query).await?.ids, categories_that_begin(shop, locale, typed).await?)
    };
    let names = catalog::category_names(shop, locale, &ids).await?;
    let cards = catalog::cards_by_ids(shop, locale, &ids).await?;
    let products = cards.into_iter().map(|card| {
        let category = names.get(&card.id).cloned();
        of_product(locale, card, category)
    });
    Ok(products.chain(categories.into_iter().map(of_category)).collect())
}

/// The categories with a word that begins like this.
async fn categories_that_begin(shop: &Shop, locale: Locale, typed: &str) -> Result<Vec<CategoryView>, SearchError> {
    let typed = plain(typed.trim());
    let mut categories = catalog::categories(shop, locale).await?;
    categories.retain(|category| {
        let name = plain(&category.name);
        name.starts_with(&typed) || name.split_whitespace().any(|word| word.starts_with(&typed))
    });
    categories.truncate(MAX_CATEGORIES);
    Ok(categories)
}

fn of_product(locale: Locale, card: ProductCardView, category: Option<String>) -> SuggestionView {
    let price = locale.money(card.price_from);
    let price = if card.price_varies { t::COMMON_FROM_PRICE.with(locale, &[("price", &price)]) } else { price };
    SuggestionView {
        href: format!("/p/{}", card.slug),
        label: card.name,
        category,
        price: Some(price),
        picture: card.picture.map(|picture| picture.id.to_string()),
    }
}

fn of_category(category: CategoryView) -> SuggestionView {
    SuggestionView {
        href: format!("/c/{}", category.slug),
        label: category.name,
        picture: category.picture.map(|picture| picture.id.to_string()),
        ..SuggestionView::default()
    }
}
