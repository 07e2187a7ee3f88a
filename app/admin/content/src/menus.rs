//! The main menu and the footer: made by the shop itself, or arranged by hand.

use admin_layout::{StaffForm, on_done, shown};
use domain::id::MenuEntryId;
use domain::permission::Permission;
use domain::view::{LinkKind, LinkTarget, Menu, MenuEntryView, MenuRowView, MenuView, Move};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{EmptyState, LinkButton, Look, Panel, Size, SkeletonRows, icon, tr};
use web::{Access, Answer, AppError, access, access_of, lazy_page, problem, resource, use_form_fallback};

use crate::rows::{MoveButtons, RemoveButton, arrange_fields, arranged_page, below_list, target_badge};

pub(crate) const LIST: &str = "/admin/content/menus";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MenusView {
    pub menus: Vec<MenuView>,
    pub may_write: bool,
}

#[server(endpoint = "admin/content/menus", output = Answer)]
pub async fn list_menus() -> Result<MenusView, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?, request::locale());
    let mut menus = Vec::new();
    for menu in Menu::ALL {
        menus.push(backend::content::menu(&shop, &ctx, locale, menu).await.map_err(crate::content_error)?);
    }
    Ok(MenusView { menus, may_write: ctx.may(Permission::WriteContent) })
}
access!(ListMenus, Access::Staff(Permission::ReadContent));

/// Has a menu arranged by hand, or made by the shop itself again.
#[server(endpoint = "admin/content/menus/arrange", output = Answer)]
pub async fn arrange_menu(menu: Menu, by_hand: bool) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteContent))?, request::shop()?);
    let done = if by_hand {
        backend::content::arrange_menu(&shop, &ctx, menu).await
    } else {
        backend::content::reset_menu(&shop, &ctx, menu).await
    };
    done.map_err(crate::content_error)
}
access!(ArrangeMenu, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/menus/move", output = Answer)]
pub async fn move_menu_entry(entry: MenuEntryId, way: Move) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::move_menu_entry(&request::shop()?, &ctx, entry, way).await.map_err(crate::content_error)
}
access!(MoveMenuEntry, Access::Staff(Permission::WriteContent));

/// Removes an entry with those below it.
#[server(endpoint = "admin/content/menus/remove", output = Answer)]
pub async fn remove_menu_entry(entry: MenuEntryId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::remove_menu_entry(&request::shop()?, &ctx, entry).await.map_err(crate::content_error)
}
access!(RemoveMenuEntry, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<ListMenus>(), access_of::<ArrangeMenu>(), access_of::<MoveMenuEntry>(), access_of::<RemoveMenuEntry>()];

/// `/admin/content/menus`
#[derive(Debug)]
pub struct Menus;

lazy_page!(Menus, settings, menus_page);

#[derive(Clone, Copy)]
struct Actions {
    arrange: ServerAction<ArrangeMenu>,
    shift: ServerAction<MoveMenuEntry>,
    remove: ServerAction<RemoveMenuEntry>,
    may_write: bool,
}

fn menus_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let again = move |()| version.update(|times| *times += 1);
    let (arrange, shift, remove) =
        (ServerAction::<ArrangeMenu>::new(), ServerAction::<MoveMenuEntry>::new(), ServerAction::<RemoveMenuEntry>::new());
    on_done(arrange, tr!(COMMON_SAVED), again);
    on_done(shift, "", again);
    on_done(remove, tr!(COMMON_SAVED), again);
    let problems = [problem(arrange, &fallback), problem(shift, &fallback), problem(remove, &fallback)];
    let menus = resource(move || version.get(), |_| list_menus());
    let lists = view! {
        <Transition fallback=|| view! { <SkeletonRows/> }>
            {shown(menus, move |MenusView { menus, may_write }| {
                let actions = Actions { arrange, shift, remove, may_write };
                menus.into_iter().map(|menu| panel(menu, actions)).collect_view().into_any()
            })}
        </Transition>
    };
    arranged_page(tr!(ADMIN_CONTENT_MENUS), problems, lists.into_any())
}

/// What a menu is called.
pub(crate) fn name_of(menu: Menu) -> &'static str {
    match menu {
        Menu::Main => tr!(ADMIN_CONTENT_MENU_MAIN),
        Menu::Footer => tr!(ADMIN_CONTENT_MENU_FOOTER),
    }
}

/// What a kind of entry is called, where one is added.
pub(crate) fn kind_name(kind: LinkKind, menu: Menu) -> &'static str {
    match kind {
        LinkKind::Category => tr!(ADMIN_CONTENT_KIND_CATEGORY),
        LinkKind::Page => tr!(ADMIN_CONTENT_KIND_PAGE),
        LinkKind::Product => tr!(ADMIN_CONTENT_KIND_PRODUCT),
        LinkKind::Search => tr!(ADMIN_CONTENT_KIND_SEARCH),
        LinkKind::Address => tr!(ADMIN_CONTENT_KIND_ADDRESS),
        LinkKind::Heading if menu == Menu::Footer => tr!(ADMIN_CONTENT_KIND_COLUMN),
        LinkKind::Heading => tr!(ADMIN_CONTENT_KIND_HEADING),
    }
}

fn panel(view: MenuView, actions: Actions) -> AnyView {
    let MenuView { menu, is_arranged, rows, generated } = view;
    let body = if is_arranged { arranged(menu, rows, actions) } else { by_itself(menu, generated, actions) };
    view! { <div id=menu.code()><Panel title=name_of(menu)>{body}</Panel></div> }.into_any()
}

