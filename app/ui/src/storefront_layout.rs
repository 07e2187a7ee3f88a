//! The layout of every storefront page: header, footer, the phone's bar.

use leptos::html;
use leptos::prelude::*;
use wasm_bindgen::JsCast;

use crate::{Awning, Banig, Icon, LanguageSwitcher, Mark, Picture, SearchBox, Shape, Suggester, ThemeSwitch, deferred, icon, tr, trn};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavLink {
    pub href: String,
    pub name: String,
}

impl NavLink {
    pub fn new(href: impl Into<String>, name: impl Into<String>) -> Self {
        Self { href: href.into(), name: name.into() }
    }
}

/// An entry of the header's menu.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavEntry {
    /// Its address is empty where it is a heading of the links below it.
    pub link: NavLink,
    pub below: Vec<NavLink>,
}

/// The first stop of the Tab key: skips the header, to `<main id="content">`.
#[component]
pub fn SkipLink() -> impl IntoView {
    view! {
        <a href="#content" class="screen-only sr-only focus:not-sr-only focus:fixed focus:z-50 focus:top-3 focus:start-3 btn btn-accent">{tr!(COMMON_SKIP_TO_CONTENT)}</a>
    }
}

/// The shop's logo and name, leading home.
fn shop_link(shop_name: String, logo: Option<String>, fit: &str, name_class: Option<&'static str>) -> AnyView {
    let label = tr!(SHELL_LOGO_LABEL, shop = shop_name);
    let class = format!("flex items-center gap-2 min-h-11 {fit} font-display font-semibold text-xl md:text-2xl tracking-tight");
    view! {
        <a href="/" class=class aria-label=label>
            {logo_picture(logo)}
            <span class=name_class>{shop_name}</span>
        </a>
    }
    .into_any()
}

/// The picture that is the shop's logo, or the drawn mark.
fn logo_picture(logo: Option<String>) -> AnyView {
    match logo {
        Some(id) => view! { <span class="block size-10 overflow-hidden rounded-field shrink-0"><Picture id alt="" sizes="2.5rem" first=true/></span> }.into_any(),
        None => view! { <Mark class="size-8 max-sm:size-7"/> }.into_any(),
    }
}

/// The header: logo, search, account and cart, with the menu below.
#[component]
pub fn Header(
    #[prop(into)] shop_name: String,
    /// The picture id of the shop's logo; without one its mark is shown.
    #[prop(optional_no_strip)]
    logo: Option<String>,
    menu: Vec<NavEntry>,
    /// Names the menu for screen readers.
    menu_label: &'static str,
    /// The path of this page, to mark the current link.
    #[prop(into)]
    path: Signal<String>,
    /// The number of units in the cart.
    #[prop(into)]
    cart_count: Signal<u32>,
    /// The first name of the signed-in user.
    #[prop(optional_no_strip)]
    signed_in: Option<String>,
    /// The text of the last search.
    #[prop(optional, into)]
    query: Signal<String>,
    /// Suggestions for the search box.
    #[prop(optional)]
    suggester: Option<Suggester>,
    /// Opens the cart's drawer instead of its page.
    #[prop(optional, into)]
    on_cart: Option<Callback<()>>,
    /// The delivery place: below the header on phones, before the menu, on wide screens beside the search.
    #[prop(optional, into)]
    place: Option<ViewFn>,
) -> impl IntoView {
    let account = if signed_in.is_some() { "/account" } else { "/sign-in" };
    view! {
        <header class="screen-only bar relative z-30 md:sticky md:top-0" id="front">
            <div class="bg-front text-front-content">
                <div class="page flex items-center gap-3 md:gap-6 h-14 md:h-16">
                    {shop_link(shop_name, logo, "shrink-0", None)}
                    <div class="grow min-w-0 max-w-2xl mx-auto">
                        <SearchBox query suggester/>
                    </div>
                    {place.as_ref().map(|place| view! { <div class="max-lg:hidden max-w-60 truncate">{place.run()}</div> }.into_any())}
                    <nav class="max-md:hidden flex items-center gap-1" aria-label=tr!(SHELL_ACCOUNT)>
                        <a href=account class="front-link">
                            <Icon shape=icon::USER class="size-6"/>
                            <span class="max-lg:sr-only">{signed_in.unwrap_or_else(|| tr!(SHELL_SIGN_IN).to_owned())}</span>
                        </a>
                        <a
                            href="/cart"
                            class="front-link"
                            on:click=move |event| open_cart(&event, on_cart)
                        >
                            <CartIcon count=cart_count/>
                            <span class="max-lg:hidden" aria-hidden="true">{tr!(SHELL_CART)}</span>
                            <span class="sr-only">{move || trn!(SHELL_CART_WITH_ITEMS, cart_count.get())}</span>
                        </a>
                    </nav>
                </div>
                {menu_bar(menu, menu_label, place.as_ref().map(ViewFn::run), path)}
            </div>
            <div class="absolute inset-x-0 top-full pointer-events-none"><Awning/></div>
        </header>
        <div class="screen-only h-4" aria-hidden="true"></div>
        {place.map(|place| view! { <aside class="screen-only md:hidden page" aria-label=tr!(SHELL_DELIVERY_PLACE)>{place.run()}</aside> }.into_any())}
    }
    .into_any()
}

