//! Buttons, and links that look like them.

use leptos::prelude::*;

use crate::{Icon, Shape};

/// The prominence of a button. A page has one [`Look::Buy`] or one [`Look::Primary`], not both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    #[default]
    Primary,
    /// Spends money: add to cart, place the order.
    Buy,
    /// A secondary step.
    Outline,
    Ghost,
    /// Removes something.
    Danger,
}

impl Look {
    const fn classes(self) -> &'static str {
        match self {
            Self::Primary => "btn-primary",
            Self::Buy => "btn-accent",
            Self::Outline => "border-field bg-transparent hover:bg-base-200",
            Self::Ghost => "btn-ghost",
            Self::Danger => "border-error bg-transparent text-error hover:bg-error hover:text-error-content",
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// For dense rows in the admin, with a mouse.
    Small,
    /// 44 px, the least that a thumb hits safely.
    #[default]
    Medium,
    /// For the main action of a page.
    Large,
}

impl Size {
    const fn button(self) -> &'static str {
        match self {
            Self::Small => "btn-sm",
            Self::Medium => "",
            Self::Large => "btn-lg",
        }
    }
}

/// A button. Other attributes go on it as they are: `<Button attr:name="step" on:click=…>`.
///
/// Transparent, so that they become attributes of the element. Attributes spread on an erased component are rebuilt when it is
/// rendered again and dropped at once: its `on:click` would not work from the second time on.
#[component(transparent)]
pub fn Button(
    #[prop(optional)] look: Look,
    #[prop(optional)] size: Size,
    /// `button`, or `submit` in a form.
    #[prop(default = "button")]
    kind: &'static str,
    /// An icon before the label.
    #[prop(optional)]
    icon: Option<Shape>,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    /// Work is under way: the button shows it and is disabled.
    #[prop(optional, into)]
    busy: Signal<bool>,
    #[prop(optional, into)] disabled: Signal<bool>,
    children: Children,
) -> impl IntoView {
    let width = if wide { " btn-block" } else { "" };
    view! {
        <button
            type=kind
            class=format!("btn {} {}{width}", look.classes(), size.button())
            disabled=move || disabled.get() || busy.get()
            aria-busy=move || busy.get().then_some("true")
        >
            {move || busy.get().then(|| view! { <span class="loading loading-spinner loading-sm" aria-hidden="true"></span> }.into_any())}
            {icon.map(|shape| view! { <Icon shape/> }.into_any())}
            {children()}
        </button>
    }
}

/// A link that looks like a button. Transparent, as [`Button`] is.
#[component(transparent)]
pub fn LinkButton(
    #[prop(into)] href: String,
    #[prop(optional)] look: Look,
    #[prop(optional)] size: Size,
    /// An icon before the label.
    #[prop(optional)]
    icon: Option<Shape>,
    /// As wide as its container.
    #[prop(optional)]
    wide: bool,
    children: Children,
) -> impl IntoView {
    let width = if wide { " btn-block" } else { "" };
    view! {
        <a href=href class=format!("btn {} {}{width}", look.classes(), size.button())>
            {icon.map(|shape| view! { <Icon shape/> }.into_any())}
            {children()}
        </a>
    }
}

/// A square button with only an icon; `label` is its accessible name and its tooltip.
/// Transparent, as [`Button`] is.
#[component(transparent)]
pub fn IconButton(
    shape: Shape,
    #[prop(into)] label: String,
    #[prop(default = Look::Ghost)] look: Look,
    #[prop(optional)] size: Size,
    /// `button`, or `submit` in a form.
    #[prop(default = "button")]
    kind: &'static str,
    #[prop(optional, into)] disabled: Signal<bool>,
) -> impl IntoView {
    view! {
        <button
            type=kind
            class=format!("btn btn-square {} {}", look.classes(), size.button())
            aria-label=label.clone()
            title=label
            disabled=move || disabled.get()
        >
            <Icon shape class="size-5"/>
        </button>
    }
}

/// A square link with only an icon.
#[component]
pub fn IconLink(
    shape: Shape,
    /// The accessible name, as the button shows no text.
    #[prop(into)]
    label: String,
    #[prop(into)] href: String,
    #[prop(optional)] size: Size,
) -> impl IntoView {
    view! {
        <a href=href class=format!("btn btn-square btn-ghost {}", size.button()) aria-label=label.clone() title=label>
            <Icon shape class="size-5"/>
        </a>
    }
}
