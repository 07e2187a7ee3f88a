use std::fmt::Write;
use std::io::Cursor;

use crate::support::{both, guest, number, sqlite};
use backend::catalog::import::{ImportOptions, Pictures, import_csv};
use backend::catalog::{self, CatalogError};
use domain::Locale;
use domain::id::RequestId;
use domain::permission::Role;
use domain::view::{ImportReport, ListingQuery};
use platform::Context;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

fn quiet(_: u64, _: u64) {}

async fn import(shop: &backend::Shop, file: &str) -> ImportReport {
    import_csv(shop, &shop.system(), file.as_bytes(), &ImportOptions::default(), &quiet).await.unwrap()
}

fn png(side: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    image::RgbImage::from_fn(side, side, |x, y| image::Rgb([u8::try_from(x % 256).unwrap(), u8::try_from(y % 256).unwrap(), 90]))
        .write_to(&mut Cursor::new(&mut bytes), image::ImageFormat::Png)
        .unwrap();
    bytes
}

/// Answers every request with this body; returns its address.
async fn serving(body: Vec<u8>) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let body = body.clone();
            tokio::spawn(async move {
                let _ = stream.read(&mut [0; 4096]).await;
                let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
                let _ = stream.write_all(head.as_bytes()).await;
                let _ = stream.write_all(&body).await;
            });
        }
    });
    format!("http://{address}")
}

const OLD: &str = "Handle,Title,Body (HTML),Vendor,Product Category,Type,Tags,Published,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,Variant Compare At Price,Variant Taxable,Variant Barcode,Image Src,Image Position,Image Alt Text,Variant Image,SEO Title,SEO Description,Cost per item,Status\n\
malong,Malong,\"<p>Woven in <b>Cotabato</b>.</p>\n<p>Wash cold.</p>\",Tala,Apparel > Clothing,Malong,\"cotton, woven\",TRUE,Colour,Red,Size,M,MAL-R-M,420,7,\"1,250.00\",1500,TRUE,,,,,,Malong SEO,Handwoven malong,600,active\n\
malong,,,,,,,,,Red,,L,MAL-R-L,480,3,1350.5,,TRUE,,,,,,,,620,\n\
malong,,,,,,,,,Blue,,M,MAL-B-M,420,0,1250,,TRUE,,,,,,,,,\n\
cup,Cup,,Tala,,Tableware,,TRUE,Title,Default Title,,,CUP,300,5,99,,FALSE,4809990000016,,,,,,,,\n";

const NEW: &str = "Title,URL handle,Description,Vendor,Product category,Type,Tags,Published on online store,Status,SKU,Barcode,Option1 name,Option1 value,Option2 name,Option2 value,Price,Compare-at price,Cost per item,Charge tax,Inventory quantity,Weight value (grams),Product image URL,Image position,Image alt text,Variant image URL,SEO title,SEO description\n\
Malong,malong,\"<p>Woven in <b>Cotabato</b>.</p>\n<p>Wash cold.</p>\",Tala,Apparel > Clothing,Malong,\"cotton, woven\",TRUE,Active,MAL-R-M,,Colour,Red,Size,M,\"1,250.00\",1500,600,TRUE,7,420,,,,,Malong SEO,Handwoven malong\n\
,malong,,,,,,,,MAL-R-L,,,Red,,L,1350.5,,620,TRUE,3,480,,,,,,\n\
,malong,,,,,,,,MAL-B-M,,,Blue,,M,1250,,,TRUE,0,420,,,,,,\n\
Cup,cup,,Tala,,Tableware,,TRUE,Active,CUP,4809990000016,Title,Default Title,,,99,,,FALSE,5,300,,,,,,\n";

