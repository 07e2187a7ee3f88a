//! Dead jobs, and the audit.

use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::JobId;

/// A dead job: it failed for good or at its last retry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJobView {
    pub id: JobId,
    /// For example `payment.refund`.
    pub kind: String,
    /// The payload's ids, as JSON.
    pub about: String,
    pub why: String,
    /// When it was enqueued.
    pub since: Timestamp,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCheck {
    pub name: String,
    /// How many rows were checked.
    pub count: i64,
    /// One line per failure.
    pub failures: Vec<String>,
}
