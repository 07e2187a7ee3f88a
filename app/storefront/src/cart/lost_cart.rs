//! Why the cart of a tab is gone: another tab ordered it, or signed out.

use gloo_storage::{LocalStorage, Storage};

/// The storage key of the reason, for other tabs.
const WHY: &str = "tindahan.cart.gone";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CartGone {
    Ordered,
    /// Its user signed out.
    SignedOut,
}

impl CartGone {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::SignedOut => "signed-out",
        }
    }

    /// Stores it for other tabs.
    pub(super) fn note(self) {
        // Without storage no other tab shows the cart either.
        let _ = LocalStorage::raw().set_item(WHY, self.as_str());
    }

    /// The reason that another tab stored.
    pub(super) fn noted() -> Option<Self> {
        let noted = LocalStorage::raw().get_item(WHY).ok()??;
        [Self::Ordered, Self::SignedOut].into_iter().find(|why| why.as_str() == noted)
    }
}
