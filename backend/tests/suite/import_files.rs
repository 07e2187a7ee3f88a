//! Files of real shops, with all that is odd about them.

use std::collections::HashSet;
use std::fmt::Write;

use crate::support::{TestShop, both, number};
use backend::Shop;
use backend::catalog::import::{ImportOptions, Pictures, import_csv};
use backend::catalog::{self, CatalogError};
use domain::Locale;
use domain::id::ProductId;
use domain::number_input::DecimalMark;
use domain::view::{ImportReport, ProductAdminView, ProductView};

fn quiet(_: u64, _: u64) {}

async fn import_with(shop: &Shop, file: &[u8], options: &ImportOptions<'_>) -> ImportReport {
    import_csv(shop, &shop.system(), file, options, &quiet).await.unwrap()
}

async fn import(shop: &Shop, file: &str) -> ImportReport {
    import_with(shop, file.as_bytes(), &ImportOptions::default()).await
}

async fn product(shop: &Shop, slug: &str) -> ProductView {
    catalog::product(shop, Locale::En, slug).await.unwrap().unwrap()
}

async fn edited(shop: &Shop, handle: &'static str) -> ProductAdminView {
    let id: ProductId = shop.db().fetch_scalar("select id from products where handle = $1", &[&handle]).await.unwrap();
    catalog::admin_product(shop, &shop.system(), id).await.unwrap()
}

/// Line, column and whether the row was taken.
fn outcomes(report: &ImportReport) -> Vec<(u64, &str, bool)> {
    report.problems.iter().map(|p| (p.line, p.column.as_str(), p.taken)).collect()
}

const WHOLE: &str = "Handle,Title,Body (HTML),Vendor,Type,Tags,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Compare At Price,Cost per item,Variant Grams,Variant Barcode,SEO Description\n\
malong,Malong,<p>Woven.</p>,Tala,Malong,\"cotton, woven\",active,Size,S,MAL-S,1250,1500,600,420,4809990000016,Handwoven\n\
malong,,,,,,,,M,MAL-M,1350,,620,480,,\n";

#[tokio::test]
async fn a_file_with_a_few_columns_leaves_everything_else_as_it_is() {
    both(async |shop| {
        import(shop, WHOLE).await;
        let before = edited(shop, "malong").await;
        let report = import(shop, "Handle,Title,Variant SKU,Variant Price\nmalong,Malong,MAL-M,1399.50\n").await;
        assert_eq!((report.updated, outcomes(&report)), (1, vec![]));
        let mut after = edited(shop, "malong").await;
        assert_eq!(after.draft.variants[1].price, 139_950);
        after.draft.variants[1].price = 135_000;
        after.draft.version = before.draft.version;
        assert_eq!(after, before);
        // Without a title and without a SKU, by the value of the option.
        let report = import(shop, "Handle,Option1 Value,Variant Price,Cost per item\nmalong,M,1400,\n").await;
        assert_eq!((report.updated, outcomes(&report)), (1, vec![]));
        let changed = edited(shop, "malong").await.draft.variants;
        assert_eq!((changed.len(), changed[1].price, changed[1].cost), (2, 140_000, 62_000));
        // An empty cell of a column in the file empties the field, in the row with the title.
        let report = import(shop, "Handle,Title,Vendor,Variant SKU,Variant Compare At Price\nmalong,Malong,,MAL-S,\n").await;
        assert_eq!(report.updated, 1);
        let emptied = edited(shop, "malong").await.draft;
        assert_eq!((emptied.vendor.as_str(), emptied.variants[0].compare_at, emptied.tags.len()), ("", None, 2));
    })
    .await;
}

#[tokio::test]
async fn a_variant_is_archived_only_when_the_file_asks_for_it() {
    both(async |shop| {
        import(shop, WHOLE).await;
        let report = import(shop, "Handle,Variant SKU,Variant status\nmalong,MAL-M,archived\nmalong,MAL-X,archived\n").await;
        assert_eq!((report.updated, outcomes(&report)), (1, vec![(3, "SKU", false)]));
        assert_eq!(number(shop, "select archived from variants where sku = 'MAL-M'").await, 1);
        // The last one stays, and so do variants whose product would get other options.
        let last = import(shop, "Handle,Variant SKU,Variant status\nmalong,MAL-S,archived\n").await;
        assert_eq!((last.updated, last.left_out), (0, 1));
        let other = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Price\n\
                     malong,Malong,Size,L,Colour,Red,MAL-L,1\n";
        let refused = import(shop, other).await;
        assert_eq!((refused.updated, refused.left_out), (0, 1));
        assert!(refused.problems[0].reason.contains("MAL-S"), "{:?}", refused.problems);
        // It is restored by its SKU.
        assert_eq!(import(shop, "Handle,Variant SKU,Option1 Value\nmalong,MAL-M,M\n").await.updated, 1);
        assert_eq!(product(shop, "malong").await.variants.len(), 2);
    })
    .await;
}

