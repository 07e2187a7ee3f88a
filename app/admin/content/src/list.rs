//! The pages by their place, drafts too.

use admin_layout::{SectionTabs, shown};
use domain::permission::Permission;
use domain::view::PageRowView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Column, EmptyState, LinkButton, PageHeader, Panel, Row, SkeletonRows, StatusBadge, Table, Tone, When, icon, tr};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

pub(crate) const LIST: &str = "/admin/content";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PagesView {
    pub pages: Vec<PageRowView>,
    pub may_write: bool,
}

#[server(endpoint = "admin/content", output = Answer)]
pub async fn list_pages() -> Result<PagesView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?);
    Ok(PagesView {
        pages: backend::content::pages(&shop, &ctx, request::locale()).await.map_err(crate::content_error)?,
        may_write: ctx.may(Permission::WriteContent),
    })
}
access!(ListPages, Access::Staff(Permission::ReadContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListPages>()];

/// `/admin/content`
#[derive(Debug)]
pub struct Pages;

lazy_page!(Pages, settings, pages_page);

fn pages_page() -> AnyView {
    let pages = resource(|| (), |()| list_pages());
    view! {
        <Title text=tr!(ADMIN_CONTENT_PAGES)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_CONTENT)/>
            <SectionTabs section="content"/>
            <Suspense fallback=|| view! { <SkeletonRows/> }>
                {shown(pages, page)}
            </Suspense>
        </div>
    }
    .into_any()
}

fn page(view: PagesView) -> AnyView {
    let PagesView { pages, may_write } = view;
    let list = if pages.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_CONTENT_EMPTY_TITLE) body=tr!(ADMIN_CONTENT_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        table(pages)
    };
    let new = format!("{LIST}/pages/new");
    view! {
        {may_write.then(|| view! { <div><LinkButton href=new icon=icon::PLUS>{tr!(ADMIN_CONTENT_NEW)}</LinkButton></div> })}
        <Panel title=tr!(ADMIN_CONTENT_PAGES) flush=true>{list}</Panel>
    }
    .into_any()
}

fn table(pages: Vec<PageRowView>) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADMIN_CONTENT_TITLE)),
        Column::new(tr!(ADMIN_CONTENT_LANGUAGES)).wide_only(),
        Column::new(tr!(ADMIN_CONTENT_CHANGED)).wide_only(),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let row = |page: PageRowView| {
        let (tone, words) =
            if page.published { (Tone::Success, tr!(ADMIN_CONTENT_PUBLISHED)) } else { (Tone::Warning, tr!(ADMIN_CONTENT_DRAFT)) };
        let settled = page.published;
        view! {
            <Row>
                <td>
                    <a class="font-medium hover:underline underline-offset-4" href=format!("{LIST}/pages/{}", page.id)>{page.title}</a>
                    <span class="max-md:hidden block text-sm text-quiet">{format!("/pages/{}", page.slug)}</span>
                </td>
                <td class="max-md:hidden uppercase text-quiet">{page.languages.join(", ")}</td>
                <td class="max-md:hidden"><When at=page.updated_at/></td>
                <td><StatusBadge tone settled text=words/></td>
            </Row>
        }
    };
    let rows = pages.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_CONTENT_PAGES) columns>{rows}</Table> }.into_any()
}
