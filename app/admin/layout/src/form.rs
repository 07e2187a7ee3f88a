//! Parts of the admin's forms.

use leptos::prelude::*;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use server_fn::client::Client;
use ui::{use_locale, use_toasts};
pub use web::escaped;
use web::{AppError, PostForm, TO, sign_in_address};

use crate::confirm::Confirming;

/// A form of an admin page: it posts to the page's own address and names its function, because a page has several. See
/// [`web::PostForm`].
#[component]
pub fn StaffForm<F>(
    action: ServerAction<F>,
    /// The form's id, for buttons outside of it.
    #[prop(optional)]
    id: Option<&'static str>,
    #[prop(default = "")] class: &'static str,
    children: Children,
) -> impl IntoView
where
    F: DeserializeOwned + ServerFn + Clone + Send + Sync + 'static,
    <<F as ServerFn>::Client as Client<F::Error, F::InputStreamError, F::OutputStreamError>>::Request: Send,
    F::Output: Send + Sync + 'static,
    F::Error: Send + Sync + 'static,
{
    view! {
        <PostForm action nostrip:id=id class>
            <input type="hidden" name=TO value=F::PATH/>
            {children()}
        </PostForm>
    }
}

/// The fields of a form, read-only for a user without the permission to write.
#[component]
pub fn Fields(may_write: bool, children: Children) -> impl IntoView {
    let read_only = !may_write;
    view! {
        <fieldset disabled=read_only class="flex flex-col gap-6 min-w-0 disabled:[&_:is(input,select,textarea)]:text-base-content!">
            {children()}
        </fieldset>
    }
    .into_any()
}

/// Shows a toast when the action is done and runs `then`; shows a toast for errors of the whole form, too.
pub fn on_done<F>(action: ServerAction<F>, message: &'static str, then: impl Fn(F::Output) + Send + Sync + 'static)
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    let (toasts, locale, confirming) = (use_toasts(), use_locale(), Confirming::expect());
    Effect::new(move || {
        if action.version().get() == 0 {
            return;
        }
        match action.value().get_untracked() {
            Some(Ok(output)) => {
                crate::unsaved::saved(F::PATH);
                if !message.is_empty() {
                    toasts.success(message);
                }
                then(output);
            }
            Some(Err(error)) if error.is_unconfirmed() => confirming.ask(F::PATH, error.text(locale)),
            Some(Err(error)) if error.is_signed_out() => toasts.sign_in(error.text(locale), sign_in_address()),
            Some(Err(error)) if error.fields.is_empty() => toasts.error(error.text(locale)),
            Some(Err(_)) | None => {}
        }
    });
}

/// An address with a query; empty values are left out.
#[must_use]
pub fn address(path: &str, query: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    let mut separator = '?';
    for (name, value) in query.iter().filter(|(_, value)| !value.is_empty()) {
        out.push(separator);
        out.push_str(name);
        out.push('=');
        out.push_str(&escaped(value));
        separator = '&';
    }
    out
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn a_filter_address_holds_the_chosen_parameters_and_no_empty_ones() {
        assert_eq!(
            address("/admin/orders", &[("q", "Ana & Co"), ("payment", ""), ("after", "1_2")]),
            "/admin/orders?q=Ana%20%26%20Co&after=1_2"
        );
        assert_eq!(address("/admin/orders", &[("q", "")]), "/admin/orders");
    }
}
