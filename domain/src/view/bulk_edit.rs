//! Bulk edits: many products changed at once, with a preview, what became of each, and undo.

use serde::{Deserialize, Serialize};

use crate::id::{BulkEditId, CategoryId, PriceListId, ProductId};
use crate::{Currency, Money, Timestamp};

named! {
    /// To what a computed price is rounded, to the nearest one, half up.
    PriceRounding {
        /// To the currency's minor unit.
        Exact "exact",
        /// Whole pesos.
        Whole "whole",
        /// Multiples of five pesos.
        Fives "fives",
        /// Multiples of ten pesos.
        Tens "tens",
        /// One centavo below whole pesos: 149.99.
        Below "below",
    }

    /// How far a bulk edit is.
    BulkEditState {
        /// It is a preview: nothing is changed yet.
        Planned "planned",
        /// Its products are being changed.
        Running "running",
        Done "done",
        /// Its products are being changed back.
        Undoing "undoing",
        Undone "undone",
    }

    /// What became of one product of a bulk edit.
    BulkRowState {
        /// It will be changed.
        Planned "planned",
        /// It has already what was asked for.
        Unchanged "unchanged",
        /// Nothing of it can be changed; its problems say why.
        Refused "refused",
        Done "done",
        /// It was not changed, because it changed after the preview.
        LeftOut "left_out",
        /// It is as it was before.
        Undone "undone",
        /// Some of it, or all, was changed by somebody since, and stays; its problems say what.
        Kept "kept",
    }

    /// Why a part of a product is not changed, or not changed back.
    BulkProblemKind {
        /// The variant has no price in the list that could be raised or lowered.
        NoPrice "no_price",
        /// The new price would be below zero or too high.
        PriceRange "price_range",
        /// The new price would not be below the compare-at price.
        CompareAt "compare_at",
        /// It would have more tags than a product may have.
        TooManyTags "too_many_tags",
        /// It would be published, and no variant has a price.
        NothingForSale "nothing_for_sale",
        /// Somebody changed the product after the preview.
        ChangedMeanwhile "changed_meanwhile",
        /// The category is not there any more.
        NoCategory "no_category",
        /// The price is not the one that the bulk edit set.
        PriceSince "price_since",
        /// The status is not the one that the bulk edit set.
        StatusSince "status_since",
        /// The category is not the one that the bulk edit set.
        CategorySince "category_since",
    }
}

/// The new price of a variant. Amounts are in minor units of the price list's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum PriceRule {
    /// This amount, 0 or more.
    Set(i64),
    /// Raised by so many basis points, or lowered with a number below zero: −1000 takes 10 % off.
    Percent(i64),
    /// Raised by this amount, or lowered with an amount below zero.
    Amount(i64),
}

impl PriceRule {
    /// The price that `old` becomes; none beyond 64 bits. An amount that is set is not rounded.
    #[must_use]
    pub fn apply(self, old: i64, rounding: PriceRounding, currency: Currency) -> Option<i64> {
        let new = match self {
            Self::Set(amount) => return Some(amount),
            Self::Percent(basis_points) => Money::new(old, currency).share(10_000_i64.checked_add(basis_points)?).ok()?.minor,
            Self::Amount(amount) => old.checked_add(amount)?,
        };
        rounding.round(new, currency)
    }
}

impl PriceRounding {
    /// The nearest amount of this kind, half up; none beyond 64 bits. A price of zero or less stays as it is.
    #[must_use]
    pub fn round(self, minor: i64, currency: Currency) -> Option<i64> {
        if minor <= 0 {
            return Some(minor);
        }
        let unit = 10_i64.pow(u32::from(currency.exponent()));
        let (step, below) = match self {
            Self::Exact => return Some(minor),
            Self::Whole => (unit, 0),
            Self::Fives => (5 * unit, 0),
            Self::Tens => (10 * unit, 0),
            // A currency without minor units has prices such as 1,499.
            Self::Below => (if unit == 1 { 100 } else { unit }, 1),
        };
        let steps = minor.checked_add(below)?.checked_add(step / 2)?.div_euclid(step);
        steps.max(1).checked_mul(step)?.checked_sub(below)
    }
}

/// What becomes of the category of products.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CategoryChange {
    Into(CategoryId),
    /// Out of the one that they are in.
    Out,
}

/// New prices in one price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChange {
    pub list: PriceListId,
    pub rule: PriceRule,
    pub rounding: PriceRounding,
}

/// What is changed of each product; parts that are empty stay.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkChange {
    pub prices: Option<PriceChange>,
    /// `draft`, `published` or `archived`.
    pub status: Option<String>,
    pub category: Option<CategoryChange>,
    pub add_tags: Vec<String>,
    pub remove_tags: Vec<String>,
}

