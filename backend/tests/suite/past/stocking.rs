//! What staff do with the stock: it is received, counted, written off.

use backend::inventory::{self, InventoryError};
use domain::id::VariantId;
use domain::stock::StockReason;

use super::world::{Action, HOUR, MINUTE, World};

/// What is left when more is ordered from the maker.
const REORDER_AT: i64 = 9;
/// For so many days nothing came of what is neglected.
const NEGLECTED_DAYS: i64 = 24;

impl World {
    pub fn plan_staff(&mut self, day: i64) {
        let (start, weekday) = (self.start_of(day), self.last_day.plus_days(day).weekday());
        self.at(start.plus_millis(3 * HOUR), Action::Night);
        match weekday {
            0 | 3 => self.at(start.plus_millis(9 * HOUR + 20 * MINUTE), Action::Restock),
            2 => self.at(start.plus_millis(14 * HOUR), Action::WriteOff),
            5 => self.at(start.plus_millis(16 * HOUR + 50 * MINUTE), Action::Count),
            _ => {}
        }
        if day == -1 {
            self.at(start.plus_millis(16 * HOUR + 20 * MINUTE), Action::BankDeclinesCapture);
        }
    }

    pub async fn restock(&mut self) {
        #[derive(platform::db::FromRow)]
        struct Row {
            variant: VariantId,
            units: i64,
        }
        let sql =
            "select variant_id as variant, cast(sum(available) as bigint) as units from stock group by variant_id order by variant_id";
        let there: Vec<Row> = self.shop.db().fetch_all(sql, &[]).await.unwrap();
        for Row { variant, units } in there {
            let is_late = self.day() > -NEGLECTED_DAYS || self.goods.iter().any(|goods| goods.variant == variant && goods.opening == 0);
            if units > REORDER_AT
                || !self.goods.iter().any(|goods| goods.variant == variant)
                || (is_late && self.neglected.contains(&variant))
            {
                continue;
            }
            let delta = self.random.range(3, 9) * 6;
            self.adjust(variant, delta, StockReason::Received, "").await;
        }
    }

    pub async fn count(&mut self) {
        for _ in 0..3 {
            let variant = self.random.pick(&self.goods).variant;
            let delta = *self.random.pick(&[-2, -1, -1, 1, 2]);
            self.adjust(variant, delta, StockReason::Count, "Counted on Saturday").await;
        }
    }

    pub async fn write_off(&mut self) {
        let variant = self.random.pick(&self.goods).variant;
        let note = *self.random.pick(&["Fell from the shelf", "A mouse was here", "The glaze cracked in the box"]);
        self.adjust(variant, -1, StockReason::Damaged, note).await;
    }

    async fn adjust(&self, variant: VariantId, delta: i64, reason: StockReason, note: &str) {
        match inventory::adjust(&self.shop, &self.clerk(), variant, self.warehouse, delta, reason, note).await {
            // All that is there is promised.
            Ok(()) | Err(InventoryError::NotEnough { .. }) => {}
            Err(error) => panic!("{variant} was not adjusted by {delta}: {error}"),
        }
    }
}
