//! A single picture, as of a category or the logo.

use domain::id::PictureId;
use leptos::prelude::*;
use ui::{Button, FileField, Look, Panel, Picture, icon, tr};
use web::{AppError, ProblemSummary, wrong};

use crate::{FileForm, Upload};

/// The current picture, a form to replace it, and one to remove it.
#[component]
pub fn OnePicture<T>(
    to: &'static str,
    title: &'static str,
    /// What the picture is used for.
    hint: &'static str,
    #[prop(into)] picture: Signal<Option<PictureId>>,
    #[prop(into)] alt: String,
    /// The name of the file field.
    field: &'static str,
    /// The label of the submit button.
    add: &'static str,
    action: Upload<T>,
    /// Why the last upload failed, from [`crate::upload_problem`].
    problem: Signal<Option<AppError>>,
    may_write: bool,
    /// Hidden fields of the form.
    #[prop(optional, into)]
    fields: ViewFn,
    /// The form that removes the picture.
    #[prop(into)]
    remove: ViewFn,
) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let shown = move || {
        let alt = alt.clone();
        picture.get().map(|id| {
            view! { <div class="tile size-24 overflow-hidden rounded-field"><Picture id=id.to_string() alt sizes="6rem"/></div> }
        })
    };
    let taken_away = move || (may_write && picture.with(Option::is_some)).then(|| remove.run());
    view! {
        <Panel title>
            <div class="flex flex-col gap-4 max-w-2xl">
                <p class="text-sm text-quiet">{hint}</p>
                {shown}
                {may_write.then(|| view! {
                    <FileForm action to class="flex flex-col gap-3">
                        <ProblemSummary problem/>
                        {fields.run()}
                        <FileField label=tr!(ADMIN_PRODUCTS_PICTURE_FILE, mb = domain::MAX_UPLOAD_MB) name=field accept="image/jpeg,image/png,image/webp" error=wrong(problem, field)/>
                        <div><Button kind="submit" look=Look::Outline icon=icon::UPLOAD busy=action.pending()>{add}</Button></div>
                    </FileForm>
                })}
                {taken_away}
            </div>
        </Panel>
    }
    .into_any()
}
