//! Buyers who buy without end, and what they saw.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::JoinHandle;

use crate::Trouble;
use crate::client::Client;
use crate::purchases::{CALLS, Purchase};

/// The last call of a purchase. It is one order, however often it is sent.
const CHECKOUT: usize = CALLS.len() - 1;
/// Buyers at the same time.
const BUYERS: usize = 6;
/// Between two purchases of a buyer, so that the machine has room for what it is to show.
const PAUSE: Duration = Duration::from_millis(200);
/// Before something that failed is tried again.
const RETRY: Duration = Duration::from_millis(250);
/// An answer that takes longer has failed.
const ANSWER: Duration = Duration::from_secs(40);
/// Without a failure for so long, all is well.
const REST: Duration = Duration::from_secs(4);

struct Sold {
    number: String,
    /// When its cart was begun, and when the order was acknowledged.
    begun: Instant,
    at: Instant,
}

#[derive(Default)]
struct Seen {
    sold: Vec<Sold>,
    failures: Vec<(Instant, String)>,
}

struct Market {
    address: String,
    variants: Vec<String>,
    next: AtomicUsize,
    ends: AtomicBool,
    seen: Mutex<Seen>,
}

pub struct Buyers {
    market: Arc<Market>,
    tasks: Vec<JoinHandle<()>>,
}

impl Market {
    fn with<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn has_ended(&self) -> bool {
        self.ends.load(Ordering::Relaxed)
    }

    async fn failed(&self, why: Trouble) {
        let why = why.to_string().chars().take(200).collect();
        self.with(|seen| seen.failures.push((Instant::now(), why)));
        tokio::time::sleep(RETRY).await;
    }

    /// Buys until the market ends; a checkout that was sent is sent again, with its key, until it is answered.
    async fn buy(&self) {
        let mut client = None;
        while !self.has_ended() {
            let (n, begun) = (self.next.fetch_add(1, Ordering::Relaxed), Instant::now());
            let mut purchase = Purchase::new(&self.variants, n);
            if let Err(why) = self.fill(&mut client, &mut purchase).await {
                self.failed(why).await;
                continue;
            }
            let number = loop {
                match self.order(&mut client, &mut purchase).await {
                    Ok(number) => break number,
                    Err(why) => self.failed(why).await,
                }
            };
            self.with(|seen| seen.sold.push(Sold { number, begun, at: Instant::now() }));
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// The connection that is there, or a new one. It is given back after a good answer only.
    async fn connection(&self, client: &mut Option<Client>) -> Result<Client, Trouble> {
        match client.take() {
            Some(client) => Ok(client),
            None => Client::connect(&self.address).await,
        }
    }

    async fn fill(&self, client: &mut Option<Client>, purchase: &mut Purchase) -> Result<(), Trouble> {
        let mut connected = self.connection(client).await?;
        let filled = async {
            for at in 0..CHECKOUT {
                purchase.call(at, &mut connected).await?;
            }
            Ok::<_, Trouble>(())
        };
        tokio::time::timeout(ANSWER, filled).await.map_err(|_| "no answer in time")??;
        *client = Some(connected);
        Ok(())
    }

    async fn order(&self, client: &mut Option<Client>, purchase: &mut Purchase) -> Result<String, Trouble> {
        let mut connected = self.connection(client).await?;
        let ordered = tokio::time::timeout(ANSWER, purchase.call(CHECKOUT, &mut connected)).await;
        let (_, answer) = ordered.map_err(|_| "no answer in time")??;
        *client = Some(connected);
        Ok(answer["number"].as_str().ok_or("an order without a number")?.to_owned())
    }
}

impl Buyers {
    pub fn begin(address: &str, variants: Vec<String>) -> Self {
        let (next, ends, seen) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::default());
        let market = Arc::new(Market { address: address.to_owned(), variants, next, ends, seen });
        let buyer = |market: &Arc<Market>| {
            let market = Arc::clone(market);
            tokio::spawn(async move { market.buy().await })
        };
        let tasks = (0..BUYERS).map(|_| buyer(&market)).collect();
        Self { market, tasks }
    }

    /// Waits until so many purchases were acknowledged that were begun after this moment; returns how long after it that was.
    pub async fn sell(&self, orders: usize, since: Instant, most: Duration) -> Result<Duration, Trouble> {
        while since.elapsed() < most {
            let nth = self.market.with(|seen| seen.sold.iter().filter(|sold| sold.begun >= since).nth(orders - 1).map(|sold| sold.at));
            if let Some(at) = nth {
                return Ok(at - since);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err(format!("{orders} orders were not sold in {most:?}; {}", self.last_failure()).into())
    }

    /// Waits until nothing fails.
    pub async fn at_rest(&self, most: Duration) -> Result<(), Trouble> {
        let begun = Instant::now();
        while begun.elapsed() < most {
            let last = self.market.with(|seen| seen.failures.last().map(|(at, _)| *at));
            if last.is_none_or(|at| at.elapsed() > REST) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("it does not come to rest; {}", self.last_failure()).into())
    }

    fn last_failure(&self) -> String {
        self.market.with(|seen| seen.failures.last().map_or("nothing failed".to_owned(), |(_, why)| format!("the last failure: {why}")))
    }

    /// No request failed after this moment.
    pub fn assert_no_failure_since(&self, since: Instant) {
        let failures: Vec<_> =
            self.market.with(|seen| seen.failures.iter().filter(|(at, _)| *at >= since).map(|(_, why)| why.clone()).collect());
        assert!(failures.is_empty(), "{} requests failed: {failures:?}", failures.len());
    }

    /// Ends the purchases; returns the numbers of all orders that were acknowledged.
    pub async fn end(self, most: Duration) -> Result<Vec<String>, Trouble> {
        self.market.ends.store(true, Ordering::Relaxed);
        for task in self.tasks {
            tokio::time::timeout(most, task).await??;
        }
        let seen = self.market.with(std::mem::take);
        println!("{} requests failed in all", seen.failures.len());
        Ok(seen.sold.into_iter().map(|sold| sold.number).collect())
    }
}
