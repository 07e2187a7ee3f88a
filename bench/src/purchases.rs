//! Whole purchases: what a buyer's browser asks from an empty cart to the order, every answer checked.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::Client;
use crate::load::{at_once, percentile};
use crate::measure::{address, order, row, variants};
use crate::server::{Server, postgres_ticks};
use crate::{Options, Trouble};

/// Buyers at the same time.
const BUYERS: [usize; 3] = [1, 8, 32];
/// The calls of a purchase, in order.
pub const CALLS: [&str; 5] = ["cart", "second line", "delivery options", "look", "checkout"];
/// Different products that are bought.
const PRODUCTS: usize = 2_000;
/// Purchases whose calls are measured one by one.
const PROFILED: usize = 300;

/// What one buyer saw: the milliseconds of each call of each purchase, and why the last one failed that did.
#[derive(Default)]
struct Bought {
    calls: [Vec<f64>; CALLS.len()],
    failed: usize,
    why: Option<String>,
}

/// What each call costs, and then purchases with more and more buyers: how many a second, the processor time of each (the database's
/// included), the time of each call, and the server's peak memory over all.
pub async fn purchases(options: &Options, name: &str, server: &Server, is_postgres: bool) -> Result<(), Trouble> {
    let products = Arc::new(variants(server, PRODUCTS).await?);
    let next = Arc::new(AtomicUsize::new(0));
    profile(name, server, &products, &next, is_postgres).await?;
    let ticks = || Ok::<_, Trouble>(server.ticks()? + if is_postgres { postgres_ticks()? } else { 0 });
    for buyers in BUYERS {
        let before = ticks()?;
        let (bought, took) = load(server, &products, &next, buyers, options.seconds).await?;
        let used = ticks()? - before;
        row(&format!("whole purchases, {name}, {buyers} at once"), &cell(&bought, took, used));
        if let Some(why) = bought.iter().find_map(|one| one.why.as_ref()) {
            eprintln!("a purchase that failed: {}", why.chars().take(300).collect::<String>());
        }
    }
    row(&format!("peak memory of the server, {name}"), &format!("{:.0} MB", server.peak_memory()?));
    Ok(())
}

async fn load(
    server: &Server,
    products: &Arc<Vec<String>>,
    next: &Arc<AtomicUsize>,
    buyers: usize,
    seconds: u64,
) -> Result<(Vec<Bought>, Duration), Trouble> {
    let (address, products, next) = (server.address.clone(), Arc::clone(products), Arc::clone(next));
    let until = Instant::now() + Duration::from_secs(seconds);
    at_once(buyers, async move || {
        let mut client = Client::connect(&address).await?;
        let mut bought = Bought::default();
        while Instant::now() < until {
            match purchase(&mut client, Purchase::new(&products, next.fetch_add(1, Ordering::Relaxed))).await {
                Ok(calls) => bought.calls.iter_mut().zip(calls).for_each(|(all, one)| all.push(one)),
                Err(why) => {
                    bought.failed += 1;
                    bought.why = Some(why.to_string());
                }
            }
        }
        Ok(bought)
    })
    .await
}

/// A purchase of two lines, as far as it has come.
#[derive(Default)]
pub struct Purchase {
    lines: [Value; 2],
    path: String,
    delivery: String,
    key: String,
}

impl Purchase {
    /// The purchase numbered `n`, of other products than the one before.
    pub fn new(products: &[String], n: usize) -> Self {
        let lines = [2 * n, 2 * n + 1].map(|at| json!({ "variant": products[at % products.len()], "quantity": 1 }));
        let key = format!("idempotency-key: purchase-{}-{n:08}\r\n", std::process::id());
        Self { lines, key, ..Self::default() }
    }

    /// Makes the call of this index in [`CALLS`], and checks its answer; returns how many milliseconds that took, and the answer.
    pub async fn call(&mut self, at: usize, client: &mut Client) -> Result<(f64, Value), Trouble> {
        let Self { lines, path, delivery, key } = self;
        let (method, target, headers, body) = match at {
            0 => ("POST", "/api/v1/carts".to_owned(), "", json!({ "lines": lines[..1] })),
            1 => ("PUT", format!("{path}/lines"), "", json!({ "lines": lines })),
            2 => ("POST", format!("{path}/delivery-options"), "", address()),
            3 => ("GET", path.clone(), "", Value::Null),
            _ => ("POST", format!("{path}/checkout"), key.as_str(), order(delivery)),
        };
        let (milliseconds, answer) = call(client, method, &target, headers, &body).await?;
        match at {
            0 => *path = format!("/api/v1/carts/{}", text(&answer, "/id")?),
            2 => *delivery = text(&answer, "/options/0/code")?,
            1 | 3 => expect(lines_of(&answer) == 2, "the cart has not both lines", &answer)?,
            _ => drop(text(&answer, "/number")?),
        }
        Ok((milliseconds, answer))
    }
}

