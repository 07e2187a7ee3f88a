//! Events of carts.

use domain::id::CartId;
use serde::{Deserialize, Serialize};

use platform::events::Event;

/// A guest's cart became part of the signed-in shopper's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CartMerged {
    /// The guest's cart.
    pub from: CartId,
}

impl Event for CartMerged {
    const KIND: &'static str = "cart.merged";
    type Subject = CartId;
}
