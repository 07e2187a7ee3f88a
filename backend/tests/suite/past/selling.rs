//! Who buys what and when, and how it is paid.

use backend::checkout::{self, CheckoutError};
use backend::{Shop, cart, order_management, payments};
use domain::Quantity;
use domain::id::{OrderId, PaymentId, VariantId};
use domain::order::{CancelCause, Channel, PaymentMethod};
use domain::view::{CartItem, CheckoutForm};

use super::gateway::Card;
use super::people::Where;
use super::random::Random;
use super::world::{Action, HOUR, MINUTE, World};

/// What is sold.
#[derive(Clone, Debug)]
pub struct Goods {
    pub variant: VariantId,
    pub price: i64,
    /// What there was at first.
    pub opening: i64,
    weight: i64,
}

impl Goods {
    pub async fn read(shop: &Shop, random: &mut Random) -> Vec<Self> {
        #[derive(platform::db::FromRow)]
        struct Row {
            variant: VariantId,
            price: i64,
            opening: i64,
        }
        let rows: Vec<Row> = shop
            .db()
            .fetch_all(
                "select v.id as variant, p.amount as price, cast(sum(s.on_hand) as bigint) as opening
                 from variants v join products d on d.id = v.product_id join prices p on p.variant_id = v.id join stock s on s.variant_id = v.id
                 where d.status = 'published' group by v.id, p.amount order by v.id",
                &[],
            )
            .await
            .unwrap();
        // What costs little is bought often, and some things are liked.
        let mut weight = |price: i64| (2_000_000 / (price + 15_000)).max(1) * random.range(1, 9);
        rows.into_iter()
            .map(|row| Self { variant: row.variant, price: row.price, opening: row.opening, weight: weight(row.price) })
            .collect()
    }
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Smooth,
    /// Refused at the door, or nobody is there.
    ComesBack {
        refused: bool,
        broken: bool,
    },
    ShopperCancels,
    StaffCancel,
    /// A unit cannot be found before it is sent.
    Short,
    /// A part is sent, the rest is not.
    RestCancelled,
    /// Something was broken: its price goes back.
    RefundedPart,
    RefundedWhole,
    /// The courier brings less cash than was due.
    CashShort,
}

/// What the shopper does on the gateway's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardPlan {
    Pays,
    DeclinedThenPays,
    DeclinedForGood,
    AsksThenPays,
    Leaves,
    ThenCash,
}

#[derive(Clone, Debug)]
pub struct Sale {
    pub order: OrderId,
    pub lives: Where,
    pub express: bool,
    pub card: bool,
    pub outcome: Outcome,
}

/// Orders a day at first; their number grows.
const ORDERS: i64 = 17;
/// In a thousand of a usual day, Monday first.
const WEEK: [i64; 7] = [900, 850, 880, 960, 1_120, 1_300, 1_150];
/// Of the hours from midnight, how many of the day's orders come in each.
const HOURS: [i64; 24] = [4, 2, 1, 1, 1, 3, 9, 20, 38, 52, 60, 62, 58, 44, 40, 42, 44, 46, 52, 70, 92, 98, 72, 30];
/// The campaign and the payday, by their distance from the last day, with in a thousand of a usual day how many buy.
const PEAKS: [(i64, i64); 6] = [(-34, 2_900), (-33, 1_900), (-20, 1_500), (-19, 1_350), (-5, 2_300), (-4, 1_700)];

impl World {
    pub fn plan_day(&mut self, day: i64) {
        let start = self.start_of(day);
        self.plan_staff(day);
        if day == 0 {
            // The morning that has been sold when the manager comes.
            for minute in [14, 41, 97, 318, 372, 395, 407, 431, 444, 452, 466] {
                let second = self.random.range(0, 59);
                self.at(start.plus_millis(minute * MINUTE + second * 1_000), Action::Buy);
            }
            return;
        }
        let peak = PEAKS.iter().find(|(at, _)| *at == day).map_or(1_000, |(_, often)| *often);
        let week = WEEK[self.last_day.plus_days(day).weekday()];
        let growth = 1_000 + (91 + day) * 5;
        let orders = ORDERS * peak / 1_000 * week / 1_000 * growth / 1_000 + self.random.range(-2, 2);
        for _ in 0..orders.max(3) {
            let hour = i64::try_from(self.random.weighted(&HOURS)).unwrap();
            let at = hour * HOUR + self.random.range(0, HOUR / 1_000 - 1) * 1_000;
            self.at(start.plus_millis(at), Action::Buy);
        }
    }

