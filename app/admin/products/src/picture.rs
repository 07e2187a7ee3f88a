//! A product's photographs: what is there, and one more.

use admin_frame::sent_back;
use domain::Locale;
use domain::id::{PictureId, ProductId};
use domain::permission::Permission;
use domain::view::PictureView;
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use session::{Access, AppError, ProblemSummary, access, stated, wrong};
use ui::{Button, Field, FileField, Look, Panel, Picture, icon, tr};
use web_sys::FormData;

use crate::upload;

/// Takes a photograph in for a product: fields `product`, `alt.en` and so on, and the file `picture` of at most 15 MB.
#[server(endpoint = "admin/products/picture", input = MultipartFormData)]
pub async fn add_picture(data: MultipartData) -> Result<PictureId, AppError> {
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::WriteProducts))?;
    let sent = upload::Sent::receive(data, "picture").await?;
    let Ok(product) = sent.value("product").parse::<ProductId>() else { return Err(request::not_found()) };
    let alts = Locale::ALL.map(|locale| (locale, sent.value(&format!("alt.{}", locale.code())).to_owned())).to_vec();
    let picture = backend::catalog::add_picture(&request::shop()?, &ctx, Some(product), sent.file, alts).await.map_err(crate::refused)?;
    Ok(picture.id)
}
access!(AddPicture, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<AddPicture>()];

/// The photographs of a product with a form for one more; `changed` is run when it is there.
#[component]
pub(crate) fn Pictures(product: ProductId, pictures: Vec<PictureView>, may_write: bool, changed: Callback<()>) -> impl IntoView {
    let action = Action::new_local(|data: &FormData| {
        let data = MultipartData::from(data.clone());
        async move { add_picture(data).await }
    });
    let first = sent_back::<AddPicture>();
    let problem = Signal::derive(move || {
        if action.version().get() == 0 { first.clone() } else { action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned())) }
    });
    let toasts = ui::use_toasts();
    let saved = tr!(COMMON_SAVED);
    Effect::new(move || {
        if action.version().get() > 0 && action.value().with_untracked(|answer| matches!(answer, Some(Ok(_)))) {
            toasts.success(saved);
            changed.run(());
        }
    });
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        if let Some(data) = upload::taken(&event) {
            action.dispatch_local(data);
        }
    };
    let each = pictures.into_iter().map(|picture| {
        view! { <li class="tile size-24 overflow-hidden rounded-field"><Picture id=picture.id.to_string() alt=picture.alt sizes="6rem"/></li> }
    });
    let shown = each.collect_view();
    let alts = Locale::ALL.map(|locale| {
        let name = format!("alt.{}", locale.code());
        view! { <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_ALT_TEXT), locale.name()) name hint=tr!(ADMIN_PRODUCTS_ALT_TEXT_HINT) maxlength=300/> }
    });
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_PICTURES)>
            <ul class="flex flex-wrap gap-3">{shown}</ul>
            {may_write.then(|| view! {
                <form method="post" action=AddPicture::PATH enctype="multipart/form-data" class="mt-4 flex flex-col gap-3" on:submit=on_submit>
                    <ProblemSummary problem/>
                    <input type="hidden" name="product" value=product.to_string()/>
                    <FileField label=tr!(ADMIN_PRODUCTS_PICTURE_FILE) name="picture" accept="image/jpeg,image/png,image/webp" error=wrong(problem, "picture")/>
                    {alts.into_iter().collect_view()}
                    <div><Button kind="submit" look=Look::Outline icon=icon::IMAGE busy=action.pending()>{tr!(ADMIN_PRODUCTS_ADD_PICTURE)}</Button></div>
                </form>
            })}
        </Panel>
    }
    .into_any()
}