/// The checkout's header: logo, that it is secure, and help; nothing else that leads away from paying.
#[component]
pub fn CheckoutHeader(
    #[prop(into)] shop_name: String,
    /// The picture id of the shop's logo; without one its mark is shown.
    #[prop(optional_no_strip)]
    logo: Option<String>,
    /// The address of the help page.
    #[prop(optional_no_strip)]
    help: Option<String>,
) -> impl IntoView {
    view! {
        <header class="screen-only relative z-30" id="front">
            <div class="bg-front text-front-content">
                <div class="page flex items-center gap-3 md:gap-6 h-14 md:h-16">
                    {shop_link(shop_name, logo, "min-w-0", Some("truncate"))}
                    // On narrow phones only the lock is visible, to leave room for the shop's name.
                    <p class="ms-auto shrink-0 flex items-center gap-2 text-sm font-medium"><Icon shape=icon::LOCK class="size-5"/><span class="max-[400px]:sr-only whitespace-nowrap">{tr!(CHECKOUT_SECURE)}</span></p>
                    {help.map(|help| view! { <a href=help class="front-link">{tr!(CHECKOUT_HELP)}</a> }.into_any())}
                </div>
            </div>
            <div class="absolute inset-x-0 top-full pointer-events-none"><Awning/></div>
        </header>
        <div class="screen-only h-4" aria-hidden="true"></div>
    }
    .into_any()
}

fn open_cart(event: &leptos::ev::MouseEvent, on_cart: Option<Callback<()>>) {
    let elsewhere = event.ctrl_key() || event.meta_key() || event.shift_key();
    if let Some(open) = on_cart.filter(|_| !elsewhere) {
        event.prevent_default();
        event.stop_propagation();
        open.run(());
    }
}

/// The menu below the header, after the delivery place. On phones it is above the categories, which are a page of their own in the bar at
/// the bottom.
fn menu_bar(menu: Vec<NavEntry>, label: &'static str, place: Option<AnyView>, path: Signal<String>) -> AnyView {
    // What unfolds would be cut off where a long menu is scrolled, so such a menu takes several lines.
    let unfolds = menu.iter().any(|entry| !entry.below.is_empty());
    let (row, list) = if unfolds { ("", "flex flex-wrap gap-x-5") } else { ("overflow-x-auto", "flex gap-5") };
    view! {
        <div class=format!("max-md:hidden page flex gap-5 whitespace-nowrap [scrollbar-width:none] {row}")>
            {place.map(|place| view! { <div class="lg:hidden">{place}</div> }.into_any())}
            <nav aria-label=label>
                <ul class=list>
                    {deferred(move || menu.into_iter().map(|entry| menu_entry(entry, path)).collect_view().into_any())}
                </ul>
            </nav>
        </div>
    }
    .into_any()
}

fn menu_entry(entry: NavEntry, path: Signal<String>) -> AnyView {
    if entry.below.is_empty() {
        view! { <MenuLink link=entry.link path/> }.into_any()
    } else {
        view! { <MenuGroup entry path/> }.into_any()
    }
}

#[component]
fn MenuLink(link: NavLink, path: Signal<String>) -> impl IntoView {
    let href = link.href.clone();
    let here = move || path.with(|path| *path == href);
    view! {
        <li>
            <a
                href=link.href
                class="flex items-center min-h-11 text-sm font-medium border-b-3 border-transparent hover:border-accent/60 aria-[current]:border-accent"
                aria-current=move || here().then_some("page")
            >
                {link.name}
            </a>
        </li>
    }
}