    /// Somebody fills a cart and orders it.
    pub async fn buy(&mut self) {
        let weights: Vec<i64> = self.shoppers.iter().map(|shopper| shopper.weight).collect();
        let who = self.random.weighted(&weights);
        let (items, subtotal) = self.choose().await;
        if items.is_empty() {
            return;
        }
        let shopper = self.shoppers[who].clone();
        let code = self.code(shopper.orders, subtotal);
        let ctx = match shopper.user {
            Some(user) => platform::Context::customer(user, domain::id::RequestId(self.shop.id())),
            None => self.guest(),
        };
        let cart = cart::sync(&self.shop, &ctx, shopper.locale, Channel::Web, None, 0, items, code).await.unwrap();
        let express = self.random.chance(190);
        let card = shopper.lives == Where::Abroad || subtotal > 1_800_000 || self.is_last_of_the_morning() || self.random.chance(430);
        let form = CheckoutForm {
            cart: cart.id.unwrap(),
            contact: shopper.contact.clone(),
            delivery_address: shopper.address.clone(),
            billing_address: shopper.billing.clone(),
            delivery: delivery(shopper.lives, express, &mut self.random).to_owned(),
            gift_note: String::new(),
            payment: if card { PaymentMethod::Card } else { PaymentMethod::Cash },
            seen_total: None,
        };
        let key = format!("past-{:016x}", self.random.next());
        match checkout::place_order(&self.shop, &ctx, shopper.locale, Channel::Web, &key, form).await {
            Ok(placed) => {
                self.shoppers[who].orders += 1;
                let outcome = self.outcome(card);
                self.sales.push(Sale { order: placed.order, lives: shopper.lives, express, card, outcome });
                self.bought(self.sales.len() - 1);
            }
            // Too many of their orders are unpaid, or another was faster.
            Err(CheckoutError::OutOfStock(_) | CheckoutError::Invalid(_)) => {}
            Err(error) => panic!("{shopper:?}: {error}"),
        }
    }

    /// One to five lines of what is there, and what they cost.
    async fn choose(&mut self) -> (Vec<CartItem>, i64) {
        #[derive(platform::db::FromRow)]
        struct Row {
            variant: VariantId,
            units: i64,
        }
        let sql = "select variant_id as variant, cast(sum(available) as bigint) as units from stock group by variant_id";
        let there: Vec<Row> = self.shop.db().fetch_all(sql, &[]).await.unwrap();
        let there: std::collections::HashMap<VariantId, i64> = there.into_iter().map(|row| (row.variant, row.units)).collect();
        let mut weights: Vec<i64> =
            self.goods.iter().map(|goods| if there.get(&goods.variant).copied().unwrap_or(0) > 0 { goods.weight } else { 0 }).collect();
        let (mut items, mut subtotal) = (Vec::new(), 0);
        for _ in 0..=self.random.weighted(&[38, 30, 18, 9, 5]) {
            if weights.iter().all(|weight| *weight == 0) {
                break;
            }
            let chosen = self.random.weighted(&weights);
            weights[chosen] = 0;
            let (variant, price) = (self.goods[chosen].variant, self.goods[chosen].price);
            let units = [1, 2, 3, 6][self.random.weighted(&[68, 22, 7, 3])].min(there[&variant]);
            subtotal += units * price;
            items.push(CartItem { variant, quantity: Quantity::new(units).unwrap(), seen_price: 0 });
        }
        (items, subtotal)
    }

    fn code(&mut self, orders: usize, subtotal: i64) -> Option<String> {
        let is_campaign = (-34..=-33).contains(&self.day());
        let codes = [
            ("BARKADA20", subtotal >= 500_000, 600),
            ("FIESTA150", subtotal >= 120_000, if is_campaign { 750 } else { 60 }),
            ("WELCOME10", orders == 0, 280),
        ];
        let used = codes.into_iter().find(|(_, is_valid, often)| *is_valid && self.random.chance(*often));
        used.map(|(code, ..)| code.to_owned())
    }

    fn outcome(&mut self, card: bool) -> Outcome {
        let [comes_back, part, whole, short_cash] = if card { [12, 34, 12, 0] } else { [62, 6, 3, 6] };
        // Not mentioned is that all goes well.
        let all = [comes_back, 28, 16, 16, 10, part, whole, short_cash];
        let smooth = 1_000 - all.iter().sum::<i64>();
        let n = self.random.weighted(&[&all[..], &[smooth]].concat());
        match n {
            0 => Outcome::ComesBack { refused: !card || self.random.chance(300), broken: self.random.chance(120) },
            1 => Outcome::ShopperCancels,
            2 => Outcome::StaffCancel,
            3 => Outcome::Short,
            4 => Outcome::RestCancelled,
            5 => Outcome::RefundedPart,
            6 => Outcome::RefundedWhole,
            7 => Outcome::CashShort,
            _ => Outcome::Smooth,
        }
    }

