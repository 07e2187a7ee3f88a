//! The finished program on a database of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use crate::Trouble;
use crate::client::Client;

/// A folder that is deleted with its owner.
pub struct Folder(pub PathBuf);

impl Folder {
    /// Makes an empty folder in the system's folder for temporary files; it is removed when dropped.
    pub fn new() -> Result<Self, Trouble> {
        let nanos = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        let path = std::env::temp_dir().join(format!("tindahan-bench-{nanos}"));
        std::fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Links the files of one folder into another, those that are not there yet.
    pub fn link(from: &Path, to: &Path) -> Result<(), Trouble> {
        std::fs::create_dir_all(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            let target = to.join(entry.file_name());
            if entry.path().is_dir() {
                Self::link(&entry.path(), &target)?;
            } else if !target.exists() {
                std::fs::hard_link(entry.path(), target)?;
            }
        }
        Ok(())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub struct Server {
    child: Child,
    /// Host and port, for example `127.0.0.1:3000`.
    pub address: String,
    /// From start to the first good answer of `/health/ready`.
    pub started: Duration,
}

fn program(folder: &Folder, database: &str) -> Result<Command, Trouble> {
    let binary = std::env::var("TINDAHAN_BINARY").map_err(|_| "TINDAHAN_BINARY names no program: run this with `make bench`")?;
    let mut command = Command::new(binary);
    command
        .current_dir(folder.path())
        .env("TINDAHAN_DATABASE", database)
        .env("TINDAHAN_DATA_DIR", folder.path())
        .env("TINDAHAN_LIMIT_SIGN_IN", "0")
        .env("TINDAHAN_LIMIT_CHECKOUT", "0")
        .env("TINDAHAN_LIMIT_API", "0")
        .env("TINDAHAN_LIMIT_CART", "0")
        .env("TINDAHAN_LIMIT_SEARCH", "0")
        .env_remove("TINDAHAN_TEST_POSTGRES")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    Ok(command)
}

pub async fn seed(folder: &Folder, database: &str, products: usize) -> Result<Duration, Trouble> {
    let begun = Instant::now();
    let products = products.to_string();
    let done = program(folder, database)?.args(["seed", "--products", &products, "--seed", "1"]).status().await?;
    if !done.success() {
        return Err(format!("seed ended with {done}").into());
    }
    Ok(begun.elapsed())
}

/// Adds a product with `units` in stock; returns the address of its page.
pub async fn stock_one_product(folder: &Folder, database: &str, units: usize) -> Result<&'static str, Trouble> {
    let file = folder.path().join("hot.csv");
    let row = "Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty,Status\nhot-product,Hot product,HOT,149.00";
    tokio::fs::write(&file, format!("{row},{units},active\n")).await?;
    let done = program(folder, database)?.arg("import").arg(&file).status().await?;
    if !done.success() {
        return Err(format!("import ended with {done}").into());
    }
    Ok("hot-product")
}

/// Processor time that a process used so far, in hundredths of a second.
fn ticks_of(id: u32) -> Result<u64, Trouble> {
    let status = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    let after_name = status.rsplit(')').next().unwrap_or_default();
    let of = |at: usize| after_name.split_whitespace().nth(at).and_then(|n| n.parse::<u64>().ok()).ok_or("no figures");
    Ok(of(11)? + of(12)?)
}

/// Processor time that the machine's Postgres processes used so far, in hundredths of a second.
pub fn postgres_ticks() -> Result<u64, Trouble> {
    let mut sum = 0;
    for entry in std::fs::read_dir("/proc")? {
        let entry = entry?;
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // It may have ended meanwhile.
        let is_postgres = std::fs::read_to_string(entry.path().join("comm")).is_ok_and(|name| name.trim() == "postgres");
        sum += if is_postgres { ticks_of(id).unwrap_or(0) } else { 0 };
    }
    Ok(sum)
}

impl Server {
    /// Starts it and waits until it is ready.
    pub async fn start(folder: &Folder, database: &str) -> Result<Self, Trouble> {
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let address = format!("127.0.0.1:{port}");
        let begun = Instant::now();
        let child = program(folder, database)?.args(["serve", "--listen", &address]).spawn()?;
        let mut server = Self { child, address, started: Duration::ZERO };
        while begun.elapsed() < Duration::from_secs(60) {
            if let Ok(mut client) = Client::connect(&server.address).await {
                let request = client.request("GET", "/health/ready", "", "");
                if client.status(&request).await.is_ok_and(|status| status == 200) {
                    server.started = begun.elapsed();
                    return Ok(server);
                }
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err("the server did not become ready in a minute".into())
    }

    /// Waits until it has nothing left to do: a new shop makes its pictures small first, beside whatever is measured.
    pub async fn settled(&self) -> Result<(), Trouble> {
        let mut quiet = 0;
        for _ in 0..600 {
            let before = self.ticks()?;
            tokio::time::sleep(Duration::from_secs(1)).await;
            // At most two hundredths of a second a second.
            quiet = if self.ticks()? - before <= 2 { quiet + 1 } else { 0 };
            if quiet == 3 {
                return Ok(());
            }
        }
        Err("the server does not come to rest in ten minutes".into())
    }

    /// Processor time used so far, in hundredths of a second.
    pub fn ticks(&self) -> Result<u64, Trouble> {
        ticks_of(self.child.id().ok_or("the server has ended")?)
    }

    /// Statements that it sent to the database so far.
    pub async fn statements(&self) -> Result<u64, Trouble> {
        let metrics = String::from_utf8(self.get("/metrics", "").await?.body)?;
        let line = metrics.lines().find_map(|line| line.strip_prefix("tindahan_database_statements_total "));
        Ok(line.ok_or("the server does not count its statements")?.trim().parse()?)
    }

    /// How often its threads went to sleep so far. Those of threads that have ended are not counted.
    pub fn switches(&self) -> Result<u64, Trouble> {
        let id = self.child.id().ok_or("the server has ended")?;
        let mut sum = 0;
        for thread in std::fs::read_dir(format!("/proc/{id}/task"))? {
            // It may have ended meanwhile.
            let status = std::fs::read_to_string(thread?.path().join("status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
            sum += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
        }
        Ok(sum)
    }

    /// Resident memory of the process, in megabytes.
    pub fn memory(&self) -> Result<f64, Trouble> {
        self.status_megabytes("VmRSS:")
    }

    /// The most resident memory that the process had, in megabytes.
    pub fn peak_memory(&self) -> Result<f64, Trouble> {
        self.status_megabytes("VmHWM:")
    }

    fn status_megabytes(&self, field: &str) -> Result<f64, Trouble> {
        let id = self.child.id().ok_or("the server has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
        let line = status.lines().find(|l| l.starts_with(field)).ok_or("no such figure of memory")?;
        let kilobytes: f64 = line.split_whitespace().nth(1).ok_or("no number")?.parse()?;
        Ok(kilobytes / 1_024.0)
    }

    pub async fn stop(mut self) -> Result<(), Trouble> {
        Ok(self.child.kill().await?)
    }

    /// The body of a good answer.
    pub async fn get(&self, path: &str, headers: &str) -> Result<crate::client::Answer, Trouble> {
        let mut client = Client::connect(&self.address).await?;
        let request = client.request("GET", path, headers, "");
        let answer = client.send(&request).await?;
        if answer.status == 200 { Ok(answer) } else { Err(format!("{path} answered {}", answer.status).into()) }
    }
}
