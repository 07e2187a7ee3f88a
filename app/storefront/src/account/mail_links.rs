//! What the links of mails about accounts open: a new password in place of a forgotten one, and the proof or change of an address. Opening
//! such a page does nothing yet, because mail programs open links to look at them; a button does.

use domain::view::EmailLink;
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use server_fn::codec::Json;
use ui::{Alert, Button, EmptyState, Field, LinkButton, Look, Size, SkeletonText, tr};
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback, wrong,
};

#[cfg(feature = "ssr")]
use backend::identity;
#[cfg(feature = "ssr")]
use web::request;

use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

/// Where a request for a link leads to.
const SENT: &str = "/forgot-password?sent=1";
/// Where a new password leads to.
const RESET: &str = "/sign-in?reset=1";

/// Has a link mailed by which a new password is set; the answer does not tell whether there is such an account.
#[server(endpoint = "request_password_reset", output = Answer)]
pub async fn request_password_reset(#[server(default)] email: String) -> Result<(), AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    identity::request_password_reset(&shop, &context, request::locale(), &email).await.map_err(request::identity_error)?;
    request::redirect(SENT);
    Ok(())
}
access!(RequestPasswordReset, Access::Public);

/// Does a link still set a password? Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "check_reset_link", input = Json, output = Answer)]
pub async fn check_reset_link(token: String) -> Result<(), AppError> {
    identity::check_reset_link(&request::shop()?, &token).await.map_err(request::identity_error)
}
access!(CheckResetLink, Access::Public);

/// Sets a new password by the link of a mail. All sessions of the account end.
#[server(endpoint = "reset_password", output = Answer)]
pub async fn reset_password(token: String, #[server(default)] new_password: String) -> Result<(), AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    identity::reset_password(&shop, &context, request::locale(), &token, &new_password).await.map_err(request::identity_error)?;
    request::redirect(RESET);
    Ok(())
}
access!(ResetPassword, Access::Public);

/// What the link of a mail would do, and whether one has to sign in to the account first.
#[server(endpoint = "read_email_link", input = Json, output = Answer)]
pub async fn read_email_link(token: String) -> Result<(EmailLink, bool), AppError> {
    identity::email_link(&request::shop()?, &request::context()?, &token).await.map_err(request::identity_error)
}
access!(ReadEmailLink, Access::Public);

/// Does what the link of a mail is for.
#[server(endpoint = "follow_email_link", output = Answer)]
pub async fn follow_email_link(token: String) -> Result<EmailLink, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let session = request::token().unwrap_or_default();
    let done = identity::follow_email_link(&shop, &context, request::locale(), &token, &session).await.map_err(request::identity_error)?;
    request::redirect(if matches!(done, EmailLink::Undo(_)) { "/confirm-email?undone=1" } else { "/confirm-email" });
    Ok(done)
}
access!(FollowEmailLink, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<RequestPasswordReset>(),
    access_of::<CheckResetLink>(),
    access_of::<ResetPassword>(),
    access_of::<ReadEmailLink>(),
    access_of::<FollowEmailLink>(),
];

/// `/forgot-password`
#[derive(Debug)]
pub struct ForgotPasswordPage;

lazy_page!(ForgotPasswordPage, account, forgot_password_page);

