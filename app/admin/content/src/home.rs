//! The sections of the home page: those that every shop has, or arranged by hand.

use admin_layout::{StaffForm, on_done, shown};
use domain::id::HomeSectionId;
use domain::permission::Permission;
use domain::view::{HomeSectionRowView, Move, SectionKind, SectionState};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{EmptyState, LinkButton, Look, Panel, Size, SkeletonRows, StatusBadge, Tone, When, icon, tr};
use web::{Access, Answer, AppError, access, access_of, lazy_page, problem, resource, use_form_fallback};

use crate::rows::{MoveButtons, RemoveButton, arrange_fields, arranged_page, below_list, target_badge};

pub(crate) const LIST: &str = "/admin/content/home";
/// The page that shows the home page before shoppers see it, in the shop's layout.
pub(crate) const PREVIEW: &str = "/preview/home";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionsView {
    /// None where they are not arranged.
    pub sections: Option<Vec<HomeSectionRowView>>,
    pub may_write: bool,
}

#[server(endpoint = "admin/content/home", output = Answer)]
pub async fn list_home_sections() -> Result<SectionsView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?);
    let sections = backend::content::home_sections(&shop, &ctx, request::locale()).await.map_err(crate::content_error)?;
    Ok(SectionsView { sections, may_write: ctx.may(Permission::WriteContent) })
}
access!(ListHomeSections, Access::Staff(Permission::ReadContent));

/// Has the home page arranged by hand, or as every shop has it again.
#[server(endpoint = "admin/content/home/arrange", output = Answer)]
pub async fn arrange_home(by_hand: bool) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteContent))?, request::shop()?);
    let done = if by_hand { backend::content::arrange_home(&shop, &ctx).await } else { backend::content::reset_home(&shop, &ctx).await };
    done.map_err(crate::content_error)
}
access!(ArrangeHome, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/home/move", output = Answer)]
pub async fn move_home_section(section: HomeSectionId, way: Move) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::move_home_section(&request::shop()?, &ctx, section, way).await.map_err(crate::content_error)
}
access!(MoveHomeSection, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/home/remove", output = Answer)]
pub async fn remove_home_section(section: HomeSectionId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::remove_home_section(&request::shop()?, &ctx, section).await.map_err(crate::content_error)
}
access!(RemoveHomeSection, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<ListHomeSections>(), access_of::<ArrangeHome>(), access_of::<MoveHomeSection>(), access_of::<RemoveHomeSection>()];

/// `/admin/content/home`
#[derive(Debug)]
pub struct HomeSections;

lazy_page!(HomeSections, settings, home_sections_page);

#[derive(Clone, Copy)]
struct Actions {
    arrange: ServerAction<ArrangeHome>,
    shift: ServerAction<MoveHomeSection>,
    remove: ServerAction<RemoveHomeSection>,
    may_write: bool,
}

fn home_sections_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let again = move |()| version.update(|times| *times += 1);
    let (arrange, shift, remove) =
        (ServerAction::<ArrangeHome>::new(), ServerAction::<MoveHomeSection>::new(), ServerAction::<RemoveHomeSection>::new());
    on_done(arrange, tr!(COMMON_SAVED), again);
    on_done(shift, "", again);
    on_done(remove, tr!(COMMON_SAVED), again);
    let problems = [problem(arrange, &fallback), problem(shift, &fallback), problem(remove, &fallback)];
    let sections = resource(move || version.get(), |_| list_home_sections());
    let lists = view! {
        <Transition fallback=|| view! { <SkeletonRows/> }>
            {shown(sections, move |SectionsView { sections, may_write }| {
                page(sections, Actions { arrange, shift, remove, may_write })
            })}
        </Transition>
    };
    arranged_page(tr!(ADMIN_CONTENT_HOME), problems, lists.into_any())
}

/// What a kind of section is called.
pub(crate) fn kind_name(kind: SectionKind) -> &'static str {
    match kind {
        SectionKind::Banner => tr!(ADMIN_CONTENT_SECTION_BANNER),
        SectionKind::Products => tr!(ADMIN_CONTENT_SECTION_PRODUCTS),
        SectionKind::Newest => tr!(ADMIN_CONTENT_SECTION_NEWEST),
        SectionKind::Featured => tr!(ADMIN_CONTENT_SECTION_FEATURED),
        SectionKind::Picked => tr!(ADMIN_CONTENT_SECTION_PICKED),
        SectionKind::Text => tr!(ADMIN_CONTENT_SECTION_TEXT),
        SectionKind::Categories => tr!(ADMIN_CONTENT_SECTION_CATEGORIES),
        SectionKind::Promises => tr!(ADMIN_CONTENT_SECTION_PROMISES),
    }
}

fn arrange_form(by_hand: bool, actions: Actions) -> AnyView {
    view! {
        <StaffForm action=actions.arrange>
            {arrange_fields(by_hand)}
        </StaffForm>
    }
    .into_any()
}

