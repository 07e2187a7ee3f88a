//! `kill -9` among checkouts: an order that was answered is stored, and one that was not is sent again and made once.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::program::{Folder, Server, is_long, stderr, stdout};

/// Checkouts at the same time.
const CHECKOUTS: usize = 200;
/// Units of one variant that are bought at most, so that many orders want the same rows and many want others.
const OF_ONE: usize = 30;
/// A round that takes longer hangs.
const ROUND_TIMEOUT: Duration = Duration::from_secs(120);

fn rounds() -> usize {
    if is_long() { 30 } else { 2 }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_sqlite_no_order_is_lost_and_none_made_twice() {
    let mut answered = Vec::new();
    for round in 0..rounds() {
        answered.push(within_time(crash(StoredShop { folder: Folder::with_shop(), database: None }, round)).await);
    }
    most_were_among_them(&answered);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_no_order_is_lost_and_none_made_twice() {
    let admin = std::env::var("TINDAHAN_TEST_POSTGRES")
        .expect("this test needs Postgres: run it with `make test-rust`, or set TINDAHAN_TEST_POSTGRES");
    let mut answered = Vec::new();
    let mut postgres = <sqlx::PgConnection as sqlx::Connection>::connect(&admin).await.unwrap();
    for round in 0..rounds() {
        let name = format!("crash_{}", Uuid::new_v4().simple());
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&mut postgres).await.unwrap();
        let database = format!("{}/{name}", admin.rsplit_once('/').unwrap().0);
        let shop = StoredShop { folder: Folder::new(), database: Some(database) };
        shop.run(&["seed"]);
        answered.push(within_time(crash(shop, round)).await);
        // The dead program's connections may not have been noticed yet.
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!("drop database {name} with (force)"))).execute(&mut postgres).await.unwrap();
    }
    most_were_among_them(&answered);
}

async fn within_time(round: impl Future<Output = usize>) -> usize {
    tokio::time::timeout(ROUND_TIMEOUT, round).await.expect("the round does not end")
}

/// A kill that came after the last answer proves nothing. On a busy machine one may.
fn most_were_among_them(answered: &[usize]) {
    let late = answered.iter().filter(|count| **count == CHECKOUTS).count();
    assert!(late * 2 < answered.len(), "the kills came too late: {answered:?}");
}

/// A shop that is not being served.
struct StoredShop {
    folder: Folder,
    /// Postgres; else the SQLite file in the folder.
    database: Option<String>,
}

impl StoredShop {
    fn with<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        let database = self.database.iter().flat_map(|url| ["--database", url]);
        arguments.iter().copied().chain(database).collect()
    }

    /// Runs a command that must succeed, and returns its output.
    fn run(&self, arguments: &[&str]) -> String {
        let output = self.folder.run(&self.with(arguments));
        assert!(output.status.success(), "{arguments:?}:\n{}{}", stdout(&output), stderr(&output));
        stdout(&output)
    }

    /// Serves the shop; [`StoredShop::from_server`] is the way back.
    fn serve(self) -> (Server, Option<String>) {
        let mut arguments = vec!["--limit-api", "0", "--limit-checkout", "0"];
        arguments.extend(self.database.iter().flat_map(|url| ["--database", url.as_str()]));
        let server = Server::start_with(self.folder, &arguments);
        (server, self.database)
    }

    fn from_server(mut server: Server, database: Option<String>) -> Self {
        Self { folder: std::mem::replace(&mut server.folder, Folder::new()), database }
    }
}

/// A cart that is being ordered with one key.
struct Checkout {
    cart: String,
    key: String,
    body: Value,
}

impl Checkout {
    /// Sends it; nothing when no whole answer came.
    async fn send(&self, http: &reqwest::Client, url: &str) -> Option<(u16, Value)> {
        let path = format!("{url}/api/v1/carts/{}/checkout", self.cart);
        let answer = http.post(path).header("idempotency-key", &self.key).json(&self.body).send().await.ok()?;
        let status = answer.status().as_u16();
        Some((status, answer.json().await.ok()?))
    }
}

/// One round: 200 checkouts, a kill after some answers, and an audit; returns how many were answered before.
async fn crash(shop: StoredShop, round: usize) -> usize {
    let http = backend::platform::http::client().timeout(Duration::from_secs(60)).no_proxy().build().unwrap();
    let key = shop.run(&["admin", "key", "--name", "Crash", "--scope", "read_orders"]).trim().to_owned();
    let (mut server, database) = shop.serve();
    let before = orders(&http, &server.url, &key).await;
    let checkouts = checkouts(&http, &server.url, round).await;

    // In each round the kill comes after another number of answers.
    let answers_first = 1 + round * 37 % (CHECKOUTS / 2);
    let (answered, mut answers) = mpsc::unbounded_channel();
    let sending = checkouts.into_iter().map(|checkout| {
        let (http, url, answered) = (http.clone(), server.url.clone(), answered.clone());
        tokio::spawn(async move {
            let answer = checkout.send(&http, &url).await;
            if answer.is_some() {
                let _ = answered.send(());
            }
            (checkout, answer)
        })
    });
    let sending: Vec<_> = sending.collect();
    drop(answered);
    for _ in 0..answers_first {
        answers.recv().await.expect("fewer answers than the kill waits for");
    }
    server.child.kill().unwrap();
    server.wait();
    let sent: Vec<(Checkout, Option<(u16, Value)>)> = join_all(sending).await.into_iter().map(Result::unwrap).collect();
    for (checkout, answer) in &sent {
        assert!(answer.as_ref().is_none_or(|(status, _)| *status == 201), "{}: {answer:?}", checkout.key);
    }
    let answered = sent.iter().filter(|(_, answer)| answer.is_some()).count();

    // The stored database is audited before the server starts again.
    let shop = StoredShop::from_server(server, database);
    shop.run(&["audit"]);
    let (mut server, database) = shop.serve();
    let kept = orders(&http, &server.url, &key).await.len() - before.len();
    assert!(kept >= answered, "{answered} were told of their order, {kept} are kept");
    let again =
        join_all(sent.iter().map(|(checkout, first)| settle(&http, &server.url, checkout, first.as_ref().map(|(_, placed)| placed)))).await;
    let numbers: BTreeSet<String> = again.into_iter().collect();
    let after = orders(&http, &server.url, &key).await;
    assert_eq!(numbers.len(), CHECKOUTS);
    assert_eq!(after.difference(&before).cloned().collect::<BTreeSet<_>>(), numbers);
    println!("round {round}: {answered} answered before the kill, {kept} kept, {CHECKOUTS} in the end");
    server.terminate();
    assert!(server.wait().success());
    StoredShop::from_server(server, database).run(&["audit"]);
    answered
}

