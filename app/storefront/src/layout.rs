//! The layout of the storefront's pages: header, footer, the phone's bar, the cart's drawer, the offline notice.

use std::time::Duration;

use domain::id::PictureId;
use domain::view::{DeliveryPlace, MenuEntryView, MenuLinkView, MenusView, SuggestionView};
use leptos::prelude::*;
use leptos_router::components::Outlet;
use leptos_router::hooks::{use_location, use_query_map};
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use ui::{
    BottomNavigation, CheckoutHeader, Footer, FooterColumn, Header, NavEntry, NavLink, PhoneMenu, SkipLink, Suggester, Suggestions,
    ToastRegion, tr, use_toasts,
};
use wasm_bindgen::JsCast;
use web::{Access, Answer, AppError, LatestRequest, access, access_of, loaded, resource, use_brand, when_hydrated};

use crate::cart::{CartDrawer, use_cart};
use crate::delivery_place::{DeliverTo, PlaceDialog, provide_delivery};
use crate::recent;
use crate::search::suggest;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutView {
    pub menus: MenusView,
    /// The first name of the signed-in user.
    pub first_name: Option<String>,
    /// Is the user on the staff?
    pub staff: bool,
    pub place: Option<DeliveryPlace>,
    pub year: i64,
    #[serde(default)]
    pub logo: Option<PictureId>,
    /// The shop's contact link.
    #[serde(default)]
    pub help: Option<String>,
}

/// The shop's contact link, if it has an address.
#[cfg(feature = "ssr")]
pub(crate) fn help(shop: &backend::Shop) -> Option<String> {
    let email = backend::settings::shop(shop).contact_email;
    (!email.is_empty()).then(|| format!("mailto:{email}"))
}

/// The data of the layout.
#[server(endpoint = "read_layout", input = GetUrl, output = Answer)]
pub async fn read_layout() -> Result<LayoutView, AppError> {
    use web::request;
    let shop = request::shop()?;
    let menus = backend::content::menus(&shop, request::locale()).await.map_err(|error| request::unexpected(&error))?;
    let (me, settings) = (request::me(), backend::settings::shop(&shop));
    Ok(LayoutView {
        menus,
        first_name: me.as_ref().map(|me| me.contact.name.split_whitespace().next().unwrap_or_default().to_owned()),
        staff: me.is_some_and(|me| me.role.is_some()),
        place: crate::delivery_place::chosen(),
        year: settings.zone().date(shop.now()).year(),
        logo: settings.logo,
        help: help(&shop),
    })
}
access!(ReadLayout, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadLayout>()];

/// How long the search box waits for the next character.
const TYPING_PAUSE: Duration = Duration::from_millis(140);

/// The layout around the route's page.
#[component]
pub fn ShopLayout() -> impl IntoView {
    view! { <Layout><Outlet/></Layout> }
}

