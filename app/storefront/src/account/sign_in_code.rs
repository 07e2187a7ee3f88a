//! The second factor of signing in: a code. And the way back of somebody who lost what makes the codes.

use domain::Timestamp;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use server_fn::codec::Json;
use ui::{Button, EmptyState, Field, LinkButton, Look, Size, SkeletonText, When, tr};
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback, wrong,
};

use super::SignedIn;
use super::mail_links::{invalid, token};
use super::sign_in::{HiddenFields, load_next_page, with_back};
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use backend::identity;
#[cfg(feature = "ssr")]
use web::{cookies, request};

/// Seconds for which a browser keeps the ticket; the backend ends it itself.
#[cfg(feature = "ssr")]
const TICKET_SECONDS: i64 = 600;

/// Leads to the page that asks for a code, with the ticket in a cookie for the addresses of signing in.
#[cfg(feature = "ssr")]
pub(super) fn ask(ticket: &str, back: Option<String>) -> SignedIn {
    for path in request::SIGN_IN_PATHS {
        request::set_cookie(cookies::SIGN_IN_TICKET, ticket, path, TICKET_SECONDS);
    }
    let back = back.filter(|back| request::is_inside(back)).unwrap_or_default();
    let query = [("back", back.as_str())].into_iter().filter(|(_, value)| !value.is_empty());
    let next = if back.is_empty() { "/sign-in/code".to_owned() } else { crate::query::address("/sign-in/code", query) };
    request::redirect(&next);
    SignedIn { next, cart: None, is_whole: false }
}

#[cfg(feature = "ssr")]
fn ticket() -> String {
    request::cookie(cookies::SIGN_IN_TICKET).unwrap_or_default()
}

/// Signs in with a code, after the password.
#[server(endpoint = "sign_in/code", output = Answer)]
pub async fn sign_in_code(
    code: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let (me, token) =
        identity::sign_in_with_code(&shop, &context, request::locale(), &ticket(), &code).await.map_err(request::identity_error)?;
    for path in request::SIGN_IN_PATHS {
        request::set_cookie(cookies::SIGN_IN_TICKET, "", path, 0);
    }
    super::calls::enter(&me, &token, cart, back).await
}
access!(SignInCode, Access::Public);

/// Asks, after the password, for the mail by which the second factor is taken away.
#[server(endpoint = "sign_in/lost", output = Answer)]
pub async fn request_removal() -> Result<(), AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    identity::request_removal(&shop, &context, request::locale(), &ticket()).await.map_err(request::identity_error)?;
    request::redirect("/sign-in/lost?sent=1");
    Ok(())
}
access!(RequestRemoval, Access::Public);

/// From when on a link takes the second factor away; none when it does now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemovalView {
    pub waits_until: Option<Timestamp>,
}

// Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "read_removal_link", input = Json, output = Answer)]
pub async fn read_removal_link(token: String) -> Result<RemovalView, AppError> {
    let link = identity::removal_link(&request::shop()?, &token).await.map_err(request::identity_error)?;
    let waits_until = match link {
        identity::RemovalLink::From(at) => Some(at),
        identity::RemovalLink::Ready => None,
    };
    Ok(RemovalView { waits_until })
}
access!(ReadRemovalLink, Access::Public);

/// Takes the second factor away by a link that was mailed.
#[server(endpoint = "sign_in/lost/remove", output = Answer)]
pub async fn follow_removal_link(token: String) -> Result<(), AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    identity::follow_removal_link(&shop, &context, request::locale(), &token).await.map_err(request::identity_error)?;
    request::redirect("/sign-in?factor=removed");
    Ok(())
}
access!(FollowRemovalLink, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<SignInCode>(), access_of::<RequestRemoval>(), access_of::<ReadRemovalLink>(), access_of::<FollowRemovalLink>()];

/// `/sign-in/code`
#[derive(Debug)]
pub struct SignInCodePage;

lazy_page!(SignInCodePage, account, sign_in_code_page);

