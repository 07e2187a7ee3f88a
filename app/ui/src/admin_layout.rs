//! The layout of every admin page: the navigation at the start, the bar on top.

use leptos::prelude::*;

use crate::{
    Awning, Command, CommandPalette, Dialog, Icon, IconButton, LanguageSwitcher, Mark, PaletteSearch, Placement, Shape, ThemeSwitch, icon,
    tr,
};

/// The id of the form that signs the user out.
pub const SIGN_OUT_FORM: &str = "sign-out";

/// An entry of the admin's navigation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NavItem {
    pub href: String,
    pub name: String,
    pub shape: Shape,
    /// How many open tasks wait there.
    pub waiting: Option<i64>,
}

#[component]
pub fn AdminLayout(
    #[prop(into)] shop_name: Signal<String>,
    #[prop(into)] user_name: Signal<String>,
    /// The entries that the user may open.
    #[prop(into)]
    navigation: Signal<Vec<NavItem>>,
    #[prop(into)] path: Signal<String>,
    /// The entries of the command palette.
    #[prop(into)]
    commands: Signal<Vec<Command>>,
    /// What the palette finds beside them.
    #[prop(optional)]
    search: PaletteSearch,
    /// Where the sign-out form goes, by POST.
    #[prop(default = "/account/sign-out")]
    sign_out_action: &'static str,
    children: Children,
) -> impl IntoView {
    let palette = RwSignal::new(false);
    let menu = RwSignal::new(false);
    view! {
        <div class="min-h-dvh lg:grid lg:grid-cols-[15rem_1fr] print:block">
            <aside class="screen-only max-lg:hidden bg-base-200 border-e border-hairline">
                <div class="sticky top-0 h-dvh flex flex-col">
                    {home_link(shop_name)}
                    <nav class="grow overflow-y-auto px-3 pt-7 pb-4" aria-label=tr!(ADMIN_NAVIGATION)>{move || nav_list(navigation.get(), path)}</nav>
                    <div class="px-4 py-3 border-t border-hairline flex flex-wrap gap-2">
                        <ThemeSwitch back=path/>
                        <LanguageSwitcher back=path/>
                    </div>
                </div>
            </aside>
            <div class="min-w-0 flex flex-col">
                <header class="screen-only bar sticky top-0 z-30 flex items-center gap-2 h-14 px-3 lg:px-8 bg-base-100/95 border-b border-hairline">
                    <div class="lg:hidden needs-script">
                        <IconButton shape=icon::MENU label=tr!(SHELL_MENU) on:click=move |_| menu.set(true)/>
                    </div>
                    <button
                        type="button"
                        class="needs-script flex items-center gap-3 h-10 min-w-0 w-full max-w-md ps-3 pe-2 rounded-field border border-hairline bg-raised text-quiet text-start cursor-pointer hover:border-field"
                        on:click=move |_| palette.set(true)
                    >
                        <Icon shape=icon::SEARCH class="size-4"/>
                        <span class="grow min-w-0 truncate text-sm">{tr!(UI_COMMANDS_PLACEHOLDER)}</span>
                        <kbd class="kbd kbd-sm max-sm:hidden">"Ctrl K"</kbd>
                    </button>
                    <div class="grow"></div>
                    <a href="/" class="btn btn-ghost max-sm:btn-square font-normal">
                        <Icon shape=icon::STORE class="size-5"/>
                        <span class="max-sm:sr-only">{tr!(ADMIN_OPEN_SHOP)}</span>
                    </a>
                    <UserMenu user_name sign_out_action/>
                </header>
                <nav class="without-script lg:hidden px-3 py-2 border-b border-hairline" aria-label=tr!(ADMIN_NAVIGATION)>
                    {move || nav_list(navigation.get(), path)}
                </nav>
                <main id="content" class="dense grow px-4 lg:px-8 py-6 pb-16 max-w-[100rem] w-full">{children()}</main>
            </div>
            <Dialog id="admin-menu" title=tr!(SHELL_MENU) open=menu placement=Placement::Start>
                <nav aria-label=tr!(ADMIN_NAVIGATION) on:click=move |_| menu.set(false)>{move || nav_list(navigation.get(), path)}</nav>
                <div class="mt-6 flex flex-wrap gap-2">
                    <ThemeSwitch back=path/>
                    <LanguageSwitcher back=path/>
                </div>
            </Dialog>
            <CommandPalette commands open=palette search/>
        </div>
    }
    .into_any()
}

fn home_link(shop_name: Signal<String>) -> impl IntoView {
    view! {
        <div class="relative shrink-0">
            <a href="/admin" class="flex items-center gap-2.5 h-14 px-5 bg-front text-front-content font-display font-semibold text-xl">
                <Mark class="size-7"/>
                <span class="truncate">{move || shop_name.get()}</span>
            </a>
            <div class="absolute inset-x-0 top-full"><Awning/></div>
        </div>
    }
}

fn nav_list(items: Vec<NavItem>, path: Signal<String>) -> impl IntoView {
    let locale = crate::use_locale();
    view! {
        <ul class="flex flex-col gap-0.5">
            {items
                .into_iter()
                .map(|item| {
                    let href = item.href.clone();
                    let here = move || path.with(|path| *path == href || (href != "/admin" && path.starts_with(&href)));
                    view! {
                        <li>
                            <a href=item.href class="nav-item" aria-current=move || here().then_some("page")>
                                <Icon shape=item.shape class="size-5"/>
                                <span class="grow">{item.name}</span>
                                {item.waiting.filter(|waiting| *waiting > 0).map(|waiting| view! { <span class="figures text-xs font-semibold rounded-full bg-accent text-accent-content px-2 py-0.5">{locale.number(waiting)}</span> })}
                            </a>
                        </li>
                    }
                })
                .collect_view()}
        </ul>
    }
}

#[component]
fn UserMenu(user_name: Signal<String>, sign_out_action: &'static str) -> impl IntoView {
    view! {
        <details class="relative group">
            <summary class="btn btn-ghost font-normal">
                <span class="grid place-items-center size-7 rounded-full bg-primary text-primary-content text-sm font-semibold uppercase" aria-hidden="true">
                    {move || user_name.with(|name| name.chars().next().map(String::from))}
                </span>
                <span class="max-md:sr-only max-w-40 truncate">{move || user_name.get()}</span>
                <Icon shape=icon::CHEVRON_DOWN class="size-4"/>
            </summary>
            <div class="absolute end-0 top-full mt-1 w-60 p-2 bg-raised border border-hairline rounded-card shadow-soft">
                <p class="px-3 py-2 text-sm text-quiet">{move || tr!(ADMIN_SIGNED_IN_AS, name = user_name.get())}</p>
                <a href="/admin/preferences" class="btn btn-ghost btn-block justify-start font-normal">
                    <Icon shape=icon::SETTINGS class="size-5"/>
                    {tr!(ADMIN_MINE)}
                </a>
                <form id=SIGN_OUT_FORM method="post" action=sign_out_action>
                    <button type="submit" class="btn btn-ghost btn-block justify-start font-normal">
                        <Icon shape=icon::SIGN_OUT class="size-5"/>
                        {tr!(ACCOUNT_SIGN_OUT)}
                    </button>
                </form>
            </div>
        </details>
    }
}
