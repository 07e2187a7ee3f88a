//! The published products at one moment as bit sets (in a category, in stock, with an option's value) and in two orders.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use domain::Timestamp;
use domain::id::{CategoryId, ProductId};
use domain::view::CategoryRule;
use platform::db::DbError;
use uuid::Uuid;

use crate::Shop;

use super::bits::BitSet;
use crate::catalog::store::{self, Category, ListedProduct, ProductFacet, ProductTag};

/// Fewer products than this are inserted where they belong; more are appended and then sorted.
const MAX_SORTED_INSERTS: usize = 64;

#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub id: ProductId,
    category: CategoryId,
    price: i64,
    /// Milliseconds since 1970 UTC.
    created: i64,
}

impl Item {
    /// Sort key, to be sorted descending.
    pub(super) const fn newest(&self) -> (i64, Uuid) {
        (self.created, self.id.0)
    }
    /// Sort key, to be sorted ascending.
    pub(super) const fn cheapest(&self) -> (i64, Uuid) {
        (self.price, self.id.0)
    }
}

/// Each product has a slot, its number in the bit sets.
#[derive(Clone, Debug, Default)]
pub(in crate::catalog) struct Snapshot {
    /// All published categories, in order.
    pub categories: Vec<Category>,
    items: Vec<Option<Item>>,
    pub(super) slots: HashMap<ProductId, u32>,
    free: Vec<u32>,
    pub(super) newest: Vec<u32>,
    pub(super) cheapest: Vec<u32>,
    in_category: HashMap<CategoryId, BitSet>,
    in_stock: BitSet,
    on_sale: BitSet,
    /// Of the tags that rules of categories name.
    tagged: HashMap<String, BitSet>,
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
    /// Only these, which a search found.
    pub among: Option<BitSet>,
    /// Where the category is filled by a rule with days: new is what came since then.
    pub new_since: Option<Timestamp>,
}

/// The values of an option, each with how many products have it and one of those.
pub(in crate::catalog) struct FacetCounts {
    pub option: String,
    pub values: Vec<(String, i64, Option<ProductId>)>,
}

