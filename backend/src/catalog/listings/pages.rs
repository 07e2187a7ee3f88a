//! Pages of a list, forward and back, by the key of the product at their edge.

use domain::id::ProductId;
use domain::view::Sort;
use uuid::Uuid;

use super::snapshot::{Filter, Snapshot};

/// The sort key of a product at the edge of a page.
pub(in crate::catalog) type PageCursor = (i64, Uuid);

/// Where a page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::catalog) enum PagePlace<C> {
    First,
    /// Behind this product, which may be gone.
    After(C),
    /// It ends before this product, which may be gone.
    Before(C),
}

/// Some products of a list, and whether there are others on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::catalog) struct Page<C> {
    pub products: Vec<ProductId>,
    /// For the page before: [`PagePlace::Before`] this.
    pub previous: Option<C>,
    /// For the page after: [`PagePlace::After`] this.
    pub next: Option<C>,
}

impl<C> Page<C> {
    /// The same with its places by name.
    pub fn named<T>(self, name: impl Fn(C) -> T) -> Page<T> {
        Page { products: self.products, previous: self.previous.map(&name), next: self.next.map(&name) }
    }
}

/// The products of the snapshot in an order.
struct Ordered<'a> {
    snapshot: &'a Snapshot,
    sort: Sort,
}

impl Ordered<'_> {
    fn slots(&self) -> &[u32] {
        if self.is_by_age() { &self.snapshot.newest } else { &self.snapshot.cheapest }
    }

    const fn is_by_age(&self) -> bool {
        matches!(self.sort, Sort::Newest | Sort::Best)
    }

    fn key(&self, slot: u32) -> Option<PageCursor> {
        self.snapshot.item(slot).map(|item| if self.is_by_age() { item.newest() } else { item.cheapest() })
    }

    /// The slot at a position of this order.
    fn slot(&self, at: usize) -> Option<u32> {
        let slots = self.slots();
        match self.sort {
            Sort::PriceDown => slots.len().checked_sub(at + 1).map(|at| slots[at]),
            _ => slots.get(at).copied(),
        }
    }

    /// The position of the first product that does not come before this key, or with `behind` the first that comes after it.
    fn position(&self, cursor: PageCursor, behind: bool) -> usize {
        let slots = self.slots();
        let count = |passes: fn(Option<PageCursor>, Option<PageCursor>) -> bool| {
            slots.partition_point(|slot| passes(self.key(*slot), Some(cursor)))
        };
        match (self.sort, behind) {
            (Sort::Newest | Sort::Best, true) => count(|key, cursor| key >= cursor),
            (Sort::Newest | Sort::Best, false) => count(|key, cursor| key > cursor),
            (Sort::PriceUp, true) => count(|key, cursor| key <= cursor),
            (Sort::PriceUp, false) => count(|key, cursor| key < cursor),
            (Sort::PriceDown, true) => slots.len() - count(|key, cursor| key < cursor),
            (Sort::PriceDown, false) => slots.len() - count(|key, cursor| key <= cursor),
        }
    }
}

impl Snapshot {
    /// One page of what passes the filter. The page before one that has fewer products before it than a page takes is the first one, in
    /// full.
    pub fn page(&self, filter: &Filter, sort: Sort, place: PagePlace<PageCursor>, size: usize) -> Page<PageCursor> {
        let bits = self.narrowed(filter, &self.without_options(filter), None);
        let order = Ordered { snapshot: self, sort };
        let end = order.slots().len();
        let passes = |at: &usize| order.slot(*at).is_some_and(|slot| bits.contains(slot));
        let (start, cursor) = match place {
            PagePlace::First => (0, None),
            PagePlace::After(cursor) => (order.position(cursor, true), Some(cursor)),
            PagePlace::Before(cursor) => {
                let to = order.position(cursor, false);
                ((0..to).rev().filter(passes).nth(size.saturating_sub(1)).unwrap_or(0), None)
            }
        };
        let mut found: Vec<(ProductId, PageCursor)> = (start..end)
            .filter(passes)
            .filter_map(|at| order.slot(at))
            .filter_map(|slot| Some((self.item(slot)?.id, order.key(slot)?)))
            .take(size + 1)
            .collect();
        let is_more = found.len() > size;
        found.truncate(size);
        let has_before = (0..start).any(|at| passes(&at));
        Page {
            // Nothing may be left behind the product that the place is named by.
            previous: found.first().map(|(_, key)| *key).or(cursor).filter(|_| has_before),
            next: found.last().filter(|_| is_more).map(|(_, key)| *key),
            products: found.into_iter().map(|(id, _)| id).collect(),
        }
    }

