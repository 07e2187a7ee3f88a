//! `simulators`: the stand-ins for outside services as a program of their own, for development.

#![forbid(unsafe_code)]

use std::{net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};

use clap::Parser;
use simulators::{Endpoint, Options};

/// A sandbox card gateway and a mail sink. No money moves, no mail leaves.
#[derive(Debug, Parser)]
#[command(name = "simulators", version, after_help = EXAMPLES)]
struct Arguments {
    /// Where the gateway, its pages, the stored mail and the controls are served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4242")]
    gateway: SocketAddr,
    /// Where SMTP is served
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:2525")]
    smtp: SocketAddr,
    /// The gateway's address as browsers see it, when it differs
    #[arg(long, value_name = "URL")]
    public_url: Option<String>,
    /// Where webhooks are sent (http only)
    #[arg(long, value_name = "URL", requires = "webhook_secret")]
    webhook_url: Option<String>,
    /// The secret that signs webhooks
    #[arg(long, value_name = "SECRET")]
    webhook_secret: Option<String>,
    /// How long the card that answers too late keeps a client waiting, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    hold: u64,
    /// A folder that each mail is also written to, as .eml
    #[arg(long, value_name = "FOLDER")]
    mail_folder: Option<PathBuf>,
    /// The largest mail taken, in bytes
    #[arg(long, value_name = "BYTES", default_value_t = 10 * 1024 * 1024)]
    mail_limit: usize,
}

const EXAMPLES: &str = "Examples:
  simulators
  simulators --webhook-url http://127.0.0.1:3000/webhooks/stripe --webhook-secret whsec_test
  curl http://127.0.0.1:4242/_control/ledger";

impl Arguments {
    fn options(self) -> Result<Options, String> {
        let secret = self.webhook_secret.unwrap_or_default();
        let webhook = self.webhook_url.map(|url| Endpoint::new(&url, &secret)).transpose();
        Ok(Options {
            gateway: self.gateway,
            smtp: self.smtp,
            public_url: self.public_url,
            webhook: webhook.map_err(|error| format!("--webhook-url: {error}"))?,
            hold: Duration::from_secs(self.hold),
            mail_folder: self.mail_folder,
            mail_limit: self.mail_limit,
        })
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("simulators: {message}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments) -> Result<(), String> {
    let running = simulators::start(arguments.options()?).await.map_err(|error| error.to_string())?;
    println!("card gateway   {}", running.url());
    println!("mail           smtp://{}, read at {}/mail", running.smtp, running.url());
    stop_signal().await.map_err(|error| format!("cannot wait for signals: {error}"))?;
    running.shutdown().await;
    Ok(())
}

/// Returns at Ctrl-C, and on Unix at SIGTERM.
async fn stop_signal() -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}
