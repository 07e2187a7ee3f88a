//! What the forms of managers' pages share.

use leptos::prelude::*;
use leptos::server::ServerActionError;
use server_fn::ServerFn;
use server_fn::error::ServerFnUrlError;
use session::AppError;
use ui::{use_locale, use_toasts};

/// Why the newest try was not done; none while nothing failed.
pub fn failure<F>(action: ServerAction<F>) -> Signal<Option<AppError>>
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    Signal::derive(move || action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned())))
}

/// Says in passing that it was done, and what follows from it; what went wrong with the whole is said as well.
pub fn on_done<F>(action: ServerAction<F>, said: &'static str, then: impl Fn(F::Output) + Send + Sync + 'static)
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let (toasts, locale) = (use_toasts(), use_locale());
    Effect::new(move || {
        if action.version().get() == 0 {
            return;
        }
        match action.value().get_untracked() {
            Some(Ok(output)) => {
                if !said.is_empty() {
                    toasts.success(said);
                }
                then(output);
            }
            Some(Err(error)) if error.fields.is_empty() => toasts.error(error.said(locale)),
            Some(Err(_)) | None => {}
        }
    });
}

/// Why a plain form of this function was sent back to its page, for forms that are not an `ActionForm`.
#[must_use]
pub fn sent_back<F: ServerFn<Error = AppError>>() -> Option<AppError> {
    let error = use_context::<ServerActionError>().filter(|error| error.path() == F::PATH)?;
    Some(ServerFnUrlError::<AppError>::decode_err(error.err()))
}

/// What is wrong with a field whose name depends on its row, `price.2`.
#[must_use]
pub fn wrong_at(problem: Signal<Option<AppError>>, field: String) -> Signal<Option<String>> {
    Signal::derive(move || {
        problem.with(|problem| problem.as_ref().and_then(|problem| problem.fields.iter().find(|(name, _)| *name == field)).map(|(_, said)| said.clone()))
    })
}

/// The address of a list with other values in its query; empty values are left out.
#[must_use]
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut sign = '?';
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(sign);
        out.push_str(name);
        out.push('=');
        out.push_str(&escaped(value));
        sign = '&';
    }
    out
}

/// A value as it stands in the query of an address (RFC 3986).
#[must_use]
pub fn escaped(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_carries_what_was_asked_for_and_nothing_empty() {
        assert_eq!(address("/admin/orders", &[("q", "Ana & Co"), ("payment", ""), ("after", "1_2")]), "/admin/orders?q=Ana%20%26%20Co&after=1_2");
        assert_eq!(address("/admin/orders", &[("q", "")]), "/admin/orders");
    }
}