impl BulkChange {
    /// Products of one bulk edit, at most.
    pub const MOST_PRODUCTS: usize = 5_000;
    /// So long a bulk edit can be undone after it was done.
    pub const UNDO_DAYS: i64 = 30;
    /// The most by which prices are raised, and the most by which they are lowered, basis points.
    pub const PERCENT_RANGE: (i64, i64) = (-9_900, 100_000);

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.prices.is_none() && self.status.is_none() && self.category.is_none() && self.add_tags.is_empty() && self.remove_tags.is_empty()
    }
}

/// Why a part of a product is not changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkProblem {
    pub kind: BulkProblemKind,
    /// The SKU of the variant, where it is about one; otherwise empty.
    pub sku: String,
}

/// One part of a product before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum BulkPartView {
    /// Without a price before, the variant gets its first one in this list.
    Price {
        sku: String,
        old: Option<Money>,
        new: Option<Money>,
    },
    Status {
        old: String,
        new: String,
    },
    /// Names; empty for none.
    Category {
        old: String,
        new: String,
    },
    Tags {
        added: Vec<String>,
        removed: Vec<String>,
    },
}

/// One product of a bulk edit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRowView {
    pub product: ProductId,
    pub name: String,
    pub state: BulkRowState,
    pub parts: Vec<BulkPartView>,
    pub problems: Vec<BulkProblem>,
}

/// A bulk edit, and how many of its products are in which state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkEditView {
    pub id: BulkEditId,
    pub state: BulkEditState,
    pub change: BulkChange,
    /// The name and the currency of the price list.
    pub price_list: Option<(String, Currency)>,
    /// The name of the category that products are put into.
    pub category: String,
    /// Who made the preview, or did it.
    pub actor: String,
    /// When it was done, or its preview made.
    pub at: Timestamp,
    /// The last moment at which it can be undone; none while it is not done.
    pub undo_until: Option<Timestamp>,
    /// In the order of [`BulkRowState::ALL`].
    pub counts: [i64; BulkRowState::ALL.len()],
}

impl BulkEditView {
    /// How many of its products are in this state.
    #[must_use]
    pub fn count(&self, state: BulkRowState) -> i64 {
        BulkRowState::ALL.iter().zip(self.counts).find(|(other, _)| **other == state).map_or(0, |(_, count)| count)
    }

    /// How many products it has.
    #[must_use]
    pub fn products(&self) -> i64 {
        self.counts.iter().sum()
    }
}

/// A page of the products of a bulk edit, in the order in which they were chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkRowsView {
    pub rows: Vec<BulkRowView>,
    /// Where the page before begins.
    pub previous: Option<i64>,
    /// Where the page after begins.
    pub next: Option<i64>,
}

/// What the form of a bulk edit offers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BulkChoicesView {
    /// Price lists with their currency; the one that products are edited with is the first.
    pub price_lists: Vec<(PriceListId, String, Currency)>,
    /// Every category, hidden ones too.
    pub categories: Vec<(CategoryId, String)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_raised_lowered_and_rounded_to_the_nearest() {
        let php = |rule: PriceRule, rounding, old| rule.apply(old, rounding, Currency::PHP);
        use PriceRounding::{Below, Exact, Fives, Tens, Whole};
        assert_eq!(php(PriceRule::Set(12_345), Tens, 1), Some(12_345), "what is set is not rounded");
        assert_eq!(php(PriceRule::Percent(1_000), Exact, 9_999), Some(10_999));
        assert_eq!(php(PriceRule::Percent(-1_000), Exact, 15), Some(14), "half a centavo is rounded away from zero");
        assert_eq!(
            [Whole, Fives, Tens, Below].map(|to| php(PriceRule::Percent(1_000), to, 13_350)),
            [Some(14_700), Some(14_500), Some(15_000), Some(14_699)]
        );
        assert_eq!(php(PriceRule::Amount(-20_000), Whole, 100), Some(-19_900), "what is below zero is not hidden by rounding");
        assert_eq!(php(PriceRule::Amount(-60), Tens, 100), Some(1_000), "rounding gives nothing away for free");
        assert_eq!(php(PriceRule::Percent(10_000), Exact, i64::MAX), None);
        assert_eq!(PriceRule::Percent(1_000).apply(1_350, Below, Currency::JPY), Some(1_499));
        assert_eq!(PriceRule::Percent(1_000).apply(1_350, Whole, Currency::JPY), Some(1_485));
    }
}
