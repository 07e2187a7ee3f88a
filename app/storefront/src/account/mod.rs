//! The pages of a shopper's account: overview, orders, addresses, preferences, password and devices, signing in.

mod addresses;
mod calls;
mod join;
mod mail_links;
mod orders;
mod preferences;
mod second_factor;
mod security;
mod sign_in;
mod sign_in_code;
mod sign_up;

use leptos::prelude::*;
use ui::{NavLink, tr};
use web::Access;

pub use addresses::AddressesPage;
pub use calls::*;
pub use join::{AcceptInvitation, JoinPage};
pub use mail_links::{
    ConfirmEmailPage, EmailConfirmedPage, FollowEmailLink, ForgotPasswordPage, RequestPasswordReset, ResetPassword, ResetPasswordPage,
};
pub use orders::{AccountPage, MyOrderPage, MyOrdersPage};
pub use preferences::PreferencesPage;
pub use security::SecurityPage;
pub use sign_in::SignInPage;
pub use sign_in_code::{FollowRemovalLink, LostFactorPage, RemoveFactorPage, RequestRemoval, SignInCode, SignInCodePage};
pub use sign_up::{FinishSignUp, FinishSignUpPage, SignUpPage};

/// Server functions of the account.
#[must_use]
pub fn access() -> Vec<(&'static str, Access)> {
    [ACCESS, mail_links::ACCESS, sign_in_code::ACCESS, sign_up::ACCESS, join::ACCESS].concat()
}

/// The layout of the account's pages: the navigation beside the page.
#[component]
pub(crate) fn AccountLayout(here: &'static str, #[prop(into)] title: String, children: Children) -> impl IntoView {
    let links = [
        NavLink::new("/account", tr!(ACCOUNT_OVERVIEW)),
        NavLink::new("/account/orders", tr!(ACCOUNT_ORDERS)),
        NavLink::new("/account/addresses", tr!(ACCOUNT_ADDRESSES)),
        NavLink::new("/account/preferences", tr!(ACCOUNT_PREFERENCES)),
        NavLink::new("/account/security", tr!(ACCOUNT_SECURITY)),
    ];
    view! {
        <div class="grid md:grid-cols-[13rem_1fr] gap-x-10 gap-y-4 mt-4">
            <nav aria-label=tr!(ACCOUNT_PAGES)>
                <ul class="flex flex-wrap md:flex-col gap-1 whitespace-nowrap">
                    {links.into_iter().map(|link| {
                        let current = (link.href == here).then_some("page");
                        view! { <li><a class="nav-item min-h-11" href=link.href aria-current=current>{link.name}</a></li> }
                    }).collect_view()}
                </ul>
            </nav>
            <div class="min-w-0 max-w-3xl">
                <h1 class="text-3xl mb-6">{title}</h1>
                {children()}
            </div>
        </div>
    }
    .into_any()
}
