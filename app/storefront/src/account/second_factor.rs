//! Setting up the second factor of signing in, and switching it off.

use domain::view::{NewAuthenticator, QrCode, SecondFactorView};
use leptos::prelude::*;
use ui::{Alert, Button, Disclosure, Field, Look, StatusBadge, Tone, When, tr, use_locale};
use web::{AppError, PostForm, wrong};

use super::ChangeSecurity;

type Action = ServerAction<ChangeSecurity>;
type Problem = Signal<Option<AppError>>;

pub(super) fn second_factor(view: SecondFactorView, action: Action, problem: Problem) -> AnyView {
    let SecondFactorView { since, recovery_left, setup, new_codes, is_demanded } = view;
    let state = match since {
        Some(at) => view! { <p class="flex flex-wrap items-center gap-x-3 gap-y-1"><StatusBadge tone=Tone::Success settled=true text=tr!(ACCOUNT_FACTOR_ON)/><span class="text-sm text-quiet">{tr!(ACCOUNT_FACTOR_SINCE)}" "<When at/></span></p> }.into_any(),
        None if is_demanded => view! { <Alert tone=Tone::Warning>{tr!(ACCOUNT_FACTOR_NEEDED)}</Alert> }.into_any(),
        None => ().into_any(),
    };
    let is_on = since.is_some();
    let body = match (setup, new_codes) {
        (Some(setup), _) => set_up(setup, is_on, action, problem),
        (None, Some(codes)) if is_on => view! { <NewCodes codes=codes.codes action problem/> }.into_any(),
        _ if is_on => switched_on(recovery_left, is_demanded, action, problem),
        _ => view! { <Begin step="app" label=tr!(ACCOUNT_FACTOR_SET_UP) action/> }.into_any(),
    };
    view! {
        <section class="flex flex-col gap-4" id="second-factor">
            <h2 class="text-xl">{tr!(ACCOUNT_FACTOR)}</h2>
            <p class="text-quiet">{tr!(ACCOUNT_FACTOR_BODY)}</p>
            {state}
            {body}
        </section>
    }
    .into_any()
}

/// A code of the second factor that is on.
#[component]
pub(super) fn CodeField(id: &'static str, problem: Problem, #[prop(optional)] optional: bool) -> impl IntoView {
    view! { <Field label=tr!(ACCOUNT_CODE) name="code" id autocomplete="one-time-code" required=!optional optional maxlength=20 hint=tr!(ACCOUNT_CODE_HINT) error=wrong(problem, "code")/> }
}

/// A button that begins something.
#[component]
fn Begin(step: &'static str, label: &'static str, action: Action) -> impl IntoView {
    view! {
        <PostForm action>
            <input type="hidden" name="step" value=step/>
            <Button kind="submit" look=Look::Outline busy=action.pending()>{label}</Button>
        </PostForm>
    }
}

#[component]
fn Password(id: &'static str, problem: Problem) -> impl IntoView {
    view! { <Field label=tr!(ACCOUNT_CURRENT_PASSWORD) name="password" id kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(problem, "password")/> }
}

