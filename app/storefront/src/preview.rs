//! The home page as managers look at it before shoppers do: at a moment to come, with hidden sections, with a section as it is typed.
//!
//! The form of a section is sent here by a button of its own and shown again ([`use_form_fallback`]), so that nothing is saved for it.

use domain::Locale;
use domain::view::{HomePageView, HomeSectionForm, SectionTexts, moment_field};
use domain::{Timestamp, permission::Permission};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use ui::{Button, Checkbox, Field, Look, SkeletonCards, tr, use_time_zone};
use web::{Access, Answer, AppError, Title, Typed, access, access_of, lazy_page, loaded, resource, use_form_fallback};

use crate::error_page::ErrorPage;
use crate::home::sections;
use crate::seo::NotIndexed;

const PATH: &str = "/preview/home";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HomePreviewView {
    pub home: HomePageView,
    /// The moment that it is of.
    pub at: Timestamp,
}

/// The home page at a moment, or now; for a section that begins later, as it begins.
#[server(endpoint = "admin/content/home/preview", output = Answer)]
pub async fn preview_home(
    #[server(default)] at: String,
    #[server(default)] hidden: bool,
    #[server(default)] form: Option<HomeSectionForm>,
) -> Result<HomePreviewView, AppError> {
    use domain::view::read_moment;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?);
    let zone = backend::settings::shop(&shop).zone();
    let typed = form.map(|form| form.read(zone).0);
    let begins = typed.as_ref().and_then(|section| section.visible_from).filter(|from| *from > shop.now());
    let at = read_moment(zone, &at).or(begins).unwrap_or_else(|| shop.now());
    let home = backend::content::preview_home(&shop, &ctx, request::locale(), at, hidden, typed.as_ref()).await;
    Ok(HomePreviewView { home: home.map_err(|error| request::unexpected(&error))?, at })
}
access!(PreviewHome, Access::Staff(Permission::ReadContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<PreviewHome>()];

/// `/preview/home`
#[derive(Debug)]
pub struct HomePreviewPage;

lazy_page!(HomePreviewPage, browsing, home_preview_page);

/// The section that was sent; none where only a moment was.
fn section_of(typed: &Typed) -> Option<HomeSectionForm> {
    let of = |field: &str| typed.or(&format!("form[{field}]"), "");
    let text = |(at, locale): (usize, Locale)| {
        let of = |field: &str| typed.or(&format!("form[texts][{at}][{field}]"), "");
        SectionTexts { locale: locale.code().to_owned(), title: of("title"), body: of("body"), action: of("action"), alt: of("alt") }
    };
    (!of("kind").is_empty()).then(|| HomeSectionForm {
        id: of("id"),
        version: of("version"),
        kind: of("kind"),
        shown: of("shown"),
        visible_from: of("visible_from"),
        visible_until: of("visible_until"),
        category: of("category"),
        link: of("link"),
        address: of("address"),
        texts: Locale::ALL.into_iter().enumerate().map(text).collect(),
    })
}

fn home_preview_page() -> AnyView {
    let (query, fallback) = (use_query_map(), use_form_fallback());
    let typed = fallback.typed_for(PreviewHome::PATH);
    let of_query = move |name: &str| query.with_untracked(|query| query.get(name).unwrap_or_default());
    let (at, hidden) = (typed.or("at", of_query("at")), typed.ticked("hidden", "true", of_query("hidden") == "true"));
    let section = section_of(&typed);
    // What is sent again for another moment.
    let again: Vec<(String, String)> = typed.values().iter().filter(|(name, _)| name.starts_with("form[")).cloned().collect();
    let home = resource(|| (), move |()| preview_home(at.clone(), hidden, section.clone()));
    view! {
        <Title text=tr!(ADMIN_CONTENT_HOME_PREVIEW)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <div class="mt-8"><SkeletonCards/></div> }.into_any()>
            {loaded(home, move |home| match home {
                Ok(HomePreviewView { home, at }) => view! {
                    {moment_form(at, hidden, again.clone())}
                    {sections(home)}
                }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Suspense>
    }
    .into_any()
}

/// Which moment is shown, and a form for another one.
fn moment_form(at: Timestamp, hidden: bool, again: Vec<(String, String)>) -> AnyView {
    let method = if again.is_empty() { "get" } else { "post" };
    let is_typed = !again.is_empty();
    let fields = again.into_iter().map(|(name, value)| view! { <input type="hidden" name=name value=value/> }.into_any()).collect_view();
    let step = is_typed.then(|| view! { <input type="hidden" name="step" value="look"/> }.into_any());
    let says = if is_typed { tr!(ADMIN_CONTENT_HOME_PREVIEW_TYPED) } else { tr!(ADMIN_CONTENT_HOME_PREVIEW_HINT) };
    view! {
        <aside class="mt-3 mb-5 p-4 md:p-5 bg-raised border border-hairline rounded-card flex flex-col gap-3" aria-label=tr!(ADMIN_CONTENT_HOME_PREVIEW)>
            <p><strong>{tr!(ADMIN_CONTENT_HOME_PREVIEW)}</strong>" · "{says}</p>
            <form method=method action=PATH class="flex flex-wrap items-end gap-x-5 gap-y-3">
                {fields}
                {step}
                <Field label=tr!(ADMIN_CONTENT_HOME_PREVIEW_AT) name="at" kind="datetime-local" value=moment_field(use_time_zone(), at)/>
                <Checkbox label=tr!(ADMIN_CONTENT_HOME_PREVIEW_HIDDEN) name="hidden" checked=hidden/>
                <Button kind="submit" look=Look::Outline>{tr!(ADMIN_CONTENT_HOME_PREVIEW_SHOW)}</Button>
            </form>
            <p><a class="link" href="/admin/content/home">{tr!(ADMIN_CONTENT_HOME_BACK)}</a></p>
        </aside>
    }
    .into_any()
}
