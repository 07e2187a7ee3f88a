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
const CALLS: [&str; 5] = ["cart", "second line", "delivery options", "look", "checkout"];
/// Different products that are bought.
const PRODUCTS: usize = 2_000;

/// What one buyer saw: the milliseconds of each call of each purchase, and why the last one failed that did.
#[derive(Default)]
struct Bought {
    calls: [Vec<f64>; CALLS.len()],
    failed: usize,
    why: Option<String>,
}

/// Purchases with more and more buyers: how many a second, the processor time of each (the database's included), the time of each call,
/// and the server's peak memory over all.
pub async fn purchases(options: &Options, name: &str, server: &Server, is_postgres: bool) -> Result<(), Trouble> {
    let products = Arc::new(variants(server, PRODUCTS).await?);
    let next = Arc::new(AtomicUsize::new(0));
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
            let n = next.fetch_add(1, Ordering::Relaxed);
            let lines = [2 * n, 2 * n + 1].map(|at| json!({ "variant": products[at % products.len()], "quantity": 1 }));
            match purchase(&mut client, &lines, n).await {
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

/// One purchase of two lines; returns the milliseconds of its calls.
async fn purchase(client: &mut Client, lines: &[Value; 2], n: usize) -> Result<[f64; CALLS.len()], Trouble> {
    let mut took = [0.0; CALLS.len()];
    let (milliseconds, cart) = call(client, "POST", "/api/v1/carts", "", &json!({ "lines": lines[..1] })).await?;
    took[0] = milliseconds;
    let path = format!("/api/v1/carts/{}", text(&cart, "/id")?);
    let (milliseconds, cart) = call(client, "PUT", &format!("{path}/lines"), "", &json!({ "lines": lines })).await?;
    took[1] = milliseconds;
    expect(lines_of(&cart) == 2, "the cart has not both lines", &cart)?;
    let (milliseconds, offers) = call(client, "POST", &format!("{path}/delivery-options"), "", &address()).await?;
    took[2] = milliseconds;
    let delivery = text(&offers, "/options/0/code")?;
    let (milliseconds, cart) = call(client, "GET", &path, "", &Value::Null).await?;
    took[3] = milliseconds;
    expect(lines_of(&cart) == 2, "the cart lost a line", &cart)?;
    let key = format!("idempotency-key: purchase-{}-{n:08}\r\n", std::process::id());
    let (milliseconds, placed) = call(client, "POST", &format!("{path}/checkout"), &key, &order(&delivery)).await?;
    took[4] = milliseconds;
    text(&placed, "/number")?;
    Ok(took)
}

/// Sends a request; returns how many milliseconds the answer took, and the answer, which must be good.
async fn call(client: &mut Client, method: &str, path: &str, headers: &str, body: &Value) -> Result<(f64, Value), Trouble> {
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let request = client.request(method, path, headers, &body);
    let sent = Instant::now();
    let answer = client.send(&request).await?;
    let milliseconds = sent.elapsed().as_secs_f64() * 1_000.0;
    let value = serde_json::from_slice(&answer.body)?;
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
