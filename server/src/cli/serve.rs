//! `tindahan serve`: opens the shop, starts its workers and its HTTP server, and stops both in order.

use std::fs::{File, TryLockError};
use std::io::{ErrorKind, IsTerminal};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use backend::{PublicUrl, Shop};
use simulators::Running;
use tokio::net::TcpListener;
use uuid::Uuid;

use super::{data, open_shop, sandbox, shop_config, web_address};
use crate::config::Config;
use crate::http::{Server, StopSignal};
use crate::metrics;
use crate::workers::Workers;

/// The simulators' addresses, when these ports are free.
const SIMULATED_GATEWAY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4242);
const SIMULATED_MAIL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 2525);
/// The simulated gateway accepts any key of this form.
const SANDBOX_KEY: &str = "sk_test_tindahan";

/// Serves until Ctrl C or SIGTERM. A demonstration shop is filled `with_past` or without.
pub async fn run(mut config: Config, with_past: bool) -> Result<ExitCode, String> {
    let metrics = metrics::start()?;
    let listener = listen(config.listen).await?;
    let address = listener.local_addr().map_err(|error| format!("cannot listen on {}: {error}", config.listen))?;
    config.listen = address;
    let public_url = config.public_url.clone().unwrap_or_else(|| web_address(local_address(address)));
    let simulators = start_simulators(&mut config, address).await?;
    let shop = open_shop(shop_config(&config, Some(public_url.clone()))).await?;
    let folder = match DataFolder::take(&config.data_dir) {
        Ok(folder) => folder,
        Err(error) => {
            shop.close().await;
            return Err(error);
        }
    };
    let sign_in = if config.demo { data::fill_when_empty(&shop, with_past).await? } else { None };
    if let Some(simulators) = simulators.as_ref().filter(|simulators| config.gateway_url.as_deref() == Some(simulators.url())) {
        sandbox::remember_payments(&shop, simulators).await?;
    }
    let workers = Workers::start(&shop);
    let server = Server::new(&config, shop.clone(), metrics)?;
    warn_of_demo_accounts(&shop, &config).await;
    // Before the addresses are printed: whoever reads them may stop the program.
    let signals = StopSignals::new()?;
    print_addresses(&public_url, &config, simulators.as_ref(), sign_in.as_ref());
    server.serve(listener, workers, async || signals.next().await).await;
    if let Some(simulators) = simulators {
        simulators.shutdown().await;
    }
    drop(folder);
    Ok(ExitCode::SUCCESS)
}

/// The data folder of a program that serves: another may not use the search index in it at the same time. It is free again when
/// this is dropped, or the process ends.
struct DataFolder {
    _lock: File,
}

impl DataFolder {
    fn take(folder: &Path) -> Result<Self, String> {
        let name = folder.join("serving.lock");
        let file = File::options().create(true).truncate(false).write(true).open(&name);
        let file = file.map_err(|error| format!("{} cannot be made: {error}", name.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: file }),
            Err(TryLockError::WouldBlock) => Err(format!(
                "the data folder {} is in use by another tindahan that serves, and the search index in it has one user: stop that one, or give \
                 this one a folder of its own with --data-dir, and the same key with --key-file",
                std::path::absolute(folder).as_deref().unwrap_or(folder).display()
            )),
            Err(TryLockError::Error(error)) => Err(format!("{} cannot be locked: {error}", name.display())),
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => format!("{address} is in use by another program; stop it, or choose another address with --listen"),
        ErrorKind::PermissionDenied => format!("{address} may not be listened on by this user; choose a port above 1023 with --listen"),
        ErrorKind::AddrNotAvailable => format!("this machine has no address {}; choose another with --listen", address.ip()),
        _ => format!("cannot listen on {address}: {error}"),
    })
}

/// An address that this machine can connect to, also when the program listens on all addresses.
fn local_address(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, address.port())
}

