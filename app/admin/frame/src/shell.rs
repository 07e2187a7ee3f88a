//! The frame of the admin: jobs and commands that the reader may use, and the guard that asks others to sign in.

use domain::permission::{Permission, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use session::{Access, Answer, AppError, access, access_of, shared};
use ui::{AdminFrame, Command, Job, Shape, SkipLink, ToastRegion, icon, tr};

use crate::Trouble;

/// What the frame shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShellView {
    /// The shop's name.
    pub shop_name: String,
    /// Who works here.
    pub user_name: String,
    /// What they do.
    pub role: Role,
}

/// Who works here, and what they may do. Whoever is not signed in is asked to, and comes back to `path`.
#[server(endpoint = "admin/shell", output = Answer)]
pub async fn read_shell(path: String) -> Result<ShellView, AppError> {
    who_works(&path)
}
access!(ReadShell, Access::Staff(Permission::ReadDashboard));

#[cfg(feature = "ssr")]
fn who_works(path: &str) -> Result<ShellView, AppError> {
    use session::request;
    if let Err(error) = request::authorize(<ReadShell as session::RequiresAccess>::ACCESS) {
        if error.is_signed_out() {
            leptos_axum::redirect(&crate::address("/sign-in", &[("back", path)]));
        }
        return Err(error);
    }
    let (Some(me), shop) = (request::me(), request::shop()?) else { return Err(request::fail(AppError::new(401))) };
    let Some(role) = me.role else { return Err(request::fail(AppError::new(403))) };
    Ok(ShellView { shop_name: backend::settings::shop(&shop).name, user_name: me.contact.name, role })
}

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadShell>()];

/// Which of these things the caller may do, for pages that show only what can be done.
#[cfg(feature = "ssr")]
#[must_use]
pub fn granted() -> Vec<Permission> {
    let role = session::request::me().and_then(|me| me.role);
    Permission::ALL.iter().copied().filter(|permission| role.is_some_and(|role| role.may(*permission))).collect()
}

/// The frame around every page of the admin.
#[component]
pub fn AdminShell() -> impl IntoView {
    let location = use_location();
    let path = Signal::derive(move || location.pathname.get());
    let shell = shell(&location.pathname.get_untracked());
    provide_context(Reader(shell));
    // The page stands outside of whatever waits: what waits is rendered more than once, and would read the page's data each time.
    let content = match shell.get_untracked() {
        Some(Err(error)) => view! { <main id="content" class="page grow"><Trouble error/></main> }.into_any(),
        _ => frame(shell, path),
    };
    view! {
        <SkipLink/>
        {content}
        <ToastRegion/>
    }
    .into_any()
}

/// Who works here: known at once to the server and to the page that it sent, asked for when one comes from another page.
fn shell(path: &str) -> RwSignal<Option<Result<ShellView, AppError>>> {
    let sent = shared(|| {
        #[cfg(feature = "ssr")]
        return Some(who_works(path));
        #[cfg(not(feature = "ssr"))]
        None
    });
    let shell = RwSignal::new(sent);
    if cfg!(not(feature = "ssr")) && shell.with_untracked(Option::is_none) {
        let path = path.to_owned();
        spawn_local(async move {
            match read_shell(path.clone()).await {
                // The server says what is wrong, or asks to sign in.
                Err(error) if matches!(error.status, 401 | 403) => {
                    let _ = window().location().set_href(&path);
                }
                answer => shell.set(Some(answer)),
            }
        });
    }
    shell
}

#[derive(Clone, Copy)]
struct Reader(RwSignal<Option<Result<ShellView, AppError>>>);

/// May the reader do this? For what pages offer; the server asks again.
#[must_use]
pub fn may(permission: Permission) -> Signal<bool> {
    let reader = use_context::<Reader>();
    Signal::derive(move || {
        reader.is_some_and(|Reader(shell)| shell.with(|shell| matches!(shell, Some(Ok(view)) if view.role.may(permission))))
    })
}

/// A place to go in the admin, and what one must be allowed to go there.
struct Place {
    needs: Permission,
    href: &'static str,
    name: &'static str,
    shape: Shape,
}

fn jobs() -> [Place; 5] {
    [
        Place { needs: Permission::ReadDashboard, href: "/admin", name: tr!(ADMIN_HOME), shape: icon::HOME },
        Place { needs: Permission::ReadOrders, href: "/admin/orders", name: tr!(ADMIN_ORDERS), shape: icon::CLIPBOARD },
        Place { needs: Permission::ReadProducts, href: "/admin/products", name: tr!(ADMIN_PRODUCTS), shape: icon::TAG },
        Place { needs: Permission::ReadStock, href: "/admin/stock", name: tr!(ADMIN_STOCK), shape: icon::BOXES },
        Place { needs: Permission::ReadSettings, href: "/admin/settings", name: tr!(ADMIN_SETTINGS), shape: icon::SETTINGS },
    ]
}

