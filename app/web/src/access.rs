//! Who may call each server function, declared beside it; `authenticate` in `app/src/authenticate.rs` looks at it for every call.

use domain::permission::Access;

/// A server function with its declared access. Implemented by [`access!`](crate::access).
pub trait RequiresAccess {
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

/// A server function's address and access, for the list that the access test checks.
#[must_use]
pub const fn access_of<F: server_fn::ServerFn + RequiresAccess>() -> (&'static str, Access) {
    (F::PATH, F::ACCESS)
}
