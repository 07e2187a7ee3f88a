//! The home page, lists and cards.

use std::collections::{BTreeMap, HashMap};

use domain::id::{CategoryId, ProductId};
use domain::view::{CategoryRule, CategoryView, Facet, FacetValue, ListingQuery, ListingView, ProductCardView, Sort};
use domain::{Locale, Money, Timestamp};
use platform::db::DbError;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Shop;
use crate::settings;

use super::cache::FacetName;
use super::listings::{FacetCounts, Filter, Page, PageCursor, PagePlace, Snapshot};
use super::{CatalogError, PAGE, languages, sizes, store};

/// Options that a list offers as filters, at most: those that most products have.
const MAX_FACETS: usize = 8;
/// Values of one option that a list offers, at most.
const MAX_VALUES: usize = 30;
/// Products in a row of the home page.
const ROW: usize = 8;

/// The key of the home page's stories in the settings.
pub(crate) const STORIES: &str = "home.stories";

/// A story as it is stored: texts by language code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Story {
    pub title: HashMap<String, String>,
    pub body: HashMap<String, String>,
    pub action: HashMap<String, String>,
    pub alt: HashMap<String, String>,
    pub category: String,
    pub picture: Option<(domain::id::PictureId, u32, u32)>,
}

/// All categories, in order.
///
/// # Errors
/// The database's.
pub async fn categories(shop: &Shop, locale: Locale) -> Result<Vec<CategoryView>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    Ok(snapshot.categories.iter().map(|c| c.view(locale)).collect())
}

/// The published categories by their ids, in order.
pub(crate) async fn published_categories(shop: &Shop, locale: Locale) -> Result<Vec<(CategoryId, CategoryView)>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    Ok(snapshot.categories.iter().map(|c| (c.id, c.view(locale))).collect())
}

/// All categories by their ids, in order, each with whether it is published.
pub(crate) async fn every_category(shop: &Shop, locale: Locale) -> Result<Vec<(CategoryId, CategoryView, bool)>, CatalogError> {
    let categories = store::categories(shop.db(), true).await?;
    Ok(categories.iter().map(|c| (c.id, c.view(locale), c.published)).collect())
}

/// The newest products of a category, and its name and slug; none of a category that is not published.
pub(crate) async fn newest_of(
    shop: &Shop,
    locale: Locale,
    category: CategoryId,
) -> Result<Option<(CategoryView, Vec<ProductCardView>)>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    let Some(found) = snapshot.categories.iter().find(|c| c.id == category) else { return Ok(None) };
    let filter = Filter { category: Some(category), ..Filter::default() };
    let page = snapshot.page(&filter, Sort::Newest, PagePlace::First, ROW);
    Ok(Some((found.view(locale), cards_by_ids(shop, locale, &page.products).await?)))
}

/// Products with a place on the home page, in order.
pub(crate) async fn featured(shop: &Shop, locale: Locale) -> Result<Vec<ProductCardView>, CatalogError> {
    let ids = shop.listings().current(shop).await?.featured(ROW);
    cards_by_ids(shop, locale, &ids).await
}

/// The newest products.
///
/// # Errors
/// The database's.
pub async fn newest(shop: &Shop, locale: Locale) -> Result<Vec<ProductCardView>, CatalogError> {
    let ids = shop.listings().current(shop).await?.newest(ROW);
    cards_by_ids(shop, locale, &ids).await
}

/// The stories of the home page, each with its category where that is published.
pub(crate) async fn stories(shop: &Shop) -> Result<Vec<(Story, Option<CategoryId>)>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    let stories: Vec<Story> = shop.settings().get(shop.db(), STORIES).await?.unwrap_or_default();
    let category = |story: &Story| snapshot.categories.iter().find(|c| c.handle == story.category).map(|c| c.id);
    Ok(stories.into_iter().map(|story| (category(&story), story)).map(|(category, story)| (story, category)).collect())
}

/// The categories in the order in which they first come among these products, and then the others.
///
/// # Errors
/// The database's.
pub async fn categories_by_products(shop: &Shop, locale: Locale, products: &[ProductId]) -> Result<Vec<CategoryView>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    let first =
        |category: &store::Category| products.iter().position(|id| snapshot.category_of(*id).is_some_and(|of| of.id == category.id));
    let mut categories: Vec<_> = snapshot.categories.iter().map(|c| (first(c).unwrap_or(usize::MAX), c)).collect();
    categories.sort_by_key(|(place, _)| *place);
    Ok(categories.into_iter().map(|(_, c)| c.view(locale)).collect())
}

