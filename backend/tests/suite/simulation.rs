//! A shop under a seeded mix of shoppers, managers, time, retries and failures, with a simulated clock. After each step every
//! check of the audit holds. The seed decides everything; a failure names it, and
//! `TINDAHAN_SEED=7 make test-rust ARGS='-E "test(simulation)"'` plays that run again.

use std::sync::Arc;

use crate::support::{Folder, START, a_product, form, guest, items};
use backend::fulfilment::{self, Returned};
use backend::jobs;
use backend::{Shop, ShopConfig, inventory, order_management, payments};
use domain::Locale;
use domain::id::{CartId, LocationId, OrderId, ParcelId, RequestId, UserId, VariantId};
use domain::order::{CancelCause, Channel, PaymentMethod, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::permission::Role;
use domain::stock::StockReason;
use platform::clock::SimulatedClock;
use platform::db::DbError;
use platform::jobs::Handlers;
use platform::rng::SeededRng;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const STEPS: u32 = 500;

/// Runs in one test: two thousand steps with those that are played twice, or a hundred thousand in long mode.
fn seeds() -> Vec<u64> {
    if let Ok(seed) = std::env::var("TINDAHAN_SEED") {
        return vec![seed.parse().expect("TINDAHAN_SEED is a number")];
    }
    (0..if std::env::var("TINDAHAN_LONG").is_ok() { 100 } else { 1 }).collect()
}

struct World {
    shop: Shop,
    clock: Arc<SimulatedClock>,
    random: StdRng,
    variants: Vec<VariantId>,
    locations: Vec<LocationId>,
    carts: Vec<(CartId, String)>,
    orders: Vec<OrderId>,
    parcels: Vec<ParcelId>,
    handlers: Handlers<Shop>,
    _folder: Folder,
}

impl World {
    async fn new(url: String, folder: Folder, seed: u64) -> Self {
        let clock = Arc::new(SimulatedClock::at(START));
        let mut config = ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000");
        config.light_passwords = true;
        let shop = Shop::open_with(config.clone(), crate::support::adapters(&config), clock.clone(), Arc::new(SeededRng::new(seed)))
            .await
            .unwrap();
        crate::support::basics(&shop).await;
        let mut random = StdRng::seed_from_u64(seed);
        let mut variants = Vec::new();
        for _ in 0..4 {
            let product = a_product().at(random.random_range(1..50_000)).with_stock_in("WH-1", random.random_range(0..20));
            variants.push(product.with_stock_in("WH-2", random.random_range(0..8)).make(&shop).await);
        }
        let locations = shop.db().fetch_scalars::<LocationId>("select id from stock_locations order by position", &[]).await.unwrap();
        let mut handlers = Handlers::new();
        payments::register(&mut handlers);
        order_management::register(&mut handlers);
        jobs::observe(&mut handlers);
        Self {
            shop,
            clock,
            random,
            variants,
            locations,
            carts: Vec::new(),
            orders: Vec::new(),
            parcels: Vec::new(),
            handlers,
            _folder: folder,
        }
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> Option<T> {
        if from.is_empty() { None } else { Some(from[self.random.random_range(0..from.len())]) }
    }

    /// One action of a shopper or of staff. It may be refused, which is part of the simulation.
    async fn step(&mut self) -> String {
        let owner = platform::Context::staff(UserId(self.shop.id()), Role::Owner, RequestId(self.shop.id()));
        let (orders, parcels) = (self.orders.clone(), self.parcels.clone());
        match self.random.random_range(0..19) {
            0..=2 => {
                let many: Vec<_> = (0..self.random.random_range(1..4))
                    .map(|_| (self.variants[self.random.random_range(0..self.variants.len())], self.random.random_range(1..5)))
                    .collect();
                let code = self.random.random_bool(0.3).then(|| "TEN".to_owned());
                let cart = backend::cart::sync(&self.shop, &guest(&self.shop), Locale::En, Channel::Web, None, 0, items(&many), code)
                    .await
                    .unwrap();
                let key = format!("key-{:08}", self.random.random_range(0..100_000_000));
                self.carts.push((cart.id.unwrap(), key));
                "fill a cart".into()
            }
            3..=5 => {
                // An old cart with its old key is a retry.
                let Some((cart, key)) = (!self.carts.is_empty()).then(|| self.carts[self.random.random_range(0..self.carts.len())].clone())
                else {
                    return "nobody buys".into();
                };
                let method = if self.random.random_bool(0.5) { PaymentMethod::Card } else { PaymentMethod::Cod };
                let placed =
                    backend::checkout::place_order(&self.shop, &guest(&self.shop), Locale::En, Channel::Web, &key, form(cart, method))
                        .await;
                if let Ok(placed) = &placed
                    && !placed.replay
                {
                    self.orders.push(placed.order);
                }
                format!("buy: {:?}", placed.map(|p| p.replay))
            }
            6 => match self.pick(&orders) {
                Some(order) => {
                    let picked = fulfilment::pick(&self.shop, &owner, order).await;
                    self.parcels.extend(picked.iter().flatten());
                    format!("pick {order}: {:?}", picked.map(|p| p.len()))
                }
                None => "nothing to pick".into(),
            },
            7 => match self.pick(&parcels) {
                Some(parcel) => format!("pack: {:?}", fulfilment::pack(&self.shop, &owner, parcel).await),
                None => "nothing to pack".into(),
            },
            8 => match self.pick(&parcels) {
                Some(parcel) => format!("ship: {:?}", fulfilment::ship(&self.shop, &owner, parcel, "LBC", "1Z").await),
                None => "nothing to ship".into(),
            },
            9 => match self.pick(&parcels) {
                Some(parcel) => {
                    let received = self.random.random_bool(0.3).then(|| self.random.random_range(0..60_000));
                    format!("deliver for {received:?}: {:?}", fulfilment::deliver_for(&self.shop, &owner, parcel, received).await)
                }
                None => "nothing to deliver".into(),
            },
            10 => match self.pick(&orders) {
                Some(order) => format!("cancel: {:?}", order_management::cancel(&self.shop, &owner, order, "changed their mind").await),
                None => "nothing to cancel".into(),
            },
            11 => match self.pick(&orders) {
                Some(order) => {
                    let amount = self.random.random_range(1..60_000);
                    format!("refund {amount}: {:?}", payments::refund(&self.shop, &owner, order, amount, "broken").await)
                }
                None => "nothing to refund".into(),
            },
            12 => {
                let (variant, location) = (self.pick(&self.variants.clone()).unwrap(), self.pick(&self.locations.clone()).unwrap());
                let (delta, cost) = (self.random.random_range(-6..10), self.random.random_range(0..9_999_i64));
                let sql = "update variants set cost = $2 where id = $1";
                self.shop.db().write(async move |tx| tx.execute(sql, &[&variant, &cost]).await).await.unwrap();
                format!(
                    "adjust {delta}: {:?}",
                    inventory::adjust(&self.shop, &owner, variant, location, delta, StockReason::Count, "").await
                )
            }
            13 => match self.pick(&parcels) {
                Some(parcel) => format!("unpack: {:?}", fulfilment::unpack(&self.shop, &owner, parcel).await),
                None => "nothing to unpack".into(),
            },
            14 => match self.pick(&parcels) {
                Some(parcel) => {
                    let cause = *self.pick(&ReturnCause::ALL.iter().collect::<Vec<_>>()).unwrap();
                    let goods = *self.pick(&ReturnedItems::ALL.iter().collect::<Vec<_>>()).unwrap();
                    let money = *self.pick(&ReturnedMoney::ALL.iter().collect::<Vec<_>>()).unwrap();
                    let back = Returned { cause, items: goods, money, written_off: Vec::new(), note: String::new() };
                    format!("take back: {back:?}: {:?}", order_management::take_back(&self.shop, &owner, parcel, back.clone()).await)
                }
                None => "nothing comes back".into(),
            },
            15 => match self.pick(&orders) {
                Some(order) => format!("cancel the rest: {:?}", order_management::cancel_rest(&self.shop, &owner, order, "it broke").await),
                None => "no rest to cancel".into(),
            },
            16 => match self.pick(&orders) {
                Some(order) => {
                    let done = order_management::cancel_own(&self.shop, &guest(&self.shop), order, CancelCause::Mistake).await;
                    format!("the shopper cancels: {done:?}")
                }
                None => "no shopper cancels".into(),
            },
            17 => match self.pick(&orders) {
                Some(order) => {
                    let view = order_management::view(&self.shop, &owner, Locale::En, order).await.unwrap();
                    let line = view.lines[self.random.random_range(0..view.lines.len())].id;
                    let (units, fee) = (self.random.random_range(1..4), self.random.random_bool(0.5));
                    let done = order_management::cancel_units(&self.shop, &owner, order, vec![(line, units)], fee, "sold out").await;
                    format!("cancel {units} units: {done:?}")
                }
                None => "no units to cancel".into(),
            },
            _ => {
                self.clock.advance(self.random.random_range(1..40 * 60_000));
                let broken = self.shop.db().write(async |tx| {
                    tx.execute("update stock set available = 0", &[]).await?;
                    Err::<(), _>(DbError::Invariant("a failure in the middle of a change".into()))
                });
                assert!(broken.await.is_err());
                format!("time passes: {:?}", jobs::run_due(&self.shop, &self.handlers).await)
            }
        }
    }

    async fn play(mut self, seed: u64) -> String {
        let mut story = String::new();
        for n in 0..STEPS {
            let what = self.step().await;
            story.push_str(&what);
            story.push('\n');
            for check in backend::audit::run(&self.shop, &|_, _| {}).await.unwrap() {
                assert!(
                    check.failures.is_empty(),
                    "seed {seed}, step {n} ({what}) broke “{}”: {:?}; play it again with TINDAHAN_SEED={seed}",
                    check.name,
                    check.failures
                );
            }
        }
        self.shop.close().await;
        story
    }
}

async fn on_sqlite(seed: u64) -> String {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    World::new(url, folder, seed).await.play(seed).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_keeps_every_sum_on_sqlite() {
    for seed in seeds() {
        on_sqlite(seed).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulation_keeps_every_sum_on_postgres() {
    for seed in seeds() {
        World::new(crate::support::postgres_url().await, Folder::new(), seed + 1_000).await.play(seed + 1_000).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_seed_of_the_simulation_gives_the_same_day() {
    assert_eq!(on_sqlite(4_711).await, on_sqlite(4_711).await);
}
