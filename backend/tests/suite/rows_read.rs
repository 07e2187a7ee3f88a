//! The first page of every list and queue reads as much of a shop with many finished orders as of one with few.
//!
//! Short: 1,200 orders beside 12,000. In the long mode 10,000 beside a million, as one prints the table of `docs/performance.md`.

use std::collections::BTreeMap;
use std::fmt::Debug;

use backend::customers::{self, CustomersFile};
use backend::order_management;
use backend::orders::{self, OrdersFile};
use backend::{Shop, catalog, contacts, dashboard, fulfilment, identity, inventory, jobs, pricing, refusals, search};
use domain::id::{CategoryId, ContactId, OrderId, ProductId, UserId, VariantId};
use domain::order::{FulfilmentState, OrderQueue, PaymentState};
use domain::view::{CustomerQuery, OrderLimits, OrderQuery, OrderSort, PageAt};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::ReadMeter;
use platform::jobs::Handlers;

use crate::support::fill::{Filling, fill, person};
use crate::support::outside::owner;
use crate::support::{Folder, TestShop, limit, number, open, postgres_url};

/// A page of a list may read so much more, in the units of [`ReadMeter`], beside its share.
const MORE: i64 = 150;

/// The share of what it read with few orders that a page may read with many: half as much again in the long mode, for the trees of indexes
/// are deeper. With ten times as many orders two and a half times as much: Postgres, which knows such small tables by samples, reads the
/// same page in one way or another. What grows with the orders grows tenfold.
const fn allowed(few: i64, long: bool) -> i64 {
    if long { few * 3 / 2 + MORE } else { few * 5 / 2 + MORE }
}

/// Not compared. The file's first page has the customer who placed a tenth of all orders, and sums them up.
const SUM_OF_MANY: &str = "customers as a file";

/// What the pages of a shop read.
type Reads = BTreeMap<String, i64>;

#[tokio::test]
async fn the_first_page_of_each_list_on_sqlite_reads_no_more_when_there_are_many_orders() {
    compare(false).await;
}

#[tokio::test]
async fn the_first_page_of_each_list_on_postgres_reads_no_more_when_there_are_many_orders() {
    compare(true).await;
}

async fn compare(postgres: bool) {
    let long = std::env::var_os("TINDAHAN_LONG").is_some();
    // As many a day in both shops, and more days than the longest that a page looks back.
    let every_ms = if long { Timestamp::DAY / 100 } else { Timestamp::DAY / 10 };
    let sizes = if long { [10_000, 1_000_000] } else { [1_200, 12_000] };
    let [few, many] = sizes.map(|orders| Filling { orders, every_ms });
    let (few, many) = (reads_of(postgres, few, long).await, reads_of(postgres, many, long).await);
    print_table(postgres, sizes, [&few, &many]);
    let grown: Vec<String> = few
        .iter()
        .map(|(page, read)| (page, *read, many[page]))
        .filter(|(page, ..)| *page != SUM_OF_MANY)
        .filter(|(_, few, many)| *many > allowed(*few, long))
        .map(|(page, few, many)| format!("{page}: {few} with few orders, {many} with many"))
        .collect();
    assert!(grown.is_empty(), "{}", grown.join("\n"));
}

/// A row for each list, with the most that one of its filters reads.
fn print_table(postgres: bool, sizes: [i64; 2], figures: [&Reads; 2]) {
    let mut most: BTreeMap<&str, [i64; 2]> = BTreeMap::new();
    for (shop, reads) in figures.into_iter().enumerate() {
        for (page, read) in reads {
            let list = page.split(" · ").next().unwrap_or(page);
            let of_shop = &mut most.entry(list).or_default()[shop];
            *of_shop = (*of_shop).max(*read);
        }
    }
    let database = if postgres { "Postgres" } else { "SQLite" };
    println!("| first page of | {database}, {} orders | {} |\n|---|---|---|", sizes[0], sizes[1]);
    for (list, [few, many]) in most {
        println!("| {list} | {few} | {many} |");
    }
}

