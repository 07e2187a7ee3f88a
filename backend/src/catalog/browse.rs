//! The home page, lists and cards.

use std::collections::{BTreeMap, HashMap};

use domain::id::ProductId;
use domain::view::{CategoryView, Facet, FacetValue, HomeView, ListingQuery, ListingView, ProductCardView, StoryView};
use domain::{Locale, Money};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Shop;
use crate::settings::{self, shop_currency};

use super::index::{Counted, Cursor, Wanted};
use super::shelf::FacetName;
use super::{CatalogError, PAGE, sizes, store};

/// Options that a list offers as filters, at most: those that most goods have.
const MAX_FACETS: usize = 8;
/// Values of one option that a list offers, at most.
const MAX_VALUES: usize = 30;
/// Products in a row of the home page.
const ROW: usize = 8;

/// Under which key the stories of the home page are kept.
pub(crate) const STORIES: &str = "home.stories";

/// A story as it is kept: texts by language code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Story {
    pub title: HashMap<String, String>,
    pub body: HashMap<String, String>,
    pub action: HashMap<String, String>,
    pub alt: HashMap<String, String>,
    /// A category's handle.
    pub category: String,
    pub picture: Option<(domain::id::PictureId, u32, u32)>,
}

/// All categories, in order.
///
/// # Errors
/// The database's.
pub async fn categories(shop: &Shop, locale: Locale) -> Result<Vec<CategoryView>, CatalogError> {
    let index = shop.shelf().current(shop).await?;
    Ok(index.categories.iter().map(|c| c.view(locale)).collect())
}

/// The home page.
///
/// # Errors
/// The database's.
pub async fn home(shop: &Shop, locale: Locale) -> Result<HomeView, CatalogError> {
    let index = shop.shelf().current(shop).await?;
    let stories: Vec<Story> = shop.settings().get(shop.db(), STORIES).await?.unwrap_or_default();
    let (featured, newest) = (index.featured(ROW), index.newest(ROW));
    let mut cards = by_id(shop, locale, &[featured.as_slice(), newest.as_slice()].concat()).await?;
    let pick =
        |cards: &HashMap<ProductId, ProductCardView>, ids: &[ProductId]| ids.iter().filter_map(|id| cards.get(id).cloned()).collect();
    let featured = pick(&cards, &featured);
    let newest = newest.iter().filter_map(|id| cards.remove(id)).collect();
    let text = |texts: &HashMap<String, String>| texts.get(locale.code()).or_else(|| texts.get("en")).cloned().unwrap_or_default();
    let stories = stories.iter().map(|story| {
        let category = index.categories.iter().find(|c| c.handle == story.category);
        StoryView {
            title: text(&story.title),
            body: text(&story.body),
            action: text(&story.action),
            link: category.map_or_else(|| "/c".to_owned(), |c| format!("/c/{}", c.view(locale).slug)),
            picture: story.picture.map(|(id, width, height)| domain::view::PictureView { id, alt: text(&story.alt), width, height }),
        }
    });
    Ok(HomeView {
        stories: stories.collect(),
        categories: index.categories.iter().map(|c| c.view(locale)).collect(),
        featured,
        newest,
        cash: settings::shop(shop).limits.cash,
    })
}

/// A page of a list: 24 products, what they can be filtered by, and where the next page begins. A category that does not exist
/// gives an empty list without a category.
///
/// # Errors
/// The database's.
pub async fn listing(shop: &Shop, locale: Locale, query: &ListingQuery) -> Result<ListingView, CatalogError> {
    let index = shop.shelf().current(shop).await?;
    let category = query.category.as_deref().and_then(|slug| index.category_by_slug(slug));
    if query.category.is_some() && category.is_none() {
        return Ok(ListingView { category: None, products: Vec::new(), facets: Vec::new(), next: None });
    }
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (option, value) in query.options.iter().filter_map(|key| key.split_once(':')) {
        options.entry(option.to_owned()).or_default().push(value.to_owned());
    }
    let wanted = Wanted {
        category: category.map(|c| c.id),
        options,
        price_min: query.price_min,
        price_max: query.price_max,
        in_stock: query.in_stock,
    };
    let (ids, next) = index.page(&wanted, query.sort, query.after.as_deref().and_then(cursor), PAGE);
    let counted = index.facets(&wanted);
    // Their order is that of the whole category: what is ticked moves no group.
    let whole = Wanted { category: wanted.category, ..Wanted::default() };
    let goods: HashMap<String, i64> =
        index.facets(&whole).into_iter().map(|facet| (facet.option, facet.values.iter().map(|v| v.1).sum())).collect();
    let facets = named(shop, locale, &wanted, counted, &goods).await?;
    Ok(ListingView {
        category: category.map(|c| c.view(locale)),
        products: cards_by_ids(shop, locale, &ids).await?,
        facets,
        next: next.map(|(key, id)| format!("{key}.{}", id.simple())),
    })
}

