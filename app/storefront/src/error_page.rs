//! What is shown in place of a page that failed.

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ui::{Button, EmptyState, LinkButton, Look, SearchBox, tr, use_locale};
use web::{AppError, Title};

use crate::query::address;
use crate::seo::NotIndexed;

/// Shown in place of a page that failed: not found, offline, overloaded, or unexpected.
#[component]
pub fn ErrorPage(error: AppError) -> impl IntoView {
    let (title, body) = match error.status {
        0 => (tr!(ERROR_OFFLINE_TITLE), tr!(ERROR_OFFLINE_BODY).to_owned()),
        401 => (tr!(SHELL_SIGN_IN), error.text(use_locale())),
        403 => (tr!(ERROR_FORBIDDEN_TITLE), error.text(use_locale())),
        404 => (tr!(ERROR_NOT_FOUND_TITLE), error.text(use_locale())),
        429 | 503 => (tr!(ERROR_BUSY_TITLE), error.text(use_locale())),
        504 => (tr!(ERROR_IN_DOUBT_TITLE), error.text(use_locale())),
        _ => (tr!(ERROR_UNEXPECTED_TITLE), error.text(use_locale())),
    };
    let (signed_out, offline) = (error.is_signed_out(), error.is_offline());
    let again = || {
        // When the page cannot be loaded, this one stays.
        let _ = window().location().reload();
    };
    if offline {
        Effect::new(move || {
            let back = window_event_listener(leptos::ev::online, move |_| again());
            on_cleanup(move || back.remove());
        });
    }
    // After signing in the user comes back to this address.
    let location = use_location();
    let (path, search) = (location.pathname.get_untracked(), location.search.get_untracked());
    let here = if search.is_empty() { path } else { format!("{path}?{}", search.trim_start_matches('?')) };
    let sign_in = address("/sign-in", [("back", here.as_str())].into_iter());
    view! {
        <Title text=title/>
        <NotIndexed/>
        <EmptyState title body level=1>
            {offline.then(|| view! { <Button on:click=move |_| again()>{tr!(COMMON_RETRY)}</Button> }.into_any())}
            {signed_out.then(|| view! { <LinkButton href=sign_in>{tr!(SHELL_SIGN_IN)}</LinkButton> }.into_any())}
            <LinkButton href="/" look=if signed_out || offline { Look::Outline } else { Look::Primary }>{tr!(ERROR_HOME_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

#[component]
pub fn NotFound() -> impl IntoView {
    view! {
        <Title text=tr!(ERROR_NOT_FOUND_TITLE)/>
        <NotIndexed/>
        <EmptyState title=tr!(ERROR_NOT_FOUND_TITLE) body=tr!(ERROR_NOT_FOUND_BODY) level=1>
            <div class="w-full min-w-72 max-w-md"><SearchBox id="search-instead" label=tr!(LISTING_SEARCH_ASK)/></div>
            <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}
