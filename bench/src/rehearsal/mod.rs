//! What may happen to a cluster of three machines, tried on one: buyers who never pause, and beside them processes that are killed, added
//! and taken away. Only in the long mode; the figures that it prints are of the machine it runs on.

mod buyers;
mod cluster;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::Trouble;
use buyers::Buyers;
use cluster::Cluster;

/// How long nothing may be sold after the primary was killed.
const FAILOVER: Duration = Duration::from_secs(30);
/// How long any other step may take.
const STEP: Duration = Duration::from_secs(90);
/// Orders between two steps.
const ORDERS: usize = 40;

fn project() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn is_long() -> bool {
    std::env::var_os("TINDAHAN_LONG").is_some()
}

fn seconds(time: Duration) -> String {
    format!("{:.1} s", time.as_secs_f64())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_sells_on_without_its_primary_and_loses_no_order() -> Result<(), Trouble> {
    if !is_long() {
        return Ok(());
    }
    let cluster = Cluster::start().await?;
    let variants = cluster.stock_products()?;
    let before = cluster.orders()?;
    let buyers = Buyers::begin(&cluster.shop, variants);
    buyers.sell(ORDERS, Instant::now(), STEP).await?;

    cluster.wait_for_synchronous_replica(STEP).await?;
    let replica = cluster.member("sync")?;
    let took = kill(&cluster, &buyers, &replica).await?;
    println!("the synchronous replica {replica} killed: an order after {}", seconds(took));
    start_again(&cluster, &buyers, &replica).await?;

    let primary = cluster.member("primary")?;
    let took = kill(&cluster, &buyers, &primary).await?;
    println!("the primary {primary} and its Patroni killed: an order after {}", seconds(took));
    assert!(took <= FAILOVER, "{took:?}");
    assert_ne!(cluster.member("primary")?, primary, "nobody took over");

    buyers.at_rest(STEP).await?;
    add_and_remove(&cluster, &buyers).await?;
    start_again(&cluster, &buyers, &primary).await?;

    let begun = Instant::now();
    cluster.switch_over()?;
    let took = buyers.sell(1, begun, FAILOVER).await?;
    println!("a switchover on purpose: an order after {}", seconds(took));
    buyers.at_rest(STEP).await?;
    buyers.sell(ORDERS, Instant::now(), STEP).await?;

    let sold = buyers.end(STEP).await?;
    cluster.assert_has_exactly(&before, &sold)?;
    cluster.audit()
}

/// Kills a Postgres and its Patroni together; returns after how long a purchase that was begun after that was acknowledged.
async fn kill(cluster: &Cluster, buyers: &Buyers, name: &str) -> Result<Duration, Trouble> {
    let begun = Instant::now();
    cluster.kill_postgres(name)?;
    let took = buyers.sell(1, begun, STEP).await?;
    buyers.sell(ORDERS, Instant::now(), STEP).await?;
    Ok(took)
}

/// A Postgres that was killed comes back as a replica, and nobody notices.
async fn start_again(cluster: &Cluster, buyers: &Buyers, name: &str) -> Result<(), Trouble> {
    buyers.at_rest(STEP).await?;
    let begun = Instant::now();
    cluster.control("start", &format!("patroni-{name}"))?;
    while !cluster.is_replica(name) {
        if begun.elapsed() > STEP {
            return Err(format!("{name} does not come back as a replica").into());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    println!("{name} is a replica again after {}", seconds(begun.elapsed()));
    buyers.sell(ORDERS, Instant::now(), STEP).await?;
    buyers.assert_no_failure_since(begun);
    cluster.wait_for_synchronous_replica(STEP).await
}

/// One more tindahan, and one less: no request fails.
async fn add_and_remove(cluster: &Cluster, buyers: &Buyers) -> Result<(), Trouble> {
    let begun = Instant::now();
    cluster.control("add", "four")?;
    cluster.wait_for_tindahan("four", STEP).await?;
    println!("a fourth tindahan takes requests after {}", seconds(begun.elapsed()));
    buyers.sell(ORDERS, Instant::now(), STEP).await?;
    let leaving = Instant::now();
    cluster.control("remove", "two")?;
    println!("a tindahan is gone after {}", seconds(leaving.elapsed()));
    buyers.sell(ORDERS, Instant::now(), STEP).await?;
    buyers.assert_no_failure_since(begun);
    Ok(())
}

/// What a command prints; its own words where it fails.
fn output_of(command: &mut Command) -> Result<String, Trouble> {
    let done = command.output()?;
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() {
        return Ok(printed);
    }
    Err(format!("{command:?} ended with {}: {printed}{}", done.status, String::from_utf8_lossy(&done.stderr)).into())
}

/// What is written for a machine that has every part.
const WRITTEN: [&str; 6] = [
    "default/etcd",
    "patroni/config.yml",
    "patroni/first-database",
    "haproxy/haproxy.cfg",
    "tindahan/tindahan.toml",
    "systemd/system/tindahan.service.d/pictures.conf",
];

/// Every machine's files are written, nothing in them is left open, and HAProxy takes its own where it is installed.
#[test]
fn the_configuration_of_every_machine_is_written_whole() -> Result<(), Trouble> {
    let folder = crate::server::Folder::new()?;
    let (settings, out) = (folder.path().join("settings"), folder.path().join("out"));
    let example = std::fs::read_to_string(project().join("deploy/settings.example"))?;
    let filled = example
        .replace("_PASSWORD=\n", "_PASSWORD=x\n")
        .replace("\nFILES=\n", "\nFILES=folder:/srv/pictures\n")
        .replace(":443 ssl crt /etc/haproxy/shop.pem alpn h2,http/1.1", ":8443");
    std::fs::write(&settings, &filled)?;
    let (render, table) = (project().join("deploy/render.sh"), project().join("deploy/machines"));
    output_of(Command::new(&render).arg(&table).arg(&settings).arg(&out))?;
    for machine in ["one", "two", "three"] {
        for file in WRITTEN {
            let text = std::fs::read_to_string(out.join(machine).join(file))?;
            let is_open = text.split('@').skip(1).any(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'));
            assert!(!is_open, "{machine}: {file} has a name without a value:\n{text}");
        }
        let balancer = out.join(machine).join("haproxy/haproxy.cfg");
        if let Ok(checked) = Command::new("haproxy").args(["-c", "-q", "-f"]).arg(&balancer).env("PATH", paths()).output() {
            assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    let no_pictures = filled.replace("\nFILES=folder:/srv/pictures\n", "\nFILES=\n");
    for (what, unfilled) in [("passwords", &example), ("a place for pictures", &no_pictures)] {
        std::fs::write(&settings, unfilled)?;
        let rendered = Command::new(&render).arg(&table).arg(&settings).arg(folder.path().join("none")).output()?;
        assert!(!rendered.status.success(), "settings without {what} are refused");
    }
    Ok(())
}

/// Debian keeps HAProxy where only root looks.
fn paths() -> String {
    format!("{}:/usr/sbin", std::env::var("PATH").unwrap_or_default())
}
