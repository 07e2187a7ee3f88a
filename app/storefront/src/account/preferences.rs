//! Preferences and contact details.

use domain::Locale;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Alert, Button, Choice, Field, Look, SelectField, SkeletonText, Tone, tr};
use web::{PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_form_fallback, wrong};

use super::mail_links::ProofNeeded;
use super::second_factor::CodeField;
use super::{AccountLayout, ChangeAccount, PreferencesView, read_preferences};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[derive(Debug)]
pub struct PreferencesPage;

lazy_page!(PreferencesPage, account, preferences_page);

fn preferences_page() -> AnyView {
    let preferences = resource(|| (), |()| read_preferences());
    view! {
        <Title text=tr!(ACCOUNT_PREFERENCES)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                match preferences.await {
                    Ok(view) => view! { <Forms view/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Forms(view: PreferencesView) -> impl IntoView {
    let action = ServerAction::<ChangeAccount>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let query = use_query_map();
    let saved = move || match action.version().get() {
        0 => query.with(|query| query.get("saved").is_some()),
        _ => action.value().with(|answer| matches!(answer, Some(Ok(step)) if !matches!(step.as_str(), "email" | "proof"))),
    };
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Ok(step)) if step == "preferences")) {
            // A new document in the new language. When it cannot be opened, the next page is in it.
            let _ = window().location().set_href("/account/preferences?saved=1");
        }
    });
    // What was done, which the address of the page says to a browser without a script.
    let is_done = move |done: &str, name: &str| match action.version().get() {
        0 => query.with(|query| query.get(name).is_some()),
        _ => action.value().with(|answer| matches!(answer, Some(Ok(step)) if step == done)),
    };
    let proof = view.is_proof_needed.then(|| {
        let again = view! {
            {move || if is_done("proof", "sent") {
                view! { <p class="font-medium" role="status">{tr!(ACCOUNT_CONFIRM_SENT)}</p> }.into_any()
            } else {
                view! {
                    <PostForm action>
                        <input type="hidden" name="step" value="proof"/>
                        <Button look=Look::Outline kind="submit" busy=action.pending()>{tr!(ACCOUNT_CONFIRM_AGAIN)}</Button>
                    </PostForm>
                }
                .into_any()
            }}
        };
        view! { <ProofNeeded email=view.contact.email.clone() again=again.into_any()/> }
    });
    let typed = move |name: &str, saved: String| fallback.value(name).map_or(saved, str::to_owned);
    let languages: Vec<_> = Locale::ALL.into_iter().map(|locale| Choice::new(locale.code(), locale.name())).collect();
    view! {
        <AccountLayout here="/account/preferences" title=tr!(ACCOUNT_PREFERENCES)>
            <div class="max-w-xl flex flex-col gap-10">
                <ProblemSummary problem/>
                {proof}
                {move || saved().then(|| view! { <Alert tone=Tone::Success>{tr!(COMMON_SAVED)}</Alert> })}
                {move || is_done("email", "confirm").then(|| view! { <Alert title=tr!(ACCOUNT_CONFIRM_TITLE)>{tr!(ACCOUNT_EMAIL_TO_CONFIRM)}</Alert> })}
                <PostForm action class="grid gap-4">
                    <h2 class="text-xl">{tr!(ACCOUNT_PROFILE)}</h2>
                    <input type="hidden" name="step" value="contact"/>
                    <Field label=tr!(ADDRESS_FULL_NAME) name="name" autocomplete="name" required=true maxlength=120 value=typed("name", view.contact.name) error=wrong(problem, "name")/>
                    <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" inputmode="email" autocomplete="email" required=true maxlength=254 value=typed("email", view.contact.email) error=wrong(problem, "email")/>
                    <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" inputmode="tel" autocomplete="tel" optional=true maxlength=30 value=typed("phone", view.contact.phone) error=wrong(problem, "phone")/>
                    <Field label=tr!(ACCOUNT_CURRENT_PASSWORD) name="password" kind="password" autocomplete="current-password" optional=true maxlength=200 hint=tr!(ACCOUNT_PASSWORD_FOR_EMAIL) error=wrong(problem, "password")/>
                    {view.has_second_factor.then(|| view! { <CodeField id="contact-code" problem optional=true/> })}
                    <div><Button kind="submit" busy=action.pending()>{tr!(COMMON_SAVE)}</Button></div>
                </PostForm>
                <PostForm action class="grid gap-4">
                    <h2 class="text-xl">{tr!(ACCOUNT_PREFERENCES)}</h2>
                    <input type="hidden" name="step" value="preferences"/>
                    <SelectField label=tr!(SHELL_LANGUAGE) name="language" choices=languages selected=view.preferences.locale empty=tr!(ACCOUNT_LANGUAGE_AUTO)/>
                    <div><Button kind="submit" busy=action.pending()>{tr!(COMMON_SAVE)}</Button></div>
                </PostForm>
            </div>
        </AccountLayout>
    }
    .into_any()
}
