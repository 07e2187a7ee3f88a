//! Text fields: label above, hint and error below and tied to the field, the right keyboard and autofill.

use std::collections::BTreeMap;

use domain::Locale;
use leptos::html;
use leptos::prelude::*;

use crate::hydration::is_hydrating;
use crate::raw_text;
use crate::{Icon, icon, t, tr, use_locale};

/// The labels of a page's fields by their ids, for [`ErrorSummary`](crate::ErrorSummary).
#[derive(Clone, Copy, Debug)]
pub struct FieldNames(StoredValue<BTreeMap<String, String>>);

impl FieldNames {
    /// Collects the labels of fields from now on; called once a page.
    pub fn provide() {
        if use_context::<Self>().is_none() {
            provide_context(Self(StoredValue::new(BTreeMap::new())));
        }
    }

    /// The label of a field; with its row's number where fields in other rows, as `price.0` and `price.1`, have
    /// the same label.
    pub(crate) fn of(id: &str) -> Option<String> {
        let found = use_context::<Self>()?.0.try_with_value(|names| {
            let name = names.get(id).cloned()?;
            let alone = names.values().filter(|other| **other == name).count() < 2;
            Some((name, alone))
        });
        let (name, alone) = found.flatten()?;
        match id.rsplit_once('.').and_then(|(_, row)| row.parse::<usize>().ok()) {
            Some(row) if !alone => Some(format!("{name} {}", row + 1)),
            _ => Some(name),
        }
    }

    pub(crate) fn add(id: &str, name: &str) {
        if let Some(Self(names)) = use_context::<Self>() {
            // A page that was left has no summary.
            names.try_update_value(|names| names.insert(id.to_owned(), name.to_owned()));
        }
    }
}

/// The frame of every field: label, the field itself, hint, error.
#[component]
pub(crate) fn FieldFrame(
    id: String,
    label: String,
    hint: Option<String>,
    error: Signal<Option<String>>,
    optional: bool,
    #[prop(optional)] alert: bool,
    children: Children,
) -> impl IntoView {
    FieldNames::add(&id, &label);
    let hint_id = format!("{id}-hint");
    let error_id = format!("{id}-error");
    view! {
        <div class="flex flex-col gap-1.5 min-w-0">
            <label for=id class="font-medium text-sm">
                {label}
                {optional.then(|| view! { <span class="font-normal text-quiet">" ("{tr!(COMMON_OPTIONAL)}")"</span> })}
            </label>
            {children()}
            {hint.map(|hint| view! { <p id=hint_id class="text-sm text-quiet">{hint}</p> })}
            {move || error.get().map(|error| view! { <ErrorLine id=error_id.clone() error alert/> })}
        </div>
    }
}

/// A field's error, with an icon.
#[component]
pub(crate) fn ErrorLine(id: String, error: String, #[prop(optional)] alert: bool) -> impl IntoView {
    view! {
        <p id=id role=alert.then_some("alert") class="tone-danger tone-ink text-sm font-medium flex gap-1.5 items-start">
            <Icon shape=icon::WARNING class="size-4 mt-0.5"/>
            <span>{error}</span>
        </p>
    }
}

/// The ids that describe a field: its hint and, while there is one, its error.
pub(crate) fn described_by(id: &str, has_hint: bool, error: Signal<Option<String>>) -> impl Fn() -> Option<String> + Send + Sync + use<> {
    let hint = has_hint.then(|| format!("{id}-hint"));
    let problem = format!("{id}-error");
    move || match (&hint, error.with(Option::is_some)) {
        (Some(hint), true) => Some(format!("{problem} {hint}")),
        (Some(hint), false) => Some(hint.clone()),
        (None, true) => Some(problem.clone()),
        (None, false) => None,
    }
}

/// A line of text. What the user typed before the page was hydrated is kept.
#[component]
pub fn Field(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// `text`, `email`, `tel`, `password`, `number`, `date`, `url`, `search`.
    #[prop(default = "text")]
    kind: &'static str,
    /// The element's id; by default the name, which two forms on a page may share.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(optional, into)] value: Signal<String>,
    /// A signal bound to the field both ways.
    #[prop(optional)]
    bind: Option<RwSignal<String>>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong and what to do.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Required by the browser.
    #[prop(optional)]
    required: bool,
    #[prop(optional)] optional: bool,
    /// Autofill token, for example `shipping postal-code`.
    #[prop(optional)]
    autocomplete: Option<&'static str>,
    /// The phone's keyboard, for example `numeric`.
    #[prop(optional)]
    inputmode: Option<&'static str>,
    /// An example inside the empty field; never the only explanation.
    #[prop(optional, into)]
    placeholder: Option<String>,
    #[prop(optional)] maxlength: Option<u16>,
    #[prop(optional, into)] min: Option<String>,
    #[prop(optional, into)] max: Option<String>,
    #[prop(optional)] step: Option<&'static str>,
    /// A fixed text before what is typed, for example `₱`.
    #[prop(optional, into)]
    prefix: Option<String>,
    /// A fixed text after what is typed, for example `kg`.
    #[prop(optional, into)]
    suffix: Option<String>,
    /// Its error appears while the user is in it, and is announced at once.
    #[prop(optional)]
    alert: bool,
    /// Language of what is typed, where it may be another than the page's.
    #[prop(optional)]
    lang: Option<&'static str>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let describe = described_by(&id, hint.is_some(), error);
    let node = NodeRef::<html::Input>::new();
    if let Some(bind) = bind {
        follow(node, bind);
    }
    // Of a bound field only the first value is an attribute, so that what is typed differs from it: a reset form and a page that is read
    // again tell by that what was typed.
    let first = bind.map_or_else(|| value, |bind| Signal::stored(bind.get_untracked()));
    let shown = RwSignal::new(false);
    let is_password = kind == "password";
    view! {
        <FieldFrame id=id.clone() label hint error optional alert>
            <div class="input w-full">
                {prefix.map(fixed_text)}
                <input
                    node_ref=node
                    id=id
                    name=name
                    type=move || if is_password && shown.get() { "text" } else { kind }
                    class="grow min-w-0"
                    value=move || first.get()
                    required=required
                    autocomplete=autocomplete
                    inputmode=inputmode
                    placeholder=placeholder
                    maxlength=maxlength
                    min=min
                    max=max
                    step=step
                    lang=lang
                    aria-invalid=move || error.with(Option::is_some).then_some("true")
                    aria-describedby=describe
                    on:input=move |event| {
                        if let Some(bind) = bind {
                            bind.set(event_target_value(&event));
                        }
                    }
                />
                {suffix.map(fixed_text)}
                {is_password.then(|| show_password(shown))}
            </div>
        </FieldFrame>
    }
    .into_any()
}

