//! What the pages that edit one thing by its code have in common.

use admin_layout::{on_done, shown};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use serde::Serialize;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use ui::{Field, SkeletonText, tr};
use web::{AppError, FormFallback, Typed, resource, use_form_fallback, wrong};

/// A page that edits the thing whose code is in its address, or a new one for `new`. When it is saved, the list is shown.
pub(crate) fn edit_page<S, T, Fut>(
    list: &'static str,
    read: fn(String) -> Fut,
    page: fn(T, ServerAction<S>, &FormFallback) -> AnyView,
) -> AnyView
where
    S: ServerFn<Output = (), Error = AppError> + Clone + Send + Sync + 'static,
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
    Fut: Future<Output = Result<T, AppError>> + Send + 'static,
{
    let fallback = use_form_fallback();
    let params = use_params_map();
    let code = Memo::new(move |_| params.with(|params| params.get("code").unwrap_or_default()));
    let save = ServerAction::<S>::new();
    let navigate = use_navigate();
    on_done(save, tr!(COMMON_SAVED), move |()| navigate(list, Default::default()));
    let found = resource(move || code.get(), read);
    view! {
        <Suspense fallback=|| view! { <SkeletonText/> }>
            {shown(found, move |view| page(view, save, &fallback))}
        </Suspense>
    }
    .into_any()
}

/// The field `form[code]`: typed for a new thing, fixed afterwards, because others name it.
pub(crate) fn code_field(
    own: &str,
    is_new: bool,
    (label, hint): (&'static str, &'static str),
    typed: &Typed,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    if !is_new {
        return view! { <input type="hidden" name="form[code]" value=own.to_owned()/> }.into_any();
    }
    let value = typed.or("form[code]", "");
    view! {
        <input type="hidden" name="form[is_new]" value="true"/>
        <Field label name="form[code]" id="code" value maxlength=40 hint error=wrong(problem, "code")/>
    }
    .into_any()
}
