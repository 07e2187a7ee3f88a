//! A shop to test with, on each database.

pub mod buckets;
pub mod fill;
pub mod outside;
pub mod wire;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use backend::{Shop, ShopConfig};
use domain::id::{CategoryId, LocationId, PriceListId, ProductId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::view::{Address, CartItem, CheckoutForm, ContactDetails, OrderLimits, Placed, ShopSettings};
use domain::{Currency, Locale, Money, Quantity, Timestamp};
use platform::clock::SimulatedClock;
use platform::db::Db;
use platform::rng::SystemRng;
use uuid::Uuid;

/// A folder that goes when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("tindahan-test-{}", Uuid::new_v4().simple()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
    pub fn path(&self) -> &Path {
        &self.0
    }
}
impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A shop with its folder and its clock, which begins on 24 November 2026 and is advanced by the test.
pub struct TestShop {
    pub shop: Shop,
    pub clock: Arc<SimulatedClock>,
    pub folder: Folder,
}

impl std::ops::Deref for TestShop {
    type Target = Shop;
    fn deref(&self) -> &Shop {
        &self.shop
    }
}

impl TestShop {
    /// The shop opened once more, as by another program on its database. Neither hears of the other's changes.
    pub async fn open_again(&self) -> Shop {
        let config = self.config().clone();
        Shop::open_with(config.clone(), adapters(&config), self.clock.clone(), Arc::new(SystemRng)).await.unwrap()
    }

    /// The configuration of a node beside this one, with a folder of its own and the same key.
    pub fn config_beside(&self, folder: &Folder) -> ShopConfig {
        let key = self.folder.path().join("key");
        ShopConfig { data_dir: folder.path().to_owned(), key_file: Some(key), ..self.config().clone() }
    }
}

pub const START: Timestamp = Timestamp::from_millis(1_795_487_400_000);

/// The address of a new, empty Postgres database.
pub async fn postgres_url() -> String {
    postgres_url_with("").await
}

/// [`postgres_url`] with these options of `create database`.
pub async fn postgres_url_with(options: &str) -> String {
    let admin = std::env::var("TINDAHAN_TEST_POSTGRES")
        .expect("these tests need Postgres: run them with `make test-rust`, or set TINDAHAN_TEST_POSTGRES");
    let name = format!("test_{}", Uuid::new_v4().simple());
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&admin).await.unwrap();
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name} {options}"))).execute(&mut connection).await.unwrap();
    format!("{}/{name}", admin.rsplit_once('/').unwrap().0)
}

/// Opens a shop on SQLite.
pub async fn sqlite() -> TestShop {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    open(url, folder, |_| {}).await
}

/// Opens a shop on Postgres.
pub async fn postgres() -> TestShop {
    open(postgres_url().await, Folder::new(), |_| {}).await
}

/// What a shop needs from outside, as it is configured.
pub fn adapters(config: &ShopConfig) -> backend::Adapters {
    adapters::open(config).unwrap()
}

/// Opens a shop with the machine's clock.
pub async fn open_shop(config: ShopConfig) -> Result<Shop, backend::OpenError> {
    let adapters = adapters(&config);
    Shop::open(config, adapters).await
}

/// Opens a shop on this database. Its shoppers may order without limits, as tests place many orders for the same one.
pub async fn open(url: String, folder: Folder, change: impl FnOnce(&mut ShopConfig)) -> TestShop {
    let clock = Arc::new(SimulatedClock::at(START));
    let mut config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
    config.light_passwords = true;
    change(&mut config);
    let shop = Shop::open_with(config.clone(), adapters(&config), clock.clone(), Arc::new(SystemRng)).await.unwrap();
    basics(&shop).await;
    limit(&shop, OrderLimits::NONE).await;
    TestShop { shop, clock, folder }
}

