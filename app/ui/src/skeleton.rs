//! Placeholders while something loads: the same shapes, so that the layout does not shift.

use leptos::prelude::*;

use crate::tr;

/// A few lines of text.
#[component]
pub fn SkeletonText(#[prop(default = 3)] lines: u8) -> impl IntoView {
    view! {
        <div class="flex flex-col gap-3" role="status">
            <span class="sr-only">{tr!(COMMON_LOADING)}</span>
            {(0..lines)
                .map(|line| {
                    let width = if line + 1 == lines { "w-2/3" } else { "w-full" };
                    view! { <div class=format!("waiting h-4 {width}")></div> }.into_any()
                })
                .collect_view()}
        </div>
    }
}

/// A grid of product cards.
#[component]
pub fn SkeletonCards(#[prop(default = 8)] count: u8) -> impl IntoView {
    view! {
        <div class="product-grid" role="status">
            <span class="sr-only">{tr!(COMMON_LOADING)}</span>
            {(0..count)
                .map(|_| {
                    view! {
                        <div class="flex flex-col gap-3">
                            <div class="waiting aspect-square rounded-card"></div>
                            <div class="waiting h-4 w-4/5"></div>
                            <div class="waiting h-4 w-1/3"></div>
                        </div>
                    }.into_any()
                })
                .collect_view()}
        </div>
    }
}

/// Rows of a table.
#[component]
pub fn SkeletonRows(#[prop(default = 8)] rows: u8) -> impl IntoView {
    view! {
        <div class="divide-y divide-hairline" role="status">
            <span class="sr-only">{tr!(COMMON_LOADING)}</span>
            {(0..rows)
                .map(|_| {
                    view! {
                        <div class="flex gap-6 px-5 py-3.5">
                            <div class="waiting h-4 w-24"></div>
                            <div class="waiting h-4 grow"></div>
                            <div class="waiting h-4 w-20"></div>
                        </div>
                    }.into_any()
                })
                .collect_view()}
        </div>
    }
}
