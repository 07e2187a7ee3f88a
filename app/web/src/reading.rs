//! Resources: what pages read from the server.

use std::future::Future;
use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::suspense::Unsuspend;
use leptos::tachys::reactive_graph::SharedReactiveFunction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Packed;

/// A resource that is read again whenever `source` changes; the server writes its value into the page.
#[track_caller]
pub fn resource<S, T, Fut>(
    source: impl Fn() -> S + Send + Sync + 'static,
    read: impl Fn(S) -> Fut + Send + Sync + 'static,
) -> Resource<T, Packed>
where
    S: PartialEq + Clone + Send + Sync + 'static,
    T: Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = T> + Send + 'static,
{
    Resource::new_with_options(source, read, false)
}

/// A value of the server that it writes into the page, for the browser to read.
pub fn shared<T>(value: impl FnOnce() -> T) -> T
where
    T: Serialize + DeserializeOwned + 'static,
{
    SharedValue::<T, Packed>::new_with_encoding(value).into_inner()
}

/// Shows a resource once it is loaded; for use in a `Suspense` or a `Transition`.
///
/// Leptos builds the children twice on the server: to find what it waits for, and to render. What `show`
/// makes waits for nothing more, so it is made once. `show` must not read resources itself.
pub fn loaded<T>(read: Resource<T, Packed>, show: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView
where
    T: Clone + Send + Sync + 'static,
{
    let show = Arc::new(show);
    let view = move || {
        let show = Arc::clone(&show);
        Suspend::new(async move {
            let value = read.await;
            Unsuspend::new(move || show(value))
        })
    };
    // One type for all views keeps the WebAssembly small.
    let view: SharedReactiveFunction<Suspend<Unsuspend<AnyView>>> = Arc::new(Mutex::new(view));
    view.into_any()
}
