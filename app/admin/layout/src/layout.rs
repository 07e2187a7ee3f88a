//! The layout of the admin: navigation and commands, and the redirect to sign in.

use domain::permission::{Permission, Role};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_router::components::Outlet;
use leptos_router::hooks::use_location;
use serde::{Deserialize, Serialize};
use ui::{AdminLayout, SkipLink, ToastRegion, use_locale};
use web::{Access, Answer, AppError, access, access_of, shared};

use crate::ErrorPage;
use crate::confirm::{ConfirmDialog, ConfirmIdentity, Confirming};
use crate::focus::{go_to_field, keep_focus};
use crate::pages::{AdminPage, Pages, commands, navigation};
use crate::palette::{FindAnything, search};
use crate::unsaved::AskBeforeLeaving;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LayoutView {
    pub shop_name: String,
    pub user_name: String,
    pub role: Role,
}

/// The signed-in user's name and role. Without a session it redirects to the sign-in page, which leads back to `path`.
#[server(endpoint = "admin/layout", output = Answer)]
pub async fn read_layout(path: String) -> Result<LayoutView, AppError> {
    who_works(&path)
}
access!(ReadLayout, Access::Staff(Permission::ReadDashboard));

#[cfg(feature = "ssr")]
fn who_works(path: &str) -> Result<LayoutView, AppError> {
    use web::request;
    if let Err(error) = request::authorize(<ReadLayout as web::RequiresAccess>::ACCESS) {
        if error.is_signed_out() {
            leptos_axum::redirect(&crate::address("/sign-in", &[("back", path)]));
        }
        if request::context()?.lacks_second_factor {
            leptos_axum::redirect("/account/security");
        }
        return Err(error);
    }
    let (Some(me), shop) = (request::me(), request::shop()?) else { return Err(request::fail(AppError::new(401))) };
    let Some(role) = me.role else { return Err(request::fail(AppError::new(403))) };
    Ok(LayoutView { shop_name: backend::settings::shop(&shop).name, user_name: me.contact.name, role })
}

/// Server functions of the layout.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadLayout>(), access_of::<FindAnything>(), access_of::<ConfirmIdentity>()];

/// The permissions that the caller has, for pages that show only possible actions.
#[cfg(feature = "ssr")]
#[must_use]
pub fn granted() -> Vec<Permission> {
    let role = web::request::me().and_then(|me| me.role);
    Permission::ALL.iter().copied().filter(|permission| role.is_some_and(|role| role.may(*permission))).collect()
}

/// The layout around every admin page.
#[component]
pub fn GuardedLayout(pages: &'static [AdminPage]) -> impl IntoView {
    let location = use_location();
    let path = Signal::derive(move || location.pathname.get());
    let data = read(&location.pathname.get_untracked());
    provide_context(Data(data));
    provide_context(Pages(pages));
    Confirming::provide();
    keep_focus();
    go_to_field();
    // The page is outside of the `Suspense`, which renders its children more than once and would read the page's data each time.
    let content = match data.get_untracked() {
        Some(Err(error)) => view! { <main id="content" class="page grow"><ErrorPage error/></main> }.into_any(),
        _ => layout(pages, data, path),
    };
    view! {
        <SkipLink/>
        {content}
        <ToastRegion/>
        <AskBeforeLeaving/>
        <ConfirmDialog/>
    }
    .into_any()
}

/// The layout's data: present on the server and in the page it sent, otherwise read.
fn read(path: &str) -> RwSignal<Option<Result<LayoutView, AppError>>> {
    let sent = shared(|| {
        #[cfg(feature = "ssr")]
        return Some(who_works(path));
        #[cfg(not(feature = "ssr"))]
        None
    });
    let data = RwSignal::new(sent);
    if cfg!(not(feature = "ssr")) && data.with_untracked(Option::is_none) {
        let path = path.to_owned();
        spawn_local(async move {
            match read_layout(path.clone()).await {
                // Load the page from the server, which shows the error or redirects to sign in.
                Err(error) if matches!(error.status, 401 | 403) => {
                    let _ = window().location().set_href(&path);
                }
                answer => data.set(Some(answer)),
            }
        });
    }
    data
}

#[derive(Clone, Copy)]
struct Data(RwSignal<Option<Result<LayoutView, AppError>>>);

/// The user's role, once loaded.
pub(crate) fn use_role() -> Signal<Option<Role>> {
    let data = use_context::<Data>();
    Signal::derive(move || data.and_then(|Data(data)| data.with(|data| data.as_ref()?.as_ref().ok().map(|view| view.role))))
}

/// Has the user this permission? For what pages offer; the server checks again.
#[must_use]
pub fn may(permission: Permission) -> Signal<bool> {
    let role = use_role();
    Signal::derive(move || role.get().is_some_and(|role| role.may(permission)))
}

fn layout(pages: &'static [AdminPage], data: RwSignal<Option<Result<LayoutView, AppError>>>, path: Signal<String>) -> AnyView {
    let locale = use_locale();
    let view = Memo::new(move |_| data.with(|data| data.as_ref()?.as_ref().ok().cloned()));
    let of = move |part: fn(&LayoutView) -> String| view.with(|view| view.as_ref().map(part).unwrap_or_default());
    let role = Memo::new(move |_| view.with(|view| view.as_ref().map(|view| view.role)));
    let navigation = Signal::derive(move || role.get().map(|role| navigation(pages, role, locale)).unwrap_or_default());
    let commands = Signal::derive(move || role.get().map(|role| commands(pages, role, locale)).unwrap_or_default());
    view! {
        <AdminLayout
            shop_name=Signal::derive(move || of(|data| data.shop_name.clone()))
            user_name=Signal::derive(move || of(|data| data.user_name.clone()))
            navigation
            path
            commands
            search=search()
            sign_out_action="/account"
        >
            <Outlet/>
        </AdminLayout>
    }
    .into_any()
}
