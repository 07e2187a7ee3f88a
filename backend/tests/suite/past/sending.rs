//! What staff do with orders: picked, packed, sent, delivered, taken back, refunded.

use backend::fulfilment::{self, FulfilmentError, Returned};
use backend::order_management::{self, OrderChangeError, refusals};
use backend::payments::{self, PaymentError};
use domain::Locale;
use domain::credit::CreditRequest;
use domain::id::{OrderId, ParcelId, RefusalId};
use domain::order::{ReturnCause, ReturnedItems, ReturnedMoney};

use super::people::Where;
use super::selling::Outcome;
use super::world::{Action, HOUR, MINUTE, World, ZONE};

impl World {
    /// Picked in the next working hours, or on the next day when there is much to do.
    pub fn plan_picking(&mut self, sale: usize) {
        let busy = if self.random.chance(90) { 20 } else { 0 };
        let wait = self.random.range(40, 200) * MINUTE + busy * HOUR;
        let at = self.working(wait);
        self.at(at, Action::Pick(sale));
    }

    pub async fn pick(&mut self, sale: usize) {
        let (order, outcome) = (self.sales[sale].order, self.sales[sale].outcome);
        let picked = if outcome == Outcome::RestCancelled && !self.has_parcels(order).await {
            // All but the last line, where there are several.
            let mut lines = self.lines(order).await;
            lines.pop();
            fulfilment::pick_lines(&self.shop, &self.clerk(), order, lines).await
        } else {
            fulfilment::pick(&self.shop, &self.clerk(), order).await
        };
        match picked {
            Ok(parcels) => {
                for parcel in parcels {
                    let wait = self.random.range(15, 95) * MINUTE;
                    let usual = self.working(wait);
                    let packed = if self.is_left_for_the_last_day(sale) { self.start_of(0).plus_millis(9 * HOUR) } else { usual };
                    self.at(packed, Action::Pack(parcel));
                    let pickup = self.pickup(packed.millis());
                    self.at(pickup, Action::Ship(sale, parcel));
                }
                if outcome == Outcome::RestCancelled {
                    let at = self.working(26 * HOUR);
                    self.at(at, Action::CancelRest(sale));
                }
            }
            // Cancelled, or given back, meanwhile.
            Err(FulfilmentError::Cancelled | FulfilmentError::Unpaid | FulfilmentError::NothingToPick) => {}
            Err(error) => panic!("{order} was not picked: {error}"),
        }
    }

    /// Every second order that is picked on the last whole day from eleven on is found in the morning as it was left: not packed yet.
    fn is_left_for_the_last_day(&self, sale: usize) -> bool {
        self.shop.now() > self.start_of(-1).plus_millis(11 * HOUR) && sale.is_multiple_of(2)
    }

    /// The courier comes at half past four, and a second time in the morning for what was packed later: on the last whole day from one on.
    fn pickup(&mut self, packed: i64) -> domain::Timestamp {
        let mut day = ZONE.date(domain::Timestamp::from_millis(packed));
        let comes = 16 * HOUR + 30 * MINUTE;
        let is_for_the_morning = packed > self.start_of(-1).plus_millis(13 * HOUR).millis();
        if is_for_the_morning || packed > ZONE.start_of(day).plus_millis(comes).millis() {
            day = day.plus_days(1);
        }
        if day.weekday() == 6 {
            day = day.plus_days(1);
        }
        ZONE.start_of(day).plus_millis(comes + self.random.range(0, 900) * 1_000)
    }

    pub async fn pack(&mut self, parcel: ParcelId) {
        match fulfilment::pack(&self.shop, &self.clerk(), parcel).await {
            // Its shopper was faster.
            Ok(()) | Err(FulfilmentError::Step { .. }) => {}
            Err(error) => panic!("{parcel} was not packed: {error}"),
        }
    }

    pub async fn ship(&mut self, sale: usize, parcel: ParcelId) {
        let (lives, express) = (self.sales[sale].lives, self.sales[sale].express);
        let courier = match (lives, express) {
            (Where::Ncr, true) => "Own rider",
            (Where::Abroad, false) => "International post",
            (Where::Abroad, true) => "Globo Air Courier",
            (_, true) => "Agila Air Cargo",
            (_, false) => "Bilis Padala",
        };
        let tracking = if courier == "Own rider" { String::new() } else { format!("BP{:010}", self.random.range(1, 9_999_999_999)) };
        match fulfilment::ship(&self.shop, &self.clerk(), parcel, courier, &tracking).await {
            Ok(()) => {}
            Err(FulfilmentError::Step { .. } | FulfilmentError::Cancelled | FulfilmentError::Unpaid) => return,
            Err(error) => panic!("{parcel} was not sent: {error}"),
        }
        self.after(6_000, Action::Jobs);
        let days = match (lives, express) {
            (Where::Ncr, true) => self.random.range(0, 1),
            (Where::Ncr, false) => self.random.range(1, 3),
            (Where::Luzon, false) => self.random.range(2, 5),
            (Where::Abroad, true) => self.random.range(4, 8),
            (Where::Abroad, false) => self.random.range(9, 22),
            (_, false) => self.random.range(3, 7),
            (_, true) => self.random.range(1, 3),
        };
        let minute = if days == 0 { self.random.range(17 * 60 + 10, 20 * 60) } else { self.random.range(9 * 60, 18 * 60) };
        let day = ZONE.date(self.shop.now()).plus_days(days);
        let at = ZONE.start_of(day).plus_millis(minute * MINUTE);
        match self.sales[sale].outcome {
            Outcome::ComesBack { .. } => {
                let back = self.random.range(2, 5);
                self.at(ZONE.start_of(day.plus_days(back)).plus_millis(minute * MINUTE), Action::TakeBack(sale, parcel));
            }
            _ => self.at(at, Action::Deliver(sale, parcel)),
        }
    }

