//! The shop whose past is made, its clock, and what is going to happen in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backend::seed::{past, seed_for_past};
use backend::{Shop, ShopConfig, checkout, jobs, order_management};
use domain::id::{LocationId, OrderId, ParcelId, RequestId, UserId, VariantId};
use domain::permission::Role;
use domain::{Date, TimeZone, Timestamp};
use platform::Context;
use platform::clock::SimulatedClock;
use platform::jobs::Handlers;

use super::gateway::PastGateway;
use super::people::{Shopper, shoppers};
use super::random::{PastRng, Random};
use super::selling::{CardPlan, Goods, Sale};
use crate::support::Folder;

pub const MINUTE: i64 = 60_000;
pub const HOUR: i64 = 60 * MINUTE;
pub const ZONE: TimeZone = TimeZone::DEFAULT;

/// The demonstration's accounts, as `demo/shop.toml` has them.
pub const ACCOUNTS: [&str; 9] = [
    "owner@example.com",
    "manager@example.com",
    "clerk@example.com",
    "lorna.santos@example.com",
    "miguel.reyes@example.com",
    "ana.katigbak@example.com",
    "jun.abellana@example.com",
    "farida.macarambon@example.com",
    "grace.nguyen@example.com",
];

/// What happens at some moment. A sale is named by its place among all.
#[derive(Clone, Debug)]
pub enum Action {
    /// A day begins: who buys in it is drawn.
    Day(i64),
    Buy,
    CardPage(usize, CardPlan),
    /// Jobs that are due are done.
    Jobs,
    Night,
    ShopperCancels(usize),
    StaffCancel(usize),
    Shorten(usize),
    Pick(usize),
    Pack(ParcelId),
    Ship(usize, ParcelId),
    Deliver(usize, ParcelId),
    TakeBack(usize, ParcelId),
    CancelRest(usize),
    Refund(usize),
    RetryRefund(OrderId),
    BankDeclinesCapture,
    Restock,
    Count,
    WriteOff,
}

pub struct World {
    pub shop: Shop,
    pub clock: Arc<SimulatedClock>,
    pub gateway: Arc<PastGateway>,
    pub random: Random,
    pub shoppers: Vec<Shopper>,
    pub goods: Vec<Goods>,
    pub neglected: BTreeSet<VariantId>,
    pub sales: Vec<Sale>,
    /// Was a refund refused already?
    pub refused_once: bool,
    pub warehouse: LocationId,
    pub accounts: Vec<(UserId, &'static str)>,
    pub last_day: Date,
    /// The first day that is told, days before the last.
    pub days: i64,
    handlers: Handlers<Shop>,
    plan: BTreeMap<(Timestamp, usize), Action>,
    planned: usize,
    _folder: Folder,
}

impl World {
    /// A shop on its first day. Its clocks stand a second before.
    pub async fn new(days: i64) -> Self {
        let folder = Folder::new();
        // A Tuesday.
        let last_day = Date::parse("2026-11-24").unwrap();
        let begin = ZONE.start_of(last_day.plus_days(-days));
        let clock = Arc::new(SimulatedClock::at(begin.plus_millis(-1_000)));
        let mut config =
            ShopConfig::new(format!("sqlite:{}", folder.path().join("shop.db").display()), folder.path(), "http://127.0.0.1:3000");
        config.light_passwords = true;
        let gateway = Arc::new(PastGateway::new(clock.clone()));
        let adapters = backend::Adapters { gateway: Some(gateway.clone()), ..crate::support::adapters(&config) };
        let shop = Shop::open_with(config, adapters, clock.clone(), Arc::new(PastRng::new())).await.unwrap();
        seed_for_past(&shop, last_day).await.unwrap();
        let accounts = accounts(&shop).await;
        let mut random = Random::new(7);
        let shoppers = shoppers(&shop, &accounts, &mut random).await;
        let goods = Goods::read(&shop, &mut random).await;
        let neglected = goods.iter().filter(|goods| goods.opening == 0 || random.chance(130)).map(|goods| goods.variant).collect();
        let warehouse = shop.db().fetch_scalar("select id from stock_locations where code = 'WH-1'", &[]).await.unwrap();
        let mut world = Self {
            shop,
            clock,
            gateway,
            random,
            shoppers,
            goods,
            neglected,
            sales: Vec::new(),
            refused_once: false,
            warehouse,
            accounts,
            last_day,
            days,
            handlers: jobs::handlers(),
            plan: BTreeMap::new(),
            planned: 0,
            _folder: folder,
        };
        for day in -days..=0 {
            world.at(ZONE.start_of(last_day.plus_days(day)), Action::Day(day));
        }
        world
    }