/// All calls of one purchase; returns their milliseconds.
async fn purchase(client: &mut Client, mut purchase: Purchase) -> Result<[f64; CALLS.len()], Trouble> {
    let mut took = [0.0; CALLS.len()];
    for (at, took) in took.iter_mut().enumerate() {
        (*took, _) = purchase.call(at, client).await?;
    }
    Ok(took)
}

/// What each call of a purchase costs when nothing else is done: the same call of many purchases, one after the other. What follows an
/// order counts towards the checkout.
async fn profile(name: &str, server: &Server, products: &[String], next: &AtomicUsize, is_postgres: bool) -> Result<(), Trouble> {
    let mut client = Client::connect(&server.address).await?;
    let mut purchases: Vec<Purchase> = (0..PROFILED).map(|_| Purchase::new(products, next.fetch_add(1, Ordering::Relaxed))).collect();
    for (at, what) in CALLS.iter().enumerate() {
        let (own, postgres) = (server.ticks()?, if is_postgres { postgres_ticks()? } else { 0 });
        let (statements, switches) = (server.statements().await?, server.switches()?);
        for purchase in &mut purchases {
            purchase.call(at, &mut client).await?;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
        let each = |count: u64| count as f64 / PROFILED as f64;
        // A tick is a hundredth of a second.
        let processor = |ticks: u64| each(ticks) * 10.0;
        let mut figures = vec![
            format!("{:.1} statements", each(server.statements().await? - statements)),
            format!("{:.0} switches of threads", each(server.switches()? - switches)),
            format!("{:.2} ms of processor", processor(server.ticks()? - own)),
        ];
        if is_postgres {
            figures.push(format!("{:.2} ms of Postgres'", processor(postgres_ticks()? - postgres)));
        }
        row(&format!("one call, {name}: {what}"), &figures.join(", "));
    }
    Ok(())
}

/// Sends a request; returns how many milliseconds the answer took, and the answer, which must be good.
async fn call(client: &mut Client, method: &str, path: &str, headers: &str, body: &Value) -> Result<(f64, Value), Trouble> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = client.request(method, path, headers, &body);
    let sent = Instant::now();
    let answer = client.send(&request).await?;
    let milliseconds = sent.elapsed().as_secs_f64() * 1_000.0;
    // Not every answer is the shop's own.
    let value = serde_json::from_slice(&answer.body).map_err(|_| format!("{path}: {}", answer.status))?;
    expect(answer.status < 300, path, &value)?;
    Ok((milliseconds, value))
}

fn expect(holds: bool, what: &str, answer: &Value) -> Result<(), Trouble> {
    if holds { Ok(()) } else { Err(format!("{what}: {answer}").into()) }
}

fn text(answer: &Value, at: &str) -> Result<String, Trouble> {
    answer.pointer(at).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| format!("no {at} in {answer}").into())
}

fn lines_of(cart: &Value) -> usize {
    cart.get("lines").and_then(Value::as_array).map_or(0, Vec::len)
}

fn cell(bought: &[Bought], took: Duration, ticks: u64) -> String {
    let done = bought.iter().map(|one| one.calls[0].len()).sum::<usize>();
    let failed = bought.iter().map(|one| one.failed).sum::<usize>();
    let mut times: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    for one in bought {
        for (at, calls) in one.calls.iter().enumerate() {
            times.entry(at).or_default().extend(calls);
        }
    }
    let p99 = |mut times: Vec<f64>| {
        times.sort_unstable_by(f64::total_cmp);
        percentile(&times, 0.99)
    };
    let each: Vec<_> = times.iter().map(|(at, times)| format!("{} {:.1}", CALLS[*at], p99(times.clone()))).collect();
    let all = p99(times.into_values().flatten().collect());
    let failed = if failed == 0 { String::new() } else { format!(", {failed} failed") };
    let rate = done as f64 / took.as_secs_f64();
    // A tick is a hundredth of a second.
    let processor = ticks as f64 * 10.0 / done.max(1) as f64;
    format!("{rate:.0} /s, {processor:.1} ms of processor each, p99 of a call {all:.1} ms ({}){failed}", each.join(", "))
}
