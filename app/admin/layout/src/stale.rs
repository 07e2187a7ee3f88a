//! A form of something that somebody else saved while it was edited: who, and what is saved now beside each field that would be replaced.
//!
//! A form is sent with what was saved when it was rendered (`seen`). Where that is not what is saved now, it is refused; the refusal holds
//! what is saved now as the new `seen`, so that the form replaces it when it is sent once more.

#[cfg(feature = "ssr")]
use backend::Shop;
#[cfg(feature = "ssr")]
use domain::messages::{Msg, t};
#[cfg(feature = "ssr")]
use domain::{Locale, Timestamp};
use leptos::prelude::*;
#[cfg(feature = "ssr")]
use serde::Serialize;
#[cfg(feature = "ssr")]
use serde::de::DeserializeOwned;
#[cfg(feature = "ssr")]
use serde_json::Value;
use ui::{LinkButton, Look, tr};
use web::AppError;

/// The field of a form, and of its refusal, with what was saved.
pub const SEEN: &str = "seen";

/// The error without one of its fields, and what that field holds: what the form is based on once its user was told, until then its own.
pub fn split_conflict(
    fault: Signal<Option<AppError>>,
    field: &'static str,
    own: Signal<String>,
) -> (Signal<Option<AppError>>, Signal<String>) {
    let based_on = Signal::derive(move || {
        let saved = fault.with(|fault| {
            let fields = fault.as_ref().map(|fault| fault.fields.as_slice()).unwrap_or_default();
            fields.iter().find(|(name, _)| name == field).map(|(_, saved)| saved.clone())
        });
        saved.unwrap_or_else(|| own.get())
    });
    let shown = Signal::derive(move || {
        fault.get().map(|mut fault| {
            fault.fields.retain(|(name, _)| name != field);
            fault
        })
    });
    (shown, based_on)
}

/// While a form is refused for that, a link that reads the page again.
#[component]
pub fn ShowSaved(problem: Signal<Option<AppError>>) -> impl IntoView {
    let is_stale = move || problem.with(|problem| problem.as_ref().is_some_and(|problem| problem.status == 409));
    move || {
        is_stale().then(|| {
            view! { <div><LinkButton href="" look=Look::Outline attr:rel="external">{tr!(ADMIN_PRODUCTS_STALE_SHOW)}</LinkButton></div> }
        })
    }
}

/// What is saved, as a form is sent with it.
#[cfg(feature = "ssr")]
#[must_use]
pub fn seen(saved: &impl Serialize) -> String {
    // Only maps with keys that are no texts cannot be written.
    serde_json::to_string(saved).unwrap_or_default()
}

/// What a form was sent with; none for a new thing, or for nonsense.
#[cfg(feature = "ssr")]
#[must_use]
pub fn read_seen<T: DeserializeOwned>(sent: &str) -> Option<T> {
    serde_json::from_str(sent).ok()
}

/// The value of a tick as a form shows it: there is no error beside one, so it is named.
#[cfg(feature = "ssr")]
#[must_use]
pub fn saved_tick(locale: Locale, label: Msg, value: &Value) -> String {
    let answer = if value.as_bool() == Some(true) { t::COMMON_YES } else { t::COMMON_NO };
    format!("{}: {}", label.text(locale), answer.text(locale))
}

/// The field, and its value, of a part of something with a place and texts in each language: `position`, `published` with this label, and
/// `texts.0.title`.
#[cfg(feature = "ssr")]
#[must_use]
pub fn saved_text(locale: Locale, published: Msg, path: &str, value: &Value) -> Option<(String, String)> {
    match path.split('.').collect::<Vec<_>>()[..] {
        ["position"] => Some(("position".to_owned(), value.to_string())),
        ["published"] => Some(("form[published]-true".to_owned(), saved_tick(locale, published, value))),
        ["texts", at, field] if field != "locale" => {
            let language = at.parse().ok().and_then(|at: usize| Locale::ALL.get(at).copied())?;
            Some((format!("{field}.{}", language.code()), value.as_str().unwrap_or_default().to_owned()))
        }
        _ => None,
    }
}

