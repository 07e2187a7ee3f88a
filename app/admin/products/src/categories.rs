//! The categories in the order of the shop's menu, with the hidden ones.

use admin_layout::shown;
use domain::permission::Permission;
use domain::view::CategoryRowView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Breadcrumbs, Column, EmptyState, FigureCell, LinkButton, PageHeader, Panel, Picture, Row, SkeletonRows, StatusBadge, Table, Tone, icon,
    tr, use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoriesView {
    /// In the menu's order.
    pub categories: Vec<CategoryRowView>,
    pub may_write: bool,
}

#[server(endpoint = "admin/categories", output = Answer)]
pub async fn list_categories() -> Result<CategoriesView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    Ok(CategoriesView {
        categories: backend::catalog::category_list(&shop, &ctx, request::locale()).await.map_err(crate::catalog_error)?,
        may_write: ctx.may(Permission::WriteProducts),
    })
}
access!(ListCategories, Access::Staff(Permission::ReadProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListCategories>()];

/// `/admin/categories`
#[derive(Debug)]
pub struct Categories;

lazy_page!(Categories, products, categories_page);

fn categories_page() -> AnyView {
    let categories = resource(|| (), |()| list_categories());
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    view! {
        <Title text=tr!(ADMIN_CATEGORIES_TITLE)/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=tr!(ADMIN_CATEGORIES_TITLE)/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(categories, page)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: CategoriesView) -> AnyView {
    let CategoriesView { categories, may_write } = view;
    let actions = move || {
        may_write
            .then(|| view! { <LinkButton href="/admin/categories/new" icon=icon::PLUS>{tr!(ADMIN_CATEGORIES_NEW)}</LinkButton> })
            .into_any()
    };
    let list = if categories.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_CATEGORIES_EMPTY_TITLE) body=tr!(ADMIN_CATEGORIES_EMPTY_BODY)/> }.into_any()
    } else {
        let table = table(categories);
        view! { <Panel title=tr!(ADMIN_CATEGORIES_TITLE) flush=true>{table}</Panel> }.into_any()
    };
    view! {
        <PageHeader title=tr!(ADMIN_CATEGORIES_TITLE) actions/>
        {list}
    }
    .into_any()
}

fn table(categories: Vec<CategoryRowView>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::hidden(tr!(ADMIN_PRODUCTS_PICTURES)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::figures(tr!(ADMIN_PRODUCTS)),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let row = |category: CategoryRowView| {
        let picture = category.picture.map(|picture| view! { <Picture id=picture.id.to_string() alt="" sizes="3rem"/> });
        let (tone, words) =
            if category.published { (Tone::Success, tr!(ADMIN_CATEGORIES_IN_MENU)) } else { (Tone::Neutral, tr!(ADMIN_CATEGORIES_HIDDEN)) };
        // The list of products has those that were put into a category; the shop shows those of a rule.
        let products_of =
            if category.by_rule { format!("/c/{}", category.slug) } else { format!("/admin/products?category={}", category.id) };
        view! {
            <Row>
                <td><span class="tile block size-12 overflow-hidden rounded-field">{picture}</span></td>
                <td>
                    <a class="font-medium hover:underline underline-offset-4" href=format!("/admin/categories/{}", category.id)>{category.name}</a>
                    <span class="max-md:hidden block text-sm text-quiet">{format!("/c/{}", category.slug)}</span>
                    {category.by_rule.then(|| view! { <span class="block text-sm text-quiet">{tr!(ADMIN_CATEGORIES_BY_RULE)}</span> })}
                </td>
                <FigureCell>
                    <a class="hover:underline underline-offset-4" href=products_of>{locale.number(category.products)}</a>
                </FigureCell>
                <td><StatusBadge tone settled=true text=words/></td>
            </Row>
        }
    };
    let rows = categories.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_CATEGORIES_TITLE) columns>{rows}</Table> }.into_any()
}