async fn reads_of(postgres: bool, filling: Filling, long: bool) -> Reads {
    let folder = Folder::new();
    let url = if postgres { postgres_url().await } else { format!("sqlite:{}", folder.path().join("shop.db").display()) };
    if postgres && !long {
        // It rightly reads a small table in whole. Here counts what it can do without.
        ask(&url, format!("alter database {} set enable_seqscan = off", database_of(&url))).await;
    }
    let begun = std::time::Instant::now();
    let shop = open(url.clone(), folder, |_| {}).await;
    fill(&shop, &url, filling).await;
    println!("{} orders filled in {} s, {} MB", filling.orders, begun.elapsed().as_secs(), shop.db().size().await.unwrap() >> 20);
    if !postgres && !long {
        assert_eq!(number(&shop, "select count(*) from pragma_foreign_key_check()").await, 0, "each row's keys are of rows that there are");
    }
    let reads = first_pages(&shop).await;
    shop.close().await;
    if postgres {
        ask(&std::env::var("TINDAHAN_TEST_POSTGRES").unwrap(), format!("drop database {} with (force)", database_of(&url))).await;
    }
    reads
}

fn database_of(url: &str) -> &str {
    url.rsplit_once('/').unwrap().1
}

async fn ask(url: &str, sql: String) {
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(url).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
}

/// What each page reads, measured one after the other.
struct Pages<'a> {
    shop: &'a TestShop,
    meter: ReadMeter,
    reads: Reads,
}

impl Pages<'_> {
    /// Reads a page several times, for Postgres plans a statement anew when it was run five times, and keeps the most that it read.
    async fn page<T, E: Debug>(&mut self, name: impl Into<String>, read: impl AsyncFn() -> Result<T, E>) {
        let name = name.into();
        let first = self.once(&name, &read).await;
        for _ in 0..if self.shop.db().is_postgres() { 6 } else { 0 } {
            read().await.unwrap();
        }
        let last = self.once(&name, &read).await;
        self.reads.insert(name, first.max(last));
    }

    /// Does once what changes the shop.
    async fn step<T, E: Debug>(&mut self, name: &str, step: impl AsyncFn() -> Result<T, E>) {
        let read = self.once(name, &step).await;
        self.reads.insert(name.to_owned(), read);
    }

    async fn once<T, E: Debug>(&self, name: &str, read: &impl AsyncFn() -> Result<T, E>) -> i64 {
        // Beyond the age of what is kept in memory.
        self.shop.clock.advance(10_000);
        let before = self.meter.total().await.unwrap();
        if let Err(error) = read().await {
            panic!("{name}: {error:?}");
        }
        self.meter.total().await.unwrap() - before
    }
}

async fn first_pages(shop: &TestShop) -> Reads {
    let mut pages = Pages { shop, meter: ReadMeter::of(shop.db()).await.unwrap(), reads: Reads::new() };
    let ctx = owner(shop);
    order_lists(&mut pages, &ctx).await;
    order_pages(&mut pages, &ctx).await;
    customer_pages(&mut pages, &ctx).await;
    products_and_stock(&mut pages, &ctx).await;
    settings_and_home(&mut pages, &ctx).await;
    files(&mut pages, &ctx).await;
    background(&mut pages).await;
    pages.reads
}

fn query(search: &str, payment: &str, fulfilment: &str, queue: &str) -> OrderQuery {
    OrderQuery {
        search: search.into(),
        payment: payment.into(),
        fulfilment: fulfilment.into(),
        queue: queue.into(),
        ..OrderQuery::default()
    }
}

/// A number that the newest orders do not have, and one that they have.
async fn order_numbers(shop: &Shop) -> [String; 2] {
    let one = async |sql| shop.db().fetch_scalar::<String>(sql, &[]).await.unwrap();
    [
        one("select number from orders order by placed_at limit 1").await,
        one("select number from orders order by placed_at desc limit 1").await,
    ]
}

