//! The form on a product's page for who wants a mail when a variant that is sold out can be bought again.

use std::sync::Arc;

use domain::view::ProductView;
use leptos::prelude::*;
use ui::{Alert, Button, Choice, Field, Look, SelectField, Tone, tr};
use web::{FormFallback, PostForm, ProblemSummary, problem, typed, wrong};

use crate::back_in_stock::AskWhenBack;
use crate::choice::Chosen;
use crate::query::product_address;

/// The form for an e-mail address, while all that fits the choice is sold out. Several variants are chosen from by a list, as without a
/// script.
#[component]
pub(crate) fn TellWhenBack(product: Arc<ProductView>, chosen: Chosen, sent: FormFallback) -> impl IntoView {
    let action = ServerAction::<AskWhenBack>::new();
    let (problem, typed) = (problem(action, &sent), typed(action, &sent));
    let (email, picked) = (RwSignal::new(typed.or("email", "")), RwSignal::new(typed.or("variant", "")));
    let sold_out = Memo::new(move |_| chosen.sold_out());
    let is_any = Memo::new(move |_| sold_out.with(|sold_out| !sold_out.is_empty()));
    let is_one = Memo::new(move |_| sold_out.with(|sold_out| sold_out.len() == 1));
    let variant = Memo::new(move |_| {
        sold_out.with(|sold_out| match sold_out.as_slice() {
            [(only, _)] => only.clone(),
            _ => picked.get(),
        })
    });
    // The variants that were asked for while the page is open.
    let asked = RwSignal::new(Vec::<String>::new());
    Effect::new(move || {
        if let Some(Ok(variant)) = action.value().get() {
            asked.update(|asked| asked.push(variant));
        }
    });
    let is_asked = Memo::new(move |_| variant.with(|variant| asked.with(|asked| asked.contains(variant))));
    let choices =
        Signal::derive(move || sold_out.get().into_iter().map(|(variant, name)| Choice::new(variant, name)).collect::<Vec<Choice>>());
    let sku = chosen.variant.with_untracked(|variant| variant.as_ref().map(|variant| variant.sku.clone()).unwrap_or_default());
    let page = product_address(&product.slug, &sku);
    let which = move || {
        if is_one.get() {
            view! { <input type="hidden" name="variant" value=move || variant.get()/> }.into_any()
        } else {
            view! { <SelectField label=tr!(PRODUCT_BACK_WHICH) name="variant" choices selected=picked empty=tr!(FIELD_CHOOSE) error=wrong(problem, "variant") on_change=Callback::new(move |value| picked.set(value))/> }.into_any()
        }
    };
    let form = move || {
        view! {
            <PostForm action page=page.clone() class="flex flex-col gap-3">
                <ProblemSummary problem/>
                {which}
                <Field label=tr!(CONTACT_EMAIL) name="email" kind="email" inputmode="email" autocomplete="email" required=true maxlength=254 bind=email hint=tr!(PRODUCT_BACK_CONSENT) error=wrong(problem, "email")/>
                <div><Button look=Look::Outline kind="submit" busy=action.pending()>{tr!(PRODUCT_BACK_ACTION)}</Button></div>
            </PostForm>
        }
        .into_any()
    };
    let inside = move || {
        let form = form.clone();
        view! {
            <section id="back-in-stock" aria-labelledby="back-in-stock-title" class="bg-raised border border-hairline rounded-card p-4 flex flex-col gap-3">
                <div>
                    <h2 class="font-sans text-base tracking-normal" id="back-in-stock-title">{tr!(PRODUCT_BACK_TITLE)}</h2>
                    <p class="text-sm text-quiet mt-1">{tr!(PRODUCT_BACK_BODY)}</p>
                </div>
                <div role="status">{move || is_asked.get().then(|| view! { <Alert tone=Tone::Success announced=true>{tr!(PRODUCT_BACK_ASKED)}</Alert> }.into_any())}</div>
                {move || (!is_asked.get()).then(&form)}
            </section>
        }
        .into_any()
    };
    move || is_any.get().then(&inside)
}
