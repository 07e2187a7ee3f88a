//! Products leave as the file that comes in again.

use crate::support::{TestShop, both, guest, number, postgres, sqlite};
use backend::Shop;
use backend::catalog::import::{ImportOptions, Pictures, import_csv};
use backend::catalog::{CatalogError, ProductExport};
use domain::view::ImportReport;

fn quiet(_: u64, _: u64) {}

async fn export(shop: &TestShop) -> String {
    let mut file = Vec::new();
    let export = ProductExport::begin(shop, &shop.system()).await.unwrap();
    export.write(&mut file, Some(&shop.folder.path().join("photographs"))).await.unwrap();
    String::from_utf8(file).unwrap()
}

async fn import(shop: &Shop, file: &str, from: &TestShop) -> ImportReport {
    let folder = from.folder.path().join("photographs");
    let options = ImportOptions { pictures: Pictures::Folder(&folder), ..ImportOptions::default() };
    import_csv(shop, &shop.system(), file.as_bytes(), &options, &quiet).await.unwrap()
}

/// The demonstration shop, and products with everything that could break a file.
async fn a_full_shop(shop: &TestShop) {
    backend::seed::seed(shop, None, 1, &quiet).await.unwrap();
    let odd = "Handle,Title,Body (HTML),Vendor,Type,Tags,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Variant Grams,Variant Inventory Qty,Variant Barcode,Variant Taxable,SEO Title\n\
        Tee,\"=HYPERLINK(\"\"http://x.example\"\")\",\"<p>1 &lt; 2 &amp; &ntilde;</p><p>two<br>lines</p>\",@tala,Piña,\"+a, -b\",active,Size,-5 °C,-SKU,1250.05,1500,7,3,4809990000017,FALSE,'90s\n\
        tee,'90s,<table><tr><td>a</td><td>b</td></tr></table>,\"a, b\",Pina,,draft,,,+SKU,,,,,,TRUE,\n\
        old,Old,,,,,archived,,,OLD,1,,,,,,\n";
    let report = import(shop, odd, shop).await;
    assert_eq!(report.left_out, 0, "{:?}", report.problems);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_makes_the_same_shop_elsewhere_and_changes_nothing_here() {
    both(async |shop| {
        a_full_shop(shop).await;
        let first = export(shop).await;
        assert!(first.lines().count() > 60 && first.contains("'=HYPERLINK") && first.contains("'-5 °C") && first.contains(",'90s,"));
        let events = number(shop, "select count(*) from events").await;
        let here = import(shop, &first, shop).await;
        assert_eq!((here.created, here.updated, here.left_out), (0, 0, 0), "{:?}", here.products);
        assert_eq!(number(shop, "select count(*) from events").await, events);
        for other in [sqlite().await, postgres().await] {
            let there = import(&other, &first, shop).await;
            assert_eq!((there.updated, there.left_out), (0, 0), "{:?}", there.problems);
            let second = export(&other).await;
            for (a, b) in first.lines().zip(second.lines()) {
                assert_eq!(a, b);
            }
            assert_eq!(first, second);
            other.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn exporting_products_needs_the_permission_to_read_them() {
    let shop = sqlite().await;
    assert!(matches!(ProductExport::begin(&shop, &guest(&shop)).await, Err(CatalogError::Forbidden(_))));
    assert_eq!(export(&shop).await.lines().count(), 1);
    shop.close().await;
}