fn set_up(setup: NewAuthenticator, is_on: bool, action: Action, problem: Problem) -> AnyView {
    // In fours, as one types it.
    let letters: Vec<char> = setup.secret.chars().collect();
    let secret = letters.chunks(4).map(|four| four.iter().collect::<String>()).collect::<Vec<_>>().join(" ");
    view! {
        <ol class="flex flex-col gap-5 list-decimal ps-5">
            <li>
                <div class="flex flex-col gap-3">
                    <p>{tr!(ACCOUNT_FACTOR_SCAN)}</p>
                    {qr_picture(&setup.qr)}
                    <p><a class="link" rel="external" href=setup.address>{tr!(ACCOUNT_FACTOR_OPEN_APP)}</a></p>
                    <p class="text-sm text-quiet">{tr!(ACCOUNT_FACTOR_TYPE)}" "<code class="font-mono wrap-anywhere">{secret}</code></p>
                </div>
            </li>
            <li>
                <div class="flex flex-col gap-3">
                    <p>{tr!(ACCOUNT_RECOVERY_KEEP)}</p>
                    {code_list(setup.codes)}
                </div>
            </li>
            <li>
                <PostForm action class="grid gap-4">
                    <p>{tr!(ACCOUNT_FACTOR_TRY)}</p>
                    <input type="hidden" name="step" value="app-on"/>
                    <Field label=tr!(ACCOUNT_CODE_OF_APP) name="new_code" inputmode="numeric" autocomplete="one-time-code" required=true maxlength=10 error=wrong(problem, "new_code")/>
                    <Password id="app-password" problem/>
                    {is_on.then(|| view! { <CodeField id="app-code" problem/> })}
                    <div><Button kind="submit" busy=action.pending()>{tr!(ACCOUNT_FACTOR_SWITCH_ON)}</Button></div>
                </PostForm>
            </li>
        </ol>
        <Begin step="cancel" label=tr!(COMMON_CANCEL) action/>
    }
    .into_any()
}

/// On white in every theme, with the margin that cameras look for.
fn qr_picture(code: &QrCode) -> AnyView {
    let side = u32::from(code.side) + 8;
    view! {
        <svg class="size-48 rounded-card" viewBox=format!("-4 -4 {side} {side}") role="img" aria-label=tr!(ACCOUNT_FACTOR_QR) shape-rendering="crispEdges">
            <rect x="-4" y="-4" width=side.to_string() height=side.to_string() fill="#fff"/>
            <path d=code.path.clone() fill="#000"/>
        </svg>
    }
    .into_any()
}

fn code_list(codes: Vec<String>) -> AnyView {
    let codes = codes.into_iter().map(|code| view! { <li class="font-mono">{code}</li> }).collect_view();
    view! { <ul class="grid grid-cols-2 gap-x-6 gap-y-1 w-fit" aria-label=tr!(ACCOUNT_RECOVERY)>{codes}</ul> }.into_any()
}

#[component]
fn NewCodes(codes: Vec<String>, action: Action, problem: Problem) -> impl IntoView {
    view! {
        <p>{tr!(ACCOUNT_RECOVERY_KEEP)}</p>
        {code_list(codes)}
        <PostForm action class="grid gap-4">
            <input type="hidden" name="step" value="codes-on"/>
            <Password id="codes-password" problem/>
            <CodeField id="codes-code" problem/>
            <div><Button kind="submit" busy=action.pending()>{tr!(ACCOUNT_RECOVERY_REPLACE)}</Button></div>
        </PostForm>
        <Begin step="cancel" label=tr!(COMMON_CANCEL) action/>
    }
    .into_any()
}

fn switched_on(recovery_left: i64, is_demanded: bool, action: Action, problem: Problem) -> AnyView {
    let left = tr!(ACCOUNT_RECOVERY_LEFT, count = use_locale().number(recovery_left));
    let off = if is_demanded {
        view! { <p class="text-quiet">{tr!(ACCOUNT_FACTOR_DEMANDED)}</p> }.into_any()
    } else {
        view! {
            <Disclosure title=tr!(ACCOUNT_FACTOR_SWITCH_OFF)>
                <PostForm action class="grid gap-4">
                    <input type="hidden" name="step" value="app-off"/>
                    <Password id="off-password" problem/>
                    <CodeField id="off-code" problem/>
                    <div><Button kind="submit" look=Look::Danger busy=action.pending()>{tr!(ACCOUNT_FACTOR_SWITCH_OFF)}</Button></div>
                </PostForm>
            </Disclosure>
        }
        .into_any()
    };
    view! {
        <p>{left}</p>
        <div class="flex flex-wrap gap-3">
            <Begin step="codes" label=tr!(ACCOUNT_RECOVERY_NEW) action/>
            <Begin step="app" label=tr!(ACCOUNT_FACTOR_OTHER_APP) action/>
        </div>
        {off}
    }
    .into_any()
}
