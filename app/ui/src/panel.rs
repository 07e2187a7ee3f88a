use leptos::prelude::*;

use crate::{Icon, icon};

/// A titled part of an admin page, with its own actions.
#[component]
pub fn Panel(
    #[prop(into)] title: String,
    /// Buttons or links beside the title.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
    /// The content reaches the edges, as a table does.
    #[prop(optional)]
    flush: bool,
    children: Children,
) -> impl IntoView {
    let body = if flush { "" } else { "p-4 md:p-5" };
    view! {
        <section class="bg-raised border border-hairline rounded-card overflow-hidden">
            <header class="flex items-center justify-between gap-3 min-h-13 px-4 md:px-5 py-2 border-b border-hairline">
                <h2 class="font-sans text-base tracking-normal">{title}</h2>
                {actions.map(|actions| view! { <div class="flex items-center gap-2">{actions.run()}</div> }.into_any())}
            </header>
            <div class=body>{children()}</div>
        </section>
    }
}

/// A quiet surface without a title.
#[component]
pub fn Card(children: Children) -> impl IntoView {
    view! { <div class="bg-raised border border-hairline rounded-card p-4 md:p-6 keep-together">{children()}</div> }
}

/// A page's heading with its actions.
#[component]
pub fn PageHeader(
    #[prop(into)] title: String,
    /// A line under it.
    #[prop(optional, into)]
    detail: Option<String>,
    /// Buttons or links.
    #[prop(optional, into)]
    actions: Option<ViewFn>,
) -> impl IntoView {
    view! {
        <header class="flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
            <div class="min-w-0">
                <h1 class="text-2xl">{title}</h1>
                {detail.map(|detail| view! { <p class="text-quiet mt-1">{detail}</p> }.into_any())}
            </div>
            {actions.map(|actions| view! { <div class="flex flex-wrap items-center gap-2">{actions.run()}</div> }.into_any())}
        </header>
    }
}

/// A part of a page that unfolds, without a script.
#[component]
pub fn Disclosure(#[prop(into)] title: String, #[prop(optional)] open: bool, children: Children) -> impl IntoView {
    view! {
        <details class="group border-b border-hairline" open=open>
            <summary class="target flex items-center justify-between gap-3 py-3 font-medium">
                {title}
                <Icon shape=icon::CHEVRON_DOWN class="size-5 text-quiet transition-transform group-open:rotate-180"/>
            </summary>
            <div class="pb-4">{children()}</div>
        </details>
    }
}

/// A step of a longer task, such as checkout.
#[component]
pub fn Step(
    /// Counted from 1.
    number: u8,
    #[prop(into)] title: String,
    #[prop(optional, into)] done: Signal<bool>,
    children: Children,
) -> impl IntoView {
    view! {
        <section class="grid grid-cols-[2rem_1fr] gap-x-3 md:gap-x-4">
            <div
                class="grid place-items-center size-8 rounded-full font-semibold figures"
                class=(["bg-primary", "text-primary-content"], move || done.get())
                class=(["border-2", "border-primary", "text-primary"], move || !done.get())
                aria-hidden="true"
            >
                {move || if done.get() { view! { <Icon shape=icon::CHECK class="size-5"/> }.into_any() } else { number.into_any() }}
            </div>
            <h2 class="text-xl self-center">{title}</h2>
            <div class="col-span-2 md:col-span-1 md:col-start-2 pt-4 pb-8">{children()}</div>
        </section>
    }
}

/// Names and values, as in an order's details.
#[component]
pub fn Facts(facts: Vec<(String, String)>) -> impl IntoView {
    view! {
        <dl class="grid grid-cols-[max-content_1fr] gap-x-6 gap-y-2">
            {facts
                .into_iter()
                .map(|(name, value)| view! { <dt class="text-quiet">{name}</dt><dd class="min-w-0">{value}</dd> }.into_any())
                .collect_view()}
        </dl>
    }
}
