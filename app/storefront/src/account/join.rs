//! Joining the staff by an invitation.

use domain::view::InvitedView;
use leptos::prelude::*;
use server_fn::codec::Json;
use ui::{Button, Field, Size, SkeletonText, role_name, tr};
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback, wrong,
};

use super::mail_links::{invalid, token};
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use backend::identity;
#[cfg(feature = "ssr")]
use web::request;

// Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "read_invitation", input = Json, output = Answer)]
pub async fn read_invitation(token: String) -> Result<InvitedView, AppError> {
    identity::invitation(&request::shop()?, &token).await.map_err(request::identity_error)
}
access!(ReadInvitation, Access::Public);

/// Accepts an invitation. The answer is the next page, where they sign in.
#[server(endpoint = "accept_invitation", output = Answer)]
pub async fn accept_invitation(token: String, #[server(default)] name: String, password: String) -> Result<String, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    identity::accept_invitation(&shop, &context, request::locale(), &token, &name, &password).await.map_err(request::identity_error)?;
    let next = "/sign-in?joined=1&back=/admin".to_owned();
    request::redirect(&next);
    Ok(next)
}
access!(AcceptInvitation, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadInvitation>(), access_of::<AcceptInvitation>()];

/// `/join/:token`
#[derive(Debug)]
pub struct JoinPage;

lazy_page!(JoinPage, account, join_page);

fn join_page() -> AnyView {
    let token = token();
    let action = ServerAction::<AcceptInvitation>::new();
    Effect::new(move || {
        if let Some(next) = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned())) {
            // A page of the other app; without it the link in the mail says that it was used.
            let _ = window().location().set_href(&next);
        }
    });
    let link = resource(move || token.get(), read_invitation);
    view! {
        <Title text=tr!(ACCOUNT_JOIN_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                match link.await {
                    Ok(invited) => form(invited, token.get_untracked(), action),
                    Err(error) => invalid(error),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn form(invited: InvitedView, token: String, action: ServerAction<AcceptInvitation>) -> AnyView {
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let InvitedView { name, email, role, has_account } = invited;
    let name = fallback.value("name").map_or(name, str::to_owned);
    let fields = if has_account {
        view! {
            <p>{tr!(ACCOUNT_JOIN_HAS_ACCOUNT)}</p>
            <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(problem, "password")/>
        }
        .into_any()
    } else {
        view! {
            <Field label=tr!(ADDRESS_FULL_NAME) name="name" autocomplete="name" required=true maxlength=120 value=name error=wrong(problem, "name")/>
            <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="new-password" required=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(problem, "password")/>
        }
        .into_any()
    };
    view! {
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <div>
                <h1 class="text-3xl">{tr!(ACCOUNT_JOIN_TITLE)}</h1>
                <p class="text-quiet mt-2 wrap-anywhere">{tr!(ACCOUNT_JOIN_BODY, role = role_name(role), email = email)}</p>
            </div>
            <ProblemSummary problem/>
            <PostForm action class="flex flex-col gap-4">
                <input type="hidden" name="token" value=token autocomplete="off"/>
                <input type="text" name="username" value=email autocomplete="username" class="sr-only" tabindex="-1" aria-hidden="true" readonly=true/>
                {fields}
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(ACCOUNT_JOIN_ACTION)}</Button>
            </PostForm>
        </div>
    }
    .into_any()
}
