//! Buttons, and links that look like them.

use leptos::prelude::*;

use crate::{Icon, Shape};

/// How much a button asks for attention. A page has one [`Look::Buy`] or one [`Look::Primary`], not both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Look {
    /// The next step.
    #[default]
    Primary,
    /// The step that spends money: add to cart, place the order.
    Buy,
    /// A step beside the main one.
    Outline,
    /// A step among many, as in a toolbar.
    Ghost,
    /// A step that takes something away.
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

/// How big a control is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Size {
    /// For dense rows in the admin, with a mouse.
    Small,
    /// 44 px, the least that a thumb hits safely.
    #[default]
    Medium,
    /// For the one thing a page is about.
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
/// Transparent, so that they become attributes of the element. Those spread on an erased component are made anew when it is
/// rendered again, and dropped at once: its `on:click` would be dead from the second time on.
#[component(transparent)]
pub fn Button(
    /// How much it asks for attention.
    #[prop(optional)]
    look: Look,
    /// How big it is.
    #[prop(optional)]
    size: Size,
    /// `button`, or `submit` in a form.
    #[prop(default = "button")]
    kind: &'static str,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Shape>,
    /// As wide as what it stands in.
    #[prop(optional)]
    wide: bool,
    /// Work is under way: the button waits and cannot be pressed again.
    #[prop(optional, into)]
    busy: Signal<bool>,
    /// It cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
    /// The words.
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
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How much it asks for attention.
    #[prop(optional)]
    look: Look,
    /// How big it is.
    #[prop(optional)]
    size: Size,
    /// An icon before the words.
    #[prop(optional)]
    icon: Option<Shape>,
    /// As wide as what it stands in.
    #[prop(optional)]
    wide: bool,
    /// The words.
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

/// A square button with an icon alone; `label` is what a screen reader says and what hovering shows.
/// Transparent, as [`Button`] is.
#[component(transparent)]
pub fn IconButton(
    /// The icon.
    shape: Shape,
    /// What it does.
    #[prop(into)]
    label: String,
    /// How much it asks for attention.
    #[prop(default = Look::Ghost)]
    look: Look,
    /// How big it is.
    #[prop(optional)]
    size: Size,
    /// `button`, or `submit` in a form.
    #[prop(default = "button")]
    kind: &'static str,
    /// It cannot be pressed now.
    #[prop(optional, into)]
    disabled: Signal<bool>,
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

/// A square link with an icon alone.
#[component]
pub fn IconLink(
    /// The icon.
    shape: Shape,
    /// Where it leads, in words.
    #[prop(into)]
    label: String,
    /// Where it leads.
    #[prop(into)]
    href: String,
    /// How big it is.
    #[prop(optional)]
    size: Size,
) -> impl IntoView {
    view! {
        <a href=href class=format!("btn btn-square btn-ghost {}", size.button()) aria-label=label.clone() title=label>
            <Icon shape class="size-5"/>
        </a>
    }
}