/// An entry that unfolds: its own link, if it has one, and those below it. The browser unfolds it without a script, one at a time.
#[component]
fn MenuGroup(entry: NavEntry, path: Signal<String>) -> impl IntoView {
    let NavEntry { link: NavLink { href, name }, below } = entry;
    let node = NodeRef::<html::Details>::new();
    let fold = move || {
        if let Some(details) = node.get_untracked() {
            details.set_open(false);
        }
    };
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            fold();
        }
        now
    });
    let on_escape = move |event: leptos::ev::KeyboardEvent| {
        let summary = node.get_untracked().filter(|details| event.key() == "Escape" && details.open());
        let summary = summary.and_then(|details| details.query_selector("summary").ok().flatten());
        if let Some(summary) = summary.and_then(|summary| summary.dyn_into::<web_sys::HtmlElement>().ok()) {
            fold();
            // Without the focus the menu is folded all the same.
            let _ = summary.focus();
        }
    };
    let on_leave = move |event: leptos::ev::FocusEvent| {
        let to = event.related_target().and_then(|to| to.dyn_into::<web_sys::Node>().ok());
        if node.get_untracked().is_some_and(|details| !details.contains(to.as_ref())) {
            fold();
        }
    };
    let own = (!href.is_empty()).then(|| NavLink::new(href, name.clone()));
    let links = own.into_iter().chain(below).map(|link| {
        let href = link.href.clone();
        let here = move || path.with(|path| *path == href);
        view! {
            <li>
                <a href=link.href class="flex items-center min-h-11 px-4 hover:bg-base-200 aria-[current]:font-semibold" aria-current=move || here().then_some("page")>{link.name}</a>
            </li>
        }
        .into_any()
    });
    let links = links.collect_view();
    view! {
        <li>
            <details node_ref=node name="menu" class="group relative" on:keydown=on_escape on:focusout=on_leave>
                <summary class="flex items-center gap-1 min-h-11 text-sm font-medium cursor-pointer border-b-3 border-transparent hover:border-accent/60 group-open:border-accent list-none [&::-webkit-details-marker]:hidden">
                    {name}
                    <Icon shape=icon::CHEVRON_DOWN class="size-4 transition-transform group-open:rotate-180"/>
                </summary>
                // It takes the focus of a press beside a link, so that it is not folded by that.
                <ul tabindex="-1" class="absolute z-40 top-full start-0 min-w-52 max-w-80 py-2 text-sm bg-raised text-base-content border border-hairline rounded-card shadow-soft whitespace-normal outline-none">{links}</ul>
            </details>
        </li>
    }
}

/// The menu on phones, above the categories.
#[component]
pub fn PhoneMenu(menu: Vec<NavEntry>) -> impl IntoView {
    let entry = |NavEntry { link: NavLink { href, name }, below }: NavEntry| {
        let own = if href.is_empty() {
            view! { <span class="flex items-center min-h-11 font-semibold">{name}</span> }.into_any()
        } else {
            view! { <a class="flex items-center min-h-11 font-semibold" href=href>{name}</a> }.into_any()
        };
        let each = below
            .into_iter()
            .map(|link| view! { <li><a class="flex items-center min-h-11" href=link.href>{link.name}</a></li> }.into_any());
        let each: Vec<AnyView> = each.collect();
        let each = (!each.is_empty()).then(|| view! { <ul class="ps-4 pb-2">{each}</ul> }.into_any());
        view! { <li>{own}{each}</li> }.into_any()
    };
    view! {
        <nav class="screen-only md:hidden page pt-2" aria-label=tr!(SHELL_MENU)>
            <ul class="border-y border-hairline divide-y divide-hairline">{menu.into_iter().map(entry).collect_view()}</ul>
        </nav>
    }
    .into_any()
}

/// The cart's icon with the number of units in it.
#[component]
fn CartIcon(count: Signal<u32>) -> impl IntoView {
    view! {
        <span class="relative" aria-hidden="true">
            <Icon shape=icon::CART class="size-6"/>
            <span
                class="absolute -top-1.5 -end-2 min-w-5 h-5 px-1 rounded-full bg-accent text-accent-content text-xs font-bold figures grid place-items-center"
                hidden=move || count.get() == 0
            >
                {move || if count.get() > 99 { "99+".to_owned() } else { count.get().to_string() }}
            </span>
        </span>
    }
}

/// A titled list of links in the footer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FooterColumn {
    pub title: String,
    pub links: Vec<NavLink>,
}

