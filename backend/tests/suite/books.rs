//! The books: accounts, one entry for each cause, and the currency of each amount.

use crate::support::{TestShop, a_product, both, number, place};
use backend::accounting::{self, AccountingError};
use backend::fulfilment::{self, FulfilmentError};
use backend::pricing;
use backend::settings::{self, SettingsError};
use domain::books::{Account, EntryKind};
use domain::id::{OrderId, ParcelId, VariantId};
use domain::view::ShopSettings;
use domain::{Currency, Locale, MoneyError};
use platform::db::DbError;
use uuid::Uuid;

async fn found_stock(shop: &TestShop, kind: EntryKind, cause: Uuid) -> Result<(), AccountingError> {
    let postings = [(Account::Inventory, 500), (Account::InventoryAdjustment, -500)];
    shop.db().write(async move |tx| accounting::post(tx, kind, None, cause, Currency::PHP, &postings).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_entry_of_the_same_cause_is_refused() {
    both(async |shop| {
        let cause = shop.id();
        found_stock(shop, EntryKind::StockAdjusted, cause).await.unwrap();
        let again = found_stock(shop, EntryKind::StockAdjusted, cause).await;
        assert!(matches!(&again, Err(AccountingError::Db(error)) if error.is_unique_violation()), "{again:?}");
        // Another kind of entry, or another cause.
        found_stock(shop, EntryKind::StockReceived, cause).await.unwrap();
        found_stock(shop, EntryKind::StockAdjusted, shop.id()).await.unwrap();
        assert_eq!(number(shop, "select count(*) from journal_entries").await, 3);
        assert_eq!(number(shop, "select count(*) from postings").await, 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_has_every_account_that_it_posts_to() {
    both(async |shop| {
        let keys: Vec<String> = shop.db().fetch_scalars("select key from accounts where active = 1 order by code", &[]).await.unwrap();
        let mut all: Vec<Account> = Account::ALL.to_vec();
        all.sort_by_key(|account| account.chart().0);
        assert_eq!(keys, all.iter().map(|account| account.as_str()).collect::<Vec<_>>());
        let unknown: Result<u64, DbError> = shop
            .db()
            .write(async |tx| {
                let (entry, cause) = (tx.id(), tx.id());
                tx.execute(
                    "insert into journal_entries (id, kind, reference, currency, at, date) values ($1, 'stock.adjusted', $2, 'PHP', 0, '1970-01-01')",
                    &[&entry, &cause],
                )
                .await?;
                tx.execute("insert into postings (entry_id, n, account, amount) values ($1, 0, 'sails', 1)", &[&entry]).await
            })
            .await;
        assert!(unknown.is_err(), "a posting on an account that does not exist");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_belongs_to_a_day_of_the_shops_time_zone() {
    both(async |shop| {
        found_stock(shop, EntryKind::StockAdjusted, shop.id()).await.unwrap();
        let date: String = shop.db().fetch_scalar("select date from journal_entries", &[]).await.unwrap();
        let at: domain::Timestamp = shop.db().fetch_scalar("select at from journal_entries", &[]).await.unwrap();
        assert_eq!(date, domain::TimeZone::DEFAULT.date(at).to_string());
    })
    .await;
}

async fn cost_in_dollars(shop: &TestShop, variant: VariantId) {
    shop.db()
        .write(async move |tx| {
            tx.execute("update variants set cost_currency = 'USD' where id = $1", &[&variant]).await?;
            tx.execute("update stock set currency = 'USD' where variant_id = $1", &[&variant]).await
        })
        .await
        .unwrap();
}

/// The packed parcel of an order.
async fn packed(shop: &TestShop, order: OrderId) -> ParcelId {
    let parcel = fulfilment::pick(shop, &shop.system(), order).await.unwrap()[0];
    fulfilment::pack(shop, &shop.system(), parcel).await.unwrap();
    parcel
}

#[tokio::test(flavor = "multi_thread")]
async fn goods_that_leave_are_booked_in_the_currency_of_their_cost() {
    both(async |shop| {
        let variant = a_product().with_stock(3).make(shop).await;
        cost_in_dollars(shop, variant).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let parcel = packed(shop, placed.order).await;
        fulfilment::ship(shop, &shop.system(), parcel, "LBC", "").await.unwrap();
        let currency = "select currency from journal_entries where kind = $1";
        for (kind, expected) in [("order.placed", "PHP"), ("parcel.shipped", "USD")] {
            let found: String = shop.db().fetch_scalar(currency, &[&kind]).await.unwrap();
            assert_eq!((kind, found.as_str()), (kind, expected));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn costs_in_two_currencies_are_not_added_up() {
    both(async |shop| {
        let (peso, dollar) = (a_product().with_stock(1).make(shop).await, a_product().with_stock(1).make(shop).await);
        cost_in_dollars(shop, dollar).await;
        let placed = place(shop, &[(peso, 1), (dollar, 1)]).await.unwrap();
        let parcel = packed(shop, placed.order).await;
        let shipped = fulfilment::ship(shop, &shop.system(), parcel, "LBC", "").await;
        assert!(matches!(shipped, Err(FulfilmentError::Books(AccountingError::Amount(MoneyError::CurrencyMismatch(..))))), "{shipped:?}");
        assert_eq!(number(shop, "select count(*) from journal_entries where kind = 'parcel.shipped'").await, 0);
    })
    .await;
}

async fn choose_currency(shop: &TestShop, code: &str) -> Result<(), SettingsError> {
    let new = ShopSettings { currency: code.into(), ..settings::load(shop).await.unwrap() };
    settings::save(shop, &shop.system(), new).await
}

#[tokio::test(flavor = "multi_thread")]
async fn fees_that_were_typed_before_the_currency_was_chosen_are_in_it() {
    both(async |shop| {
        choose_currency(shop, "USD").await.unwrap();
        let other = "select (select count(*) from delivery_methods where currency <> 'USD')
            + (select count(*) from discount_codes where currency <> 'USD')";
        assert_eq!(number(shop, other).await, 0);
        let mut method = pricing::delivery_methods(shop, &shop.system()).await.unwrap().remove(0);
        method.fee = 700;
        pricing::save_delivery_method(shop, &shop.system(), Locale::En, method, None).await.unwrap();
        assert_eq!(number(shop, other).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_currency_stays_once_something_is_booked() {
    both(async |shop| {
        found_stock(shop, EntryKind::StockAdjusted, shop.id()).await.unwrap();
        assert_eq!(number(shop, "select count(*) from prices").await, 0);
        assert!(matches!(choose_currency(shop, "USD").await, Err(SettingsError::Priced)));
    })
    .await;
}
