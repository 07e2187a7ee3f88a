//! Messages that stay on the page.

use leptos::prelude::*;

use crate::field::FieldNames;
use crate::{Icon, Tone, icon, tr, trn};

/// A message in a box. Problems are announced at once, the rest when a screen reader pauses.
#[component]
pub fn Alert(
    /// The meaning of its colour.
    #[prop(default = Tone::Info)]
    tone: Tone,
    #[prop(optional, into)] title: Option<String>,
    /// It is in a live region already.
    #[prop(optional)]
    announced: bool,
    /// What it means and what to do.
    children: Children,
) -> impl IntoView {
    let (shape, label) = match tone {
        Tone::Success => (icon::CIRCLE_CHECK, tr!(UI_NOTICE_SUCCESS)),
        Tone::Warning => (icon::WARNING, tr!(UI_NOTICE_WARNING)),
        Tone::Danger => (icon::CIRCLE_CLOSE, tr!(UI_NOTICE_ERROR)),
        Tone::Neutral | Tone::Info | Tone::Accent | Tone::Sale => (icon::INFO, tr!(UI_NOTICE_INFO)),
    };
    let role = (!announced).then_some(if tone == Tone::Danger { "alert" } else { "status" });
    view! {
        <div role=role class=format!("toned toned-edge {} flex gap-3 rounded-card border px-4 py-3", tone.class())>
            <Icon shape class="size-5 mt-0.5"/>
            <span class="sr-only">{label}": "</span>
            <div class="min-w-0 grow">
                {title.map(|title| view! { <p class="font-semibold">{title}</p> }.into_any())}
                <div class="text-base-content">{children()}</div>
            </div>
        </div>
    }
}

/// What must be fixed in a form, as links to the fields, each with its field's name: `(field id, error)`. Shows nothing
/// without problems.
#[component]
pub fn ErrorSummary(
    /// In the order of the fields.
    #[prop(into)]
    problems: Signal<Vec<(String, String)>>,
    /// What they have in common, in place of their number: its first line is the title.
    #[prop(optional, into)]
    message: Signal<String>,
) -> impl IntoView {
    move || {
        let problems = problems.get();
        (!problems.is_empty()).then(|| {
            let message = message.get();
            let (title, more) = message.split_once('\n').unwrap_or((&message, ""));
            let title = if title.is_empty() { trn!(FIELD_SUMMARY, problems.len()) } else { title.to_owned() };
            let more = (!more.is_empty()).then(|| view! { <p class="whitespace-pre-line">{more.to_owned()}</p> });
            view! {
                <Alert tone=Tone::Danger title>
                    {more}
                    <ul class="mt-1 flex flex-col gap-1" data-errors="">
                        {problems
                            .into_iter()
                            .map(|(id, problem)| {
                                let words = match FieldNames::of(&id) {
                                    Some(field) => tr!(FIELD_NAMED, field = field, problem = problem),
                                    None => problem,
                                };
                                view! { <li><a class="link" href=format!("#{id}")>{words}</a></li> }.into_any()
                            })
                            .collect_view()}
                    </ul>
                </Alert>
            }
            .into_any()
        })
    }
}