/// Sends a checkout again until its order is answered, and reads it; returns its number.
async fn settle(http: &reqwest::Client, url: &str, checkout: &Checkout, first: Option<&Value>) -> String {
    let (status, placed) = checkout.send(http, url).await.unwrap();
    match first {
        Some(first) => {
            assert_eq!((status, &placed["id"], &placed["number"]), (200, &first["id"], &first["number"]), "{}", checkout.key);
        }
        None => assert!(status == 200 || status == 201, "{}: {status} {placed}", checkout.key),
    }
    let (status, again) = checkout.send(http, url).await.unwrap();
    assert_eq!((status, &again), (200, &placed), "{}", checkout.key);
    let path = format!("{url}/api/v1/orders/follow/{}", placed["token"].as_str().unwrap());
    let order: Value = http.get(path).send().await.unwrap().json().await.unwrap();
    assert_eq!((&order["number"], &order["total"], order["lines"].as_array().unwrap().len()), (&placed["number"], &placed["total"], 2));
    order["number"].as_str().unwrap().to_owned()
}

/// The numbers of all orders.
async fn orders(http: &reqwest::Client, url: &str, key: &str) -> BTreeSet<String> {
    let (mut numbers, mut after) = (BTreeSet::new(), None::<String>);
    loop {
        let request = http.get(format!("{url}/api/v1/orders")).bearer_auth(key);
        let request = if let Some(after) = &after { request.query(&[("after", after)]) } else { request };
        let page: Value = request.send().await.unwrap().json().await.unwrap();
        let rows = page["orders"].as_array().unwrap_or_else(|| panic!("{page}"));
        for row in rows {
            assert!(numbers.insert(row["number"].as_str().unwrap().to_owned()), "{row} comes twice");
        }
        after = page["next"].as_str().map(str::to_owned);
        if after.is_none() {
            return numbers;
        }
    }
}

/// Carts of two items each, ready to be ordered.
async fn checkouts(http: &reqwest::Client, url: &str, round: usize) -> Vec<Checkout> {
    let units = units(http, url).await;
    let address = json!({ "recipient": "Ana Reyes", "phone": "+639171234567", "country": "PH", "line1": "12 Mabini Street", "place": "1381300009", "postal_code": "1105" });
    let contact = json!({ "name": "Ana Reyes", "email": "ana@example.com", "phone": "+639171234567" });
    let send = async |path: String, body: Value| -> Value {
        http.post(format!("{url}{path}")).json(&body).send().await.unwrap().json().await.unwrap()
    };
    // All at the same time: so there is a connection for each checkout.
    let carts = join_all((0..CHECKOUTS).map(async |n| {
        let line = |variant: &String| json!({ "variant": variant, "quantity": 1 });
        let cart = send("/api/v1/carts".into(), json!({ "lines": [line(&units[n]), line(&units[CHECKOUTS + n])] })).await;
        cart["id"].as_str().unwrap_or_else(|| panic!("{cart}")).to_owned()
    }))
    .await;
    let found = send(format!("/api/v1/carts/{}/delivery-options", carts[0]), address.clone()).await;
    let delivery = found["options"][0]["code"].as_str().unwrap();
    let body = json!({ "contact": contact, "delivery_address": address, "delivery": delivery, "payment": "cod" });
    carts.into_iter().enumerate().map(|(n, cart)| Checkout { cart, key: format!("crash-{round}-{n}"), body: body.clone() }).collect()
}

/// Variants, each as often as it is bought: two for each checkout.
pub async fn units(http: &reqwest::Client, url: &str) -> Vec<String> {
    let read = async |path: String| -> Value { http.get(format!("{url}{path}")).send().await.unwrap().json().await.unwrap() };
    let list = read("/api/v1/products?in_stock=true".into()).await;
    let mut units = Vec::new();
    for product in list["products"].as_array().unwrap() {
        let product = read(format!("/api/v1/products/{}", product["slug"].as_str().unwrap())).await;
        for variant in product["variants"].as_array().unwrap() {
            let available = usize::try_from(variant["available"].as_i64().unwrap()).unwrap_or_default();
            units.extend(std::iter::repeat_n(variant["id"].as_str().unwrap().to_owned(), available.min(OF_ONE)));
        }
        if units.len() >= 2 * CHECKOUTS {
            return units;
        }
    }
    panic!("the shop has only {} units", units.len());
}
