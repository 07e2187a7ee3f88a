//! The admin's pages: the one table from which their routes, permissions, navigation, tabs and palette entries follow.
//!
//! Releases have two WebAssemblies: one with the shop's pages (feature `shop`) and one with the admin's (feature `admin`). Neither
//! has the other's pages, not even in parts that load later: the words and tables of such parts stay in the first download. A
//! link that leads from one to the other loads the page anew, see `other_app_routes.rs`. Development builds have one with both.

use admin_content::home::HomeSections;
use admin_content::list::Pages;
use admin_content::menu_entry::EditMenuEntry;
use admin_content::menus::Menus;
use admin_content::messages::Messages;
use admin_content::page::EditPage;
use admin_content::section::EditHomeSection;
use admin_customers::customer::CustomerPage;
use admin_customers::list::Customers;
use admin_customers::merge::Merge;
use admin_layout::Offered::{FirstTab, Navigation, Palette, Tab, Within};
use admin_layout::{AdminPage, Guarded, GuardedLayout, NotFound, Shortcut};
use admin_orders::home::Home;
use admin_orders::list::Orders;
use admin_orders::order::OrderPage;
use admin_orders::pick_list::PickList;
use admin_products::bulk::Bulk;
use admin_products::bulk_edit::BulkEditPage;
use admin_products::categories::Categories;
use admin_products::category::EditCategory;
use admin_products::edit::EditProduct;
use admin_products::import::Import;
use admin_products::list::Products;
use admin_products::movements::Movements;
use admin_products::product_type::EditProductType;
use admin_products::product_types::ProductTypes;
use admin_products::stock::Stock;
use admin_settings::api_keys::ApiKeys;
use admin_settings::confirm::Confirm;
use admin_settings::delivery_method::EditMethod;
use admin_settings::delivery_methods::Delivery;
use admin_settings::denials::Denials;
use admin_settings::discount::EditDiscount;
use admin_settings::discounts::Discounts;
use admin_settings::general::General;
use admin_settings::jobs::Jobs;
use admin_settings::location::EditLocation;
use admin_settings::locations::Locations;
use admin_settings::my_notices::MyNotices;
use admin_settings::signed_in::SignedIn;
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
        Shortcut::to("orders?queue=to_pack", Permission::ReadOrders, t::ADMIN_ORDERS_FILTER_TO_PACK, icon::PACKAGE),
        Shortcut::to("orders?queue=unpaid", Permission::ReadOrders, t::ADMIN_ORDERS_FILTER_UNPAID, icon::BANKNOTE),
        Shortcut::to("orders/pick-list?queue=to_pack", Permission::ReadOrders, t::ADMIN_ORDERS_BULK_PRINT, icon::PRINTER),
        Shortcut::file("orders.csv", Permission::ExportOrders, t::ADMIN_PALETTE_EXPORT_ORDERS)
    ];
    "orders/pick-list": PickList, ReadOrders, Within("orders");
    "orders/:order": OrderPage, ReadOrders, Within("orders");
    "customers": Customers, ReadCustomers, Navigation(t::ADMIN_CUSTOMERS, icon::USERS), [
        Shortcut::file("customers.csv", Permission::ExportCustomers, t::ADMIN_PALETTE_EXPORT_CUSTOMERS)
    ];
    "customers/:customer": CustomerPage, ReadCustomers, Within("customers");
    "customers/:customer/merge": Merge, WriteCustomers, Within("customers");
    "products": Products, ReadProducts, Navigation(t::ADMIN_PRODUCTS, icon::TAG), [
        Shortcut::to("products/new", Permission::WriteProducts, t::ADMIN_PRODUCTS_NEW, icon::PLUS),
        Shortcut::file("products.csv", Permission::ReadProducts, t::ADMIN_PALETTE_EXPORT_PRODUCTS)
    ];
    "products/import": Import, WriteProducts, Palette("products", t::ADMIN_PRODUCTS_IMPORT, icon::UPLOAD);
    "products/bulk": Bulk, WriteProducts, Palette("products", t::ADMIN_BULK_TITLE, icon::PENCIL);
    "products/bulk/:edit": BulkEditPage, WriteProducts, Within("products/bulk");
    "products/:product": EditProduct, ReadProducts, Within("products");
    "categories": Categories, ReadProducts, Palette("products", t::ADMIN_CATEGORIES_TITLE, icon::GRID), [
        Shortcut::to("categories/new", Permission::WriteProducts, t::ADMIN_CATEGORIES_NEW, icon::PLUS)
    ];
    "categories/:category": EditCategory, ReadProducts, Within("categories");
    "product-types": ProductTypes, ReadProducts, Palette("products", t::ADMIN_TYPES_TITLE, icon::RULER), [
        Shortcut::to("product-types/new", Permission::WriteProducts, t::ADMIN_TYPES_NEW, icon::PLUS)
    ];
    "product-types/:type": EditProductType, ReadProducts, Within("product-types");
    "stock": Stock, ReadStock, Navigation(t::ADMIN_STOCK, icon::BOXES);
    "stock/:variant": Movements, ReadStock, Within("stock");
    "content": Pages, ReadContent, FirstTab(t::ADMIN_CONTENT, t::ADMIN_CONTENT_PAGES, icon::PENCIL), [
        Shortcut::to("content/pages/new", Permission::WriteContent, t::ADMIN_CONTENT_NEW, icon::PLUS)
    ];
    "content/pages/:page": EditPage, ReadContent, Within("content");
    "content/menus": Menus, ReadContent, Tab("content", t::ADMIN_CONTENT_MENUS, icon::MENU);
    "content/menus/:menu/:entry": EditMenuEntry, ReadContent, Within("content/menus");
    "content/home": HomeSections, ReadContent, Tab("content", t::ADMIN_CONTENT_HOME, icon::HOME);
    "content/home/:section": EditHomeSection, ReadContent, Within("content/home");
    "content/messages": Messages, HandleMessages, Tab("content", t::ADMIN_CONTENT_MESSAGES, icon::CLIPBOARD);
    "settings": General, ReadSettings, FirstTab(t::ADMIN_SETTINGS, t::ADMIN_SETTINGS_GENERAL, icon::SETTINGS), [
        Shortcut::to("settings#name", Permission::ReadSettings, t::ADMIN_SETTINGS_SHOP_NAME, icon::STORE),
        Shortcut::to("settings#currency", Permission::ReadSettings, t::ADMIN_SETTINGS_CURRENCY, icon::BANKNOTE),
        Shortcut::to("settings#country", Permission::ReadSettings, t::ADMIN_SETTINGS_COUNTRY, icon::MAP_PIN),
        Shortcut::to("settings#time_zone", Permission::ReadSettings, t::ADMIN_SETTINGS_TIME_ZONE, icon::CLOCK),
        Shortcut::to("settings#primary", Permission::ReadSettings, t::ADMIN_SETTINGS_PRIMARY, icon::IMAGE).or_by(t::ADMIN_PALETTE_WORDS_COLOURS),
        Shortcut::to("settings#accent", Permission::ReadSettings, t::ADMIN_SETTINGS_ACCENT, icon::IMAGE).or_by(t::ADMIN_PALETTE_WORDS_COLOURS),
        Shortcut::to("settings#logo", Permission::WriteSettings, t::ADMIN_SETTINGS_LOGO, icon::IMAGE),
        Shortcut::to("settings#contact_email", Permission::ReadSettings, t::ADMIN_SETTINGS_CONTACT_EMAIL, icon::MAIL),
        Shortcut::to("settings#low_stock", Permission::ReadSettings, t::ADMIN_SETTINGS_LOW_STOCK, icon::BOXES),
        Shortcut::to("settings#cash_total", Permission::ReadSettings, t::ADMIN_SETTINGS_LIMITS_CASH_TOTAL, icon::BANKNOTE).or_by(t::ADMIN_PALETTE_WORDS_CASH),
        Shortcut::to("settings#cash_days", Permission::ReadSettings, t::ADMIN_SETTINGS_LIMITS_CASH_DAYS, icon::CLOCK).or_by(t::ADMIN_PALETTE_WORDS_CASH),
        Shortcut::to("settings#card_per_person", Permission::ReadSettings, t::ADMIN_SETTINGS_LIMITS_CARD_PER_PERSON, icon::CREDIT_CARD),
        Shortcut::to("settings#line_units", Permission::ReadSettings, t::ADMIN_SETTINGS_LIMITS_LINE_UNITS, icon::BOXES)
    ];
    "settings/taxes": Taxes, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_TAX, icon::BANKNOTE), [
        Shortcut::to("settings/taxes#rate", Permission::WriteSettings, t::ADMIN_SETTINGS_TAX_ADD, icon::PLUS).or_by(t::ADMIN_PALETTE_WORDS_TAX)
    ];
    "settings/delivery": Delivery, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DELIVERY, icon::PACKAGE), [
        Shortcut::to("settings/delivery/new", Permission::WriteSettings, t::ADMIN_SETTINGS_DELIVERY_ADD, icon::PLUS).or_by(t::ADMIN_PALETTE_WORDS_DELIVERY)
    ];
    "settings/delivery/:code": EditMethod, ReadSettings, Within("settings/delivery");
    "settings/locations": Locations, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_LOCATIONS, icon::BOXES), [
        Shortcut::to("settings/locations/new", Permission::WriteSettings, t::ADMIN_SETTINGS_LOCATION_ADD, icon::PLUS)
    ];
    "settings/locations/:code": EditLocation, ReadSettings, Within("settings/locations");
    "settings/discounts": Discounts, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DISCOUNTS, icon::TAG), [
        Shortcut::to("settings/discounts/new", Permission::WriteSettings, t::ADMIN_SETTINGS_DISCOUNT_ADD, icon::PLUS)
    ];
    "settings/discounts/:code": EditDiscount, ReadSettings, Within("settings/discounts");
    "settings/denials": Denials, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_DENIALS, icon::LOCK);
    "settings/jobs": Jobs, ReadSettings, Tab("settings", t::ADMIN_SETTINGS_JOBS, icon::CLOCK);
    "settings/staff": Staff, WriteStaff, Tab("settings", t::ADMIN_SETTINGS_STAFF, icon::USERS), [
        Shortcut::to("settings/staff#email", Permission::WriteStaff, t::ADMIN_SETTINGS_ADD_STAFF, icon::PLUS).or_by(t::ADMIN_PALETTE_WORDS_STAFF)
    ];
    "settings/api-keys": ApiKeys, WriteStaff, Tab("settings", t::ADMIN_SETTINGS_KEYS, icon::LOCK);
    "preferences": MyNotices, ReadDashboard, Palette("settings", t::ADMIN_MINE, icon::SETTINGS);
    "signed-in": SignedIn, ReadDashboard, Within("");
    "confirm": Confirm, ReadDashboard, Within("");
}

