//! The published products at one moment as bit sets (in a category, in stock, with an option's value) and in two orders.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::id::{CategoryId, ProductId};
use domain::view::Sort;
use platform::db::DbError;
use uuid::Uuid;

use crate::Shop;

use super::bits::BitSet;
use crate::catalog::store::{self, Category, ListedProduct, ProductFacet};

/// Fewer products than this are inserted where they belong; more are appended and then sorted.
const MAX_SORTED_INSERTS: usize = 64;

#[derive(Clone, Copy, Debug)]
struct Item {
    id: ProductId,
    category: CategoryId,
    price: i64,
    /// Milliseconds since 1970 UTC.
    created: i64,
}

impl Item {
    /// Sort key, to be sorted descending.
    const fn newest(&self) -> (i64, Uuid) {
        (self.created, self.id.0)
    }
    /// Sort key, to be sorted ascending.
    const fn cheapest(&self) -> (i64, Uuid) {
        (self.price, self.id.0)
    }
}

/// Each product has a slot, its number in the bit sets.
#[derive(Clone, Debug, Default)]
pub(in crate::catalog) struct Snapshot {
    /// All published categories, in order.
    pub categories: Vec<Category>,
    items: Vec<Option<Item>>,
    slots: HashMap<ProductId, u32>,
    free: Vec<u32>,
    newest: Vec<u32>,
    cheapest: Vec<u32>,
    in_category: HashMap<CategoryId, BitSet>,
    in_stock: BitSet,
    /// By option, then by value.
    values: BTreeMap<String, BTreeMap<String, BitSet>>,
    featured: BTreeSet<(i64, ProductId)>,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub(in crate::catalog) struct Filter {
    pub category: Option<CategoryId>,
    /// Alternatives of each option.
    pub options: BTreeMap<String, Vec<String>>,
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    pub in_stock: bool,
}

/// The sort key of the last product of the page before.
pub(in crate::catalog) type PageCursor = (i64, Uuid);

/// The values of an option, each with how many products have it and one of those.
pub(in crate::catalog) struct FacetCounts {
    pub option: String,
    pub values: Vec<(String, i64, Option<ProductId>)>,
}

impl Snapshot {
    pub async fn load(shop: &Shop) -> Result<Self, DbError> {
        let categories = store::categories(shop.db(), false).await?;
        let rows = store::listed_products(shop.db()).await?;
        let facets = store::facets(shop.db()).await?;
        let build = tokio::task::spawn_blocking(move || {
            let mut snapshot = Self { categories, ..Self::default() };
            snapshot.replace(&BTreeSet::new(), rows, facets);
            snapshot
        });
        Ok(build.await?)
    }

    /// Removes these products, and inserts those of the rows.
    pub fn replace(&mut self, removed: &BTreeSet<ProductId>, rows: Vec<ListedProduct>, facets: Vec<ProductFacet>) {
        self.remove(removed);
        let few = rows.len() < MAX_SORTED_INSERTS;
        for row in rows {
            let Some(slot) = self.insert(&row) else { break };
            if few {
                self.insert_sorted(slot);
            } else {
                self.newest.push(slot);
                self.cheapest.push(slot);
            }
        }
        if !few {
            let items = &self.items;
            let item = |slot: &u32| items[*slot as usize];
            self.newest.sort_by_cached_key(|s| std::cmp::Reverse(item(s).map(|i| i.newest())));
            self.cheapest.sort_by_cached_key(|s| item(s).map(|i| i.cheapest()));
        }
        for facet in facets {
            if let Some(slot) = self.slots.get(&facet.product) {
                self.values.entry(facet.option).or_default().entry(facet.value).or_default().insert(*slot);
            }
        }
    }

