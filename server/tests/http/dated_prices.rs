//! Two servers on one Postgres, and a price list that begins while both are visited.

use std::time::Duration;

use backend::catalog::price_list_changed;
use backend::{Shop, ShopConfig};
use domain::Timestamp;
use domain::id::{PriceListId, ProductId};
use serde_json::{Value, json};

use crate::api::json_of;
use crate::program::{Folder, Server, a_postgres, stderr};

/// A price that nothing else in the demonstration shop has, minor units and as pages show it.
const PRICE: i64 = 1_337;
const SHOWN: &str = "₱13.37";

/// Makes a price list for one product that begins at this moment.
async fn a_sale(shop: &Shop, product: ProductId, from: Timestamp) {
    let list = PriceListId(shop.id());
    shop.db()
        .write(async move |tx| {
            let sql = "insert into price_lists (id, name, currency, position, valid_from) values ($1, 'Sale', 'PHP', 1, $2)";
            tx.execute(sql, &[&list, &from]).await?;
            let sql = "insert into prices (variant_id, price_list_id, amount) select id, $1, $2 from variants where product_id = $3";
            tx.execute(sql, &[&list, &PRICE, &product]).await?;
            price_list_changed(tx, list).await
        })
        .await
        .unwrap();
}

/// Where a node shows the price: its page, its listing, and the API's product, listing and cart.
async fn shown(server: &Server, slug: &str, variant: &str) -> [bool; 5] {
    let page = async |path: String| server.get(&path).send().await.unwrap().text().await.unwrap().contains(SHOWN);
    let priced = |value: &Value| value["minor"].as_i64() == Some(PRICE);
    let (_, product) = json_of(server.get(&format!("/api/v1/products/{slug}"))).await;
    let (_, list) = json_of(server.get("/api/v1/products?sort=price_up")).await;
    let (_, cart) = json_of(server.post("/api/v1/carts", &json!({ "lines": [{ "variant": variant, "quantity": 1 }] }))).await;
    [
        page(format!("/p/{slug}")).await,
        page("/c?sort=price_up".to_owned()).await,
        priced(&product["variants"][0]["price"]),
        priced(&list["products"][0]["price_from"]),
        priced(&cart["lines"][0]["unit_price"]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn both_nodes_show_a_price_from_its_moment_on() {
    let database = a_postgres().await;
    let folder = Folder::new();
    let seeded = folder.run(&["seed", "--database", &database]);
    assert!(seeded.status.success(), "{}", stderr(&seeded));
    let (key, second) = (folder.0.join("tindahan.key"), Folder::new());
    std::fs::copy(&key, second.0.join("tindahan.key")).unwrap();
    let office = Folder::new();
    let mut config = ShopConfig::new(database.clone(), &office.0, "http://127.0.0.1:3000");
    config.key_file = Some(key);
    let adapters = adapters::open(&config).unwrap();
    let shop = Shop::open(config, adapters).await.unwrap();
    let arguments = ["--database", &database, "--limit-api", "0", "--limit-checkout", "0"];
    let nodes = [Server::start_with(folder, &arguments), Server::start_with(second, &arguments)];

    let (_, list) = json_of(nodes[0].get("/api/v1/products?in_stock=true")).await;
    let slug = list["products"][0]["slug"].as_str().unwrap();
    let (_, product) = json_of(nodes[0].get(&format!("/api/v1/products/{slug}"))).await;
    let variant = product["variants"][0]["id"].as_str().unwrap();
    let from = shop.now().plus_millis(12_000);
    a_sale(&shop, product["id"].as_str().unwrap().parse().unwrap(), from).await;
    // Every page is cached with the price of before.
    let mut before = 0;
    while shop.now() < from.plus_millis(-1_000) {
        for node in &nodes {
            let seen = shown(node, slug, variant).await;
            if shop.now() < from {
                assert_eq!(seen, [false; 5]);
                before += 1;
            }
        }
    }
    assert!(before >= 2, "the pages were not looked at before the price list began");
    while shop.now() < from {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for (number, node) in nodes.iter().enumerate() {
        loop {
            let seen = shown(node, slug, variant).await;
            let late = shop.now().millis() - from.millis();
            if seen == [true; 5] {
                println!("node {number} shows it {late} ms after the moment");
                break;
            }
            // Two seconds on a machine that does nothing else.
            assert!(late < 10_000, "node {number}, {late} ms after the moment: {seen:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
    shop.close().await;
}
