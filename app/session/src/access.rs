//! What each server function asks of its caller, stated beside it.

use domain::permission::Access;

/// A server function that says who may call it. Implemented by [`access!`](crate::access).
pub trait Stated {
    /// Who may call it.
    const ACCESS: Access;
}

/// States beside a server function who may call it: `access!(ReadProduct, Access::Public);`
#[macro_export]
macro_rules! access {
    ($function:ty, $access:expr) => {
        impl $crate::Stated for $function {
            const ACCESS: $crate::Access = $access;
        }
    };
}

/// A server function's address and who may call it, for the list that one test goes through.
#[must_use]
pub const fn stated<F: server_fn::ServerFn + Stated>() -> (&'static str, Access) {
    (F::PATH, F::ACCESS)
}
