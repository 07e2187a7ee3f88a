//! The SQL of lists of orders.

use domain::id::{ContactId, OrderId, UserId};
use domain::order::{Channel, DeliveryState, FulfilmentState, OrderQueue, PaymentMethod, PaymentState};
use domain::{Currency, Timestamp};
use uuid::Uuid;

use platform::db::{DbError, Read, json_ids};

use crate::orders::{is_sale, of_discount_code, open_units};

#[derive(Clone, Debug, platform::db::FromRow)]
pub(in crate::orders) struct OrderRow {
    pub id: OrderId,
    pub number: String,
    pub placed_at: Timestamp,
    pub contact_id: Option<ContactId>,
    pub currency: Currency,
    pub total: i64,
    pub waived: i64,
    pub units: i64,
    pub payment_method: PaymentMethod,
    pub payment_state: PaymentState,
    pub fulfilment_state: FulfilmentState,
    pub delivery_state: DeliveryState,
    pub channel: Channel,
}

/// The key of a page: the moment in milliseconds or the price of the order at its edge, and its id.
pub(in crate::orders) type PageKey = (i64, Uuid);

/// The order in which rows are read. A page before another is read in the reverse order, from its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orders) enum RowOrder {
    Newest,
    Oldest,
    Dearest,
    Cheapest,
}

impl RowOrder {
    #[must_use]
    pub const fn reversed(self) -> Self {
        match self {
            Self::Newest => Self::Oldest,
            Self::Oldest => Self::Newest,
            Self::Dearest => Self::Cheapest,
            Self::Cheapest => Self::Dearest,
        }
    }

    /// Where it begins.
    #[must_use]
    pub const fn start(self) -> PageKey {
        match self {
            Self::Newest | Self::Dearest => (i64::MAX, Uuid::max()),
            Self::Oldest | Self::Cheapest => (i64::MIN, Uuid::nil()),
        }
    }
}

/// Days, as moments: from the first until before the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::orders) struct Span {
    pub from: i64,
    pub until: i64,
}

impl Span {
    pub const ALL: Self = Self { from: i64::MIN, until: i64::MAX };
    /// An id has the moment at which it was made, which is about that of its order.
    const ABOUT: i64 = Timestamp::DAY;

    /// The least id of an order of this moment.
    fn id_at(millis: i64) -> Uuid {
        match u128::try_from(millis) {
            Ok(millis) if millis < 1 << 48 => Uuid::from_u128(millis << 80),
            Ok(_) => Uuid::max(),
            Err(_) => Uuid::nil(),
        }
    }

    /// Before and after these ids there is no order of these days.
    fn ids(self) -> (Uuid, Uuid) {
        (Self::id_at(self.from.saturating_sub(Self::ABOUT)), Self::id_at(self.until.saturating_add(Self::ABOUT)))
    }
}

/// What of a list is read: the rows behind a key in an order, up to 51.
#[derive(Clone, Copy, Debug)]
pub(in crate::orders) struct Slice {
    pub key: PageKey,
    pub order: RowOrder,
    pub span: Span,
}

impl Slice {
    /// The newest first.
    pub const fn newest(key: PageKey) -> Self {
        Self { key, order: RowOrder::Newest, span: Span::ALL }
    }

    /// The key, or the end of the days where that is nearer: an index is read from there.
    fn near_key(self) -> PageKey {
        match self.order {
            RowOrder::Newest => self.key.min((self.span.until, Uuid::nil())),
            RowOrder::Oldest => self.key.max((self.span.from.saturating_sub(1), Uuid::max())),
            RowOrder::Dearest | RowOrder::Cheapest => self.key,
        }
    }

    /// By ids: the key, and where to stop.
    fn near_ids(self) -> (Uuid, Uuid) {
        let ((_, key), (least, most)) = (self.key, self.span.ids());
        if self.is_oldest_first() { (key.max(least), most) } else { (key.min(most), least) }
    }

    const fn is_oldest_first(self) -> bool {
        matches!(self.order, RowOrder::Oldest | RowOrder::Cheapest)
    }
}

