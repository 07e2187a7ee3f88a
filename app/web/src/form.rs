//! Forms that work with and without a script.
//!
//! A form posts to the address of its own page. With a script its submit event is caught and the same fields go to the server
//! function. Without one the page's POST handler calls that function (the form fallback), and on an error renders the page again
//! with what was typed, which the page finds in [`use_form_fallback`].

use domain::view::FieldErrors;
use leptos::ev::SubmitEvent;
use leptos::form::FromFormData;
use leptos::html;
use leptos::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use server_fn::client::Client;
use ui::{Alert, ErrorSummary, FieldNames, Tone, tr, use_locale};
use wasm_bindgen::JsCast;

use crate::{AppError, Packed, confirm_address, shared, sign_in_address};

/// The field that names the form's server function, on pages with several forms.
pub const TO: &str = "to";

/// A form that was sent to its page without a script, and the result.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormFallback {
    /// The address of its server function; empty when no form was sent.
    pub to: String,
    /// Names and values of the fields. Passwords are left out.
    pub values: Vec<(String, String)>,
    /// None also when the form was only to be shown again, for example with the provinces of a region.
    pub error: Option<AppError>,
    /// The function's answer, packed, where this page shows it.
    pub answer: Option<Vec<u8>>,
}

impl FormFallback {
    /// Was a form sent?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        !self.to.is_empty()
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str())
    }

    /// The answer of the function at this address, where this page shows it.
    #[must_use]
    pub fn answer_of<T: DeserializeOwned>(&self, to: &str) -> Option<T> {
        let answer = self.answer.as_ref().filter(|_| self.to == to)?;
        Packed::unpack(answer).ok()
    }

    /// What was typed into the form of the function at this address, if it came back with an error.
    #[must_use]
    pub fn typed_for(&self, to: &str) -> Typed {
        Typed((self.to == to && self.answer.is_none()).then(|| self.values.clone()))
    }
}

/// The form that was sent to this page without a script; the same on the server and while the page is hydrated.
#[must_use]
pub fn use_form_fallback() -> FormFallback {
    shared(|| use_context::<FormFallback>().unwrap_or_default())
}

/// A form of a server function, see the module.
#[component]
pub fn PostForm<F>(
    action: ServerAction<F>,
    #[prop(optional)] id: Option<&'static str>,
    #[prop(default = "")] class: &'static str,
    /// The page that the form posts to without a script; its own when left out.
    #[prop(optional, into)]
    page: String,
    /// The server checks, and reports in the user's language and beside the field.
    #[prop(default = true)]
    novalidate: bool,
    children: Children,
) -> impl IntoView
where
    F: DeserializeOwned + ServerFn + Clone + Send + Sync + 'static,
    <<F as ServerFn>::Client as Client<F::Error, F::InputStreamError, F::OutputStreamError>>::Request: Send,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    let on_submit = move |event: SubmitEvent| {
        // A button with an address of its own sends the fields there.
        let is_for_elsewhere = || event.submitter().is_some_and(|button| button.has_attribute("formaction"));
        if event.default_prevented() || is_for_elsewhere() {
            return;
        }
        // Fields that cannot be parsed here are submitted plainly, and the server reports what is wrong.
        if let Ok(fields) = F::from_event(&event) {
            event.prevent_default();
            if !action.pending().get_untracked() {
                action.dispatch(fields);
            }
        }
    };
    view! {
        <form method="post" action=page id=id class=class novalidate=novalidate on:submit=on_submit>
            {children()}
        </form>
    }
    .into_any()
}

/// Why the form failed: the latest error of the action, else that of the form fallback.
pub fn problem<F>(action: ServerAction<F>, fallback: &FormFallback) -> Signal<Option<AppError>>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let first = fallback.error.clone().filter(|_| fallback.to == F::PATH);
    let reported = Signal::derive(move || {
        if action.version().get() == 0 {
            return first.clone();
        }
        action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
    });
    FieldNames::provide();
    let changed = changed_fields(reported, Signal::derive(move || action.version().get()));
    Signal::derive(move || {
        let mut problem = reported.get()?;
        let had_fields = !problem.fields.is_empty();
        let version = action.version().get();
        changed.with(|changed| {
            problem.fields.retain(|(field, _)| !changed.iter().any(|(reported_in, name)| *reported_in == version && name == field));
        });
        (!had_fields || !problem.fields.is_empty()).then_some(problem)
    })
}

/// The fields, by id or name, that the user changed after an error was reported for them, each with the version of that answer: their
/// error is hidden until the form is sent again.
fn changed_fields(reported: Signal<Option<AppError>>, version: Signal<usize>) -> RwSignal<Vec<(usize, String)>> {
    let changed = RwSignal::new(Vec::new());
    Effect::new(move || {
        if reported.with(|error| error.as_ref().is_none_or(|error| error.fields.is_empty())) {
            return;
        }
        for name in ["input", "change"] {
            let listener = window_event_listener_untyped(name, move |event| {
                let Some(field) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return };
                let names = [field.id(), field.get_attribute("name").unwrap_or_default()];
                let meant = reported.try_with_untracked(|error| {
                    let fields = error.as_ref().map(|error| &error.fields)?;
                    fields.iter().map(|(name, _)| name).find(|name| names.contains(name)).cloned()
                });
                if let (Some(Some(name)), Some(version)) = (meant, version.try_get_untracked()) {
                    // Told once a field: each further sign would have the summary take the focus, as after an answer with as many errors.
                    let _ = changed.try_maybe_update(|changed: &mut Vec<(usize, String)>| {
                        let is_new = !changed.iter().any(|other| *other == (version, name.clone()));
                        if is_new {
                            changed.push((version, name));
                        }
                        (is_new, ())
                    });
                }
            });
            on_cleanup(move || listener.remove());
        }
    });
    changed
}