/// Sets what shoppers may order.
pub async fn limit(shop: &Shop, limits: OrderLimits) {
    let settings = ShopSettings { limits, ..backend::settings::load(shop).await.unwrap() };
    shop.db().write(async move |tx| platform::settings::put(tx, "shop", &settings).await).await.unwrap();
    shop.settings().forget();
    backend::settings::load(shop).await.unwrap();
}

/// Runs a test on both databases.
pub async fn both(test: impl AsyncFn(&TestShop)) {
    let shop = sqlite().await;
    test(&shop).await;
    shop.close().await;
    let shop = postgres().await;
    test(&shop).await;
    shop.close().await;
}

/// Runs a test on an empty database of each kind.
pub async fn both_empty(test: impl AsyncFn(&str)) {
    let folder = Folder::new();
    test(&format!("sqlite:{}", folder.path().join("shop.db").display())).await;
    test(&postgres_url().await).await;
}

pub fn db(shop: &Shop) -> &Db {
    shop.db()
}

/// One number from the database.
pub async fn number(shop: &Shop, sql: &'static str) -> i64 {
    shop.db().fetch_scalar(sql, &[]).await.unwrap()
}

/// The events of one subject, oldest first.
pub async fn events_of(shop: &Shop, subject: Uuid) -> Vec<platform::events::RecordedEvent> {
    let sql = "select seq, id, kind, subject, actor, data, at from events where subject = $1 order by seq";
    shop.db().fetch_all(sql, &[&subject]).await.unwrap()
}

/// What every shop has: two houses, a price list, tax, delivery, a discount code.
pub async fn basics(shop: &Shop) {
    let (a, b, list, rate, code) = (shop.id(), shop.id(), shop.id(), shop.id(), shop.id());
    shop.db()
        .write(async move |tx| {
            for (id, code, position) in [(a, "WH-1", 1_i64), (b, "WH-2", 2)] {
                tx.execute(
                    "insert into stock_locations (id, code, name, kind, position) values ($1, $2, $2, 'warehouse', $3)",
                    &[&id, &code, &position],
                )
                .await?;
            }
            tx.execute("insert into price_lists (id, name, currency, position) values ($1, 'Shop', 'PHP', 10)", &[&list]).await?;
            tx.execute(
                "insert into tax_rates (id, class, country, rate_bp, valid_from, source) values ($1, 'standard', 'PH', 1200, 0, 'test')",
                &[&rate],
            )
            .await?;
            tx.execute(
                "insert into discount_codes (id, code, currency, percent_bp, most_uses) values ($1, 'TEN', 'PHP', 1000, 3)",
                &[&code],
            )
            .await?;
            tx.execute(
                "insert into delivery_methods (code, position, currency, fee, days_min, days_max, regions)
                 values ('standard', 1, 'PHP', 10000, 2, 4, 'PH,*')",
                &[],
            )
            .await?;
            tx.execute("insert into delivery_method_texts (code, locale, name, description) values ('standard', 'en', 'Standard', '')", &[])
                .await
        })
        .await
        .unwrap();
}