#[tokio::test]
async fn different_products_never_become_one() {
    both(async |shop| {
        let long = "handwoven-malong-of-the-maranao-in-the-colours-of-the-lake-and-of-the-evening-sky-";
        let mut file = String::from("Handle,Title,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price\n");
        let handles = ["Tee", "tee", "piña", "pina", "お茶", "—"];
        for (n, handle) in handles.into_iter().map(str::to_owned).chain(["red", "blue"].map(|c| format!("{long}{c}"))).enumerate() {
            writeln!(file, "{handle},Article {n},active,,,A{n},{}", n + 1).unwrap();
        }
        for (n, value) in ["7", "7½", "+", "-", "5 °C", "-5 °C", "piña", "pina", "M", "m"].into_iter().enumerate() {
            writeln!(file, "sizes,{},active,Size,{value},S{n},{}", if n == 0 { "Sizes" } else { "" }, n + 1).unwrap();
        }
        let report = import(shop, &file).await;
        assert_eq!((report.created, outcomes(&report)), (9, vec![]));
        let sizes = product(shop, "sizes").await;
        assert_eq!((sizes.variants.len(), sizes.options[0].values.len()), (10, 10));
        let keys: HashSet<_> = sizes.variants.iter().map(|v| v.values.clone()).collect();
        assert_eq!(keys.len(), 10);
        assert_eq!((product(shop, "tee").await.name, product(shop, "pina").await.name), ("Article 0".into(), "Article 2".into()));
        // Each matches by itself.
        let again = import(shop, "Handle,Variant SKU,Variant Price\ntee,A1,50\nTee,A0,60\n").await;
        assert_eq!((again.updated, outcomes(&again)), (2, vec![]));
        assert_eq!(number(shop, "select amount from prices p join variants v on v.id = p.variant_id where v.sku = 'A0'").await, 6_000);
        assert_eq!(number(shop, "select count(*) from products").await, 9);
        // The form of the admin saves the same values again.
        let draft = edited(shop, "sizes").await.draft;
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_row_with_the_title_describes_the_product_at_any_position() {
    both(async |shop| {
        import(shop, WHOLE).await;
        let mut lines: Vec<&str> = WHOLE.lines().collect();
        lines.swap(1, 2);
        let report = import(shop, &(lines.join("\n") + "\n")).await;
        assert_eq!((report.left_out, outcomes(&report)), (0, vec![]));
        let after = edited(shop, "malong").await.draft;
        assert_eq!((after.texts[0].description.as_str(), after.vendor.as_str(), after.tags.len()), ("Woven.", "Tala", 2));
    })
    .await;
}

#[tokio::test]
async fn oddities_of_real_files_are_accepted_with_a_notice() {
    both(async |shop| {
        let mut file = String::from(
            "Handle,Title,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Variant Barcode\r\n",
        );
        let title = format!("{} end", "very ".repeat(50));
        let handle = "an-article-with-a-name-that-is-much-longer-than-the-sixty-four-letters-of-a-sku";
        write!(file, "mug,Mug,active,Colour,Red,MUG,90,-3,4809990000017\r\n").unwrap(); // 2: check digit, stock
        write!(file, "mug,,,,Blue,MUG,95,2,4.80602E+12\r\n").unwrap(); // 3: SKU, rounded barcode
        write!(file, "long,{title},active,,,LONG,10,,\r\n").unwrap(); // 4: title
        write!(file, "{handle},Many,active,Size,S,,10,,\r\n{handle},,,,M,,10,,\r\n").unwrap(); // 5, 6
        write!(file, "hat,\"Two\r\nlines\",active,,,MUG,10,,\r\n").unwrap(); // 7, 8: SKU of another product
        write!(file, "\r\n").unwrap(); // 9
        write!(file, "'90s,'90s,active,,,N,1,,'96385074\r\n").unwrap(); // 10
        write!(file, ",TOTAL,,,,,1120,,\r\n").unwrap(); // 11
        let report = import(shop, &file).await;
        let expected = [
            (2, "Variant Barcode", true),
            (2, "Variant Inventory Qty", true),
            (3, "Variant Barcode", true),
            (3, "Variant SKU", true),
            (4, "Title", true),
            (7, "Variant SKU", true),
            (11, "Handle", false),
        ];
        assert_eq!((report.created, report.left_out, outcomes(&report)), (5, 1, expected.to_vec()));
        let mug = product(shop, "mug").await;
        assert_eq!((mug.variants[0].barcode.as_deref(), mug.variants[1].barcode.as_deref()), (Some("4809990000017"), None));
        assert_eq!((mug.variants[0].available, mug.variants[1].available), (0, 2));
        let skus: HashSet<_> =
            mug.variants.iter().map(|v| v.sku.clone()).chain([product(shop, "hat").await.variants[0].sku.clone()]).collect();
        assert!(skus.len() == 3 && skus.contains("MUG") && skus.iter().all(|sku| sku.starts_with("MUG")), "{skus:?}");
        assert_eq!(product(shop, "long").await.name.chars().count(), 199);
        let many = product(shop, handle).await;
        assert!(many.variants.len() == 2 && many.variants.iter().all(|v| v.sku.chars().count() <= 64));
        let nineties = product(shop, "90s").await;
        assert_eq!((nineties.name.as_str(), nineties.variants[0].barcode.as_deref()), ("'90s", Some("96385074")));
        // A staff member saves it as it is, the wrong barcode too.
        let draft = edited(shop, "mug").await.draft;
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_product_is_not_published() {
    both(async |shop| {
        // No price at all.
        let report = import(shop, "Handle,Title,Status,Variant SKU\nmug,Mug,active,MUG\n").await;
        assert_eq!((report.created, outcomes(&report)), (1, vec![(2, "Price", true), (2, "Status", true)]));
        assert!(catalog::product(shop, Locale::En, "mug").await.unwrap().is_none());
        // Nor with a row whose cells may have shifted, nor as a gift card.
        let file = "Handle,Title,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price,Gift Card\n\
                    tee,Tee,active,Size,S,T-S,1,\ntee,,,,M, wide,T-M,1,\ncard,Card,active,,,CARD,500,TRUE\n";
        let report = import(shop, file).await;
        assert_eq!(outcomes(&report), [(2, "Status", true), (3, "", false), (4, "Status", true)]);
        assert_eq!(number(shop, "select count(*) from products where status = 'draft'").await, 3);
        // With a price it is on sale.
        let report = import(shop, "Handle,Title,Status,Variant SKU,Variant Price\nmug,Mug,active,MUG,90\n").await;
        assert_eq!((report.updated, outcomes(&report)), (1, vec![]));
        assert_eq!(product(shop, "mug").await.variants[0].price.minor, 9_000);
    })
    .await;
}

#[derive(platform::db::FromRow)]
struct Price {
    handle: String,
    amount: i64,
}

#[tokio::test]
async fn an_ambiguous_decimal_sign_must_be_given_once_for_the_file() {
    const AMBIGUOUS: [&str; 3] = ["4,20", "1.290", "1.290,50"];
    both(async |shop| {
        let spellings = [
            ("149", Some(14_900)),
            ("149.5", Some(14_950)),
            (" 149.50 ", Some(14_950)),
            ("1,490", Some(149_000)),
            ("1,490.50", Some(149_050)),
            ("12,345,678.90", Some(1_234_567_890)),
            (".50", Some(50)),
            ("1490.500", Some(149_050)),
            ("₱149", None),
            ("1 490", None),
            ("149,-", None),
        ];
        let mut file = String::from("Handle,Title,Variant Price\n");
        for (n, (spelling, _)) in spellings.into_iter().enumerate() {
            writeln!(file, "p{n},Product {n},\"{spelling}\"").unwrap();
        }
        let report = import(shop, &file).await;
        assert_eq!(outcomes(&report).iter().map(|t| t.0).collect::<Vec<_>>(), [10, 11, 12]);
        let sql = "select p.handle, r.amount from products p join variants v on v.product_id = p.id join prices r on r.variant_id = v.id";
        let prices: Vec<Price> = shop.db().fetch_all(sql, &[]).await.unwrap();
        for (n, (spelling, amount)) in spellings.into_iter().enumerate() {
            let found = prices.iter().find(|price| price.handle == format!("p{n}")).map(|price| price.amount);
            assert_eq!(found, amount, "{spelling}");
        }
        for spelling in AMBIGUOUS {
            let file = format!("Handle,Title,Variant Price\nplain,Plain,5\nodd,Odd,\"{spelling}\"\n");
            let asked = import_csv(shop, &shop.system(), file.as_bytes(), &ImportOptions::default(), &quiet).await;
            assert!(
                matches!(&asked, Err(CatalogError::AmbiguousDecimalMark { line: 3, column, text }) if column == "Variant Price" && text == spelling),
                "{asked:?}"
            );
        }
        assert_eq!(number(shop, "select count(*) from products where handle in ('plain', 'odd')").await, 0);
        let file = "Handle;Title;Variant Price;Variant Grams\na;A;4,20;56,7\nb;B;1.290,50;\nc;C;4.20;\n";
        let options = ImportOptions { decimals: Some(DecimalMark::Comma), ..ImportOptions::default() };
        let report = import_with(shop, file.as_bytes(), &options).await;
        assert_eq!((report.created, outcomes(&report)), (2, vec![(4, "Variant Price", false)]));
        let reason = &report.problems[0].reason;
        assert!(reason.contains("“4.20”") && reason.contains("149,00"), "{reason}");
        assert_eq!(number(shop, "select cast(sum(r.amount) as bigint) from products p join variants v on v.product_id = p.id join prices r on r.variant_id = v.id where p.handle in ('a', 'b')").await, 420 + 129_050);
        assert_eq!(number(shop, "select weight_g from variants where sku = 'A'").await, 57);
    })
    .await;
}

#[tokio::test]
async fn old_code_pages_and_unicode_text_are_read() {
    both(async |shop| {
        let file = "Handle\tTitle\tVariant Price\nmug\tPiña\t5\n";
        let utf16: Vec<u8> = "\u{feff}".chars().chain(file.chars()).collect::<String>().encode_utf16().flat_map(u16::to_le_bytes).collect();
        let report = import_with(shop, &utf16, &ImportOptions::default()).await;
        assert_eq!((report.created, outcomes(&report)), (1, vec![]));
        let old: Vec<u8> = file.replace("mug", "cup").chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        let report = import_with(shop, &old, &ImportOptions::default()).await;
        assert_eq!((report.created, outcomes(&report)), (1, vec![(1, "", true)]));
        assert_eq!(number(shop, "select count(*) from product_texts where name = 'Piña'").await, 2);
        let refused = import_csv(shop, &shop.system(), b"Handle,Title\nx,\x81\xff\n", &ImportOptions::default(), &quiet).await;
        assert!(matches!(refused, Err(CatalogError::NotAList(why)) if why.contains("UTF-8")));
    })
    .await;
}

#[tokio::test]
async fn a_product_has_two_hundred_and_fifty_variants_and_no_more() {
    both(async |shop| {
        let mut file = String::from("Handle,Title,Status,Option1 Name,Option1 Value,Variant SKU,Variant Price\n");
        for n in 0..252 {
            writeln!(file, "thread,{},active,Colour,No. {n},T-{n},5", if n == 0 { "Thread" } else { "" }).unwrap();
        }
        let report = import(shop, &file).await;
        assert_eq!((report.created, report.left_out), (1, 2));
        assert_eq!(outcomes(&report), [(2, "Status", true), (252, "Handle", false), (253, "Handle", false)]);
        let draft = edited(shop, "thread").await.draft;
        assert_eq!(draft.variants.len(), 250);
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        // One more by a second file is refused as well.
        let more = import(shop, "Handle,Option1 Value,Variant SKU,Variant Price\nthread,No. 251,T-251,5\n").await;
        assert_eq!((more.updated, outcomes(&more)), (0, vec![(2, "URL handle", false)]));
    })
    .await;
}

#[tokio::test]
async fn pictures_beyond_the_fiftieth_are_reported_and_all_pictures_can_be_left_out() {
    both(async |shop| {
        let mut file = String::from("Handle,Title,Status,Variant Price,Image Src\n");
        for n in 0..53 {
            writeln!(file, "mug,{},active,{},{n}.jpg", if n == 0 { "Mug" } else { "" }, if n == 0 { "5" } else { "" }).unwrap();
        }
        let report = import(shop, &file).await;
        assert_eq!(report.problems.iter().map(|p| p.line).collect::<Vec<_>>(), (2..=54).collect::<Vec<_>>());
        assert!(report.problems.iter().skip(50).all(|p| p.reason.contains("50")));
        let options = ImportOptions { pictures: Pictures::LeaveOut, ..ImportOptions::default() };
        let plain = import_with(shop, file.replace("mug", "cup").as_bytes(), &options).await;
        assert_eq!((plain.created, plain.pictures), (1, 0));
        assert_eq!(product(shop, "cup").await.pictures.len(), 0);
    })
    .await;
}

/// Writes a picture into the folder of the shop.
fn write_picture(shop: &TestShop, name: &str) {
    let picture = image::RgbImage::from_pixel(64, 48, image::Rgb([200, 120, 40]));
    picture.save(shop.folder.path().join(name)).unwrap();
}

#[tokio::test]
async fn changes_by_staff_are_kept_when_a_failed_picture_is_imported_again() {
    both(async |shop| {
        let file = "Handle,Title,Status,Variant SKU,Variant Price,Image Src\nmug,Mug,active,MUG,90,mug.png\n";
        let options = ImportOptions { pictures: Pictures::Folder(shop.folder.path()), ..ImportOptions::default() };
        let report = import_with(shop, file.as_bytes(), &options).await;
        assert_eq!((report.created, outcomes(&report)), (1, vec![(2, "Image Src", true)]));
        let mut draft = edited(shop, "mug").await.draft;
        draft.variants[0].price = 12_000;
        draft.texts[0].name = "Mug of clay".into();
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        assert_eq!(import_with(shop, file.as_bytes(), &options).await.unchanged, 1);
        write_picture(shop, "mug.png");
        let report = import_with(shop, file.as_bytes(), &options).await;
        assert_eq!((report.updated, outcomes(&report)), (1, vec![]));
        let mug = product(shop, "mug").await;
        assert_eq!((mug.name.as_str(), mug.variants[0].price.minor, mug.pictures.len()), ("Mug of clay", 12_000, 1));
        assert_eq!(import_with(shop, file.as_bytes(), &options).await.unchanged, 1);
    })
    .await;
}

#[tokio::test]
async fn a_preview_reports_the_changes_and_makes_none() {
    both(async |shop| {
        import(shop, WHOLE).await;
        let state = async || {
            let tables = ["events", "products", "categories", "pictures", "product_imports"];
            let sql: [&str; 5] = [
                "select count(*) from events",
                "select cast(sum(version) as bigint) from products",
                "select count(*) from categories",
                "select count(*) from pictures",
                "select count(*) from product_imports",
            ];
            let mut counts = Vec::new();
            for (table, sql) in tables.into_iter().zip(sql) {
                counts.push((table, number(shop, sql).await));
            }
            counts
        };
        let before = state().await;
        let file = "Handle,Title,Type,Variant SKU,Variant Price,Image Src\n\
                    malong,Malong,Malong,MAL-S,1300,\ncup,Cup,Cups,CUP,99,http://127.0.0.1:1/cup.png\nhat,,,HAT,5,\n";
        let options = ImportOptions { preview: true, ..ImportOptions::default() };
        let report = import_with(shop, file.as_bytes(), &options).await;
        assert_eq!((report.created, report.updated, report.unchanged, report.left_out, report.pictures), (1, 1, 0, 1, 1));
        assert_eq!((outcomes(&report), report.preview), (vec![(4, "Title", false)], true));
        let products: Vec<_> = report.products.iter().map(|p| (p.line, p.handle.as_str(), p.created, p.changes.join("; "))).collect();
        assert_eq!(products, [(2, "malong", false, "MAL-S: ₱1,250.00 → ₱1,300.00".into()), (3, "cup", true, String::new())]);
        assert_eq!(state().await, before);
        let again = import_with(shop, WHOLE.as_bytes(), &options).await;
        assert_eq!((again.unchanged, again.created + again.updated), (1, 0));
    })
    .await;
}
