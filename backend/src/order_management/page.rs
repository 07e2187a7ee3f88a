//! The page of an order, for staff, and for the shopper who placed it or has its signed link.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::credit::{self, Credit, PricePart};
use domain::id::{AddressId, ContactId, OrderId, ProductId, RefundId, UserId};
use domain::messages::t;
use domain::order::{CancelCause, ParcelState, ReturnCause};
use domain::view::{Address, CartItem, ContactDetails, OrderLineView, OrderView, ParcelView, RefundView, refusal_reason};
use domain::{Locale, Quantity, Timestamp};

use crate::orders::{self, BY_SHOPPER, EXPIRED, NOT_SENT, OrderError, Viewer};
use crate::{Shop, catalog, contacts, payments};
use platform::Context;
use platform::events::RecordedEvent;

use super::store::ParcelRow;
use super::timeline::Timeline;
use super::{returned_reason, store, timeline};

/// An order, for staff who may read orders and for the shopper who placed it while signed in.
///
/// # Errors
/// [`OrderError::Unknown`] also for another shopper's order, so that its existence is not revealed.
pub async fn view(shop: &Shop, ctx: &Context, locale: Locale, order: OrderId) -> Result<OrderView, OrderError> {
    let head = orders::head(&mut shop.db(), order).await?.ok_or(OrderError::Unknown)?;
    let viewer = orders::may_view(ctx, head.user_id)?;
    compose(shop, locale, head, viewer == Viewer::Staff).await
}

/// An order as its shopper sees it. The caller checks who may see it.
///
/// # Errors
/// [`OrderError::Unknown`].
pub async fn as_shopper(shop: &Shop, locale: Locale, order: OrderId) -> Result<OrderView, OrderError> {
    let head = orders::head(&mut shop.db(), order).await?.ok_or(OrderError::Unknown)?;
    compose(shop, locale, head, false).await
}

/// The order of a signed link.
///
/// # Errors
/// [`OrderError::Link`] for a link that the shop did not sign.
pub async fn by_link(shop: &Shop, locale: Locale, token: &str) -> Result<OrderView, OrderError> {
    let order = orders::of_link(shop, token)?;
    let head = orders::head(&mut shop.db(), order).await?.ok_or(OrderError::Link)?;
    compose(shop, locale, head, false).await
}

/// The items of an order, to be put into its shopper's cart again.
///
/// # Errors
/// The database's.
pub async fn cart_items(shop: &Shop, order: OrderId) -> Result<Vec<CartItem>, OrderError> {
    let rows = store::ordered(&mut shop.db(), order).await?;
    let item = |row: store::Ordered| CartItem { variant: row.variant_id, quantity: Quantity::clamped(row.quantity), seen_price: 0 };
    Ok(rows.into_iter().map(item).collect())
}

/// What is stored of an order, beside its head.
struct Stored {
    lines: Vec<orders::Line>,
    parcels: Vec<ParcelRow>,
    paid: orders::Paid,
    events: Vec<RecordedEvent>,
    refunds: Vec<payments::Refund>,
    /// The credit lines of the refunds that did not fail.
    refunded: Vec<(RefundId, Credit)>,
    price: Vec<PricePart>,
    unsent: store::Unsent,
}

impl Stored {
    async fn read(shop: &Shop, order: OrderId) -> Result<Self, OrderError> {
        let mut db = shop.db();
        Ok(Self {
            lines: orders::lines(&mut db, order).await?,
            parcels: store::parcels(&mut db, order).await?,
            paid: orders::paid(&mut db, order).await?,
            events: store::events(&mut db, order).await?,
            refunds: payments::refunds_of(&mut db, order).await?,
            refunded: orders::refunded_credits(&mut db, order).await?,
            price: orders::price_parts(&mut db, order).await?,
            unsent: store::unsent(&mut db, order).await?,
        })
    }
}

