//! The password, the second factor of signing in, and the devices that are signed in.

use domain::view::SessionView;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Alert, Button, Field, Look, Size, SkeletonText, StatusBadge, Tone, When, tr, use_locale};
use web::{AppError, PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_form_fallback, wrong};

use super::second_factor::{CodeField, second_factor};
use super::{AccountLayout, ChangeSecurity, read_security};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[derive(Debug)]
pub struct SecurityPage;

lazy_page!(SecurityPage, account, security_page);

fn security_page() -> AnyView {
    let action = ServerAction::<ChangeSecurity>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    // Read again when something was done: what is wrong changes nothing, and what is typed stays.
    let done = Memo::new(move |before: Option<&usize>| {
        let version = action.version().get();
        let is_done = action.value().with(|answer| matches!(answer, Some(Ok(_))));
        if is_done { version } else { before.copied().unwrap_or(0) }
    });
    let security = resource(move || done.get(), |_| read_security());
    view! {
        <Title text=tr!(ACCOUNT_SECURITY)/>
        <NotIndexed/>
        <AccountLayout here="/account/security" title=tr!(ACCOUNT_SECURITY)>
            <div class="max-w-xl flex flex-col gap-10">
                <Done action problem/>
                <Transition fallback=|| view! { <SkeletonText lines=8/> }>
                    {move || Suspend::new(async move {
                        match security.await {
                            Ok(security) => view! {
                                <Password has_code=security.factor.since.is_some() action problem/>
                                {second_factor(security.factor, action, problem)}
                                <section class="flex flex-col gap-4">
                                    <h2 class="text-xl">{tr!(ACCOUNT_SESSIONS)}</h2>
                                    <p class="text-quiet">{tr!(ACCOUNT_SESSIONS_BODY)}</p>
                                    {list(security.sessions, action)}
                                </section>
                            }
                            .into_any(),
                            Err(error) => view! { <ErrorPage error/> }.into_any(),
                        }
                    })}
                </Transition>
            </div>
        </AccountLayout>
    }
    .into_any()
}

/// What was done, or is wrong.
#[component]
fn Done(action: ServerAction<ChangeSecurity>, problem: Signal<Option<AppError>>) -> impl IntoView {
    let query = use_query_map();
    // What was done, which the address of the page says to a browser without a script.
    let done = move || match action.version().get() {
        0 => query.with(|query| query.get("done")),
        _ => action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned())),
    };
    let words = move || match done()?.as_str() {
        "password" => Some(tr!(COMMON_SAVED)),
        "session" | "sessions" => Some(tr!(ACCOUNT_SESSIONS_ENDED)),
        "app-on" => Some(tr!(ACCOUNT_FACTOR_IS_ON)),
        "app-off" => Some(tr!(ACCOUNT_FACTOR_REMOVED)),
        "codes-on" => Some(tr!(ACCOUNT_RECOVERY_REPLACED)),
        _ => None,
    };
    view! {
        <ProblemSummary problem/>
        {move || words().map(|words| view! { <Alert tone=Tone::Success>{words}</Alert> })}
    }
    .into_any()
}

/// The form of the password.
#[component]
fn Password(has_code: bool, action: ServerAction<ChangeSecurity>, problem: Signal<Option<AppError>>) -> impl IntoView {
    view! {
        <PostForm action class="grid gap-4">
            <h2 class="text-xl">{tr!(ACCOUNT_CHANGE_PASSWORD)}</h2>
            <input type="hidden" name="step" value="password"/>
            <Field label=tr!(ACCOUNT_CURRENT_PASSWORD) name="current_password" kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(problem, "current_password")/>
            <Field label=tr!(ACCOUNT_NEW_PASSWORD) name="new_password" kind="password" autocomplete="new-password" required=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(problem, "new_password")/>
            {has_code.then(|| view! { <CodeField id="password-code" problem/> })}
            <div><Button kind="submit" busy=action.pending()>{tr!(ACCOUNT_CHANGE_PASSWORD)}</Button></div>
        </PostForm>
    }
    .into_any()
}

fn list(sessions: Vec<SessionView>, action: ServerAction<ChangeSecurity>) -> AnyView {
    let has_others = sessions.len() > 1;
    let rows = sessions.into_iter().map(|session| row(session, action)).collect_view();
    let all = has_others.then(|| {
        view! {
            <PostForm action>
                <input type="hidden" name="step" value="sessions"/>
                <Button kind="submit" look=Look::Danger>{tr!(ACCOUNT_SESSIONS_END_OTHERS)}</Button>
            </PostForm>
        }
    });
    view! {
        <ul class="divide-y divide-hairline border-y border-hairline">{rows}</ul>
        {all}
    }
    .into_any()
}

fn row(session: SessionView, action: ServerAction<ChangeSecurity>) -> AnyView {
    let name = session.device.name(use_locale());
    let label = tr!(ACCOUNT_SESSION_END_OF, device = name);
    let end = if session.current {
        view! { <StatusBadge tone=Tone::Success settled=true text=tr!(ACCOUNT_SESSION_CURRENT)/> }.into_any()
    } else {
        view! {
            <PostForm action>
                <input type="hidden" name="step" value="session"/>
                <input type="hidden" name="session" value=session.id.to_string()/>
                <Button kind="submit" size=Size::Small look=Look::Outline attr:aria-label=label>{tr!(ACCOUNT_SIGN_OUT)}</Button>
            </PostForm>
        }
        .into_any()
    };
    let address = (!session.address.is_empty()).then(|| view! { <span class="wrap-anywhere">{session.address}</span> });
    view! {
        <li class="py-3 flex flex-wrap items-center gap-x-4 gap-y-2">
            <div class="grow min-w-0">
                <p class="font-medium wrap-anywhere">{name}</p>
                <p class="text-sm text-quiet flex flex-wrap gap-x-3">
                    <span>{tr!(ACCOUNT_SESSION_BEGUN)}" "<When at=session.created_at/></span>
                    <span>{tr!(ACCOUNT_SESSION_SEEN)}" "<When at=session.seen_at/></span>
                    {address}
                </p>
            </div>
            {end}
        </li>
    }
    .into_any()
}