fn page(sections: Option<Vec<HomeSectionRowView>>, actions: Actions) -> AnyView {
    let Some(sections) = sections else {
        return view! {
            <Panel title=tr!(ADMIN_CONTENT_HOME)>
                <div class="flex flex-col gap-4 items-start">
                    <p class="text-quiet">{tr!(ADMIN_CONTENT_HOME_ITSELF)}</p>
                    {actions.may_write.then(|| arrange_form(true, actions))}
                </div>
            </Panel>
        }
        .into_any();
    };
    let last = sections.len().saturating_sub(1);
    let list = if sections.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_CONTENT_HOME_EMPTY) body=tr!(ADMIN_CONTENT_HOME_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        let rows = sections.into_iter().enumerate().map(|(at, section)| row(section, (at, last), actions)).collect_view();
        view! { <ul class="divide-y divide-hairline">{rows}</ul> }.into_any()
    };
    let add = SectionKind::ALL.into_iter().map(|kind| {
        let href = format!("{LIST}/new?kind={}", kind.code());
        view! { <LinkButton href look=Look::Outline size=Size::Small icon=icon::PLUS>{kind_name(kind)}</LinkButton> }
    });
    let add = add.collect_view();
    let writing = actions.may_write.then(|| {
        below_list(tr!(ADMIN_CONTENT_SECTION_ADD), add.into_any(), tr!(ADMIN_CONTENT_HOME_RESET_BODY), arrange_form(false, actions))
    });
    let preview = || {
        let href = format!("{PREVIEW}?hidden=true");
        view! { <LinkButton href look=Look::Outline size=Size::Small icon=icon::EYE attr:target="_blank">{tr!(ADMIN_CONTENT_HOME_PREVIEW)}</LinkButton> }
    };
    view! {
        <div id="sections">
            <Panel title=tr!(ADMIN_CONTENT_HOME) actions=move || preview().into_any()>
                <div class="flex flex-col gap-5">{list}{writing}</div>
            </Panel>
        </div>
    }
    .into_any()
}

/// Does shoppers' page show it?
fn state_badge(state: SectionState) -> AnyView {
    let (tone, settled, text) = match state {
        SectionState::Shown => (Tone::Success, true, tr!(ADMIN_CONTENT_SECTION_SHOWN)),
        SectionState::Hidden => (Tone::Neutral, true, tr!(ADMIN_CONTENT_SECTION_HIDDEN)),
        SectionState::Planned => (Tone::Info, false, tr!(ADMIN_CONTENT_SECTION_PLANNED)),
        SectionState::Ended => (Tone::Neutral, true, tr!(ADMIN_CONTENT_SECTION_ENDED)),
    };
    view! { <StatusBadge tone settled text/> }.into_any()
}

fn row(section: HomeSectionRowView, (at, last): (usize, usize), actions: Actions) -> AnyView {
    let HomeSectionRowView { id, kind, title, state, visible_from, visible_until, target } = section;
    let has_title = !title.is_empty();
    let name = if has_title { title } else { kind_name(kind).to_owned() };
    let ways = [(at > 0, Move::Up), (at < last, Move::Down)];
    let ways: Vec<Move> = ways.into_iter().filter_map(|(can, way)| can.then_some(way)).collect();
    let from = visible_from.map(|at| view! { <span>{tr!(ADMIN_CONTENT_FROM)}" "<When at/></span> }.into_any());
    let until = visible_until.map(|at| view! { <span>{tr!(ADMIN_CONTENT_UNTIL)}" "<When at/></span> }.into_any());
    let shown = name.clone();
    let buttons = actions.may_write.then(|| {
        let label = tr!(ADMIN_CONTENT_ENTRY_REMOVE, name = name);
        let field = move || view! { <input type="hidden" name="section" value=id.to_string() autocomplete="off"/> };
        view! {
            <div class="flex flex-wrap gap-1">
                <StaffForm action=actions.shift class="flex gap-1">
                    {field()}
                    <MoveButtons ways of=id.to_string() name/>
                </StaffForm>
                <StaffForm action=actions.remove>
                    {field()}
                    <RemoveButton label/>
                </StaffForm>
            </div>
        }
    });
    view! {
        <li id=format!("section-{id}") class="py-2.5 flex flex-wrap items-center gap-x-4 gap-y-1">
            <div class="grow min-w-0">
                <h3 class="font-sans text-base font-medium tracking-normal wrap-anywhere outline-offset-4">
                    <a class="hover:underline underline-offset-4" href=format!("{LIST}/{id}")>{shown}</a>
                </h3>
                <p class="text-sm text-quiet flex flex-wrap gap-x-3">
                    {has_title.then(|| view! { <span>{kind_name(kind)}</span> }.into_any())}
                    {from}
                    {until}
                </p>
            </div>
            {target_badge(target)}
            {state_badge(state)}
            {buttons}
        </li>
    }
    .into_any()
}
