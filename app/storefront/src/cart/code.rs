//! Where a discount code is typed: in a form of its own, or in the checkout's.

use domain::view::{CartNotice, CartView};
use leptos::html;
use leptos::prelude::*;
use ui::{Button, Field, Icon, Look, icon, tr};
use wasm_bindgen::JsCast;

use super::{use_cart, words};

/// The field's id and name, alone on its page.
const FIELD: &str = "code";

/// Where a discount code is typed, as a form of its own.
#[component]
pub fn CodeForm(
    /// The cart.
    #[prop(into)]
    view: Signal<CartView>,
) -> impl IntoView {
    view! {
        <form method="post" action="/cart" on:submit=|event| event.prevent_default()>
            <CodeField view step="code"/>
        </form>
    }
    .into_any()
}

/// Is a discount code of this cart not used?
pub(crate) fn is_code_refused(view: &CartView) -> bool {
    view.notices.iter().any(|notice| matches!(notice, CartNotice::DiscountRefused { .. }))
}

/// Where a discount code is typed, in a form. What is wrong with it is said here and nowhere else.
#[component]
pub(crate) fn CodeField(
    /// The cart.
    #[prop(into)]
    view: Signal<CartView>,
    /// What the button sends as `step`, without a script.
    step: &'static str,
    /// What the button to go on without a code sends as `step`. Only where a code that is refused keeps one from going on.
    #[prop(optional)]
    without: Option<&'static str>,
    /// What was typed into it, when the form came back.
    #[prop(optional_no_strip)]
    sent: Option<String>,
    /// Why the form's code is not used.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let cart = use_cart();
    let typed = RwSignal::new(sent.or_else(|| view.with_untracked(|view| view.discount_code.clone())).unwrap_or_default());
    let refused = Signal::derive(move || {
        let told = view.with(|view| view.notices.iter().find(|notice| matches!(notice, CartNotice::DiscountRefused { .. })).map(words));
        error.get().or(told)
    });
    let used = move || view.with(|view| view.discount_code.clone());
    let use_code = move || cart.set_code(Some(typed.get_untracked()));
    // Enter in the field is for this button, and not for the first one of the form.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            use_code();
        }
    };
    let dropped = RwSignal::new(false);
    let state = NodeRef::<html::P>::new();
    let go_on = move || {
        empty_field();
        typed.set(String::new());
        cart.set_code(None);
        dropped.set(true);
        // The button that was pressed is gone. What came of it is read in place of it, without the phone's keyboard.
        request_animation_frame(move || {
            if let Some(state) = state.try_get_untracked().flatten() {
                // A browser that does not give it the focus reads it out all the same.
                let _ = state.focus();
            }
        });
    };
    let said = move || match (used().is_some(), dropped.get() && refused.with(Option::is_none)) {
        (true, _) => Some(tr!(CART_DISCOUNT_IN_USE)),
        (false, true) => Some(tr!(CART_DISCOUNT_DROPPED)),
        (false, false) => None,
    };
    view! {
        <div class="flex items-start gap-2">
            <div class="grow min-w-0" on:keydown=on_key><Field label=tr!(CART_DISCOUNT_CODE) name=FIELD bind=typed error=refused alert=true maxlength=40/></div>
            // Beside the field, below its label.
            <span class="mt-6.5 shrink-0 whitespace-nowrap"><Button
                kind="submit"
                look=Look::Outline
                attr:name="step"
                attr:value=step
                on:click=move |event| {
                    event.prevent_default();
                    use_code();
                }
            >
                {tr!(CART_DISCOUNT_APPLY)}
            </Button></span>
        </div>
        {move || without.filter(|_| refused.with(Option::is_some)).map(|step| view! {
            <div class="mt-2">
                <Button
                    kind="submit"
                    look=Look::Outline
                    attr:name="step"
                    attr:value=step
                    on:click=move |event| {
                        event.prevent_default();
                        go_on();
                    }
                >
                    {tr!(CART_DISCOUNT_GO_ON)}
                </Button>
            </div>
        }.into_any())}
        {move || used().map(|code| view! {
            <p class="mt-2 flex items-center gap-2 text-sm">
                <Icon shape=icon::TAG class="size-4 text-primary"/>
                <span class="font-medium">{code}</span>
                <button type="button" class="needs-script btn btn-ghost btn-sm" on:click=move |_| {
                    // The button goes with the code.
                    focus_field();
                    typed.set(String::new());
                    cart.set_code(None);
                }>{tr!(COMMON_REMOVE)}</button>
            </p>
        }.into_any())}
        <p node_ref=state role="status" tabindex="-1" class=move || if used().is_some() { "sr-only" } else { "mt-2 text-sm text-quiet empty:hidden" }>{said}</p>
    }
    .into_any()
}

fn field() -> Option<web_sys::HtmlInputElement> {
    document().get_element_by_id(FIELD)?.dyn_into().ok()
}

fn focus_field() {
    if let Some(field) = field() {
        // A field in a folded panel cannot have it.
        let _ = field.focus();
    }
}

/// Empties the field as its reader would, so that what the form was told of it is no longer so.
fn empty_field() {
    let Some(field) = field() else { return };
    field.set_value("");
    let rises = web_sys::EventInit::new();
    rises.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict("input", &rises) {
        // Whether anybody forbids the browser to go on does not matter: it has nothing to do.
        let _ = field.dispatch_event(&event);
    }
}
