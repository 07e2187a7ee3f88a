//! The user's own preferences: which mails they get.

use admin_layout::{StaffForm, on_done, shown};
use domain::permission::Permission;
use domain::view::{StaffNotice, StaffNoticesView};
use leptos::prelude::*;
use ui::{Alert, Button, Checkbox, PageHeader, Panel, SkeletonText, Tone, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback,
};

/// The mails that the user gets.
#[server(endpoint = "admin/my-notices", output = Answer)]
pub async fn read_my_notices() -> Result<StaffNoticesView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadDashboard))?;
    backend::notifications::staff_notices(&request::shop()?, &ctx).await.map_err(request::identity_error)
}
access!(ReadMyNotices, Access::Staff(Permission::ReadDashboard));

/// Saves which mails the user gets.
#[server(endpoint = "admin/my-notices/save", output = Answer)]
pub async fn save_my_notices(
    #[server(default)] order: bool,
    #[server(default)] refused: bool,
    #[server(default)] low_stock: bool,
) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::ReadDashboard))?;
    let chosen = [(StaffNotice::Order, order), (StaffNotice::Refused, refused), (StaffNotice::LowStock, low_stock)];
    let notices: Vec<StaffNotice> = chosen.into_iter().filter(|(_, is_chosen)| *is_chosen).map(|(kind, _)| kind).collect();
    backend::notifications::save_staff_notices(&request::shop()?, &ctx, &notices).await.map_err(request::identity_error)
}
access!(SaveMyNotices, Access::Staff(Permission::ReadDashboard));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadMyNotices>(), access_of::<SaveMyNotices>()];

/// `/admin/preferences`
#[derive(Debug)]
pub struct MyNotices;

lazy_page!(MyNotices, settings, my_notices_page);

fn my_notices_page() -> AnyView {
    let fallback = use_form_fallback();
    let save = ServerAction::<SaveMyNotices>::new();
    on_done(save, tr!(COMMON_SAVED), |()| ());
    let notices = resource(|| (), |()| read_my_notices());
    view! {
        <Title text=tr!(ADMIN_MINE)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_MINE)/>
            <Suspense fallback=|| view! { <SkeletonText/> }>
                {shown(notices, move |notices| page(notices, save, &fallback))}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: StaffNoticesView, save: ServerAction<SaveMyNotices>, fallback: &FormFallback) -> AnyView {
    let problem = problem(save, fallback);
    let words = |kind: StaffNotice| match kind {
        StaffNotice::Order => tr!(ADMIN_MINE_NOTICE_ORDER),
        StaffNotice::Refused => tr!(ADMIN_MINE_NOTICE_REFUSED),
        StaffNotice::LowStock => tr!(ADMIN_MINE_NOTICE_LOW_STOCK),
    };
    let boxes: Vec<_> = view
        .notices
        .iter()
        .map(|(kind, is_chosen)| view! { <Checkbox name=kind.as_str() label=words(*kind) checked=*is_chosen/> })
        .collect();
    let off = (!view.mail_works).then(|| view! { <Alert tone=Tone::Warning>{tr!(ADMIN_MINE_MAILS_OFF)}</Alert> });
    view! {
        <Panel title=tr!(ADMIN_MINE_MAILS)>
            <StaffForm action=save>
                <div class="flex flex-col gap-4 max-w-xl">
                    <ProblemSummary problem/>
                    {off}
                    <p class="text-quiet">{tr!(ADMIN_MINE_MAILS_BODY, email = view.email)}</p>
                    <div class="flex flex-col">{boxes}</div>
                    <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE)}</Button></div>
                </div>
            </StaffForm>
        </Panel>
    }
    .into_any()
}