/// Where a page begins. What is no cursor is no beginning.
fn cursor(text: &str) -> Option<Cursor> {
    let (key, id) = text.split_once('.')?;
    Some((key.parse().ok()?, Uuid::try_parse(id).ok()?))
}

/// Cards in the order of the ids. What is not published is left out.
///
/// # Errors
/// The database's.
pub async fn cards_by_ids(shop: &Shop, locale: Locale, ids: &[ProductId]) -> Result<Vec<ProductCardView>, CatalogError> {
    let mut cards = by_id(shop, locale, ids).await?;
    Ok(ids.iter().filter_map(|id| cards.remove(id)).collect())
}

async fn by_id(shop: &Shop, locale: Locale, ids: &[ProductId]) -> Result<HashMap<ProductId, ProductCardView>, CatalogError> {
    let kept = &shop.shelf().kept;
    let generation = kept.generation();
    let mut cards: HashMap<_, _> = ids.iter().filter_map(|id| Some((*id, kept.card(generation, locale, *id)?))).collect();
    let unread: Vec<ProductId> = ids.iter().filter(|id| !cards.contains_key(id)).copied().collect();
    if unread.is_empty() {
        return Ok(cards);
    }
    let currency = shop_currency(shop);
    for row in store::cards(shop.db(), locale, &unread).await? {
        let card = ProductCardView {
            id: row.id,
            slug: row.slug,
            name: row.name,
            vendor: row.vendor,
            picture: store::picture(row.picture, row.width, row.height, row.alt),
            price_from: Money::new(row.price_from, currency),
            price_varies: row.price_from != row.price_to,
            compare_at: row.compare_at.map(|minor| Money::new(minor, currency)),
            in_stock: row.in_stock,
            only_variant: row.only_variant,
        };
        kept.keep_card(generation, locale, &card);
        cards.insert(row.id, card);
    }
    Ok(cards)
}

/// Gives the filters their names, those that most goods of the category have first.
async fn named(
    shop: &Shop,
    locale: Locale,
    wanted: &Wanted,
    mut counted: Vec<Counted>,
    goods: &HashMap<String, i64>,
) -> Result<Vec<Facet>, CatalogError> {
    let weight = |facet: &Counted| std::cmp::Reverse(goods.get(&facet.option).copied().unwrap_or(0));
    // Those that are chosen are never left out.
    counted.sort_by_key(|facet| (!wanted.options.contains_key(&facet.option), weight(facet)));
    counted.truncate(MAX_FACETS);
    counted.sort_by_key(weight);
    for facet in &mut counted {
        let chosen = wanted.options.get(&facet.option);
        facet.values.sort_by_key(|(value, count, _)| (!chosen.is_some_and(|c| c.contains(value)), -count));
        facet.values.truncate(MAX_VALUES);
    }
    let asked: Vec<(ProductId, &str, &str)> = counted
        .iter()
        .flat_map(|f| f.values.iter().map(move |v| (f.option.as_str(), v)))
        .filter(|(option, (value, _, _))| shop.shelf().known_name(locale, option, value).is_none())
        .filter_map(|(option, (value, _, product))| Some(((*product)?, option, value.as_str())))
        .collect();
    if !asked.is_empty() {
        for (option_key, value_key, option, value, position) in store::facet_names(shop.db(), locale, &asked).await? {
            shop.shelf().learn_name(locale, &option_key, &value_key, FacetName { option, value, position });
        }
    }
    let mut facets = Vec::with_capacity(counted.len());
    for facet in counted {
        let chosen = wanted.options.get(&facet.option);
        let mut name = facet.option.clone();
        let mut values = Vec::with_capacity(facet.values.len());
        for (value, count, _) in facet.values {
            let known = shop.shelf().known_name(locale, &facet.option, &value);
            let position = known.as_ref().map_or(i64::MAX, |k| k.position);
            let shown = known.map_or_else(
                || value.clone(),
                |k| {
                    name = k.option;
                    k.value
                },
            );
            let chosen = chosen.is_some_and(|c| c.contains(&value));
            values.push((position, FacetValue { key: format!("{}:{value}", facet.option), name: shown, count, chosen }));
        }
        let sizes: Option<Vec<i64>> = values.iter().map(|(_, value)| sizes::size(&value.key)).collect();
        match sizes {
            Some(sizes) => {
                let mut sized: Vec<_> = sizes.into_iter().zip(values).collect();
                sized.sort_by(|(a, (_, one)), (b, (_, other))| (a, &one.name).cmp(&(b, &other.name)));
                values = sized.into_iter().map(|(_, value)| value).collect();
            }
            None => values.sort_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name))),
        }
        facets.push(Facet { name, values: values.into_iter().map(|(_, value)| value).collect() });
    }
    Ok(facets)
}
