//! Many connections at once, and what they saw.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::LocalSet;

use crate::Trouble;
use crate::client::Client;

/// What this share of the sorted values is at most.
pub fn percentile<T: Copy + Default>(sorted: &[T], share: f64) -> T {
    let at = ((sorted.len() as f64 * share) as usize).min(sorted.len().saturating_sub(1));
    sorted.get(at).copied().unwrap_or_default()
}

/// The outcome of a load.
#[derive(Default)]
pub struct Seen {
    /// Answers that were as expected.
    pub good: usize,
    /// Answers that failed.
    pub bad: usize,
    /// How long it took.
    pub took: Duration,
    latencies: Vec<Duration>,
}

impl Seen {
    /// Adds what another load of the same saw.
    pub fn add(&mut self, other: Self) {
        self.good += other.good;
        self.bad += other.bad;
        self.took += other.took;
        self.latencies.extend(other.latencies);
        self.latencies.sort_unstable();
    }
    /// Good answers a second.
    pub fn rate(&self) -> f64 {
        self.good as f64 / self.took.as_secs_f64()
    }
    /// The time that this share of the answers needed at most, milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        percentile(&self.latencies, share).as_secs_f64() * 1_000.0
    }
    /// What connections saw together.
    fn of(parts: Vec<Part>, took: Duration) -> Self {
        let mut seen = Self { took, ..Self::default() };
        for Part { good, bad, latencies } in parts {
            seen.good += good;
            seen.bad += bad;
            seen.latencies.extend(latencies);
        }
        seen.latencies.sort_unstable();
        seen
    }
    /// As a cell of the table.
    pub fn cell(&self) -> String {
        let bad = if self.bad == 0 { String::new() } else { format!(", {} refused", self.bad) };
        format!("{:.0} /s, p50 {:.1} ms, p99 {:.1} ms{bad}", self.rate(), self.percentile(0.5), self.percentile(0.99))
    }
}

/// The same request over and over, for a time.
pub async fn repeat(address: &str, path: &str, headers: &str, connections: usize, seconds: u64) -> Result<Seen, Trouble> {
    let (address, path, headers) = (address.to_owned(), path.to_owned(), headers.to_owned());
    let until = Instant::now() + Duration::from_secs(seconds);
    let (parts, took) = at_once(connections, async move || {
        let mut client = Client::connect(&address).await?;
        let request = client.request("GET", &path, &headers, "");
        let mut part = Part::default();
        while Instant::now() < until {
            let sent = Instant::now();
            let status = client.status(&request).await?;
            part.count(status == 200, sent);
        }
        Ok(part)
    })
    .await?;
    Ok(Seen::of(parts, took))
}

/// Each request once, by as many connections.
pub async fn each(address: &str, requests: Vec<(String, String, String)>, connections: usize) -> Result<(Seen, Vec<String>), Trouble> {
    let (address, requests, next) = (address.to_owned(), Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let answers = Arc::new(Mutex::new(vec![String::new(); requests.len()]));
    let told = Arc::clone(&answers);
    let (parts, took) = at_once(connections, async move || {
        let mut client = Client::connect(&address).await?;
        let mut part = Part::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some((path, headers, body)) = requests.get(index) else { return Ok(part) };
            let request = client.request("POST", path, headers, body);
            let sent = Instant::now();
            let answer = client.send(&request).await?;
            part.count(answer.status < 300, sent);
            if let Some(slot) = told.lock().unwrap_or_else(PoisonError::into_inner).get_mut(index) {
                *slot = String::from_utf8_lossy(&answer.body).into_owned();
            }
        }
    })
    .await?;
    let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((Seen::of(parts, took), answers))
}

/// The outcome of one connection.
#[derive(Default)]
struct Part {
    good: usize,
    bad: usize,
    latencies: Vec<Duration>,
}

impl Part {
    fn count(&mut self, good: bool, sent: Instant) {
        self.latencies.push(sent.elapsed());
        if good {
            self.good += 1;
        } else {
            self.bad += 1;
        }
    }
}

/// So many connections at once, on a thread for each processor that keeps its own: none wakes another, which would cost the
/// server's processors as much as the answers do. Returns what each brought, and how long all took.
pub async fn at_once<T: Send + 'static>(
    connections: usize,
    work: impl AsyncFn() -> Result<T, Trouble> + Clone + Send + 'static,
) -> Result<(Vec<T>, Duration), Trouble> {
    let begun = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get).min(connections);
    let parts = (0..threads).map(|thread| {
        let (work, mine) = (work.clone(), connections / threads + usize::from(thread < connections % threads));
        tokio::task::spawn_blocking(move || {
            let (runtime, tasks) = (tokio::runtime::Builder::new_current_thread().enable_all().build()?, LocalSet::new());
            let begun: Vec<_> = (0..mine)
                .map(|_| {
                    let work = work.clone();
                    tasks.spawn_local(async move { work().await })
                })
                .collect();
            let ended = tasks.block_on(&runtime, futures::future::try_join_all(begun))?;
            ended.into_iter().collect::<Result<Vec<T>, Trouble>>()
        })
    });
    let parts: Vec<_> = parts.collect();
    let mut brought = Vec::with_capacity(connections);
    for part in parts {
        brought.extend(part.await??);
    }
    Ok((brought, begun.elapsed()))
}