/// Three states of one thing: when the form was rendered, as it was typed, and as somebody else saved it meanwhile.
#[cfg(feature = "ssr")]
#[derive(Debug)]
pub struct Stale<'a, T> {
    pub seen: &'a T,
    pub typed: &'a T,
    pub saved: &'a T,
}

#[cfg(feature = "ssr")]
impl<T: Serialize> Stale<'_, T> {
    /// The refusal: who saved it last, where that is known, and of each field that somebody else changed and that is typed otherwise what is
    /// saved. `field` has for a part, named by its path as `names.0`, the field's id and the part's value as text; none for what is no
    /// field by itself.
    pub async fn refused(
        &self,
        shop: &Shop,
        last: Option<(String, Timestamp)>,
        field: impl Fn(&str, &Value) -> Option<(String, String)>,
    ) -> AppError {
        use web::request;
        let locale = request::locale();
        let mut lines = vec![t::ADMIN_PRODUCTS_STALE_TITLE.text(locale).to_owned()];
        if let Some((actor, at)) = last {
            let names = backend::order_management::actor_names(shop, locale, &[actor.clone()].into()).await;
            let name = names.ok().and_then(|mut names| names.remove(&actor)).unwrap_or_default();
            let time = locale.date_time(at, backend::settings::time_zone(shop));
            lines.push(t::ADMIN_STALE_BY.with(locale, &[("name", &name), ("time", &time)]));
        }
        lines.push(t::ADMIN_PRODUCTS_STALE_AGAIN.text(locale).to_owned());
        let [before, typed, saved] = [self.seen, self.typed, self.saved].map(|state| serde_json::to_value(state).unwrap_or_default());
        let mut fields = vec![(SEEN.to_owned(), seen(self.saved))];
        replaced("", (&before, &typed, &saved), &field, &mut |id, value| {
            let shown: String = value.chars().take(200).collect();
            let value = if shown.is_empty() { t::COMMON_NONE.text(locale).to_owned() } else { format!("“{shown}”") };
            fields.push((id, t::ADMIN_PRODUCTS_STALE_SAVED.with(locale, &[("value", &value)])));
        });
        request::fail(AppError { status: 409, message: lines.join("\n"), fields })
    }
}

/// Reports the fields that were changed since `before` and are typed otherwise.
#[cfg(feature = "ssr")]
fn replaced(
    path: &str,
    (before, typed, saved): (&Value, &Value, &Value),
    field: &impl Fn(&str, &Value) -> Option<(String, String)>,
    report: &mut impl FnMut(String, String),
) {
    if before == saved || typed == saved {
        return;
    }
    if let Some((id, value)) = field(path, saved) {
        report(id, value);
        return;
    }
    let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    match saved {
        Value::Object(parts) => {
            for (name, part) in parts {
                replaced(&below(name), (&before[name.as_str()], &typed[name.as_str()], part), field, report);
            }
        }
        Value::Array(parts) => {
            for (at, part) in parts.iter().enumerate() {
                replaced(&below(&at.to_string()), (&before[at], &typed[at], part), field, report);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_somebody_else_changed_and_is_typed_otherwise_would_be_replaced() {
        let before = json!({"name": "Mug", "fee": 100, "names": ["a", "b"], "position": 1, "active": true});
        let typed = json!({"name": "Cup", "fee": 120, "names": ["a", "c"], "position": 2, "active": true});
        let saved = json!({"name": "Mug", "fee": 150, "names": ["z", "b"], "position": 2, "active": false});
        let mut found = Vec::new();
        let field = |path: &str, value: &Value| (!value.is_object() && !value.is_array()).then(|| (path.to_owned(), value.to_string()));
        replaced("", (&before, &typed, &saved), &field, &mut |id, value| found.push((id, value)));
        found.sort();
        let expected = [("active", "false"), ("fee", "150"), ("names.0", "\"z\"")];
        assert_eq!(found, expected.map(|(id, value)| (id.to_owned(), value.to_owned())));
    }
}
