//! Mails to staff: new orders, refusals, variants that run low. Who gets them is in [`staff_notices`].
//!
//! What happens within five minutes is one mail. A variant that runs low is reported once, and again only after it was restocked to
//! twice the threshold in between (the table `low_stock`).

use std::collections::HashSet;

use domain::id::{ContactId, OrderId, UserId, VariantId};
use domain::messages::t;
use domain::order::PaymentMethod;
use domain::view::{Preferences, StaffNotice};
use domain::{Locale, Timestamp};
use platform::db::{DbError, Read, Tx, json_ids};
use platform::events::{Event, RecordedEvent};
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::staff_notices;
use crate::identity::IdentityError;
use crate::inventory::events::{StockAdjusted, StockReleased, StockReserved, StockReturned, StockShipped};
use crate::mails::MailContent;
use crate::orders::events::OrderPlaced;
use crate::payments::events::{PaymentAuthorised, PaymentCaptured, PaymentMethodChanged};
use crate::refusals::events::RefusalOpened;
use crate::{Shop, contacts, inventory, mails, orders, refusals, settings};

/// What happens within one window is one mail.
const WINDOW_MS: i64 = 5 * 60 * 1_000;
/// A mail lists no more; the rest is in the admin.
const MAX_ITEMS: usize = 50;

/// Sends a mail to a member of staff about what was collected for it. Items are added until it runs.
#[derive(Debug, Serialize, Deserialize)]
struct SendStaffMail {
    user: UserId,
    kind: StaffNotice,
    /// Of the mail: its `Message-ID` begins with it.
    id: String,
    /// [`OrderItem`]s, ids of refusals or ids of variants, by kind.
    #[serde(default)]
    items: Vec<Value>,
}

impl Job for SendStaffMail {
    const KIND: &'static str = "staff_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        mails::send_composed(&shop, compose(&shop, self).await).await
    }
}

/// Reports variants low in stock since the last check, and forgets those that were restocked.
#[derive(Debug, Serialize, Deserialize)]
struct CheckStock {}

impl Job for CheckStock {
    const KIND: &'static str = "stock.watch";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        Ok(check_stock(&shop).await.map_err(|error| error.to_string())?)
    }
}

/// An item of a mail about orders: the event that may make an order a new one.
#[derive(Debug, Serialize, Deserialize)]
struct OrderItem {
    order: OrderId,
    seq: i64,
    kind: String,
}

/// The notices to staff that follow from events: their kind, and an item for the mail.
pub(super) fn notices_of(events: &[RecordedEvent]) -> Vec<(StaffNotice, Value)> {
    let notice = |event: &RecordedEvent| match event.kind.as_str() {
        <OrderPlaced as Event>::KIND
        | <PaymentMethodChanged as Event>::KIND
        | <PaymentAuthorised as Event>::KIND
        | <PaymentCaptured as Event>::KIND => {
            let item = OrderItem { order: OrderId(event.subject), seq: event.seq, kind: event.kind.clone() };
            Some((StaffNotice::Order, json!(item)))
        }
        <RefusalOpened as Event>::KIND => event.read().map(|(_, opened): (_, RefusalOpened)| (StaffNotice::Refused, json!(opened.refusal))),
        <StockReserved as Event>::KIND
        | <StockReleased as Event>::KIND
        | <StockShipped as Event>::KIND
        | <StockReturned as Event>::KIND
        | <StockAdjusted as Event>::KIND => Some((StaffNotice::LowStock, Value::Null)),
        _ => None,
    };
    events.iter().filter_map(notice).collect()
}

/// Adds notices to the mails of their recipients. For changes of stock it enqueues one check of all stock at the end of the window.
pub(super) async fn collect(tx: &mut Tx, notices: &[(StaffNotice, Value)]) -> Result<(), DbError> {
    for kind in [StaffNotice::Order, StaffNotice::Refused] {
        let items: Vec<Value> = notices.iter().filter(|(notice, _)| *notice == kind).map(|(_, item)| item.clone()).collect();
        add_to_mails(tx, kind, &items).await?;
    }
    if notices.iter().any(|(kind, _)| *kind == StaffNotice::LowStock) {
        let window = tx.now().millis() / WINDOW_MS;
        jobs::enqueue(tx, &CheckStock {}, end_of(window), Some(&format!("{}:{window}", CheckStock::KIND))).await?;
    }
    Ok(())
}

fn end_of(window: i64) -> Timestamp {
    Timestamp::from_millis((window + 1) * WINDOW_MS)
}

