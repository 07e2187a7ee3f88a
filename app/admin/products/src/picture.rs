//! A product's pictures, with a form to add one.

use admin_layout::{FileForm, on_uploaded, upload, upload_problem};
use domain::Locale;
use domain::id::ProductId;
use domain::permission::Permission;
use domain::view::PictureView;
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use ui::{Button, Field, FileField, IconButton, Look, Panel, Picture, Shape, Size, icon, tr};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, access, access_of, wrong};

use crate::draft::Arrange;
use crate::edit::FORM;

/// Adds a picture to a product: fields `product`, `alt.en` and so on, and the file `picture` of at most [`domain::MAX_UPLOAD_MB`].
#[server(endpoint = "admin/products/picture", input = MultipartFormData, output = Answer)]
pub async fn add_picture(data: MultipartData) -> Result<PictureView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    let sent = admin_layout::Sent::receive(data, "picture").await?;
    let Ok(product) = sent.value("product").parse::<ProductId>() else { return Err(request::not_found()) };
    let alts = Locale::ALL.map(|locale| (locale, sent.value(&format!("alt.{}", locale.code())).to_owned())).to_vec();
    backend::catalog::add_picture(&request::shop()?, &ctx, Some(product), sent.file, alts).await.map_err(crate::catalog_error)
}
access!(AddPicture, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<AddPicture>()];

/// The pictures of a product with a form to add one. Their order and removals are saved with the product.
#[component]
pub(crate) fn Pictures(product: ProductId, pictures: RwSignal<Vec<PictureView>>, may_write: bool, fallback: FormFallback) -> impl IntoView {
    let action = upload(add_picture);
    let problem = upload_problem::<AddPicture, _>(action, &fallback);
    let typed = fallback.typed_for(AddPicture::PATH);
    on_uploaded(action, move |picture| pictures.update(|pictures| pictures.push(picture)));
    let shown = move || {
        let all = pictures.get();
        let last = all.len().saturating_sub(1);
        all.into_iter().enumerate().map(|(at, picture)| tile(at, at == last, picture, may_write, pictures)).collect_view()
    };
    let alts = Locale::ALL.map(|locale| {
        let name = format!("alt.{}", locale.code());
        let value = typed.or(&name, "");
        view! { <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_ALT_TEXT), locale.name()) name value hint=tr!(ADMIN_PRODUCTS_ALT_TEXT_HINT) maxlength=300/> }
    });
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_PICTURES)>
            <ul class="flex flex-wrap gap-3">{shown}</ul>
            {may_write.then(|| view! {
                <p class="text-sm text-quiet mt-2">{tr!(ADMIN_PRODUCTS_PICTURES_HINT)}</p>
                <FileForm action to=AddPicture::PATH class="mt-4 flex flex-col gap-3">
                    <ProblemSummary problem/>
                    <input type="hidden" name="product" value=product.to_string()/>
                    <FileField label=tr!(ADMIN_PRODUCTS_PICTURE_FILE, mb = domain::MAX_UPLOAD_MB) name="picture" accept="image/jpeg,image/png,image/webp" error=wrong(problem, "picture")/>
                    {alts.into_iter().collect_view()}
                    <div><Button kind="submit" look=Look::Outline icon=icon::IMAGE busy=action.pending()>{tr!(ADMIN_PRODUCTS_ADD_PICTURE)}</Button></div>
                </FileForm>
            })}
        </Panel>
    }
    .into_any()
}

/// A picture with its buttons, which belong to the product's form: without a script they send it with `look`.
fn tile(at: usize, is_last: bool, picture: PictureView, may_write: bool, pictures: RwSignal<Vec<PictureView>>) -> AnyView {
    let PictureView { id, alt, .. } = picture;
    let number = at + 1;
    let button = move |way: Arrange, shape: Shape, label: String, disabled: bool| {
        let press = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            pictures.update(|pictures| way.apply(pictures, at));
        };
        let value = format!("look:{}:{id}", way.as_str());
        view! { <IconButton kind="submit" size=Size::Small shape label disabled attr:form=FORM attr:name="step" attr:value=value on:click=press/> }
    };
    view! {
        <li class="flex flex-col items-center gap-1">
            <div class="tile size-24 overflow-hidden rounded-field"><Picture id=id.to_string() alt sizes="6rem"/></div>
            {may_write.then(|| view! {
                <div class="flex">
                    {button(Arrange::Earlier, icon::ARROW_LEFT, tr!(ADMIN_PRODUCTS_PICTURE_EARLIER, number = number), at == 0)}
                    {button(Arrange::Later, icon::ARROW_RIGHT, tr!(ADMIN_PRODUCTS_PICTURE_LATER, number = number), is_last)}
                    {button(Arrange::Remove, icon::TRASH, tr!(ADMIN_PRODUCTS_PICTURE_REMOVE, number = number), false)}
                </div>
            })}
        </li>
    }
    .into_any()
}
