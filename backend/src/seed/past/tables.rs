//! What of a shop is its past, table by table, in an order in which each refers only to those before it.
//!
//! A column that is not named here is given its default. Carts, request keys and other traces that serve only who is still at it are left
//! out, as are jobs that were done.

/// What a column holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Id,
    Number,
    Moment,
    /// A day as text: 2026-11-24.
    Day,
    Text,
}

pub(super) struct Column {
    pub name: &'static str,
    pub kind: Kind,
}

pub(super) struct Table {
    pub name: &'static str,
    pub columns: &'static [Column],
    /// Reads each row as a JSON array, on SQLite. `$1` is when the past begins.
    pub select: &'static str,
    /// Writes rows that are JSON objects.
    pub insert: &'static str,
}

macro_rules! as_read {
    (Id, $column:ident) => {
        concat!("hex(", stringify!($column), ")")
    };
    ($kind:ident, $column:ident) => {
        stringify!($column)
    };
}

macro_rules! written {
    (Id, $column:ident) => {
        concat!("unhex(value->>'", stringify!($column), "')")
    };
    (Text, $column:ident) => {
        concat!("value->>'", stringify!($column), "'")
    };
    (Day, $column:ident) => {
        concat!("value->>'", stringify!($column), "'")
    };
    ($kind:ident, $column:ident) => {
        concat!("cast(value->>'", stringify!($column), "' as bigint)")
    };
}

/// Of a table: which of its rows, its columns with what they hold, and what is done where a row is there already.
macro_rules! table {
    ($name:ident, $rows:literal, [$first:ident $first_kind:ident $(, $column:ident $kind:ident)* $(,)?] $(, $conflict:literal)?) => {
        Table {
            name: stringify!($name),
            columns: &[
                Column { name: stringify!($first), kind: Kind::$first_kind }
                $(, Column { name: stringify!($column), kind: Kind::$kind })*
            ],
            select: concat!(
                "select json_array(", as_read!($first_kind, $first), $(", ", as_read!($kind, $column),)*
                ") from ", stringify!($name), " ", $rows
            ),
            insert: concat!(
                "insert into ", stringify!($name), " (", stringify!($first), $(", ", stringify!($column),)*
                ") select ", written!($first_kind, $first), $(", ", written!($kind, $column),)*
                " from json_each($1) where true" $(, " ", $conflict)?
            ),
        }
    };
}

