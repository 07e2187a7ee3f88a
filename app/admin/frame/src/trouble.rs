//! A page in place of one that could not be shown.

use leptos::prelude::*;
use leptos_meta::Title;
use session::AppError;
use ui::{EmptyState, LinkButton, Look, tr, use_locale};

/// Not found, not allowed, signed out, offline, crowded, or something unexpected.
#[component]
pub fn Trouble(
    /// Why.
    error: AppError,
) -> impl IntoView {
    let title = match error.status {
        0 => tr!(ERROR_OFFLINE_TITLE),
        401 => tr!(SHELL_SIGN_IN),
        403 => tr!(ERROR_FORBIDDEN_TITLE),
        404 => tr!(ERROR_NOT_FOUND_TITLE),
        429 | 503 => tr!(ERROR_BUSY_TITLE),
        _ => tr!(ERROR_UNEXPECTED_TITLE),
    };
    let signed_out = error.is_signed_out();
    view! {
        <Title text=title/>
        <EmptyState title body=error.said(use_locale()) level=1>
            {signed_out.then(|| view! { <LinkButton href="/sign-in?back=/admin">{tr!(SHELL_SIGN_IN)}</LinkButton> })}
            {(!signed_out).then(|| view! { <LinkButton href="/admin" look=Look::Outline>{tr!(ADMIN_TITLE)}</LinkButton> })}
            <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}
