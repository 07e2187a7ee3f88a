//! Events of refusals. They are about the refused order, or about the refusal itself where there is none.

use domain::Currency;
use domain::id::{OrderId, RefusalId};
use domain::view::RefusalKind;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use platform::events::Event;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefusalOpened {
    pub refusal: RefusalId,
    pub kind: RefusalKind,
    pub order: Option<OrderId>,
    pub reason: String,
    /// Minor units.
    pub amount: Option<i64>,
    pub currency: Option<Currency>,
}

impl Event for RefusalOpened {
    const KIND: &'static str = "refusal.opened";
    type Subject = Uuid;
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefusalEnded {
    pub refusal: RefusalId,
    pub kind: RefusalKind,
    pub order: Option<OrderId>,
    pub outcome: RefusalOutcome,
}

impl Event for RefusalEnded {
    const KIND: &'static str = "refusal.ended";
    type Subject = Uuid;
}

/// How a refusal ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalOutcome {
    /// It succeeded after all.
    Done,
    /// It was settled in another way.
    Settled,
    /// Nothing is done about it.
    Dismissed,
}

impl RefusalOutcome {
    /// As it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Settled => "settled",
            Self::Dismissed => "dismissed",
        }
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RefusalRetried {
    pub refusal: RefusalId,
    pub kind: RefusalKind,
    pub order: Option<OrderId>,
}

impl Event for RefusalRetried {
    const KIND: &'static str = "refusal.retried";
    type Subject = Uuid;
}