/// The function's answer: the latest of the action, else that of the form fallback.
pub fn answer<F>(action: ServerAction<F>, fallback: &FormFallback) -> Signal<Option<F::Output>>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + DeserializeOwned + Send + Sync + 'static,
{
    let first = fallback.answer_of::<F::Output>(F::PATH);
    Signal::derive(move || {
        if action.version().get() == 0 {
            return first.clone();
        }
        action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))
    })
}

/// What was typed into a form that came back with an error, to be shown in its fields again.
#[derive(Clone, Debug, Default)]
pub struct Typed(Option<Vec<(String, String)>>);

impl Typed {
    /// Did the form come back?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// The same if a field holds this value, else nothing: for forms in each row of a table.
    #[must_use]
    pub fn of(&self, field: &str, value: &str) -> Self {
        Self(self.0.clone().filter(|typed| typed.iter().any(|(name, typed)| name == field && typed == value)))
    }

    /// What was typed into a field, or `otherwise` when no form came back.
    #[must_use]
    pub fn or(&self, field: &str, otherwise: impl Into<String>) -> String {
        match &self.0 {
            Some(typed) => typed.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default(),
            None => otherwise.into(),
        }
    }

    /// Whether a checkbox was ticked, or `otherwise` when no form came back.
    #[must_use]
    pub fn ticked(&self, field: &str, value: &str, otherwise: bool) -> bool {
        self.0.as_ref().map_or(otherwise, |typed| typed.iter().any(|(name, typed)| name == field && typed == value))
    }

    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// What was typed into a form that came back without a script; nothing once a script has sent the form.
pub fn typed<F>(action: ServerAction<F>, fallback: &FormFallback) -> Typed
where
    F: ServerFn + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    if action.version().get_untracked() == 0 { fallback.typed_for(F::PATH) } else { Typed::default() }
}

/// What is wrong with one field.
#[must_use]
pub fn wrong(problem: Signal<Option<AppError>>, field: impl Into<String>) -> Signal<Option<String>> {
    let field = field.into();
    Signal::derive(move || {
        problem.with(|problem| {
            let fields = problem.as_ref().map(|problem| &problem.fields)?;
            fields.iter().find(|(name, _)| *name == field).map(|(_, message)| message.clone())
        })
    })
}

/// The errors as links to their fields, or the error of the whole form. It is scrolled to and focused after each failed submit: the
/// button may be screens below.
#[component]
pub fn ProblemSummary(problem: Signal<Option<AppError>>) -> impl IntoView {
    let locale = use_locale();
    let fields = Signal::derive(move || problem.with(|problem| problem.as_ref().map(|problem| problem.fields.clone()).unwrap_or_default()));
    let message =
        Signal::derive(move || problem.with(|problem| problem.as_ref().map(|problem| problem.message.clone()).unwrap_or_default()));
    let without_fields = move || problem.get().filter(|problem| problem.fields.is_empty());
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<usize>| {
        let count = problem.with(|problem| problem.as_ref().map_or(0, |problem| problem.fields.len().max(1)));
        // Not at first: after a form fallback the page was just loaded, and the summary is at its top. Not with fewer errors than before:
        // the user is working on the fields.
        if before.is_some_and(|before| count >= before) && count > 0 {
            // After the summary is drawn.
            request_animation_frame(move || {
                let Some(summary) = node.try_get_untracked().flatten() else { return };
                // Without the focus the summary is still visible.
                let _ = summary.focus();
                summary.scroll_into_view();
            });
        }
        count
    });
    view! {
        <div node_ref=node tabindex="-1" class="outline-none scroll-mt-4 md:scroll-mt-40 [details>div>&]:mb-3 [section>div>&]:mb-3" hidden=move || problem.with(Option::is_none)>
            <ErrorSummary problems=Signal::derive(move || -> FieldErrors { fields.get() }) message/>
            {move || without_fields().map(|problem| {
                let sign_in = problem.is_signed_out().then(|| view! { " "<a class="link font-medium" href=sign_in_address()>{tr!(SHELL_SIGN_IN)}</a> });
                // In another tab, as what is typed here waits.
                let confirm = problem.is_unconfirmed().then(|| view! {
                    " "<a class="link font-medium" target="_blank" href=confirm_address("/admin/signed-in")>{tr!(ADMIN_CONFIRM_LINK)}</a>
                });
                view! { <Alert tone=Tone::Danger><span class="whitespace-pre-line">{problem.text(locale)}</span>{sign_in}{confirm}</Alert> }
            })}
        </div>
    }
    .into_any()
}
