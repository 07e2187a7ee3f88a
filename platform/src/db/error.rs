//! What can go wrong with a database.

use std::borrow::Cow;
use std::sync::Arc;

/// An error of the database or of its writer.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DbError {
    /// An error of the database itself.
    #[error("database: {0}")]
    Sql(Arc<sqlx::Error>),
    /// The server closed the connection before the change was committed: it was stopped or restarted, or the network was cut. Or it takes
    /// no writes: it is a replica now. Nothing was written.
    #[error("the connection to the database was lost: {0}")]
    Lost(Arc<sqlx::Error>),
    /// A value cannot be written as JSON, or what is stored as JSON cannot be read.
    #[error("JSON: {0}")]
    Json(Arc<serde_json::Error>),
    /// What is stored under this name in the settings cannot be read as what it is. Nothing stands in for it.
    #[error("the setting “{key}” cannot be read: {source}; put back a backup, or what it was before")]
    Setting { key: String, source: Arc<serde_json::Error> },
    /// This panicked. What it wrote was rolled back.
    #[error("{0} panicked")]
    Panicked(&'static str),
    /// What was to be written breaks a rule that the program keeps itself: a fault of the program. It was rolled back.
    #[error("refused before it was written: {0}")]
    Invariant(String),
    /// The database was told to commit and did not answer: whether the change was made is unknown.
    #[error("the database did not say whether the change was committed")]
    InDoubt,
    /// Too many writes are waiting, or a row to be changed is locked; try again. Nothing was written.
    #[error("the shop is very busy; please try again")]
    Busy,
    /// The database does not answer. Nothing was written.
    #[error("the database does not answer; please try again")]
    Away,
    /// There is no room left where the database is kept. Nothing was written.
    #[error("the disk that holds the database is full; make room, then go on: nothing that was confirmed is lost")]
    Full,
    /// A write inside a write would wait for itself.
    #[error("a write inside a write: pass the transaction on instead")]
    Nested,
    /// The writer has stopped: the program is shutting down.
    #[error("the shop is shutting down")]
    Stopped,
    /// A row that must be there is not.
    #[error("no such row")]
    NotFound,
    /// The address of the database cannot be read.
    #[error("“{0}” is not a database address: write sqlite:shop.db or postgres://user@host/name")]
    Url(String),
    /// Another program has the file.
    #[error("{0} is in use by another tindahan; stop it first or choose another --database")]
    InUse(String),
    /// A SQLite file with several hard links.
    #[error(
        "{path} is one of {names} names (hard links) of one file: SQLite keeps the newest changes beside the name it is opened with, and \
         another name damages them; remove the other names, or make copies with `tindahan backup`"
    )]
    SeveralNames { path: String, names: u64 },
    /// A SQLite file that this user may not write to.
    #[error("the database {0} may be read only: let the user that this program runs as write to the file and its folder")]
    ReadOnly(String),
    /// Another program's database.
    #[error(
        "{database} holds the table “{table}” and no shop: it is another program's, and is left as it is; choose another --database, or an empty one"
    )]
    Foreign { database: String, table: String },
    /// The file cannot be opened.
    #[error("the database {path} cannot be opened: {reason}")]
    Open { path: String, reason: String },
    #[error("the writer's thread cannot be started: {0}")]
    Thread(Arc<std::io::Error>),
    /// A copy that was just made fails SQLite's integrity check.
    #[error("the copy is damaged: {0}")]
    Damaged(String),
    /// There is no such file.
    #[error("there is no database at {0}: look at --database, or make a shop there with `tindahan migrate`")]
    Missing(String),
    /// A database without a shop.
    #[error("{0} holds no shop: look at --database, or make one there with `tindahan migrate`")]
    NoShop(String),
    /// The schema is from an older program.
    #[error("the schema of {0} is of an older release: bring it up to date with `tindahan migrate`, or use that release")]
    Older(String),
    /// The schema is from a newer program.
    #[error("the database knows the migration {0}, which this program does not: use a newer program")]
    Newer(String),
    #[error("migration {name}: {source}")]
    Migration { name: String, source: Arc<sqlx::Error> },
    /// A migration is written wrongly, or would have left the database broken. It left nothing behind.
    #[error("migration {name}: {reason}")]
    BadMigration { name: String, reason: String },
    /// A migration is not as it was when it ran on this database.
    #[error(
        "the migration {0} is not the one that ran on this database: use an unchanged release of the program; \
         whoever writes migrations puts {0} back as it was, and what is to change into a new one"
    )]
    Changed(String),
    /// The copy that is made before a migration was not made.
    #[error(
        "the backup {path} cannot be made: {reason}; nothing was migrated. Make room or let the program write there; \
         or make a backup yourself and set backup-before-migrating to false"
    )]
    Backup { path: String, reason: String },
}

/// Postgres' idle_in_transaction_session_timeout.
const IDLE: &str = "25P03";
/// Postgres' admin_shutdown. It is told only to a session that commits nothing any more.
const SHUTDOWN: &str = "57P01";
/// It has closed the connection: these, and Postgres' crash_shutdown, cannot_connect_now and idle_session_timeout.
const LOST: [&str; 5] = [SHUTDOWN, "57P02", "57P03", "57P05", IDLE];
/// Postgres' read_only_sql_transaction: the server is a replica, or the database is read only. A primary that was demoted still has
/// connections of its former clients, and none of these is of use any more.
const NO_WRITES: &str = "25006";
/// SQLite's SQLITE_READONLY, the last eight bits of its kinds.
const READ_ONLY: u32 = 8;

