//! What a bulk edit changes of one product, and what changes it back. Nothing is read or written here.

use std::collections::HashSet;

use domain::Currency;
use domain::id::{CategoryId, ProductId, VariantId};
use domain::view::{BulkChange, BulkProblem, BulkProblemKind, BulkRowState, CategoryChange, PriceChange};
use serde::{Deserialize, Serialize};

use crate::catalog::check::{MAX_PRICE, MAX_TAGS};

/// A product as it is now.
#[derive(Clone, Debug)]
pub(super) struct Current {
    pub id: ProductId,
    pub handle: String,
    pub version: i64,
    pub status: String,
    pub category: Option<CategoryId>,
    pub tags: Vec<String>,
    /// Has one of its variants a price in any list?
    pub has_price: bool,
    /// With their prices in the list that is changed; empty where prices are not.
    pub variants: Vec<CurrentPrice>,
}

/// The price of a variant in a list, minor units.
#[derive(Clone, Debug)]
pub(super) struct CurrentPrice {
    pub variant: VariantId,
    pub sku: String,
    pub amount: Option<i64>,
    pub compare_at: Option<i64>,
}

/// The parts of a product that change, each before and after. It is kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Plan {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub prices: Vec<PlannedPrice>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<(String, String)>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub category: Option<(Option<CategoryId>, Option<CategoryId>)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add_tags: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub remove_tags: Vec<String>,
}

/// Minor units; none for a variant that has no price in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct PlannedPrice {
    pub variant: VariantId,
    pub sku: String,
    pub old: Option<i64>,
    pub new: Option<i64>,
}

impl Plan {
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn problem(kind: BulkProblemKind, sku: &str) -> BulkProblem {
    BulkProblem { kind, sku: sku.to_owned() }
}

/// What a change does to a product, and why some of it cannot be done. The state is planned, unchanged or refused.
pub(super) fn plan(now: &Current, change: &BulkChange, currency: Currency) -> (Plan, BulkRowState, Vec<BulkProblem>) {
    let (mut plan, mut problems) = (Plan::default(), Vec::new());
    if let Some(prices) = &change.prices {
        plan_prices(now, prices, currency, &mut plan, &mut problems);
    }
    if let Some(to) = change.status.as_ref().filter(|to| **to != now.status) {
        if to == "published" && !now.has_price && plan.prices.is_empty() {
            problems.push(problem(BulkProblemKind::NothingForSale, ""));
        } else {
            plan.status = Some((now.status.clone(), to.clone()));
        }
    }
    let category = match change.category {
        Some(CategoryChange::Into(category)) => Some(category),
        Some(CategoryChange::Out) => None,
        None => now.category,
    };
    if category != now.category {
        plan.category = Some((now.category, category));
    }
    let has: HashSet<&str> = now.tags.iter().map(String::as_str).collect();
    plan.remove_tags = change.remove_tags.iter().filter(|tag| has.contains(tag.as_str())).cloned().collect();
    let added: Vec<String> = change.add_tags.iter().filter(|tag| !has.contains(tag.as_str())).cloned().collect();
    if now.tags.len() + added.len() - plan.remove_tags.len() > MAX_TAGS {
        problems.push(problem(BulkProblemKind::TooManyTags, ""));
    } else {
        plan.add_tags = added;
    }
    let state = match (plan.is_empty(), problems.is_empty()) {
        (false, _) => BulkRowState::Planned,
        (true, true) => BulkRowState::Unchanged,
        (true, false) => BulkRowState::Refused,
    };
    (plan, state, problems)
}

fn plan_prices(now: &Current, change: &PriceChange, currency: Currency, plan: &mut Plan, problems: &mut Vec<BulkProblem>) {
    for CurrentPrice { variant, sku, amount, compare_at } in &now.variants {
        let is_set = matches!(change.rule, domain::view::PriceRule::Set(_));
        if amount.is_none() && !is_set {
            problems.push(problem(BulkProblemKind::NoPrice, sku));
            continue;
        }
        let Some(new) = change.rule.apply(amount.unwrap_or(0), change.rounding, currency).filter(|new| (0..=MAX_PRICE).contains(new))
        else {
            problems.push(problem(BulkProblemKind::PriceRange, sku));
            continue;
        };
        if *amount == Some(new) {
            continue;
        }
        // An imported product may have such a compare-at price already.
        let is_low = |price: i64| compare_at.is_some_and(|was| (1..=price).contains(&was));
        if is_low(new) && !amount.is_some_and(is_low) {
            problems.push(problem(BulkProblemKind::CompareAt, sku));
            continue;
        }
        plan.prices.push(PlannedPrice { variant: *variant, sku: sku.clone(), old: *amount, new: Some(new) });
    }
}

/// What brings a product back to how it was before a plan was done, as far as nobody changed it since; and what stays.
pub(super) fn undo(now: &Current, done: &Plan, categories: &HashSet<CategoryId>) -> (Plan, Vec<BulkProblem>) {
    let (mut back, mut problems) = (Plan::default(), Vec::new());
    for PlannedPrice { variant, sku, old, new } in &done.prices {
        let amount = now.variants.iter().find(|price| price.variant == *variant).map(|price| price.amount);
        if amount == Some(*new) {
            back.prices.push(PlannedPrice { variant: *variant, sku: sku.clone(), old: *new, new: *old });
        } else if amount != Some(*old) {
            problems.push(problem(BulkProblemKind::PriceSince, sku));
        }
    }
    if let Some((old, new)) = &done.status {
        if now.status == *new {
            back.status = Some((new.clone(), old.clone()));
        } else if now.status != *old {
            problems.push(problem(BulkProblemKind::StatusSince, ""));
        }
    }
    if let Some((old, new)) = done.category {
        if now.category != new && now.category != old {
            problems.push(problem(BulkProblemKind::CategorySince, ""));
        } else if old.is_some_and(|old| !categories.contains(&old)) {
            problems.push(problem(BulkProblemKind::NoCategory, ""));
        } else if now.category == new {
            back.category = Some((new, old));
        }
    }
    let has: HashSet<&str> = now.tags.iter().map(String::as_str).collect();
    back.add_tags = done.remove_tags.iter().filter(|tag| !has.contains(tag.as_str())).cloned().collect();
    back.remove_tags = done.add_tags.iter().filter(|tag| has.contains(tag.as_str())).cloned().collect();
    (back, problems)
}
