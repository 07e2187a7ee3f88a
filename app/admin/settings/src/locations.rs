//! The stock locations, with those that are not active.

use admin_layout::{SectionTabs, shown};
use domain::order::LocationKind;
use domain::permission::Permission;
use domain::view::LocationDraft;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Column, EmptyState, LinkButton, PageHeader, Panel, Row, SkeletonRows, StatusBadge, Table, Tone, icon, tr};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

use crate::location::channel_name;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationsView {
    pub locations: Vec<LocationDraft>,
    pub may_write: bool,
}

#[server(endpoint = "admin/locations", output = Answer)]
pub async fn list_locations() -> Result<LocationsView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    Ok(LocationsView {
        locations: backend::inventory::locations(&shop, &ctx).await.map_err(crate::pricing_error)?,
        may_write: ctx.may(Permission::WriteSettings),
    })
}
access!(ListLocations, Access::Staff(Permission::ReadSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListLocations>()];

/// `/admin/settings/locations`
#[derive(Debug)]
pub struct Locations;

lazy_page!(Locations, settings, locations_page);

fn locations_page() -> AnyView {
    let locations = resource(|| (), |()| list_locations());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_LOCATIONS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(locations, page)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: LocationsView) -> AnyView {
    let LocationsView { locations, may_write } = view;
    let list = if locations.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_LOCATIONS_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_LOCATIONS_EMPTY_BODY) plain=true/> }
            .into_any()
    } else {
        table(locations)
    };
    view! {
        {may_write.then(|| view! { <div><LinkButton href="/admin/settings/locations/new" icon=icon::PLUS>{tr!(ADMIN_SETTINGS_LOCATION_ADD)}</LinkButton></div> })}
        <Panel title=tr!(ADMIN_SETTINGS_LOCATIONS) flush=true>{list}</Panel>
    }
    .into_any()
}

/// What a location is, in words.
pub(crate) fn kind_name(kind: LocationKind) -> &'static str {
    match kind {
        LocationKind::Warehouse => tr!(ADMIN_SETTINGS_LOCATION_WAREHOUSE),
        LocationKind::Store => tr!(ADMIN_SETTINGS_LOCATION_STORE),
    }
}

fn table(locations: Vec<LocationDraft>) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_LOCATION_NAME)),
        Column::new(tr!(ADMIN_SETTINGS_LOCATION_KIND)).wide_only(),
        Column::new(tr!(ADMIN_SETTINGS_LOCATION_CHANNELS)).wide_only(),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let row = |location: LocationDraft| {
        let channels: Vec<&str> = location.channels.iter().map(|channel| channel_name(*channel)).collect();
        let channels = if channels.is_empty() { tr!(ADMIN_SETTINGS_LOCATION_ALL_CHANNELS).to_owned() } else { channels.join(", ") };
        let (tone, words) = if location.active {
            (Tone::Success, tr!(ADMIN_SETTINGS_LOCATION_ACTIVE))
        } else {
            (Tone::Neutral, tr!(ADMIN_SETTINGS_LOCATION_OFF))
        };
        view! {
            <Row>
                <td>
                    <a class="font-medium hover:underline underline-offset-4" href=format!("/admin/settings/locations/{}", location.code)>{location.name}</a>
                    <span class="block text-sm text-quiet">{location.code}</span>
                </td>
                <td class="max-md:hidden text-sm">{kind_name(location.kind)}</td>
                <td class="max-md:hidden text-sm">{channels}</td>
                <td><StatusBadge tone settled=true text=words/></td>
            </Row>
        }
    };
    let rows = locations.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_SETTINGS_LOCATIONS) columns>{rows}</Table> }.into_any()
}
