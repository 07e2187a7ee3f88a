//! Signing in.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Alert, Button, Card, Field, LinkButton, Look, Size, Tone, tr};
use web::{PostForm, ProblemSummary, Title, lazy_page, problem, use_form_fallback, wrong};

use super::{SignIn, SignedIn};
use crate::cart::use_cart;
use crate::query::address;
use crate::seo::NotIndexed;

/// After signing in, loads the next page as a new document: everything is read again as the new user.
pub(super) fn load_next_page(signed_in: Signal<Option<SignedIn>>) {
    let cart = use_cart();
    Effect::new(move || {
        if let Some(signed_in) = signed_in.get() {
            if signed_in.is_whole {
                untrack(|| cart.sign_in(signed_in.cart));
            }
            // When the page cannot be opened the user stays here, signed in.
            let _ = window().location().set_href(&signed_in.next);
        }
    });
}

/// Hidden fields: this browser's cart, and the page to come back to.
#[component]
pub(super) fn HiddenFields() -> impl IntoView {
    let cart = use_cart();
    let query = use_query_map();
    let typed = use_form_fallback().value("back").map(str::to_owned);
    let back = move || typed.clone().or_else(|| query.with(|query| query.get("back"))).unwrap_or_default();
    let view = cart.view();
    // A cart gets its id a moment after its first line was added.
    let id = move || cart.is_ready().then(|| view.with(|view| view.id)).flatten().map(|id| id.to_string()).unwrap_or_default();
    view! {
        <input type="hidden" name="cart" value=id/>
        {move || {
            let back = back();
            (!back.is_empty()).then(|| view! { <input type="hidden" name="back" value=back/> })
        }}
    }
}

pub(super) fn with_back(path: &str) -> String {
    let back = use_query_map().with_untracked(|query| query.get("back")).unwrap_or_default();
    if back.is_empty() { path.to_owned() } else { address(path, [("back", back.as_str())].into_iter()) }
}

#[derive(Debug)]
pub struct SignInPage;

lazy_page!(SignInPage, account, sign_in_page);

fn sign_in_page() -> AnyView {
    let action = ServerAction::<SignIn>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let says = |name: &str| use_query_map().with_untracked(|query| query.get(name).is_some());
    let (is_reset, is_joined, is_removed) = (says("reset"), says("joined"), says("factor"));
    load_next_page(Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))));
    view! {
        <Title text=tr!(SHELL_SIGN_IN)/>
        <NotIndexed/>
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <h1 class="text-3xl">{tr!(ACCOUNT_WELCOME_BACK)}</h1>
            {is_joined.then(|| view! { <Alert tone=Tone::Success>{tr!(ACCOUNT_JOINED)}</Alert> })}
            {is_removed.then(|| view! { <Alert tone=Tone::Success title=tr!(ACCOUNT_FACTOR_REMOVED)>{tr!(ACCOUNT_FACTOR_REMOVED_BODY)}</Alert> })}
            {is_reset.then(|| view! { <Alert tone=Tone::Success>{tr!(ACCOUNT_RESET_DONE)}</Alert> })}
            <ProblemSummary problem/>
            <PostForm action class="flex flex-col gap-4">
                <HiddenFields/>
                <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" inputmode="email" autocomplete="username" required=true maxlength=254 value=fallback.value("email").unwrap_or_default().to_owned() error=wrong(problem, "email")/>
                <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(problem, "password")/>
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(SHELL_SIGN_IN)}</Button>
                <p><a class="link" href="/forgot-password">{tr!(ACCOUNT_FORGOT_LINK)}</a></p>
            </PostForm>
            <Card>
                <h2 class="text-xl">{tr!(ACCOUNT_NEW_HERE)}</h2>
                <p class="text-quiet mt-1 mb-4">{tr!(ACCOUNT_CREATE_BODY)}</p>
                <LinkButton href=with_back("/sign-up") look=Look::Outline>{tr!(ACCOUNT_CREATE)}</LinkButton>
            </Card>
            <p class="text-quiet">{tr!(ORDER_FIND_GUEST)}" "<a class="link" href="/orders/find">{tr!(SHELL_FOOTER_TRACK)}</a></p>
        </div>
    }
    .into_any()
}