async fn order_lists(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let mut list = async |name: String, query: OrderQuery| pages.page(name, async || orders::list(shop, ctx, &query).await).await;
    list("orders".into(), query("", "", "", "")).await;
    for queue in OrderQueue::ALL {
        list(format!("orders, queue {queue}"), query("", "", "", queue.as_str())).await;
    }
    for payment in PaymentState::ALL {
        list(format!("orders of a payment state · {payment}"), query("", payment.as_str(), "", "")).await;
        for fulfilment in FulfilmentState::ALL {
            list(format!("orders of both states · {payment}, {fulfilment}"), query("", payment.as_str(), fulfilment.as_str(), "")).await;
        }
    }
    for fulfilment in FulfilmentState::ALL {
        list(format!("orders of a fulfilment state · {fulfilment}"), query("", "", fulfilment.as_str(), "")).await;
    }
    let [oldest, newest] = order_numbers(shop).await;
    let tracking: String =
        shop.db().fetch_scalar("select min(tracking_number) from parcels where tracking_number is not null", &[]).await.unwrap();
    for (what, words) in [
        ("the oldest number", oldest.as_str()),
        ("the newest number", &newest),
        ("the beginning of a number", &newest[..2]),
        ("a number of no order", "TZZZZ-ZZZZ"),
        ("an e-mail", &person(17).email),
        ("a telephone number", &person(20).phone),
        ("a telephone number of many", &person(18).phone),
        ("a word of many names", "Maria"),
        ("a name of many", "Maria Santos"),
        ("a rare name", "Maria Reyes"),
        ("a name of nobody", "Maria Nobody"),
        ("a SKU of many orders", "SKU-0001"),
        ("a SKU of many orders in another case", "sku-0001"),
        ("a discount code", "TEN"),
        ("a tracking number", &tracking),
    ] {
        list(format!("orders, search for {what}"), query(words, "", "", "")).await;
    }
    sorted_orders(pages, ctx).await;
    pages.page("orders, numbers of the queues", async || orders::queues(shop, ctx).await).await;
    pages.page("orders, saved filters", async || orders::saved_filters(shop, ctx).await).await;
    let shopper: UserId = shop
        .db()
        .fetch_scalar("select user_id from orders where user_id is not null group by user_id order by count(*) desc limit 1", &[])
        .await
        .unwrap();
    let shopper = Context::customer(shopper, ctx.request);
    pages.page("a shopper's own orders", async || orders::of_customer(shop, &shopper, None).await).await;
    pages.page("a shopper's address book", async || contacts::address_book(shop, &shopper).await).await;
}

