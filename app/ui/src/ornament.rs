//! The shop's ornaments: the awning, the banig band, the stall.

use leptos::prelude::*;

/// The awning's scalloped edge, full width. Used once on a page, under the header.
#[component]
pub fn Awning(
    /// Mango instead of palm, as on the coffee labels.
    #[prop(optional)]
    mango: bool,
) -> impl IntoView {
    let cloth = if mango { "awning awning-mango" } else { "awning" };
    view! { <div class="awning-shade" aria-hidden="true"><div class=cloth></div></div> }
}

/// A band of woven diamonds: the foot of a page, of a receipt.
#[component]
pub fn Banig() -> impl IntoView {
    view! { <div class="banig" aria-hidden="true"></div> }
}

/// The shop's mark: an awning over an open door.
#[component]
pub fn Mark(
    /// Classes, for example `size-8`.
    #[prop(default = "size-8")]
    class: &'static str,
) -> impl IntoView {
    view! {
        <svg class=format!("shrink-0 {class}") viewBox="0 0 32 32" aria-hidden="true" focusable="false">
            <path class="fill-front-content" d="M6 15h20v12a2 2 0 0 1-2 2H8a2 2 0 0 1-2-2z"/>
            <path class="fill-accent" d="M12.5 20.5a3.5 3.5 0 0 1 7 0V29h-7z"/>
            <path class="fill-accent" d="M3 5a2 2 0 0 1 2-2h22a2 2 0 0 1 2 2v8.75a3.25 3.25 0 0 1-6.5 0 3.25 3.25 0 0 1-6.5 0 3.25 3.25 0 0 1-6.5 0 3.25 3.25 0 0 1-6.5 0z"/>
            <path class="fill-front-content" d="M9.5 3H16v10.75a3.25 3.25 0 0 1-6.5 0zM22.5 3H27a2 2 0 0 1 2 2v8.75a3.25 3.25 0 0 1-6.5 0z"/>
        </svg>
    }
}

/// An empty stall, for empty pages.
#[component]
pub fn Stall() -> impl IntoView {
    let scallops = (0..9_u8)
        .map(|index| {
            let x = 14 + u16::from(index) * 20;
            let fill = if index % 2 == 0 { "fill-front" } else { "fill-(--front-stripe)" };
            view! { <path class=fill d=format!("M{x} 18h20v26a10 10 0 0 1-20 0z")/> }.into_any()
        })
        .collect_view();
    let diamonds = (0..8_u8)
        .map(|index| {
            let x = 32 + u16::from(index) * 20;
            view! { <path fill-rule="evenodd" class="fill-(--weave)" d=format!("M{x} 105l8 7-8 7-8-7zM{x} 108.5l-4 3.5 4 3.5 4-3.5z")/> }
                .into_any()
        })
        .collect_view();
    view! {
        <svg class="w-52 h-auto" viewBox="0 0 208 148" aria-hidden="true" focusable="false">
            <ellipse class="fill-base-300" cx="104" cy="140" rx="92" ry="6"/>
            <path class="fill-tile" d="M26 40h156v64H26z"/>
            <path class="fill-field" d="M22 40h5v100h-5zM181 40h5v100h-5z"/>
            <path class="fill-base-300" d="M40 72h128v3H40z"/>
            <path class="fill-secondary" d="M60 60h10a1 1 0 0 1 1 1v11H59V61a1 1 0 0 1 1-1z"/>
            <path class="fill-accent" d="M60 57h10v3H60z"/>
            <path class="fill-front" d="M132 56h14l2 16h-18z"/>
            <path class="fill-(--front-stripe)" d="M134.5 61h9l.8 5h-10.600z"/>
            <path class="fill-front" d="M18 98h172v6H18z"/>
            <path class="fill-front" d="M22 104h164v16H22z"/>
            {diamonds}
            <path class="fill-front opacity-90" d="M22 120h164v18H22z"/>
            {scallops}
            <path class="fill-front" d="M12 10h184a2 2 0 0 1 2 2v8H10v-8a2 2 0 0 1 2-2z"/>
        </svg>
    }
}
