//! The audit finds what is broken: each test breaks a row behind the program's back, on both databases.

use crate::support::outside::{VISA, World, both_worlds, owner};
use crate::support::{TestShop, a_product, both, place, postgres, sqlite};
use backend::payments::{capture, refund, sync};
use backend::{audit, fulfilment, order_management};
use domain::id::OrderId;
use platform::db::Db;

/// A shop with a card order that is sent, arrived and partly refunded, an open cash order, a
/// cancelled one.
pub async fn a_busy_shop(world: &World) -> OrderId {
    let variant = a_product().at(11_200).with_stock(9).make(world).await;
    let placed = world.card_order(&[(variant, 2)]).await;
    world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
    sync(world, placed.order).await.unwrap();
    capture(world, &owner(world), placed.order, None).await.unwrap();
    let parcel = fulfilment::pick(world, &owner(world), placed.order).await.unwrap()[0];
    fulfilment::pack(world, &owner(world), parcel).await.unwrap();
    fulfilment::ship(world, &owner(world), parcel, "LBC", "").await.unwrap();
    fulfilment::deliver(world, &owner(world), parcel).await.unwrap();
    refund(world, &owner(world), placed.order, 500, "a scratch").await.unwrap();
    place(world, &[(variant, 1)]).await.unwrap();
    let gone = place(world, &[(variant, 1)]).await.unwrap();
    order_management::cancel(world, &owner(world), gone.order, "test").await.unwrap();
    world.assert_sound().await;
    placed.order
}

/// Breaks something with a statement, past every rule of the schema, and names the checks that find it with a row each.
async fn broken_by(world: &World, sql: &'static [&'static str]) -> Vec<String> {
    if world.db().is_postgres() {
        // No foreign keys and no checks, in the way of a database that was edited by hand.
        for table in [
            "stock",
            "stock_movements",
            "stock_layers",
            "payments",
            "captures",
            "payment_allocations",
            "journal_entries",
            "postings",
            "reservations",
            "orders",
            "order_lines",
            "order_adjustments",
            "order_taxes",
            "refunds",
            "credit_lines",
            "parcels",
            "parcel_lines",
            "payment_events",
        ] {
            let rules: Vec<String> = world
                .db()
                .fetch_scalars(
                    "select cast(conname as text) from pg_constraint
                     where conrelid = cast(cast($1 as text) as regclass) and contype in ('c', 'f')",
                    &[&table],
                )
                .await
                .unwrap();
            for rule in rules {
                raw(world, format!("alter table {table} drop constraint if exists \"{rule}\" cascade")).await;
            }
        }
    }
    for one in sql {
        raw(world, (*one).to_owned()).await;
    }
    let checks = audit::run(world, &|_, _| {}).await.unwrap();
    checks.into_iter().filter(|c| !c.failures.is_empty()).map(|c| format!("{}: {}", c.name, c.failures.join("; "))).collect()
}

async fn raw(world: &World, sql: String) {
    let url = world.config().database.clone();
    let sql = sqlx::AssertSqlSafe(sql);
    if world.db().is_postgres() {
        let mut c = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut c).await.unwrap();
    } else {
        use sqlx::ConnectOptions;
        let path = url.strip_prefix("sqlite:").unwrap();
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(false);
        let mut c = options.pragma("ignore_check_constraints", "on").connect().await.unwrap();
        sqlx::raw_sql(sql).execute(&mut c).await.unwrap();
    }
}

/// Each breakage is done in a fresh shop, and found by the named check.
async fn is_found(sql: &'static [&'static str], check: &'static str) {
    both_worlds(async |world| {
        a_busy_shop(world).await;
        let found = broken_by(world, sql).await;
        assert!(found.iter().any(|f| f.starts_with(check) && f.len() > check.len() + 30), "{check} did not find it; found: {found:#?}");
    })
    .await;
}

macro_rules! breaks {
    ($($test:ident: $check:literal, $($sql:literal),+;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            is_found(&[$($sql),+], $check).await;
        }
    )*};
}