/// Adds items to the recipients' mails of this window.
async fn add_to_mails(tx: &mut Tx, kind: StaffNotice, items: &[Value]) -> Result<(), DbError> {
    if items.is_empty() {
        return Ok(());
    }
    for user in staff_notices::recipients(tx, kind).await? {
        let now = tx.now().millis() / WINDOW_MS;
        // Where the clocks of servers differ, the mail of this window may have been sent already.
        for window in now..now + 3 {
            let id = format!("staff-{}-{}-{window}", kind.as_str(), user.0.simple());
            let key = format!("{}:{id}", SendStaffMail::KIND);
            let job = SendStaffMail { user, kind, id, items: Vec::new() };
            if jobs::gather(tx, &job, (items, 10 * MAX_ITEMS), (&key, end_of(window))).await? {
                break;
            }
        }
    }
    Ok(())
}

pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<SendStaffMail>();
    handlers.add::<CheckStock>();
}

async fn check_stock(shop: &Shop) -> Result<(), DbError> {
    let threshold = settings::shop(shop).low_stock;
    let db = &mut shop.db();
    let low: HashSet<VariantId> = inventory::running_low(db, threshold).await?.into_iter().collect();
    let reported: HashSet<VariantId> = db.fetch_scalars("select variant_id from low_stock", &[]).await?.into_iter().collect();
    // A variant that goes up and down around the threshold is reported once: it has to reach twice the threshold before it is reported again.
    let not_restocked: HashSet<VariantId> = inventory::running_low(db, threshold.saturating_mul(2)).await?.into_iter().collect();
    let mut new: Vec<VariantId> = low.difference(&reported).copied().collect();
    new.sort();
    let restocked: Vec<VariantId> = reported.difference(&not_restocked).copied().collect();
    if new.is_empty() && restocked.is_empty() {
        return Ok(());
    }
    shop.db()
        .write(async move |tx| {
            if !restocked.is_empty() {
                tx.execute(
                    "delete from low_stock where variant_id in (select unhex(value->>'id') from json_each($1))",
                    &[&json_ids(&restocked)],
                )
                .await?;
            }
            if new.is_empty() {
                return Ok(());
            }
            tx.execute(
                "insert into low_stock (variant_id, since) select unhex(value->>'id'), $2 from json_each($1) where true
                 on conflict (variant_id) do nothing",
                &[&json_ids(&new), &tx.now()],
            )
            .await?;
            let items: Vec<Value> = new.iter().map(|variant| json!(variant)).collect();
            add_to_mails(tx, StaffNotice::LowStock, &items).await
        })
        .await
}

pub(super) struct Recipient {
    name: String,
    pub email: String,
    locale: Locale,
}

pub(super) async fn recipient(db: &mut impl Read, shop: &Shop, user: UserId) -> Result<Option<Recipient>, IdentityError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        contact_id: ContactId,
        sealed: Vec<u8>,
        locale: String,
        preferences: String,
    }
    let row: Option<Row> = db
        .fetch_optional(
            "select u.contact_id, c.sealed, c.locale, u.preferences from users u join contacts c on c.id = u.contact_id where u.id = $1",
            &[&user],
        )
        .await?;
    let Some(row) = row else { return Ok(None) };
    let person = contacts::unseal_contact(shop, row.contact_id, &row.sealed)?;
    let preferences: Preferences = serde_json::from_str(&row.preferences).unwrap_or_default();
    let locale = Locale::parse(&preferences.locale).or_else(|| Locale::parse(&row.locale)).unwrap_or_default();
    Ok(Some(Recipient { name: person.name, email: person.email, locale }))
}

/// The list in a mail: what, and how much of it.
type Lines = Vec<(String, String)>;

