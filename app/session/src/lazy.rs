//! Code that is loaded when it is first needed.
//!
//! Leptos' own `#[lazy_route]` and `#[lazy]` give each function a part of the WebAssembly, and each set of parts that share code
//! another: over a hundred files for one visit. Here the functions of one area share a part, so that a first visit loads a handful.

/// Makes a page's type a [`LazyRoute`](https://docs.rs/leptos_router/latest/leptos_router/trait.LazyRoute.html) whose view, a
/// function without parameters, is in the named part of the WebAssembly.
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
            // Named after the page, because the parts' symbols are made of the name and where it stands.
            $crate::lazy_view!($page, $part, load, $view);

            impl ::leptos_router::LazyRoute for $page {
                fn data() -> Self {
                    Self
                }

                async fn view(_this: Self) -> ::leptos::prelude::AnyView {
                    $page().await
                }

                async fn preload() {
                    load().await;
                }
            }
        };
    };
}

/// Makes an asynchronous function `$name` of a view, a function without parameters in the named part of the WebAssembly, and one
/// that loads the part without showing it.
#[macro_export]
macro_rules! lazy_view {
    ($name:ident, $part:ident, $load:ident, $view:ident) => {
        #[cfg(feature = "hydrate")]
        #[::leptos::wasm_split::wasm_split($part, wasm_split_path = ::leptos::wasm_split, preload(#[allow(non_snake_case)] $load))]
        #[allow(non_snake_case)]
        fn $name() -> ::leptos::prelude::AnyView {
            $view()
        }

        #[cfg(not(feature = "hydrate"))]
        #[allow(non_snake_case)]
        async fn $name() -> ::leptos::prelude::AnyView {
            #[cfg(feature = "ssr")]
            $crate::request::name_part(stringify!($part));
            $view()
        }

        #[cfg(not(feature = "hydrate"))]
        async fn $load() {}
    };
}
