//! What stock costs and is worth, and which locations serve which orders; on both databases.

use crate::support::outside::{assert_sound, clerk, owner};
use crate::support::{TestShop, a_product, both, number, place};
use backend::checkout::CheckoutError;
use backend::fulfilment::{self, Returned};
use backend::inventory::{self, InventoryError, events::LocationChanged};
use backend::order_management;
use backend::pricing::PricingError;
use domain::Locale;
use domain::id::{ApiKeyId, LocationId, OrderId, OrderLineId, ParcelId, RequestId, VariantId};
use domain::order::{Channel, LocationKind, ReturnCause, ReturnedItems, ReturnedMoney};
use domain::permission::Permission;
use domain::stock::StockReason;
use domain::view::{LocationAddress, LocationDraft, PageAt};
use platform::Context;
use platform::events::Event;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const VALUE: &str = "select cast(sum(value) as bigint) from stock";
const ACCOUNT: &str = "select coalesce(cast(sum(amount) as bigint), 0) from postings where account = 'inventory'";
const SOLD: &str = "select coalesce(cast(sum(amount) as bigint), 0) from postings where account = 'cost_of_goods_sold'";
const LAYERS: &str = "select cast(sum(remaining) as bigint) from stock_layers";
const ON_HAND: &str = "select cast(sum(on_hand) as bigint) from stock";

async fn cost(shop: &TestShop, variant: VariantId, cost: i64) {
    let sql = "update variants set cost = $2 where id = $1";
    shop.db().write(async move |tx| tx.execute(sql, &[&variant, &cost]).await).await.unwrap();
}

async fn location(shop: &TestShop, code: &str) -> LocationId {
    shop.db().fetch_scalar("select id from stock_locations where code = $1", &[&code]).await.unwrap()
}

async fn adjust(shop: &TestShop, variant: VariantId, delta: i64) {
    inventory::adjust(shop, &owner(shop), variant, location(shop, "WH-1").await, delta, StockReason::Count, "").await.unwrap();
}

async fn sent(shop: &TestShop, order: OrderId) -> ParcelId {
    let parcel = fulfilment::pick(shop, &clerk(shop), order).await.unwrap()[0];
    fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
    fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
    parcel
}

