//! What is on the shelf at one moment, as bits: what is in a category, in stock, has an option's value; and in two orders.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::id::{CategoryId, ProductId};
use domain::view::Sort;
use uuid::Uuid;

use crate::Shop;
use crate::platform::db::DbError;

use super::store;
use super::store::{Category, ShelfRow};

/// A set of places on the shelf.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    fn set(&mut self, place: u32) {
        let word = (place / 64) as usize;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        self.0[word] |= 1 << (place % 64);
    }
    fn clear(&mut self, place: u32) {
        if let Some(word) = self.0.get_mut((place / 64) as usize) {
            *word &= !(1 << (place % 64));
        }
    }
    fn has(&self, place: u32) -> bool {
        self.0.get((place / 64) as usize).is_some_and(|word| word & (1 << (place % 64)) != 0)
    }
    fn and(&mut self, other: &Self) {
        self.0.truncate(other.0.len());
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word &= with;
        }
    }
    fn or(&mut self, other: &Self) {
        if self.0.len() < other.0.len() {
            self.0.resize(other.0.len(), 0);
        }
        for (word, with) in self.0.iter_mut().zip(&other.0) {
            *word |= with;
        }
    }
    fn common(&self, other: &Self) -> i64 {
        self.0.iter().zip(&other.0).map(|(a, b)| i64::from((a & b).count_ones())).sum()
    }
    fn first_common(&self, other: &Self) -> Option<u32> {
        let found = self.0.iter().zip(&other.0).enumerate().find(|(_, (a, b))| **a & **b != 0);
        found.and_then(|(word, (a, b))| Some(u32::try_from(word).ok()? * 64 + (a & b).trailing_zeros()))
    }
}

#[derive(Clone, Copy, Debug)]
struct Item {
    id: ProductId,
    category: CategoryId,
    price: i64,
    created: i64,
}

impl Item {
    /// Greatest first in this order.
    const fn newest(&self) -> (i64, Uuid) {
        (self.created, self.id.0)
    }
    /// Smallest first in this order.
    const fn cheapest(&self) -> (i64, Uuid) {
        (self.price, self.id.0)
    }
}

/// What is on the shelf at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// All published categories, in order.
    pub categories: Vec<Category>,
    items: Vec<Option<Item>>,
    places: HashMap<ProductId, u32>,
    free: Vec<u32>,
    newest: Vec<u32>,
    cheapest: Vec<u32>,
    in_category: HashMap<CategoryId, Bits>,
    in_stock: Bits,
    values: BTreeMap<String, BTreeMap<String, Bits>>,
    featured: BTreeMap<(i64, ProductId), ()>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub(super) struct Wanted {
    pub category: Option<CategoryId>,
    /// Alternatives of each option.
    pub options: BTreeMap<String, Vec<String>>,
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    pub in_stock: bool,
}

/// Where a page begins: after this key.
pub(super) type Cursor = (i64, Uuid);

/// A value with how many products have it, and one of them.
pub(super) struct Counted {
    pub option: String,
    pub values: Vec<(String, i64, Option<ProductId>)>,
}

impl Index {
    pub(super) async fn load(shop: &Shop) -> Result<Self, DbError> {
        let categories = store::categories(shop.db(), false).await?;
        let rows = store::shelf_rows(shop.db()).await?;
        let facets = store::facets(shop.db()).await?;
        let made = tokio::task::spawn_blocking(move || {
            let mut index = Self { categories, ..Self::default() };
            index.replace(&BTreeSet::new(), rows, facets);
            index
        });
        made.await.map_err(|e| DbError::Lost(e.to_string()))
    }

