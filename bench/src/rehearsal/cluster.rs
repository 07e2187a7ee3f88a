//! The cluster that `scripts/cluster.sh` starts, and what is done to it.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Child;

use super::{output_of, paths, project};
use crate::Trouble;
use crate::client::Client;

/// How long all of it may take to start; where the program is not built yet, that comes before.
const START: Duration = Duration::from_secs(1_200);
/// Different products that are bought.
const PRODUCTS: usize = 20;

pub struct Cluster {
    script: Child,
    folder: PathBuf,
    /// Host and port of HAProxy for shoppers.
    pub shop: String,
    /// The primary, by way of HAProxy.
    database: String,
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let Some(id) = self.script.id() else { return };
        let _ = Command::new("kill").args(["-TERM", &id.to_string()]).status();
        let ends = Instant::now() + Duration::from_secs(60);
        while Instant::now() < ends && matches!(self.script.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

impl Cluster {
    /// Starts it, and waits until it sells.
    pub async fn start() -> Result<Self, Trouble> {
        let mut command = tokio::process::Command::new(project().join("scripts/cluster.sh"));
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        for limit in ["API", "CART", "CHECKOUT", "SEARCH"] {
            command.env(format!("TINDAHAN_LIMIT_{limit}"), "0");
        }
        let mut script = command.spawn()?;
        let mut lines = BufReader::new(script.stdout.take().ok_or("no output")?).lines();
        let reading = async {
            let mut told = HashMap::new();
            while !told.contains_key("members") {
                let line = lines.next_line().await?.ok_or("the cluster did not start: see above")?;
                if let Some((name, value)) = line.split_once(' ') {
                    told.insert(name.to_owned(), value.trim().to_owned());
                }
            }
            Ok::<_, Trouble>(told)
        };
        let told = tokio::time::timeout(START, reading).await??;
        let of = |name: &str| told.get(name).cloned().ok_or_else(|| format!("the cluster does not say its {name}"));
        let shop = of("shop")?.trim_start_matches("http://").to_owned();
        Ok(Self { script, folder: of("folder")?.into(), shop, database: of("primary")? })
    }

    /// Calls `scripts/cluster.sh` for this cluster.
    pub fn control(&self, what: &str, name: &str) -> Result<(), Trouble> {
        let mut command = Command::new(project().join("scripts/cluster.sh"));
        output_of(command.arg(what).arg(&self.folder).arg(name).stdin(Stdio::null())).map(drop)
    }

    fn program(&self, arguments: &[&str]) -> Result<String, Trouble> {
        output_of(Command::new(self.folder.join("tindahan")).args(arguments).stdin(Stdio::null()))
    }

    fn ask_database(&self, sql: &str) -> Result<Vec<String>, Trouble> {
        let rows = output_of(Command::new("psql").args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", sql, &self.database]))?;
        Ok(rows.lines().map(str::to_owned).collect())
    }

    /// Products with more units than are bought; returns their variants.
    pub fn stock_products(&self) -> Result<Vec<String>, Trouble> {
        let file = self.folder.join("products.csv");
        let mut rows = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Status\n".to_owned();
        for n in 0..PRODUCTS {
            rows.push_str(&format!("rehearsal-{n},Rehearsal {n},REHEARSAL-{n},149.00,100000,active\n"));
        }
        std::fs::write(&file, rows)?;
        self.program(&["import", &file.to_string_lossy()])?;
        // Ids as the API shows them.
        let variants = self.ask_database("select 'var_' || replace(id::text, '-', '') from variants where sku like 'REHEARSAL-%'")?;
        if variants.len() == PRODUCTS { Ok(variants) } else { Err(format!("{} products were imported", variants.len()).into()) }
    }

    /// A column of a machine's row in the table of machines.
    fn column(&self, name: &str, column: usize) -> Result<String, Trouble> {
        let table = std::fs::read_to_string(self.folder.join("machines"))?;
        let row = table.lines().map(|row| row.split_whitespace().collect::<Vec<_>>()).find(|row| row.first() == Some(&name));
        row.and_then(|row| row.get(column).map(|&cell| cell.to_owned())).ok_or_else(|| format!("{name} has no column {column}").into())
    }

    /// Does Patroni on this machine say that it is that: `primary`, `replica`, `sync`?
    fn is(&self, name: &str, what: &str) -> bool {
        let Ok(port) = self.column(name, 5) else { return false };
        let url = format!("http://127.0.0.1:{port}/{what}");
        output_of(Command::new("curl").args(["--silent", "--fail", "--noproxy", "*", "--max-time", "3", &url])).is_ok()
    }

    /// The machine that is this at the moment.
    pub fn member(&self, what: &str) -> Result<String, Trouble> {
        let found = ["one", "two", "three"].into_iter().find(|name| self.is(name, what));
        found.map(str::to_owned).ok_or_else(|| format!("no machine is the {what}").into())
    }

    pub fn is_replica(&self, name: &str) -> bool {
        self.is(name, "replica")
    }

    pub async fn wait_for_synchronous_replica(&self, most: Duration) -> Result<(), Trouble> {
        let begun = Instant::now();
        while self.member("sync").is_err() {
            if begun.elapsed() > most {
                return Err("no replica is synchronous".into());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Kills Patroni and Postgres of a machine as if its power were cut.
    pub fn kill_postgres(&self, name: &str) -> Result<(), Trouble> {
        let patroni = std::fs::read_to_string(self.folder.join(format!("run/patroni-{name}.pid")))?;
        // Postgres' own folder is closed to others.
        let postgres = std::fs::read_to_string(self.folder.join(name).join("postgres/postmaster.pid"))?;
        let postgres = postgres.lines().next().ok_or("no id of Postgres")?;
        output_of(Command::new("kill").args(["-KILL", patroni.trim(), postgres.trim()])).map(drop)
    }

    /// Another machine becomes the primary, on purpose.
    pub fn switch_over(&self) -> Result<(), Trouble> {
        let file = self.folder.join("etc/one/patroni/config.yml");
        let mut command = Command::new("patronictl");
        command.arg("-c").arg(file).args(["switchover", "--force"]).env("PATH", paths());
        output_of(&mut command).map(drop)
    }

    /// Waits until HAProxy sends requests to this tindahan.
    pub async fn wait_for_tindahan(&self, name: &str, most: Duration) -> Result<(), Trouble> {
        let address = format!("127.0.0.1:{}", self.column(name, 6)?);
        let begun = Instant::now();
        while begun.elapsed() < most {
            if let Ok(mut client) = Client::connect(&address).await {
                let request = client.request("GET", "/metrics", "", "");
                let metrics =
                    client.send(&request).await.map(|answer| String::from_utf8_lossy(&answer.body).into_owned()).unwrap_or_default();
                // The checkouts of the buyers.
                if metrics.lines().any(|line| line.starts_with("tindahan_http_requests_total") && line.contains("/checkout")) {
                    return Ok(());
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Err(format!("{name} gets no requests").into())
    }

    /// The numbers of all orders.
    pub fn orders(&self) -> Result<HashSet<String>, Trouble> {
        Ok(self.ask_database("select number from orders")?.into_iter().collect())
    }

    /// The orders beside those of before are exactly the ones that were acknowledged, each to one purchase. Buyers repeat a checkout until
    /// it is acknowledged, also after their end was asked for, so none may be left that nobody was told of.
    pub fn assert_has_exactly(&self, before: &HashSet<String>, acknowledged: &[String]) -> Result<(), Trouble> {
        let there = self.orders()?;
        let told: HashSet<String> = acknowledged.iter().cloned().collect();
        let lost: Vec<_> = before.union(&told).filter(|number| !there.contains(*number)).collect();
        let untold: Vec<_> = there.iter().filter(|number| !before.contains(*number) && !told.contains(*number)).collect();
        println!("{} orders were acknowledged, {} are lost, of {} nobody was told", acknowledged.len(), lost.len(), untold.len());
        assert!(lost.is_empty(), "lost: {lost:?}");
        assert!(untold.is_empty(), "nobody was told of {untold:?}");
        assert_eq!(told.len(), acknowledged.len(), "two purchases got one order");
        Ok(())
    }

    pub fn audit(&self) -> Result<(), Trouble> {
        self.program(&["audit"]).map(drop)
    }
}