fn forgot_password_page() -> AnyView {
    let action = ServerAction::<RequestPasswordReset>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let (query, navigate) = (use_query_map(), use_navigate());
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Ok(())))) {
            navigate(SENT, Default::default());
        }
    });
    let typed = StoredValue::new(fallback.value("email").unwrap_or_default().to_owned());
    view! {
        <Title text=tr!(ACCOUNT_FORGOT_TITLE)/>
        <NotIndexed/>
        {move || {
            if query.with(|query| query.get("sent").is_some()) {
                return view! {
                    <EmptyState title=tr!(ACCOUNT_FORGOT_SENT_TITLE) body=tr!(ACCOUNT_FORGOT_SENT_BODY) level=1>
                        <LinkButton href="/sign-in" look=Look::Outline>{tr!(SHELL_SIGN_IN)}</LinkButton>
                    </EmptyState>
                }
                .into_any();
            }
            view! {
                <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
                    <div>
                        <h1 class="text-3xl">{tr!(ACCOUNT_FORGOT_TITLE)}</h1>
                        <p class="text-quiet mt-2">{tr!(ACCOUNT_FORGOT_BODY)}</p>
                    </div>
                    <ProblemSummary problem/>
                    <PostForm action class="flex flex-col gap-4">
                        <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" inputmode="email" autocomplete="username" required=true maxlength=254 value=typed.get_value() error=wrong(problem, "email")/>
                        <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(ACCOUNT_FORGOT_ACTION)}</Button>
                    </PostForm>
                    <p><a class="link" href="/sign-in">{tr!(SHELL_SIGN_IN)}</a></p>
                </div>
            }
            .into_any()
        }}
    }
    .into_any()
}

pub(super) fn token() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()))
}

/// The page of a link that does not hold.
pub(super) fn invalid(error: AppError) -> AnyView {
    if error.status != 410 {
        return view! { <ErrorPage error/> }.into_any();
    }
    view! {
        <EmptyState title=tr!(ACCOUNT_LINK_INVALID_TITLE) body=tr!(ACCOUNT_LINK_INVALID_BODY) level=1>
            <LinkButton href="/forgot-password" look=Look::Outline>{tr!(ACCOUNT_FORGOT_TITLE)}</LinkButton>
            <LinkButton href="/account">{tr!(ACCOUNT_TITLE)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

/// `/reset-password/:token`
#[derive(Debug)]
pub struct ResetPasswordPage;

lazy_page!(ResetPasswordPage, account, reset_password_page);

fn reset_password_page() -> AnyView {
    let token = token();
    let action = ServerAction::<ResetPassword>::new();
    let problem = problem(action, &use_form_fallback());
    let navigate = use_navigate();
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Ok(())))) {
            navigate(RESET, Default::default());
        }
    });
    let link = resource(move || token.get(), check_reset_link);
    view! {
        <Title text=tr!(ACCOUNT_FORGOT_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                if let Err(error) = link.await {
                    return invalid(error);
                }
                view! {
                    <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
                        <h1 class="text-3xl">{tr!(ACCOUNT_FORGOT_TITLE)}</h1>
                        <ProblemSummary problem/>
                        <PostForm action class="flex flex-col gap-4">
                            <input type="hidden" name="token" value=token.get_untracked() autocomplete="off"/>
                            <Field label=tr!(ACCOUNT_NEW_PASSWORD) name="new_password" kind="password" autocomplete="new-password" required=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(problem, "new_password")/>
                            <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(MAIL_RESET_ACTION)}</Button>
                        </PostForm>
                    </div>
                }
                .into_any()
            })}
        </Suspense>
    }
    .into_any()
}

/// `/confirm-email/:token`: proves an address, gives the account another, or its former one back.
#[derive(Debug)]
pub struct ConfirmEmailPage;

lazy_page!(ConfirmEmailPage, account, confirm_email_page);

fn confirm_email_page() -> AnyView {
    let token = token();
    let action = ServerAction::<FollowEmailLink>::new();
    let problem = problem(action, &use_form_fallback());
    let link = resource(move || token.get(), read_email_link);
    let done = Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned())));
    view! {
        <Title text=tr!(ACCOUNT_CONFIRM_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                match link.await {
                    Ok((_, true)) => sign_in_first(&token.get_untracked()),
                    Ok((link, false)) => view! {
                        {move || match done.get() {
                            Some(EmailLink::Undo(_)) => undone(),
                            Some(EmailLink::Prove(_) | EmailLink::Change(_)) => confirmed(),
                            None => question(&link, token.get_untracked(), action, problem),
                        }}
                    }
                    .into_any(),
                    Err(error) => invalid(error),
                }
            })}
        </Suspense>
    }
    .into_any()
}

