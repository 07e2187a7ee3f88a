//! Discount codes: what they take off, and how managers set them.
//!
//! A code is never deleted and keeps its text, because orders name it; it can be switched off. Its uses are counted in the
//! transaction that writes the order, and the audit compares them with the orders.

use domain::cart::Discount;
use domain::id::DiscountId;
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{DiscountDraft, DiscountListView, DiscountRefusal, DiscountRowView, FieldErrors, PageAt};
use domain::{Currency, Locale, Money, Timestamp};
use serde_json::{Value, json};

use platform::Context;

use crate::paging;
use crate::{Shop, settings};

use super::check::{Check, check_exists, check_seen, differences};
use super::events::DiscountChanged;
use super::{PricingError, store};

/// Codes on a page of the managers' list.
const PAGE: usize = 50;
/// The most uses that a code can be limited to.
const MAX_USES: i64 = 1_000_000_000;

/// What a code takes off, and from which order on, when and how often it may be used: a row of `discount_codes`.
#[derive(Clone, Debug, platform::db::FromRow)]
pub(super) struct DiscountCode {
    pub(super) code: String,
    /// Basis points of what the items cost. Either this or `amount` is there.
    pub(super) percent_bp: Option<i64>,
    /// Minor units off the items.
    pub(super) amount: Option<i64>,
    /// Of its amounts.
    pub(super) currency: Currency,
    pub(super) min_subtotal: i64,
    pub(super) valid_from: Option<Timestamp>,
    pub(super) valid_to: Option<Timestamp>,
    pub(super) most_uses: Option<i64>,
    pub(super) uses: i64,
}

impl DiscountCode {
    pub(super) const fn takes(&self) -> Discount {
        match (self.percent_bp, self.amount) {
            (Some(bp), _) => Discount::Percent(bp),
            (None, Some(minor)) => Discount::Amount(minor),
            (None, None) => Discount::Amount(0),
        }
    }

    /// The discount on items that cost this much, or why there is none. In another currency there is no such code.
    pub(super) fn discount_for(&self, subtotal: Money, at: Timestamp) -> Result<Discount, DiscountRefusal> {
        if subtotal.currency != self.currency {
            return Err(DiscountRefusal::Unknown);
        }
        if let Some(from) = self.valid_from.filter(|from| at < *from) {
            return Err(DiscountRefusal::NotYet(from));
        }
        if self.valid_to.is_some_and(|to| at >= to) {
            return Err(DiscountRefusal::Ended);
        }
        if self.most_uses.is_some_and(|most| self.uses >= most) {
            return Err(DiscountRefusal::UsedUp);
        }
        if subtotal.minor < self.min_subtotal {
            return Err(DiscountRefusal::BelowMinimum(Money::new(self.min_subtotal, self.currency)));
        }
        Ok(self.takes())
    }
}

/// A code as it is stored and compared: trimmed, in capitals.
#[must_use]
pub fn normal_code(text: &str) -> Option<String> {
    let code = text.trim().to_uppercase();
    (!code.is_empty() && code.len() <= 40).then_some(code)
}

/// A page of the discount codes, the newest first, those that are switched off as well.
///
/// # Errors
/// Not allowed.
pub async fn discounts(shop: &Shop, ctx: &Context, at: &PageAt) -> Result<DiscountListView, PricingError> {
    ctx.require(Permission::ReadSettings)?;
    let page = paging::read(PAGE, at, |rows| store::discounts(shop.db(), rows, PAGE + 1)).await?;
    let (previous, next) = page.keys(|(id, _)| id.to_string());
    Ok(DiscountListView { codes: page.rows.into_iter().map(|(_, row)| row).collect(), previous, next })
}

/// # Errors
/// [`PricingError::Unknown`], not allowed.
pub async fn discount(shop: &Shop, ctx: &Context, code: &str) -> Result<DiscountRowView, PricingError> {
    ctx.require(Permission::ReadSettings)?;
    let found = store::discount(&mut shop.db(), code).await?;
    found.map(|(_, row)| row).ok_or(PricingError::Unknown)
}