    pub fn begin(&self) -> Timestamp {
        self.start_of(-self.days)
    }

    /// The first moment of a day, by its distance from the last.
    pub fn start_of(&self, day: i64) -> Timestamp {
        ZONE.start_of(self.last_day.plus_days(day))
    }

    /// The distance of the present day from the last.
    pub fn day(&self) -> i64 {
        ZONE.date(self.shop.now()).days() - self.last_day.days()
    }

    /// Plans what happens at a moment, to the second.
    pub fn at(&mut self, at: Timestamp, action: Action) {
        self.planned += 1;
        self.plan.insert((Timestamp::from_millis(at.millis() / 1_000 * 1_000), self.planned), action);
    }

    pub fn after(&mut self, millis: i64, action: Action) {
        self.at(self.shop.now().plus_millis(millis), action);
    }

    /// Lives until the first moment of a day, or until 8 in the morning of the last.
    pub async fn live(&mut self, until: Option<i64>) {
        let end = until.map_or_else(|| self.start_of(0).plus_millis(past::ENDS_MS), |day| self.start_of(day));
        while let Some(((at, _), action)) = self.plan.pop_first() {
            if at >= end {
                break;
            }
            self.clock.set(at);
            self.act(action).await;
        }
        self.clock.set(end);
    }

    async fn act(&mut self, action: Action) {
        match action {
            Action::Day(day) => self.plan_day(day),
            Action::Buy => self.buy().await,
            Action::CardPage(sale, plan) => self.card_page(sale, plan).await,
            Action::Jobs => drop(jobs::run_due(&self.shop, &self.handlers).await.unwrap()),
            Action::Night => {
                order_management::expire_cash(&self.shop).await.unwrap();
                checkout::open_order_limits::delete_closed(&self.shop).await.unwrap();
            }
            Action::ShopperCancels(sale) => self.shopper_cancels(sale).await,
            Action::StaffCancel(sale) => self.staff_cancel(sale).await,
            Action::Shorten(sale) => self.shorten(sale).await,
            Action::Pick(sale) => self.pick(sale).await,
            Action::Pack(parcel) => self.pack(parcel).await,
            Action::Ship(sale, parcel) => self.ship(sale, parcel).await,
            Action::Deliver(sale, parcel) => self.deliver(sale, parcel).await,
            Action::TakeBack(sale, parcel) => self.take_back(sale, parcel).await,
            Action::CancelRest(sale) => self.cancel_rest(sale).await,
            Action::Refund(sale) => self.refund(sale).await,
            Action::RetryRefund(order) => self.retry_refund(order).await,
            Action::BankDeclinesCapture => self.gateway.decline_capture(),
            Action::Restock => self.restock().await,
            Action::Count => self.count().await,
            Action::WriteOff => self.write_off().await,
        }
    }

    /// The next moment in which somebody works here, so much later: Monday to Saturday from half past 8 to 17 o'clock.
    pub fn working(&mut self, millis: i64) -> Timestamp {
        let at = self.shop.now().plus_millis(millis);
        let mut day = ZONE.date(at);
        let (opens, closes) = (8 * HOUR + 30 * MINUTE, 17 * HOUR);
        let so_far = at.millis() - ZONE.start_of(day).millis();
        if day.weekday() < 6 && (opens..closes).contains(&so_far) {
            return at;
        }
        if so_far >= closes || day.weekday() == 6 {
            day = day.plus_days(1);
        }
        if day.weekday() == 6 {
            day = day.plus_days(1);
        }
        ZONE.start_of(day).plus_millis(opens + self.random.range(0, 150) * MINUTE)
    }

    pub fn guest(&self) -> Context {
        Context::nobody(RequestId(self.shop.id()))
    }

    pub fn manager(&self) -> Context {
        Context::staff(self.accounts[1].0, Role::Manager, RequestId(self.shop.id()))
    }

    pub fn clerk(&self) -> Context {
        Context::staff(self.accounts[2].0, Role::Clerk, RequestId(self.shop.id()))
    }
}

async fn accounts(shop: &Shop) -> Vec<(UserId, &'static str)> {
    // Seeded in the order of the file, with ids that follow each other.
    let users: Vec<UserId> = shop.db().fetch_scalars("select id from users order by id", &[]).await.unwrap();
    assert_eq!(users.len(), ACCOUNTS.len());
    users.into_iter().zip(ACCOUNTS).collect()
}