/// The lists in each order, of all days and of some of which both shops have orders, and a page back.
async fn sorted_orders(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let today = domain::TimeZone::DEFAULT.date(shop.now());
    let day = |ago: i64| today.plus_days(-ago).to_string();
    let days = [("", String::new(), String::new()), (", a month", day(30), day(0)), (", long ago", day(110), day(100))];
    let mut queries =
        vec![("orders".to_owned(), query("", "", "", "")), ("sales".to_owned(), OrderQuery { sales: "1".into(), ..query("", "", "", "") })];
    queries.extend(OrderQueue::ALL.map(|queue| (format!("queue {queue}"), query("", "", "", queue.as_str()))));
    for payment in PaymentState::ALL {
        queries.push((format!("payment {payment}"), query("", payment.as_str(), "", "")));
        queries.extend(FulfilmentState::ALL.map(|state| (format!("{payment}, {state}"), query("", payment.as_str(), state.as_str(), ""))));
    }
    queries.extend(FulfilmentState::ALL.map(|state| (format!("fulfilment {state}"), query("", "", state.as_str(), ""))));
    for words in ["sku-0001", "Maria Santos", "TEN"] {
        queries.push((format!("search for {words}"), query(words, "", "", "")));
    }
    for (what, base) in queries {
        for sort in OrderSort::ALL {
            // Of both states, which are many, all days alone.
            let ranges = if what.contains(", ") { 1 } else { days.len() };
            for (range, from, to) in &days[..ranges] {
                let query = OrderQuery { sort: sort.as_str().into(), from: from.clone(), to: to.clone(), ..base.clone() };
                if query.order() != sort {
                    continue;
                }
                let name = format!("orders, {sort}{range} · {what}");
                pages.page(name, async || orders::list(shop, ctx, &query).await).await;
            }
        }
    }
    for sort in OrderSort::ALL {
        let first = OrderQuery { sort: sort.as_str().into(), ..OrderQuery::default() };
        let after = orders::list(shop, ctx, &first).await.unwrap().next.unwrap();
        let second = orders::list(shop, ctx, &OrderQuery { after, ..first.clone() }).await.unwrap();
        let back = OrderQuery { before: second.previous.unwrap(), ..first };
        pages.page(format!("orders, a page back · {sort}"), async || orders::list(shop, ctx, &back).await).await;
    }
}

async fn order_pages(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let open: Vec<OrderId> = shop.db().fetch_scalars("select id from orders order by placed_at desc limit 50", &[]).await.unwrap();
    let old: OrderId =
        shop.db().fetch_scalar("select id from orders where payment_state = 'paid' order by placed_at limit 1", &[]).await.unwrap();
    for (name, order) in [("an open order with its timeline", open[1]), ("an old order with its timeline", old)] {
        pages.page(name, async || order_management::view(shop, ctx, Locale::En, order).await).await;
    }
    pages.page("a pick list of 50 orders", async || fulfilment::pick_list(shop, ctx, Locale::En, &open).await).await;
    pages.page("refusals", async || refusals::open(shop, ctx).await).await;
}

async fn customer_pages(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let number: String = shop.db().fetch_scalar("select number from orders order by placed_at limit 1", &[]).await.unwrap();
    // Somebody with as many orders in each shop: people are numbered by chance, and some have or used the account that has very many.
    let a_guest = "select o.contact_id from orders o where o.user_id is null and not exists (select 1 from orders p
        where p.contact_id = o.contact_id and p.user_id is not null)
        and not exists (select 1 from users u where u.contact_id = o.contact_id) order by o.placed_at desc limit 1";
    let guest: ContactId = shop.db().fetch_scalar(a_guest, &[]).await.unwrap();
    let email = contacts::open_contact(shop, guest).await.unwrap().email;
    for (what, words) in [
        ("all", ""),
        ("an e-mail", email.as_str()),
        ("a telephone number of many", &person(18).phone),
        ("a name of many", "Maria Santos"),
        ("a name of nobody", "Maria Nobody"),
        ("an order's number", &number),
    ] {
        let query = CustomerQuery { search: words.into(), ..CustomerQuery::default() };
        pages.page(format!("customers · {what}"), async || customers::list(shop, ctx, &query).await).await;
    }
    pages.page("the palette's customers", async || customers::find(shop, ctx, "Maria Santos", 5).await).await;
    pages.page("a customer's page", async || customers::view(shop, ctx, Locale::En, guest, &PageAt::default()).await).await;
    customers::add_tag(shop, ctx, guest, "Suki").await.unwrap();
    let tagged = CustomerQuery { tag: "suki".into(), ..CustomerQuery::default() };
    pages.page("customers · of a tag", async || customers::list(shop, ctx, &tagged).await).await;
    pages.page("two customers before they become one", async || customers::merge_view(shop, ctx, guest, "Maria Reyes", None).await).await;
}