#[tokio::test]
async fn both_generations_of_columns_mean_the_same_and_a_second_run_changes_nothing() {
    both(async |shop| {
        let report = import(shop, OLD).await;
        assert_eq!((report.rows, report.created, report.problems.as_slice()), (4, 2, &[][..]));
        let malong = catalog::product(shop, Locale::En, "malong").await.unwrap().unwrap();
        assert_eq!(malong.description, "Woven in Cotabato.\n\nWash cold.");
        assert_eq!(malong.options.iter().map(|o| (o.name.as_str(), o.values.len())).collect::<Vec<_>>(), [("Colour", 2), ("Size", 2)]);
        let prices: Vec<_> = malong.variants.iter().map(|v| (v.sku.as_str(), v.price.minor, v.available, v.weight_g)).collect();
        assert_eq!(prices, [("MAL-R-M", 125_000, 7, 420), ("MAL-R-L", 135_050, 3, 480), ("MAL-B-M", 125_000, 0, 420)]);
        assert_eq!(
            (malong.tags, malong.seo_title, malong.summary),
            (vec!["cotton".into(), "woven".into()], "Malong SEO".into(), "Handwoven malong".into())
        );
        assert_eq!(malong.category.unwrap().name, "Malong");
        let cup = catalog::product(shop, Locale::En, "cup").await.unwrap().unwrap();
        assert_eq!((cup.options.len(), cup.variants.len(), cup.variants[0].barcode.as_deref()), (0, 1, Some("4809990000016")));
        let events = number(shop, "select count(*) from events").await;
        for file in [OLD, NEW] {
            let again = import(shop, file).await;
            assert_eq!((again.created, again.updated, again.unchanged, again.problems.len()), (0, 0, 2, 0));
        }
        assert_eq!(number(shop, "select count(*) from events").await, events);
        assert_eq!(number(shop, "select cast(sum(on_hand) as bigint) from stock").await, 15);
    })
    .await;
}

#[tokio::test]
async fn a_bad_row_is_reported_and_the_good_ones_are_imported() {
    both(async |shop| {
        let mut file = String::from("Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Grams,Status,Image Src\n");
        file.push_str("bag,Bag,Size,S,BAG-S,100,10,active,\n"); // 2
        file.push_str("bag,,,M,BAG-M,one hundred,10,,\n"); // 3: price
        file.push_str("bag,,,,BAG-L,120,10,,\n"); // 4: no size
        file.push_str("bag,,,S,BAG-S2,120,10,,\n"); // 5: the same size
        file.push_str("bag,,,XL,BAG-S,120,10,,\n"); // 6: the same SKU, which gets a mark
        file.push_str("bag,,,XXL,BAG-XXL,-1,10,,\n"); // 7: price
        file.push_str(",,,,X,1,1,active,\n"); // 8: no handle
        file.push_str("hat,,,,HAT,1,1,active,\n"); // 9: no title
        file.push_str("pen,Pen,,,PEN,9,9,sometimes,\npen,,,,PEN-2,9,9,,\n"); // 10: status, and 11 with it
        file.push_str("pot,Pot,,,POT,9,heavy,active,\npot,,,,,,,,pot.png\n"); // 12: weight, and 13 with it
        file.push_str("mat,\"Mat\nof straw\",,,MAT,99999999999999999999,1,active,\n"); // 14-15: overflow
        file.push_str("jar,Jär,,,JAR,5.55,1,active,jar.png\n"); // 16: a file name without a folder
        let mut bytes = file.into_bytes();
        bytes.extend_from_slice(b"ink,Ink \xff,,,INK,5,1,active,\n"); // 17: not UTF-8
        let report = import_csv(shop, &shop.system(), &bytes, &ImportOptions::default(), &quiet).await.unwrap();
        let problems: Vec<_> = report.problems.iter().map(|p| (p.line, p.column.as_str(), p.taken)).collect();
        let expected = [
            (2, "Status", true),
            (3, "Variant Price", false),
            (4, "Option1 Value", false),
            (5, "Option1 Value", false),
            (6, "Variant SKU", true),
            (7, "Variant Price", false),
            (8, "Handle", false),
            (9, "Title", false),
            (10, "Status", false),
            (11, "Handle", false),
            (12, "Variant Grams", false),
            (13, "Image Src", true),
            (13, "URL handle", false),
            (14, "Variant Price", false),
            (16, "Image Src", true),
            (17, "Title", false),
        ];
        assert_eq!(problems, expected);
        assert!(report.problems.iter().all(|p| !p.reason.is_empty()));
        assert_eq!((report.rows, report.created, report.left_out), (15, 2, 12));
        // An incomplete product is not published.
        assert!(catalog::product(shop, Locale::En, "bag").await.unwrap().is_none());
        assert_eq!(number(shop, "select count(*) from variants where sku like 'BAG-%'").await, 2);
        assert!(catalog::product(shop, Locale::En, "jar").await.unwrap().is_some());
        // The same rows are named by a second run, which changes nothing.
        let again = import_csv(shop, &shop.system(), &bytes, &ImportOptions::default(), &quiet).await.unwrap();
        assert_eq!((again.created, again.updated, again.left_out), (0, 0, 12));
    })
    .await;
}