/// For a demonstration without a gateway or a mail server: starts simulators in this process, on their usual ports or free ones.
async fn start_simulators(config: &mut Config, shop: SocketAddr) -> Result<Option<Running>, String> {
    if !config.demo || (config.gateway_url.is_some() && config.smtp.is_some()) {
        return Ok(None);
    }
    let secret = format!("whsec_{}", Uuid::new_v4().simple());
    let webhook = simulators::Endpoint::new(&format!("http://{}{}", local_address(shop), adapters::WEBHOOK_PATH), &secret);
    let webhook = webhook.map_err(|error| format!("the sandbox gateway cannot call the shop: {error}"))?;
    let usual =
        simulators::Options { gateway: SIMULATED_GATEWAY, smtp: SIMULATED_MAIL, webhook: Some(webhook), ..simulators::Options::default() };
    let free = simulators::Options { gateway: ([127, 0, 0, 1], 0).into(), smtp: ([127, 0, 0, 1], 0).into(), ..usual.clone() };
    let running = match simulators::start(usual).await {
        Ok(running) => running,
        Err(_) => {
            simulators::start(free).await.map_err(|error| format!("the stand-ins for gateway and mail cannot be started: {error}"))?
        }
    };
    if config.gateway_url.is_none() {
        config.gateway_url = Some(running.url().to_owned());
        config.gateway_secret = Some(SANDBOX_KEY.to_owned());
        config.gateway_webhook_secret = Some(secret);
    }
    if config.smtp.is_none() {
        config.smtp = Some(format!("smtp://{}", running.smtp));
    }
    Ok(Some(running))
}

/// Prints where everything is served.
fn print_addresses(url: &PublicUrl, config: &Config, simulators: Option<&Running>, sign_in: Option<&data::SignIn>) {
    let heading = |text: &str| if std::io::stdout().is_terminal() { format!("\x1b[1m{text}\x1b[0m") } else { text.to_owned() };
    println!("{}", heading("Tindahan is open."));
    println!("  shop      {url}/");
    println!("  admin     {url}/admin");
    println!("  API       {url}/api");
    if let Some(data::SignIn { email, password }) = sign_in {
        println!("  sign-in   {email} / {password}");
    }
    if let Some(running) = simulators {
        println!("  sandbox   {} (cards: 4242 4242 4242 4242 is approved)", running.url());
        println!("  mail      {}/mail", running.url());
    }
    println!("  database  {}", config.shown_database());
}

/// Warns when there are accounts of the demonstration, which cannot sign in here.
async fn warn_of_demo_accounts(shop: &Shop, config: &Config) {
    if shop.config().demo_accounts {
        return;
    }
    match backend::identity::count_demo_accounts(shop.db()).await {
        Ok((0, 0)) => {}
        Ok((staff, shoppers)) => {
            let why = config.others_reach_it().filter(|_| config.demo);
            let why = why.map_or_else(|| "--demo is not given".to_owned(), |reached| format!("others reach this shop at {reached}"));
            eprintln!(
                "The demonstration's {staff} accounts of staff and {shoppers} of shoppers cannot sign in: their passwords are printed, and {why}. \
                 To have an account of your own, run: tindahan admin create"
            );
        }
        Err(error) => tracing::warn!(%error, "the demonstration's accounts could not be counted"),
    }
}

/// Ctrl C and SIGTERM, from when this is made: until then they end the program at once.
#[cfg(unix)]
struct StopSignals(tokio::sync::Mutex<[tokio::signal::unix::Signal; 2]>);

#[cfg(unix)]
impl StopSignals {
    fn new() -> Result<Self, String> {
        use tokio::signal::unix::{SignalKind, signal};
        let signals = |kind| signal(kind).map_err(|error| format!("signals to stop cannot be received: {error}"));
        Ok(Self(tokio::sync::Mutex::new([signals(SignalKind::interrupt())?, signals(SignalKind::terminate())?])))
    }

    /// The next one.
    async fn next(&self) -> StopSignal {
        let [interrupt, terminate] = &mut *self.0.lock().await;
        tokio::select! {
            _ = interrupt.recv() => StopSignal::Interrupt,
            _ = terminate.recv() => StopSignal::Terminate,
        }
    }
}

/// Ctrl C.
#[cfg(not(unix))]
struct StopSignals;

#[cfg(not(unix))]
impl StopSignals {
    fn new() -> Result<Self, String> {
        Ok(Self)
    }

    async fn next(&self) -> StopSignal {
        if let Err(error) = tokio::signal::ctrl_c().await {
            tracing::error!(%error, "Ctrl C cannot be received");
            std::future::pending::<()>().await;
        }
        StopSignal::Interrupt
    }
}
