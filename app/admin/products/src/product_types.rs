//! The product types, those that are offered first.

use admin_layout::shown;
use domain::permission::Permission;
use domain::view::ProductTypeRowView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Breadcrumbs, Column, EmptyState, FigureCell, LinkButton, PageHeader, Panel, Row, SkeletonRows, StatusBadge, Table, Tone, icon, tr,
    use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTypesView {
    pub types: Vec<ProductTypeRowView>,
    pub may_write: bool,
}

#[server(endpoint = "admin/product-types", output = Answer)]
pub async fn list_product_types() -> Result<ProductTypesView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    Ok(ProductTypesView {
        types: backend::catalog::product_types(&shop, &ctx, request::locale()).await.map_err(crate::catalog_error)?,
        may_write: ctx.may(Permission::WriteProducts),
    })
}
access!(ListProductTypes, Access::Staff(Permission::ReadProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListProductTypes>()];

/// `/admin/product-types`
#[derive(Debug)]
pub struct ProductTypes;

lazy_page!(ProductTypes, products, product_types_page);

fn product_types_page() -> AnyView {
    let types = resource(|| (), |()| list_product_types());
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    view! {
        <Title text=tr!(ADMIN_TYPES_TITLE)/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=tr!(ADMIN_TYPES_TITLE)/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(types, page)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: ProductTypesView) -> AnyView {
    let ProductTypesView { types, may_write } = view;
    let actions = move || {
        may_write
            .then(|| view! { <LinkButton href="/admin/product-types/new" icon=icon::PLUS>{tr!(ADMIN_TYPES_NEW)}</LinkButton> })
            .into_any()
    };
    let list = if types.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_TYPES_EMPTY_TITLE) body=tr!(ADMIN_TYPES_EMPTY_BODY)/> }.into_any()
    } else {
        let table = table(types);
        view! { <Panel title=tr!(ADMIN_TYPES_TITLE) flush=true>{table}</Panel> }.into_any()
    };
    view! {
        <PageHeader title=tr!(ADMIN_TYPES_TITLE) actions/>
        {list}
    }
    .into_any()
}

fn table(types: Vec<ProductTypeRowView>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::figures(tr!(ADMIN_TYPES_FIELDS)),
        Column::figures(tr!(ADMIN_PRODUCTS)),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let row = |row: ProductTypeRowView| {
        let (tone, words) =
            if row.archived { (Tone::Neutral, tr!(ADMIN_PRODUCTS_STATE_ARCHIVED)) } else { (Tone::Success, tr!(ADMIN_TYPES_OFFERED)) };
        view! {
            <Row>
                <td><a class="font-medium hover:underline underline-offset-4" href=format!("/admin/product-types/{}", row.id)>{row.name}</a></td>
                <FigureCell>{locale.number(row.fields)}</FigureCell>
                <FigureCell>{locale.number(row.products)}</FigureCell>
                <td><StatusBadge tone settled=true text=words/></td>
            </Row>
        }
    };
    let rows = types.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_TYPES_TITLE) columns>{rows}</Table> }.into_any()
}