breaks! {
    an_entry_that_does_not_balance_is_found: "every journal entry balances",
        "update postings set amount = amount + 1 where account = 'sales'";
    a_posting_without_its_account_is_found: "every posting is on an account of the chart",
        "delete from accounts where key = 'sales'";
    a_cause_that_is_posted_twice_is_found: "each cause is posted once",
        "drop index journal_entries_cause",
        "update journal_entries set kind = 'order.placed', reference = (select id from orders order by id limit 1)";
    an_entry_in_another_currency_than_its_order_is_found: "every journal entry is in the currency of what it records",
        "update journal_entries set currency = 'USD' where kind = 'order.placed'";
    an_entry_in_another_currency_than_the_goods_is_found: "every journal entry is in the currency of what it records",
        "update parcel_lines set cost_currency = 'USD' where cost is not null";
    a_payment_in_another_currency_is_found: "each payment is in the currency of its order",
        "update payments set currency = 'USD'";
    stock_that_is_not_the_sum_of_its_movements_is_found: "on hand is the sum of movements",
        "update stock set on_hand = on_hand + 1, available = available + 1";
    stock_of_another_value_than_its_movements_is_found: "the value of stock is the sum of its movements",
        "update stock set value = value + 1 where on_hand > 0";
    a_value_of_what_is_not_there_is_found: "the value of stock is the sum of its movements",
        "update stock set on_hand = 0",
        "update stock_movements set value = value + 1",
        "update stock set value = (select sum(m.value) from stock_movements m where m.variant_id = stock.variant_id)";
    stock_that_the_books_do_not_have_is_found: "the account of the stock is its value",
        "delete from postings where account = 'inventory' and amount < 0";
    a_layer_with_too_few_units_is_found: "cost layers hold the units on hand",
        "update stock_layers set remaining = remaining - 1 where remaining > 0";
    a_layer_of_another_cost_than_its_movement_is_found: "each cost layer is what its movement brought in",
        "update stock_layers set cost = cost + 1";
    a_parcel_of_another_cost_than_the_books_say_is_found: "what each parcel cost is what the books say",
        "update parcel_lines set cost = cost + 1 where cost is not null";
    a_movement_without_its_stock_is_found: "every movement has its row of stock",
        "delete from stock";
    a_wrong_reserved_is_found: "reserved is the sum of open reservations",
        "update stock set reserved = reserved + 1, available = available - 1";
    a_reservation_without_an_order_is_found: "every open reservation has its order and its row of stock",
        "update orders set cancelled_at = 1 where cancelled_at is null";
    an_available_below_zero_is_found: "available is on hand less reserved, and never below zero",
        "update stock set available = -1";
    a_capture_without_its_entry_is_found: "each captured payment has its entry and its order",
        "update journal_entries set kind = 'other' where kind = 'payment.captured'";
    a_payment_without_its_order_is_found: "each captured payment has its entry and its order",
        "delete from orders where id in (select order_id from payments where captured > 0)";
    more_captured_than_asked_for_is_found: "each captured payment has its entry and its order",
        "update payments set amount = 1 where captured > 0";
    a_refund_without_its_entry_is_found: "each refund has its entry",
        "update journal_entries set kind = 'other' where kind = 'payment.refunded'";
    a_payment_that_gave_back_something_else_is_found: "what each payment gave back is the sum of its refunds",
        "update payments set refunded = refunded + 1 where refunded > 0";
    a_payment_that_took_something_else_than_its_captures_is_found: "what each payment took is the sum of its captures",
        "update captures set amount = amount + 1";
    a_capture_without_its_payment_allocation_is_found: "each capture that was made has its entry and its payment allocation",
        "delete from payment_allocations where capture_id is not null";
    a_refund_without_its_payment_allocation_is_found: "each refund has its entry and its payment allocation",
        "delete from payment_allocations where refund_id is not null";
    a_payment_that_pays_more_than_it_took_is_found: "what each payment took and did not give back pays orders",
        "update payment_allocations set amount = amount + 1";
    a_payment_that_pays_another_order_is_found: "each payment allocation is of its payment's own capture or refund, and pays the order of that",
        "update payment_allocations set order_id = (select o.id from orders o where o.id <> payment_allocations.order_id order by o.id limit 1)";
    an_order_that_is_paid_without_a_payment_allocation_is_found: "an order's states follow from its facts",
        "delete from payment_allocations";
    an_order_that_is_paid_more_than_the_books_say_is_found: "what is owed for each order is what the books say",
        "update payment_allocations set amount = amount + 1 where capture_id is not null";
    an_order_without_its_event_is_found: "no order is without its events",
        "delete from events where kind = 'order.placed'";
    a_cancelled_order_without_its_event_is_found: "no order is without its events",
        "delete from events where kind = 'order.cancelled'";
    a_parcel_without_its_event_is_found: "each parcel that left has its event and its entry",
        "delete from events where kind = 'parcel.shipped'";
    a_parcel_without_its_cost_is_found: "each parcel that left has its event and its entry",
        "update journal_entries set kind = 'other' where kind = 'parcel.shipped'";
    an_order_of_the_pages_without_a_contact_is_found: "an order of the pages or the API has whom and where to deliver to",
        "update orders set contact_id = null";
    an_order_of_the_pages_without_a_delivery_is_found: "an order of the pages or the API has whom and where to deliver to",
        "update orders set delivery_address_id = null, billing_address_id = null, delivery_code = null, delivery_name = null,
            promised_from = null, promised_to = null";
    half_a_delivery_is_found: "an order of the pages or the API has whom and where to deliver to",
        "update orders set channel = 'till', promised_to = null";
    a_fee_for_no_delivery_is_found: "an order of the pages or the API has whom and where to deliver to",
        "update orders set channel = 'till', delivery_address_id = null, billing_address_id = null, delivery_code = null,
            delivery_name = null, promised_from = null, promised_to = null";
    an_order_that_does_not_add_up_is_found: "an order's lines and adjustments add up to its total",
        "update order_lines set total = total - 1";
    a_fee_without_its_row_is_found: "an order's lines and adjustments add up to its total",
        "delete from order_adjustments";
    an_order_of_another_tax_than_its_rows_is_found: "an order's lines and adjustments add up to its total",
        "update orders set tax = tax + 1";
    a_line_of_another_tax_than_its_rows_is_found: "each line costs what its units and its adjustments come to, with the tax of its rows",
        "update order_taxes set tax = tax + 1, net = net - 1 where adjustment is null";
    a_line_of_another_discount_than_its_rows_is_found: "each line costs what its units and its adjustments come to, with the tax of its rows",
        "update order_lines set discount = discount + 1";
    a_fee_of_another_tax_than_its_rows_is_found: "the tax of each adjustment of an order is that of its rows",
        "update order_adjustments set tax = tax + 1";
    a_receivable_that_nobody_owes_is_found: "what is owed for each order is what the books say",
        "delete from postings where account = 'accounts_receivable'";
    a_shipped_unit_without_its_parcel_is_found: "what became of each line's units is what its parcels and reservations say",
        "update order_lines set shipped = shipped - 1 where shipped > 0";
    an_arrived_unit_without_its_parcel_is_found: "what became of each line's units is what its parcels and reservations say",
        "update order_lines set delivered = 0 where delivered > 0";
    a_cancelled_unit_that_is_reserved_is_found: "what became of each line's units is what its parcels and reservations say",
        "update order_lines set cancelled = 1 where cancelled = 0 and shipped = 0";
    a_returned_unit_without_its_parcel_is_found: "what became of each line's units is what its parcels and reservations say",
        "update order_lines set returned = 1 where shipped > 0";
    a_restocked_unit_without_its_parcel_is_found: "what became of each line's units is what its parcels and reservations say",
        "update order_lines set returned = 1, restocked = 1 where shipped > 0";
    a_line_of_which_nothing_is_reserved_is_found: "what became of each line's units is what its parcels and reservations say",
        "delete from reservations where state = 'released'";
    a_line_that_gives_back_more_than_it_cost_is_found: "no more of a line's price is credited than it has, nor of its tax",
        "update credit_lines set amount = 1000000 where order_line_id is not null";
    a_line_that_gives_back_more_tax_than_it_has_is_found: "no more of a line's price is credited than it has, nor of its tax",
        "update credit_lines set tax = 100000 where order_line_id is not null";
    a_fee_that_is_given_back_twice_is_found: "what is not charged of each order is the sum of its credit lines",
        "update credit_lines set amount = 1000000 where order_line_id is null";
    a_sum_that_is_not_charged_without_its_lines_is_found: "what is not charged of each order is the sum of its credit lines",
        "update orders set waived = waived + 1";
    a_refund_without_its_credit_lines_is_found: "each refund's credit lines come to its amount, and its entry reverses their tax",
        "delete from credit_lines";
    a_refund_that_reversed_another_tax_is_found: "each refund's credit lines come to its amount, and its entry reverses their tax",
        "update credit_lines set tax = 0";
    a_state_that_does_not_follow_from_its_facts_is_found: "an order's states follow from its facts",
        "update orders set payment_state = 'paid' where payment_state = 'pending'";
    a_rest_that_is_kept_as_due_and_is_not_is_found: "an order's states follow from its facts", "update orders set rest_due = 1";
    a_use_of_a_code_without_an_order_is_found: "a discount code's uses are the orders that used it",
        "update discount_codes set uses = uses + 1";
}

