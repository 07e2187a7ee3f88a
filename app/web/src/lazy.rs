//! Lazily loaded parts of the code.
//!
//! Leptos' own `#[lazy_route]` and `#[lazy]` make a part of the WebAssembly for each function, and another for each set of parts that
//! share code: over a hundred files for one visit. Here the functions of one area share a part, so that a first visit loads a few.
//! When a part cannot be loaded, the page shows a message and continues once it is loaded.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use futures::channel::oneshot;
use leptos::prelude::*;
use ui::{Button, EmptyState, Look, SkeletonText, tr};

use crate::HYDRATED;

/// A part of the code that could not be loaded. The next request for it tries again.
#[derive(Clone, Copy, Debug)]
pub struct PartMissing;

#[cfg(feature = "split")]
impl From<leptos::wasm_split::SplitLoaderError> for PartMissing {
    fn from(_: leptos::wasm_split::SplitLoaderError) -> Self {
        Self
    }
}

/// A view from a part of the code, once the part is there. Boxed, so that what waits for it is compiled once and not for each view.
pub type PartView = Pin<Box<dyn Future<Output = Result<AnyView, PartMissing>> + Send>>;

/// How long a page that is being hydrated waits before it requests its part again.
const RETRY_PAUSE: Duration = Duration::from_secs(3);

/// A view from a part of the code. When the part cannot be loaded, a page that is being hydrated retries and stays as the server
/// rendered it, which works without a script; any other shows an error, and tries again on demand or when the network is back.
pub async fn part(view: fn() -> PartView) -> AnyView {
    loop {
        match view().await {
            Ok(view) => return view,
            Err(PartMissing) if is_hydrated() => return missing(view),
            Err(PartMissing) => {
                // An error means that the page was left.
                let _ = pause().await;
            }
        }
    }
}

fn is_hydrated() -> bool {
    document().document_element().is_some_and(|root| root.has_attribute(HYDRATED))
}

fn pause() -> oneshot::Receiver<()> {
    let (done, waited) = oneshot::channel();
    set_timeout(
        move || {
            // No receiver: the page was left.
            let _ = done.send(());
        },
        RETRY_PAUSE,
    );
    waited
}

fn missing(view: fn() -> PartView) -> AnyView {
    let tries = RwSignal::new(0_u32);
    Effect::new(move || {
        let online = window_event_listener(leptos::ev::online, move |_| tries.update(|tries| *tries += 1));
        on_cleanup(move || online.remove());
    });
    let inside = move || {
        if tries.get() == 0 {
            return part_missing(tries);
        }
        let again = view();
        let again = async move { again.await.unwrap_or_else(|PartMissing| part_missing(tries)) };
        view! { <Suspense fallback=|| view! { <SkeletonText lines=4/> }.into_any()>{Suspend::new(again)}</Suspense> }.into_any()
    };
    view! { <div data-missing>{inside}</div> }.into_any()
}

fn part_missing(tries: RwSignal<u32>) -> AnyView {
    view! {
        <EmptyState title=tr!(ERROR_OFFLINE_TITLE) body=tr!(ERROR_PART_MISSING)>
            <Button look=Look::Outline on:click=move |_| tries.update(|tries| *tries += 1)>{tr!(COMMON_RETRY)}</Button>
        </EmptyState>
    }
    .into_any()
}

/// Makes a page's type a [`LazyRoute`](https://docs.rs/leptos_router/latest/leptos_router/trait.LazyRoute.html) whose view, a
/// function without parameters, is in the named part of the WebAssembly.
///
/// An app has at most three parts, so small areas share one: code that several parts need is in a file for each combination of them, and a
/// first page that loads a part loads all of these files. `alone.spec.mjs` counts them.
///
/// ```text
/// lazy_page!(CartPage, buying, cart_page);
///
/// fn cart_page() -> AnyView { … }
/// ```
#[macro_export]
macro_rules! lazy_page {
    ($page:ident, $part:ident, $view:ident) => {
        const _: () = {
            // Named after the page, because the parts' symbols are made of the name and its module.
            $crate::lazy_view!($page, $part, load, $view);

            impl ::leptos_router::LazyRoute for $page {
                fn data() -> Self {
                    Self
                }

                async fn view(_this: Self) -> ::leptos::prelude::AnyView {
                    $crate::part(|| ::std::boxed::Box::pin($page())).await
                }

                async fn preload() {
                    // A failure is reported where the view is shown.
                    let _ = load().await;
                }
            }
        };
    };
}

/// Makes an asynchronous function `$name` of a view, a function without parameters in the named part of the WebAssembly, for
/// [`part`](crate::part) to show, and one that loads the part without showing it.
#[cfg(feature = "split")]
#[macro_export]
macro_rules! lazy_view {
    ($name:ident, $part:ident, $load:ident, $view:ident) => {
        #[::leptos::wasm_split::wasm_split($part, wasm_split_path = ::leptos::wasm_split, fallible, preload(#[allow(non_snake_case)] $load))]
        #[allow(non_snake_case)]
        fn $name() -> ::core::result::Result<::leptos::prelude::AnyView, $crate::PartMissing> {
            ::core::result::Result::Ok($view())
        }
    };
}

/// Makes an asynchronous function `$name` of a view, a function without parameters, for [`part`](crate::part) to show, and one that
/// loads nothing: without the feature `split` the view is where all other code is. The server notes the part's name, for the header
/// that tells the service worker of the page's files.
#[cfg(not(feature = "split"))]
#[macro_export]
macro_rules! lazy_view {
    ($name:ident, $part:ident, $load:ident, $view:ident) => {
        #[allow(non_snake_case)]
        async fn $name() -> ::core::result::Result<::leptos::prelude::AnyView, $crate::PartMissing> {
            #[cfg(feature = "ssr")]
            $crate::request::name_part(stringify!($part));
            ::core::result::Result::Ok($view())
        }

        async fn $load() -> ::core::result::Result<(), $crate::PartMissing> {
            ::core::result::Result::Ok(())
        }
    };
}
