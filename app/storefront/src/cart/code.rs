//! The field for a discount code: in a form of its own, or in the checkout's.

use domain::view::{CartNotice, CartView};
use leptos::html;
use leptos::prelude::*;
use ui::{Button, Field, Icon, Look, icon, tr};
use wasm_bindgen::JsCast;

use super::{Cart, notice_text, use_cart};

/// The field's id and name: there is one on a page.
const FIELD: &str = "code";

/// The field for a discount code, as a form of its own.
#[component]
pub fn CodeForm(#[prop(into)] view: Signal<CartView>) -> impl IntoView {
    view! {
        <form method="post" action="/cart" on:submit=|event| event.prevent_default()>
            <CodeField view step="code"/>
        </form>
    }
    .into_any()
}

/// Was a discount code of this cart refused?
pub(crate) fn is_code_refused(view: &CartView) -> bool {
    view.notices.iter().any(|notice| matches!(notice, CartNotice::DiscountRefused { .. }))
}

/// The field for a discount code, in a form. Only here it is shown why a code is refused.
#[component]
pub(crate) fn CodeField(
    #[prop(into)] view: Signal<CartView>,
    /// What the button sends as `step`, without a script.
    step: &'static str,
    /// What the button to continue without a code sends as `step`: only where a refused code blocks the next step.
    #[prop(optional)]
    without: Option<&'static str>,
    /// What was typed, when the form came back.
    #[prop(optional_no_strip)]
    sent: Option<String>,
    /// The form's error for the code.
    #[prop(optional, into)]
    error: Signal<Option<String>>,
) -> impl IntoView {
    let cart = use_cart();
    let typed = RwSignal::new(sent.or_else(|| view.with_untracked(|view| view.discount_code.clone())).unwrap_or_default());
    let refused = Signal::derive(move || {
        let of_cart =
            view.with(|view| view.notices.iter().find(|notice| matches!(notice, CartNotice::DiscountRefused { .. })).map(notice_text));
        error.get().or(of_cart)
    });
    let used = Signal::derive(move || view.with(|view| view.discount_code.clone()));
    let use_code = move || cart.set_code(Some(typed.get_untracked()));
    // Enter in the field presses this button, not the form's first one.
    let on_key = move |event: leptos::ev::KeyboardEvent| {
        if event.key() == "Enter" {
            event.prevent_default();
            use_code();
        }
    };
    let dropped = RwSignal::new(false);
    let status_line = NodeRef::<html::P>::new();
    let go_on = move || {
        empty_field();
        typed.set(String::new());
        cart.set_code(None);
        dropped.set(true);
        // The pressed button is gone, so the focus goes to the status, and not to the field: no phone keyboard opens.
        request_animation_frame(move || {
            if let Some(line) = status_line.try_get_untracked().flatten() {
                // Without the focus a screen reader still reads the status out.
                let _ = line.focus();
            }
        });
    };
    let status = move || match (used.with(Option::is_some), dropped.get() && refused.with(Option::is_none)) {
        (true, _) => Some(tr!(CART_DISCOUNT_IN_USE)),
        (false, true) => Some(tr!(CART_DISCOUNT_DROPPED)),
        (false, false) => None,
    };
    view! {
        <div class="flex items-start gap-2">
            <div class="grow min-w-0" on:keydown=on_key><Field label=tr!(CART_DISCOUNT_CODE) name=FIELD bind=typed error=refused alert=true maxlength=40/></div>
            // Beside the field, below its label.
            <span class="mt-6.5 shrink-0 whitespace-nowrap">{step_button(step, tr!(CART_DISCOUNT_APPLY), use_code)}</span>
        </div>
        {move || without.filter(|_| refused.with(Option::is_some)).map(|step| view! {
            <div class="mt-2">{step_button(step, tr!(CART_DISCOUNT_GO_ON), go_on)}</div>
        }.into_any())}
        {move || used.get().map(|code| used_code(code, cart, typed))}
        <p node_ref=status_line role="status" tabindex="-1" class=move || if used.with(Option::is_some) { "sr-only" } else { "mt-2 text-sm text-quiet empty:hidden" }>{status}</p>
    }
    .into_any()
}

/// The code that the cart uses, with a button that removes it. `typed` is the field's text.
fn used_code(code: String, cart: Cart, typed: RwSignal<String>) -> AnyView {
    view! {
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
    }
    .into_any()
}

/// A button that sends `step` without a script, and with one does `press`.
fn step_button(step: &'static str, label: &'static str, press: impl Fn() + Send + Sync + 'static) -> AnyView {
    view! {
        <Button
            kind="submit"
            look=Look::Outline
            attr:name="step"
            attr:value=step
            on:click=move |event| {
                event.prevent_default();
                press();
            }
        >
            {label}
        </Button>
    }
    .into_any()
}

fn field() -> Option<web_sys::HtmlInputElement> {
    document().get_element_by_id(FIELD)?.dyn_into().ok()
}

fn focus_field() {
    if let Some(field) = field() {
        // A field in a folded panel cannot take it.
        let _ = field.focus();
    }
}

/// Empties the field with an `input` event, as typing would, so that the form drops its error.
fn empty_field() {
    let Some(field) = field() else { return };
    field.set_value("");
    let rises = web_sys::EventInit::new();
    rises.set_bubbles(true);
    if let Ok(event) = web_sys::Event::new_with_event_init_dict("input", &rises) {
        let _ = field.dispatch_event(&event);
    }
}
