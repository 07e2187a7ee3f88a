//! Finding products to lead to or to show.

use domain::id::ProductId;
use domain::permission::Permission;
use domain::view::PickedProductView;
use leptos::prelude::*;
use leptos_router::components::Form;
use ui::{Button, Field, Look, icon, tr};
use web::{Access, Answer, AppError, access, access_of};

/// The most products that are offered.
#[cfg(feature = "ssr")]
const MAX_FOUND: usize = 12;

/// Products by words, the best first; none for no words.
#[server(endpoint = "admin/content/products", output = Answer)]
pub async fn find_products(words: String) -> Result<Vec<PickedProductView>, AppError> {
    use backend::search::SearchError;
    use domain::view::{PageAt, TargetState};
    use web::request;
    request::authorize(Access::Staff(Permission::ReadContent))?;
    let ctx = request::authorize(Access::Staff(Permission::ReadProducts))?;
    if words.trim().is_empty() {
        return Ok(Vec::new());
    }
    let found =
        backend::search::admin_list(&request::shop()?, &ctx, &words, "", None, &PageAt::default()).await.map_err(|error| match error {
            SearchError::Catalog(error) => crate::content_error((*error).into()),
            other => request::unexpected(&other),
        })?;
    let view = |row: domain::view::ProductRowView| {
        let state = if row.status == "published" { TargetState::Shown } else { TargetState::NotShown };
        PickedProductView { id: row.id, name: row.name, state }
    };
    Ok(found.products.into_iter().take(MAX_FOUND).map(view).collect())
}
access!(FindProducts, Access::Staff(Permission::ReadProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<FindProducts>()];

/// A form that searches for products: the page is shown again with what was found.
#[component]
pub(crate) fn ProductSearch(
    /// The page's own address.
    page: String,
    /// What was searched for.
    words: String,
    /// Other parameters of the page.
    #[prop(optional)]
    fields: Vec<(&'static str, String)>,
) -> impl IntoView {
    let fields = fields.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }).collect_view();
    view! {
        <Form method="GET" action=page>
            {fields}
            <div class="flex flex-wrap gap-x-3 gap-y-2 items-end">
                <div class="grow max-w-xl"><Field label=tr!(ADMIN_CONTENT_FIND_PRODUCT) name="q" kind="search" value=words/></div>
                <Button kind="submit" look=Look::Outline icon=icon::SEARCH>{tr!(COMMON_SEARCH)}</Button>
            </div>
        </Form>
    }
    .into_any()
}

/// What was found, each with what can be done with it.
pub(crate) fn found_list(words: &str, found: Vec<PickedProductView>, action: impl Fn(ProductId, String) -> AnyView) -> AnyView {
    if words.trim().is_empty() {
        return ().into_any();
    }
    if found.is_empty() {
        return view! { <p class="text-quiet">{tr!(ADMIN_CONTENT_NO_PRODUCT)}</p> }.into_any();
    }
    let row = |PickedProductView { id, name, state }: PickedProductView| {
        view! {
            <li class="py-2 flex flex-wrap items-center gap-x-4 gap-y-1">
                <span class="grow min-w-0 wrap-anywhere">{name.clone()}</span>
                {crate::rows::target_badge(state)}
                {action(id, name)}
            </li>
        }
        .into_any()
    };
    let rows = found.into_iter().map(row).collect_view();
    view! { <ul class="divide-y divide-hairline">{rows}</ul> }.into_any()
}