/// The layout around a page.
#[component]
pub fn Layout(children: Children) -> impl IntoView {
    let layout = resource(|| (), |()| read_layout());
    provide_delivery();
    let location = use_location();
    let path = Signal::derive(move || location.pathname.get());
    let back = Signal::derive(move || {
        let search = location.search.get();
        if search.is_empty() { location.pathname.get() } else { format!("{}?{}", location.pathname.get(), search.trim_start_matches('?')) }
    });
    let cart = use_cart();
    let count = cart.count();
    let on_cart = Callback::new(move |()| cart.open.set(true));
    let found = RwSignal::new(Suggestions::default());
    let request = LatestRequest::after(TYPING_PAUSE);
    // Another page, not only another query of the same one.
    Effect::new(move |before: Option<String>| {
        let now = path.get();
        if before.is_some_and(|before| before != now) {
            cart.open.set(false);
            request.cancel();
            found.set(Suggestions::default());
            // A closing drawer gives the focus back first; then the page takes it, and a screen reader announces it.
            request_animation_frame(focus_page);
        }
        now
    });
    // The checkout has no links that lead away.
    let paying = Memo::new(move |_| path.with(|path| path == "/checkout" || path.starts_with("/checkout/")));
    let header = move |layout: LayoutView| {
        let checkout = move |layout: LayoutView| {
            view! { <CheckoutHeader shop_name=use_brand().name logo=layout.logo.map(|id| id.to_string()) help=layout.help/> }.into_any()
        };
        let shop = move |layout: LayoutView| view! { <ShopHeader layout path cart_count=count on_cart found request/> }.into_any();
        let shown = move || if paying.get() { checkout(layout.clone()) } else { shop(layout.clone()) };
        view! { {shown} }.into_any()
    };
    let footer = move |layout: LayoutView| {
        let shown = move || (!paying.get()).then(|| view! { <ShopFooter layout=layout.clone() back/> }.into_any());
        view! { {shown} }.into_any()
    };
    // On phones the menu is on the page of the categories, which the bar at the bottom leads to.
    let phone_menu = move |layout: LayoutView| {
        let MenusView { main, is_main_arranged, .. } = layout.menus;
        let shown = move || {
            let is_here = is_main_arranged && path.with(|path| path == "/categories");
            is_here.then(|| view! { <PhoneMenu menu=nav_entries(main.clone())/> }.into_any())
        };
        view! { {shown} }.into_any()
    };
    read_again_on_back(path);
    view! {
        <SkipLink/>
        <Suspense fallback=|| ()>
            {loaded(layout, move |layout| header(layout.unwrap_or_default()))}
        </Suspense>
        <OfflineNotice/>
        <Suspense fallback=|| ()>
            {loaded(layout, move |layout| phone_menu(layout.unwrap_or_default()))}
        </Suspense>
        <main id="content" class="page grow outline-none!" tabindex="-1">{children()}</main>
        <Suspense fallback=|| ()>
            {loaded(layout, move |layout| footer(layout.unwrap_or_default()))}
        </Suspense>
        {move || (!paying.get()).then(|| view! { <BottomNavigation path cart_count=count on_cart/> }.into_any())}
        <CartDrawer/>
        <PlaceDialog/>
        <ToastRegion/>
    }
    .into_any()
}

/// A personal page that comes from the browser's back-forward cache, as after the bank's page, may be outdated: it is loaded
/// again.
fn read_again_on_back(path: Signal<String>) {
    Effect::new(move || {
        let shown = window_event_listener_untyped("pageshow", move |event| {
            let is_theirs =
                path.with_untracked(|path| ["/checkout", "/cart", "/account", "/orders"].iter().any(|own| path.starts_with(own)));
            if is_theirs && event.dyn_into::<web_sys::PageTransitionEvent>().is_ok_and(|event| event.persisted()) {
                // On an error the user can reload the page.
                let _ = window().location().reload();
            }
        });
        on_cleanup(move || shown.remove());
    });
}

fn focus_page() {
    let page = document().get_element_by_id("content").and_then(|page| page.dyn_into::<web_sys::HtmlElement>().ok());
    if let Some(page) = page {
        let stay = web_sys::FocusOptions::new();
        stay.set_prevent_scroll(true);
        // On an error the focus stays.
        let _ = page.focus_with_options(&stay);
    }
}

fn nav_links(links: Vec<MenuLinkView>) -> Vec<NavLink> {
    links.into_iter().map(|link| NavLink::new(link.href, link.name)).collect()
}

fn nav_entries(entries: Vec<MenuEntryView>) -> Vec<NavEntry> {
    let entry = |entry: MenuEntryView| NavEntry { link: NavLink::new(entry.href, entry.name), below: nav_links(entry.below) };
    entries.into_iter().map(entry).collect()
}

#[component]
fn ShopHeader(
    layout: LayoutView,
    path: Signal<String>,
    cart_count: Signal<u32>,
    on_cart: Callback<()>,
    found: RwSignal<Suggestions>,
    request: LatestRequest,
) -> impl IntoView {
    let query = use_query_map();
    let searched = Signal::derive(move || query.with(|query| query.get("q").unwrap_or_default()));
    let suggester = suggester(found, request);
    let MenusView { main, is_main_arranged, .. } = layout.menus;
    let menu_label = if is_main_arranged { tr!(SHELL_MENU) } else { tr!(SHELL_CATEGORIES) };
    view! {
        <Header
            shop_name=use_brand().name
            logo=layout.logo.map(|id| id.to_string())
            menu=nav_entries(main)
            menu_label
            path
            cart_count
            signed_in=layout.first_name
            query=searched
            suggester
            on_cart
            place=move || view! { <DeliverTo place=layout.place.clone()/> }.into_any()
        />
    }
}

