//! The delivery methods, with those that are not offered.

use admin_layout::{SectionTabs, shown};
use domain::permission::Permission;
use domain::view::DeliveryMethodDraft;
use domain::{Currency, Money};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Column, EmptyState, FigureCell, LinkButton, PageHeader, Panel, Row, SkeletonRows, StatusBadge, Table, Tone, icon, tr, use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryView {
    pub methods: Vec<DeliveryMethodDraft>,
    /// The currency of the fees.
    pub currency: Currency,
    pub may_write: bool,
}

#[server(endpoint = "admin/delivery", output = Answer)]
pub async fn list_delivery_methods() -> Result<DeliveryView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    Ok(DeliveryView {
        methods: backend::pricing::delivery_methods(&shop, &ctx).await.map_err(crate::pricing_error)?,
        currency: backend::settings::shop_currency(&shop),
        may_write: ctx.may(Permission::WriteSettings),
    })
}
access!(ListDeliveryMethods, Access::Staff(Permission::ReadSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListDeliveryMethods>()];

/// `/admin/settings/delivery`
#[derive(Debug)]
pub struct Delivery;

lazy_page!(Delivery, settings, delivery_page);

fn delivery_page() -> AnyView {
    let methods = resource(|| (), |()| list_delivery_methods());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_DELIVERY)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(methods, page)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: DeliveryView) -> AnyView {
    let DeliveryView { methods, currency, may_write } = view;
    let list = if methods.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_DELIVERY_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_DELIVERY_EMPTY_BODY) plain=true/> }
            .into_any()
    } else {
        table(methods, currency)
    };
    view! {
        {may_write.then(|| view! { <div><LinkButton href="/admin/settings/delivery/new" icon=icon::PLUS>{tr!(ADMIN_SETTINGS_DELIVERY_ADD)}</LinkButton></div> })}
        <Panel title=tr!(ADMIN_SETTINGS_DELIVERY) flush=true>{list}</Panel>
    }
    .into_any()
}

fn table(methods: Vec<DeliveryMethodDraft>, currency: Currency) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_DELIVERY_NAME)),
        Column::new(tr!(ADMIN_SETTINGS_DELIVERY_REGIONS)).wide_only(),
        Column::figures(tr!(ADMIN_SETTINGS_DELIVERY_FEE)),
        Column::figures(tr!(ADMIN_SETTINGS_DELIVERY_DAYS)),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let money = move |minor| locale.money(Money::new(minor, currency));
    let row = move |method: DeliveryMethodDraft| {
        let name = method.names.get(locale as usize).or(method.names.first()).filter(|name| !name.is_empty());
        let name = name.or(method.names.first()).cloned().unwrap_or_else(|| method.code.clone());
        let free = method.free_from.map(|from| format!("{} {}", tr!(ADMIN_SETTINGS_DELIVERY_FREE_FROM), money(from)));
        let (tone, words) = if method.active {
            (Tone::Success, tr!(ADMIN_SETTINGS_DELIVERY_ACTIVE))
        } else {
            (Tone::Neutral, tr!(ADMIN_SETTINGS_DELIVERY_OFF))
        };
        view! {
            <Row>
                <td>
                    <a class="font-medium hover:underline underline-offset-4" href=format!("/admin/settings/delivery/{}", method.code)>{name}</a>
                    <span class="block text-sm text-quiet">{method.code.clone()}</span>
                </td>
                <td class="max-md:hidden text-sm">
                    {method.regions.join(", ")}
                    <span class="block text-quiet">{if method.collects_cash { tr!(ADMIN_SETTINGS_DELIVERY_CASH) } else { tr!(ADMIN_SETTINGS_DELIVERY_NO_CASH) }}</span>
                </td>
                <FigureCell>
                    {money(method.fee)}
                    {free.map(|free| view! { <span class="block text-sm text-quiet">{free}</span> })}
                </FigureCell>
                <FigureCell>{format!("{}–{}", locale.number(method.days_min), locale.number(method.days_max))}</FigureCell>
                <td><StatusBadge tone settled=true text=words/></td>
            </Row>
        }
    };
    let rows = methods.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_SETTINGS_DELIVERY) columns>{rows}</Table> }.into_any()
}