#[tokio::test(flavor = "multi_thread")]
async fn every_check_counts_its_rows_and_reports_progress() {
    both_worlds(async |world| {
        a_busy_shop(world).await;
        let steps = std::sync::Mutex::new(Vec::new());
        let checks = audit::run(world, &|done, all| steps.lock().unwrap().push((done, all))).await.unwrap();
        assert!(checks.iter().all(|c| c.count > 0), "{checks:?}");
        let steps = steps.into_inner().unwrap();
        assert!(steps.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 == w[1].1), "{steps:?}");
        assert!(steps.last().is_some_and(|(done, all)| done == all && *all > 0));
    })
    .await;
}

/// A shop with products, closed, and its address.
async fn a_closed_shop(world: &TestShop) -> String {
    for n in 0..40 {
        a_product().named(&format!("Product {n}")).with_stock(1).make(world).await;
    }
    assert!(damage(world.db()).await.is_empty());
    world.shop.close().await;
    world.config().database.clone()
}

/// What is found of damage.
async fn damage(db: &Db) -> Vec<String> {
    let mut found = Vec::new();
    for thoroughly in [false, true] {
        let checks = audit::integrity(db, thoroughly).await;
        assert!(checks.iter().all(|check| check.count > 0 || !check.failures.is_empty()), "{checks:?}");
        found.extend(
            checks.into_iter().flat_map(|check| check.failures.into_iter().map(move |failure| format!("{}: {failure}", check.name))),
        );
    }
    found
}