/// The footer: links, language, theme, under a banig band.
#[component]
pub fn Footer(
    #[prop(into)] shop_name: String,
    columns: Vec<FooterColumn>,
    /// The path of this page, to return to after a change of language or theme.
    #[prop(into)]
    path: Signal<String>,
    /// The year of the copyright line.
    year: i64,
) -> impl IntoView {
    view! { <footer class="screen-only mt-16 md:mt-24">{deferred(move || foot(shop_name, columns, path, year))}</footer> }.into_any()
}

fn foot(shop_name: String, columns: Vec<FooterColumn>, path: Signal<String>, year: i64) -> AnyView {
    let legal = tr!(SHELL_FOOTER_LEGAL, year = year, shop = shop_name);
    let grid = match columns.len() {
        0..=3 => "lg:grid-cols-[2fr_1fr_1fr_1fr]",
        4 => "lg:grid-cols-[2fr_1fr_1fr_1fr_1fr]",
        _ => "lg:grid-cols-[2fr_1fr_1fr_1fr_1fr_1fr]",
    };
    view! {
        <Banig/>
        <div class="bg-ground text-ground-content">
            <div class=format!("page grid gap-x-8 gap-y-8 py-10 md:py-14 sm:grid-cols-2 {grid}")>
                <div class="max-w-sm">
                    <p class="font-display font-semibold text-2xl">{shop_name}</p>
                    <p class="mt-2">{tr!(SHELL_FOOTER_ABOUT)}</p>
                </div>
                {columns
                    .into_iter()
                    .map(|column| {
                        let label = column.title.clone();
                        view! {
                            <nav aria-label=label>
                                <p class="font-semibold mb-1">{column.title}</p>
                                <ul>
                                    {column
                                        .links
                                        .into_iter()
                                        .map(|link| view! { <li><a class="inline-flex items-center min-h-11 md:min-h-9 hover:underline underline-offset-4" href=link.href>{link.name}</a></li> }.into_any())
                                        .collect_view()}
                                    </ul>
                                </nav>
                            }.into_any()
                        })
                        .collect_view()}
            </div>
            <div class="page flex flex-wrap items-center justify-between gap-x-8 gap-y-3 py-5 border-t border-white/15 max-md:pb-24">
                <p class="text-sm">{legal}</p>
                <div class="flex flex-wrap items-center gap-x-6 gap-y-2">
                    <LanguageSwitcher back=path/>
                    <ThemeSwitch back=path/>
                </div>
            </div>
        </div>
    }
    .into_any()
}

/// The phone's bar with the main pages; the search is in the header. Hidden on wider screens.
#[component]
pub fn BottomNavigation(
    #[prop(into)] path: Signal<String>,
    /// The number of units in the cart.
    #[prop(into)]
    cart_count: Signal<u32>,
    /// Opens the cart's drawer instead of its page.
    #[prop(optional, into)]
    on_cart: Option<Callback<()>>,
) -> impl IntoView {
    view! {
        <nav
            class="screen-only bar md:hidden fixed z-40 inset-x-0 bottom-0 bg-raised border-t border-hairline pb-[env(safe-area-inset-bottom)]"
            aria-label=tr!(SHELL_PHONE_MENU)
        >
            {deferred(move || bottom_items(path, cart_count, on_cart))}
        </nav>
    }
    .into_any()
}

fn bottom_items(path: Signal<String>, cart_count: Signal<u32>, on_cart: Option<Callback<()>>) -> AnyView {
    let item = move |href: &'static str, shape: Shape, name: &'static str| {
        let here = move || path.with(|path| path == href || (href != "/" && path.starts_with(href)));
        view! {
            <li class="grow basis-0">
                <a href=href class="thumb" aria-current=move || here().then_some("page")>
                    <Icon shape class="size-6"/>
                    <span>{name}</span>
                </a>
            </li>
        }
        .into_any()
    };
    view! {
        <ul class="flex">
            {item("/", icon::HOME, tr!(SHELL_HOME))}
            {item("/categories", icon::GRID, tr!(SHELL_CATEGORIES))}
            <li class="grow basis-0">
                <a
                    href="/cart"
                    class="thumb"
                    aria-current=move || path.with(|path| path == "/cart").then_some("page")
                    on:click=move |event| open_cart(&event, on_cart)
                >
                    <CartIcon count=cart_count/>
                    <span aria-hidden="true">{tr!(SHELL_CART)}</span>
                    <span class="sr-only">{move || trn!(SHELL_CART_WITH_ITEMS, cart_count.get())}</span>
                </a>
            </li>
            {item("/account", icon::USER, tr!(SHELL_ACCOUNT))}
        </ul>
    }
    .into_any()
}
