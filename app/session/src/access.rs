//! Who may call each server function, declared beside it.

use domain::permission::Access;

/// A server function that says who may call it. Implemented by [`access!`](crate::access).
pub trait RequiresAccess {
    /// Who may call it.
    const ACCESS: Access;
}

/// Declares beside a server function who may call it: `access!(ReadProduct, Access::Public);`
#[macro_export]
macro_rules! access {
    ($function:ty, $access:expr) => {
        impl $crate::RequiresAccess for $function {
            const ACCESS: $crate::Access = $access;
        }
    };
}

/// A server function's address and who may call it, for the list that one test goes through.
#[must_use]
pub const fn access_of<F: server_fn::ServerFn + RequiresAccess>() -> (&'static str, Access) {
    (F::PATH, F::ACCESS)
}
