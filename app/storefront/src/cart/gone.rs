//! Why a cart that a tab shows is gone: another tab ordered it, or signed out.

use gloo_storage::{LocalStorage, Storage};

/// Under which name the browser notes why a cart is gone, for its other tabs.
const WHY: &str = "tindahan.cart.gone";

/// Why a cart is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gone {
    /// It was bought.
    Ordered,
    /// Its owner signed out.
    SignedOut,
}

impl Gone {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ordered => "ordered",
            Self::SignedOut => "signed-out",
        }
    }

    /// Notes it for other tabs.
    pub(super) fn note(self) {
        // A browser that keeps nothing has no other tabs to tell.
        let _ = LocalStorage::raw().set_item(WHY, self.as_str());
    }

    /// What another tab noted.
    pub(super) fn noted() -> Option<Self> {
        let noted = LocalStorage::raw().get_item(WHY).ok()??;
        [Self::Ordered, Self::SignedOut].into_iter().find(|why| why.as_str() == noted)
    }
}