    fn remove(&mut self, products: &BTreeSet<ProductId>) {
        let slots: HashSet<u32> = products.iter().filter_map(|id| self.slots.remove(id)).collect();
        if slots.is_empty() {
            return;
        }
        self.newest.retain(|slot| !slots.contains(slot));
        self.cheapest.retain(|slot| !slots.contains(slot));
        self.featured.retain(|(_, id)| !products.contains(id));
        for slot in &slots {
            self.items[*slot as usize] = None;
            self.in_stock.remove(*slot);
            self.in_category.values_mut().for_each(|bits| bits.remove(*slot));
            self.values.values_mut().flat_map(BTreeMap::values_mut).for_each(|bits| bits.remove(*slot));
            self.free.push(*slot);
        }
    }

    /// Gives a product a slot, in no order yet; none when there are no slots left.
    fn insert(&mut self, row: &ListedProduct) -> Option<u32> {
        let item = Item {
            id: row.id,
            category: row.category.unwrap_or(CategoryId(Uuid::nil())),
            price: row.price_from,
            created: row.created_at.millis(),
        };
        let slot = self.free.pop().or_else(|| u32::try_from(self.items.len()).ok())?;
        if slot as usize == self.items.len() {
            self.items.push(Some(item));
        } else {
            self.items[slot as usize] = Some(item);
        }
        self.slots.insert(item.id, slot);
        self.in_category.entry(item.category).or_default().insert(slot);
        if row.in_stock.0 {
            self.in_stock.insert(slot);
        }
        if let Some(rank) = row.featured {
            self.featured.insert((rank, item.id));
        }
        Some(slot)
    }

    fn insert_sorted(&mut self, slot: u32) {
        let Some(item) = self.item(slot).copied() else { return };
        let at = self.newest.partition_point(|s| self.item(*s).is_some_and(|i| i.newest() > item.newest()));
        self.newest.insert(at, slot);
        let at = self.cheapest.partition_point(|s| self.item(*s).is_some_and(|i| i.cheapest() < item.cheapest()));
        self.cheapest.insert(at, slot);
    }

    fn item(&self, slot: u32) -> Option<&Item> {
        self.items.get(slot as usize).and_then(Option::as_ref)
    }

    /// By its slug in any language.
    pub fn category_by_slug(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|c| c.texts.values().any(|t| t.slug == slug))
    }

    pub fn category(&self, id: CategoryId) -> Option<&Category> {
        self.categories.iter().find(|c| c.id == id)
    }

    /// What passes the filter, whatever options it names.
    fn without_options(&self, filter: &Filter) -> BitSet {
        let mut bits = match filter.category {
            Some(category) => self.in_category.get(&category).cloned().unwrap_or_default(),
            None => {
                let mut all = BitSet::default();
                self.in_category.values().for_each(|bits| all.union_with(bits));
                all
            }
        };
        if filter.in_stock {
            bits.intersect_with(&self.in_stock);
        }
        if filter.price_min.is_some() || filter.price_max.is_some() {
            let price = |slot: &u32| self.item(*slot).map_or(0, |i| i.price);
            let from = filter.price_min.map_or(0, |min| self.cheapest.partition_point(|s| price(s) < min));
            let to = filter.price_max.map_or(self.cheapest.len(), |max| self.cheapest.partition_point(|s| price(s) <= max));
            let mut within = BitSet::default();
            self.cheapest.get(from..to).unwrap_or_default().iter().for_each(|slot| within.insert(*slot));
            bits.intersect_with(&within);
        }
        bits
    }

    /// What has one of the values.
    fn any_of(&self, option: &str, values: &[String]) -> BitSet {
        let mut any = BitSet::default();
        let existing = self.values.get(option);
        values.iter().filter_map(|value| existing?.get(value)).for_each(|bits| any.union_with(bits));
        any
    }

    /// Narrows `base` by the filter's options, but not by the one named in `except`.
    fn narrowed(&self, filter: &Filter, base: &BitSet, except: Option<&str>) -> BitSet {
        let mut bits = base.clone();
        for (option, values) in filter.options.iter().filter(|(option, _)| Some(option.as_str()) != except) {
            bits.intersect_with(&self.any_of(option, values));
        }
        bits
    }

