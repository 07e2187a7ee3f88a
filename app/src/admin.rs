//! The admin's pages: the one table from which their routes, permissions, navigation, tabs and palette entries follow.
//!
//! Releases have two WebAssemblies: one with the shop's pages (feature `shop`) and one with the admin's (feature `admin`). Neither
//! has the other's pages, not even in parts that load later: the words and tables of such parts stay in the first download. A
//! link that leads from one to the other loads the page anew, see `other_documents.rs`. Development builds have one with both.

use admin_layout::Offered::{FirstTab, Navigation, Palette, Tab, Within};
use admin_layout::{AdminPage, Guarded, GuardedLayout, NotFound, Shortcut};
use admin_orders::home::Home;
use admin_orders::list::Orders;
use admin_orders::order::OrderPage;
use admin_orders::pick_list::PickList;
use admin_products::categories::Categories;
use admin_products::category::EditCategory;
use admin_products::edit::EditProduct;
use admin_products::import::Import;
use admin_products::list::Products;
use admin_products::movements::Movements;
use admin_products::stock::Stock;
use admin_settings::api_keys::ApiKeys;
use admin_settings::delivery::Delivery;
use admin_settings::denials::Denials;
use admin_settings::discount::EditDiscount;
use admin_settings::discounts::Discounts;
use admin_settings::general::General;
use admin_settings::jobs::Jobs;
use admin_settings::location::EditLocation;
use admin_settings::locations::Locations;
use admin_settings::method::EditMethod;
use admin_settings::mine::Mine;
use admin_settings::staff::Staff;
use admin_settings::taxes::Taxes;
use domain::permission::Permission;
use leptos::prelude::*;
use leptos_router::any_nested_route::{AnyNestedRoute, IntoAnyNestedRoute};
use leptos_router::components::{ParentRoute, Route};
use leptos_router::{SsrMode, path};
use ui::{icon, t};

/// Takes rows of `path: page, permission, where it is offered, views of it in the palette;` and makes the table and the routes.
macro_rules! admin_pages {
    ($($path:tt: $page:ident, $needs:ident, $offered:expr $(, [$($shortcut:expr),*])?;)*) => {
        /// Every page of the admin.
        pub const PAGES: &[AdminPage] = &[$(AdminPage {
            path: $path,
            needs: Permission::$needs,
            offered: $offered,
            shortcuts: &[$($($shortcut),*)?],
        },)*];

        #[component(transparent)]
        pub fn Admin() -> AnyNestedRoute {
            view! {
                <ParentRoute path=path!("admin") view=admin ssr=SsrMode::Async>
                    $(<Route path=path!($path) view={Guarded::<$page>::new(Permission::$needs)} ssr=SsrMode::Async/>)*
                    <Route path=path!("*any") view=NotFound ssr=SsrMode::Async/>
                </ParentRoute>
            }
            .into_inner()
            .into_any_nested_route()
        }
    };
}

