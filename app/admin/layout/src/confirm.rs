//! Asking once more who is there, before what a thief at an open session is after: the server answers 428, the dialog asks for the password,
//! and the form that was refused is sent again. Without a script the page `/admin/confirm` asks.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::permission::Permission;
use leptos::prelude::*;
use ui::{Button, Dialog, Field, tr, use_toasts};
use wasm_bindgen::JsCast;
use web::{Access, Answer, AppError, PostForm, ProblemSummary, TO, access, problem, wrong};
use web_sys::{HtmlElement, HtmlFormElement, HtmlInputElement, SubmitEvent};

/// Shows by the password that it is still the user who sits there. The answer is the page to go on to.
#[server(endpoint = "admin/confirm", output = Answer)]
pub async fn confirm_identity(password: String, #[server(default)] back: String) -> Result<String, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadDashboard))?;
    let token = request::token().unwrap_or_default();
    let confirmed = backend::identity::confirm(&request::shop()?, &ctx, request::locale(), &token, &password).await;
    request::set_session(Some(&confirmed.map_err(request::identity_error)?));
    let back = if request::is_inside(&back) { back } else { "/admin".to_owned() };
    request::redirect(&back);
    Ok(back)
}
access!(ConfirmIdentity, Access::Staff(Permission::ReadDashboard));

/// The id of the dialog's form, which is not sent again itself.
const FORM: &str = "confirm-form";

thread_local! {
    /// The form that was sent last to each function, and the button by which it was. A browser has one thread.
    static SENT: RefCell<HashMap<String, (HtmlFormElement, Option<HtmlElement>)>> = RefCell::default();
}

/// The dialog of the page.
#[derive(Clone, Copy)]
pub(crate) struct Confirming {
    open: RwSignal<bool>,
    why: RwSignal<String>,
    /// The function that was refused.
    refused: RwSignal<&'static str>,
}

impl Confirming {
    pub(crate) fn provide() {
        let confirming = Self { open: RwSignal::new(false), why: RwSignal::default(), refused: RwSignal::new("") };
        provide_context(confirming);
        Effect::new(move || {
            let listener = window_event_listener_untyped("submit", move |event| {
                let Some(event) = event.dyn_ref::<SubmitEvent>() else { return };
                let form = event.target().and_then(|form| form.dyn_into::<HtmlFormElement>().ok()).filter(|form| form.id() != FORM);
                let to = form.as_ref().and_then(|form| form.query_selector(&format!("input[name={TO}]")).ok()?);
                if let (Some(form), Some(to)) = (form, to.and_then(|to| to.dyn_into::<HtmlInputElement>().ok())) {
                    SENT.with_borrow_mut(|sent| sent.insert(to.value(), (form, event.submitter())));
                }
            });
            on_cleanup(move || listener.remove());
        });
    }

    pub(crate) fn expect() -> Self {
        expect_context()
    }

    /// Asks who is there, because a form of this function was refused, for this reason.
    pub(crate) fn ask(self, function: &'static str, why: String) {
        self.refused.set(function);
        self.why.set(why);
        self.open.set(true);
    }

    /// Sends the form again that was refused; false where it is gone from the page.
    fn send_again(self) -> bool {
        let sent = SENT.with_borrow_mut(|sent| sent.remove(self.refused.get_untracked()));
        sent.filter(|(form, _)| form.is_connected()).is_some_and(|(form, button)| match button.filter(|button| button.is_connected()) {
            Some(button) => form.request_submit_with_submitter(Some(&button)).is_ok(),
            None => form.request_submit().is_ok(),
        })
    }
}

#[component]
pub(crate) fn ConfirmDialog() -> impl IntoView {
    let confirming = Confirming::expect();
    let toasts = use_toasts();
    let action = ServerAction::<ConfirmIdentity>::new();
    let fault = problem(action, &web::FormFallback::default());
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Ok(_)))) {
            confirming.open.set(false);
            // After the dialog gave the focus back.
            request_animation_frame(move || {
                if !confirming.send_again() {
                    toasts.success(tr!(ADMIN_CONFIRM_DONE));
                }
            });
        }
    });
    // Its field is made anew each time, and holds no password that was typed before.
    let form = move || {
        confirming.open.get().then(|| {
            view! {
                <PostForm action id=FORM class="flex flex-col gap-4">
                    <p>{confirming.why.get_untracked()}</p>
                    <ProblemSummary problem=fault/>
                    <Field label=tr!(ACCOUNT_PASSWORD) name="password" id="confirm-password" kind="password" autocomplete="current-password" required=true maxlength=200 error=wrong(fault, "password")/>
                    <div><Button kind="submit" busy=action.pending()>{tr!(ADMIN_CONFIRM_ACTION)}</Button></div>
                </PostForm>
            }
        })
    };
    view! { <Dialog title=tr!(ADMIN_CONFIRM_TITLE) id="confirm" open=confirming.open>{form}</Dialog> }.into_any()
}