/// Writes over the beginning of a file's page, past the database.
fn overwrite(file: &std::path::Path, page: u64, size: usize) {
    use std::os::unix::fs::FileExt;
    let file = std::fs::File::options().write(true).open(file).unwrap();
    file.write_all_at(&vec![0x5a; size], page * size as u64).unwrap();
    file.sync_all().unwrap();
}

#[tokio::test]
async fn an_overwritten_page_of_sqlite_is_found() {
    let world = sqlite().await;
    let url = a_closed_shop(&world).await;
    let db = Db::open_to_read(&url, &backend::SCHEMA).await.unwrap();
    let page: i64 = db.fetch_scalar("select rootpage from sqlite_master where name = 'products'", &[]).await.unwrap();
    let size: i64 = db.fetch_scalar("select page_size from pragma_page_size()", &[]).await.unwrap();
    db.close().await;
    let path = std::path::Path::new(url.strip_prefix("sqlite:").unwrap());
    overwrite(path, u64::try_from(page).unwrap() - 1, usize::try_from(size).unwrap());
    let db = Db::open_to_read(&url, &backend::SCHEMA).await.unwrap();
    let found = damage(&db).await;
    db.close().await;
    assert!(found.len() >= 2 && found.iter().all(|found| !found.ends_with(": ok")), "{found:?}");
}

#[tokio::test]
async fn an_overwritten_page_of_postgres_is_found() {
    let world = postgres().await;
    let url = a_closed_shop(&world).await;
    let admin = std::env::var("TINDAHAN_TEST_POSTGRES").unwrap();
    let mut there = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let (folder, file): (String, String) =
        sqlx::query_as("select current_setting('data_directory'), pg_relation_filepath('products')").fetch_one(&mut there).await.unwrap();
    sqlx::raw_sql("checkpoint").execute(&mut there).await.unwrap();
    sqlx::Connection::close(there).await.unwrap();
    overwrite(&std::path::Path::new(&folder).join(file), 0, 8192);
    // Postgres still has the undamaged page in memory. A copy of the files is read from the disk.
    let name = url.rsplit_once('/').unwrap().1;
    let mut c = <sqlx::PgConnection as sqlx::Connection>::connect(&admin).await.unwrap();
    let copy = format!("create database {name}_copy template {name} strategy file_copy");
    sqlx::raw_sql(sqlx::AssertSqlSafe(copy)).execute(&mut c).await.unwrap();
    let db = Db::open_to_read(&format!("{url}_copy"), &backend::SCHEMA).await.unwrap();
    let found = damage(&db).await;
    db.close().await;
    assert!(found.iter().any(|found| found.contains("products:") && found.contains("invalid page")), "{found:?}");
}

#[tokio::test]
async fn a_reference_to_a_missing_row_is_found() {
    both(async |world| {
        let variant = a_product().with_stock(1).make(world).await;
        assert!(damage(world.db()).await.is_empty());
        let url = world.config().database.clone();
        let delete = format!("delete from variants where id = {}", if world.db().is_postgres() { "$1" } else { "?1" });
        if world.db().is_postgres() {
            let mut c = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
            sqlx::raw_sql("set session_replication_role = replica").execute(&mut c).await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(delete)).bind(variant.0).execute(&mut c).await.unwrap();
        } else {
            use sqlx::ConnectOptions;
            let options = sqlx::sqlite::SqliteConnectOptions::new().filename(url.strip_prefix("sqlite:").unwrap()).foreign_keys(false);
            let mut c = options.connect().await.unwrap();
            sqlx::query(sqlx::AssertSqlSafe(delete)).bind(variant.0).execute(&mut c).await.unwrap();
        }
        let found = damage(world.db()).await;
        assert!(found.iter().any(|found| found.contains("rows of stock lead to no row of variants")), "{found:?}");
    })
    .await;
}