admin_pages! {
    "": Home, ReadDashboard, Navigation(t::ADMIN_HOME, icon::HOME);
    "orders": Orders, ReadOrders, Navigation(t::ADMIN_ORDERS, icon::CLIPBOARD), [
        Shortcut { path: "orders?queue=to_pack", needs: Permission::ReadOrders, name: t::ADMIN_ORDERS_FILTER_TO_PACK, shape: icon::PACKAGE },
        Shortcut { path: "orders?queue=unpaid", needs: Permission::ReadOrders, name: t::ADMIN_ORDERS_FILTER_UNPAID, shape: icon::BANKNOTE }
    ];
    "orders/pick-list": PickList, ReadOrders, Within("orders");
    "orders/:order": OrderPage, ReadOrders, Within("orders");
    "products": Products, ReadProducts, Navigation(t::ADMIN_PRODUCTS, icon::TAG), [
        Shortcut { path: "products/new", needs: Permission::WriteProducts, name: t::ADMIN_PRODUCTS_NEW, shape: icon::PLUS }
    ];
    "products/import": Import, WriteProducts, Palette("products", t::ADMIN_PRODUCTS_IMPORT, icon::UPLOAD);
    "products/:product": EditProduct, ReadProducts, Within("products");
    "categories": Categories, ReadProducts, Palette("products", t::ADMIN_CATEGORIES_TITLE, icon::GRID), [
        Shortcut { path: "categories/new", needs: Permission::WriteProducts, name: t::ADMIN_CATEGORIES_NEW, shape: icon::PLUS }
    ];
    "categories/:category": EditCategory, ReadProducts, Within("categories");
    "stock": Stock, ReadStock, Navigation(t::ADMIN_STOCK, icon::BOXES);
    "stock/:variant": Movements, ReadStock, Within("stock");
    "settings": General, ReadSettings, FirstTab(t::ADMIN_SETTINGS, t::ADMIN_SETTINGS_GENERAL, icon::SETTINGS);
    "settings/taxes": Taxes, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_TAX, icon::BANKNOTE);
    "settings/delivery": Delivery, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DELIVERY, icon::PACKAGE);
    "settings/delivery/:code": EditMethod, ReadSettings, Within("settings/delivery");
    "settings/locations": Locations, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_LOCATIONS, icon::BOXES);
    "settings/locations/:code": EditLocation, ReadSettings, Within("settings/locations");
    "settings/discounts": Discounts, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DISCOUNTS, icon::TAG);
    "settings/discounts/:code": EditDiscount, ReadSettings, Within("settings/discounts");
    "settings/denials": Denials, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DENIALS, icon::LOCK);
    "settings/jobs": Jobs, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_JOBS, icon::CLOCK);
    "settings/staff": Staff, WriteStaff, Tab("settings", t::ADMIN_SETTINGS_STAFF, icon::USERS);
    "settings/api-keys": ApiKeys, WriteStaff, Tab("settings", t::ADMIN_SETTINGS_KEYS, icon::LOCK);
    "preferences": Mine, ReadDashboard, Palette("settings", t::ADMIN_MINE, icon::SETTINGS);
}

fn admin() -> impl IntoView {
    view! { <GuardedLayout pages=PAGES/> }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use std::collections::BTreeSet;

    use admin_layout::{commands, navigation, tabs};
    use domain::Locale;
    use domain::permission::Role;

    use super::*;

    /// The addresses in the navigation, in the tabs of a section and in the command palette.
    fn offered(role: Role, section: &str) -> [BTreeSet<String>; 3] {
        [
            navigation(PAGES, role, Locale::En).into_iter().map(|item| item.href).collect(),
            tabs(PAGES, section, role, Locale::En, "").into_iter().map(|tab| tab.href).collect(),
            commands(PAGES, role, Locale::En).into_iter().map(|command| command.href).collect(),
        ]
    }

    #[test]
    fn every_page_is_in_the_palette_and_in_navigation_or_a_tab_or_another_page_leads_to_it() {
        for page in PAGES {
            let section = match page.offered {
                FirstTab(..) => page.path,
                Tab(section, ..) => section,
                Navigation(..) | Palette(..) | Within(_) => "",
            };
            for role in Role::ALL {
                let [navigation, tabs, palette] = offered(role, section).map(|addresses| addresses.contains(&page.address()));
                let may = role.may(page.needs);
                let expected = match page.offered {
                    Navigation(..) => [may, false, may],
                    FirstTab(..) => [may, may, may],
                    Tab(..) => [false, may, may],
                    Palette(..) => [false, false, may],
                    Within(_) => [false, false, false],
                };
                assert_eq!([navigation, tabs, palette], expected, "{} for {role:?}", page.address());
            }
            if let Tab(above, ..) | Palette(above, ..) | Within(above) = page.offered {
                assert!(
                    PAGES.iter().any(|other| other.path == above && !other.path.contains(':')),
                    "{} stands below {above}",
                    page.address()
                );
            }
        }
    }

    #[test]
    fn each_entry_of_the_palette_is_the_address_of_a_page_and_listed_once() {
        let patterns: Vec<String> = PAGES.iter().map(AdminPage::address).collect();
        let is_at = |address: &str, pattern: &str| {
            let path = address.split('?').next().unwrap();
            path.split('/').count() == pattern.split('/').count()
                && path.split('/').zip(pattern.split('/')).all(|(part, name)| part == name || name.starts_with(':'))
        };
        let all: Vec<String> = commands(PAGES, Role::Owner, Locale::En).into_iter().map(|command| command.href).collect();
        for address in &all {
            assert!(address == "/" || patterns.iter().any(|pattern| is_at(address, pattern)), "{address}");
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }
}