fn admin() -> impl IntoView {
    view! { <GuardedLayout pages=PAGES/> }
}

#[cfg(test)]
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
            let path = address.split(['?', '#']).next().unwrap();
            path.split('/').count() == pattern.split('/').count()
                && path.split('/').zip(pattern.split('/')).all(|(part, name)| part == name || name.starts_with(':'))
        };
        let all: Vec<String> = commands(PAGES, Role::Owner, Locale::En).into_iter().map(|command| command.href).collect();
        for address in &all {
            let is_elsewhere = address == "/" || address.is_empty() || address.ends_with(".csv");
            assert!(is_elsewhere || patterns.iter().any(|pattern| is_at(address, pattern)), "{address}");
        }
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len(), "{all:?}");
    }

    #[test]
    fn the_palette_offers_what_a_role_may_do_and_nothing_else() {
        let labels = |role: Role| commands(PAGES, role, Locale::En).into_iter().map(|command| command.label).collect::<Vec<_>>();
        let (owner, clerk) = (labels(Role::Owner), labels(Role::Clerk));
        for label in
            ["New product", "Print pick list", "Sign out", "Open the shop", "Export orders", "Currency", "Main colour", "Invite someone"]
        {
            assert!(owner.iter().any(|own| own == label), "{label}");
        }
        for label in ["Print pick list", "Sign out", "Open the shop"] {
            assert!(clerk.iter().any(|own| own == label), "{label}");
        }
        for label in ["New product", "Export orders", "Currency", "Invite someone"] {
            assert!(clerk.iter().all(|own| own != label), "{label}");
        }
    }
}
