use serde::{Deserialize, Serialize};

use crate::Timestamp;
use crate::id::BackInStockRequestId;

/// What somebody asked to be told of by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackInStockRequestView {
    pub id: BackInStockRequestId,
    /// The product; empty when it is not sold any more.
    pub name: String,
    /// The chosen options, `Large · Oat`.
    pub options: String,
    /// When they asked.
    pub at: Timestamp,
}