    /// One page, and the cursor of the next one.
    pub fn page(&self, filter: &Filter, sort: Sort, after: Option<PageCursor>, size: usize) -> (Vec<ProductId>, Option<PageCursor>) {
        let bits = self.narrowed(filter, &self.without_options(filter), None);
        let key = |slot: u32| self.item(slot).map(|i| if sort == Sort::Newest { i.newest() } else { i.cheapest() });
        let mut found: Vec<(ProductId, PageCursor)> = Vec::with_capacity(size + 1);
        let mut take = |slot: &u32| {
            if bits.contains(*slot)
                && let (Some(item), Some(key)) = (self.item(*slot), key(*slot))
            {
                found.push((item.id, key));
            }
            found.len() <= size
        };
        match sort {
            Sort::Newest => {
                let from = after.map_or(0, |a| self.newest.partition_point(|s| key(*s) >= Some(a)));
                let _ = self.newest.get(from..).unwrap_or_default().iter().all(&mut take);
            }
            Sort::PriceUp => {
                let from = after.map_or(0, |a| self.cheapest.partition_point(|s| key(*s) <= Some(a)));
                let _ = self.cheapest.get(from..).unwrap_or_default().iter().all(&mut take);
            }
            Sort::PriceDown => {
                let to = after.map_or(self.cheapest.len(), |a| self.cheapest.partition_point(|s| key(*s) < Some(a)));
                let _ = self.cheapest.get(..to).unwrap_or_default().iter().rev().all(&mut take);
            }
        }
        let more = found.len() > size;
        found.truncate(size);
        let next = found.last().filter(|_| more).map(|(_, key)| *key);
        (found.into_iter().map(|(id, _)| id).collect(), next)
    }

    /// What can be filtered by. The values of an option are counted among the products that the filter of the other options leaves.
    pub fn facets(&self, filter: &Filter) -> Vec<FacetCounts> {
        let base = self.without_options(filter);
        let all = self.narrowed(filter, &base, None);
        let mut facets = Vec::new();
        for (option, values) in &self.values {
            let chosen = filter.options.get(option);
            let others;
            let among = if chosen.is_some() {
                others = self.narrowed(filter, &base, Some(option));
                &others
            } else {
                &all
            };
            let mut counted = Vec::new();
            for (value, bits) in values {
                let count = among.intersection_count(bits);
                if count > 0 || chosen.is_some_and(|c| c.contains(value)) {
                    // A chosen value of which nothing is left takes its name from a product outside of the list.
                    let slot = among.first_in_intersection(bits).or_else(|| bits.first());
                    counted.push((value.clone(), count, slot.and_then(|s| self.item(s)).map(|i| i.id)));
                }
            }
            if counted.len() > 1 || (chosen.is_some() && !counted.is_empty()) {
                facets.push(FacetCounts { option: option.clone(), values: counted });
            }
        }
        facets
    }

    pub fn newest(&self, max: usize) -> Vec<ProductId> {
        self.newest.iter().take(max).filter_map(|s| self.item(*s)).map(|i| i.id).collect()
    }

    /// Featured products in the order that managers gave them.
    pub fn featured(&self, max: usize) -> Vec<ProductId> {
        self.featured.iter().take(max).map(|(_, id)| *id).collect()
    }

