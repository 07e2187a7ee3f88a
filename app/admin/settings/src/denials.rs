//! Recent denials: wrong passwords, throttled attempts, missing permissions.

use admin_layout::{SectionTabs, shown};
use domain::permission::Permission;
use domain::view::{DenialKind, DenialView};
use leptos::prelude::*;
use ui::{Column, EmptyState, FigureCell, PageHeader, Panel, Row, SkeletonRows, Table, When, tr, use_locale};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

/// Denied accesses, the latest first.
#[server(endpoint = "admin/denials", output = Answer)]
pub async fn list_denials() -> Result<Vec<DenialView>, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    backend::identity::denials(&shop, &ctx).await.map_err(request::identity_error)
}
access!(ListDenials, Access::Staff(Permission::ReadSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListDenials>()];

/// `/admin/settings/denials`
#[derive(Debug)]
pub struct Denials;

lazy_page!(Denials, settings, denials_page);

fn denials_page() -> AnyView {
    let denials = resource(|| (), |()| list_denials());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_DENIALS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonRows/> }>{shown(denials, page)}</Transition>
        </div>
    }
    .into_any()
}

fn page(denials: Vec<DenialView>) -> AnyView {
    if denials.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_SETTINGS_DENIALS_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_DENIALS_BODY)/> }.into_any();
    }
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_DENIALS_WHAT)),
        Column::new(tr!(ADMIN_SETTINGS_DENIALS_ACCOUNT)),
        Column::new(tr!(ADMIN_SETTINGS_DENIALS_CLIENT)),
        Column::figures(tr!(ADMIN_SETTINGS_DENIALS_TIMES)),
        Column::new(tr!(ADMIN_SETTINGS_DENIALS_LAST)),
    ];
    let row = move |refusal: DenialView| {
        let what = match refusal.kind {
            DenialKind::SignIn => tr!(ADMIN_SETTINGS_DENIALS_SIGN_IN),
            DenialKind::Throttled => tr!(ADMIN_SETTINGS_DENIALS_WAIT),
            DenialKind::Permission => tr!(ADMIN_SETTINGS_DENIALS_PERMISSION),
            DenialKind::Key => tr!(ADMIN_SETTINGS_DENIALS_KEY),
        };
        view! {
            <Row>
                <td class="font-medium">{what}</td>
                <td>{refusal.account.unwrap_or_else(|| "–".to_owned())}</td>
                <td><code class="break-all">{refusal.client.unwrap_or_else(|| "–".to_owned())}</code></td>
                <FigureCell>{locale.number(refusal.count)}</FigureCell>
                <td><When at=refusal.last_at/></td>
            </Row>
        }
    };
    let rows = denials.into_iter().map(row).collect_view();
    view! {
        <Panel title=tr!(ADMIN_SETTINGS_DENIALS) flush=true>
            <p class="text-quiet px-4 pt-3 pb-4 max-w-3xl">{tr!(ADMIN_SETTINGS_DENIALS_BODY)}</p>
            <Table caption=tr!(ADMIN_SETTINGS_DENIALS) columns>{rows}</Table>
        </Panel>
    }
    .into_any()
}
