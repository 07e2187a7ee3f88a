use leptos::prelude::*;

use crate::{Icon, icon, tr};

/// Links to the pages above, then the page itself.
#[component]
pub fn Breadcrumbs(
    /// Address and name of each page above this one.
    above: Vec<(String, String)>,
    #[prop(into)] here: String,
) -> impl IntoView {
    view! {
        <nav aria-label=tr!(UI_BREADCRUMBS) class="text-sm text-quiet">
            <ol class="flex flex-wrap items-center gap-x-1">
                {above
                    .into_iter()
                    .map(|(href, name)| {
                        view! {
                            <li class="flex items-center gap-1">
                                <a class="inline-flex items-center min-h-11 hover:text-base-content hover:underline underline-offset-4" href=href>{name}</a>
                                <Icon shape=icon::CHEVRON_RIGHT class="size-4"/>
                            </li>
                        }.into_any()
                    })
                    .collect_view()}
                <li aria-current="page" class="text-base-content min-w-0 truncate">{here}</li>
            </ol>
        </nav>
    }
}
