use leptos::prelude::*;

/// An address as the lines of a label.
#[component]
pub fn PostalLabel(
    /// Lines of the label, the recipient first.
    lines: Vec<String>,
) -> impl IntoView {
    let lines = lines.into_iter().map(|line| view! { <span class="block">{line}</span> }).collect_view();
    view! { <address class="not-italic">{lines}</address> }.into_any()
}
