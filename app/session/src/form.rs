//! Forms that work with and without a script.
//!
//! A form posts to the address of its own page. With a script the press is caught and the same fields go to the server
//! function; without one the page's POST handler calls that function, and on an error renders the page again with what was
//! typed, which the page finds in [`use_posted`].

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

use crate::{AppError, Packed, shared, sign_in_address};

/// The field by which a form says which server function it is for, on pages with forms for several.
pub const TO: &str = "to";

/// What was sent to a page without a script, and why it was not done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Posted {
    /// The address of the server function that it was for; empty when nothing was sent.
    pub to: String,
    /// Names and values of the fields. Passwords are left out.
    pub values: Vec<(String, String)>,
    /// Why it was not done; none where only a part of the form was asked for, as the provinces of a region.
    pub error: Option<AppError>,
    /// What the function answered, where that is shown on this page and nowhere else; packed.
    pub answer: Option<Vec<u8>>,
}

impl Posted {
    /// Was anything sent?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        !self.to.is_empty()
    }

    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, field: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| *name == field).map(|(_, value)| value.as_str())
    }

    /// What the function at this address answered, where that is shown on this page and nowhere else.
    #[must_use]
    pub fn answer_of<T: DeserializeOwned>(&self, to: &str) -> Option<T> {
        let answer = self.answer.as_ref().filter(|_| self.to == to)?;
        Packed::unpack(answer).ok()
    }

    /// What was typed into the form of the function at this address, when it came back.
    #[must_use]
    pub fn typed_for(&self, to: &str) -> Typed {
        Typed((self.to == to && self.answer.is_none()).then(|| self.values.clone()))
    }
}

/// What was sent to this page without a script; the same on the server and while the page is hydrated.
#[must_use]
pub fn use_posted() -> Posted {
    shared(|| use_context::<Posted>().unwrap_or_default())
}

/// A form of a server function, see the module.
#[component]
pub fn PostForm<F>(
    /// What the form does.
    action: ServerAction<F>,
    /// What was sent to this page without a script.
    #[prop(optional)]
    id: Option<&'static str>,
    /// Classes of the form.
    #[prop(default = "")]
    class: &'static str,
    /// The page that the form posts to without a script; its own when left out.
    #[prop(optional, into)]
    page: String,
    /// The browser leaves checking to the server, which says it in the reader's language and beside the field.
    #[prop(default = true)]
    novalidate: bool,
    /// The fields and buttons.
    children: Children,
) -> impl IntoView
where
    F: DeserializeOwned + ServerFn + Clone + Send + Sync + 'static,
    <<F as ServerFn>::Client as Client<F::Error, F::InputStreamError, F::OutputStreamError>>::Request: Send,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    let on_submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        // Fields that cannot be read are sent the plain way, and the server says what is wrong.
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

/// Why the form was not done: the newest answer to the script, or what the plain form was told.
pub fn problem<F>(action: ServerAction<F>, posted: &Posted) -> Signal<Option<AppError>>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let first = posted.error.clone().filter(|_| posted.to == F::PATH);
    let told = Signal::derive(move || {
        if action.version().get() == 0 {
            return first.clone();
        }
        action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
    });
    FieldNames::provide();
    let changed = changed_fields(told, Signal::derive(move || action.version().get()));
    Signal::derive(move || {
        let mut problem = told.get()?;
        let had_fields = !problem.fields.is_empty();
        let version = action.version().get();
        changed.with(|changed| {
            problem.fields.retain(|(field, _)| !changed.iter().any(|(told_in, name)| *told_in == version && name == field));
        });
        (!had_fields || !problem.fields.is_empty()).then_some(problem)
    })
}

/// The fields, by id or name, that the reader changed after they were told to, each with the answer that told it: what was said of
/// them is no longer so, until the form is sent again.
fn changed_fields(told: Signal<Option<AppError>>, version: Signal<usize>) -> RwSignal<Vec<(usize, String)>> {
    let changed = RwSignal::new(Vec::new());
    Effect::new(move || {
        if told.with(|told| told.as_ref().is_none_or(|told| told.fields.is_empty())) {
            return;
        }
        for name in ["input", "change"] {
            let heard = window_event_listener_untyped(name, move |event| {
                let Some(field) = event.target().and_then(|target| target.dyn_into::<web_sys::Element>().ok()) else { return };
                let names = [field.id(), field.get_attribute("name").unwrap_or_default()];
                let meant = told.try_with_untracked(|told| {
                    let fields = told.as_ref().map(|told| &told.fields)?;
                    fields.iter().map(|(name, _)| name).find(|name| names.contains(name)).cloned()
                });
                if let (Some(Some(name)), Some(version)) = (meant, version.try_get_untracked()) {
                    let _ = changed.try_update(|changed: &mut Vec<(usize, String)>| {
                        if !changed.iter().any(|known| *known == (version, name.clone())) {
                            changed.push((version, name));
                        }
                    });
                }
            });
            on_cleanup(move || heard.remove());
        }
    });
    changed
}