    /// Takes these products down, and puts up what the rows say.
    pub(super) fn replace(&mut self, gone: &BTreeSet<ProductId>, rows: Vec<ShelfRow>, facets: Vec<(ProductId, String, String)>) {
        let down: HashSet<u32> = gone.iter().filter_map(|id| self.places.remove(id)).collect();
        if !down.is_empty() {
            self.newest.retain(|place| !down.contains(place));
            self.cheapest.retain(|place| !down.contains(place));
            self.featured.retain(|(_, id), ()| !gone.contains(id));
            for place in &down {
                self.items[*place as usize] = None;
                self.in_stock.clear(*place);
                self.in_category.values_mut().for_each(|bits| bits.clear(*place));
                self.values.values_mut().flat_map(BTreeMap::values_mut).for_each(|bits| bits.clear(*place));
                self.free.push(*place);
            }
        }
        let few = rows.len() < 64;
        for row in rows {
            let item = Item {
                id: row.id,
                category: row.category.unwrap_or(CategoryId(Uuid::nil())),
                price: row.price_from,
                created: row.created_at,
            };
            let Some(place) = self.free.pop().or_else(|| u32::try_from(self.items.len()).ok()) else {
                break;
            };
            if place as usize == self.items.len() {
                self.items.push(Some(item));
            } else {
                self.items[place as usize] = Some(item);
            }
            self.places.insert(item.id, place);
            self.in_category.entry(item.category).or_default().set(place);
            if row.in_stock {
                self.in_stock.set(place);
            }
            if let Some(rank) = row.featured {
                self.featured.insert((rank, item.id), ());
            }
            if few {
                let at = self.newest.partition_point(|p| self.item(*p).is_some_and(|i| i.newest() > item.newest()));
                self.newest.insert(at, place);
                let at = self.cheapest.partition_point(|p| self.item(*p).is_some_and(|i| i.cheapest() < item.cheapest()));
                self.cheapest.insert(at, place);
            } else {
                self.newest.push(place);
                self.cheapest.push(place);
            }
        }
        if !few {
            let items = &self.items;
            let item = |place: &u32| items[*place as usize];
            self.newest.sort_by_cached_key(|p| std::cmp::Reverse(item(p).map(|i| i.newest())));
            self.cheapest.sort_by_cached_key(|p| item(p).map(|i| i.cheapest()));
        }
        for (product, option, value) in facets {
            if let Some(place) = self.places.get(&product) {
                self.values.entry(option).or_default().entry(value).or_default().set(*place);
            }
        }
    }

    fn item(&self, place: u32) -> Option<&Item> {
        self.items.get(place as usize).and_then(Option::as_ref)
    }

