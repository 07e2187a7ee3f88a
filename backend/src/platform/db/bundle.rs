//! Commands that are worth doing many at a time.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::door::{Db, QUEUE};
use super::error::DbError;
use super::tx::Tx;

type Waiting<C, T, E> = (C, oneshot::Sender<Result<T, E>>);

/// Collects calls while the last bundle is being written, and hands them to `work` together: the same statements, but once for
/// many callers. When a bundle fails as a whole, each command is tried alone, so one bad command hurts itself only.
pub struct Bundle<C, T, E> {
    queue: mpsc::Sender<Waiting<C, T, E>>,
}

impl<C, T, E> Bundle<C, T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    /// Opens the bundle: at most `most` commands in one transaction, `at_once` transactions at a time.
    pub fn new<W>(db: Db, most: usize, at_once: usize, work: W) -> Self
    where
        W: AsyncFn(&mut Tx, &[C]) -> Result<Vec<Result<T, E>>, DbError> + Clone + Send + Sync + 'static,
    {
        let (queue, waiting) = mpsc::channel::<Waiting<C, T, E>>(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..at_once {
            let (db, work, waiting) = (db.clone(), work.clone(), Arc::clone(&waiting));
            tokio::spawn(async move {
                loop {
                    let mut calls = Vec::new();
                    if waiting.lock().await.recv_many(&mut calls, most).await == 0 {
                        return;
                    }
                    run(&db, &work, calls).await;
                }
            });
        }
        Self { queue }
    }

    /// Has one command done.
    ///
    /// # Errors
    /// The command's own, or [`DbError::Busy`] when too many wait.
    pub async fn call(&self, command: C) -> Result<T, E> {
        let (reply, answer) = oneshot::channel();
        self.queue.try_send((command, reply)).map_err(|_| DbError::Busy)?;
        answer.await.unwrap_or_else(|_| Err(DbError::Stopped.into()))
    }
}

async fn run<C, T, E, W>(db: &Db, work: &W, calls: Vec<Waiting<C, T, E>>)
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    W: AsyncFn(&mut Tx, &[C]) -> Result<Vec<Result<T, E>>, DbError> + Clone + Send + Sync + 'static,
{
    let (commands, replies): (Vec<C>, Vec<_>) = calls.into_iter().unzip();
    let commands = Arc::new(commands);
    let (all, together) = (Arc::clone(&commands), work.clone());
    match db.write(async move |tx| together(tx, &all).await).await {
        Ok(results) => {
            for (reply, result) in replies.into_iter().zip(results) {
                let _ = reply.send(result);
            }
        }
        Err(error) if commands.len() == 1 => {
            for reply in replies {
                let _ = reply.send(Err(error.clone().into()));
            }
        }
        Err(_) => {
            for (command, reply) in commands.iter().cloned().zip(replies) {
                let alone = work.clone();
                let done = db.write(async move |tx| alone(tx, std::slice::from_ref(&command)).await).await;
                let result = done.map_err(E::from).and_then(|mut all| all.pop().unwrap_or_else(|| Err(DbError::Stopped.into())));
                let _ = reply.send(result);
            }
        }
    }
}
