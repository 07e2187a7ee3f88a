//! Starting and stopping both simulators.

use std::{fmt, io, net::SocketAddr, path::PathBuf, time::Duration};

use axum::Router;
use tokio::{
    net::TcpListener,
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

use crate::{
    gateway::{
        Gateway,
        earlier::EarlierPayment,
        webhooks::{Endpoint, Webhooks},
    },
    mail::Sink,
};

/// How long open connections may take to end at shutdown.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(1);

/// How to run the simulators. The default is what tests want: free ports on the loopback address, nothing written to disk.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where HTTP is served: the gateway, its pages, the stored mail, the controls. Port 0 takes a free one.
    pub gateway: SocketAddr,
    /// Where SMTP is served. Port 0 takes a free one.
    pub smtp: SocketAddr,
    /// The HTTP address as browsers see it, without a slash at the end, when it differs from where it is served.
    pub public_url: Option<String>,
    /// Where events are sent; can be set later through `POST /_control/webhook`.
    pub webhook: Option<Endpoint>,
    /// How long the card that answers too late keeps a client waiting.
    pub hold: Duration,
    /// A folder that each mail is also written to, as `<id>.eml`. It is made if it is not there.
    pub mail_folder: Option<PathBuf>,
    /// The largest mail taken, in bytes.
    pub mail_limit: usize,
}

impl Default for Options {
    fn default() -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            gateway: free,
            smtp: free,
            public_url: None,
            webhook: None,
            hold: Duration::from_secs(15),
            mail_folder: None,
            mail_limit: 10 * 1024 * 1024,
        }
    }
}

#[derive(Debug)]
pub enum StartError {
    /// An address cannot be listened on: most often, something else does already.
    Listen { address: SocketAddr, source: io::Error },
    /// The folder for mail cannot be made.
    Folder { folder: PathBuf, source: io::Error },
}

impl fmt::Display for StartError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Listen { address, source } => write!(out, "cannot listen on {address}: {source}"),
            Self::Folder { folder, source } => {
                write!(out, "cannot make the folder {}: {source}", folder.display())
            }
        }
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Listen { source, .. } | Self::Folder { source, .. } => Some(source),
        }
    }
}

/// Running simulators. Dropping this stops them at once; [`Running::shutdown`] lets open answers finish first.
#[derive(Debug)]
pub struct Running {
    pub gateway: SocketAddr,
    pub smtp: SocketAddr,
    public_url: String,
    sandbox: Gateway,
    stop: watch::Sender<bool>,
    http: JoinHandle<()>,
    others: Vec<JoinHandle<()>>,
}

impl Running {
    /// The HTTP address as browsers see it: `http://127.0.0.1:4242`, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.public_url
    }

    /// The gateway knows these payments of an earlier run from now on.
    pub fn remember(&self, payments: Vec<EarlierPayment>) {
        self.sandbox.remember(payments);
    }

    /// Stops both simulators; requests under way are answered, for at most a second.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        if timeout(SHUTDOWN_GRACE * 2, &mut self.http).await.is_err() {
            tracing::warn!("HTTP did not stop in time");
        }
        for task in &mut self.others {
            task.abort();
            // It ends as cancelled, and by then its port is free.
            let _ = task.await;
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.send_replace(true);
        self.http.abort();
        self.others.iter().for_each(JoinHandle::abort);
    }
}

/// Starts both simulators on the current tokio runtime. They serve when this returns.
///
/// # Errors
/// An address cannot be listened on, or the folder for mail cannot be made.
pub async fn start(options: Options) -> Result<Running, StartError> {
    if let Some(folder) = &options.mail_folder {
        let failed = |source| StartError::Folder { folder: folder.clone(), source };
        tokio::fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let (http_listener, gateway_address) = listen(options.gateway).await?;
    let (smtp_listener, smtp_address) = listen(options.smtp).await?;
    let public_url = options.public_url.unwrap_or_else(|| format!("http://{gateway_address}"));
    let public_url = public_url.trim_end_matches('/').to_owned();

    let (stop, stopping) = watch::channel(false);
    let (webhooks, worker) = Webhooks::new(options.webhook);
    let gateway = Gateway::new(&public_url, options.hold, webhooks, stopping.clone());
    let sink = Sink::new(options.mail_folder, options.mail_limit);
    let router = sink.clone().router().merge(gateway.clone().router());

    Ok(Running {
        gateway: gateway_address,
        smtp: smtp_address,
        public_url,
        sandbox: gateway.clone(),
        stop,
        http: tokio::spawn(serve_http(http_listener, router, stopping)),
        others: vec![tokio::spawn(worker), tokio::spawn(sink.serve(smtp_listener))],
    })
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let failed = |source| StartError::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    Ok((listener, address))
}

async fn serve_http(listener: TcpListener, router: Router, mut stopping: watch::Receiver<bool>) {
    let mut stopped = stopping.clone();
    let served = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = stopping.wait_for(|stopping| *stopping).await;
    });
    let limit = async move {
        let _ = stopped.wait_for(|stopping| *stopping).await;
        sleep(SHUTDOWN_GRACE).await;
    };
    tokio::select! {
        result = served => {
            if let Err(error) = result {
                tracing::error!(%error, "HTTP is served no longer");
            }
        }
        () = limit => {}
    }
}
