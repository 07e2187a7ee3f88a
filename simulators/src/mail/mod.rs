//! The mail sink: an SMTP server that stores what it receives, and HTTP routes that show it.

mod http;
mod inbox;
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

const MAX_MESSAGES: usize = 1_000;
/// More clients at the same time wait.
const MAX_CLIENTS: usize = 64;

#[derive(Debug, Clone)]
pub struct Message {
    pub id: String,
    /// The envelope's sender; empty for a bounce.
    pub from: String,
    /// Recipients of the SMTP envelope, which may differ from the headers.
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

/// Failures that a test ordered.
#[derive(Debug, Clone, Copy)]
struct Failures {
    left: u32,
    code: u16,
    stage: Stage,
}

/// The step of the transaction that fails.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum Stage {
    Sender,
    Recipient,
    #[default]
    Message,
}

#[derive(Debug)]
struct Mailbox {
    messages: VecDeque<Message>,
    failures: Failures,
}

/// The sink, shared by the SMTP sessions and the HTTP routes.
#[derive(Debug, Clone)]
pub struct Sink {
    mailbox: Arc<Mutex<Mailbox>>,
    folder: Option<PathBuf>,
    /// The largest message taken, in bytes.
    limit: usize,
}

impl Sink {
    /// An empty sink that takes messages of up to `limit` bytes and writes each to `folder` as well, if there is one.
    pub fn new(folder: Option<PathBuf>, limit: usize) -> Self {
        let mailbox = Mailbox { messages: VecDeque::new(), failures: Failures { left: 0, code: 451, stage: Stage::default() } };
        Self { mailbox: Arc::new(Mutex::new(mailbox)), folder, limit }
    }

    /// Serves SMTP clients until dropped.
    pub async fn serve(self, listener: TcpListener) {
        let permits = Arc::new(Semaphore::new(MAX_CLIENTS));
        let mut sessions = tokio::task::JoinSet::new();
        loop {
            while sessions.try_join_next().is_some() {}
            let Ok(permit) = permits.clone().acquire_owned().await else {
                return;
            };
            match listener.accept().await {
                Ok((stream, peer)) => {
                    let sink = self.clone();
                    sessions.spawn(async move {
                        if let Err(error) = session::serve(stream, &sink).await {
                            tracing::debug!(%peer, %error, "the SMTP session ended early");
                        }
                        drop(permit);
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "no SMTP connection could be accepted");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
            }
        }
    }

    pub fn router(self) -> axum::Router {
        http::router(self)
    }

    /// The code to refuse with at this stage, if a failure is due.
    fn next_failure(&self, stage: Stage) -> Option<u16> {
        let mut mailbox = self.mailbox();
        let failures = &mut mailbox.failures;
        (failures.left > 0 && failures.stage == stage).then(|| {
            failures.left -= 1;
            failures.code
        })
    }

    /// Stores a message, in the folder first.
    async fn store(&self, from: String, to: Vec<String>, raw: Vec<u8>) -> io::Result<String> {
        let id = Uuid::now_v7().simple().to_string();
        if let Some(folder) = &self.folder {
            tokio::fs::write(folder.join(format!("{id}.eml")), &raw).await?;
        }
        let message = Message { id: id.clone(), from, to, at: now_ms(), raw: raw.into() };
        let mut mailbox = self.mailbox();
        if mailbox.messages.len() >= MAX_MESSAGES {
            mailbox.messages.pop_front();
        }
        mailbox.messages.push_back(message);
        Ok(id)
    }

    /// The messages, newest first; with `to`, only those to this address.
    fn list(&self, to: Option<&str>) -> Vec<Summary> {
        let messages: Vec<Message> = self.mailbox().messages.iter().cloned().collect();
        let wanted = |message: &&Message| to.is_none_or(|to| message.to.iter().any(|address| address.eq_ignore_ascii_case(to)));
        messages.iter().rev().filter(wanted).map(summary).collect()
    }

    fn find(&self, id: &str) -> Option<Message> {
        self.mailbox().messages.iter().find(|message| message.id == id).cloned()
    }

    fn clear(&self) {
        self.mailbox().messages.clear();
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn summary(message: &Message) -> Summary {
    Summary {
        id: message.id.clone(),
        from: message.from.clone(),
        to: message.to.clone(),
        subject: mime::header(&message.raw, "subject").unwrap_or_default(),
        at: message.at,
        size: message.raw.len(),
    }
}
