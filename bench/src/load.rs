//! Many connections at once, and what they saw.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::Trouble;
use crate::client::Client;

/// What a load saw.
pub struct Seen {
    /// Answers that were as expected.
    pub good: usize,
    /// Answers that were not.
    pub bad: usize,
    /// How long it took.
    pub took: Duration,
    latencies: Vec<Duration>,
}

impl Seen {
    /// Good answers a second.
    pub fn rate(&self) -> f64 {
        self.good as f64 / self.took.as_secs_f64()
    }
    /// The time that this share of the answers needed at most, milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        let at = ((self.latencies.len() as f64 * share) as usize).min(last);
        self.latencies.get(at).map_or(0.0, |d| d.as_secs_f64() * 1_000.0)
    }
    /// As a cell of the table.
    pub fn cell(&self) -> String {
        let bad = if self.bad == 0 { String::new() } else { format!(", {} refused", self.bad) };
        format!("{:.0} /s, p50 {:.1} ms, p99 {:.1} ms{bad}", self.rate(), self.percentile(0.5), self.percentile(0.99))
    }
}

/// The same request over and over, for a time.
pub async fn repeat(address: &str, path: &str, headers: &str, connections: usize, seconds: u64) -> Result<Seen, Trouble> {
    let begun = Instant::now();
    let until = begun + Duration::from_secs(seconds);
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let mut client = Client::connect(address).await?;
        let request = client.request("GET", path, headers, "");
        tasks.push(tokio::spawn(async move {
            let (mut good, mut bad, mut latencies) = (0, 0, Vec::new());
            while Instant::now() < until {
                let begun = Instant::now();
                if client.status(&request).await? == 200 {
                    good += 1;
                } else {
                    bad += 1;
                }
                latencies.push(begun.elapsed());
            }
            Ok::<_, Trouble>((good, bad, latencies))
        }));
    }
    collect(begun, tasks).await
}

/// Each request once, by as many connections.
pub async fn each(address: &str, requests: Vec<(String, String, String)>, connections: usize) -> Result<(Seen, Vec<String>), Trouble> {
    let (requests, next) = (Arc::new(requests), Arc::new(AtomicUsize::new(0)));
    let answers = Arc::new(std::sync::Mutex::new(vec![String::new(); requests.len()]));
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let mut client = Client::connect(address).await?;
        let (requests, next, answers) = (Arc::clone(&requests), Arc::clone(&next), Arc::clone(&answers));
        tasks.push(tokio::spawn(async move {
            let (mut good, mut bad, mut latencies) = (0, 0, Vec::new());
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((path, headers, body)) = requests.get(index) else { break };
                let request = client.request("POST", path, headers, body);
                let sent = Instant::now();
                let answer = client.send(&request).await?;
                latencies.push(sent.elapsed());
                if answer.status < 300 {
                    good += 1;
                } else {
                    bad += 1;
                }
                if let Some(slot) = answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_mut(index) {
                    *slot = String::from_utf8_lossy(&answer.body).into_owned();
                }
            }
            Ok::<_, Trouble>((good, bad, latencies))
        }));
    }
    let seen = collect(begun, tasks).await?;
    let answers = std::mem::take(&mut *answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner));
    Ok((seen, answers))
}

type Task = tokio::task::JoinHandle<Result<(usize, usize, Vec<Duration>), Trouble>>;

async fn collect(begun: Instant, tasks: Vec<Task>) -> Result<Seen, Trouble> {
    let mut seen = Seen { good: 0, bad: 0, took: Duration::ZERO, latencies: Vec::new() };
    for task in tasks {
        let (good, bad, latencies) = task.await??;
        seen.good += good;
        seen.bad += bad;
        seen.latencies.extend(latencies);
    }
    seen.took = begun.elapsed();
    seen.latencies.sort_unstable();
    Ok(seen)
}