fn question(link: &EmailLink, token: String, action: ServerAction<FollowEmailLink>, problem: Signal<Option<AppError>>) -> AnyView {
    let (title, body, label) = match link {
        EmailLink::Prove(email) => {
            (tr!(ACCOUNT_CONFIRM_TITLE), tr!(ACCOUNT_CONFIRM_PROVE_BODY, email = email), tr!(ACCOUNT_CONFIRM_ACTION))
        }
        EmailLink::Change(email) => {
            (tr!(ACCOUNT_CONFIRM_TITLE), tr!(ACCOUNT_CONFIRM_CHANGE_BODY, email = email), tr!(ACCOUNT_CONFIRM_ACTION))
        }
        EmailLink::Undo(email) => (tr!(ACCOUNT_UNDO_TITLE), tr!(ACCOUNT_UNDO_BODY, email = email), tr!(ACCOUNT_UNDO_ACTION)),
    };
    view! {
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <div>
                <h1 class="text-3xl">{title}</h1>
                <p class="text-quiet mt-2 wrap-anywhere">{body}</p>
            </div>
            <ProblemSummary problem/>
            <PostForm action>
                <input type="hidden" name="token" value=token autocomplete="off"/>
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{label}</Button>
            </PostForm>
        </div>
    }
    .into_any()
}

fn sign_in_first(token: &str) -> AnyView {
    let here = format!("/confirm-email/{token}");
    let href = crate::query::address("/sign-in", [("back", here.as_str())].into_iter());
    view! {
        <EmptyState title=tr!(ACCOUNT_CONFIRM_TITLE) body=tr!(ACCOUNT_CONFIRM_SIGN_IN) level=1>
            <LinkButton href>{tr!(SHELL_SIGN_IN)}</LinkButton>
            <LinkButton href="/forgot-password" look=Look::Outline>{tr!(ACCOUNT_FORGOT_LINK)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

fn confirmed() -> AnyView {
    view! {
        <EmptyState title=tr!(ACCOUNT_CONFIRMED_TITLE) body=tr!(ACCOUNT_CONFIRMED_BODY) level=1>
            <LinkButton href="/account">{tr!(ACCOUNT_TITLE)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

fn undone() -> AnyView {
    view! {
        <EmptyState title=tr!(ACCOUNT_UNDONE_TITLE) body=tr!(ACCOUNT_UNDONE_BODY) level=1>
            <LinkButton href="/sign-in">{tr!(SHELL_SIGN_IN)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

/// `/confirm-email`: what a link did, for a browser without a script.
#[derive(Debug)]
pub struct EmailConfirmedPage;

lazy_page!(EmailConfirmedPage, account, email_confirmed_page);

fn email_confirmed_page() -> AnyView {
    let is_undone = use_query_map().with_untracked(|query| query.get("undone").is_some());
    let page = if is_undone { undone() } else { confirmed() };
    view! {
        <Title text=tr!(ACCOUNT_CONFIRM_TITLE)/>
        <NotIndexed/>
        {page}
    }
    .into_any()
}

/// While the account's address is not proved: what is to be done, and on the page of preferences a button that has the mail sent again.
#[component]
pub(super) fn ProofNeeded(email: String, #[prop(optional)] again: Option<AnyView>) -> impl IntoView {
    let again = again.unwrap_or_else(|| view! { <a class="link" href="/account/preferences">{tr!(ACCOUNT_CONFIRM_AGAIN)}</a> }.into_any());
    view! {
        <div class="mb-8">
            <Alert title=tr!(ACCOUNT_CONFIRM_TITLE)>
                <p class="wrap-anywhere">{tr!(ACCOUNT_CONFIRM_BODY, email = email)}</p>
                <div class="mt-2">{again}</div>
            </Alert>
        </div>
    }
    .into_any()
}