/// The tags that rules of these categories name.
pub(super) fn rule_tags(categories: &[Category]) -> Vec<&str> {
    let tags = categories.iter().filter_map(|category| category.rule.as_ref()).map(|rule| rule.tag.as_str());
    tags.filter(|tag| !tag.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
}

impl Snapshot {
    pub async fn load(shop: &Shop) -> Result<Self, DbError> {
        let categories = store::categories(shop.db(), false).await?;
        let rows = store::listed_products(shop.db()).await?;
        let facets = store::facets(shop.db()).await?;
        let tags = store::tags(shop.db(), &rule_tags(&categories)).await?;
        let build = tokio::task::spawn_blocking(move || {
            let mut snapshot = Self { categories, ..Self::default() };
            snapshot.replace(&BTreeSet::new(), rows, facets);
            snapshot.tag(tags);
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

    /// Notes which of the products have which tags.
    pub fn tag(&mut self, tags: Vec<ProductTag>) {
        for ProductTag { product, tag } in tags {
            if let Some(slot) = self.slots.get(&product) {
                self.tagged.entry(tag).or_default().insert(*slot);
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
            self.on_sale.remove(*slot);
            self.tagged.values_mut().for_each(|bits| bits.remove(*slot));
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
        if row.on_sale.0 {
            self.on_sale.insert(slot);
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

    pub(super) fn item(&self, slot: u32) -> Option<&Item> {
        self.items.get(slot as usize).and_then(Option::as_ref)
    }

    /// By its slug in any language.
    pub fn category_by_slug(&self, slug: &str) -> Option<&Category> {
        self.categories.iter().find(|c| c.texts.values().any(|t| t.slug == slug))
    }

    pub fn category(&self, id: CategoryId) -> Option<&Category> {
        self.categories.iter().find(|c| c.id == id)
    }

    /// The category of a product that is published.
    pub fn category_of(&self, product: ProductId) -> Option<&Category> {
        self.category(self.slots.get(&product).and_then(|slot| self.item(*slot))?.category)
    }

    /// The published ones of these products.
    pub fn bits_of(&self, products: &[ProductId]) -> BitSet {
        let mut bits = BitSet::default();
        products.iter().filter_map(|id| self.slots.get(id)).for_each(|slot| bits.insert(*slot));
        bits
    }

    /// What passes the filter, whatever options it names.
    pub(super) fn without_options(&self, filter: &Filter) -> BitSet {
        let mut bits = match filter.category {
            Some(category) => match self.category(category).and_then(|category| category.rule.as_ref()) {
                Some(rule) => self.by_rule(rule, filter.new_since),
                None => self.in_category.get(&category).cloned().unwrap_or_default(),
            },
            None => self.all(),
        };
        if let Some(among) = &filter.among {
            bits.intersect_with(among);
        }
        if filter.in_stock {
            bits.intersect_with(&self.in_stock);
        }
        self.keep_prices(&mut bits, filter.price_min, filter.price_max);
        bits
    }

    fn all(&self) -> BitSet {
        let mut all = BitSet::default();
        self.in_category.values().for_each(|bits| all.union_with(bits));
        all
    }

    /// Keeps what costs at least and at most so much.
    fn keep_prices(&self, bits: &mut BitSet, min: Option<i64>, max: Option<i64>) {
        if min.is_none() && max.is_none() {
            return;
        }
        let price = |slot: &u32| self.item(*slot).map_or(0, |i| i.price);
        let from = min.map_or(0, |min| self.cheapest.partition_point(|s| price(s) < min));
        let to = max.map_or(self.cheapest.len(), |max| self.cheapest.partition_point(|s| price(s) <= max));
        let mut within = BitSet::default();
        self.cheapest.get(from..to).unwrap_or_default().iter().for_each(|slot| within.insert(*slot));
        bits.intersect_with(&within);
    }

    /// The products that a rule puts into its category.
    fn by_rule(&self, rule: &CategoryRule, new_since: Option<Timestamp>) -> BitSet {
        let mut bits = match rule.tag.as_str() {
            "" => self.all(),
            tag => self.tagged.get(tag).cloned().unwrap_or_default(),
        };
        self.keep_prices(&mut bits, rule.price_min, rule.price_max);
        if let Some(since) = rule.new_days.and(new_since) {
            let end = self.newest.partition_point(|slot| self.item(*slot).is_some_and(|item| item.created >= since.millis()));
            let mut new = BitSet::default();
            self.newest.get(..end).unwrap_or_default().iter().for_each(|slot| new.insert(*slot));
            bits.intersect_with(&new);
        }
        if rule.on_sale {
            bits.intersect_with(&self.on_sale);
        }
        if rule.in_stock {
            bits.intersect_with(&self.in_stock);
        }
        bits
    }

    /// How many products a rule puts into its category.
    pub fn count_of(&self, rule: &CategoryRule, new_since: Option<Timestamp>) -> i64 {
        let bits = self.by_rule(rule, new_since);
        bits.intersection_count(&bits)
    }

    /// What has one of the values.
    fn any_of(&self, option: &str, values: &[String]) -> BitSet {
        let mut any = BitSet::default();
        let existing = self.values.get(option);
        values.iter().filter_map(|value| existing?.get(value)).for_each(|bits| any.union_with(bits));
        any
    }

    /// Narrows `base` by the filter's options, but not by the one named in `except`.
    pub(super) fn narrowed(&self, filter: &Filter, base: &BitSet, except: Option<&str>) -> BitSet {
        let mut bits = base.clone();
        for (option, values) in filter.options.iter().filter(|(option, _)| Some(option.as_str()) != except) {
            bits.intersect_with(&self.any_of(option, values));
        }
        bits
    }

    /// How many products pass the filter.
    pub fn count(&self, filter: &Filter) -> i64 {
        self.narrowed(filter, &self.without_options(filter), None).count()
    }

    /// The lowest and the highest price of what passes the filter.
    pub fn prices(&self, filter: &Filter) -> Option<(i64, i64)> {
        let bits = self.narrowed(filter, &self.without_options(filter), None);
        let is_left = |slot: &&u32| bits.contains(**slot);
        let price = |slot: &u32| self.item(*slot).map(|item| item.price);
        Some((self.cheapest.iter().find(is_left).and_then(price)?, self.cheapest.iter().rev().find(is_left).and_then(price)?))
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
pub(super) mod tests {
    use domain::Timestamp;
    use domain::view::Sort;
    use platform::db::Flag;

    use super::super::pages::PagePlace;
    use super::*;

    pub fn id(n: u8) -> ProductId {
        ProductId(Uuid::from_bytes([n; 16]))
    }
    pub fn row(n: u8, price: i64, created: i64) -> ListedProduct {
        ListedProduct {
            id: id(n),
            category: None,
            price_from: price,
            in_stock: Flag(n != 2),
            on_sale: Flag(n == 3),
            featured: None,
            created_at: Timestamp::from_millis(created),
        }
    }
    fn facet(n: u8, option: &str, value: &str) -> ProductFacet {
        ProductFacet { product: id(n), option: option.into(), value: value.into() }
    }
    pub fn four_products() -> Snapshot {
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
    fn values_of_one_option_are_alternatives_and_options_add_up() {
        let snapshot = four_products();
        let filter = |options: &[(&str, &[&str])]| Filter {
            options: options.iter().map(|(o, vs)| ((*o).to_owned(), vs.iter().map(|v| (*v).to_owned()).collect())).collect(),
            ..Filter::default()
        };
        assert_eq!(snapshot.page(&filter(&[("size", &["s", "m"])]), Sort::PriceUp, PagePlace::First, 9).products, [id(2), id(1)]);
        assert_eq!(
            snapshot.page(&filter(&[("size", &["m"]), ("colour", &["blue"])]), Sort::PriceUp, PagePlace::First, 9).products,
            [id(1)]
        );
        let facets = snapshot.facets(&filter(&[("size", &["m"])]));
        let counts: Vec<_> = facets.iter().map(|f| (f.option.as_str(), f.values.iter().map(|v| v.1).collect::<Vec<_>>())).collect();
        assert_eq!(counts, [("size", vec![2, 1])]);
    }

    #[test]
    fn price_and_stock_narrow_a_list() {
        let snapshot = four_products();
        let filter = Filter { price_min: Some(150), price_max: Some(200), ..Filter::default() };
        assert_eq!(snapshot.page(&filter, Sort::Newest, PagePlace::First, 9).products, [id(4), id(3)]);
        let filter = Filter { in_stock: true, ..Filter::default() };
        assert!(!snapshot.page(&filter, Sort::Newest, PagePlace::First, 9).products.contains(&id(2)));
    }

    #[test]
    fn what_a_filter_leaves_is_counted_with_its_lowest_and_highest_price() {
        let snapshot = four_products();
        let filter = Filter { price_min: Some(150), price_max: Some(200), ..Filter::default() };
        assert_eq!((snapshot.count(&filter), snapshot.prices(&filter)), (2, Some((200, 200))));
        let small = BTreeMap::from([("size".to_owned(), vec!["s".to_owned()])]);
        let filter = Filter { options: small, ..Filter::default() };
        assert_eq!((snapshot.count(&filter), snapshot.prices(&filter)), (1, Some((300, 300))));
        assert_eq!(snapshot.prices(&Filter::default()), Some((100, 300)));
        let filter = Filter { category: Some(CategoryId(Uuid::max())), ..Filter::default() };
        assert_eq!((snapshot.count(&filter), snapshot.prices(&filter)), (0, None));
    }

    #[test]
    fn a_rule_fills_its_category() {
        let mut snapshot = four_products();
        let tag = |n: u8, tag: &str| ProductTag { product: id(n), tag: tag.into() };
        snapshot.tag(vec![tag(1, "gift"), tag(3, "gift"), tag(4, "other")]);
        let of = |snapshot: &Snapshot, rule: CategoryRule, since: i64| {
            let bits = snapshot.by_rule(&rule, Some(Timestamp::from_millis(since)));
            (1..=4).filter(|n| snapshot.slots.get(&id(*n)).is_some_and(|slot| bits.contains(*slot))).collect::<Vec<u8>>()
        };
        let rule = CategoryRule::default();
        assert_eq!(of(&snapshot, CategoryRule { tag: "gift".into(), ..rule.clone() }, 0), [1, 3]);
        assert_eq!(of(&snapshot, CategoryRule { tag: "none".into(), ..rule.clone() }, 0), [0_u8; 0]);
        assert_eq!(of(&snapshot, CategoryRule { price_min: Some(200), price_max: Some(250), ..rule.clone() }, 0), [3, 4]);
        assert_eq!(of(&snapshot, CategoryRule { new_days: Some(1), ..rule.clone() }, 30), [3, 4]);
        assert_eq!(of(&snapshot, CategoryRule { on_sale: true, ..rule.clone() }, 0), [3]);
        assert_eq!(of(&snapshot, CategoryRule { in_stock: true, price_max: Some(200), ..rule.clone() }, 0), [3, 4]);
        // A product that is read again has the tags that it has then.
        snapshot.replace(&BTreeSet::from([id(1), id(3)]), vec![row(1, 300, 10), row(3, 200, 30)], Vec::new());
        snapshot.tag(vec![tag(3, "gift")]);
        assert_eq!(of(&snapshot, CategoryRule { tag: "gift".into(), ..rule }, 0), [3]);
    }

    #[test]
    fn a_changed_product_takes_its_new_place() {
        let mut snapshot = four_products();
        snapshot.replace(&BTreeSet::from([id(1), id(4)]), vec![row(1, 50, 50)], vec![facet(1, "size", "l")]);
        assert_eq!(snapshot.page(&Filter::default(), Sort::Newest, PagePlace::First, 9).products, [id(1), id(3), id(2)]);
        assert_eq!(snapshot.page(&Filter::default(), Sort::PriceUp, PagePlace::First, 9).products, [id(1), id(2), id(3)]);
        let sizes = Filter { options: BTreeMap::from([("size".to_owned(), vec!["s".to_owned()])]), ..Filter::default() };
        assert!(snapshot.page(&sizes, Sort::Newest, PagePlace::First, 9).products.is_empty());
    }
}