/// Suggests what matches the typed text; before anything is typed, the latest searches and what is popular.
fn suggester(found: RwSignal<Suggestions>, request: LatestRequest) -> Suggester {
    let on_query = Callback::new(move |words: String| {
        let popular = words.trim().is_empty();
        if popular {
            found.set(Suggestions { recent: recent::searches(), ..Suggestions::default() });
        } else if words.trim().chars().count() < 2 {
            request.cancel();
            found.set(Suggestions::default());
            return;
        }
        let show = move |suggested: Result<Vec<SuggestionView>, AppError>| {
            let recent = if popular { recent::searches() } else { Vec::new() };
            // On an error there are no suggestions; the form still searches.
            found.set(Suggestions { recent, found: suggested.unwrap_or_default(), popular });
        };
        request.ask(move || suggest(words), show);
    });
    let on_forget = Callback::new(move |()| {
        recent::forget();
        found.update(|suggestions| suggestions.recent.clear());
    });
    Suggester { suggestions: found.into(), on_query, on_forget }
}

#[component]
fn ShopFooter(layout: LayoutView, back: Signal<String>) -> impl IntoView {
    let is_signed_in = layout.first_name.is_some();
    let mut account = Vec::new();
    if is_signed_in {
        account.push(NavLink::new("/account", tr!(ACCOUNT_OVERVIEW)));
        account.push(NavLink::new("/account/orders", tr!(ACCOUNT_ORDERS)));
        account.push(NavLink::new("/account/addresses", tr!(ACCOUNT_ADDRESSES)));
    } else {
        account.push(NavLink::new("/sign-in", tr!(SHELL_SIGN_IN)));
        account.push(NavLink::new("/sign-up", tr!(ACCOUNT_CREATE)));
    }
    if layout.staff {
        account.push(NavLink::new("/admin", tr!(ADMIN_TITLE)));
    }
    // Guests get the link to their order again there; who is signed in has a list.
    let own = |mut link: NavLink| {
        if is_signed_in && link.href == "/orders/find" {
            "/account/orders".clone_into(&mut link.href);
        }
        link
    };
    let column = |column: MenuEntryView| {
        let MenuEntryView { name, href, below } = column;
        let links = (!href.is_empty()).then(|| NavLink::new(href, name.clone())).into_iter().chain(nav_links(below)).map(own);
        FooterColumn { title: name, links: links.collect() }
    };
    let mut columns: Vec<FooterColumn> = layout.menus.footer.into_iter().map(column).collect();
    columns.push(FooterColumn { title: tr!(SHELL_FOOTER_YOUR_ACCOUNT).into(), links: account });
    view! { <Footer shop_name=use_brand().name columns path=back year=layout.year/> }
}

/// Shows when the network is lost and when it is back.
#[component]
fn OfflineNotice() -> impl IntoView {
    let offline = RwSignal::new(false);
    let toasts = use_toasts();
    let back_online = tr!(SHELL_ONLINE_AGAIN);
    when_hydrated(move || offline.set(!window().navigator().on_line()));
    Effect::new(move || {
        let gone = window_event_listener(leptos::ev::offline, move |_| offline.set(true));
        let back = window_event_listener(leptos::ev::online, move |_| {
            offline.set(false);
            toasts.info(back_online);
        });
        on_cleanup(move || {
            gone.remove();
            back.remove();
        });
    });
    view! {
        <div role="status" class="screen-only">
            {move || offline.get().then(|| view! { <p class="page pt-2 pb-3 text-sm font-medium text-quiet" id="offline">{tr!(SHELL_OFFLINE_NOTICE)}</p> }.into_any())}
        </div>
    }
}
