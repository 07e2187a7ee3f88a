//! Commands that are worth doing many at a time.

use std::sync::Arc;

use tokio::sync::{mpsc, oneshot};

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
    /// Opens the bundle: at most `most` commands in one transaction, one transaction at a time. Two at a time would wait for
    /// each other's rows wherever an article sells well, and make the slowest callers slower.
    pub fn new<W>(db: Db, most: usize, work: W) -> Self
    where
        W: AsyncFn(&mut Tx, &[C]) -> Result<Vec<Result<T, E>>, DbError> + Clone + Send + Sync + 'static,
    {
        let (queue, mut waiting) = mpsc::channel::<Waiting<C, T, E>>(QUEUE);
        tokio::spawn(async move {
            let mut calls = Vec::new();
            while waiting.recv_many(&mut calls, most).await > 0 {
                run(&db, &work, std::mem::take(&mut calls)).await;
            }
        });
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
        // Nobody gains when each is told so in turn.
        Err(error @ (DbError::Stopped | DbError::Busy | DbError::Full)) => {
            for reply in replies {
                let _ = reply.send(Err(error.clone().into()));
            }
        }
        Err(_) => {
            for (command, reply) in commands.iter().zip(replies) {
                let _ = reply.send(alone(db, work, command).await);
            }
        }
    }
}

/// A rival transaction may have taken the same key, which breaks a unique rule at the end. Run again, the work sees what the
/// rival wrote and can answer with it.
const TRIES: u32 = 3;

async fn alone<C, T, E, W>(db: &Db, work: &W, command: &C) -> Result<T, E>
where
    C: Clone + Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
    W: AsyncFn(&mut Tx, &[C]) -> Result<Vec<Result<T, E>>, DbError> + Clone + Send + Sync + 'static,
{
    let mut tries = 1;
    loop {
        let (own, command) = (work.clone(), command.clone());
        match db.write(async move |tx| own(tx, std::slice::from_ref(&command)).await).await {
            Ok(mut results) => return results.pop().unwrap_or_else(|| Err(DbError::Stopped.into())),
            Err(error) if error.is_unique_violation() && tries < TRIES => tries += 1,
            Err(error) => return Err(error.into()),
        }
    }
}