/// The page of an order, with what only staff see where `staff` says so.
async fn compose(shop: &Shop, locale: Locale, head: orders::OrderHeader, staff: bool) -> Result<OrderView, OrderError> {
    let (order, mut db) = (head.id, shop.db());
    let Stored { lines, parcels, paid, events, refunds, refunded, price, unsent } = Stored::read(shop, order).await?;
    let names = if staff { Some(staff_names(shop, &events, &refunds).await?) } else { None };
    let returned_on_cancel = payments::returned_on_cancel(&head, paid.captured, &refunds);
    let returning = refunds.iter().filter(|refund| refund.state == "pending").map(|refund| refund.amount).sum();
    let reasons: HashMap<RefundId, String> = refunds.iter().map(|refund| (refund.id, refund_reason(locale, &refund.reason))).collect();
    let products: BTreeSet<ProductId> = lines.iter().filter(|_| !staff).map(|line| line.product_id).collect();
    let slugs = catalog::slugs(shop, locale, &products.into_iter().collect::<Vec<_>>()).await?;
    let lines: Vec<OrderLineView> = lines.into_iter().map(|line| line_view(&head, line, &slugs, &refunded)).collect();
    let timeline = Timeline { locale, currency: head.currency, lines: &lines, names: names.as_ref(), reasons: &reasons }.entries(&events);
    let mut handed_over = timeline::handovers(&events);
    let mut view_of = |names, refund: payments::Refund| RefundView {
        handed_over: handed_over.remove(&refund.id).map(|(at, actor)| (at, timeline::name_of(locale, &actor, names))),
        ..refund_view(locale, &head, &lines, names, &refunded, refund)
    };
    let refunds = names.as_ref().map(|names| refunds.into_iter().map(|refund| view_of(names, refund)).collect()).unwrap_or_default();
    let (delivery_address, billing_address) = addresses(shop, &head).await?;
    let gift_note = head.gift_note.as_ref().map(|sealed| contacts::open_gift_note(shop, order, sealed)).transpose()?;
    let label = |address: &Option<Address>| address.as_ref().map(contacts::label_lines).unwrap_or_default();
    let tax_left = if head.cancelled_at.is_some() { 0 } else { price.iter().map(PricePart::tax_left).sum() };
    let parcels = parcel_views(parcels, staff);
    // As `refuse_when_packed` decides when it is done.
    let is_packed = |parcel: &ParcelView| matches!(parcel.state, ParcelState::Packed | ParcelState::Shipped | ParcelState::Delivered);
    let can_cancel = head.cancelled_at.is_none() && unsent.units > 0 && !parcels.iter().any(is_packed);
    Ok(OrderView {
        unpaid: payments::unpaid_view(shop, &head).await?,
        id: order,
        placed_at: head.placed_at,
        channel: head.channel,
        contact: contact(shop, &head).await?,
        customer: head.contact_id.filter(|_| staff),
        delivery_label: label(&delivery_address),
        billing_label: label(&billing_address),
        delivery_address,
        billing_address,
        promised: head.promised_from.zip(head.promised_to),
        payment_method: head.payment_method,
        lines,
        subtotal: head.money(head.subtotal),
        discount: head.money(head.discount),
        delivery_fee: head.money(head.delivery_fee),
        tax: head.money(head.tax),
        tax_left: head.money(tax_left),
        adjustments: orders::adjustments(&mut db, &head).await?,
        taxes: orders::taxes(&mut db, &head).await?,
        total: head.money(head.total),
        waived: head.money(head.waived),
        captured: head.money(paid.captured),
        capturing: head.money(paid.capturing),
        refunded: head.money(paid.refunded),
        returning: head.money(returning),
        returned_on_cancel: head.money(returned_on_cancel),
        refunds,
        payments: if staff { payments::payment_views(&mut db, order).await? } else { Vec::new() },
        price: if staff { price } else { Vec::new() },
        payment: head.payment_state,
        fulfilment: head.fulfilment_state,
        delivery: head.delivery_state,
        cancelled: cancellation(locale, &head, staff),
        cancelled_by_shopper: head.cancelled_at.is_some() && head.cancel_reason.as_deref().is_some_and(|why| why.starts_with(BY_SHOPPER)),
        payment_failure: paid.failure,
        unsent: unsent.units,
        unpicked: (unsent.units - unsent.in_parcels).max(0),
        can_cancel,
        parcels,
        timeline,
        version: head.version,
        number: head.number,
        delivery_name: head.delivery_name,
        gift_note,
    })
}

/// Who bought it; nobody where no name was taken, at a counter.
async fn contact(shop: &Shop, head: &orders::OrderHeader) -> Result<Option<ContactDetails>, OrderError> {
    Ok(match head.contact_id {
        Some(id) => Some(contacts::open_contact(shop, id).await?),
        None => None,
    })
}

