//! Several nodes on one Postgres.
//!
//! Short: seconds. In the long mode the races and the kills are repeated for about a minute.

mod jobs;
mod search;
mod stampede;
mod subscribers;

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend::Shop;
use platform::db::Db;
use platform::events;
use platform::rng::SystemRng;

use crate::support::{Folder, TestShop, adapters};

/// The database of [`a_node_in_a_process_of_its_own`].
const DATABASE: &str = "TINDAHAN_TEST_NODE";

/// How often what is left to chance is repeated.
fn rounds(long: usize) -> usize {
    if std::env::var_os("TINDAHAN_LONG").is_some() { long } else { 1 }
}

/// Another node beside this shop: with its own folder, caches and connections, the same key and the same clock.
async fn a_second(first: &TestShop) -> (Shop, Folder) {
    let folder = Folder::new();
    let config = first.config_beside(&folder);
    let shop = Shop::open_with(config.clone(), adapters(&config), first.clock.clone(), Arc::new(SystemRng)).await.unwrap();
    (shop, folder)
}

/// A node that can be frozen and killed. It ends with its owner.
struct Process(Child);

impl Process {
    fn start(url: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "nodes::a_node_in_a_process_of_its_own", "--nocapture"]).env(DATABASE, url);
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }

    /// Sends it a signal: `STOP`, `CONT`, `KILL`.
    fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.0.id().to_string()]).status().unwrap().success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a [`Process`] does: nothing without a database, as when all tests are run. With one, it hands the subscriber of `subscribers.rs` its events, and does the jobs of `jobs.rs`.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_in_a_process_of_its_own() {
    let Ok(url) = std::env::var(DATABASE) else { return };
    let db = Db::open(&url).await.unwrap();
    let _following = Task(events::subscribe(&db, subscribers::noting()));
    let _working = Task(platform::jobs::run(&db, db.clone(), jobs::resting()));
    tokio::time::sleep(Duration::from_secs(180)).await;
}

/// A task that ends with its owner.
struct Task(tokio::task::JoinHandle<()>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits until it is so, for at most so many seconds.
async fn until(what: &str, seconds: u64, mut is_so: impl AsyncFnMut() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(seconds), "after {seconds} s still not: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    begun.elapsed()
}
