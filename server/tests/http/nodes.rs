//! Two servers on one Postgres, one of which loses it: the other goes on, and nothing that was confirmed is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};
use tokio::sync::Mutex;

use crate::api::{on_sale, order};
use crate::program::{Folder, Server, a_postgres, is_long, stderr, stdout};
use crate::wire::Wire;

/// A press of a buyer: its cart, whose id is its key too, and the order's number if it was answered with one.
type Press = (String, Option<String>);

/// What became of the buyers of a node.
#[derive(Default)]
struct Sales {
    sold: AtomicU64,
    refused: AtomicU64,
    presses: Mutex<Vec<Press>>,
    /// Answers that there should not be.
    wrong: Mutex<Vec<String>>,
}

fn http() -> Client {
    backend::platform::http::client().timeout(Duration::from_secs(40)).no_proxy().build().unwrap()
}

async fn check_out(http: &Client, url: &str, cart: &str) -> Result<(u16, Value), reqwest::Error> {
    let path = format!("{url}/api/v1/carts/{cart}/checkout");
    let answer = http.post(path).header("idempotency-key", cart).json(&order("standard-ncr")).send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

/// Buys one piece after the other until it is over.
async fn buy(url: String, variants: Arc<Vec<String>>, n: usize, sales: Arc<Sales>, over: Arc<AtomicBool>) {
    let http = http();
    for step in 0.. {
        if over.load(Ordering::Relaxed) {
            return;
        }
        let lines = json!({ "lines": [{ "variant": variants[(n * 17 + step * 5) % variants.len()], "quantity": 1 }] });
        let made = http.post(format!("{url}/api/v1/carts")).json(&lines).send().await.unwrap();
        let (status, cart) = (made.status().as_u16(), made.json::<Value>().await.unwrap());
        let cart = cart["id"].as_str().map(str::to_owned);
        let (Some(cart), 201) = (cart, status) else {
            note(&sales, status, "a cart").await;
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (status, placed) = check_out(&http, &url, &cart).await.unwrap();
        let number = (status == 201).then(|| placed["number"].as_str().unwrap().to_owned());
        if number.is_none() {
            note(&sales, status, "a checkout").await;
        }
        sales.sold.fetch_add(u64::from(number.is_some()), Ordering::Relaxed);
        sales.presses.lock().await.push((cart, number));
    }
}

/// Without the database there is 503, and 504 where it is unknown whether the order was placed.
async fn note(sales: &Sales, status: u16, what: &str) {
    sales.refused.fetch_add(1, Ordering::Relaxed);
    if ![503, 504].contains(&status) {
        sales.wrong.lock().await.push(format!("{status} for {what}"));
    }
}

async fn sells_more(what: &str, sales: &Sales, server: &Server) {
    let (begun, before) = (Instant::now(), sales.sold.load(Ordering::Relaxed));
    while sales.sold.load(Ordering::Relaxed) < before + 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}: it does not sell: {}", server.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The connection of a node is cut or carries no more packets, and mended again.
async fn trouble(round: usize, wire: &Wire, [whole, cut]: [&Server; 2], [ours, theirs]: [&Sales; 2]) {
    let ready = async || cut.get("/health/ready").send().await.unwrap().status().as_u16();
    if round.is_multiple_of(2) {
        wire.cut();
        let begun = Instant::now();
        while ready().await != 503 {
            assert!(begun.elapsed() < Duration::from_secs(10), "it does not notice: {}", cut.log());
        }
        let begun = Instant::now();
        // Lists are in memory, carts are not.
        let cart = cut.get("/api/v1/carts/cart_01a227b94b1a7a9a962011be6894be3c");
        assert_eq!(cart.send().await.unwrap().status(), 503);
        assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
        sells_more("while the other is cut off", ours, whole).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        wire.mend();
    } else {
        wire.swallow();
        sells_more("while the other hears nothing", ours, whole).await;
    }
    let begun = Instant::now();
    while ready().await != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not recover: {}", cut.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    sells_more("after it was mended", theirs, cut).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_loses_the_database_stops_nobody_and_loses_nothing() {
    let database = a_postgres().await;
    let folder = Folder::new();
    let seeded = folder.run(&["seed", "--database", &database]);
    assert!(seeded.status.success(), "{}", stderr(&seeded));
    let mut postgres = PgConnection::connect(&database).await.unwrap();
    let begun: i64 = sqlx::query_scalar("select coalesce(max(seq), 0) from events").fetch_one(&mut postgres).await.unwrap();
    sqlx::raw_sql("update stock set available = available + 100000, on_hand = on_hand + 100000").execute(&mut postgres).await.unwrap();
    let second = Folder::new();
    std::fs::copy(folder.0.join("tindahan.key"), second.0.join("tindahan.key")).unwrap();
    let simulators = simulators::start(simulators::Options::default()).await.unwrap();
    let smtp = format!("smtp://{}", simulators.smtp);
    let (wire, by_wire) = Wire::to_postgres(&database).await;
    let start = |folder, database: &str| {
        Server::start_with(folder, &["--database", database, "--smtp", &smtp, "--limit-api", "0", "--limit-checkout", "0"])
    };
    // The one by the wire is first, and may have the leases when it is cut off.
    let cut = start(second, &by_wire);
    let variants = Arc::new(on_sale(&cut).await);
    let (theirs, ours) = (Arc::new(Sales::default()), Arc::new(Sales::default()));
    let over = Arc::new(AtomicBool::new(false));
    let shop = |server: &Server, sales: &Arc<Sales>| {
        let buyer = |n| tokio::spawn(buy(server.url.clone(), variants.clone(), n, sales.clone(), over.clone()));
        (0..6).map(buyer).collect::<Vec<_>>()
    };
    let mut buyers = shop(&cut, &theirs);
    sells_more("the first node", &theirs, &cut).await;
    let whole = start(folder, &database);
    buyers.extend(shop(&whole, &ours));
    sells_more("the second node", &ours, &whole).await;
    let (until, mut round) = (Instant::now() + Duration::from_secs(if is_long() { 60 } else { 0 }), 0);
    while round < 1 || Instant::now() < until {
        trouble(round, &wire, [&whole, &cut], [&ours, &theirs]).await;
        round += 1;
    }
    over.store(true, Ordering::Relaxed);
    for buyer in buyers {
        buyer.await.unwrap();
    }
    assert_eq!((theirs.wrong.lock().await.clone(), ours.wrong.lock().await.clone()), (vec![], vec![]));
    assert_eq!(ours.refused.load(Ordering::Relaxed), 0, "the node that had its database refused buyers");
    assert!(theirs.refused.load(Ordering::Relaxed) > 0, "nobody noticed that the other had none");

    // Whoever was not answered asks the other node, with the same key; whoever was, gets the same order again.
    let (http, mut numbers) = (http(), BTreeSet::new());
    let presses: Vec<Press> = theirs.presses.lock().await.drain(..).chain(ours.presses.lock().await.drain(..)).collect();
    for (cart, number) in &presses {
        let (status, placed) = check_out(&http, &whole.url, cart).await.unwrap();
        assert!(status == 200 || number.is_none() && status == 201, "{cart}: {status} {placed}");
        let again = placed["number"].as_str().unwrap().to_owned();
        assert!(number.as_ref().is_none_or(|number| *number == again), "{cart}: {number:?} and {again}");
        assert!(numbers.insert(again), "{cart} has the order of another");
    }
    let placed = "select o.number from orders o join events e on e.subject = o.id where e.kind = 'order.placed' and e.seq > $1";
    let placed: Vec<String> = sqlx::query_scalar(placed).bind(begun).fetch_all(&mut postgres).await.unwrap();
    assert_eq!((placed.len(), placed.into_iter().collect::<BTreeSet<_>>()), (presses.len(), numbers));
    println!("{round} rounds, {} orders, {} refused meanwhile", presses.len(), theirs.refused.load(Ordering::Relaxed));

    // Each order has its mail, whoever handed its event over.
    let unconfirmed = "select count(*) from events e where e.kind = 'order.placed' and e.seq > $1
         and not exists (select 1 from jobs j where j.key = 'mail.placed:ord_' || replace(cast(e.subject as text), '-', ''))";
    let waiting = Instant::now();
    while sqlx::query_scalar::<_, i64>(unconfirmed).bind(begun).fetch_one(&mut postgres).await.unwrap() > 0 {
        assert!(waiting.elapsed() < Duration::from_secs(20), "some orders have no mail: {}", whole.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Stock was written by hand, which the audit reports; everything else agrees.
    let audit = whole.folder.run(&["audit", "--database", &database]);
    let failed: Vec<String> = stdout(&audit).lines().filter(|line| line.contains("FAILED")).map(str::to_owned).collect();
    let by_hand = ["on hand is the sum of movements", "cost layers hold the units on hand"];
    assert!(failed.len() == by_hand.len() && failed.iter().zip(by_hand).all(|(failed, check)| failed.starts_with(check)), "{failed:?}");
    simulators.shutdown().await;
}
