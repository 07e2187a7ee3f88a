//! The home page: banners, products, categories and texts, as they are arranged.

use domain::view::{CategoryView, HomePageView, HomeSectionView, ProductCardView, StoryView};
use leptos::prelude::*;
use server_fn::codec::GetUrl;
use ui::{CategoryTile, Icon, LinkButton, Look, Picture, Shape, Size, SkeletonCards, icon, tr};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, loaded, resource};

use crate::error_page::ErrorPage;
use crate::listing::Card;
use crate::seo::{Addresses, Description};

#[server(endpoint = "read_home", input = GetUrl, output = Answer)]
pub async fn read_home() -> Result<HomePageView, AppError> {
    use web::request;
    backend::content::home(&request::shop()?, request::locale()).await.map_err(|error| request::unexpected(&error))
}
access!(ReadHome, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadHome>()];

#[derive(Debug)]
pub struct HomePage;

lazy_page!(HomePage, browsing, home_page);

fn home_page() -> AnyView {
    let home = resource(|| (), |()| read_home());
    view! {
        <Suspense fallback=|| view! { <div class="mt-8"><SkeletonCards/></div> }.into_any()>
            {loaded(home, |home| match home {
                Ok(home) => view! { <Home home/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Home(home: HomePageView) -> impl IntoView {
    view! {
        <Title text=tr!(HOME_TITLE)/>
        <Description text=tr!(SHELL_FOOTER_ABOUT)/>
        <Addresses path="/"/>
        {sections(home)}
    }
    .into_any()
}

/// The sections of the home page. A banner that comes first is a large one; others stand beside each other where they follow each other.
pub(crate) fn sections(home: HomePageView) -> AnyView {
    let mut views: Vec<AnyView> = Vec::new();
    let mut sections = home.sections.into_iter().peekable();
    match sections.next_if(|first| matches!(first, HomeSectionView::Banner(_))) {
        Some(HomeSectionView::Banner(story)) => views.push(view! { <LeadStory story/> }.into_any()),
        _ => views.push(view! { <h1 class="sr-only">{tr!(HOME_TITLE)}</h1> }.into_any()),
    }
    while let Some(section) = sections.next() {
        views.push(match section {
            HomeSectionView::Banner(story) => {
                let mut stories = vec![story];
                while let Some(HomeSectionView::Banner(story)) = sections.next_if(|next| matches!(next, HomeSectionView::Banner(_))) {
                    stories.push(story);
                }
                side_stories(stories)
            }
            HomeSectionView::Products { title, link, products } => view! { <ProductSection title link products/> }.into_any(),
            HomeSectionView::Text { title, html } => text(title, html),
            HomeSectionView::Categories { title, categories } => category_section(title, categories),
            HomeSectionView::Promises { cash } => view! { <Promises cash/> }.into_any(),
        });
    }
    views.into_any()
}

/// The pictures' background is light in both themes, so the text on it is dark in both.
const ON_TILE: &str = "bg-tile text-[oklch(24.8%_0.011_176)]";

/// The first story. A wide picture fills the background; a square one stands beside the text.
#[component]
fn LeadStory(story: StoryView) -> impl IntoView {
    let wide = story.picture.as_ref().is_some_and(|picture| picture.width > picture.height);
    let position = if wide {
        "max-md:relative max-md:aspect-[4/3] md:absolute md:inset-0"
    } else {
        "aspect-square md:aspect-auto md:min-h-96 relative"
    };
    let crop = if wide { "absolute inset-0 max-md:[&_img]:object-right" } else { "absolute inset-0" };
    let sizes = if wide { "(width < 48rem) 100vw, 80rem" } else { "(width < 48rem) 100vw, 40rem" };
    let StoryView { title, body, action, link, picture } = story;
    let has_picture = picture.is_some();
    let grid = if has_picture { "md:grid-cols-2" } else { "" };
    view! {
        <section class=format!("mt-2 md:mt-4 grid {grid} rounded-card overflow-hidden relative {ON_TILE}")>
            <div class="p-6 md:p-12 lg:p-16 md:min-h-[30rem] flex flex-col justify-center items-start gap-5 max-md:order-2 relative z-10">
                <h1 class="text-3xl md:text-4xl">{title}</h1>
                <p class="text-lg max-w-[34ch]">{body}</p>
                {(!link.is_empty()).then(|| view! { <LinkButton href=link look=Look::Buy size=Size::Large>{action}</LinkButton> }.into_any())}
            </div>
            {picture.map(|picture| view! {
                <div class=position>
                    <div class=crop><Picture id=picture.id.to_string() alt=picture.alt sizes first=true/></div>
                </div>
            }.into_any())}
        </section>
    }
    .into_any()
}

/// Stories beside each other. The last of an odd number takes the whole width.
fn side_stories(stories: Vec<StoryView>) -> AnyView {
    view! {
        <div class="mt-12 md:mt-16 grid md:grid-cols-2 gap-5 md:gap-6 md:[&>:last-child:nth-child(odd)]:col-span-2">
            {stories.into_iter().map(|story| view! { <SideStory story/> }.into_any()).collect_view()}
        </div>
    }
    .into_any()
}

#[component]
fn SideStory(story: StoryView) -> impl IntoView {
    let StoryView { title, body, action, link, picture } = story;
    let grid = if picture.is_some() { "grid-cols-[1fr_40%]" } else { "" };
    view! {
        <section class=format!("grid {grid} rounded-card overflow-hidden {ON_TILE}")>
            <div class="p-5 md:p-8 flex flex-col justify-center items-start gap-3">
                <h2 class="text-xl md:text-2xl">{title}</h2>
                <p class="max-sm:text-sm">{body}</p>
                {(!link.is_empty()).then(|| view! {
                    <a href=link class="inline-flex items-center min-h-11 font-semibold underline underline-offset-4 decoration-1">{action}</a>
                }.into_any())}
            </div>
            {picture.map(|picture| view! {
                <div class="relative min-h-52">
                    <div class="absolute inset-0"><Picture id=picture.id.to_string() alt=picture.alt sizes="(width < 48rem) 40vw, 16rem"/></div>
                </div>
            }.into_any())}
        </section>
    }
    .into_any()
}

fn category_section(title: String, categories: Vec<CategoryView>) -> AnyView {
    let tiles = categories.into_iter().map(|category| {
        let picture = category.picture.map(|picture| picture.id.to_string()).unwrap_or_default();
        view! { <CategoryTile href=format!("/c/{}", category.slug) name=category.name picture/> }.into_any()
    });
    view! {
        <section class="mt-12 md:mt-16">
            <h2 class="text-2xl mb-5">{title}</h2>
            <div class="grid grid-cols-3 sm:grid-cols-4 lg:grid-cols-[repeat(auto-fit,minmax(7rem,1fr))] gap-x-3 md:gap-x-5 gap-y-6">{tiles.collect_view()}</div>
        </section>
    }
    .into_any()
}

/// What managers wrote in Markdown, sanitised.
fn text(title: String, html: String) -> AnyView {
    view! {
        <section class="mt-12 md:mt-16 prose-line">
            {(!title.is_empty()).then(|| view! { <h2 class="text-2xl mb-3">{title}</h2> }.into_any())}
            <div class="written" inner_html=html></div>
        </section>
    }
    .into_any()
}

#[component]
fn ProductSection(
    title: String,
    /// Where more of them are; empty for nowhere.
    link: String,
    products: Vec<ProductCardView>,
) -> impl IntoView {
    view! {
        <section class="mt-12 md:mt-16">
            <div class="flex items-baseline justify-between gap-4 mb-5">
                <h2 class="text-2xl">{title}</h2>
                {(!link.is_empty()).then(|| view! {
                    <a href=link class="inline-flex items-center min-h-11 font-medium underline underline-offset-4 decoration-1">{tr!(COMMON_SEE_ALL)}</a>
                }.into_any())}
            </div>
            <div class="product-grid">{products.into_iter().map(|product| view! { <Card product/> }.into_any()).collect_view()}</div>
        </section>
    }
    .into_any()
}

#[component]
fn Promises(
    /// Does the shop take cash on delivery?
    cash: bool,
) -> impl IntoView {
    let ways_to_pay = if cash { tr!(HOME_PAY_BODY) } else { tr!(HOME_PAY_BODY_CARD) };
    let promise = |shape: Shape, title: &'static str, body: &'static str| {
        view! {
            <div class="flex gap-4">
                <Icon shape class="size-7 text-primary"/>
                <div>
                    <h3 class="text-lg leading-tight">{title}</h3>
                    <p class="text-quiet mt-1">{body}</p>
                </div>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="mt-12 md:mt-16 grid md:grid-cols-3 gap-6 md:gap-10 border-y border-hairline py-8 md:py-10">
            {promise(icon::RECEIPT, tr!(HOME_DELIVERY_TITLE), tr!(HOME_DELIVERY_BODY))}
            {promise(icon::BANKNOTE, tr!(HOME_PAY_TITLE), ways_to_pay)}
            {promise(icon::RETURN, tr!(HOME_RETURNS_TITLE), tr!(HOME_RETURNS_BODY))}
        </section>
    }
    .into_any()
}