/// A prefix or suffix.
fn fixed_text(text: String) -> impl IntoView {
    view! { <span class="text-quiet" aria-hidden="true">{text}</span> }
}

fn show_password(shown: RwSignal<bool>) -> impl IntoView {
    view! {
        <button
            type="button"
            class="needs-script btn btn-ghost btn-square -me-3"
            aria-pressed=move || if shown.get() { "true" } else { "false" }
            aria-label=tr!(ACCOUNT_SHOW_PASSWORD)
            title=tr!(ACCOUNT_SHOW_PASSWORD)
            on:click=move |_| shown.update(|shown| *shown = !*shown)
        >
            <Icon shape=icon::EYE class="size-5"/>
        </button>
    }
}

/// Binds a signal and an input. At first the input wins: the user may have typed before the page was hydrated.
fn follow(node: NodeRef<html::Input>, bind: RwSignal<String>) {
    let hydrating = is_hydrating();
    Effect::new(move |before: Option<()>| {
        let bound = bind.get();
        let Some(input) = node.get() else { return };
        let typed = input.value();
        if typed == bound {
            return;
        }
        if before.is_none() && hydrating && !typed.is_empty() {
            bind.set(typed);
        } else {
            input.set_value(&bound);
        }
    });
}

/// Several lines of text.
#[component]
pub fn TextArea(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// The element's id; by default the name, which two forms on a page may share.
    #[prop(optional, into)]
    id: Option<String>,
    #[prop(optional, into)] value: String,
    #[prop(default = 3)] rows: u16,
    #[prop(optional)] maxlength: Option<u16>,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong and what to do.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Required by the browser.
    #[prop(optional)]
    required: bool,
    #[prop(optional)] optional: bool,
    /// Language of what is typed, where it may be another than the page's.
    #[prop(optional)]
    lang: Option<&'static str>,
) -> impl IntoView {
    let id = id.unwrap_or_else(|| name.clone());
    let describe = described_by(&id, hint.is_some(), error);
    view! {
        <FieldFrame id=id.clone() label hint error optional>
            <textarea
                id=id
                name=name
                class="textarea w-full"
                rows=rows
                maxlength=maxlength
                required=required
                lang=lang
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=describe
            >
                {raw_text(value)}
            </textarea>
        </FieldFrame>
    }
}

/// The error of a file that is larger than the server takes.
#[must_use]
pub fn file_too_large(locale: Locale) -> String {
    t::FIELD_FILE_TOO_LARGE.with(locale, &[("mb", &domain::MAX_UPLOAD_MB.to_string())])
}

/// Is one of the files that were chosen larger than the server takes?
fn has_large_file(input: &web_sys::HtmlInputElement) -> bool {
    let Some(files) = input.files() else { return false };
    (0..files.length()).filter_map(|n| files.get(n)).any(|file| file.size() > domain::MAX_UPLOAD_BYTES as f64)
}

/// A field for one file or several.
#[component]
pub fn FileField(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    /// Kinds of file, for example `image/png,image/jpeg` or `.csv`.
    accept: &'static str,
    #[prop(optional)] multiple: bool,
    /// Help that is always visible.
    #[prop(optional, into)]
    hint: Option<String>,
    /// What is wrong and what to do.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
    /// Required by the browser.
    #[prop(optional)]
    required: bool,
) -> impl IntoView {
    let is_too_large = RwSignal::new(false);
    let too_large = file_too_large(use_locale());
    let error = {
        let too_large = too_large.clone();
        Signal::derive(move || if is_too_large.get() { Some(too_large.clone()) } else { error.get() })
    };
    let describe = described_by(&name, hint.is_some(), error);
    view! {
        <FieldFrame id=name.clone() label hint error optional=false>
            <input
                id=name.clone()
                name=name
                type="file"
                on:change:target=move |event| {
                    let input = event.target();
                    let is_large = has_large_file(&input);
                    is_too_large.set(is_large);
                    // The browser then sends nothing until another one is chosen.
                    input.set_custom_validity(if is_large { &too_large } else { "" });
                }
                class="file-input w-full border-field bg-raised"
                accept=accept
                multiple=multiple
                required=required
                aria-invalid=move || error.with(Option::is_some).then_some("true")
                aria-describedby=describe
            />
        </FieldFrame>
    }
}