#[tokio::test]
async fn a_changed_file_changes_only_the_products_that_differ() {
    both(async |shop| {
        import(shop, OLD).await;
        let before = catalog::product(shop, Locale::En, "malong").await.unwrap().unwrap();
        let changed = OLD.replace("MAL-R-L,480,3,1350.5", "MAL-R-L,480,900,1400").replace("MAL-B-M,420,0,1250", "MAL-B-M,420,0,free");
        let report = import(shop, &changed).await;
        assert_eq!((report.updated, report.unchanged, report.problems.len()), (1, 1, 1));
        let after = catalog::product(shop, Locale::En, "malong").await.unwrap().unwrap();
        let shape = |p: &domain::view::ProductView| p.variants.iter().map(|v| (v.id, v.sku.clone(), v.available)).collect::<Vec<_>>();
        // The same variants with the same stock, the one with the bad row too.
        assert_eq!(shape(&before), shape(&after));
        assert_eq!(after.variants[1].price.minor, 140_000);
        let listed = catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap();
        assert_eq!(listed.products.len(), 2);
        let archived = OLD.replace(",active", ",archived");
        assert_eq!(import(shop, &archived).await.updated, 1);
        assert!(catalog::product(shop, Locale::En, "malong").await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn pictures_come_by_address_and_from_a_folder_once() {
    both(async |shop| {
        let address = serving(png(64)).await;
        let broken = serving(b"<html>not a picture</html>".to_vec()).await;
        std::fs::write(shop.folder.path().join("mat.png"), png(80)).unwrap();
        let file = format!(
            "Handle,Title,Variant Price,Status,Image Src,Image Position,Image Alt Text\n\
             cup,Cup,10,active,{address}/cup.png,2,A cup\ncup,,,,mat.png,1,A mat\n\
             hat,Hat,10,active,{broken}/hat.png,,\nfan,Fan,10,active,../key,,\n"
        );
        let options = ImportOptions { pictures: Pictures::Folder(shop.folder.path()), ..ImportOptions::default() };
        let run = async || import_csv(shop, &shop.system(), file.as_bytes(), &options, &quiet).await.unwrap();
        let report = run().await;
        let problems: Vec<_> = report.problems.iter().map(|p| p.line).collect();
        assert_eq!((report.created, problems), (3, vec![4, 5]));
        let cup = catalog::product(shop, Locale::En, "cup").await.unwrap().unwrap();
        assert_eq!(cup.pictures.iter().map(|p| (p.width, p.alt.as_str())).collect::<Vec<_>>(), [(80, "A mat"), (64, "A cup")]);
        let again = run().await;
        assert_eq!((again.unchanged, again.updated, again.problems.len()), (3, 0, 2), "what lacked its picture is tried again");
        assert_eq!(number(shop, "select count(*) from pictures").await, 2);
        // An uploaded file does not make the server call addresses of its own network.
        let manager = Context::staff(domain::id::UserId(shop.id()), Role::Manager, RequestId(shop.id()));
        let file = format!("Handle,Title,Variant Price,Image Src\nbox,Box,10,{address}/box.png\n");
        let report = import_csv(shop, &manager, file.as_bytes(), &ImportOptions::default(), &quiet).await.unwrap();
        assert_eq!((report.created, report.problems.len()), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_rows_take_seconds_on_both_databases() {
    let mut file = String::from(
        "Handle,Title,Body (HTML),Type,Tags,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status\n",
    );
    for n in 0..2_500 {
        writeln!(file, "p{n},Product {n},<p>Number {n}</p>,Kind {},\"a, b\",Size,S,P{n}-S,{}.50,3,active", n % 9, n + 1).unwrap();
        for size in ["M", "L", "XL"] {
            writeln!(file, "p{n},,,,,,{size},P{n}-{size},{}.50,3,", n + 1).unwrap();
        }
    }
    let took = std::sync::Mutex::new(Vec::new());
    both(async |shop| {
        let start = std::time::Instant::now();
        let report = import(shop, &file).await;
        took.lock().unwrap().push(start.elapsed());
        assert_eq!((report.rows, report.created, report.problems.len()), (10_000, 2_500, 0));
        assert_eq!(import(shop, &file).await.unchanged, 2_500);
    })
    .await;
    let took = took.into_inner().unwrap();
    eprintln!("ten thousand rows: {took:?}");
    assert!(took.iter().all(|took| took.as_secs() < 60), "{took:?}");
    assert!(took[1] < took[0] * 5, "Postgres takes much longer than SQLite: {took:?}");
}

#[tokio::test]
async fn importing_needs_the_permission_to_write_products_and_a_product_list() {
    let shop = sqlite().await;
    let refused = import_csv(&shop, &guest(&shop), OLD.as_bytes(), &ImportOptions::default(), &quiet).await;
    assert!(matches!(refused, Err(CatalogError::Forbidden(_))));
    for file in ["", "a,b\n1,2\n", "\u{0}\u{1}\u{2}"] {
        let refused = import_csv(&shop, &shop.system(), file.as_bytes(), &ImportOptions::default(), &quiet).await;
        assert!(matches!(refused, Err(CatalogError::NotAList(_))), "{file:?}");
    }
    shop.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_of_one_new_file_at_once_make_each_product_once() {
    both(async |shop| {
        let mut file = "Handle,Title,Variant SKU,Variant Price\n".to_owned();
        for n in 0..300 {
            writeln!(file, "goods-{n},Goods {n},SKU-{n},10").unwrap();
        }
        let (one, other) = tokio::join!(import(shop, &file), import(shop, &file));
        for report in [&one, &other] {
            assert_eq!((report.left_out, &report.problems[..]), (0, &[][..]));
        }
        assert_eq!(one.created + other.created, 300);
        assert_eq!(number(shop, "select count(*) from products").await, 300);
        assert_eq!(number(shop, "select count(*) from product_texts where slug like '%-%-%'").await, 0, "none has a second address");
        assert_eq!(import(shop, &file).await.unchanged, 300);
    })
    .await;
}

#[tokio::test]
async fn products_without_a_visible_name_are_left_out() {
    both(async |shop| {
        let report = import(shop, "Handle,Title,Variant SKU,Variant Price,Status\na,\u{a0}\u{200b},A,10,active\n").await;
        assert_eq!((report.created, report.left_out), (0, 1));
    })
    .await;
}

#[tokio::test]
async fn a_file_with_more_problems_lists_a_thousand() {
    let shop = sqlite().await;
    let report = import(&shop, &format!("Handle,Title,Variant SKU,Variant Price\n{}", "x\n".repeat(2_000))).await;
    assert_eq!((report.left_out, report.problems.len(), report.more_problems), (2_000, 1_000, 1_000));
    let endless = format!("Handle\n{}", "x\n".repeat(300_001));
    let refused = import_csv(&shop, &shop.system(), endless.as_bytes(), &ImportOptions::default(), &quiet).await;
    assert!(matches!(&refused, Err(CatalogError::NotAList(why)) if why.contains("300,000")), "{refused:?}");
}

#[tokio::test]
async fn an_amount_out_of_range_is_told_its_range_as_money() {
    let shop = sqlite().await;
    let file = "Handle,Title,Variant Price,Variant Grams\na,A,-1,\nb,B,10000000000.01,\nc,C,1,9999999\n";
    let report = import(&shop, file).await;
    let told: Vec<_> = report.problems.iter().map(|problem| problem.reason.as_str()).collect();
    let of_money = "Enter an amount from ₱0.00 to ₱10,000,000,000.00.";
    assert_eq!(told, [of_money, of_money, "Enter a number from 0 to 1,000,000."]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_products_state_comes_with_a_file() {
    both(async |shop| {
        let stated = async |locale: Locale| {
            let product = catalog::product(shop, locale, "ube-jam").await.unwrap().unwrap();
            product.facts.into_iter().map(|fact| format!("{}={}", fact.label, fact.value)).collect::<Vec<_>>()
        };
        let file = "Handle,Title,Status,Variant Price,Product type handle,Facts,Facts (fil)\n\
            ube-jam,Ube jam,active,90,Jam,\"Ingredients: Purple yam, sugar\n  May contain nuts\nOrigin: Baguio\",ingredients: Ube at asukal\n";
        let report = import(shop, file).await;
        assert_eq!((report.created, report.problems), (1, vec![]));
        assert_eq!(stated(Locale::En).await, ["ingredients=Purple yam, sugar\nMay contain nuts", "origin=Baguio"]);
        assert_eq!(stated(Locale::Fil).await, ["ingredients=Ube at asukal", "origin=Baguio"]);
        assert_eq!(import(shop, file).await.unchanged, 1);
        // Without the columns, and in a language that has none, it stays.
        let report = import(shop, "Handle,Title,Variant Price\nube-jam,Ube jam,95\n").await;
        assert_eq!((report.updated, stated(Locale::En).await.len()), (1, 2));
        let report = import(shop, "Handle,Title,Facts\nube-jam,Ube jam,\"origin: Sagada\nshelf: 12 months\"\n").await;
        assert_eq!(report.problems.iter().map(|p| (p.column.as_str(), p.taken)).collect::<Vec<_>>(), [("Facts", true)]);
        assert!(report.problems[0].reason.contains("shelf"));
        assert_eq!(stated(Locale::En).await, ["origin=Sagada"]);
        assert_eq!(stated(Locale::Fil).await, ["ingredients=Ube at asukal", "origin=Sagada"]);
        let report = import(shop, "Handle,Title,Facts\nube-jam,Ube jam,no key\n").await;
        assert_eq!((report.left_out, report.problems[0].column.as_str()), (1, "Facts"));
        import(shop, "Handle,Title,Product type handle\nube-jam,Ube jam,\n").await;
        assert_eq!(stated(Locale::En).await, [""; 0]);
        assert_eq!(number(shop, "select count(*) from product_types").await, 1);
    })
    .await;
}

#[tokio::test]
async fn no_product_is_put_into_a_category_that_a_rule_fills() {
    both(async |shop| {
        import(shop, "Handle,Title,Type,Variant Price\ncup,Cup,Cups,90\n").await;
        shop.db().write(async |tx| tx.execute("update categories set rule = '{\"tag\":\"gift\"}'", &[]).await).await.unwrap();
        let category = "select count(*) from products where category_id is not null";
        for (file, has) in [("Handle,Title,Type,Variant Price\nplate,Plate,Cups,90\n", 1), ("Handle,Type,Variant Price\ncup,Cups,80\n", 1)]
        {
            let report = import(shop, file).await;
            assert_eq!(report.problems.iter().map(|p| (p.column.as_str(), p.taken)).collect::<Vec<_>>(), [("Type", true)]);
            assert_eq!(number(shop, category).await, has);
        }
        assert_eq!(number(shop, "select count(*) from categories").await, 1);
    })
    .await;
}
