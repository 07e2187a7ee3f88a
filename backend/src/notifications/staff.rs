//! Mails to staff: orders that came in, what somebody outside refused, articles that run low; each chosen or not by the person.
//!
//! What happens within five minutes is one mail. An article that runs low is told once, and again only after it was well filled in between
//! (the table `low_stock`).

use std::collections::HashSet;

use domain::Locale;
use domain::id::{OrderId, UserId, VariantId};
use domain::messages::t;
use domain::order::PaymentMethod;
use domain::permission::Role;
use domain::view::{Preferences, StaffNotice, StaffNoticesView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::identity::IdentityError;
use crate::platform::context::Context;
use crate::platform::db::{DbError, Reader, Rows, Tx};
use crate::platform::events::{self, Event, RecordedEvent};
use crate::platform::jobs::{self, Done, Failure, Handlers};
use crate::platform::mail::Mail;
use crate::{Shop, customers, inventory, orders, refusals, settings};

use super::template::Template;
use super::write::sender;

const MAIL: &str = "mail.staff";
const WATCH: &str = "stock.watch";
/// What happens in so many milliseconds is one mail.
const GATHER: i64 = 5 * 60 * 1_000;
/// The most that one mail lists; what is beyond is left to the admin.
const MAX_ITEMS: usize = 50;

#[derive(Debug, Serialize, Deserialize)]
struct Payload {
    user: UserId,
    kind: StaffNotice,
    /// Names the mail.
    id: String,
    #[serde(default)]
    items: Vec<Value>,
}

/// What a mail about orders is told of each.
#[derive(Debug, Serialize, Deserialize)]
struct Order {
    order: OrderId,
    seq: i64,
    kind: String,
}

/// What of these events concerns staff: the kind of notice, and what its mail is told.
pub(super) fn concerned(events: &[RecordedEvent]) -> Vec<(StaffNotice, Value)> {
    let of = |event: &RecordedEvent| match event.kind.as_str() {
        "order.placed" | "order.payment_changed" | "payment.authorised" | "payment.captured" => {
            let order = Order { order: OrderId(event.subject), seq: event.seq, kind: event.kind.clone() };
            serde_json::to_value(order).ok().map(|order| (StaffNotice::Order, order))
        }
        "refusal.opened" => {
            let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
            Some((StaffNotice::Refused, data["refusal"].clone()))
        }
        kind if kind.starts_with("stock.") => Some((StaffNotice::LowStock, Value::Null)),
        _ => None,
    };
    events.iter().filter_map(of).collect()
}

/// Writes down what is to be told to whom. Stock is looked at once for all that happens in a while.
pub(super) async fn gather(tx: &mut Tx, shop: &Shop, concerned: &[(StaffNotice, Value)]) -> Result<(), DbError> {
    for kind in [StaffNotice::Order, StaffNotice::Refused] {
        let items: Vec<Value> = concerned.iter().filter(|(of, _)| *of == kind).map(|(_, item)| item.clone()).collect();
        tell(tx, shop, kind, &items).await?;
    }
    if concerned.iter().any(|(kind, _)| *kind == StaffNotice::LowStock) {
        let round = shop.now().millis() / GATHER;
        let run_at = domain::Timestamp::from_millis((round + 1) * GATHER);
        jobs::enqueue(tx, shop, WATCH, &json!({}), run_at, Some(&format!("{WATCH}:{round}"))).await?;
    }
    Ok(())
}

/// Adds to the mails that are being gathered for whoever wants to be told.
async fn tell(tx: &mut Tx, shop: &Shop, kind: StaffNotice, items: &[Value]) -> Result<(), DbError> {
    if items.is_empty() {
        return Ok(());
    }
    for user in recipients(tx, kind).await? {
        let now = shop.now().millis() / GATHER;
        // The mail of this round may be on its way already where clocks differ.
        for round in now..now + 3 {
            let id = format!("staff-{}-{}-{round}", kind.as_str(), user.0.simple());
            let run_at = domain::Timestamp::from_millis((round + 1) * GATHER);
            let payload = json!({ "user": user, "kind": kind, "id": id });
            if jobs::gather(tx, shop, MAIL, &payload, (items, 10 * MAX_ITEMS), (&format!("{MAIL}:{id}"), run_at)).await? {
                break;
            }
        }
    }
    Ok(())
}

/// Who is told of this kind: active, allowed to, and wanting it.
async fn recipients(db: &mut impl Reader, kind: StaffNotice) -> Result<Vec<UserId>, DbError> {
    let rows: Vec<(UserId, String, Option<i64>)> = db
        .fetch_all(
            "select u.id, u.role, n.wanted from users u left join staff_notices n on n.user_id = u.id and n.kind = $1
             where u.role is not null and u.active = 1 order by u.id",
            &[&kind.as_str()],
        )
        .await?;
    let wants = |(user, role, wanted): (UserId, String, Option<i64>)| {
        let role: Role = role.parse().ok()?;
        let wanted = wanted.map_or_else(|| kind.unless_chosen(role), |wanted| wanted == 1);
        (wanted && role.may(kind.needs())).then_some(user)
    };
    Ok(rows.into_iter().filter_map(wants).collect())
}

/// What the caller chose to be told.
///
/// # Errors
/// [`IdentityError::SignedOut`] unless a member of staff asks; the database's.
pub async fn chosen(shop: &Shop, ctx: &Context) -> Result<StaffNoticesView, IdentityError> {
    let (Some(user), Some(role)) = (ctx.user(), ctx.role) else { return Err(IdentityError::SignedOut) };
    let rows: Vec<(String, i64)> = shop.db().fetch_all("select kind, wanted from staff_notices where user_id = $1", &[&user]).await?;
    let choice = |kind: StaffNotice| {
        let chosen = rows.iter().find(|(known, _)| known == kind.as_str());
        (kind, chosen.map_or_else(|| kind.unless_chosen(role), |(_, wanted)| *wanted == 1))
    };
    let notices = StaffNotice::ALL.into_iter().filter(|kind| role.may(kind.needs())).map(choice).collect();
    let email = reader(&mut shop.db(), shop, user).await?.map(|reader| reader.email).unwrap_or_default();
    Ok(StaffNoticesView { email, notices, mail_works: shop.mailer().is_configured() })
}

/// Keeps what the caller chose to be told; what is not among them is switched off.
///
/// # Errors
/// As [`chosen`].
pub async fn choose(shop: &Shop, ctx: &Context, wanted: &[StaffNotice]) -> Result<(), IdentityError> {
    let (Some(user), Some(_)) = (ctx.user(), ctx.role) else { return Err(IdentityError::SignedOut) };
    let (inner, ctx) = (shop.clone(), ctx.clone());
    let wanted: HashSet<&str> = wanted.iter().map(|kind| kind.as_str()).collect();
    shop.db()
        .write(async move |tx| {
            for kind in StaffNotice::ALL {
                tx.execute(
                    "insert into staff_notices (user_id, kind, wanted) values ($1, $2, $3)
                     on conflict (user_id, kind) do update set wanted = excluded.wanted",
                    &[&user, &kind.as_str(), &i64::from(wanted.contains(kind.as_str()))],
                )
                .await?;
            }
            let data = json!({ "wanted": wanted });
            events::append(tx, &inner, &ctx, inner.now(), &[Event::new("user.notices", user.0, data)]).await?;
            Ok::<_, IdentityError>(())
        })
        .await
}

/// Adds the jobs of this file.
pub(super) fn register(handlers: &mut Handlers) {
    handlers.insert(MAIL, Box::new(|shop, payload| -> Done { Box::pin(deliver(shop, payload)) }));
    handlers.insert(WATCH, Box::new(|shop, _| -> Done { Box::pin(async move { watch(&shop).await.map_err(|e| e.to_string().into()) }) }));
}

/// Tells of articles that run low since the last look, and forgets those that no longer do.
async fn watch(shop: &Shop) -> Result<(), DbError> {
    let most = settings::shop(shop).low_stock;
    let db = &mut shop.db();
    let low: HashSet<VariantId> = inventory::running_low(db, most).await?.into_iter().collect();
    let known: Vec<(VariantId,)> = db.fetch_all("select variant_id from low_stock", &[]).await?;
    let known: HashSet<VariantId> = known.into_iter().map(|(variant,)| variant).collect();
    // One that goes up and down about the mark is told once: it has to be filled to twice as much before it is told again.
    let not_filled: HashSet<VariantId> = inventory::running_low(db, most.saturating_mul(2)).await?.into_iter().collect();
    let mut new: Vec<VariantId> = low.difference(&known).copied().collect();
    new.sort();
    let gone: Vec<VariantId> = known.difference(&not_filled).copied().collect();
    if new.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let inner = shop.clone();
    shop.db()
        .write(async move |tx| {
            let (added, gone): (Rows, Rows) = (new.iter().collect(), gone.iter().collect());
            if !gone.is_empty() {
                tx.execute("delete from low_stock where variant_id in (select unhex(value->>0) from json_each($1))", &[&gone.end()])
                    .await?;
            }
            if added.is_empty() {
                return Ok(());
            }
            tx.execute(
                "insert into low_stock (variant_id, since) select unhex(value->>0), $2 from json_each($1) where true
                 on conflict (variant_id) do nothing",
                &[&added.end(), &inner.now()],
            )
            .await?;
            let items: Vec<Value> = new.iter().map(|variant| json!(variant)).collect();
            tell(tx, &inner, StaffNotice::LowStock, &items).await
        })
        .await
}

/// A member of staff as a mail finds them.
struct Addressee {
    name: String,
    email: String,
    locale: Locale,
}

async fn reader(db: &mut impl Reader, shop: &Shop, user: UserId) -> Result<Option<Addressee>, IdentityError> {
    let row: Option<(domain::id::ContactId, Vec<u8>, String, String)> = db
        .fetch_optional(
            "select c.id, c.sealed, c.locale, u.preferences from users u join contacts c on c.id = u.contact_id where u.id = $1",
            &[&user],
        )
        .await?;
    let Some((contact, sealed, locale, preferences)) = row else { return Ok(None) };
    let person = customers::unseal_contact(shop, contact, &sealed)?;
    let preferences: Preferences = serde_json::from_str(&preferences).unwrap_or_default();
    let locale = Locale::parse(&preferences.locale).or_else(|| Locale::parse(&locale)).unwrap_or_default();
    Ok(Some(Addressee { name: person.name, email: person.email, locale }))
}

async fn deliver(shop: Shop, payload: Value) -> Result<(), Failure> {
    let payload: Payload = serde_json::from_value(payload).map_err(|error| error.to_string())?;
    let mail = write(&shop, payload).await.map_err(|error| error.to_string())?;
    match mail {
        Some(mail) => super::send(&shop, &mail).await,
        None => Ok(()),
    }
}

/// What a mail lists: what, and how much of it.
type Lines = Vec<(String, String)>;

/// The mail, or none when there is nothing (any more) to tell, or nobody who wants to be told.
async fn write(shop: &Shop, payload: Payload) -> Result<Option<Mail>, IdentityError> {
    let mut db = shop.db();
    if !recipients(&mut db, payload.kind).await?.contains(&payload.user) {
        return Ok(None);
    }
    let Some(reader) = reader(&mut db, shop, payload.user).await? else { return Ok(None) };
    let (mut lines, only) = match payload.kind {
        StaffNotice::Order => order_lines(shop, reader.locale, &payload.items).await?,
        StaffNotice::LowStock => (stock_lines(shop, reader.locale, &payload.items).await?, None),
        StaffNotice::Refused => (refused_lines(shop, reader.locale, &payload.items).await?, None),
    };
    if lines.is_empty() {
        return Ok(None);
    }
    let (locale, count) = (reader.locale, i64::try_from(lines.len()).unwrap_or(i64::MAX));
    if lines.len() > MAX_ITEMS {
        let more = locale.number(count - i64::try_from(MAX_ITEMS).unwrap_or(0));
        lines.truncate(MAX_ITEMS);
        lines.push((t::MAIL_STAFF_MORE.with(locale, &[("count", &more)]), String::new()));
    }
    let (subject, action, path) = match payload.kind {
        StaffNotice::Order => (t::MAIL_STAFF_ORDERS.with(locale, count, &[]), t::MAIL_STAFF_ORDERS_ACTION, "/admin/orders"),
        StaffNotice::LowStock => (t::MAIL_STAFF_LOW.with(locale, count, &[]), t::MAIL_STAFF_LOW_ACTION, "/admin/stock"),
        StaffNotice::Refused => (t::MAIL_STAFF_REFUSED.with(locale, count, &[]), t::MAIL_STAFF_REFUSED_ACTION, "/admin"),
    };
    let base = shop.config().public_url.trim_end_matches('/');
    let link = only.map_or_else(|| format!("{base}{path}"), |order: OrderId| format!("{base}/admin/orders/{order}"));
    let (face, choices) = (settings::shop(shop), format!("{base}/admin/preferences"));
    let template = Template {
        locale,
        shop: face.name.clone(),
        greeting: t::MAIL_CONFIRM_GREETING.with(locale, &[("name", &reader.name)]),
        body: subject.clone(),
        title: t::ADMIN_TITLE.text(locale).to_owned(),
        subject,
        rows: lines,
        sums: Vec::new(),
        action: (action.text(locale).to_owned(), link),
        footer: t::MAIL_STAFF_FOOTER.with(locale, &[("shop", &face.name), ("address", &choices)]),
    };
    let (from, reply_to) = sender(shop.config().mail_from.as_deref(), &face.contact_email);
    Ok(Some(Mail {
        to: (reader.name, reader.email),
        id: format!("{}@{}", payload.id, from.rsplit('@').next().unwrap_or_default()),
        from: (face.name, from),
        reply_to,
        text: template.text(),
        html: template.html(&face.primary),
        subject: template.subject,
    }))
}

/// Number and total of the orders that came in, and the order when it is only one. A card order comes in when the bank holds its money.
async fn order_lines(shop: &Shop, locale: Locale, items: &[Value]) -> Result<(Lines, Option<OrderId>), DbError> {
    let (mut db, mut lines, mut told) = (shop.db(), Vec::new(), HashSet::new());
    for item in items {
        let Ok(item) = serde_json::from_value::<Order>(item.clone()) else { continue };
        let Some(head) = orders::head(&mut db, item.order).await? else { continue };
        let by_card = head.payment_method == PaymentMethod::Card && head.total > 0;
        let came_in = match item.kind.as_str() {
            "payment.authorised" => by_card,
            "payment.captured" => by_card && !was_authorised(&mut db, &item).await?,
            _ => !by_card,
        };
        if came_in && head.cancelled_at.is_none() && told.insert(item.order) {
            lines.push((t::ORDER_NUMBER.with(locale, &[("number", &head.number)]), locale.money(head.money(head.total))));
        }
    }
    let only = if told.len() == 1 { told.into_iter().next() } else { None };
    Ok((lines, only))
}

async fn was_authorised(db: &mut impl Reader, item: &Order) -> Result<bool, DbError> {
    let sql = "select 1 from events where subject = $1 and kind = 'payment.authorised' and seq < $2 limit 1";
    Ok(db.fetch_optional::<(i64,)>(sql, &[&item.order, &item.seq]).await?.is_some())
}

/// What was refused and is not settled yet: which order it is about, and how much money.
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
    let line = |(sku, name, units): (String, String, i64)| (format!("{sku} · {name}"), locale.number(units));
    Ok(left.into_iter().map(line).collect())
}
