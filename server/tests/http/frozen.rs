//! Two servers on one Postgres, one of which is frozen in the middle of a transaction: the other continues to sell.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::{Connection, PgConnection};

use crate::api::{address, json_of, on_sale, order};
use crate::program::{Folder, Server, a_postgres, is_long, stderr, stdout};

/// The answers that buyers got.
#[derive(Default)]
struct Answers {
    sold: AtomicU64,
    busy: AtomicU64,
    other: AtomicU64,
}

/// Buyers who order one item after the other at a server until `over`.
fn buyers(
    server: &Server,
    variants: &Arc<Vec<String>>,
    count: usize,
    answers: &Arc<Answers>,
    over: &Arc<AtomicBool>,
) -> Vec<tokio::task::JoinHandle<()>> {
    let buyer = |n: usize| {
        let (url, variants, answers, over) = (server.url.clone(), variants.clone(), answers.clone(), over.clone());
        tokio::spawn(async move {
            let http = backend::platform::http::client().timeout(Duration::from_secs(20)).no_proxy().build().unwrap();
            for step in 0.. {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                let variant = &variants[(n * 17 + step * 5) % variants.len()];
                let count = match buy(&http, &url, variant).await {
                    Some(201) => &answers.sold,
                    Some(503) => &answers.busy,
                    _ => &answers.other,
                };
                count.fetch_add(1, Ordering::Relaxed);
            }
        })
    };
    (0..count).map(buyer).collect()
}

async fn buy(http: &reqwest::Client, url: &str, variant: &str) -> Option<u16> {
    let created = http.post(format!("{url}/api/v1/carts")).json(&json!({ "lines": [{ "variant": variant, "quantity": 1 }] }));
    let created = created.send().await.ok()?;
    if created.status() != 201 {
        return Some(created.status().as_u16());
    }
    let cart: serde_json::Value = created.json().await.ok()?;
    let cart = cart["id"].as_str()?;
    let send = http.post(format!("{url}/api/v1/carts/{cart}/checkout")).header("idempotency-key", cart).json(&order("standard-ncr"));
    Some(send.send().await.ok()?.status().as_u16())
}

/// Gives every variant so much stock that none is sold out.
async fn stocked(postgres: &mut PgConnection) {
    sqlx::raw_sql("update stock set available = available + 100000, on_hand = on_hand + 100000").execute(postgres).await.unwrap();
}

/// Stock was written by hand, which the audit reports; everything else agrees.
fn all_but_stock_agrees(server: &Server, database: &str) {
    let audit = server.folder.run(&["audit", "--database", database]);
    let failed = stdout(&audit).lines().filter(|line| line.contains("FAILED")).map(str::to_owned).collect::<Vec<_>>();
    let by_hand = ["on hand is the sum of movements", "cost layers hold the units on hand"];
    assert!(
        failed.len() == by_hand.len() && failed.iter().zip(by_hand).all(|(failed, check)| failed.starts_with(check)),
        "{failed:?}{}",
        stderr(&audit)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_node_does_not_block_the_others() {
    let database = a_postgres().await;
    let folder = Folder::new();
    let seeded = folder.run(&["seed", "--database", &database]);
    assert!(seeded.status.success(), "{}", stderr(&seeded));
    let mut postgres = PgConnection::connect(&database).await.unwrap();
    stocked(&mut postgres).await;
    let second = Folder::new();
    std::fs::copy(folder.0.join("tindahan.key"), second.0.join("tindahan.key")).unwrap();
    let arguments = ["--database", &database, "--limit-api", "0", "--limit-checkout", "0"];
    let (freezes, goes_on) = (Server::start_with(folder, &arguments), Server::start_with(second, &arguments));

    let variants = on_sale(&goes_on).await;
    assert!(variants.len() >= 20, "{}", variants.len());
    let (_, cart) = json_of(goes_on.post("/api/v1/carts", &json!({ "lines": [{ "variant": variants[0], "quantity": 1 }] }))).await;
    let path = format!("/api/v1/carts/{}/delivery-options", cart["id"].as_str().unwrap());
    let (_, found) = json_of(goes_on.post(&path, &address())).await;
    assert!(found["options"].as_array().unwrap().iter().any(|option| option["code"] == "standard-ncr"), "{found}");

    let over = Arc::new(AtomicBool::new(false));
    let (theirs, ours) = (Arc::new(Answers::default()), Arc::new(Answers::default()));
    let variants = Arc::new(variants);
    let mut all = buyers(&freezes, &variants, 8, &theirs, &over);
    all.extend(buyers(&goes_on, &variants, 8, &ours, &over));
    let window = Duration::from_secs(if is_long() { 60 } else { 8 });
    tokio::time::sleep(Duration::from_secs(3)).await;
    let before = ours.sold.load(Ordering::Relaxed);
    tokio::time::sleep(window).await;
    let usual = ours.sold.load(Ordering::Relaxed) - before;

    freeze_within_a_transaction(&freezes, &mut postgres).await;
    let frozen = Instant::now();
    let before = ours.sold.load(Ordering::Relaxed);
    let mut cut_off = None;
    while frozen.elapsed() < window || (cut_off.is_none() && frozen.elapsed() < Duration::from_secs(20)) {
        if cut_off.is_none() && standing(&mut postgres).await == 0 {
            cut_off = Some((frozen.elapsed(), ours.sold.load(Ordering::Relaxed) - before));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let meanwhile = ours.sold.load(Ordering::Relaxed) - before;
    let (busy, other) = (ours.busy.load(Ordering::Relaxed), ours.other.load(Ordering::Relaxed));
    freezes.signal("CONT");
    println!(
        "{usual} sold in {window:?} before, {meanwhile} while the other stood still, which was cut off after {cut_off:?} (time, sold until then); {busy} busy, {other} other"
    );
    // Whoever wants what the frozen transaction holds waits until it is cut off; everybody else buys. How many those are until then
    // depends on what it held, so a rate is compared over the minute of the long mode only.
    let Some((_, until_cut_off)) = cut_off else { panic!("its session was not ended within 20 seconds") };
    assert!(meanwhile > until_cut_off, "nothing was sold after it was cut off");
    assert!(!is_long() || meanwhile * 10 >= usual * 8, "{meanwhile} of {usual}");
    assert_eq!(other, 0);

    // It continues, and sells again.
    let before = theirs.sold.load(Ordering::Relaxed);
    let begun = Instant::now();
    while theirs.sold.load(Ordering::Relaxed) < before + 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not sell again: {}", freezes.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    over.store(true, Ordering::Relaxed);
    for buyer in all {
        buyer.await.unwrap();
    }
    all_but_stock_agrees(&goes_on, &database);
}

/// Sessions that are in the middle of writing orders and do nothing: they hold the stock of what is ordered.
async fn standing(postgres: &mut PgConnection) -> i64 {
    sqlx::query_scalar(
        "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'
         and xact_start < now() - interval '500 milliseconds' and query ~ 'stock|orders|reservation|contacts|addresses|entries'",
    )
    .fetch_one(postgres)
    .await
    .unwrap()
}

/// Stops the process when one of its sessions is in a transaction and holds something.
async fn freeze_within_a_transaction(server: &Server, postgres: &mut PgConnection) {
    for _ in 0..200 {
        server.signal("STOP");
        tokio::time::sleep(Duration::from_millis(700)).await;
        if standing(postgres).await > 0 {
            return;
        }
        server.signal("CONT");
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    panic!("it was never stopped within a transaction");
}
