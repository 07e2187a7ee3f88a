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
use platform::Context;
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
    (0..if std::env::var_os("TINDAHAN_LONG").is_some() { 100 } else { 1 }).collect()
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

/// What is done to an order.
#[derive(Clone, Copy, Debug)]
enum OrderStep {
    Pick,
    Cancel,
    Refund,
    CancelRest,
    /// By its shopper.
    CancelOwn,
    CancelUnits,
}

/// What is done to a parcel.
#[derive(Clone, Copy, Debug)]
enum ParcelStep {
    Pack,
    Ship,
    Deliver,
    Unpack,
    TakeBack,
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
        let owner = Context::staff(UserId(self.shop.id()), Role::Owner, RequestId(self.shop.id()));
        match self.random.random_range(0..19) {
            0..=2 => self.fill_a_cart().await,
            3..=5 => self.buy().await,
            6 => self.step_of_an_order(OrderStep::Pick, &owner).await,
            7 => self.step_of_a_parcel(ParcelStep::Pack, &owner).await,
            8 => self.step_of_a_parcel(ParcelStep::Ship, &owner).await,
            9 => self.step_of_a_parcel(ParcelStep::Deliver, &owner).await,
            10 => self.step_of_an_order(OrderStep::Cancel, &owner).await,
            11 => self.step_of_an_order(OrderStep::Refund, &owner).await,
            12 => self.adjust_stock(&owner).await,
            13 => self.step_of_a_parcel(ParcelStep::Unpack, &owner).await,
            14 => self.step_of_a_parcel(ParcelStep::TakeBack, &owner).await,
            15 => self.step_of_an_order(OrderStep::CancelRest, &owner).await,
            16 => self.step_of_an_order(OrderStep::CancelOwn, &owner).await,
            17 => self.step_of_an_order(OrderStep::CancelUnits, &owner).await,
            _ => self.let_time_pass().await,
        }
    }

    async fn fill_a_cart(&mut self) -> String {
        let many: Vec<_> = (0..self.random.random_range(1..4))
            .map(|_| (self.variants[self.random.random_range(0..self.variants.len())], self.random.random_range(1..5)))
            .collect();
        let code = self.random.random_bool(0.3).then(|| "TEN".to_owned());
        let cart =
            backend::cart::sync(&self.shop, &guest(&self.shop), Locale::En, Channel::Web, None, 0, items(&many), code).await.unwrap();
        let key = format!("key-{:08}", self.random.random_range(0..100_000_000));
        self.carts.push((cart.id.unwrap(), key));
        "fill a cart".into()
    }

    async fn buy(&mut self) -> String {
        // An old cart with its old key is a retry.
        let Some((cart, key)) = (!self.carts.is_empty()).then(|| self.carts[self.random.random_range(0..self.carts.len())].clone()) else {
            return "nobody buys".into();
        };
        let method = if self.random.random_bool(0.5) { PaymentMethod::Card } else { PaymentMethod::Cash };
        let placed =
            backend::checkout::place_order(&self.shop, &guest(&self.shop), Locale::En, Channel::Web, &key, form(cart, method)).await;
        if let Ok(placed) = &placed
            && !placed.replay
        {
            self.orders.push(placed.order);
        }
        format!("buy: {:?}", placed.map(|p| p.replay))
    }

    async fn step_of_an_order(&mut self, step: OrderStep, owner: &Context) -> String {
        let Some(order) = self.pick(&self.orders.clone()) else { return format!("no order to {step:?}") };
        let shop = self.shop.clone();
        match step {
            OrderStep::Pick => {
                let picked = fulfilment::pick(&shop, owner, order).await;
                self.parcels.extend(picked.iter().flatten());
                format!("pick {order}: {:?}", picked.map(|p| p.len()))
            }
            OrderStep::Cancel => format!("cancel: {:?}", order_management::cancel(&shop, owner, order, "changed their mind").await),
            OrderStep::Refund => {
                let amount = self.random.random_range(1..60_000);
                format!("refund {amount}: {:?}", payments::refund(&shop, owner, order, amount, "broken").await)
            }
            OrderStep::CancelRest => format!("cancel the rest: {:?}", order_management::cancel_rest(&shop, owner, order, "it broke").await),
            OrderStep::CancelOwn => {
                let done = order_management::cancel_own(&shop, &guest(&shop), order, CancelCause::Mistake).await;
                format!("the shopper cancels: {done:?}")
            }
            OrderStep::CancelUnits => {
                let view = order_management::view(&shop, owner, Locale::En, order).await.unwrap();
                let line = view.lines[self.random.random_range(0..view.lines.len())].id;
                let (units, fee) = (self.random.random_range(1..4), self.random.random_bool(0.5));
                let done = order_management::cancel_units(&shop, owner, order, vec![(line, units)], fee, "sold out").await;
                format!("cancel {units} units: {done:?}")
            }
        }
    }

    async fn step_of_a_parcel(&mut self, step: ParcelStep, owner: &Context) -> String {
        let Some(parcel) = self.pick(&self.parcels.clone()) else { return format!("no parcel to {step:?}") };
        let shop = self.shop.clone();
        match step {
            ParcelStep::Pack => format!("pack: {:?}", fulfilment::pack(&shop, owner, parcel).await),
            ParcelStep::Ship => format!("ship: {:?}", fulfilment::ship(&shop, owner, parcel, "LBC", "1Z").await),
            ParcelStep::Deliver => {
                let received = self.random.random_bool(0.3).then(|| self.random.random_range(0..60_000));
                format!("deliver for {received:?}: {:?}", fulfilment::deliver_for(&shop, owner, parcel, received).await)
            }
            ParcelStep::Unpack => format!("unpack: {:?}", fulfilment::unpack(&shop, owner, parcel).await),
            ParcelStep::TakeBack => {
                let cause = self.pick(&ReturnCause::ALL).unwrap();
                let items = self.pick(&ReturnedItems::ALL).unwrap();
                let money = self.pick(&ReturnedMoney::ALL).unwrap();
                let back = Returned { cause, items, money, written_off: Vec::new(), note: String::new() };
                format!("take back: {back:?}: {:?}", order_management::take_back(&shop, owner, parcel, back.clone()).await)
            }
        }
    }

    async fn adjust_stock(&mut self, owner: &Context) -> String {
        let (variant, location) = (self.pick(&self.variants.clone()).unwrap(), self.pick(&self.locations.clone()).unwrap());
        let (delta, cost) = (self.random.random_range(-6..10), self.random.random_range(0..9_999_i64));
        let sql = "update variants set cost = $2 where id = $1";
        self.shop.db().write(async move |tx| tx.execute(sql, &[&variant, &cost]).await).await.unwrap();
        let adjusted = inventory::adjust(&self.shop, owner, variant, location, delta, StockReason::Count, "").await;
        format!("adjust {delta}: {adjusted:?}")
    }

    /// Due jobs run; a change that fails in the middle leaves nothing.
    async fn let_time_pass(&mut self) -> String {
        self.clock.advance(self.random.random_range(1..40 * 60_000));
        let broken = self.shop.db().write(async |tx| {
            tx.execute("update stock set available = 0", &[]).await?;
            Err::<(), _>(DbError::Invariant("a failure in the middle of a change".into()))
        });
        assert!(broken.await.is_err());
        format!("time passes: {:?}", jobs::run_due(&self.shop, &self.handlers).await)
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
