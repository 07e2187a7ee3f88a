//! `make bench`: figures from one run on one machine, with the client on the same cores as the server.
//!
//! The server is the finished program, named by `TINDAHAN_BINARY`, on databases of its own in a folder that is deleted
//! afterwards; Postgres is the one in `TINDAHAN_TEST_POSTGRES`. Load is bounded in connections and time.

mod client;
mod load;
mod measure;
mod nginx;
mod purchases;
#[cfg(test)]
mod rehearsal;
mod server;

use clap::Parser;

/// Why a measurement could not be made.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

#[derive(Clone, Debug, Parser)]
#[command(name = "bench", about = "Measures the shop on this machine")]
pub struct Options {
    /// Seconds of load for each figure.
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections that ask at the same time.
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Products in the shop for pages and checkouts.
    #[arg(long, default_value_t = 10_000)]
    products: usize,
    /// Checkouts to make in each case.
    #[arg(long, default_value_t = 9_000)]
    orders: usize,
    /// Sizes of catalogue to list and search.
    #[arg(long, value_delimiter = ',', default_values_t = [100, 10_000, 100_000])]
    sizes: Vec<usize>,
    /// Only these: pages, checkouts, purchases, lists.
    #[arg(long, value_delimiter = ',', default_values_t = ["pages", "checkouts", "purchases", "lists"].map(str::to_owned))]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let options = Options::parse();
    let done = measure(&options).await;
    measure::tidy();
    done
}

async fn measure(options: &Options) -> Result<(), Trouble> {
    let wanted = |part: &str| options.only.iter().any(|p| p == part);
    println!("| what | figure |\n|---|---|");
    if wanted("pages") {
        measure::pages(options).await?;
    }
    if wanted("checkouts") || wanted("purchases") {
        measure::orders(options, "SQLite", None, wanted).await?;
        match std::env::var("TINDAHAN_TEST_POSTGRES") {
            Ok(url) => measure::orders(options, "Postgres", Some(url), wanted).await?,
            Err(_) => eprintln!("no Postgres: run this with `make bench`"),
        }
    }
    if wanted("lists") {
        for size in options.sizes.clone() {
            measure::lists(options, size).await?;
        }
    }
    Ok(())
}