/// The columns of an [`OrderRow`], of orders `o`.
macro_rules! rows {
    () => {
        "select o.id, o.number, o.placed_at, o.contact_id, o.currency, o.total, o.waived,
            (select coalesce(cast(sum(l.quantity) as bigint), 0) from order_lines l where l.order_id = o.id) as units,
            o.payment_method, o.payment_state, o.fulfilment_state, o.delivery_state, o.channel"
    };
}

pub(super) use rows;

/// A page of the orders of which a condition is true, from the key `$1`, `$2` on, placed from `$3` until before `$4`.
///
/// With `_days` an index ends at the last of the days. `_found` and `_sorted` ones find the orders by their condition or their days, and
/// then sort them: there must be few. `+ 0` and `+` keep an index from being chosen for an expression.
macro_rules! listed {
    (newest, $condition:expr) => {
        listed!("(o.placed_at, o.id) <", "+o.placed_at >= $3 and +o.placed_at < $4", $condition, "o.placed_at desc, o.id desc")
    };
    (newest_days, $condition:expr) => {
        listed!("(o.placed_at, o.id) <", "o.placed_at >= $3 and +o.placed_at < $4", $condition, "o.placed_at desc, o.id desc")
    };
    (oldest, $condition:expr) => {
        listed!("(o.placed_at, o.id) >", "+o.placed_at >= $3 and +o.placed_at < $4", $condition, "o.placed_at, o.id")
    };
    (oldest_days, $condition:expr) => {
        listed!("(o.placed_at, o.id) >", "+o.placed_at >= $3 and o.placed_at < $4", $condition, "o.placed_at, o.id")
    };
    (oldest_found, $condition:expr) => {
        listed!("(o.placed_at + 0, o.id) >", "+o.placed_at >= $3 and +o.placed_at < $4", $condition, "o.placed_at + 0, o.id")
    };
    (dearest_found, $condition:expr) => {
        listed!(
            "(o.total - o.waived, o.id) <",
            "+o.placed_at >= $3 and +o.placed_at < $4",
            $condition,
            "o.total - o.waived desc, o.id desc"
        )
    };
    (cheapest_found, $condition:expr) => {
        listed!("(o.total - o.waived, o.id) >", "+o.placed_at >= $3 and +o.placed_at < $4", $condition, "o.total - o.waived, o.id")
    };
    (dearest_sorted, $condition:expr) => {
        listed!("(o.total - o.waived, o.id) <", "o.placed_at >= $3 and o.placed_at < $4", $condition, "o.total - o.waived desc, o.id desc")
    };
    (cheapest_sorted, $condition:expr) => {
        listed!("(o.total - o.waived, o.id) >", "o.placed_at >= $3 and o.placed_at < $4", $condition, "o.total - o.waived, o.id")
    };
    ($behind:literal, $days:literal, $condition:expr, $order:literal) => {
        concat!(rows!(), " from orders o where ", $behind, " ($1, $2) and ", $days, " and ", $condition, " order by ", $order, " limit 51")
    };
}

/// Orders that rows of a table lead to, in the order of their ids, from the one with the id `$1` on and up to `$7`: those of which the
/// condition is true, which takes `$2`, with the states `$3` and `$4`, placed from `$5` until before `$6`; an empty state stands for all. Each
/// may be led to by one row.
macro_rules! found_by {
    (newest, $table:literal, $row:literal, $condition:expr) => {
        found_by!($table, $row, $condition, " < $1 and ", " >= $7", " desc limit 51")
    };
    (oldest, $table:literal, $row:literal, $condition:expr) => {
        found_by!($table, $row, $condition, " > $1 and ", " <= $7", " limit 51")
    };
    ($table:literal, $row:literal, $condition:expr, $behind:literal, $until:literal, $limit:literal) => {
        concat!(
            rows!(),
            " from ",
            $table,
            " ",
            $row,
            " join orders o on o.id = ",
            $row,
            ".order_id where ",
            $condition,
            " and ",
            $row,
            ".order_id",
            $behind,
            $row,
            ".order_id",
            $until,
            " and ($3 = '' or o.payment_state = $3) and ($4 = '' or o.fulfilment_state = $4)
             and o.placed_at >= $5 and o.placed_at < $6 order by ",
            $row,
            ".order_id",
            $limit
        )
    };
}

