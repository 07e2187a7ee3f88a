//! What an order's page does after the answers to its forms.

use admin_layout::{empty_forms, on_done};
use domain::id::OrderLineId;
use leptos::prelude::*;
use server_fn::ServerFn;
use web::AppError;

/// How a page goes on after an answer.
#[derive(Clone, Copy)]
pub(crate) struct Page {
    /// Something was done: errors of other forms are of the past, and the page is read again.
    pub(crate) changed: Callback<()>,
    /// The page was out of date: it is read again, and errors stay.
    pub(crate) stale: Callback<()>,
}

/// Did the server refuse because the order is not as the page shows it? Units of lines may be fewer by now.
fn is_out_of_date(error: &AppError) -> bool {
    let of_line = format!("-units-{}_", OrderLineId::PREFIX);
    error.status == 409 || error.fields.iter().any(|(field, _)| field.contains(&of_line))
}

/// [`on_done`], and the page is read again after both outcomes; what is typed is kept unless it was done.
pub(crate) fn on_answer<F>(action: ServerAction<F>, message: &'static str, page: Page)
where
    F: ServerFn<Error = AppError> + Clone + Send + Sync + 'static,
    F::Output: Clone + Send + Sync + 'static,
{
    on_done(action, message, move |_| {
        empty_forms::<F>();
        page.changed.run(());
    });
    Effect::new(move || {
        let refused = action.version().get() > 0 && matches!(action.value().get_untracked(), Some(Err(error)) if is_out_of_date(&error));
        if refused {
            page.stale.run(());
        }
    });
}
