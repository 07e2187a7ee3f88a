//! What lists that are arranged by hand share: their page, what stands below one, buttons that move and remove a row, and what its target
//! is.

use admin_layout::SectionTabs;
use domain::view::{Move, TargetState};
use leptos::prelude::*;
use ui::{Button, Disclosure, IconButton, Look, PageHeader, Shape, Size, StatusBadge, Tone, icon, tr};
use web::{AppError, ProblemSummary, Title};

/// The page of such lists, with the problems of its forms.
pub(crate) fn arranged_page(title: &'static str, problems: [Signal<Option<AppError>>; 3], lists: AnyView) -> AnyView {
    view! {
        <Title text=title/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_CONTENT)/>
            <SectionTabs section="content"/>
            {problems.map(|problem| view! { <ProblemSummary problem/> }).into_iter().collect_view()}
            {lists}
        </div>
    }
    .into_any()
}

/// What a form is sent with that has a list arranged by hand, or made by the shop itself again.
pub(crate) fn arrange_fields(by_hand: bool) -> AnyView {
    let (look, label) = if by_hand { (Look::Primary, tr!(ADMIN_CONTENT_ARRANGE)) } else { (Look::Danger, tr!(ADMIN_CONTENT_RESET_DO)) };
    view! {
        <input type="hidden" name="by_hand" value=by_hand.to_string() autocomplete="off"/>
        <Button kind="submit" look>{label}</Button>
    }
    .into_any()
}

/// What stands below a list: links by which rows are added, and the form that has the shop make it itself again.
pub(crate) fn below_list(adding: &'static str, links: AnyView, about_reset: &'static str, reset: AnyView) -> AnyView {
    view! {
        <div class="flex flex-col gap-2">
            <h3 class="font-sans text-sm font-medium tracking-normal">{adding}</h3>
            <div class="flex flex-wrap gap-2">{links}</div>
        </div>
        <Disclosure title=tr!(ADMIN_CONTENT_RESET)>
            <div class="flex flex-col gap-3 items-start">
                <p>{about_reset}</p>
                {reset}
            </div>
        </Disclosure>
    }
    .into_any()
}

/// The buttons of a form that moves an entry, a section or a product. A way that is not there has no button.
#[component]
pub(crate) fn MoveButtons(
    ways: Vec<Move>,
    /// Its id, by which a button has the focus again once the list is read again.
    of: String,
    /// What is moved.
    name: String,
) -> impl IntoView {
    let button = |way: Move| {
        let (shape, label): (Shape, String) = match way {
            Move::Up => (icon::ARROW_UP, tr!(ADMIN_CONTENT_MOVE_UP, name = name)),
            Move::Down => (icon::ARROW_DOWN, tr!(ADMIN_CONTENT_MOVE_DOWN, name = name)),
            Move::In => (icon::ARROW_RIGHT, tr!(ADMIN_CONTENT_MOVE_IN, name = name)),
            Move::Out => (icon::ARROW_LEFT, tr!(ADMIN_CONTENT_MOVE_OUT, name = name)),
        };
        let id = format!("{}-{of}", way.code());
        view! { <IconButton kind="submit" size=Size::Small shape label attr:id=id attr:name="way" attr:value=way.code()/> }.into_any()
    };
    ways.into_iter().map(button).collect_view()
}

/// The button of a form that removes it.
#[component]
pub(crate) fn RemoveButton(label: String) -> impl IntoView {
    view! { <IconButton kind="submit" size=Size::Small shape=icon::TRASH label/> }.into_any()
}

/// What shoppers do not see of what it leads to; nothing where they see it.
pub(crate) fn target_badge(state: TargetState) -> Option<AnyView> {
    let (tone, text) = match state {
        TargetState::Shown => return None,
        TargetState::NotShown => (Tone::Warning, tr!(ADMIN_CONTENT_TARGET_NOT_SHOWN)),
        TargetState::Deleted => (Tone::Danger, tr!(ADMIN_CONTENT_TARGET_IS_DELETED)),
    };
    Some(view! { <StatusBadge tone settled=true text/> }.into_any())
}