fn back(items: ReturnedItems) -> Returned {
    Returned { cause: ReturnCause::Refused, items, written_off: Vec::new(), money: ReturnedMoney::Refund, note: String::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_worth_no_more_than_can_be_added_up() {
    both(async |shop| {
        let place = location(shop, "WH-1").await;
        for _ in 0..2 {
            let variant = a_product().make(shop).await;
            cost(shop, variant, 1_000_000_000_000).await;
            adjust(shop, variant, 9_000).await;
            let more = inventory::adjust(shop, &owner(shop), variant, place, 1, StockReason::Count, "").await;
            assert!(matches!(more, Err(InventoryError::Worth)), "{more:?}");
            cost(shop, variant, 0).await;
            adjust(shop, variant, 1).await;
            adjust(shop, variant, -1).await;
        }
        assert_sound(shop).await;
        // The audit adds up what passes 64 bits.
        let sql = "update stock set value = 9000000000000000000";
        shop.db().write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
        let checks = backend::audit::run(shop, &|_, _| {}).await.unwrap();
        let check = checks.iter().find(|check| check.name == "the account of the stock is its value").unwrap();
        assert_eq!(check.failures.len(), 1, "{check:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edited_cost_leaves_the_value_of_the_stock_as_it_is() {
    both(async |shop| {
        let variant = a_product().with_stock(10).make(shop).await;
        cost(shop, variant, 15_000).await;
        assert_eq!((number(shop, VALUE).await, number(shop, ACCOUNT).await), (40_000, 40_000));
        let placed = place(shop, &[(variant, 10)]).await.unwrap();
        sent(shop, placed.order).await;
        assert_eq!((number(shop, VALUE).await, number(shop, ACCOUNT).await, number(shop, SOLD).await), (0, 0, 40_000));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_leave_at_the_moving_average_and_out_of_the_oldest_layer() {
    both(async |shop| {
        let variant = a_product().with_stock(1).make(shop).await;
        cost(shop, variant, 4_001).await;
        adjust(shop, variant, 2).await;
        assert_eq!(number(shop, VALUE).await, 12_002);
        adjust(shop, variant, -2).await;
        // 12,002 for three units: two of them are 8,001.33.
        assert_eq!((number(shop, VALUE).await, number(shop, ACCOUNT).await), (4_001, 4_001));
        let layers: Vec<i64> = shop.db().fetch_scalars("select remaining from stock_layers order by received_at, id", &[]).await.unwrap();
        assert_eq!(layers, [0, 1]);
        adjust(shop, variant, -1).await;
        assert_eq!((number(shop, VALUE).await, number(shop, ACCOUNT).await, number(shop, LAYERS).await), (0, 0, 0));
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parcel_that_comes_back_brings_back_what_it_had_cost() {
    both(async |shop| {
        let variant = a_product().with_stock(2).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcel = sent(shop, placed.order).await;
        cost(shop, variant, 9_000).await;
        adjust(shop, variant, 1).await;
        order_management::take_back(shop, &clerk(shop), parcel, back(ReturnedItems::Restock)).await.unwrap();
        assert_eq!((number(shop, VALUE).await, number(shop, ACCOUNT).await, number(shop, SOLD).await), (17_000, 17_000, 0));
        assert_eq!((number(shop, LAYERS).await, number(shop, ON_HAND).await), (3, 3));
        // The movements name the parcel, and so its order.
        let movements = inventory::movements(shop, &owner(shop), variant, &PageAt::default()).await.unwrap().movements;
        let of_order = movements.iter().filter(|movement| movement.order == Some(placed.order)).count();
        assert_eq!((movements.len(), of_order), (4, 2));
        assert_sound(shop).await;
    })
    .await;
}

/// What a variant should be worth, unit by unit and to the last centavo.
#[derive(Default)]
struct Model {
    on_hand: i64,
    value: i64,
}

impl Model {
    fn receive(&mut self, units: i64, value: i64) {
        self.on_hand += units;
        self.value += value;
    }

    fn issue(&mut self, units: i64) -> i64 {
        let exact = self.value as f64 * units as f64 / self.on_hand as f64;
        let taken = if units == self.on_hand { self.value } else { (exact + 0.5).floor() as i64 };
        self.on_hand -= units;
        self.value -= taken;
        taken
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn receipts_parcels_returns_and_counts_in_any_order_keep_account_value_and_layers_together() {
    both(async |shop| {
        let seed = std::env::var("TINDAHAN_SEED").map_or(11, |seed| seed.parse().expect("TINDAHAN_SEED is a number"));
        let mut random = StdRng::seed_from_u64(seed);
        let variant = a_product().with_stock(3).make(shop).await;
        let mut model = Model { on_hand: 3, value: 12_000 };
        let mut out: Vec<(ParcelId, i64, i64)> = Vec::new();
        for step in 0..60 {
            let units = random.random_range(1..5);
            match random.random_range(0..5) {
                0 => {
                    let unit_cost = random.random_range(0..10_000);
                    cost(shop, variant, unit_cost).await;
                    adjust(shop, variant, units).await;
                    model.receive(units, unit_cost * units);
                }
                1 if model.on_hand >= units => {
                    adjust(shop, variant, -units).await;
                    model.issue(units);
                }
                2 | 3 if model.on_hand >= units => {
                    let placed = place(shop, &[(variant, units)]).await.unwrap();
                    out.push((sent(shop, placed.order).await, units, model.issue(units)));
                }
                4 if !out.is_empty() => {
                    let (parcel, units, value) = out.swap_remove(random.random_range(0..out.len()));
                    let items = if random.random_bool(0.5) { ReturnedItems::Restock } else { ReturnedItems::WriteOff };
                    order_management::take_back(shop, &clerk(shop), parcel, back(items)).await.unwrap();
                    if items == ReturnedItems::Restock {
                        model.receive(units, value);
                    }
                }
                _ => {}
            }
            let there = (number(shop, ON_HAND).await, number(shop, VALUE).await, number(shop, ACCOUNT).await, number(shop, LAYERS).await);
            assert_eq!(there, (model.on_hand, model.value, model.value, model.on_hand), "seed {seed}, step {step}");
            assert_sound(shop).await;
        }
    })
    .await;
}

async fn set(shop: &TestShop, code: &str, change: impl FnOnce(&mut LocationDraft)) {
    let mut all = inventory::locations(shop, &owner(shop)).await.unwrap();
    let at = all.iter().position(|location| location.code == code).unwrap();
    let mut location = all.swap_remove(at);
    change(&mut location);
    inventory::save_location(shop, &owner(shop), Locale::En, location, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_get_stock_only_from_active_locations_that_serve_their_channel() {
    both(async |shop| {
        let variant = a_product().with_stock_in("WH-1", 2).with_stock_in("WH-2", 3).make(shop).await;
        set(shop, "WH-1", |location| location.channels = vec![Channel::Till, Channel::Till]).await;
        let available = async |channel| inventory::available_of(&mut shop.db(), channel, [variant]).await.unwrap().get(&variant).copied();
        assert_eq!((available(Channel::Web).await, available(Channel::Till).await), (Some(3), Some(5)));
        // Of four only three are for the web: the cart is cut to them.
        let placed = place(shop, &[(variant, 4)]).await.unwrap();
        let at = "select cast(sum(r.quantity) as bigint) from reservations r join stock_locations l on l.id = r.location_id
            where l.code = 'WH-2'";
        assert_eq!(number(shop, at).await, 3);
        order_management::cancel(shop, &owner(shop), placed.order, "test").await.unwrap();

        set(shop, "WH-2", |location| location.active = false).await;
        assert!(matches!(place(shop, &[(variant, 1)]).await, Err(CheckoutError::OutOfStock(_))));
        assert_eq!((available(Channel::Web).await, available(Channel::Till).await), (None, Some(2)));
        set(shop, "WH-1", |location| location.channels = Vec::new()).await;
        place(shop, &[(variant, 2)]).await.unwrap();
        let kinds: Vec<String> = shop.db().fetch_scalars("select kind from events where kind like 'location.%'", &[]).await.unwrap();
        assert_eq!(kinds, vec![LocationChanged::KIND; 3]);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_is_made_with_its_address_time_zone_and_channels() {
    both(async |shop| {
        let address = LocationAddress { line1: "Gate 4".into(), city: "Dubai".into(), country: "AE".into(), ..LocationAddress::default() };
        let new = LocationDraft {
            code: "KIOSK".into(),
            name: " Kiosk Dubai ".into(),
            kind: LocationKind::Store,
            address: address.clone(),
            time_zone: "Asia/Dubai".into(),
            channels: vec![Channel::Till],
            ..LocationDraft::new(9)
        };
        inventory::save_location(shop, &owner(shop), Locale::En, new.clone(), None).await.unwrap();
        let kept = inventory::locations(shop, &owner(shop)).await.unwrap().into_iter().find(|location| location.code == "KIOSK").unwrap();
        assert_eq!(kept, LocationDraft { is_new: false, name: "Kiosk Dubai".into(), ..new.clone() });
        assert_eq!(number(shop, "select utc_offset_minutes from stock_locations where code = 'KIOSK'").await, 240);
        let address = LocationAddress { country: "XX".into(), ..address };
        let wrong = LocationDraft { code: "a b".into(), name: String::new(), time_zone: "Mars".into(), address, ..new.clone() };
        let Err(PricingError::Invalid(fields)) = inventory::save_location(shop, &owner(shop), Locale::En, wrong, None).await else {
            panic!()
        };
        let mut fields: Vec<String> = fields.into_iter().map(|(field, _)| field).collect();
        fields.sort();
        assert_eq!(fields, ["code", "country", "name", "time_zone"]);
        let taken = inventory::save_location(shop, &owner(shop), Locale::En, new.clone(), None).await;
        assert!(matches!(taken, Err(PricingError::Invalid(fields)) if fields[0].0 == "code"));
        assert!(matches!(inventory::save_location(shop, &clerk(shop), Locale::En, new, None).await, Err(PricingError::Forbidden(_))));
    })
    .await;
}

/// Splits the one row of the one parcel into rows of two lots, with so many units each.
async fn split_into_lots(shop: &TestShop, variant: VariantId, [first, second]: [i64; 2]) {
    let (one, two) = (shop.id(), shop.id());
    shop.db()
        .write(async move |tx| {
            for (lot, code) in [(one, "L1"), (two, "L2")] {
                tx.execute("insert into lots (id, variant_id, code) values ($1, $2, $3)", &[&lot, &variant, &code]).await?;
            }
            tx.execute("update parcel_lines set quantity = $2, lot_id = $1", &[&one, &first]).await?;
            tx.execute(
                "insert into parcel_lines (parcel_id, n, order_line_id, lot_id, quantity)
                 select parcel_id, 1, order_line_id, $1, $2 from parcel_lines",
                &[&two, &second],
            )
            .await
        })
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_of_a_parcel_may_have_units_of_two_lots() {
    both(async |shop| {
        let variant = a_product().with_stock(2).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap();
        split_into_lots(shop, variant, [1, 1]).await;
        assert_eq!(number(shop, "select count(distinct lot_id) from parcel_lines").await, 2);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn units_that_are_cancelled_leave_one_lot_of_a_parcel_and_not_the_other() {
    const UNITS: &str = "select quantity from parcel_lines order by n";
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let placed = place(shop, &[(variant, 5)]).await.unwrap();
        let parcel = fulfilment::pick(shop, &clerk(shop), placed.order).await.unwrap()[0];
        split_into_lots(shop, variant, [2, 3]).await;
        let line: OrderLineId = shop.db().fetch_scalar("select id from order_lines", &[]).await.unwrap();
        for left in [vec![1, 3], vec![3]] {
            let units = vec![(line, 1)];
            order_management::cancel_units(shop, &owner(shop), placed.order, units, false, "fewer").await.unwrap();
            assert_eq!(shop.db().fetch_scalars::<i64>(UNITS, &[]).await.unwrap(), left);
        }
        // A parcel whose first row is gone is sent and comes back like any other.
        fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
        fulfilment::ship(shop, &clerk(shop), parcel, "LBC", "").await.unwrap();
        assert_eq!(number(shop, "select cost from parcel_lines").await, 12_000);
        let back = Returned {
            cause: ReturnCause::Refused,
            items: ReturnedItems::Restock,
            written_off: vec![(line, 1)],
            money: ReturnedMoney::Refund,
            note: String::new(),
        };
        order_management::take_back(shop, &owner(shop), parcel, back).await.unwrap();
        assert_eq!(number(shop, "select restocked from parcel_lines").await, 2);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_out_and_what_runs_low_is_found_by_its_band() {
    both(async |shop| {
        for units in [0, 5, 9, 10, 99, 150] {
            a_product().named(&format!("{units} left")).with_stock(units).make(shop).await;
        }
        for (below, found) in [(0, 1), (5, 2), (9, 3), (10, 4), (99, 5), (200, 6)] {
            assert_eq!(inventory::low(shop, Locale::En, below).await.unwrap().rows.len(), found, "at most {below}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_location_can_be_chosen_and_gets_its_first_stock_by_an_adjustment() {
    both(async |shop| {
        let variant = a_product().with_stock(2).make(shop).await;
        set(shop, "WH-2", |location| location.active = false).await;
        let annex = LocationDraft { code: "annex".to_owned(), name: "Annex".to_owned(), ..LocationDraft::new(9) };
        inventory::save_location(shop, &owner(shop), Locale::En, annex, None).await.unwrap();
        let choices = inventory::location_choices(shop, &clerk(shop)).await.unwrap();
        let names: Vec<(&str, bool)> = choices.iter().map(|choice| (choice.name.as_str(), choice.active)).collect();
        assert_eq!((names.len(), names[1], names[2].1), (3, ("Annex", true), false), "{names:?}");
        inventory::adjust(shop, &clerk(shop), variant, choices[1].location, 3, StockReason::Received, "").await.unwrap();
        let rows = inventory::list(shop, &clerk(shop), Locale::En, "", &PageAt::default()).await.unwrap().rows;
        assert!(rows.iter().any(|row| row.location_name == "Annex" && row.available == 3), "{rows:?}");
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_runs_low_is_counted_and_listed() {
    both(async |shop| {
        for n in 0..12 {
            a_product().named(&format!("Low {n}")).with_stock(n % 3).make(shop).await;
        }
        let gone = a_product().named("Gone").with_stock(1).make(shop).await;
        let sql = "update variants set archived = 1 where id = $1";
        shop.db().write(async move |tx| tx.execute(sql, &[&gone]).await).await.unwrap();
        a_product().named("Plenty").with_stock(90).make(shop).await;
        let low = inventory::low(shop, Locale::En, 5).await.unwrap();
        assert_eq!((low.rows.len(), low.count), (10, 12));
        let listed = inventory::list_low(shop, &clerk(shop), Locale::En, "", &PageAt::default()).await.unwrap().rows;
        assert!(listed.len() == 12 && listed.iter().all(|row| row.on_sale && row.available <= 5), "{listed:?}");
        let rows = inventory::list(shop, &clerk(shop), Locale::En, "", &PageAt::default()).await.unwrap().rows;
        assert_eq!((rows.len(), rows.iter().filter(|row| !row.on_sale).count()), (14, 1));
        let found = inventory::list_low(shop, &clerk(shop), Locale::En, "low 1", &PageAt::default()).await.unwrap().rows;
        assert_eq!(found.len(), 3, "Low 1, Low 10, Low 11: {found:?}");
        let after = format!("{}~WH-1", listed[10].sku);
        assert_eq!(inventory::list_low(shop, &clerk(shop), Locale::En, "", &PageAt::after(after)).await.unwrap().rows.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn movements_name_their_reason_location_and_actor_and_what_is_left() {
    both(async |shop| {
        let variant = a_product().with_stock(10).make(shop).await;
        let (wh, ben) = (location(shop, "WH-1").await, clerk(shop));
        let wrong = inventory::adjust(shop, &ben, variant, wh, 1, StockReason::Damaged, "").await;
        assert!(matches!(wrong, Err(InventoryError::Direction { comes_in: true })), "{wrong:?}");
        let wrong = inventory::adjust(shop, &ben, variant, wh, -1, StockReason::Found, "").await;
        assert!(matches!(wrong, Err(InventoryError::Direction { comes_in: false })), "{wrong:?}");
        let wrong = inventory::adjust(shop, &ben, variant, wh, -1, StockReason::Order, "").await;
        assert!(matches!(wrong, Err(InventoryError::Reason)), "{wrong:?}");
        shop.clock.advance(1_000);
        inventory::adjust(shop, &ben, variant, wh, -2, StockReason::Damaged, " chipped ").await.unwrap();
        shop.clock.advance(1_000);
        let placed = place(shop, &[(variant, 3)]).await.unwrap();
        sent(shop, placed.order).await;
        let movements = inventory::movements(shop, &owner(shop), variant, &PageAt::default()).await.unwrap().movements;
        let told: Vec<_> = movements.iter().map(|m| (m.reason, m.note.as_str(), m.quantity, m.balance)).collect();
        let expected = [(StockReason::Order, "", -3, 5), (StockReason::Damaged, "chipped", -2, 8), (StockReason::Opening, "", 10, 10)];
        assert_eq!(told, expected);
        assert_eq!(movements[0].order_number.as_deref(), Some(placed.number.as_str()));
        assert!(movements.iter().all(|movement| movement.location_name == movements[0].location_name));
        assert_eq!(movements[1].actor, ben.actor.to_string());
        // What they cost is for those who may see costs.
        assert_eq!(movements[1].value.map(|value| value.minor), Some(-8_000));
        let key = Context::api_key(ApiKeyId(shop.id()), vec![Permission::ReadStock], RequestId(shop.id()));
        assert!(
            inventory::movements(shop, &key, variant, &PageAt::default())
                .await
                .unwrap()
                .movements
                .iter()
                .all(|movement| movement.value.is_none())
        );
        assert!(inventory::list(shop, &key, Locale::En, "", &PageAt::default()).await.unwrap().rows.iter().all(|row| row.value.is_none()));
        assert!(inventory::list_value(shop, &key, Locale::En, "", false).await.unwrap().is_empty());
        let value = inventory::list_value(shop, &owner(shop), Locale::En, "", false).await.unwrap();
        assert_eq!((value.len(), value[0].minor, number(shop, ACCOUNT).await), (1, 20_000, 20_000));
        assert!(inventory::list_value(shop, &owner(shop), Locale::En, "none", false).await.unwrap().is_empty());
        assert_eq!(inventory::list_value(shop, &owner(shop), Locale::En, "", true).await.unwrap(), value, "it is low");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_named_in_the_language_of_who_looks() {
    both(async |shop| {
        let named = a_product().named("Mug").with_stock(2).make(shop).await;
        a_product().named("Basket").with_stock(3).make(shop).await;
        let sql = "insert into product_texts (product_id, locale, name, slug, summary, description)
            select product_id, 'fil', 'Tasa', 'tasa', '', '' from variants where id = $1";
        shop.db().write(async move |tx| tx.execute(sql, &[&named]).await).await.unwrap();
        let names = async |locale: Locale, search: &str| {
            let ben = clerk(shop);
            let rows = inventory::list(shop, &ben, locale, search, &PageAt::default()).await.unwrap().rows;
            let low = inventory::list_low(shop, &ben, locale, search, &PageAt::default()).await.unwrap().rows;
            assert_eq!(rows.iter().map(|row| &row.name).collect::<Vec<_>>(), low.iter().map(|row| &row.name).collect::<Vec<_>>());
            let mut names: Vec<String> = rows.into_iter().map(|row| row.name).collect();
            names.sort();
            names
        };
        assert_eq!(names(Locale::En, "").await, ["Basket", "Mug"]);
        // What has no name in it is named in English.
        assert_eq!(names(Locale::Fil, "").await, ["Basket", "Tasa"]);
        assert_eq!((names(Locale::Fil, "tasa").await, names(Locale::Fil, "mug").await), (vec!["Tasa".to_owned()], vec!["Tasa".to_owned()]));
        assert_eq!(names(Locale::En, "tasa").await, Vec::<String>::new());
        for (locale, name) in [(Locale::En, "Mug"), (Locale::Fil, "Tasa")] {
            let low = inventory::low(shop, locale, 5).await.unwrap();
            assert_eq!(low.rows[0].name, name, "each language has its own list");
        }
    })
    .await;
}

#[tokio::test]
async fn stock_is_found_in_any_case_with_any_accents_and_by_its_barcode() {
    both(async |shop| {
        let named = a_product().named("Piña at Ñame").with_stock(2).make(shop).await;
        a_product().named("100% abaca pin\u{303}on").with_stock(3).make(shop).await;
        let sql = "update variants set sku = 'MUG-OAT', barcode = '4809990000467' where id = $1";
        shop.db().write(async move |tx| tx.execute(sql, &[&named]).await).await.unwrap();
        let names = async |search: &str| -> Vec<String> {
            let rows = inventory::list(shop, &owner(shop), Locale::En, search, &PageAt::default()).await.unwrap().rows;
            let value = inventory::list_value(shop, &owner(shop), Locale::En, search, false).await.unwrap();
            assert_eq!(rows.is_empty(), value.is_empty());
            rows.into_iter().map(|row| row.name).collect()
        };
        for search in ["pina at", "PIÑA AT", "pin\u{303}a at", "ñame", "NAME", "mug-oat", "Mug Oat", "g-o", "4809990000467"] {
            assert_eq!(names(search).await, ["Piña at Ñame"], "{search:?}");
        }
        assert_eq!(names("Pinon").await, ["100% abaca pin\u{303}on"]);
        assert_eq!(names("%").await, ["100% abaca pin\u{303}on"]);
        for search in ["_", "*", "?", "[a]", "\\", "^", "a.*", "(", ".", "[", "]"] {
            assert_eq!(names(search).await, Vec::<String>::new(), "{search:?}");
        }
        assert_eq!(names("pin").await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_movements_follow_each_other_with_their_balances() {
    both(async |shop| {
        let variant = a_product().with_stock(10).with_stock_in("WH-2", 5).make(shop).await;
        for n in 0..60 {
            // Several at one moment too.
            shop.clock.advance(n % 3);
            let place = location(shop, if n % 4 == 0 { "WH-2" } else { "WH-1" }).await;
            inventory::adjust(shop, &owner(shop), variant, place, 1, StockReason::Found, &n.to_string()).await.unwrap();
        }
        let (mut pages, mut after, mut all) = (0, String::new(), Vec::new());
        loop {
            let page = inventory::movements(shop, &owner(shop), variant, &PageAt::after(after.clone())).await.unwrap();
            (pages, all) = (pages + 1, [all, page.movements].concat());
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
        let mut ids: Vec<_> = all.iter().map(|movement| movement.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!((pages, all.len(), ids.len()), (2, 62, 62));
        // From the first to the last, each balance is that before it and what was moved.
        let mut balances = std::collections::HashMap::new();
        for movement in all.iter().rev() {
            let balance = balances.entry(movement.location_name.clone()).or_insert(0);
            *balance += movement.quantity;
            assert_eq!(movement.balance, *balance, "{movement:?}");
        }
        assert_eq!(balances.values().sum::<i64>(), 75);
        assert_eq!(
            inventory::movements(shop, &owner(shop), variant, &PageAt::after("x~y")).await.unwrap().movements.len(),
            50,
            "nonsense is the first page"
        );
    })
    .await;
}