async fn products_and_stock(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let category: CategoryId = shop.db().fetch_scalar("select id from categories order by position limit 1", &[]).await.unwrap();
    for status in ["", "draft", "published", "archived"] {
        for (name, category) in [("products", None), ("products of a category", Some(category))] {
            let name = format!("{name} · {}", if status.is_empty() { "all" } else { status });
            pages.page(name, async || search::admin_list(shop, ctx, "", status, category, &PageAt::default()).await).await;
        }
    }
    let product: ProductId = shop.db().fetch_scalar("select id from products order by id limit 1", &[]).await.unwrap();
    let hot: VariantId = shop.db().fetch_scalar("select id from variants order by sku limit 1", &[]).await.unwrap();
    pages.page("a product as it is edited", async || catalog::admin_product(shop, ctx, product).await).await;
    pages.page("categories", async || catalog::category_list(shop, ctx, Locale::En).await).await;
    pages.page("stock", async || inventory::list(shop, ctx, Locale::En, "", &PageAt::default()).await).await;
    pages.page("stock, search", async || inventory::list(shop, ctx, Locale::En, "sku-01", &PageAt::default()).await).await;
    pages.page("movements of a variant of many orders", async || inventory::movements(shop, ctx, hot, &PageAt::default()).await).await;
    let after = inventory::movements(shop, ctx, hot, &PageAt::default()).await.unwrap().next.unwrap();
    pages
        .page("the next movements of a variant of many orders", async || {
            inventory::movements(shop, ctx, hot, &PageAt::after(after.clone())).await
        })
        .await;
    pages.page("what the stock is worth", async || inventory::list_value(shop, ctx, Locale::En, "", false).await).await;
    pages.page("what runs low", async || inventory::low(shop, Locale::En, 5).await).await;
}

async fn settings_and_home(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    pages.page("home: the day's figures and the last 14 days'", async || dashboard::today(shop, ctx, Locale::En).await).await;
    pages.page("failed jobs", async || jobs::dead(shop, ctx).await).await;
    pages.page("denied access", async || identity::denials(shop, ctx).await).await;
    pages.page("staff", async || identity::staff(shop, ctx).await).await;
    pages.page("API keys", async || identity::api_keys(shop, ctx).await).await;
    pages.page("discount codes", async || pricing::discounts(shop, ctx, &PageAt::default()).await).await;
    pages.page("tax rates", async || pricing::tax_rates(shop, ctx).await).await;
    pages.page("delivery methods", async || pricing::delivery_methods(shop, ctx).await).await;
    pages.page("locations", async || inventory::locations(shop, ctx).await).await;
}

async fn files(pages: &mut Pages<'_>, ctx: &Context) {
    let shop = pages.shop;
    let orders = async || OrdersFile::begin(shop, ctx, query("", "", "", "")).await.unwrap().next().await;
    pages.page("orders as a file", orders).await;
    let customers = async || CustomersFile::begin(shop, ctx).await.unwrap().next().await;
    pages.page("customers as a file", customers).await;
}

/// What the program looks for by itself.
async fn background(pages: &mut Pages<'_>) {
    let shop = pages.shop;
    let seen = number(shop, "select cast(max(seq) as bigint) from events").await - 50;
    pages.page("the next events", async || platform::events::after(shop.db(), seen).await).await;
    pages.page("the newest event", async || platform::events::newest(shop.db()).await).await;
    limit(shop, OrderLimits { cash_days: 365, ..OrderLimits::NONE }).await;
    pages.page("cash orders that are to be cancelled", async || order_management::expire_cash(shop).await).await;
    pages
        .step("the jobs that are due, each claimed and done", async || {
            let mut handlers = Handlers::new();
            handlers.insert("order.expire", Box::new(|(), _| Box::pin(async { Ok(()) })));
            platform::jobs::run_due(shop.db(), &(), &handlers).await
        })
        .await;
    pages.step("unpaid orders that are to be cancelled, each cancelled", async || order_management::expire_unpaid(shop).await).await;
}