/// What the palette offers beside the jobs: the job it belongs to stands in the group.
fn further() -> [(&'static str, Place); 14] {
    let place = |needs, href, name, shape| Place { needs, href, name, shape };
    [
        (tr!(ADMIN_ORDERS), place(Permission::ReadOrders, "/admin/orders?queue=to_pack", tr!(ADMIN_ORDERS_FILTER_TO_PACK), icon::PACKAGE)),
        (tr!(ADMIN_ORDERS), place(Permission::ReadOrders, "/admin/orders?queue=unpaid", tr!(ADMIN_ORDERS_FILTER_UNPAID), icon::BANKNOTE)),
        (tr!(ADMIN_PRODUCTS), place(Permission::WriteProducts, "/admin/products/new", tr!(ADMIN_PRODUCTS_NEW), icon::PLUS)),
        (tr!(ADMIN_PRODUCTS), place(Permission::WriteProducts, "/admin/products/import", tr!(ADMIN_PRODUCTS_IMPORT), icon::UPLOAD)),
        (tr!(ADMIN_PRODUCTS), place(Permission::ReadProducts, "/admin/categories", tr!(ADMIN_CATEGORIES_TITLE), icon::GRID)),
        (tr!(ADMIN_PRODUCTS), place(Permission::WriteProducts, "/admin/categories/new", tr!(ADMIN_CATEGORIES_NEW), icon::PLUS)),
        (tr!(ADMIN_SETTINGS), place(Permission::ReadSettings, "/admin/settings/taxes", tr!(ADMIN_SETTINGS_TAX), icon::BANKNOTE)),
        (tr!(ADMIN_SETTINGS), place(Permission::ReadSettings, "/admin/settings/delivery", tr!(ADMIN_SETTINGS_DELIVERY), icon::PACKAGE)),
        (tr!(ADMIN_SETTINGS), place(Permission::ReadSettings, "/admin/settings/discounts", tr!(ADMIN_SETTINGS_DISCOUNTS), icon::TAG)),
        (tr!(ADMIN_SETTINGS), place(Permission::ReadSettings, "/admin/settings/denials", tr!(ADMIN_SETTINGS_DENIALS), icon::LOCK)),
        (tr!(ADMIN_SETTINGS), place(Permission::WriteStaff, "/admin/settings/staff", tr!(ADMIN_SETTINGS_STAFF), icon::USERS)),
        (tr!(ADMIN_SETTINGS), place(Permission::WriteStaff, "/admin/settings/keys", tr!(ADMIN_SETTINGS_KEYS), icon::LOCK)),
        (tr!(ADMIN_SETTINGS), place(Permission::ReadDashboard, "/admin/preferences", tr!(ADMIN_MINE), icon::SETTINGS)),
        (tr!(ADMIN_TITLE), place(Permission::ReadDashboard, "/", tr!(ADMIN_OPEN_SHOP), icon::STORE)),
    ]
}

fn commands(role: Role) -> Vec<Command> {
    let as_command = |group: &str, place: Place| Command {
        label: place.name.to_owned(),
        group: group.to_owned(),
        href: place.href.to_owned(),
        shape: place.shape,
        keywords: String::new(),
    };
    let jobs = jobs().into_iter().map(|job| (tr!(ADMIN_TITLE), job));
    jobs.chain(further()).filter(|(_, place)| role.may(place.needs)).map(|(group, place)| as_command(group, place)).collect()
}

fn job(place: Place) -> Job {
    Job { href: place.href.to_owned(), name: place.name.to_owned(), shape: place.shape, waiting: None }
}

fn frame(shell: RwSignal<Option<Result<ShellView, AppError>>>, path: Signal<String>) -> AnyView {
    let known = Memo::new(move |_| shell.with(|shell| shell.as_ref()?.as_ref().ok().cloned()));
    let of = move |part: fn(&ShellView) -> String| known.with(|known| known.as_ref().map(part).unwrap_or_default());
    let role = Memo::new(move |_| known.with(|known| known.as_ref().map(|known| known.role)));
    let jobs = Signal::derive(move || {
        let mine = |role: Role| jobs().into_iter().filter(move |place| role.may(place.needs)).map(job).collect();
        role.get().map(mine).unwrap_or_default()
    });
    let commands = Signal::derive(move || role.get().map(commands).unwrap_or_default());
    view! {
        <AdminFrame
            shop_name=Signal::derive(move || of(|shell| shell.shop_name.clone()))
            user_name=Signal::derive(move || of(|shell| shell.user_name.clone()))
            jobs
            path
            commands
            sign_out_action="/account"
        >
            <Outlet/>
        </AdminFrame>
    }
    .into_any()
}