/// [`found_by!`], in the order of the slice.
macro_rules! find_by {
    ($db:ident, $slice:ident, $value:ident, $states:ident, $table:literal, $row:literal, $condition:expr) => {{
        let (key, until) = $slice.near_ids();
        let (payment, fulfilment) = $states;
        let Span { from, until: before } = $slice.span;
        let sql = if $slice.is_oldest_first() {
            found_by!(oldest, $table, $row, $condition)
        } else {
            found_by!(newest, $table, $row, $condition)
        };
        $db.fetch_all(sql, &[&key, &$value, &payment, &fulfilment, &from, &before, &until]).await
    }};
}

/// A payment and a fulfilment state; an empty one stands for all.
pub(in crate::orders) type States<'a> = (&'a str, &'a str);

/// The condition that an order counts as a sale, where `$5` is 1.
macro_rules! sales_only {
    () => {
        concat!("($5 = 0 or (", is_sale!(), "))")
    };
}

/// The statement of a list for these states: `$6` is the one that is given, or the payment state and `$7` the fulfilment state.
macro_rules! of_states {
    ($order:ident, $states:ident) => {
        match ($states.0.is_empty(), $states.1.is_empty()) {
            (true, true) => listed!($order, sales_only!()),
            (false, true) => listed!($order, concat!("o.payment_state = $6 and ", sales_only!())),
            (true, false) => listed!($order, concat!("o.fulfilment_state = $6 and ", sales_only!())),
            (false, false) => listed!($order, concat!("o.payment_state = $6 and o.fulfilment_state = $7 and ", sales_only!())),
        }
    };
}

/// Orders with these states, or those of them that are sales.
pub(in crate::orders) async fn by_state(
    db: &mut impl Read,
    slice: Slice,
    states: States<'_>,
    sales: bool,
) -> Result<Vec<OrderRow>, DbError> {
    let ((at, id), Span { from, until }) = (slice.near_key(), slice.span);
    let sql = match slice.order {
        RowOrder::Newest if from == i64::MIN => of_states!(newest, states),
        RowOrder::Newest => of_states!(newest_days, states),
        RowOrder::Oldest if until == i64::MAX => of_states!(oldest, states),
        RowOrder::Oldest => of_states!(oldest_days, states),
        RowOrder::Dearest => of_states!(dearest_sorted, states),
        RowOrder::Cheapest => of_states!(cheapest_sorted, states),
    };
    match states {
        ("", "") => db.fetch_all(sql, &[&at, &id, &from, &until, &sales]).await,
        (one, "") | ("", one) => db.fetch_all(sql, &[&at, &id, &from, &until, &sales, &one]).await,
        (payment, fulfilment) => db.fetch_all(sql, &[&at, &id, &from, &until, &sales, &payment, &fulfilment]).await,
    }
}

/// The condition that the money of an order `o` is not there yet, or not all of it, as the index `orders_unpaid` has it.
macro_rules! money_is_missing {
    () => {
        "o.cancelled_at is null
            and (o.payment_state in ('pending', 'requires_action', 'failed', 'authorised', 'partly_paid', 'voided') or o.rest_due = 1)"
    };
}
pub(crate) use money_is_missing;