/// People are not among them, see `encode.rs` and `insert.rs`.
pub(super) const TABLES: &[Table] = &[
    table!(events, "where at >= $1 order by seq", [id Id, kind Text, subject Id, actor Text, request Id, data Text, at Moment]),
    table!(orders, "where placed_at >= $1 order by id", [
        id Id, number Text, contact_id Id, user_id Id, channel Text, currency Text, locale Text, delivery_address_id Id,
        billing_address_id Id, delivery_code Text, delivery_name Text, promised_from Moment, promised_to Moment, payment_method Text,
        subtotal Number, discount Number, delivery_fee Number, tax Number, total Number, waived Number, waived_tax Number,
        payment_state Text, fulfilment_state Text, delivery_state Text, rest_due Number, placed_at Moment, cancelled_at Moment,
        cancel_reason Text, version Number,
    ]),
    table!(order_lines, "where $1 > 0 order by id", [
        id Id, order_id Id, position Number, variant_id Id, product_id Id, sku Text, name Text, options Text, picture_id Id,
        quantity Number, unit_price Number, discount Number, tax Number, total Number, weight_g Number, cancelled Number, shipped Number,
        delivered Number, returned Number, restocked Number,
    ]),
    table!(order_adjustments, "where $1 > 0 order by order_id, n", [
        order_id Id, n Number, order_line_id Id, kind Text, source Text, reference Text, amount Number, tax Number,
    ]),
    table!(order_taxes, "where $1 > 0 order by order_id, n", [
        order_id Id, n Number, order_line_id Id, adjustment Number, class Text, country Text, province Text, rate_bp Number, net Number,
        tax Number,
    ]),
    table!(payments, "where $1 > 0 order by id", [
        id Id, order_id Id, tender Text, amount Number, currency Text, state Text, authorised Number, authorised_until Moment,
        captured Number, refunded Number, gateway_account Text, gateway_ref Text, failure Text, attempt Number, created_at Moment,
        updated_at Moment,
    ]),
    table!(captures, "where $1 > 0 order by id", [
        id Id, payment_id Id, amount Number, currency Text, state Text, gateway_ref Text, requested_by Text, failure Text, at Moment,
        ended_at Moment,
    ]),
    table!(refunds, "where $1 > 0 order by id", [
        id Id, payment_id Id, order_id Id, capture_id Id, amount Number, currency Text, reason Text, state Text, gateway_ref Text,
        failure Text, actor Text, at Moment,
    ]),
    table!(payment_events, "where $1 > 0 order by id", [id Id, payment_id Id, kind Text, amount Number, data Text, at Moment]),
    table!(payment_allocations, "where $1 > 0 order by id", [
        id Id, payment_id Id, order_id Id, amount Number, currency Text, capture_id Id, refund_id Id, at Moment,
    ]),
    table!(credit_lines, "where $1 > 0 order by id", [
        id Id, order_id Id, order_line_id Id, adjustment Number, units Number, amount Number, tax Number, refund_id Id, at Moment,
    ]),
    table!(parcels, "where $1 > 0 order by id", [
        id Id, order_id Id, location_id Id, state Text, courier Text, tracking_number Text, created_at Moment, packed_at Moment,
        shipped_at Moment, delivered_at Moment, returned_at Moment, return_cause Text, return_note Text,
    ]),
    table!(parcel_lines, "where $1 > 0 order by parcel_id, n", [
        parcel_id Id, n Number, order_line_id Id, quantity Number, restocked Number, cost Number, cost_currency Text,
    ]),
    table!(reservations, "where $1 > 0 order by id", [
        id Id, order_id Id, order_line_id Id, variant_id Id, location_id Id, quantity Number, shipped Number, state Text,
        expires_at Moment, at Moment,
    ]),
    table!(stock_movements, "where at >= $1 order by id", [
        id Id, variant_id Id, location_id Id, status Text, kind Text, quantity Number, value Number, currency Text, reason Text, note Text,
        actor Text, source_kind Text, source_id Id, at Moment,
    ]),
    table!(stock, "where $1 > 0 order by variant_id, location_id, status", [
        variant_id Id, location_id Id, status Text, on_hand Number, reserved Number, available Number, value Number, currency Text,
    ], "on conflict (variant_id, location_id, status) do update set on_hand = excluded.on_hand, reserved = excluded.reserved,
        available = excluded.available, value = excluded.value"),
    table!(stock_layers, "where $1 > 0 order by id", [
        id Id, variant_id Id, location_id Id, received Number, remaining Number, cost Number, currency Text, received_at Moment,
        source_kind Text, source_id Id,
    ], "on conflict (id) do update set remaining = excluded.remaining"),
    table!(refusals, "where $1 > 0 order by id", [
        id Id, key Text, kind Text, order_id Id, payment_id Id, refund_id Id, amount Number, currency Text, reason Text, times Number,
        first_at Moment, last_at Moment, ended_at Moment, ended_by Text, outcome Text, note Text,
    ]),
    table!(journal_entries, "where at >= $1 order by id", [
        id Id, kind Text, order_id Id, reference Id, currency Text, at Moment, date Day,
    ]),
    table!(postings, "where entry_id in (select id from journal_entries where at >= $1) order by entry_id, n", [
        entry_id Id, n Number, account Text, amount Number,
    ]),
    table!(discount_codes, "where $1 > 0 order by code", [id Id, code Text, currency Text, uses Number],
        "on conflict (code) do update set uses = excluded.uses"),
    table!(jobs, "where state = 'waiting' and created_at >= $1 and (kind like 'payment.%' or kind like 'order.%') order by id", [
        id Id, kind Text, payload Text, key Text, run_at Moment, created_at Moment,
    ]),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_and_written_by_the_names_of_its_columns() -> Result<(), &'static str> {
        let uses = TABLES.iter().find(|table| table.name == "discount_codes").ok_or("discount_codes")?;
        assert_eq!(uses.select, "select json_array(hex(id), code, currency, uses) from discount_codes where $1 > 0 order by code");
        assert_eq!(
            uses.insert,
            "insert into discount_codes (id, code, currency, uses) select unhex(value->>'id'), value->>'code', value->>'currency', \
             cast(value->>'uses' as bigint) from json_each($1) where true on conflict (code) do update set uses = excluded.uses"
        );
        Ok(())
    }
}