fn sign_in_code_page() -> AnyView {
    let action = ServerAction::<SignInCode>::new();
    let problem = problem(action, &use_form_fallback());
    load_next_page(Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))));
    view! {
        <Title text=tr!(ACCOUNT_CODE_TITLE)/>
        <NotIndexed/>
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <div>
                <h1 class="text-3xl">{tr!(ACCOUNT_CODE_TITLE)}</h1>
                <p class="text-quiet mt-2">{tr!(ACCOUNT_CODE_BODY)}</p>
            </div>
            <ProblemSummary problem/>
            <PostForm action class="flex flex-col gap-4">
                <HiddenFields/>
                <Field label=tr!(ACCOUNT_CODE) name="code" autocomplete="one-time-code" required=true maxlength=20 error=wrong(problem, "code")/>
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(SHELL_SIGN_IN)}</Button>
            </PostForm>
            <p class="flex flex-wrap gap-x-4 gap-y-1"><a class="link" href=with_back("/sign-in/lost")>{tr!(ACCOUNT_CODE_LOST_LINK)}</a><a class="link" href=with_back("/sign-in")>{tr!(ACCOUNT_CODE_ANEW)}</a></p>
        </div>
    }
    .into_any()
}

/// `/sign-in/lost`
#[derive(Debug)]
pub struct LostFactorPage;

lazy_page!(LostFactorPage, account, lost_factor_page);

fn lost_factor_page() -> AnyView {
    let action = ServerAction::<RequestRemoval>::new();
    let problem = problem(action, &use_form_fallback());
    let query = use_query_map();
    let is_sent = move || query.with(|query| query.get("sent").is_some()) || action.value().with(|answer| matches!(answer, Some(Ok(()))));
    view! {
        <Title text=tr!(ACCOUNT_CODE_LOST_TITLE)/>
        <NotIndexed/>
        {move || if is_sent() {
            view! { <EmptyState title=tr!(ACCOUNT_FORGOT_SENT_TITLE) body=tr!(ACCOUNT_CODE_LOST_SENT) level=1/> }.into_any()
        } else {
            view! {
                <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
                    <h1 class="text-3xl">{tr!(ACCOUNT_CODE_LOST_TITLE)}</h1>
                    <p>{tr!(ACCOUNT_CODE_LOST_RECOVERY)}</p>
                    <p>{tr!(ACCOUNT_CODE_LOST_BODY)}</p>
                    <ProblemSummary problem/>
                    <PostForm action>
                        <Button kind="submit" look=Look::Outline busy=action.pending()>{tr!(ACCOUNT_CODE_LOST_ACTION)}</Button>
                    </PostForm>
                    <p><a class="link" href=with_back("/sign-in/code")>{tr!(ACCOUNT_CODE_TITLE)}</a></p>
                </div>
            }
            .into_any()
        }}
    }
    .into_any()
}

/// `/sign-in/lost/:token`
#[derive(Debug)]
pub struct RemoveFactorPage;

lazy_page!(RemoveFactorPage, account, remove_factor_page);

fn remove_factor_page() -> AnyView {
    let token = token();
    let action = ServerAction::<FollowRemovalLink>::new();
    let problem = problem(action, &use_form_fallback());
    let is_done = move || action.value().with(|answer| matches!(answer, Some(Ok(()))));
    let link = resource(move || token.get(), read_removal_link);
    view! {
        <Title text=tr!(ACCOUNT_CODE_LOST_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                let waits_until = match link.await {
                    Ok(view) => view.waits_until,
                    Err(error) => return invalid(error),
                };
                view! {
                    {move || if is_done() {
                        view! {
                            <EmptyState title=tr!(ACCOUNT_FACTOR_REMOVED) body=tr!(ACCOUNT_FACTOR_REMOVED_BODY) level=1>
                                <LinkButton href="/sign-in">{tr!(SHELL_SIGN_IN)}</LinkButton>
                            </EmptyState>
                        }
                        .into_any()
                    } else {
                        removal(waits_until, token.get_untracked(), action, problem)
                    }}
                }
                .into_any()
            })}
        </Suspense>
    }
    .into_any()
}

fn removal(
    waits_until: Option<Timestamp>,
    token: String,
    action: ServerAction<FollowRemovalLink>,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    let what = match waits_until {
        Some(at) => view! { <p>{tr!(ACCOUNT_CODE_LOST_WAITS)}" "<strong><When at/></strong></p> }.into_any(),
        None => view! {
            <PostForm action>
                <input type="hidden" name="token" value=token autocomplete="off"/>
                <Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ACCOUNT_FACTOR_REMOVE)}</Button>
            </PostForm>
        }
        .into_any(),
    };
    view! {
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <h1 class="text-3xl">{tr!(ACCOUNT_CODE_LOST_TITLE)}</h1>
            <ProblemSummary problem/>
            {what}
        </div>
    }
    .into_any()
}