impl From<sqlx::Error> for DbError {
    fn from(error: sqlx::Error) -> Self {
        if matches!(error, sqlx::Error::PoolClosed) {
            return Self::Stopped;
        }
        if matches!(error, sqlx::Error::PoolTimedOut) {
            return Self::Busy;
        }
        let code = error.as_database_error().and_then(sqlx::error::DatabaseError::code).map(Cow::into_owned);
        match code.as_deref().unwrap_or_default() {
            // SQLite's SQLITE_FULL and SQLITE_IOERR_WRITE; Postgres' disk_full.
            "13" | "778" | "53100" => Self::Full,
            // SQLite's SQLITE_BUSY and SQLITE_LOCKED; Postgres' lock_not_available and too_many_connections.
            "5" | "261" | "517" | "6" | "55P03" | "53300" => Self::Busy,
            _ if is_lost(&error) => Self::Lost(Arc::new(error)),
            _ => Self::Sql(Arc::new(error)),
        }
    }
}

/// Is the connection of no use any more?
fn is_lost(error: &sqlx::Error) -> bool {
    match error {
        // What closes a connection as soon as it is made, as a proxy without its server does, breaks the protocol.
        sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(error) => {
            error.code().is_some_and(|code| LOST.contains(&&*code) || code == NO_WRITES || code.starts_with("08"))
        }
        _ => false,
    }
}

impl From<serde_json::Error> for DbError {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(Arc::new(error))
    }
}

/// Work on another thread was not done: it panicked, or the program is shutting down.
impl From<tokio::task::JoinError> for DbError {
    fn from(error: tokio::task::JoinError) -> Self {
        if error.is_panic() { Self::Panicked("work on another thread") } else { Self::Stopped }
    }
}

impl DbError {
    /// Did a unique rule refuse the row?
    #[must_use]
    pub fn is_unique_violation(&self) -> bool {
        matches!(self, Self::Sql(e) if e.as_database_error().is_some_and(sqlx::error::DatabaseError::is_unique_violation))
    }

    /// The server has closed the connection, as it was restarted or the network was cut, or it takes no writes.
    pub(super) const fn lost_connection(&self) -> bool {
        matches!(self, Self::Lost(_))
    }

    /// The error of a commit that was answered with this one: whether it was made is unknown when the connection was lost on the way.
    pub(super) fn of_commit(self) -> Self {
        let is_undone = self.code().is_some_and(|code| code == SHUTDOWN || code == IDLE);
        if self.lost_connection() && !is_undone { Self::InDoubt } else { self }
    }

    /// Did SQLite refuse to write because the file may only be read?
    pub(super) fn is_read_only(&self) -> bool {
        self.code().and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == READ_ONLY)
    }

    /// The database's own code of the error.
    fn code(&self) -> Option<Cow<'_, str>> {
        match self {
            Self::Sql(error) | Self::Lost(error) => error.as_database_error().and_then(sqlx::error::DatabaseError::code),
            _ => None,
        }
    }

    /// Can the same be tried again in a moment? The shop is not at fault.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy | Self::Away | Self::Lost(_) | Self::Stopped)
    }

    /// Is it unknown whether what was to be written was, at the bottom of this error?
    #[must_use]
    pub fn is_in_doubt_in(error: &(dyn std::error::Error + 'static)) -> bool {
        causes(error).any(|cause| matches!(cause, Self::InDoubt))
    }

    /// Is what passes, such as a database that does not answer, at the bottom of this error?
    #[must_use]
    pub fn is_transient_in(error: &(dyn std::error::Error + 'static)) -> bool {
        causes(error).any(Self::is_transient)
    }

    /// Serialisation failure or deadlock: the same work may succeed when it is done again. So it may when this process stood still
    /// for so long that Postgres took its transaction back, and on a connection to the server that is the primary now.
    pub(super) fn retryable(&self) -> bool {
        self.code().is_some_and(|c| c == "40001" || c == "40P01" || c == IDLE || c == NO_WRITES)
    }
}

/// This error and those below it that are a database's.
fn causes<'a>(error: &'a (dyn std::error::Error + 'static)) -> impl Iterator<Item = &'a DbError> {
    std::iter::successors(Some(error), |error| error.source()).filter_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reset() -> DbError {
        sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into()).into()
    }

    #[test]
    fn a_lost_connection_is_transient_at_the_bottom_of_other_errors_too() {
        #[derive(Debug, thiserror::Error)]
        enum Outer {
            #[error(transparent)]
            Throttled(#[from] crate::throttle::Throttled),
            #[error(transparent)]
            Key(#[from] crate::request_keys::KeyError),
        }
        assert!(reset().is_transient() && reset().lost_connection());
        assert!(DbError::is_transient_in(&Outer::from(crate::throttle::Throttled::from(reset()))));
        assert!(DbError::is_transient_in(&Outer::from(crate::request_keys::KeyError::from(reset()))));
        assert!(!DbError::is_transient_in(&Outer::from(crate::request_keys::KeyError::Reused)));
        let in_doubt = Outer::from(crate::request_keys::KeyError::from(reset().of_commit()));
        assert!(DbError::is_in_doubt_in(&in_doubt) && !DbError::is_transient_in(&in_doubt));
        assert!(!DbError::is_in_doubt_in(&Outer::from(crate::request_keys::KeyError::from(reset()))));
    }

    #[test]
    fn a_connection_that_is_lost_while_it_commits_leaves_the_change_in_doubt() {
        assert!(matches!(reset().of_commit(), DbError::InDoubt));
        assert!(DbError::is_in_doubt_in(&crate::throttle::Throttled::from(DbError::InDoubt)));
        assert!(!DbError::is_in_doubt_in(&reset()));
        assert!(matches!(DbError::Busy.of_commit(), DbError::Busy));
    }
}
