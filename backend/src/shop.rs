//! [`Shop`]: everything a business function needs from outside. No globals.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use domain::Timestamp;
use uuid::Uuid;

use crate::catalog::ListingIndex;
use crate::content::ContentCache;
use crate::identity::{Cost, HashingQueue, SessionCache};
use crate::inventory::LowStockCache;
use crate::pricing::{QuoteCache, RulesCache};
use crate::search::{LazyIndex, PopularCache, SearchIndexes};
use crate::{PublicUrl, SCHEMA, accounting, cart, checkout, content, identity, order_management, orders, payments};
use platform::Context;
use platform::clock::{Clock, SystemClock};
use platform::db::{Backup, Db, DbError, Tx};
use platform::files::{Files, FilesAddress};
use platform::mail::Mailer;
use platform::rng::{Rng, SystemRng};
use platform::secrets::{Keyring, SecretsError};
use platform::settings::Settings;

#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where its API is: `http://127.0.0.1:4242`.
    pub url: String,
    pub secret_key: String,
    /// What its webhooks are signed with.
    pub webhook_secret: String,
    /// Its hosted page for a payment, with `{intent}` in it.
    pub pay_page: String,
}

/// How a shop is set up outside of its database.
#[derive(Clone, Debug)]
pub struct ShopConfig {
    /// `sqlite:shop.db` or `postgres://…`.
    pub database: String,
    /// Where the search index and the key are kept.
    pub data_dir: PathBuf,
    /// Where pictures are kept; `files` in the data folder at first.
    pub files: FilesAddress,
    /// The key file; `key` in the data folder when not given.
    pub key_file: Option<PathBuf>,
    /// Where shoppers reach the shop.
    pub public_url: PublicUrl,
    /// The mail server.
    pub smtp: Option<String>,
    /// The address that mails come from; the shop's contact address when not given.
    pub mail_from: Option<String>,
    pub gateway: Option<GatewayConfig>,
    /// May the demonstration's accounts, whose passwords are printed, sign in? For a demonstration on one's own machine alone.
    pub demo_accounts: bool,
    /// Whether a SQLite file with rows in it is copied before it is migrated.
    pub backup_before_migrating: bool,
    /// Lighter password hashing, for tests.
    pub light_passwords: bool,
}

impl ShopConfig {
    /// A shop in a folder, reached on this address.
    #[must_use]
    pub fn new(database: impl Into<String>, data_dir: impl Into<PathBuf>, public_url: impl Into<PublicUrl>) -> Self {
        let data_dir = data_dir.into();
        Self {
            database: database.into(),
            files: FilesAddress::Folder(data_dir.join("files")),
            data_dir,
            key_file: None,
            public_url: public_url.into(),
            smtp: None,
            mail_from: None,
            gateway: None,
            demo_accounts: false,
            backup_before_migrating: true,
            light_passwords: false,
        }
    }
}

