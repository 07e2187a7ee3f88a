//! Shoppers' pages by their addresses: the routes of the WebAssembly of the shop. The managers' are in `admin.rs`.

use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{Lazy, SsrMode, path};
use storefront::account::{
    AccountPage, AddressesPage, ConfirmEmailPage, EmailConfirmedPage, FinishSignUpPage, ForgotPasswordPage, JoinPage, LostFactorPage,
    MyOrderPage, MyOrdersPage, PreferencesPage, RemoveFactorPage, ResetPasswordPage, SecurityPage, SignInCodePage, SignInPage, SignUpPage,
};
use storefront::back_in_stock::{AskedPage, RequestsPage};
use storefront::cancel::CancelPage;
use storefront::cart::CartPage;
use storefront::checkout::{CheckoutPage, ReturnPage};
use storefront::content::{ContentPage, MessageSentPage};
use storefront::delivery_place::DeliveryPlacePage;
use storefront::find_order::FindOrderPage;
use storefront::home::HomePage;
use storefront::layout::ShopLayout;
use storefront::listing::{CategoriesPage, ListingPage};
use storefront::order_by_link::FollowPage;
use storefront::preview::HomePreviewPage;
use storefront::product::ProductPage;
use storefront::search::SearchPage;

#[component(transparent)]
pub fn Shop() -> AnyNestedRoute {
    view! {
        <ParentRoute path=path!("") view=ShopLayout ssr=SsrMode::Async>
            <Route path=path!("") view={Lazy::<HomePage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("preview/home") view={Lazy::<HomePreviewPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("c") view={Lazy::<ListingPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("c/:slug") view={Lazy::<ListingPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("p/:slug") view=ProductPage ssr=SsrMode::Async/>
            <Route path=path!("categories") view={Lazy::<CategoriesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("search") view={Lazy::<SearchPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("pages/:slug") view={Lazy::<ContentPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("contact/sent") view={Lazy::<MessageSentPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("back-in-stock/asked") view={Lazy::<AskedPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("back-in-stock/:token") view={Lazy::<RequestsPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("delivery-place") view={Lazy::<DeliveryPlacePage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("cart") view={Lazy::<CartPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("cart/add/:slug") view=ProductPage ssr=SsrMode::Async/>
            <Route path=path!("checkout") view={Lazy::<CheckoutPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("checkout/return") view={Lazy::<ReturnPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders/find") view={Lazy::<FindOrderPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders/follow/:token") view={Lazy::<FollowPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("orders/follow/:token/cancel") view={Lazy::<CancelPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-in") view={Lazy::<SignInPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-up") view={Lazy::<SignUpPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("forgot-password") view={Lazy::<ForgotPasswordPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("reset-password/:token") view={Lazy::<ResetPasswordPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("confirm-email") view={Lazy::<EmailConfirmedPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("confirm-email/:token") view={Lazy::<ConfirmEmailPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account") view={Lazy::<AccountPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account/orders") view={Lazy::<MyOrdersPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account/orders/:order") view={Lazy::<MyOrderPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account/addresses") view={Lazy::<AddressesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account/preferences") view={Lazy::<PreferencesPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-up/:token") view={Lazy::<FinishSignUpPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("join/:token") view={Lazy::<JoinPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-in/code") view={Lazy::<SignInCodePage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-in/lost") view={Lazy::<LostFactorPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("sign-in/lost/:token") view={Lazy::<RemoveFactorPage>::new()} ssr=SsrMode::Async/>
            <Route path=path!("account/security") view={Lazy::<SecurityPage>::new()} ssr=SsrMode::Async/>
        </ParentRoute>
    }
    .into_inner()
    .into_any_nested_route()
}
