use domain::Timestamp;
use leptos::prelude::*;

use crate::{Icon, Shape, When};

/// Whether an entry is past, current or to come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reached {
    #[default]
    Past,
    Now,
    Ahead,
}

/// An entry of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub struct Moment {
    pub title: String,
    /// `None` for a step that has not been reached or whose time is not known.
    pub at: Option<Timestamp>,
    /// For example a tracking number or a reason.
    pub detail: Option<String>,
    pub shape: Shape,
    pub reached: Reached,
}

/// Entries from first to last, on a line that is filled up to the current one.
#[component]
pub fn Timeline(moments: Vec<Moment>) -> impl IntoView {
    view! {
        <ol class="flex flex-col">
            {moments
                .into_iter()
                .map(|moment| {
                    let disc = match moment.reached {
                        Reached::Past => "bg-primary text-primary-content",
                        Reached::Now => "bg-accent text-accent-content",
                        Reached::Ahead => "bg-base-100 text-quiet border-2 border-hairline",
                    };
                    let words = if moment.reached == Reached::Ahead { "text-quiet" } else { "" };
                    let line = if moment.reached == Reached::Past { "before:bg-primary" } else { "before:bg-hairline" };
                    view! {
                        <li
                            aria-current=(moment.reached == Reached::Now).then_some("step")
                            class=format!("relative grid grid-cols-[2.5rem_1fr] gap-4 pb-6 last:pb-0 before:absolute before:start-[1.1875rem] before:top-10 before:bottom-0 before:w-0.5 last:before:hidden {line}")
                        >
                            <span class=format!("grid place-items-center size-10 rounded-full {disc}")>
                                <Icon shape=moment.shape class="size-5"/>
                            </span>
                            <div class=format!("pt-1.5 {words}")>
                                <p class="font-medium">{moment.title}</p>
                                {moment.at.map(|at| view! { <p class="text-sm text-quiet"><When at/></p> })}
                                {moment.detail.map(|detail| view! { <p class="text-sm mt-1">{detail}</p> })}
                            </div>
                        </li>
                    }
                })
                .collect_view()}
        </ol>
    }
}