/// Why a shop could not be opened; each message has the remedy.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{0}")]
    Db(#[from] DbError),
    #[error(transparent)]
    Keys(#[from] SecretsError),
    #[error("the data folder {0}: {1}")]
    Folder(PathBuf, std::io::Error),
}

/// What the shop needs from outside of it; the crate `adapters` opens them.
#[derive(Clone)]
pub struct Adapters {
    pub mailer: Mailer,
    /// Pictures, as they were uploaded and in the forms that are served.
    pub files: Files,
    /// Without one no cards are taken.
    pub gateway: Option<Arc<dyn payments::Gateway>>,
    pub search: Arc<dyn SearchIndexes>,
}

struct Inner {
    config: ShopConfig,
    db: Db,
    keyring: Keyring,
    settings: Settings,
    adapters: Adapters,
    passwords: HashingQueue,
    session_cache: SessionCache,
    rules_cache: RulesCache,
    quote_cache: Arc<QuoteCache>,
    low_stock_cache: LowStockCache,
    listings: ListingIndex,
    content_cache: ContentCache,
    search_index: LazyIndex,
    popular_cache: PopularCache,
    checkout: OnceLock<checkout::OrderBatcher>,
    carts: OnceLock<cart::CartBatcher>,
    cart_channels: cart::CartChannels,
    gateway_rate_limit: payments::GatewayRateLimit,
}

/// A running shop. Cloning it gives another handle to the same one.
#[derive(Clone)]
pub struct Shop(Arc<Inner>);

impl Shop {
    /// Opens the database, brings its schema and its chart of accounts up to date, gives a new one the templates of its pages, reads the key (or makes it), and keeps which
    /// account at the gateway it has.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open(config: ShopConfig, adapters: Adapters) -> Result<Self, OpenError> {
        Self::open_with(config, adapters, Arc::new(SystemClock), Arc::new(SystemRng)).await
    }

    /// The same with another clock and other randomness, for tests and the simulation.
    ///
    /// # Errors
    /// See [`OpenError`].
    pub async fn open_with(config: ShopConfig, adapters: Adapters, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Result<Self, OpenError> {
        let folder = |e| OpenError::Folder(config.data_dir.clone(), e);
        std::fs::create_dir_all(&config.data_dir).map_err(folder)?;
        let db = Db::open_with(&config.database, clock, rng).await?;
        db.migrate(&SCHEMA, if config.backup_before_migrating { Backup::Make } else { Backup::Skip }).await?;
        accounting::open_accounts(&db).await?;
        content::open_pages(&db).await?;
        let key_file = config.key_file.clone().unwrap_or_else(|| config.data_dir.join("key"));
        let keyring = Keyring::of_database(&db, &key_file, &SystemRng).await?;
        payments::open_gateway_account(&db, adapters.gateway.as_ref(), &keyring).await?;
        Self::with(config, adapters, db, keyring).await
    }

    /// Opens a shop that is there to look into it, also while it is served. Nothing can be written, and what is sealed stays sealed.
    ///
    /// # Errors
    /// See [`OpenError`] and [`Db::open_to_read`].
    pub async fn open_to_read(config: ShopConfig, adapters: Adapters) -> Result<Self, OpenError> {
        let db = Db::open_to_read(&config.database, &SCHEMA).await?;
        let mut none = [0; 32];
        SystemRng.fill(&mut none);
        Self::with(config, adapters, db, Keyring::from_bytes(&none)).await
    }

    async fn with(config: ShopConfig, adapters: Adapters, db: Db, keyring: Keyring) -> Result<Self, OpenError> {
        let cost = if config.light_passwords { Cost::Test } else { Cost::Full };
        let (session_cache, rules_cache, low_stock_cache) =
            (SessionCache::new(db.clock()), RulesCache::new(db.clock()), LowStockCache::new(db.clock()));
        let popular_cache = PopularCache::new(db.clock());
        let content_cache = ContentCache::new(db.clock());
        let quote_cache = Arc::new(QuoteCache::new(db.clock()));
        let shop = Self(Arc::new(Inner {
            config,
            db,
            keyring,
            settings: Settings::default(),
            adapters,
            passwords: HashingQueue::new(cost),
            session_cache,
            rules_cache,
            low_stock_cache,
            listings: ListingIndex::new(Arc::clone(&quote_cache)),
            quote_cache,
            content_cache,
            search_index: LazyIndex::default(),
            popular_cache,
            checkout: OnceLock::new(),
            carts: OnceLock::new(),
            cart_channels: cart::CartChannels::default(),
            gateway_rate_limit: payments::GatewayRateLimit::default(),
        }));
        crate::settings::load(&shop).await?;
        Ok(shop)
    }

    /// How it is set up.
    #[must_use]
    pub fn config(&self) -> &ShopConfig {
        &self.0.config
    }
    #[must_use]
    pub fn db(&self) -> &Db {
        &self.0.db
    }
    #[must_use]
    pub fn rng(&self) -> &Arc<dyn Rng> {
        self.0.db.rng()
    }
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.0.keyring
    }
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.0.adapters.files
    }
    #[must_use]
    pub fn mailer(&self) -> &Mailer {
        &self.0.adapters.mailer
    }
    pub(crate) fn gateway(&self) -> Option<&Arc<dyn payments::Gateway>> {
        self.0.adapters.gateway.as_ref()
    }
    #[must_use]
    pub fn listings(&self) -> &ListingIndex {
        &self.0.listings
    }
    pub(crate) fn content_cache(&self) -> &ContentCache {
        &self.0.content_cache
    }
    pub(crate) fn search_index(&self) -> &LazyIndex {
        &self.0.search_index
    }
    pub(crate) fn popular_cache(&self) -> &PopularCache {
        &self.0.popular_cache
    }
    pub(crate) fn search_indexes(&self) -> Arc<dyn SearchIndexes> {
        Arc::clone(&self.0.adapters.search)
    }
    pub(crate) fn passwords(&self) -> &HashingQueue {
        &self.0.passwords
    }
    pub(crate) fn session_cache(&self) -> &SessionCache {
        &self.0.session_cache
    }
    pub(crate) fn rules_cache(&self) -> &RulesCache {
        &self.0.rules_cache
    }
    pub(crate) fn quote_cache(&self) -> &QuoteCache {
        &self.0.quote_cache
    }
    pub(crate) fn low_stock_cache(&self) -> &LowStockCache {
        &self.0.low_stock_cache
    }
    /// Limits how often orders are fetched from the gateway.
    pub(crate) fn gateway_rate_limit(&self) -> &payments::GatewayRateLimit {
        &self.0.gateway_rate_limit
    }
    /// What follows a refund, in its transaction.
    pub(crate) fn when_refunded(&self) -> payments::WhenRefunded {
        |tx, order| Box::pin(order_management::release_when_refunded(tx, order))
    }
    /// What follows the proof of an account's address, in its transaction.
    pub(crate) fn when_email_proved(&self) -> identity::WhenEmailProved {
        |tx, user, email_hash| Box::pin(orders::give_guest_orders(tx, user, email_hash))
    }
    /// The batcher that places orders.
    pub(crate) fn order_batcher(&self) -> &checkout::OrderBatcher {
        self.0.checkout.get_or_init(|| checkout::order_batcher(self))
    }
    /// The batcher that changes carts.
    pub(crate) fn cart_batcher(&self) -> &cart::CartBatcher {
        self.0.carts.get_or_init(|| cart::cart_batcher(self))
    }
    pub(crate) fn cart_channels(&self) -> &cart::CartChannels {
        &self.0.cart_channels
    }
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.0.db.now()
    }
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.0.db.id()
    }
    /// A context for what the program does by itself.
    #[must_use]
    pub fn system(&self) -> Context {
        self.0.db.system()
    }
    /// Makes a change of this caller in one transaction, and returns after the commit; see [`Db::write_in`].
    ///
    /// # Errors
    /// What `work` returns, or the writer's own.
    pub async fn write<T, E, F>(&self, ctx: &Context, work: F) -> Result<T, E>
    where
        F: AsyncFn(&mut Tx) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        self.0.db.write_in(ctx, work).await
    }
    /// Finishes what is being written, and closes.
    pub async fn close(&self) {
        self.0.db.close().await;
    }
}