/// The condition of a queue, the same for its list and its count.
macro_rules! in_queue {
    (to_pack) => {
        concat!(
            "o.fulfilment_state in ('unfulfilled', 'partial') and o.cancelled_at is null
         and (o.payment_method = 'cod' or o.payment_state in ('authorised', 'partly_paid', 'paid', 'partly_refunded'))
         and o.payment_state not in ('refunded', 'voided')
         and (select coalesce(sum(",
            open_units!("l"),
            "), 0) from order_lines l where l.order_id = o.id)
            > (select coalesce(sum(pl.quantity), 0) from parcels p join parcel_lines pl on pl.parcel_id = p.id
               where p.order_id = o.id and p.state = 'packed')"
        )
    };
    (to_ship) => {
        // Both conditions of a parcel: the second is that of the index of those that wait.
        "o.cancelled_at is null and o.id in (select p.order_id from parcels p where p.state = 'packed' and p.state in ('picked', 'packed'))"
    };
    (unpaid) => {
        // Sent although the card was only authorised or voided: not paid either. Nor is one of which the card took a part that went back.
        concat!(
            money_is_missing!(),
            " and o.payment_method = 'card' and (o.payment_state in ('pending', 'requires_action', 'failed') or o.rest_due = 1
                or o.fulfilment_state in ('partial', 'fulfilled'))"
        )
    };
    (cash_due) => {
        // Pending, partly paid or partly refunded: a part may have been paid and refunded already. The states that it is not in are named, and so
        // its orders are found by the payments that wait, and not among all that were partly refunded.
        "o.payment_state not in ('requires_action', 'authorised', 'paid', 'refunded', 'failed', 'voided') and o.cancelled_at is null
         and o.payment_method = 'cod' and o.delivery_state in ('in_transit', 'delivered')
         and o.id in (select p.order_id from payments p where p.tender = 'cod' and p.state = 'pending' and p.amount > 0)"
    };
}

/// The statement of a queue's list. Queues are short, so they are sorted; the newest first are read in their order.
macro_rules! of_queue {
    ($queue:ident, $order:expr) => {
        match $order {
            RowOrder::Newest => listed!(newest, in_queue!($queue)),
            RowOrder::Oldest => listed!(oldest_found, in_queue!($queue)),
            RowOrder::Dearest => listed!(dearest_found, in_queue!($queue)),
            RowOrder::Cheapest => listed!(cheapest_found, in_queue!($queue)),
        }
    };
}

/// The orders of a queue.
pub(in crate::orders) async fn by_queue(db: &mut impl Read, slice: Slice, queue: OrderQueue) -> Result<Vec<OrderRow>, DbError> {
    let ((at, id), Span { from, until }) = (slice.near_key(), slice.span);
    let sql = match queue {
        OrderQueue::ToPack => of_queue!(to_pack, slice.order),
        OrderQueue::ToShip => of_queue!(to_ship, slice.order),
        OrderQueue::Unpaid => of_queue!(unpaid, slice.order),
        OrderQueue::CashDue => of_queue!(cash_due, slice.order),
    };
    db.fetch_all(sql, &[&at, &id, &from, &until]).await
}

/// How many orders are in each queue.
#[derive(platform::db::FromRow)]
pub(in crate::orders) struct Counts {
    pub to_pack: i64,
    pub to_ship: i64,
    pub unpaid: i64,
    pub cash_due: i64,
}

pub(in crate::orders) async fn queue_counts(db: &mut impl Read) -> Result<Counts, DbError> {
    db.fetch_one(
        concat!(
            "select (select count(*) from orders o where ",
            in_queue!(to_pack),
            ") as to_pack, (select count(*) from orders o where ",
            in_queue!(to_ship),
            ") as to_ship, (select count(*) from orders o where ",
            in_queue!(unpaid),
            ") as unpaid, (select count(*) from orders o where ",
            in_queue!(cash_due),
            ") as cash_due"
        ),
        &[],
    )
    .await
}

/// Numbers from the first up to, but without, the second, in their order: a short beginning has too many to sort them by time. A page begins
/// behind the number of the order in its key.
pub(in crate::orders) async fn by_number(
    db: &mut impl Read,
    slice: Slice,
    back: bool,
    (first, end): (&str, &str),
    (payment, fulfilment): States<'_>,
) -> Result<Vec<OrderRow>, DbError> {
    macro_rules! numbered {
        ($behind:literal, $order:literal) => {
            concat!(
                rows!(),
                " from orders o where o.number >= $2 and o.number < $3 and o.number ",
                $behind,
                " and ($4 = '' or o.payment_state = $4) and ($5 = '' or o.fulfilment_state = $5)
                    and +o.placed_at >= $6 and +o.placed_at < $7
                 order by o.number",
                $order,
                " limit 51"
            )
        };
    }
    let sql = if back {
        numbered!("< coalesce((select k.number from orders k where k.id = $1), $3)", " desc")
    } else {
        numbered!("> coalesce((select k.number from orders k where k.id = $1), '')", "")
    };
    let Span { from, until } = slice.span;
    db.fetch_all(sql, &[&slice.key.1, &first, &end, &payment, &fulfilment, &from, &until]).await
}

/// Orders that used a discount code, in the order of their ids, as [`by_sku`]. One is found by the first share of the code that it has.
pub(in crate::orders) async fn by_discount(
    db: &mut impl Read,
    slice: Slice,
    code: &str,
    states: States<'_>,
) -> Result<Vec<OrderRow>, DbError> {
    find_by!(
        db,
        slice,
        code,
        states,
        "order_adjustments",
        "a",
        concat!(
            of_discount_code!(),
            " and a.reference = $2 and not exists (select 1 from order_adjustments b
                where b.order_id = a.order_id and b.n < a.n and b.source = a.source and b.reference = a.reference)"
        )
    )
}

/// Orders with a parcel of this tracking number, in the order of their ids, as [`by_sku`]. One is found by the first of its parcels that has it.
pub(in crate::orders) async fn by_tracking(
    db: &mut impl Read,
    slice: Slice,
    tracking: &str,
    states: States<'_>,
) -> Result<Vec<OrderRow>, DbError> {
    find_by!(
        db,
        slice,
        tracking,
        states,
        "parcels",
        "p",
        "p.tracking_number = $2
         and not exists (select 1 from parcels q where q.order_id = p.order_id and q.id < p.id and q.tracking_number = $2)"
    )
}

/// Orders of contacts.
pub(in crate::orders) async fn by_contacts(
    db: &mut impl Read,
    slice: Slice,
    contacts: &[ContactId],
    (payment, fulfilment): States<'_>,
) -> Result<Vec<OrderRow>, DbError> {
    macro_rules! theirs {
        () => {
            "o.contact_id in (select unhex(value->>'id') from json_each($5))
             and ($6 = '' or o.payment_state = $6) and ($7 = '' or o.fulfilment_state = $7)"
        };
    }
    let ((at, id), Span { from, until }) = (slice.near_key(), slice.span);
    let sql = if slice.is_oldest_first() { listed!(oldest_found, theirs!()) } else { listed!(newest, theirs!()) };
    db.fetch_all(sql, &[&at, &id, &from, &until, &json_ids(contacts), &payment, &fulfilment]).await
}

/// Orders with a line of the variant with this SKU, in the order of their ids: that in which they were made, and that of the index of lines.
/// A SKU is found in any case; where several differ by nothing else, the one that is written so counts.
pub(in crate::orders) async fn by_sku(db: &mut impl Read, slice: Slice, sku: &str, states: States<'_>) -> Result<Vec<OrderRow>, DbError> {
    find_by!(
        db,
        slice,
        sku,
        states,
        "order_lines",
        "s",
        "s.variant_id = (select v.id from variants v where lower(v.sku) = lower($2)
            order by case when v.sku = $2 then 0 else 1 end, v.id limit 1)"
    )
}

pub(in crate::orders) async fn of_user(db: &mut impl Read, slice: Slice, user: UserId) -> Result<Vec<OrderRow>, DbError> {
    // Of all days: with bounds that it cannot estimate, Postgres reads all orders of the shopper and sorts them.
    let (at, id) = slice.near_key();
    let sql = if slice.is_oldest_first() {
        listed!("(o.placed_at, o.id) >", "true", "o.user_id = $3", "o.placed_at, o.id")
    } else {
        listed!("(o.placed_at, o.id) <", "true", "o.user_id = $3", "o.placed_at desc, o.id desc")
    };
    db.fetch_all(sql, &[&at, &id, &user]).await
}
