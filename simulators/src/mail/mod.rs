//! The mail sink: an SMTP server that keeps what it is sent, and HTTP routes to look at it.

mod http;
mod mime;
mod session;

use std::{
    collections::VecDeque,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;
use tokio::{net::TcpListener, sync::Semaphore};
use uuid::Uuid;

use crate::text::now_ms;

/// How many messages are remembered.
const MAX_KEPT: usize = 1_000;
/// How many clients are served at the same time; more wait.
const CLIENTS: usize = 64;

/// A message as it arrived.
#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    /// The envelope's sender; empty for a bounce.
    pub from: String,
    /// The envelope's recipients.
    pub to: Vec<String>,
    /// Milliseconds since 1970 UTC.
    pub at: u64,
    pub raw: Arc<[u8]>,
}

/// What a list of messages shows of one.
#[derive(Debug, Serialize)]
struct Summary {
    id: String,
    from: String,
    to: Vec<String>,
    subject: String,
    at: u64,
    size: usize,
}

/// Failures that the tester has ordered.
#[derive(Debug, Clone, Copy)]
struct Failures {
    left: u32,
    code: u16,
    stage: Stage,
}

/// What is refused.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    /// The sender's address.
    Sender,
    /// The reader's address.
    Recipient,
    #[default]
    Message,
}

#[derive(Debug)]
struct Tray {
    messages: VecDeque<Message>,
    failures: Failures,
}

/// The sink, shared by the SMTP sessions and the HTTP routes.
#[derive(Debug, Clone)]
pub struct Sink {
    kept: Arc<Mutex<Tray>>,
    folder: Option<PathBuf>,
    /// The largest message taken, in bytes.
    limit: usize,
}

impl Sink {
    /// An empty sink that takes messages of up to `limit` bytes and writes each to `folder` as well, if there is one.
    pub fn new(folder: Option<PathBuf>, limit: usize) -> Self {
        let kept = Tray { messages: VecDeque::new(), failures: Failures { left: 0, code: 451, stage: Stage::default() } };
        Self { kept: Arc::new(Mutex::new(kept)), folder, limit }
    }

    /// Serves SMTP clients until dropped.
    pub async fn serve(self, listener: TcpListener) {
        let seats = Arc::new(Semaphore::new(CLIENTS));
        let mut sessions = tokio::task::JoinSet::new();
        loop {
            while sessions.try_join_next().is_some() {}
            let Ok(seat) = seats.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let sink = self.clone();
                    sessions.spawn(async move {
                        if let Err(error) = session::serve(stream, &sink).await {
                            tracing::debug!(%peer, %error, "the SMTP session ended early");
                        }
                        drop(seat);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no SMTP connection could be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    /// The routes under `/mail` and `/_control/mail`.
    pub fn router(self) -> axum::Router {
        http::router(self)
    }

    /// The code to refuse with at this stage, if failures are ordered.
    fn next_failure(&self, stage: Stage) -> Option<u16> {
        let mut kept = self.kept();
        let failures = &mut kept.failures;
        (failures.left > 0 && failures.stage == stage).then(|| {
            failures.left -= 1;
            failures.code
        })
    }

    /// Keeps a message, in the folder first.
    async fn keep(&self, from: String, to: Vec<String>, raw: Vec<u8>) -> io::Result<String> {
        let id = Uuid::now_v7().simple().to_string();
        if let Some(folder) = &self.folder {
            tokio::fs::write(folder.join(format!("{id}.eml")), &raw).await?;
        }
        let message = Message { id: id.clone(), from, to, at: now_ms(), raw: raw.into() };
        let mut kept = self.kept();
        if kept.messages.len() >= MAX_KEPT {
            kept.messages.pop_front();
        }
        kept.messages.push_back(message);
        Ok(id)
    }

    /// What is kept, newest first; only what went to one address, if that is asked.
    fn list(&self, to: Option<&str>) -> Vec<Summary> {
        let kept: Vec<Message> = self.kept().messages.iter().cloned().collect();
        let wanted = |message: &&Message| to.is_none_or(|to| message.to.iter().any(|address| address.eq_ignore_ascii_case(to)));
        kept.iter().rev().filter(wanted).map(summary).collect()
    }

    fn find(&self, id: &str) -> Option<Message> {
        self.kept().messages.iter().find(|message| message.id == id).cloned()
    }

    fn clear(&self) {
        self.kept().messages.clear();
    }

    fn kept(&self) -> MutexGuard<'_, Tray> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(message: &Message) -> Summary {
    Summary {
        id: message.id.clone(),
        from: message.from.clone(),
        to: message.to.clone(),
        subject: mime::subject(&message.raw),
        at: message.at,
        size: message.raw.len(),
    }
}