/// What the categories of these products are called.
///
/// # Errors
/// The database's.
pub async fn category_names(shop: &Shop, locale: Locale, products: &[ProductId]) -> Result<HashMap<ProductId, String>, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    Ok(products.iter().filter_map(|id| Some((*id, snapshot.category_of(*id)?.view(locale).name))).collect())
}

/// A page of a list: 24 products, what they can be filtered by, and where the next page begins. A category that does not exist
/// gives an empty list without a category.
///
/// # Errors
/// The database's.
pub async fn listing(shop: &Shop, locale: Locale, query: &ListingQuery) -> Result<ListingView, CatalogError> {
    list(shop, locale, query, None).await
}

/// The same of some products, which are in the order of how well they fit what was searched.
///
/// # Errors
/// The database's.
pub async fn listing_of(shop: &Shop, locale: Locale, query: &ListingQuery, best: &[ProductId]) -> Result<ListingView, CatalogError> {
    list(shop, locale, query, Some(best)).await
}

async fn list(shop: &Shop, locale: Locale, query: &ListingQuery, best: Option<&[ProductId]>) -> Result<ListingView, CatalogError> {
    let snapshot = shop.listings().current(shop).await?;
    let category = query.category.as_deref().and_then(|slug| snapshot.category_by_slug(slug));
    if query.category.is_some() && category.is_none() {
        return Ok(ListingView::default());
    }
    let mut options: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (option, value) in query.options.iter().filter_map(|key| key.split_once(':')) {
        options.entry(option.to_owned()).or_default().push(value.to_owned());
    }
    let filter = Filter {
        category: category.map(|c| c.id),
        options,
        price_min: query.price_min,
        price_max: query.price_max,
        in_stock: query.in_stock,
        among: best.map(|best| snapshot.bits_of(best)),
        new_since: category.and_then(|category| category.rule.as_ref()).and_then(|rule| new_since(shop, rule)),
    };
    let page = page(&snapshot, &filter, query, best);
    let counted = snapshot.facets(&filter);
    // Filters are ordered by the whole category, so that ticking one does not move the others.
    let unfiltered = Filter { category: filter.category, among: filter.among.clone(), new_since: filter.new_since, ..Filter::default() };
    let totals: HashMap<String, i64> =
        snapshot.facets(&unfiltered).into_iter().map(|facet| (facet.option, facet.values.iter().map(|v| v.1).sum())).collect();
    let facets = named_facets(shop, locale, &filter, counted, &totals).await?;
    let currency = settings::shop_currency(shop);
    Ok(ListingView {
        category: category.map(|c| c.view(locale)),
        languages: category.map(|c| languages::addresses_of(&snapshot, c)).unwrap_or_default(),
        total: snapshot.count(&filter),
        prices: snapshot.prices(&unfiltered).map(|(lowest, highest)| (Money::new(lowest, currency), Money::new(highest, currency))),
        products: cards_by_ids(shop, locale, &page.products).await?,
        facets,
        previous: page.previous,
        next: page.next,
    })
}

/// From when on a product is new for a rule; none where it names no days. Days begin and end at midnight, when pages are rendered again
/// as well.
pub(super) fn new_since(shop: &Shop, rule: &CategoryRule) -> Option<Timestamp> {
    let days = rule.new_days?;
    let zone = settings::time_zone(shop);
    Some(zone.start_of(zone.date(shop.now()).plus_days(1 - days)))
}

/// A page by how many products are before it where they come by how well they fit, else by the key of the product at its edge.
fn page(snapshot: &Snapshot, filter: &Filter, query: &ListingQuery, best: Option<&[ProductId]>) -> Page<String> {
    match best.filter(|_| query.sort == Sort::Best) {
        Some(best) => {
            let place = place(query, |text| text.parse().ok());
            snapshot.page_in_order(filter, best, place, PAGE).named(|count| count.to_string())
        }
        None => snapshot.page(filter, query.sort, place(query, cursor), PAGE).named(|(key, id)| format!("{key}.{}", id.simple())),
    }
}

/// What is no cursor leads to the first page.
fn place<C>(query: &ListingQuery, read: impl Fn(&str) -> Option<C>) -> PagePlace<C> {
    let before = query.before.as_deref().and_then(&read).map(PagePlace::Before);
    before.or_else(|| query.after.as_deref().and_then(&read).map(PagePlace::After)).unwrap_or(PagePlace::First)
}