/// A product to be made.
pub struct Goods {
    price: i64,
    stock: Vec<(&'static str, i64)>,
    name: String,
}

/// A product at 100.00 without stock.
pub fn a_product() -> Goods {
    Goods { price: 10_000, stock: Vec::new(), name: "Dried mango".into() }
}

impl Goods {
    pub fn at(mut self, price: i64) -> Self {
        self.price = price;
        self
    }
    pub fn named(mut self, name: &str) -> Self {
        self.name = name.into();
        self
    }
    pub fn with_stock(self, units: i64) -> Self {
        self.with_stock_in("WH-1", units)
    }
    pub fn with_stock_in(mut self, house: &'static str, units: i64) -> Self {
        self.stock.push((house, units));
        self
    }
    /// Makes it and returns its variant.
    pub async fn make(self, shop: &Shop) -> VariantId {
        let (category, product, variant) = (CategoryId(shop.id()), ProductId(shop.id()), VariantId(shop.id()));
        let inner = shop.clone();
        shop.db()
            .write(async move |tx| {
                let handle = product.0.simple().to_string();
                tx.execute(
                    "insert into categories (id, handle, position, created_at, updated_at) values ($1, $2, 1, 0, 0)",
                    &[&category, &handle],
                )
                .await?;
                tx.execute(
                    "insert into products (id, handle, category_id, vendor, tax_class, status, created_at, updated_at)
                     values ($1, $2, $3, 'Test', 'standard', 'published', 0, 0)",
                    &[&product, &handle, &category],
                )
                .await?;
                tx.execute(
                    "insert into product_texts (product_id, locale, name, slug, summary, description) values ($1, 'en', $2, $3, '', '')",
                    &[&product, &self.name, &handle],
                )
                .await?;
                tx.execute(
                    "insert into variants (id, product_id, sku, position, weight_g, cost, cost_currency, created_at)
                     values ($1, $2, $3, 1, 100, 4000, 'PHP', 0)",
                    &[&variant, &product, &handle],
                )
                .await?;
                let list: PriceListId = tx.fetch_scalar("select id from price_lists where name = 'Shop'", &[]).await?;
                tx.execute("insert into prices (variant_id, price_list_id, amount) values ($1, $2, $3)", &[&variant, &list, &self.price])
                    .await?;
                for (house, units) in &self.stock {
                    let place: LocationId = tx.fetch_scalar("select id from stock_locations where code = $1", &[house]).await?;
                    let movement = backend::inventory::Movement {
                        id: domain::id::MovementId(inner.id()),
                        variant,
                        location: place,
                        kind: "received",
                        units: *units,
                        value: Money::new(4_000 * units, Currency::PHP),
                        reason: domain::stock::StockReason::Opening,
                        note: String::new(),
                        source: None,
                        at: inner.now(),
                    };
                    backend::inventory::receive(tx, &[movement]).await?;
                }
                Ok::<_, backend::accounting::AccountingError>(())
            })
            .await
            .unwrap();
        variant
    }
}

pub fn guest(shop: &Shop) -> platform::Context {
    platform::Context::nobody(domain::id::RequestId(shop.id()))
}

/// Items of a cart.
pub fn items(of: &[(VariantId, i64)]) -> Vec<CartItem> {
    of.iter().map(|(variant, n)| CartItem { variant: *variant, quantity: Quantity::new(*n).unwrap(), seen_price: 0 }).collect()
}

/// A valid address.
pub fn address() -> Address {
    Address {
        recipient: "Maria Clara Santos".into(),
        phone: "+639171234567".into(),
        country: "SG".into(),
        line1: "12 Keong Saik Road".into(),
        postal_code: "089119".into(),
        ..Address::default()
    }
}

/// An order form for a cart.
pub fn form(cart: domain::id::CartId, payment: PaymentMethod) -> CheckoutForm {
    CheckoutForm {
        cart,
        contact: ContactDetails {
            name: "Maria Clara Santos".into(),
            email: "maria.clara@example.com".into(),
            phone: "+639171234567".into(),
        },
        delivery_address: address(),
        billing_address: None,
        delivery: "standard".into(),
        gift_note: String::new(),
        payment,
        seen_total: None,
    }
}

/// A guest's cart with these items.
pub async fn a_cart(shop: &Shop, of: &[(VariantId, i64)]) -> domain::id::CartId {
    let view = backend::cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items(of), None).await.unwrap();
    view.id.unwrap()
}

/// Places an order as a guest, paying cash on delivery.
pub async fn place(shop: &Shop, of: &[(VariantId, i64)]) -> Result<Placed, backend::checkout::CheckoutError> {
    let cart = a_cart(shop, of).await;
    buy(shop, cart, &Uuid::new_v4().to_string()).await
}

/// Buys a cart as a guest with this key.
pub async fn buy(shop: &Shop, cart: domain::id::CartId, key: &str) -> Result<Placed, backend::checkout::CheckoutError> {
    backend::checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, key, form(cart, PaymentMethod::Cash)).await
}
