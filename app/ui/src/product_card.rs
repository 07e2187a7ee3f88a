//! Product cards and category tiles.

use domain::Money;
use leptos::prelude::*;

use crate::{Badge, Picture, Price, Tone, tr};

/// A product in a listing. Its parent has the class `product-grid`.
#[component]
pub fn ProductCard(
    #[prop(into)] href: String,
    #[prop(into)] name: String,
    #[prop(into)] picture: String,
    price: Money,
    /// The former price, when it was higher.
    #[prop(optional_no_strip)]
    compare_at: Option<Money>,
    /// Some variants cost more.
    #[prop(optional)]
    from: bool,
    /// A line under the name, for example "6 colours".
    #[prop(optional_no_strip)]
    note: Option<String>,
    #[prop(optional)] sold_out: bool,
    #[prop(optional)] new: bool,
    /// Only this many are left; shown when few.
    #[prop(optional_no_strip)]
    few_left: Option<u32>,
    /// Among the first on the page: its picture is loaded at once.
    #[prop(optional)]
    first: bool,
    /// A button over the picture's corner, for example to add the product to the cart.
    #[prop(optional, into)]
    action: Option<ViewFn>,
) -> impl IntoView {
    let badge = if sold_out {
        Some((Tone::Neutral, tr!(PRODUCT_OUT_OF_STOCK).to_owned()))
    } else if compare_at.is_some() {
        Some((Tone::Sale, tr!(PRODUCT_SALE_BADGE).to_owned()))
    } else if new {
        Some((Tone::Accent, tr!(PRODUCT_NEW_BADGE).to_owned()))
    } else {
        None
    };
    let dim = if sold_out { "opacity-60" } else { "" };
    view! {
        <article class="group relative flex flex-col gap-2.5 min-w-0">
            <div class="relative">
                <div class="tile">
                    <div class=format!("size-full transition-transform duration-200 ease-out group-hover:scale-[1.03] {dim}")>
                        <Picture id=picture alt="" sizes="(width < 40rem) 46vw, (width < 64rem) 30vw, 19rem" first/>
                    </div>
                </div>
                {badge.map(|(tone, words)| view! { <div class="absolute top-2.5 start-2.5"><Badge tone full=true>{words}</Badge></div> }.into_any())}
                {action.map(|action| view! { <div class="absolute bottom-2 end-2 z-10">{action.run()}</div> }.into_any())}
            </div>
            <div class="flex flex-col gap-0.5">
                <h3 class="font-sans text-base font-medium leading-snug tracking-normal">
                    <a href=href class="after:absolute after:inset-0 after:rounded-card group-hover:underline underline-offset-4 decoration-1">{name}</a>
                </h3>
                {note.map(|note| view! { <p class="text-sm text-quiet">{note}</p> }.into_any())}
                <Price amount=price compare_at from/>
                {few_left
                    .filter(|_| !sold_out)
                    .map(|left| view! { <p class="text-sm text-sale font-medium">{crate::trn!(PRODUCT_FEW_LEFT, left)}</p> }.into_any())}
            </div>
        </article>
    }
}

#[component]
pub fn CategoryTile(
    #[prop(into)] href: String,
    #[prop(into)] name: String,
    /// The picture's id; empty for none.
    #[prop(into)]
    picture: String,
) -> impl IntoView {
    let picture = (!picture.is_empty()).then(|| view! { <Picture id=picture alt="" sizes="(width < 40rem) 30vw, 10rem"/> });
    view! {
        <a href=href class="group flex flex-col gap-2 min-w-0 rounded-card">
            <span class="tile block">
                <span class="block size-full transition-transform duration-200 ease-out group-hover:scale-[1.03]">
                    {picture}
                </span>
            </span>
            <span class="font-medium text-sm md:text-base leading-snug group-hover:underline underline-offset-4 decoration-1">{name}</span>
        </a>
    }
}