fn cursor(text: &str) -> Option<PageCursor> {
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

/// The slugs of those of these products that are published.
pub(crate) async fn slugs(shop: &Shop, locale: Locale, ids: &[ProductId]) -> Result<HashMap<ProductId, String>, DbError> {
    Ok(by_id(shop, locale, ids).await?.into_iter().map(|(id, card)| (id, card.slug)).collect())
}

async fn by_id(shop: &Shop, locale: Locale, ids: &[ProductId]) -> Result<HashMap<ProductId, ProductCardView>, DbError> {
    let cache = &shop.listings().cache.cards;
    let reading = cache.begin_reading();
    let mut cards: HashMap<_, _> = ids.iter().filter_map(|id| Some((*id, cache.get(&(locale, *id))?))).collect();
    let unread: Vec<ProductId> = ids.iter().filter(|id| !cards.contains_key(id)).copied().collect();
    if unread.is_empty() {
        return Ok(cards);
    }
    for row in store::cards(shop.db(), locale, &unread).await? {
        let card = ProductCardView {
            id: row.id,
            slug: row.slug,
            name: row.name,
            vendor: row.vendor,
            picture: store::picture(row.picture, row.width, row.height, row.alt),
            price_from: Money::new(row.price_from, row.currency),
            price_varies: row.price_from != row.price_to,
            compare_at: row.compare_at.map(|minor| Money::new(minor, row.currency)),
            in_stock: row.in_stock.0,
            only_variant: row.only_variant,
        };
        cache.insert(reading, (locale, row.id), card.clone());
        cards.insert(row.id, card);
    }
    Ok(cards)
}

/// Filters with their names, those that most products of the category have first. `totals` counts the products of each option.
async fn named_facets(
    shop: &Shop,
    locale: Locale,
    filter: &Filter,
    mut counted: Vec<FacetCounts>,
    totals: &HashMap<String, i64>,
) -> Result<Vec<Facet>, CatalogError> {
    let weight = |facet: &FacetCounts| std::cmp::Reverse(totals.get(&facet.option).copied().unwrap_or(0));
    // Chosen ones come first here, so that truncating drops none of them.
    counted.sort_by_key(|facet| (!filter.options.contains_key(&facet.option), weight(facet)));
    counted.truncate(MAX_FACETS);
    counted.sort_by_key(weight);
    for facet in &mut counted {
        let chosen = filter.options.get(&facet.option);
        facet.values.sort_by_key(|(value, count, _)| (!chosen.is_some_and(|c| c.contains(value)), -count));
        facet.values.truncate(MAX_VALUES);
    }
    let names = facet_names(shop, locale, &counted).await?;
    Ok(counted.into_iter().map(|facet| named_facet(&names, filter, facet)).collect())
}

/// By the keys of option and value.
type FacetNames = HashMap<(String, String), FacetName>;

async fn facet_names(shop: &Shop, locale: Locale, counted: &[FacetCounts]) -> Result<FacetNames, CatalogError> {
    let cache = &shop.listings().cache.facet_names;
    let reading = cache.begin_reading();
    let (mut names, mut unnamed) = (FacetNames::new(), Vec::new());
    for (option, (value, _, product)) in counted.iter().flat_map(|f| f.values.iter().map(move |v| (&f.option, v))) {
        match (cache.get(&(locale, option.clone(), value.clone())), product) {
            (Some(name), _) => drop(names.insert((option.clone(), value.clone()), name)),
            (None, Some(product)) => unnamed.push((*product, option.as_str(), value.as_str())),
            (None, None) => {}
        }
    }
    if !unnamed.is_empty() {
        for row in store::facet_names(shop.db(), locale, &unnamed).await? {
            let name = FacetName { option: row.option_name, value: row.value_name, position: row.position };
            cache.insert(reading, (locale, row.option_key.clone(), row.value_key.clone()), name.clone());
            names.insert((row.option_key, row.value_key), name);
        }
    }
    Ok(names)
}

/// The values of a facet in the order of sizes where all are sizes, else in that of the product that names them.
fn named_facet(names: &FacetNames, filter: &Filter, facet: FacetCounts) -> Facet {
    let chosen = filter.options.get(&facet.option);
    let mut name = facet.option.clone();
    let mut values = Vec::with_capacity(facet.values.len());
    for (value, count, _) in facet.values {
        let (position, shown) = match names.get(&(facet.option.clone(), value.clone())) {
            Some(known) => {
                name.clone_from(&known.option);
                (known.position, known.value.clone())
            }
            None => (i64::MAX, value.clone()),
        };
        let chosen = chosen.is_some_and(|c| c.contains(&value));
        let swatch = domain::swatch(&facet.option, &shown).map(str::to_owned);
        values.push((position, FacetValue { key: format!("{}:{value}", facet.option), name: shown, swatch, count, chosen }));
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
    Facet { name, values: values.into_iter().map(|(_, value)| value).collect() }
}
