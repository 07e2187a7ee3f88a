//! A shop that begins with an empty database.

use crate::support::{Folder, number, place, postgres_url};
use backend::catalog::import::{ImportOptions, import_csv};
use backend::settings::{self, SettingsError};
use backend::{Shop, ShopConfig, dashboard, inventory, pricing};
use domain::Locale;
use domain::id::VariantId;
use domain::stock::StockReason;
use domain::view::{DeliveryMethodDraft, Missing, PageAt, ShopSettings};

async fn empty(url: String, folder: &Folder) -> Shop {
    crate::support::open_shop(ShopConfig::new(url, folder.path(), "http://127.0.0.1:3000")).await.unwrap()
}

async fn on_both(test: impl AsyncFn(&Shop)) {
    for postgres in [false, true] {
        let folder = Folder::new();
        let url = if postgres { postgres_url().await } else { format!("sqlite:{}", folder.path().join("shop.db").display()) };
        let shop = empty(url, &folder).await;
        test(&shop).await;
        shop.close().await;
    }
}

async fn missing(shop: &Shop) -> Vec<Missing> {
    dashboard::today(shop, &shop.system(), Locale::En).await.unwrap().missing
}

const PRODUCTS: &str = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Status\n\
mug,Mug,MUG,250,3,active\n\
bowl,Bowl,BOWL,400,0,active\n";

#[tokio::test]
async fn an_empty_shop_lists_what_it_lacks_and_sells_once_it_has_products_and_a_delivery_method() {
    on_both(async |shop| {
        assert_eq!(missing(shop).await, [Missing::Delivery, Missing::Products, Missing::Tax]);
        let report = import_csv(shop, &shop.system(), PRODUCTS.as_bytes(), &ImportOptions::default(), &|_, _| ()).await.unwrap();
        assert_eq!((report.created, report.problems.as_slice()), (2, &[][..]));
        let standard = DeliveryMethodDraft {
            is_new: true,
            code: "standard".into(),
            names: vec!["Standard".into(), String::new()],
            descriptions: vec![String::new(); 2],
            days_min: 1,
            days_max: 3,
            regions: vec!["PH".into(), "*".into()],
            collects_cash: true,
            active: true,
            ..DeliveryMethodDraft::default()
        };
        pricing::save_delivery_method(shop, &shop.system(), Locale::En, standard, None).await.unwrap();
        assert_eq!(missing(shop).await, [Missing::Tax]);
        let mug: VariantId = crate::support::db(shop).fetch_scalar("select id from variants where sku = 'MUG'", &[]).await.unwrap();
        place(shop, &[(mug, 2)]).await.unwrap();
        assert_eq!(number(shop, "select count(*) from orders").await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_currency_is_chosen_before_the_first_price() {
    on_both(async |shop| {
        let in_currency = async |code: &str| {
            let new = ShopSettings { currency: code.into(), ..settings::load(shop).await.unwrap() };
            settings::save(shop, &shop.system(), new).await
        };
        in_currency("USD").await.unwrap();
        import_csv(shop, &shop.system(), PRODUCTS.as_bytes(), &ImportOptions::default(), &|_, _| ()).await.unwrap();
        assert!(matches!(in_currency("PHP").await, Err(SettingsError::Priced)));
        in_currency("USD").await.unwrap();
        let card = backend::catalog::newest(shop, Locale::En).await.unwrap().remove(0);
        assert_eq!(card.price_from.currency.code(), "USD");
    })
    .await;
}

#[tokio::test]
async fn variants_imported_without_stock_can_be_counted_and_filled() {
    on_both(async |shop| {
        import_csv(shop, &shop.system(), PRODUCTS.as_bytes(), &ImportOptions::default(), &|_, _| ()).await.unwrap();
        let list = inventory::list(shop, &shop.system(), Locale::En, "BOWL", &PageAt::default()).await.unwrap();
        assert_eq!(list.rows.iter().map(|row| (row.sku.as_str(), row.on_hand)).collect::<Vec<_>>(), [("BOWL", 0)]);
        let row = &list.rows[0];
        inventory::adjust(shop, &shop.system(), row.variant, row.location, 12, StockReason::Found, "").await.unwrap();
        let list = inventory::list(shop, &shop.system(), Locale::En, "BOWL", &PageAt::default()).await.unwrap();
        assert_eq!((list.rows.len(), list.rows[0].available), (1, 12));
        assert_eq!(number(shop, "select count(*) from stock_locations").await, 1);
    })
    .await;
}
