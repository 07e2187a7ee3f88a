//! Signing up: by a link in a mail, on whose page the password is chosen; where the shop sends no mails, at once.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use server_fn::codec::Json;
use ui::{Button, EmptyState, Field, Size, SkeletonText, tr};
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback, wrong,
};

use super::mail_links::{invalid, token};
use super::sign_in::{HiddenFields, load_next_page, with_back};
use super::{SignUp, SignedIn, read_sign_up};
use crate::seo::NotIndexed;

#[cfg(feature = "ssr")]
use backend::identity;
#[cfg(feature = "ssr")]
use web::request;

/// The e-mail of the account that a link makes.
// Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "read_sign_up_link", input = Json, output = Answer)]
pub async fn read_sign_up_link(token: String) -> Result<String, AppError> {
    identity::sign_up_link(&request::shop()?, &token).await.map_err(request::identity_error)
}
access!(ReadSignUpLink, Access::Public);

/// Makes the account of a link, and signs in.
#[server(endpoint = "sign_up/finish", output = Answer)]
pub async fn finish_sign_up(
    token: String,
    password: String,
    #[server(default)] cart: Option<String>,
    #[server(default)] back: Option<String>,
) -> Result<SignedIn, AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let made = identity::finish_sign_up(&shop, &context, request::locale(), &token, &password).await;
    let session = made.map_err(request::identity_error)?;
    let signed_in = identity::authenticate(&shop, &session).await.map_err(request::identity_error)?.ok_or_else(|| AppError::new(500))?;
    super::calls::enter(&signed_in.me, &session, cart, back).await
}
access!(FinishSignUp, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadSignUpLink>(), access_of::<FinishSignUp>()];

#[derive(Debug)]
pub struct SignUpPage;

lazy_page!(SignUpPage, account, sign_up_page);

fn sign_up_page() -> AnyView {
    let action = ServerAction::<SignUp>::new();
    let query = use_query_map();
    let by_mail = resource(|| (), |()| read_sign_up());
    load_next_page(Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))));
    view! {
        <Title text=tr!(ACCOUNT_CREATE)/>
        <NotIndexed/>
        {move || if query.with(|query| query.get("sent").is_some()) {
            view! { <EmptyState title=tr!(ACCOUNT_FORGOT_SENT_TITLE) body=tr!(ACCOUNT_SIGN_UP_SENT) level=1/> }.into_any()
        } else {
            view! {
                <Suspense fallback=|| view! { <SkeletonText lines=6/> }>
                    {move || Suspend::new(async move { form(action, by_mail.await.unwrap_or(true)) })}
                </Suspense>
            }
            .into_any()
        }}
    }
    .into_any()
}

fn form(action: ServerAction<SignUp>, by_mail: bool) -> AnyView {
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let typed = move |name: &str| fallback.value(name).unwrap_or_default().to_owned();
    let password = (!by_mail).then(|| {
        view! { <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="new-password" required=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(problem, "password")/> }
    });
    view! {
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <div>
                <h1 class="text-3xl">{tr!(ACCOUNT_CREATE)}</h1>
                <p class="text-quiet mt-2">{tr!(ACCOUNT_CREATE_BODY)}</p>
            </div>
            <ProblemSummary problem/>
            <PostForm action class="flex flex-col gap-4">
                <HiddenFields/>
                <Field label=tr!(ADDRESS_FULL_NAME) name="name" autocomplete="name" required=true maxlength=120 value=typed("name") error=wrong(problem, "name")/>
                <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" inputmode="email" autocomplete="email" required=true maxlength=254 value=typed("email") error=wrong(problem, "email")/>
                <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" inputmode="tel" autocomplete="tel" optional=true maxlength=30 value=typed("phone") error=wrong(problem, "phone")/>
                {password}
                {by_mail.then(|| view! { <p class="text-sm text-quiet">{tr!(ACCOUNT_SIGN_UP_BY_MAIL)}</p> })}
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(ACCOUNT_CREATE)}</Button>
            </PostForm>
            <p><a class="link" href=with_back("/sign-in")>{tr!(CHECKOUT_HAVE_ACCOUNT)}" "{tr!(SHELL_SIGN_IN)}</a></p>
        </div>
    }
    .into_any()
}

/// `/sign-up/:token`
#[derive(Debug)]
pub struct FinishSignUpPage;

lazy_page!(FinishSignUpPage, account, finish_sign_up_page);

fn finish_sign_up_page() -> AnyView {
    let token = token();
    let action = ServerAction::<FinishSignUp>::new();
    let problem = problem(action, &use_form_fallback());
    load_next_page(Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))));
    let link = resource(move || token.get(), read_sign_up_link);
    view! {
        <Title text=tr!(ACCOUNT_CREATE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                let email = match link.await {
                    Ok(email) => email,
                    Err(error) => return invalid(error),
                };
                view! {
                    <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
                        <div>
                            <h1 class="text-3xl">{tr!(ACCOUNT_CHOOSE_PASSWORD)}</h1>
                            <p class="text-quiet mt-2 wrap-anywhere">{email.clone()}</p>
                        </div>
                        <ProblemSummary problem/>
                        <PostForm action class="flex flex-col gap-4">
                            <HiddenFields/>
                            <input type="hidden" name="token" value=token.get_untracked() autocomplete="off"/>
                            // For password managers, which keep it with the password.
                            <input type="text" name="username" value=email autocomplete="username" class="sr-only" tabindex="-1" aria-hidden="true" readonly=true/>
                            <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="new-password" required=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(problem, "password")/>
                            <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(ACCOUNT_CREATE)}</Button>
                        </PostForm>
                    </div>
                }
                .into_any()
            })}
        </Suspense>
    }
    .into_any()
}
