//! Shows what a page read, or an error page.

use domain::permission::Permission;
use leptos::prelude::*;
use ui::{EmptyState, LinkButton, Look, tr, use_locale};
use web::{AppError, Packed, Title, loaded, sign_in_address};

/// Shows what a page read, or the error; for use in a `Suspense` or a `Transition`. See [`web::loaded`].
pub fn shown<T>(read: Resource<Result<T, AppError>, Packed>, show: impl Fn(T) -> AnyView + Send + Sync + 'static) -> AnyView
where
    T: Clone + Send + Sync + 'static,
{
    loaded(read, move |answer| match answer {
        Ok(value) => show(value),
        Err(error) => view! { <ErrorPage error/> }.into_any(),
    })
}

/// Not found, not allowed, signed out, offline, overloaded, or unexpected.
#[component]
pub fn ErrorPage(error: AppError) -> impl IntoView {
    let title = match error.status {
        0 => tr!(ERROR_OFFLINE_TITLE),
        401 => tr!(SHELL_SIGN_IN),
        403 => tr!(ERROR_FORBIDDEN_TITLE),
        404 => tr!(ERROR_NOT_FOUND_TITLE),
        429 | 503 => tr!(ERROR_BUSY_TITLE),
        504 => tr!(ERROR_IN_DOUBT_TITLE),
        _ => tr!(ERROR_UNEXPECTED_TITLE),
    };
    let (signed_out, offline) = (error.is_signed_out(), error.is_offline());
    let body = if offline { tr!(ERROR_OFFLINE_ADMIN_BODY).to_owned() } else { error.text(use_locale()) };
    view! {
        <Title text=title/>
        <EmptyState title body level=1>
            // The router would stay where it is.
            {offline.then(|| view! { <LinkButton href="" attr:rel="external">{tr!(COMMON_RETRY)}</LinkButton> })}
            {signed_out.then(|| view! { <LinkButton href=sign_in_address()>{tr!(SHELL_SIGN_IN)}</LinkButton> })}
            {(!signed_out).then(|| view! { <LinkButton href="/admin" look=Look::Outline>{tr!(ADMIN_TITLE)}</LinkButton> })}
            <LinkButton href="/" look=Look::Outline>{tr!(ERROR_HOME_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

/// Shown in place of a page that the user may not open.
#[component]
pub fn Forbidden(
    /// The permission that the page requires and the user lacks.
    needs: Permission,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    let error = web::request::authorize(web::Access::Staff(needs)).err().unwrap_or_else(|| AppError::new(403));
    #[cfg(not(feature = "ssr"))]
    let error = {
        let _ = needs;
        AppError::new(403)
    };
    view! { <ErrorPage error/> }
}

/// The page for unknown addresses of the admin.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    let error = web::request::not_found();
    #[cfg(not(feature = "ssr"))]
    let error = AppError::new(404);
    view! { <ErrorPage error/> }
}
