//! The size guide of a product, beside the option that it is about: in a dialog, and without a script in a part that unfolds.

use domain::view::{OptionView, ProductView, SizeGuideView};
use leptos::prelude::*;
use ui::{Button, Dialog, Disclosure, Look, Placement, icon, tr};

/// Is the size guide beside this option? It is beside the first whose key has the word size, or else beside the first.
pub(crate) fn is_beside(product: &ProductView, at: usize) -> bool {
    let is_size = |option: &OptionView| option.key.split('-').any(|word| matches!(word, "size" | "sizes"));
    product.size_guide.is_some() && at == product.options.iter().position(is_size).unwrap_or_default()
}

#[component]
pub(crate) fn SizeGuide(guide: SizeGuideView) -> impl IntoView {
    let open = RwSignal::new(false);
    // The dialog has its table once it was opened.
    let was_opened = RwSignal::new(false);
    let inside = StoredValue::new(guide.clone());
    let content = move || was_opened.get().then(|| inside.with_value(|guide| table(guide.clone())));
    view! {
        <div class="needs-script">
            <Button
                look=Look::Ghost
                icon=icon::RULER
                on:click=move |_| {
                    was_opened.set(true);
                    open.set(true);
                }
            >
                {tr!(PRODUCT_SIZE_GUIDE)}
            </Button>
            <Dialog title=tr!(PRODUCT_SIZE_GUIDE) id="size-guide" open placement=Placement::Sheet>{content}</Dialog>
        </div>
        <div class="without-script"><Disclosure title=tr!(PRODUCT_SIZE_GUIDE)>{table(guide)}</Disclosure></div>
    }
    .into_any()
}

fn table(guide: SizeGuideView) -> AnyView {
    let SizeGuideView { rows, note } = guide;
    let mut rows = rows.into_iter();
    let cell = "px-3 py-2 border-b border-hairline text-start";
    let headings = rows.next().unwrap_or_default();
    let headings = headings.into_iter().map(|heading| view! { <th scope="col" class=cell>{heading}</th> }.into_any()).collect_view();
    let row = |cells: Vec<String>| {
        let mut cells = cells.into_iter();
        let first = cells.next().unwrap_or_default();
        let others = cells.map(|value| view! { <td class=cell>{value}</td> }.into_any()).collect_view();
        view! { <tr><th scope="row" class=cell>{first}</th>{others}</tr> }.into_any()
    };
    let rows = rows.map(row).collect_view();
    view! {
        <div class="overflow-x-auto" tabindex="0" role="group" aria-label=tr!(PRODUCT_SIZE_GUIDE)>
            <table class="w-full figures text-sm"><thead><tr>{headings}</tr></thead><tbody>{rows}</tbody></table>
        </div>
        {(!note.is_empty()).then(|| view! { <p class="text-sm text-quiet mt-4 whitespace-pre-line">{note}</p> }.into_any())}
    }
    .into_any()
}