/// What the function answered: the newest answer to the script, or what the plain form was answered.
pub fn answer<F>(action: ServerAction<F>, posted: &Posted) -> Signal<Option<F::Output>>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + DeserializeOwned + Send + Sync + 'static,
{
    let first = posted.answer_of::<F::Output>(F::PATH);
    Signal::derive(move || {
        if action.version().get() == 0 {
            return first.clone();
        }
        action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()))
    })
}

/// What was typed into a form that came back to its page, to be shown in its fields again.
#[derive(Clone, Debug, Default)]
pub struct Typed(Option<Vec<(String, String)>>);

impl Typed {
    /// Did the form come back?
    #[must_use]
    pub const fn is_any(&self) -> bool {
        self.0.is_some()
    }

    /// The same where a field holds this value, nothing elsewhere: for forms that stand in each row of a table.
    #[must_use]
    pub fn of(&self, field: &str, value: &str) -> Self {
        Self(self.0.clone().filter(|typed| typed.iter().any(|(name, typed)| name == field && typed == value)))
    }

    /// What was typed into a field; what it holds otherwise when the form did not come back.
    #[must_use]
    pub fn or(&self, field: &str, otherwise: impl Into<String>) -> String {
        match &self.0 {
            Some(typed) => typed.iter().find(|(name, _)| name == field).map(|(_, value)| value.clone()).unwrap_or_default(),
            None => otherwise.into(),
        }
    }

    /// Whether a box was ticked; what it is otherwise when the form did not come back.
    #[must_use]
    pub fn ticked(&self, field: &str, value: &str, otherwise: bool) -> bool {
        self.0.as_ref().map_or(otherwise, |typed| typed.iter().any(|(name, typed)| name == field && typed == value))
    }

    /// Names and values of the fields.
    #[must_use]
    pub fn values(&self) -> &[(String, String)] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// What was typed into the form of a function that came back without a script; nothing any more once a script has sent it.
pub fn typed<F>(action: ServerAction<F>, posted: &Posted) -> Typed
where
    F: ServerFn + Clone + Send + Sync + 'static,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    if action.version().get_untracked() == 0 { posted.typed_for(F::PATH) } else { Typed::default() }
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

/// What must be fixed, as links to the fields, or what went wrong with the whole. After each press that was refused it is gone to:
/// the button may be screens below.
#[component]
pub fn ProblemSummary(
    /// Why the form was not done.
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let locale = use_locale();
    let fields = Signal::derive(move || problem.with(|problem| problem.as_ref().map(|problem| problem.fields.clone()).unwrap_or_default()));
    let whole = move || problem.get().filter(|problem| problem.fields.is_empty());
    let node = NodeRef::<html::Div>::new();
    Effect::new(move |before: Option<usize>| {
        let refused = problem.with(|problem| problem.as_ref().map_or(0, |problem| problem.fields.len().max(1)));
        // What a plain form was told is at the top of a page that was loaded a moment ago. Where less is wrong than before, the reader
        // is at work on the fields.
        if before.is_some_and(|before| refused >= before) && refused > 0 {
            // It is shown first.
            request_animation_frame(move || {
                let Some(summary) = node.try_get_untracked().flatten() else { return };
                // Nothing in the page refuses the focus for good; the summary is in sight all the same.
                let _ = summary.focus();
                summary.scroll_into_view();
            });
        }
        refused
    });
    view! {
        <div node_ref=node tabindex="-1" class="outline-none scroll-mt-4 md:scroll-mt-40" hidden=move || problem.with(Option::is_none)>
            <ErrorSummary problems=Signal::derive(move || -> FieldErrors { fields.get() })/>
            {move || whole().map(|problem| {
                // Whoever signs in comes back to this page.
                let sign_in = problem.is_signed_out().then(|| view! { " "<a class="link font-medium" href=sign_in_address()>{tr!(SHELL_SIGN_IN)}</a> });
                view! { <Alert tone=Tone::Danger>{problem.said(locale)}{sign_in}</Alert> }
            })}
        </div>
    }
    .into_any()
}
