//! The one picture that something has.

use domain::id::PictureId;
use leptos::prelude::*;
use session::{AppError, ProblemSummary, wrong};
use ui::{Button, FileField, Look, Panel, Picture, icon, tr};

use crate::{FileForm, Upload};

/// What it is now, a form for another one, and what takes it away.
#[component]
pub fn OnePicture<T>(
    /// The address of the function that takes the file.
    to: &'static str,
    /// The panel's title.
    title: &'static str,
    /// What the picture is for.
    hint: &'static str,
    #[prop(into)] picture: Signal<Option<PictureId>>,
    /// What it shows.
    #[prop(into)]
    alt: String,
    /// The field with the file.
    field: &'static str,
    /// The button that sends it.
    add: &'static str,
    /// What the form does.
    action: Upload<T>,
    /// Why the file was not taken, see [`crate::upload_problem`].
    problem: Signal<Option<AppError>>,
    /// May the reader change it?
    may_write: bool,
    /// Hidden fields of the form.
    #[prop(optional, into)]
    fields: ViewFn,
    /// The form that takes the picture away.
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
                        <FileField label=tr!(ADMIN_PRODUCTS_PICTURE_FILE) name=field accept="image/jpeg,image/png,image/webp" error=wrong(problem, field)/>
                        <div><Button kind="submit" look=Look::Outline icon=icon::UPLOAD busy=action.pending()>{add}</Button></div>
                    </FileForm>
                })}
                {taken_away}
            </div>
        </Panel>
    }
    .into_any()
}