    /// Products of the same category that came about the same time, those in stock first.
    pub fn related(&self, product: ProductId, max: usize) -> Vec<ProductId> {
        let Some(item) = self.slots.get(&product).and_then(|s| self.item(*s)) else {
            return Vec::new();
        };
        let Some(bits) = self.in_category.get(&item.category) else {
            return Vec::new();
        };
        let start = self.newest.partition_point(|s| self.item(*s).is_some_and(|i| i.newest() > item.newest()));
        let around = self.newest[start..].iter().chain(&self.newest[..start]).filter(|s| bits.contains(**s));
        let mut found: Vec<(bool, ProductId)> = around
            .filter_map(|s| Some((!self.in_stock.contains(*s), self.item(*s)?.id)))
            .filter(|(_, id)| *id != product)
            .take(max * 4)
            .collect();
        found.sort_by_key(|(sold_out, _)| *sold_out);
        found.into_iter().take(max).map(|(_, id)| id).collect()
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;
    use platform::db::Flag;

    use super::*;

    fn id(n: u8) -> ProductId {
        ProductId(Uuid::from_bytes([n; 16]))
    }
    fn row(n: u8, price: i64, created: i64) -> ListedProduct {
        ListedProduct {
            id: id(n),
            category: None,
            price_from: price,
            in_stock: Flag(n != 2),
            featured: None,
            created_at: Timestamp::from_millis(created),
        }
    }
    fn facet(n: u8, option: &str, value: &str) -> ProductFacet {
        ProductFacet { product: id(n), option: option.into(), value: value.into() }
    }
    fn four_products() -> Snapshot {
        let mut snapshot = Snapshot::default();
        let rows = vec![row(1, 300, 10), row(2, 100, 20), row(3, 200, 30), row(4, 200, 40)];
        let facets = vec![
            facet(1, "size", "s"),
            facet(1, "size", "m"),
            facet(2, "size", "m"),
            facet(3, "colour", "red"),
            facet(1, "colour", "blue"),
        ];
        snapshot.replace(&BTreeSet::new(), rows, facets);
        snapshot
    }

    #[test]
    fn pages_follow_each_other_in_each_order() {
        let snapshot = four_products();
        for (sort, order) in [(Sort::Newest, [4, 3, 2, 1]), (Sort::PriceUp, [2, 3, 4, 1]), (Sort::PriceDown, [1, 4, 3, 2])] {
            let (mut seen, mut after) = (Vec::new(), None);
            loop {
                let (page, next) = snapshot.page(&Filter::default(), sort, after, 3);
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
        let snapshot = four_products();
        let filter = |options: &[(&str, &[&str])]| Filter {
            options: options.iter().map(|(o, vs)| ((*o).to_owned(), vs.iter().map(|v| (*v).to_owned()).collect())).collect(),
            ..Filter::default()
        };
        assert_eq!(snapshot.page(&filter(&[("size", &["s", "m"])]), Sort::PriceUp, None, 9).0, [id(2), id(1)]);
        assert_eq!(snapshot.page(&filter(&[("size", &["m"]), ("colour", &["blue"])]), Sort::PriceUp, None, 9).0, [id(1)]);
        let facets = snapshot.facets(&filter(&[("size", &["m"])]));
        let counts: Vec<_> = facets.iter().map(|f| (f.option.as_str(), f.values.iter().map(|v| v.1).collect::<Vec<_>>())).collect();
        assert_eq!(counts, [("size", vec![2, 1])]);
    }

    #[test]
    fn price_and_stock_narrow_a_list() {
        let snapshot = four_products();
        let filter = Filter { price_min: Some(150), price_max: Some(200), ..Filter::default() };
        assert_eq!(snapshot.page(&filter, Sort::Newest, None, 9).0, [id(4), id(3)]);
        let filter = Filter { in_stock: true, ..Filter::default() };
        assert!(!snapshot.page(&filter, Sort::Newest, None, 9).0.contains(&id(2)));
    }

    #[test]
    fn a_changed_product_takes_its_new_place() {
        let mut snapshot = four_products();
        snapshot.replace(&BTreeSet::from([id(1), id(4)]), vec![row(1, 50, 50)], vec![facet(1, "size", "l")]);
        assert_eq!(snapshot.page(&Filter::default(), Sort::Newest, None, 9).0, [id(1), id(3), id(2)]);
        assert_eq!(snapshot.page(&Filter::default(), Sort::PriceUp, None, 9).0, [id(1), id(2), id(3)]);
        let sizes = Filter { options: BTreeMap::from([("size".to_owned(), vec!["s".to_owned()])]), ..Filter::default() };
        assert!(snapshot.page(&sizes, Sort::Newest, None, 9).0.is_empty());
    }
}