fn arrange_form(menu: Menu, by_hand: bool, actions: Actions) -> AnyView {
    view! {
        <StaffForm action=actions.arrange>
            <input type="hidden" name="menu" value=menu.code() autocomplete="off"/>
            {arrange_fields(by_hand)}
        </StaffForm>
    }
    .into_any()
}

/// A menu that the shop makes by itself.
fn by_itself(menu: Menu, entries: Vec<MenuEntryView>, actions: Actions) -> AnyView {
    let entry = |entry: MenuEntryView| {
        let below: Vec<AnyView> = entry.below.into_iter().map(|link| view! { <li>{link.name}</li> }.into_any()).collect();
        let below = (!below.is_empty()).then(|| view! { <ul class="ps-6 text-quiet">{below}</ul> }.into_any());
        view! { <li>{entry.name}{below}</li> }.into_any()
    };
    let list = entries.into_iter().map(entry).collect_view();
    view! {
        <div class="flex flex-col gap-4 items-start">
            <p class="text-quiet">{if menu == Menu::Main { tr!(ADMIN_CONTENT_MENU_ITSELF) } else { tr!(ADMIN_CONTENT_FOOTER_ITSELF) }}</p>
            <ul class="flex flex-col gap-1">{list}</ul>
            {actions.may_write.then(|| arrange_form(menu, true, actions))}
        </div>
    }
    .into_any()
}

fn arranged(menu: Menu, rows: Vec<MenuRowView>, actions: Actions) -> AnyView {
    let is_empty = rows.is_empty();
    let list = if is_empty {
        view! { <EmptyState title=tr!(ADMIN_CONTENT_MENU_EMPTY) body=tr!(ADMIN_CONTENT_MENU_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        let rows = list(menu, rows, false, actions);
        view! { <ul class="divide-y divide-hairline">{rows}</ul> }.into_any()
    };
    // In the footer links stand below a column.
    let kinds = LinkKind::ALL.into_iter().filter(|kind| *kind == LinkKind::Heading || menu == Menu::Main || !is_empty);
    let add = kinds.map(|kind| {
        let href = format!("{LIST}/{}/new?kind={}", menu.code(), kind.code());
        view! { <LinkButton href look=Look::Outline size=Size::Small icon=icon::PLUS>{kind_name(kind, menu)}</LinkButton> }
    });
    let add = add.collect_view();
    let writing = actions.may_write.then(|| {
        below_list(tr!(ADMIN_CONTENT_ENTRY_ADD), add.into_any(), tr!(ADMIN_CONTENT_MENU_RESET_BODY), arrange_form(menu, false, actions))
    });
    view! { <div class="flex flex-col gap-5">{list}{writing}</div> }.into_any()
}

fn list(menu: Menu, rows: Vec<MenuRowView>, is_below: bool, actions: Actions) -> Vec<AnyView> {
    let last = rows.len().saturating_sub(1);
    rows.into_iter().enumerate().map(|(at, view)| row(menu, view, (at, last), is_below, actions)).collect()
}

/// Where an entry leads, below its name.
fn leads_to(target: &LinkTarget, menu: Menu) -> String {
    match target {
        LinkTarget::Search(words) => tr!(ADMIN_CONTENT_LEADS_TO_SEARCH, words = words),
        LinkTarget::Address(address) => address.clone(),
        other => kind_name(other.kind(), menu).to_owned(),
    }
}

fn row(menu: Menu, view: MenuRowView, (at, last): (usize, usize), is_below: bool, actions: Actions) -> AnyView {
    let MenuRowView { id, name, target, state, below } = view;
    let name = if name.is_empty() { tr!(ADMIN_CONTENT_TARGET_IS_DELETED).to_owned() } else { name };
    let href = format!("{LIST}/{}/{id}", menu.code());
    let goes_in = menu == Menu::Main && !is_below && at > 0 && below.is_empty() && target != LinkTarget::Heading;
    let ways: Vec<Move> = [(at > 0, Move::Up), (at < last, Move::Down), (goes_in, Move::In), (menu == Menu::Main && is_below, Move::Out)]
        .into_iter()
        .filter_map(|(can, way)| can.then_some(way))
        .collect();
    let removing =
        if below.is_empty() { tr!(ADMIN_CONTENT_ENTRY_REMOVE, name = name) } else { tr!(ADMIN_CONTENT_ENTRY_REMOVE_ALL, name = name) };
    let shown = name.clone();
    let field = move || view! { <input type="hidden" name="entry" value=id.to_string() autocomplete="off"/> };
    let buttons = actions.may_write.then(|| {
        view! {
            <div class="flex flex-wrap gap-1">
                <StaffForm action=actions.shift class="flex gap-1">
                    {field()}
                    <MoveButtons ways of=id.to_string() name/>
                </StaffForm>
                <StaffForm action=actions.remove>
                    {field()}
                    <RemoveButton label=removing/>
                </StaffForm>
            </div>
        }
    });
    let below = list(menu, below, true, actions);
    let below =
        (!below.is_empty()).then(|| view! { <ul class="ps-6 md:ps-10 divide-y divide-hairline border-t border-hairline">{below}</ul> });
    view! {
        <li id=format!("entry-{id}")>
            <div class="py-2.5 flex flex-wrap items-center gap-x-4 gap-y-1">
                <div class="grow min-w-0">
                    <h3 class="font-sans text-base font-medium tracking-normal wrap-anywhere outline-offset-4">
                        <a class="hover:underline underline-offset-4" href=href>{shown}</a>
                    </h3>
                    <p class="text-sm text-quiet wrap-anywhere">{leads_to(&target, menu)}</p>
                </div>
                {target_badge(state)}
                {buttons}
            </div>
            {below}
        </li>
    }
    .into_any()
}