/// What is wrong with a discount code, whatever codes there are.
#[must_use]
pub fn check_discount(locale: Locale, draft: &DiscountDraft) -> FieldErrors {
    let mut check = Check::new(locale);
    check.discount(&DiscountDraft { code: draft.code.trim().to_uppercase(), ..draft.clone() });
    check.errors()
}

/// Saves a discount code, found by its text, over what was `seen` of it; over whatever there is without that.
///
/// # Errors
/// [`PricingError::Stale`] when it is not what was seen any more.
/// [`PricingError::Invalid`] by field: `code`, `value`, `min_subtotal`, `valid_to`, `most_uses` (also below what was used already).
/// [`PricingError::Unknown`], not allowed.
pub async fn save_discount(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    draft: DiscountDraft,
    seen: Option<DiscountDraft>,
) -> Result<(), PricingError> {
    ctx.require(Permission::WriteSettings)?;
    let draft = DiscountDraft { code: draft.code.trim().to_uppercase(), ..draft };
    let mut check = Check::new(locale);
    check.discount(&draft);
    check.done()?;
    let currency = settings::shop_currency(shop);
    shop.write(ctx, async move |tx| {
        tx.lock("select 1 from discount_codes where code = $1 for update", &[&draft.code]).await?;
        let before = store::discount(tx, &draft.code).await?;
        check_exists(before.is_some(), draft.is_new, locale, t::ADMIN_SETTINGS_DISCOUNT_TAKEN)?;
        check_seen(before.as_ref().map(|(_, row)| &row.draft), seen.as_ref())?;
        if let (Some((_, row)), Some(most)) = (&before, draft.most_uses)
            && most < row.uses
        {
            let mut check = Check::new(locale);
            check.range("most_uses", row.uses, MAX_USES);
            check.done()?;
        }
        let id = before.as_ref().map_or_else(|| DiscountId(tx.id()), |(id, _)| *id);
        store::put_discount(tx, id, &draft, currency).await?;
        let changed = before.map_or_else(|| json!({}), |(_, row)| difference(&row.draft, &draft));
        tx.record(id, DiscountChanged { code: draft.code.clone(), active: draft.active, currency, changed });
        Ok(())
    })
    .await
}

fn difference(before: &DiscountDraft, after: &DiscountDraft) -> Value {
    Value::Object(differences([
        ("takes", json!(before.takes), json!(after.takes)),
        ("min_subtotal", json!(before.min_subtotal), json!(after.min_subtotal)),
        ("valid_from", json!(before.valid_from), json!(after.valid_from)),
        ("valid_to", json!(before.valid_to), json!(after.valid_to)),
        ("most_uses", json!(before.most_uses), json!(after.most_uses)),
        ("active", json!(before.active), json!(after.active)),
    ]))
}

impl Check {
    fn discount(&mut self, draft: &DiscountDraft) {
        let sign = |b: u8| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-';
        if draft.code.is_empty() || draft.code.len() > 40 || !draft.code.bytes().all(sign) {
            self.wrong("code", t::ADMIN_SETTINGS_DISCOUNT_CODE_INVALID);
        }
        match draft.takes {
            Discount::Percent(1..=10_000) => {}
            Discount::Percent(_) => self.range("value", 1, 100),
            Discount::Amount(0) => self.wrong("value", t::FIELD_AMOUNT_INVALID),
            Discount::Amount(minor) => self.amount("value", minor),
        }
        self.amount("min_subtotal", draft.min_subtotal);
        if let (Some(from), Some(to)) = (draft.valid_from, draft.valid_to)
            && to <= from
        {
            self.wrong("valid_to", t::ADMIN_SETTINGS_DISCOUNT_DAYS_ORDER);
        }
        if let Some(most) = draft.most_uses {
            self.number("most_uses", most, 1, MAX_USES);
        }
    }
}
