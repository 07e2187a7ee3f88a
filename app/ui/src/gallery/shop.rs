//! A storefront page in its layout, with sample products.

use leptos::prelude::*;

use super::{pesos, picture};
use crate::*;

const CATEGORIES: [&str; 8] = [
    "Dried fruit and snacks",
    "Coffee and chocolate",
    "Preserves and condiments",
    "Home and tableware",
    "Lighting and decor",
    "Clothing and accessories",
    "Electronics",
    "Gifts and hampers",
];

const PRODUCTS: [(&str, i64); 8] = [
    ("Stoneware mug", 65_000),
    ("Tsinelas", 42_000),
    ("Capiz pendant lamp", 289_000),
    ("Dried mango", 18_000),
    ("Barako coffee", 32_000),
    ("Bayong tote", 89_000),
    ("Ube halaya", 24_000),
    ("Inabel scarf", 115_000),
];

#[component]
pub fn GalleryShop(
    /// Ids of existing pictures.
    #[prop(optional)]
    pictures: Vec<String>,
) -> impl IntoView {
    let links: Vec<_> = CATEGORIES.iter().map(|name| NavLink::new("#content", *name)).collect();
    let columns = vec![
        FooterColumn { title: tr!(SHELL_FOOTER_SHOP).into(), links: links.iter().take(4).cloned().collect() },
        FooterColumn { title: tr!(SHELL_FOOTER_HELP).into(), links: vec![NavLink::new("#content", tr!(SHELL_FOOTER_TRACK))] },
        FooterColumn { title: tr!(SHELL_FOOTER_YOUR_ACCOUNT).into(), links: vec![NavLink::new("#content", tr!(SHELL_SIGN_IN))] },
    ];
    let path = Signal::stored("/".to_owned());
    let menu = links.iter().cloned().map(|link| NavEntry { link, below: Vec::new() }).collect();
    view! {
        <SkipLink/>
        <Header shop_name="tindahan".to_owned() menu menu_label=tr!(SHELL_CATEGORIES) path cart_count=3/>
        <main id="content" class="page">
            {story(&pictures)}
            {categories(&links, &pictures)}
            {product_section(tr!(HOME_NEW_TITLE), &pictures, 0)}
            {promises()}
            {product_section(tr!(HOME_POPULAR_TITLE), &pictures, 4)}
        </main>
        <Footer shop_name="tindahan".to_owned() columns path year=2026/>
        <BottomNavigation path cart_count=3/>
    }
}

fn story(pictures: &[String]) -> AnyView {
    view! {
        <section class="mt-6 md:mt-8 grid md:grid-cols-2 rounded-card overflow-hidden bg-tile text-[oklch(24.8%_0.011_176)]">
            <div class="p-6 md:p-12 lg:p-16 flex flex-col justify-center items-start gap-5 max-md:order-2">
                <h1 class="text-3xl md:text-4xl">{tr!(HOME_STORY_TITLE)}</h1>
                <p class="text-lg max-w-[40ch]">{tr!(HOME_STORY_BODY)}</p>
                <LinkButton href="#content" look=Look::Buy size=Size::Large>{tr!(HOME_STORY_ACTION)}</LinkButton>
            </div>
            <div class="aspect-square md:aspect-auto md:min-h-96 relative">
                <div class="absolute inset-0"><Picture id=picture(pictures, 8) alt="" sizes="(width < 48rem) 100vw, 40rem" first=true/></div>
            </div>
        </section>
    }
    .into_any()
}

fn categories(links: &[NavLink], pictures: &[String]) -> AnyView {
    let tiles = links
        .iter()
        .enumerate()
        .map(|(at, link)| view! { <CategoryTile href=link.href.clone() name=link.name.clone() picture=picture(pictures, [3, 4, 6, 0, 2, 5, 9, 8][at % 8])/> })
        .collect_view();
    view! {
        <section class="mt-12 md:mt-16">
            <h2 class="text-2xl mb-5">{tr!(HOME_CATEGORIES_TITLE)}</h2>
            <div class="grid grid-cols-3 sm:grid-cols-4 lg:grid-cols-8 gap-x-3 md:gap-x-5 gap-y-6">{tiles}</div>
        </section>
    }
    .into_any()
}

fn product_section(title: &'static str, pictures: &[String], from: usize) -> AnyView {
    let cards = PRODUCTS
        .iter()
        .enumerate()
        .skip(from)
        .take(4)
        .map(|(at, (name, price))| {
            let compare_at = (at == 1).then(|| pesos(49_900));
            let few_left = (at == 5).then_some(2);
            view! {
                <ProductCard
                    href="#content"
                    name=*name
                    picture=picture(pictures, at)
                    price=pesos(*price)
                    compare_at
                    few_left
                    from=at % 3 == 0
                    new=at == 2
                    sold_out=at == 6
                    action=|| view! { <IconButton shape=icon::PLUS label=tr!(PRODUCT_ADD_TO_CART) look=Look::Primary/> }
                />
            }
        })
        .collect_view();
    view! {
        <section class="mt-12 md:mt-16">
            <div class="flex items-baseline justify-between gap-4 mb-5">
                <h2 class="text-2xl">{title}</h2>
                <a href="#content" class="inline-flex items-center min-h-11 font-medium underline underline-offset-4 decoration-1">{tr!(COMMON_SEE_ALL)}</a>
            </div>
            <div class="product-grid">{cards}</div>
        </section>
    }
    .into_any()
}

fn promises() -> AnyView {
    let promise = |shape, title: &'static str, body: &'static str| {
        view! {
            <div class="flex gap-4">
                <Icon shape class="size-7 text-primary"/>
                <div>
                    <h3 class="text-lg leading-tight">{title}</h3>
                    <p class="text-quiet mt-1">{body}</p>
                </div>
            </div>
        }
    };
    view! {
        <section class="mt-12 md:mt-16 grid md:grid-cols-3 gap-6 md:gap-10 border-y border-hairline py-8 md:py-10">
            {promise(icon::RECEIPT, tr!(HOME_DELIVERY_TITLE), tr!(HOME_DELIVERY_BODY))}
            {promise(icon::BANKNOTE, tr!(HOME_PAY_TITLE), tr!(HOME_PAY_BODY))}
            {promise(icon::RETURN, tr!(HOME_RETURNS_TITLE), tr!(HOME_RETURNS_BODY))}
        </section>
    }
    .into_any()
}