    /// An order was placed: it is paid by card, or is good as it is.
    fn bought(&mut self, sale: usize) {
        if !self.sales[sale].card {
            return self.secured(sale);
        }
        let plans = [
            CardPlan::Pays,
            CardPlan::DeclinedThenPays,
            CardPlan::DeclinedForGood,
            CardPlan::AsksThenPays,
            CardPlan::Leaves,
            CardPlan::ThenCash,
        ];
        let mut plan = plans[self.random.weighted(&[790, 60, 32, 45, 53, 20])];
        if self.is_last_of_the_morning() {
            plan = [CardPlan::Leaves, CardPlan::DeclinedForGood][self.sales.len() % 2];
        }
        let typing = self.random.range(50, 420) * 1_000;
        self.after(typing, Action::CardPage(sale, plan));
        self.after(payments::UNPAID_FOR_MS + 1_000, Action::Jobs);
    }

    /// The shopper is at the gateway's page.
    pub async fn card_page(&mut self, sale: usize, plan: CardPlan) {
        let order = self.sales[sale].order;
        let payment = self.payment(order).await;
        let card = match plan {
            CardPlan::Pays => Card::Approved,
            CardPlan::DeclinedThenPays | CardPlan::DeclinedForGood | CardPlan::ThenCash => Card::Declined,
            CardPlan::AsksThenPays => Card::Asks,
            CardPlan::Leaves => return,
        };
        self.gateway.pay(payment, card);
        payments::sync(&self.shop, order).await.unwrap();
        match plan {
            CardPlan::Pays => self.secured(sale),
            CardPlan::DeclinedThenPays | CardPlan::AsksThenPays => self.after(100_000, Action::CardPage(sale, CardPlan::Pays)),
            CardPlan::ThenCash => {
                // Where cash is taken.
                if checkout::pay_in_cash(&self.shop, &self.guest(), order).await.is_ok() {
                    self.sales[sale].card = false;
                    self.secured(sale);
                }
            }
            CardPlan::DeclinedForGood | CardPlan::Leaves => {}
        }
    }

    /// The last orders before the manager comes are still to be paid.
    fn is_last_of_the_morning(&self) -> bool {
        self.shop.now() >= self.start_of(0).plus_millis(440 * MINUTE)
    }

    async fn payment(&self, order: OrderId) -> PaymentId {
        let sql = "select id from payments where order_id = $1 order by attempt desc limit 1";
        self.shop.db().fetch_scalar(sql, &[&order]).await.unwrap()
    }

    /// The order is paid, or will be at the door: what becomes of it begins.
    fn secured(&mut self, sale: usize) {
        match self.sales[sale].outcome {
            Outcome::ShopperCancels => {
                let wait = self.random.range(8, 130) * MINUTE;
                self.after(wait, Action::ShopperCancels(sale));
                // Unless it is packed by then.
                self.plan_picking(sale);
            }
            Outcome::StaffCancel => {
                let at = self.working(2 * HOUR);
                self.at(at, Action::StaffCancel(sale));
            }
            Outcome::Short => {
                let at = self.working(HOUR);
                self.at(at, Action::Shorten(sale));
            }
            _ => self.plan_picking(sale),
        }
    }

    pub async fn shopper_cancels(&mut self, sale: usize) {
        let cause = *self.random.pick(&[
            CancelCause::ChangedMind,
            CancelCause::ChangedMind,
            CancelCause::Mistake,
            CancelCause::TooLong,
            CancelCause::Unsaid,
        ]);
        // Too late when it is packed.
        let _ = order_management::cancel_own(&self.shop, &self.guest(), self.sales[sale].order, cause).await;
        self.after(6_000, Action::Jobs);
    }

    pub async fn staff_cancel(&mut self, sale: usize) {
        let reason = *self.random.pick(&[
            "The shopper asked for it on the telephone",
            "Ordered twice, the other one is sent",
            "No courier goes to this island before next month",
            "The telephone number is wrong, nobody answers mails",
        ]);
        order_management::cancel(&self.shop, &self.manager(), self.sales[sale].order, reason).await.unwrap();
        self.after(6_000, Action::Jobs);
    }
}

fn delivery(lives: Where, express: bool, random: &mut Random) -> &'static str {
    match (lives, express) {
        (Where::Ncr, true) => random.pick::<&str>(&["same-day-ncr", "same-day-ncr", "express"]),
        (Where::Ncr, false) => "standard-ncr",
        (Where::Abroad, true) => "international-courier",
        (Where::Abroad, false) => "international-post",
        (_, true) => "express",
        (Where::Luzon, false) => "standard-luzon",
        (Where::Visayas, false) => "standard-visayas",
        (Where::Mindanao, false) => "standard-mindanao",
    }
}
