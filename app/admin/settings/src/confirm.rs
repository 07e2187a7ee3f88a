//! Where a member of staff shows that it is them, before a file is taken out or, without a script, before a form is sent again.

use admin_layout::{ConfirmIdentity, StaffForm};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Alert, Button, Field, PageHeader, Tone, tr};
use web::{ProblemSummary, Title, lazy_page, problem, use_form_fallback, wrong};

/// `/admin/confirm`
#[derive(Debug)]
pub struct Confirm;

lazy_page!(Confirm, settings, confirm_page);

fn confirm_page() -> AnyView {
    let action = ServerAction::<ConfirmIdentity>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let back = use_query_map().with_untracked(|query| query.get("back")).unwrap_or_default();
    let next = Memo::new(move |_| action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned())));
    Effect::new(move || {
        if let Some(next) = next.get() {
            // A file is taken, and this page stays.
            let _ = window().location().set_href(&next);
        }
    });
    let done = move || {
        next.get().map(|next| view! { <Alert tone=Tone::Success>{tr!(ADMIN_CONFIRM_DONE)}" "<a class="link" rel="external" href=next>{tr!(ADMIN_CONFIRM_GO_ON)}</a></Alert> })
    };
    view! {
        <Title text=tr!(ADMIN_CONFIRM_TITLE)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_CONFIRM_TITLE)/>
            <StaffForm action>
                <div class="flex flex-col gap-4 max-w-xl">
                    {done}
                    <p>{tr!(ADMIN_CONFIRM_BODY)}</p>
                    <ProblemSummary problem/>
                    <input type="hidden" name="back" value=back/>
                    <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(problem, "password")/>
                    <div><Button kind="submit" busy=action.pending()>{tr!(ADMIN_CONFIRM_ACTION)}</Button></div>
                </div>
            </StaffForm>
        </div>
    }
    .into_any()
}