    /// The same of these products, in their order. Places are numbers of products.
    pub fn page_in_order(&self, filter: &Filter, products: &[ProductId], place: PagePlace<usize>, size: usize) -> Page<usize> {
        let bits = self.narrowed(filter, &self.without_options(filter), None);
        let passing: Vec<ProductId> =
            products.iter().filter(|id| self.slots.get(id).is_some_and(|slot| bits.contains(*slot))).copied().collect();
        let from = match place {
            PagePlace::First => 0,
            PagePlace::After(count) => count,
            PagePlace::Before(count) => count.saturating_sub(size),
        };
        let from = from.min(passing.len());
        let end = (from + size).min(passing.len());
        Page {
            previous: (from > 0).then_some(from),
            next: (end < passing.len()).then_some(end),
            products: passing.get(from..end).unwrap_or_default().to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::snapshot::tests::{four_products, id, row};
    use super::*;

    #[test]
    fn pages_follow_each_other_in_each_order() {
        let snapshot = four_products();
        for (sort, order) in [(Sort::Newest, [4, 3, 2, 1]), (Sort::PriceUp, [2, 3, 4, 1]), (Sort::PriceDown, [1, 4, 3, 2])] {
            let (mut seen, mut place) = (Vec::new(), PagePlace::First);
            loop {
                let page = snapshot.page(&Filter::default(), sort, place, 3);
                seen.extend(page.products);
                let Some(next) = page.next else { break };
                place = PagePlace::After(next);
            }
            assert_eq!(seen, order.map(id), "{sort:?}");
        }
    }

    /// Pages of two products from the first to the last, and back.
    fn there_and_back(snapshot: &Snapshot, sort: Sort) -> [Vec<Vec<ProductId>>; 2] {
        let page = |place| snapshot.page(&Filter::default(), sort, place, 2);
        let mut shown = page(PagePlace::First);
        let (mut there, mut back) = (vec![shown.products.clone()], Vec::new());
        while let Some(next) = shown.next {
            shown = page(PagePlace::After(next));
            there.push(shown.products.clone());
        }
        back.push(shown.products.clone());
        while let Some(previous) = shown.previous {
            shown = page(PagePlace::Before(previous));
            back.push(shown.products.clone());
        }
        [there, back]
    }

    #[test]
    fn pages_are_the_same_forward_and_back() {
        let mut snapshot = four_products();
        snapshot.replace(&BTreeSet::new(), vec![row(5, 200, 50), row(6, 100, 60)], Vec::new());
        for sort in Sort::ALL {
            let [there, mut back] = there_and_back(&snapshot, sort);
            back.reverse();
            assert_eq!((there.len(), &there), (3, &back), "{sort:?}");
        }
    }

    #[test]
    fn pages_stay_whole_while_products_come_and_go() {
        let mut snapshot = four_products();
        let page = |snapshot: &Snapshot, place| snapshot.page(&Filter::default(), Sort::Newest, place, 2);
        let first = page(&snapshot, PagePlace::First);
        let second = page(&snapshot, PagePlace::After(first.next.unwrap()));
        assert_eq!((first.previous, &second.products, second.next), (None, &vec![id(2), id(1)], None));
        // One more before it: the page before has the two that are nearest, and there is another before that.
        snapshot.replace(&BTreeSet::new(), vec![row(5, 9, 50)], Vec::new());
        let before = page(&snapshot, PagePlace::Before(second.previous.unwrap()));
        assert_eq!((&before.products, before.previous.is_some()), (&vec![id(4), id(3)], true));
        assert_eq!(page(&snapshot, PagePlace::After(before.next.unwrap())).products, second.products);
        // Fewer than a page before it: the first page, in full.
        snapshot.replace(&BTreeSet::from([id(5), id(4)]), Vec::new(), Vec::new());
        let before = page(&snapshot, PagePlace::Before(second.previous.unwrap()));
        assert_eq!((before.products, before.previous), (vec![id(3), id(2)], None));
        // The product that the place is named by is gone, and so is all behind it: there is a way back.
        snapshot.replace(&BTreeSet::from([id(2), id(1)]), vec![row(6, 9, 60)], Vec::new());
        let behind = page(&snapshot, PagePlace::After((20, id(2).0)));
        assert_eq!((&behind.products, behind.next), (&Vec::new(), None));
        assert_eq!(page(&snapshot, PagePlace::Before(behind.previous.unwrap())).products, [id(6), id(3)]);
        snapshot.replace(&BTreeSet::from([id(6), id(3)]), Vec::new(), Vec::new());
        assert_eq!(page(&snapshot, PagePlace::After((20, id(2).0))), Page { products: Vec::new(), previous: None, next: None });
    }

    #[test]
    fn pages_in_an_order_of_their_own_go_both_ways() {
        let snapshot = four_products();
        let best = [1, 2, 3, 4].map(id);
        let page = |place| snapshot.page_in_order(&Filter::default(), &best, place, 3);
        let first = page(PagePlace::First);
        assert_eq!((&first.products[..], first.previous, first.next), (&best[..3], None, Some(3)));
        let second = page(PagePlace::After(3));
        assert_eq!((&second.products[..], second.previous, second.next), (&best[3..], Some(3), None));
        assert_eq!(page(PagePlace::Before(3)), first);
        let behind = page(PagePlace::After(400));
        assert_eq!((&behind.products, page(PagePlace::Before(behind.previous.unwrap())).products), (&Vec::new(), best[1..].to_vec()));
    }
}
