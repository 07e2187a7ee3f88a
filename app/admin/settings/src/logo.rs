//! The shop's logo, on the page of the settings.

use admin_layout::{OnePicture, StaffForm, on_done, on_uploaded, upload, upload_problem};
use domain::id::PictureId;
use domain::permission::Permission;
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use ui::{Button, Look, tr};
use web::{Access, Answer, AppError, FormFallback, access, access_of};

/// Sets the logo: the file `logo` of at most [`domain::MAX_UPLOAD_MB`].
#[server(endpoint = "admin/settings/logo", input = MultipartFormData, output = Answer)]
pub async fn set_logo(data: MultipartData) -> Result<(), AppError> {
    use backend::catalog::CatalogError;
    use domain::Locale;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?);
    let sent = admin_layout::Sent::receive(data, "logo").await?;
    let name = backend::settings::shop(&shop).name;
    let alts = Locale::ALL.map(|locale| (locale, name.clone())).to_vec();
    let picture = backend::catalog::add_picture(&shop, &ctx, None, sent.file, alts).await.map_err(|error| match error {
        CatalogError::Forbidden(_) => request::fail(AppError::new(403)),
        other => admin_layout::picture_problem(&other, "logo").unwrap_or_else(|| request::unexpected(&other)),
    })?;
    keep(Some(picture.id)).await
}
access!(SetLogo, Access::Staff(Permission::WriteSettings));

/// Removes the logo: the drawn mark is shown again.
#[server(endpoint = "admin/settings/logo/remove", output = Answer)]
pub async fn remove_logo() -> Result<(), AppError> {
    web::request::authorize(Access::Staff(Permission::WriteSettings))?;
    keep(None).await
}
access!(RemoveLogo, Access::Staff(Permission::WriteSettings));

#[cfg(feature = "ssr")]
async fn keep(logo: Option<PictureId>) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?);
    let now = backend::settings::load(&shop).await.map_err(|error| request::unexpected(&error))?;
    let new = domain::view::ShopSettings { logo, ..now.clone() };
    // Of the other parts what is saved by then stays.
    let saved = backend::settings::save_part(&shop, &ctx, backend::settings::SettingsPart::Logo, now, new).await;
    saved.map_err(|error| match error {
        backend::settings::SettingsError::Stale => request::refused(409, ui::t::ADMIN_PRODUCTS_STALE),
        other => request::unexpected(&other),
    })
}

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<SetLogo>(), access_of::<RemoveLogo>()];

/// The logo with a form to replace it; `changed` is run after a change.
pub(crate) fn panel(logo: Option<PictureId>, shop: &str, may_write: bool, fallback: &FormFallback, changed: Callback<()>) -> AnyView {
    let action = upload(set_logo);
    let remove = ServerAction::<RemoveLogo>::new();
    on_done(remove, tr!(COMMON_SAVED), move |()| changed.run(()));
    on_uploaded(action, move |()| changed.run(()));
    let problem = upload_problem::<SetLogo, _>(action, fallback);
    let removing = move || {
        view! {
            <StaffForm action=remove>
                <Button kind="submit" look=Look::Danger busy=remove.pending()>{tr!(ADMIN_SETTINGS_LOGO_REMOVE)}</Button>
            </StaffForm>
        }
    };
    view! {
        <OnePicture
            title=tr!(ADMIN_SETTINGS_LOGO) hint=tr!(ADMIN_SETTINGS_LOGO_HINT) picture=logo alt=shop field="logo"
            add=tr!(ADMIN_SETTINGS_LOGO_ADD) action to=SetLogo::PATH problem may_write remove=removing
        />
    }
    .into_any()
}
