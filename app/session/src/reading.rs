//! What pages read from the server, and how they show it.

use std::future::Future;
use std::sync::{Arc, Mutex};

use leptos::prelude::*;
use leptos::suspense::Unsuspend;
use leptos::tachys::reactive_graph::SharedReactiveFunction;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Packed;

/// What a page reads from the server, again whenever `source` changes; the server puts it into the page that it renders.
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

/// What the server knows while it renders a page, and the browser reads from that page.
pub fn shared<T>(known: impl FnOnce() -> T) -> T
where
    T: Serialize + DeserializeOwned + 'static,
{
    SharedValue::<T, Packed>::new_with_encoding(known).into_inner()
}

/// Shows what was read, once it is there; stands in a `Suspense` or a `Transition`.
///
/// Leptos goes through what stands there twice on the server: to find out what it waits for, and to write it. What `show`
/// makes waits for nothing more, so it is made once. It must not read anything itself.
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
    // One type for whatever is shown, for the sake of the download.
    let view: SharedReactiveFunction<Suspend<Unsuspend<AnyView>>> = Arc::new(Mutex::new(view));
    view.into_any()
}
