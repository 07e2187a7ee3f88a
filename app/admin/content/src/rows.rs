//! What rows that are arranged by hand share: buttons that move and remove one, and what its target is.

use domain::view::{Move, TargetState};
use leptos::prelude::*;
use ui::{IconButton, Shape, Size, StatusBadge, Tone, icon, tr};

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