/// Where an order is sent, and where its invoice goes.
async fn addresses(shop: &Shop, head: &orders::OrderHeader) -> Result<(Option<Address>, Option<Address>), OrderError> {
    let ids = [head.delivery_address_id, head.billing_address_id];
    let known: Vec<AddressId> = ids.into_iter().flatten().collect();
    let opened = contacts::open_addresses(shop, &known).await?;
    if known.iter().any(|id| !opened.contains_key(id)) {
        return Err(contacts::ContactError::Unknown.into());
    }
    let [delivery, billing] = ids.map(|id| id.and_then(|id| opened.get(&id).cloned()));
    Ok((delivery, billing))
}

/// A line, with what of these credit lines of refunds is of it.
fn line_view(
    head: &orders::OrderHeader,
    line: orders::Line,
    slugs: &HashMap<ProductId, String>,
    refunded: &[(RefundId, Credit)],
) -> OrderLineView {
    let refunded = refunded.iter().filter(|(_, credit)| credit.part.line() == Some(line.id)).map(|(_, credit)| credit.amount).sum();
    OrderLineView {
        refunded: head.money(refunded),
        id: line.id,
        slug: slugs.get(&line.product_id).cloned(),
        sku: line.sku,
        name: line.name,
        options: line.options,
        picture: line.picture_id,
        quantity: line.quantity,
        cancelled: line.cancelled,
        shipped: line.shipped,
        delivered: line.delivered,
        returned: line.returned,
        restocked: line.restocked,
        unit_price: head.money(line.unit_price),
        discount: head.money(line.discount),
        tax: head.money(line.tax),
        total: head.money(line.total),
    }
}

/// When an order was cancelled, and why.
fn cancellation(locale: Locale, head: &orders::OrderHeader, staff: bool) -> Option<(Timestamp, String)> {
    let why = head.cancel_reason.as_deref().map_or_else(String::new, |why| reason(locale, why, staff));
    head.cancelled_at.map(|at| (at, why))
}

/// The reason of a refund; translated where it is one of the shop's own.
fn refund_reason(locale: Locale, why: &str) -> String {
    match why {
        payments::CANCELLED => t::ORDER_STATE_CANCELLED.text(locale).to_owned(),
        other => reason(locale, other, true),
    }
}

/// A refund, with those of these credit lines that are its own; whether it was handed over is not known here.
fn refund_view(
    locale: Locale,
    head: &orders::OrderHeader,
    lines: &[OrderLineView],
    names: &HashMap<UserId, String>,
    refunded: &[(RefundId, Credit)],
    refund: payments::Refund,
) -> RefundView {
    let credits: Vec<Credit> = refunded.iter().filter(|(id, _)| *id == refund.id).map(|(_, credit)| *credit).collect();
    RefundView {
        id: refund.id,
        amount: head.money(refund.amount),
        tax: head.money(credit::sum(&credits).1),
        of: refunded_parts(locale, lines, &credits).into_iter().map(|(what, minor)| (what, head.money(minor))).collect(),
        by_hand: refund.is_by_hand(),
        handed_over: None,
        reason: refund_reason(locale, &refund.reason),
        actor: timeline::name_of(locale, &refund.actor, names),
        state: refund.state,
        failure: refund.failure.map(|why| refusal_reason(locale, &why)),
        at: refund.at,
    }
}

/// What a refund is of, and how many minor units of each: units of lines by their names, an amount off the items, the delivery fee.
fn refunded_parts(locale: Locale, lines: &[OrderLineView], credits: &[Credit]) -> Vec<(String, i64)> {
    let units = credits.iter().filter(|credit| credit.units > 0).map(|credit| {
        let label = credit.part.line().and_then(|id| lines.iter().find(|line| line.id == id)).map(OrderLineView::label).unwrap_or_default();
        (format!("{} × {label}", locale.number(credit.units)), credit.amount)
    });
    let of = |is_fee: bool| credits.iter().filter(move |credit| credit.units == 0 && credit.part.is_delivery() == is_fee);
    let sum = |is_fee| of(is_fee).map(|credit| credit.amount).sum::<i64>();
    let others = [(t::ORDER_REFUND_OFF_ITEMS, sum(false)), (t::ORDER_REFUND_OF_FEE, sum(true))];
    let others = others.into_iter().filter(|(_, minor)| *minor > 0).map(|(what, minor)| (what.text(locale).to_owned(), minor));
    units.chain(others).collect()
}