    pub async fn deliver(&mut self, sale: usize, parcel: ParcelId) {
        let (order, outcome) = (self.sales[sale].order, self.sales[sale].outcome);
        let clerk = self.clerk();
        let view = order_management::view(&self.shop, &clerk, Locale::En, order).await.unwrap();
        let due = view.total.minor - view.waived.minor - view.captured.minor;
        let delivered = if outcome == Outcome::CashShort && due > 20_000 {
            fulfilment::deliver_for(&self.shop, &clerk, parcel, Some(due / 10_000 * 10_000)).await
        } else {
            fulfilment::deliver(&self.shop, &clerk, parcel).await
        };
        if let Err(error) = delivered {
            panic!("{parcel} was not delivered: {error}");
        }
        if matches!(outcome, Outcome::RefundedPart | Outcome::RefundedWhole) {
            let wait = self.random.range(20, 90) * HOUR;
            let at = self.working(wait);
            self.at(at, Action::Refund(sale));
        }
    }

    pub async fn take_back(&mut self, sale: usize, parcel: ParcelId) {
        let Outcome::ComesBack { refused, broken } = self.sales[sale].outcome else { return };
        let back = Returned {
            cause: if refused { ReturnCause::Refused } else { ReturnCause::Undeliverable },
            items: if broken { ReturnedItems::WriteOff } else { ReturnedItems::Restock },
            money: ReturnedMoney::Refund,
            written_off: Vec::new(),
            note: match (refused, broken) {
                (_, true) => "The box was wet, nothing in it can be sold".to_owned(),
                (true, false) => "Nobody had the cash at the door".to_owned(),
                (false, false) => "Three tries, the gate was locked".to_owned(),
            },
        };
        order_management::take_back(&self.shop, &self.manager(), parcel, back).await.unwrap();
        self.after(6_000, Action::Jobs);
    }

    /// A unit of the last line is not there: it is cancelled before the rest is sent.
    pub async fn shorten(&mut self, sale: usize) {
        let order = self.sales[sale].order;
        let lines = self.lines(order).await;
        let is_all = lines.iter().map(|(_, units)| units).sum::<i64>() == 1;
        if let (false, Some((line, _))) = (is_all, lines.last()) {
            let reason = "One is missing on the shelf, and none comes this month";
            match order_management::cancel_units(&self.shop, &self.manager(), order, vec![(*line, 1)], false, reason).await {
                Ok(()) | Err(OrderChangeError::Payment(_)) => {}
                Err(error) => panic!("{order} was not shortened: {error}"),
            }
        }
        self.plan_picking(sale);
    }

    pub async fn cancel_rest(&mut self, sale: usize) {
        let order = self.sales[sale].order;
        let view = order_management::view(&self.shop, &self.manager(), Locale::En, order).await.unwrap();
        if view.cancelled.is_some() {
            return;
        }
        match order_management::cancel_rest(&self.shop, &self.manager(), order, "The last one broke while it was packed").await {
            // All of it left with the first parcel.
            Ok(()) | Err(OrderChangeError::Units | OrderChangeError::Sent | OrderChangeError::NotCaptured) => {}
            Err(error) => panic!("the rest of {order} was not cancelled: {error}"),
        }
        self.after(6_000, Action::Jobs);
    }

    pub async fn refund(&mut self, sale: usize) {
        let (order, outcome) = (self.sales[sale].order, self.sales[sale].outcome);
        // Once the money was not there: staff try again on the next day.
        if (-24..-10).contains(&self.day()) && self.sales[sale].card && !self.refused_once {
            self.refused_once = true;
            self.gateway.refuse_refund();
            self.after(22 * HOUR, Action::RetryRefund(order));
        }
        let (wanted, reason) = if outcome == Outcome::RefundedWhole {
            let view = order_management::view(&self.shop, &self.manager(), Locale::En, order).await.unwrap();
            (CreditRequest::from(view.captured.minor - view.refunded.minor), "All of it was another size than on its page")
        } else {
            let lines = self.lines(order).await.into_iter().take(1).map(|(line, _)| (line, 1)).collect();
            (CreditRequest { lines, ..CreditRequest::default() }, "Arrived with a crack, the photograph is in the mail")
        };
        // Any other error is that of a second parcel, or of units that were never sent: it has been refunded, or there is nothing.
        if let Err(error @ (PaymentError::Db(_) | PaymentError::Books(_) | PaymentError::Forbidden(_))) =
            payments::refund(&self.shop, &self.manager(), order, wanted, reason).await
        {
            panic!("{order} was not refunded: {error}")
        }
    }

    pub async fn retry_refund(&mut self, order: OrderId) {
        let open = "select id from refusals where order_id = $1 and ended_at is null";
        let refusal: Option<RefusalId> = self.shop.db().fetch_optional_scalar(open, &[&order]).await.unwrap();
        if let Some(refusal) = refusal {
            refusals::retry(&self.shop, &self.manager(), refusal).await.unwrap();
        }
    }

    async fn has_parcels(&self, order: OrderId) -> bool {
        let sql = "select count(*) from parcels where order_id = $1";
        self.shop.db().fetch_scalar::<i64>(sql, &[&order]).await.unwrap() > 0
    }

    /// The lines of an order with their units.
    async fn lines(&self, order: OrderId) -> Vec<(domain::id::OrderLineId, i64)> {
        let view = order_management::view(&self.shop, &self.manager(), Locale::En, order).await.unwrap();
        view.lines.iter().map(|line| (line.id, line.quantity)).collect()
    }
}