/// The mail; none when nothing of it holds any more, or the recipient has switched it off.
async fn compose(shop: &Shop, job: SendStaffMail) -> Result<Option<Mail>, IdentityError> {
    let mut db = shop.db();
    if !staff_notices::recipients(&mut db, job.kind).await?.contains(&job.user) {
        return Ok(None);
    }
    let Some(recipient) = recipient(&mut db, shop, job.user).await? else { return Ok(None) };
    let (mut lines, only) = match job.kind {
        StaffNotice::Order => order_lines(shop, recipient.locale, &job.items).await?,
        StaffNotice::LowStock => (stock_lines(shop, recipient.locale, &job.items).await?, None),
        StaffNotice::Refused => (refused_lines(shop, recipient.locale, &job.items).await?, None),
    };
    if lines.is_empty() {
        return Ok(None);
    }
    let (locale, count) = (recipient.locale, i64::try_from(lines.len()).unwrap_or(i64::MAX));
    if lines.len() > MAX_ITEMS {
        let more = locale.number(count - i64::try_from(MAX_ITEMS).unwrap_or(0));
        lines.truncate(MAX_ITEMS);
        lines.push((t::MAIL_STAFF_MORE.with(locale, &[("count", &more)]), String::new()));
    }
    let (subject, action, path) = match job.kind {
        StaffNotice::Order => (t::MAIL_STAFF_ORDERS.with(locale, count, &[]), t::MAIL_STAFF_ORDERS_ACTION, "/admin/orders"),
        StaffNotice::LowStock => (t::MAIL_STAFF_LOW.with(locale, count, &[]), t::MAIL_STAFF_LOW_ACTION, "/admin/stock"),
        StaffNotice::Refused => (t::MAIL_STAFF_REFUSED.with(locale, count, &[]), t::MAIL_STAFF_REFUSED_ACTION, "/admin"),
    };
    let base = &shop.config().public_url;
    let link = only.map_or_else(|| format!("{base}{path}"), |order: OrderId| format!("{base}/admin/orders/{order}"));
    let (shop_name, preferences_url) = (settings::shop(shop).name, format!("{base}/admin/preferences"));
    let content = MailContent {
        locale,
        greeting: t::MAIL_CONFIRM_GREETING.with(locale, &[("name", &recipient.name)]),
        body: subject.clone(),
        title: t::ADMIN_TITLE.text(locale).to_owned(),
        subject,
        facts: Vec::new(),
        rows: lines,
        sums: Vec::new(),
        note: String::new(),
        action: (action.text(locale).to_owned(), link),
        footer: t::MAIL_STAFF_FOOTER.with(locale, &[("shop", &shop_name), ("address", &preferences_url)]),
        shop: shop_name,
    };
    Ok(Some(mails::mail(shop, (recipient.name, recipient.email), &job.id, content)))
}

/// Number and total of each new order, and the order when it is only one. A card order is new when its payment is authorised, or when it is
/// paid in cash instead.
async fn order_lines(shop: &Shop, locale: Locale, items: &[Value]) -> Result<(Lines, Option<OrderId>), DbError> {
    let (mut db, mut lines, mut listed) = (shop.db(), Vec::new(), HashSet::new());
    for item in items {
        let Ok(item) = serde_json::from_value::<OrderItem>(item.clone()) else { continue };
        let Some(head) = orders::head(&mut db, item.order).await? else { continue };
        let by_card = head.payment_method == PaymentMethod::Card && head.total > 0;
        let is_new = match item.kind.as_str() {
            <PaymentAuthorised as Event>::KIND => by_card,
            <PaymentCaptured as Event>::KIND => by_card && !was_authorised(&mut db, &item).await?,
            // The staff may record in cash what a card that was authorised did not bring.
            <PaymentMethodChanged as Event>::KIND => !by_card && !was_authorised(&mut db, &item).await?,
            _ => !by_card,
        };
        if is_new && head.cancelled_at.is_none() && listed.insert(item.order) {
            lines.push((t::ORDER_NUMBER.with(locale, &[("number", &head.number)]), locale.money(head.money(head.total))));
        }
    }
    let only = if listed.len() == 1 { listed.into_iter().next() } else { None };
    Ok((lines, only))
}

async fn was_authorised(db: &mut impl Read, item: &OrderItem) -> Result<bool, DbError> {
    let sql = "select seq from events where subject = $1 and kind = $2 and seq < $3 limit 1";
    Ok(db.fetch_optional_scalar::<i64>(sql, &[&item.order, &PaymentAuthorised::KIND, &item.seq]).await?.is_some())
}

/// Each refusal that is still open: its kind, order and amount.
async fn refused_lines(shop: &Shop, locale: Locale, items: &[Value]) -> Result<Lines, DbError> {
    let (mut db, mut lines) = (shop.db(), Vec::new());
    for item in items {
        let Ok(id) = serde_json::from_value(item.clone()) else { continue };
        let Some((kind, number, amount)) = refusals::still_open(&mut db, id).await? else { continue };
        let what = kind.name().text(locale);
        let what =
            number.map_or_else(|| what.to_owned(), |number| format!("{what} · {}", t::ORDER_NUMBER.with(locale, &[("number", &number)])));
        lines.push((what, amount.map(|amount| locale.money(amount)).unwrap_or_default()));
    }
    Ok(lines)
}

async fn stock_lines(shop: &Shop, locale: Locale, items: &[Value]) -> Result<Lines, DbError> {
    let variants: Vec<VariantId> = items.iter().filter_map(|item| serde_json::from_value(item.clone()).ok()).collect();
    let left = inventory::named(&mut shop.db(), &variants, locale).await?;
    let line = |variant: inventory::NamedVariant| (format!("{} · {}", variant.sku, variant.name), locale.number(variant.units));
    Ok(left.into_iter().map(line).collect())
}