/// The names of actors, for staff: of a member of staff the own name, otherwise what it is.
///
/// # Errors
/// The database's.
pub async fn actor_names(shop: &Shop, locale: Locale, actors: &BTreeSet<String>) -> Result<BTreeMap<String, String>, OrderError> {
    let names = names_of(shop, &timeline::staff_in(actors.iter().map(String::as_str))).await?;
    Ok(actors.iter().map(|actor| (actor.clone(), timeline::name_of(locale, actor, &names))).collect())
}

/// The names of the staff that a timeline mentions.
async fn staff_names(shop: &Shop, events: &[RecordedEvent], refunds: &[payments::Refund]) -> Result<HashMap<UserId, String>, OrderError> {
    let actors = events.iter().map(|event| event.actor.as_str()).chain(refunds.iter().map(|refund| refund.actor.as_str()));
    names_of(shop, &timeline::staff_in(actors)).await
}

async fn names_of(shop: &Shop, staff: &[UserId]) -> Result<HashMap<UserId, String>, OrderError> {
    let users = store::contacts_of(&mut shop.db(), staff).await?;
    let contacts: Vec<ContactId> = users.iter().map(|user| user.contact_id).collect();
    let contacts = contacts::open_contacts(shop, &contacts).await?;
    Ok(users.into_iter().filter_map(|user| Some((user.user_id, contacts.get(&user.contact_id)?.name.clone()))).collect())
}

/// The reason of a cancellation. What staff wrote is a note for staff; shoppers do not see it.
fn reason(locale: Locale, reason: &str, staff: bool) -> String {
    let message = match reason {
        EXPIRED => t::ORDER_REASON_EXPIRED,
        NOT_SENT => t::ORDER_REASON_NOT_SENT,
        _ if reason == returned_reason(ReturnCause::Refused) => t::ORDER_REASON_REFUSED,
        _ if reason == returned_reason(ReturnCause::Undeliverable) => t::ORDER_REASON_UNDELIVERABLE,
        _ if !staff && reason.starts_with(BY_SHOPPER) => t::ORDER_CANCELLED_BY_YOU,
        _ => match reason.strip_prefix(BY_SHOPPER).and_then(|cause| cause.parse().ok()) {
            Some(CancelCause::Unsaid) => t::ORDER_REASON_SHOPPER,
            Some(CancelCause::ChangedMind) => t::ORDER_REASON_SHOPPER_CHANGED_MIND,
            Some(CancelCause::Mistake) => t::ORDER_REASON_SHOPPER_MISTAKE,
            Some(CancelCause::TooLong) => t::ORDER_REASON_SHOPPER_TOO_LONG,
            Some(CancelCause::OrderAnew) => t::ORDER_REASON_SHOPPER_ORDER_ANEW,
            None if staff => return reason.to_owned(),
            None => return String::new(),
        },
    };
    message.text(locale).to_owned()
}

/// Groups rows by parcel; cancelled parcels are not shown.
fn parcel_views(rows: Vec<ParcelRow>, staff: bool) -> Vec<ParcelView> {
    let mut parcels: Vec<ParcelView> = Vec::new();
    for row in rows {
        if row.state == ParcelState::Cancelled {
            continue;
        }
        if parcels.last().is_none_or(|last| last.id != row.id) {
            let note = if staff { row.return_note } else { String::new() };
            parcels.push(ParcelView {
                id: row.id,
                state: row.state,
                courier: row.courier,
                tracking_number: row.tracking_number,
                lines: Vec::new(),
                shipped_at: row.shipped_at,
                delivered_at: row.delivered_at,
                returned: row.returned_at.zip(row.return_cause).map(|(at, cause)| (at, cause, note)),
            });
        }
        if let (Some(parcel), Some(line), Some(quantity)) = (parcels.last_mut(), row.order_line_id, row.quantity) {
            // Units of several lots are shown as one line.
            match parcel.lines.iter_mut().find(|(of, _)| *of == line) {
                Some((_, units)) => *units += quantity,
                None => parcel.lines.push((line, quantity)),
            }
        }
    }
    parcels
}