    /// A category by its slug in any language.
    pub fn category_by_slug(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|c| c.texts.values().any(|t| t.slug == slug))
    }

    pub fn category(&self, id: CategoryId) -> Option<&Category> {
        self.categories.iter().find(|c| c.id == id)
    }

    /// Everything but the options.
    fn base(&self, wanted: &Wanted) -> Bits {
        let mut bits = match wanted.category {
            Some(category) => self.in_category.get(&category).cloned().unwrap_or_default(),
            None => {
                let mut all = Bits::default();
                self.in_category.values().for_each(|bits| all.or(bits));
                all
            }
        };
        if wanted.in_stock {
            bits.and(&self.in_stock);
        }
        if wanted.price_min.is_some() || wanted.price_max.is_some() {
            let price = |place: &u32| self.item(*place).map_or(0, |i| i.price);
            let from = wanted.price_min.map_or(0, |min| self.cheapest.partition_point(|p| price(p) < min));
            let to = wanted.price_max.map_or(self.cheapest.len(), |max| self.cheapest.partition_point(|p| price(p) <= max));
            let mut within = Bits::default();
            self.cheapest.get(from..to).unwrap_or_default().iter().for_each(|place| within.set(*place));
            bits.and(&within);
        }
        bits
    }

    /// What has one of the values.
    fn any_of(&self, option: &str, values: &[String]) -> Bits {
        let mut any = Bits::default();
        let known = self.values.get(option);
        values.iter().filter_map(|value| known?.get(value)).for_each(|bits| any.or(bits));
        any
    }

    fn narrowed(&self, wanted: &Wanted, base: &Bits, without: Option<&str>) -> Bits {
        let mut bits = base.clone();
        for (option, values) in wanted.options.iter().filter(|(option, _)| Some(option.as_str()) != without) {
            bits.and(&self.any_of(option, values));
        }
        bits
    }

    /// One page, and where the next one begins.
    pub fn page(&self, wanted: &Wanted, sort: Sort, after: Option<Cursor>, most: usize) -> (Vec<ProductId>, Option<Cursor>) {
        let bits = self.narrowed(wanted, &self.base(wanted), None);
        let key = |place: u32| self.item(place).map(|i| if sort == Sort::Newest { i.newest() } else { i.cheapest() });
        let mut found: Vec<(ProductId, Cursor)> = Vec::with_capacity(most + 1);
        let mut take = |place: &u32| {
            if bits.has(*place)
                && let (Some(item), Some(key)) = (self.item(*place), key(*place))
            {
                found.push((item.id, key));
            }
            found.len() <= most
        };
        match sort {
            Sort::Newest => {
                let from = after.map_or(0, |a| self.newest.partition_point(|p| key(*p) >= Some(a)));
                let _ = self.newest.get(from..).unwrap_or_default().iter().all(&mut take);
            }
            Sort::PriceUp => {
                let from = after.map_or(0, |a| self.cheapest.partition_point(|p| key(*p) <= Some(a)));
                let _ = self.cheapest.get(from..).unwrap_or_default().iter().all(&mut take);
            }
            Sort::PriceDown => {
                let to = after.map_or(self.cheapest.len(), |a| self.cheapest.partition_point(|p| key(*p) < Some(a)));
                let _ = self.cheapest.get(..to).unwrap_or_default().iter().rev().all(&mut take);
            }
        }
        let more = found.len() > most;
        found.truncate(most);
        let next = found.last().filter(|_| more).map(|(_, key)| *key);
        (found.into_iter().map(|(id, _)| id).collect(), next)
    }

    /// What can be filtered by: the values of an option are counted among what the other choices leave.
    pub fn facets(&self, wanted: &Wanted) -> Vec<Counted> {
        let base = self.base(wanted);
        let all = self.narrowed(wanted, &base, None);
        let mut facets = Vec::new();
        for (option, values) in &self.values {
            let chosen = wanted.options.get(option);
            let others;
            let among = if chosen.is_some() {
                others = self.narrowed(wanted, &base, Some(option));
                &others
            } else {
                &all
            };
            let mut counted = Vec::new();
            for (value, bits) in values {
                let count = among.common(bits);
                if count > 0 || chosen.is_some_and(|c| c.contains(value)) {
                    // A chosen value that nothing has any more is still named by one that had it elsewhere.
                    let place = among.first_common(bits).or_else(|| bits.first_common(bits));
                    counted.push((value.clone(), count, place.and_then(|p| self.item(p)).map(|i| i.id)));
                }
            }
            if counted.len() > 1 || (chosen.is_some() && !counted.is_empty()) {
                facets.push(Counted { option: option.clone(), values: counted });
            }
        }
        facets
    }

    /// The newest goods.
    pub fn newest(&self, most: usize) -> Vec<ProductId> {
        self.newest.iter().take(most).filter_map(|p| self.item(*p)).map(|i| i.id).collect()
    }

    /// The shop's own choice, in its order.
    pub fn featured(&self, most: usize) -> Vec<ProductId> {
        self.featured.keys().take(most).map(|(_, id)| *id).collect()
    }

    /// Its neighbours in its category, what is in stock first.
    pub fn related(&self, product: ProductId, most: usize) -> Vec<ProductId> {
        let Some(item) = self.places.get(&product).and_then(|p| self.item(*p)) else {
            return Vec::new();
        };
        let Some(bits) = self.in_category.get(&item.category) else {
            return Vec::new();
        };
        let start = self.newest.partition_point(|p| self.item(*p).is_some_and(|i| i.newest() > item.newest()));
        let around = self.newest[start..].iter().chain(&self.newest[..start]).filter(|p| bits.has(**p));
        let mut found: Vec<(bool, ProductId)> = around
            .filter_map(|p| Some((!self.in_stock.has(*p), self.item(*p)?.id)))
            .filter(|(_, id)| *id != product)
            .take(most * 4)
            .collect();
        found.sort_by_key(|(sold_out, _)| *sold_out);
        found.into_iter().take(most).map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u8) -> ProductId {
        ProductId(Uuid::from_bytes([n; 16]))
    }
    fn row(n: u8, price: i64, created: i64) -> ShelfRow {
        ShelfRow { id: id(n), category: None, price_from: price, in_stock: n != 2, featured: None, created_at: created }
    }
    fn facet(n: u8, option: &str, value: &str) -> (ProductId, String, String) {
        (id(n), option.into(), value.into())
    }
    fn shelf() -> Index {
        let mut index = Index::default();
        let rows = vec![row(1, 300, 10), row(2, 100, 20), row(3, 200, 30), row(4, 200, 40)];
        let facets = vec![
            facet(1, "size", "s"),
            facet(1, "size", "m"),
            facet(2, "size", "m"),
            facet(3, "colour", "red"),
            facet(1, "colour", "blue"),
        ];
        index.replace(&BTreeSet::new(), rows, facets);
        index
    }

    #[test]
    fn pages_follow_each_other_in_each_order() {
        let shelf = shelf();
        for (sort, order) in [(Sort::Newest, [4, 3, 2, 1]), (Sort::PriceUp, [2, 3, 4, 1]), (Sort::PriceDown, [1, 4, 3, 2])] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let (page, next) = shelf.page(&Wanted::default(), sort, after, 3);
                seen.extend(page);
                after = next;
                if after.is_none() {
                    break;
                }
            }
            assert_eq!(seen, order.map(id), "{sort:?}");
        }
    }

    #[test]
    fn values_of_one_option_are_alternatives_and_options_add_up() {
        let shelf = shelf();
        let wanted = |options: &[(&str, &[&str])]| Wanted {
            options: options.iter().map(|(o, vs)| ((*o).to_owned(), vs.iter().map(|v| (*v).to_owned()).collect())).collect(),
            ..Wanted::default()
        };
        assert_eq!(shelf.page(&wanted(&[("size", &["s", "m"])]), Sort::PriceUp, None, 9).0, [id(2), id(1)]);
        assert_eq!(shelf.page(&wanted(&[("size", &["m"]), ("colour", &["blue"])]), Sort::PriceUp, None, 9).0, [id(1)]);
        let facets = shelf.facets(&wanted(&[("size", &["m"])]));
        let counts: Vec<_> = facets.iter().map(|f| (f.option.as_str(), f.values.iter().map(|v| v.1).collect::<Vec<_>>())).collect();
        assert_eq!(counts, [("size", vec![2, 1])]);
    }

    #[test]
    fn price_and_stock_narrow_a_list() {
        let shelf = shelf();
        let wanted = Wanted { price_min: Some(150), price_max: Some(200), ..Wanted::default() };
        assert_eq!(shelf.page(&wanted, Sort::Newest, None, 9).0, [id(4), id(3)]);
        let wanted = Wanted { in_stock: true, ..Wanted::default() };
        assert!(!shelf.page(&wanted, Sort::Newest, None, 9).0.contains(&id(2)));
    }

    #[test]
    fn a_changed_product_takes_its_new_place() {
        let mut shelf = shelf();
        shelf.replace(&BTreeSet::from([id(1), id(4)]), vec![row(1, 50, 50)], vec![facet(1, "size", "l")]);
        assert_eq!(shelf.page(&Wanted::default(), Sort::Newest, None, 9).0, [id(1), id(3), id(2)]);
        assert_eq!(shelf.page(&Wanted::default(), Sort::PriceUp, None, 9).0, [id(1), id(2), id(3)]);
        let sizes = Wanted { options: BTreeMap::from([("size".to_owned(), vec!["s".to_owned()])]), ..Wanted::default() };
        assert!(shelf.page(&sizes, Sort::Newest, None, 9).0.is_empty());
    }
}
