//! How texts in Markdown will look, before they are saved.

use admin_layout::shown;
use domain::Locale;
use domain::permission::Permission;
use leptos::prelude::*;
use ui::{Panel, SkeletonText, tr};
use wasm_bindgen::JsCast;
use web::{Access, Answer, AppError, access, access_of, resource};

/// The HTML of texts in Markdown, as shoppers would see it.
#[server(endpoint = "admin/content/preview", output = Answer)]
pub async fn preview_texts(#[server(default)] texts: Vec<String>) -> Result<Vec<String>, AppError> {
    use web::request;
    request::authorize(Access::Staff(Permission::ReadContent))?;
    Ok(texts.iter().map(|text| backend::content::to_html(text)).collect())
}
access!(PreviewTexts, Access::Staff(Permission::ReadContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<PreviewTexts>()];

/// What is typed into a field of the page; nothing before there is one.
fn typed_now(id: &str) -> String {
    let field = document().get_element_by_id(id);
    // Fields of several lines have the same property.
    field.map(|field| field.unchecked_into::<web_sys::HtmlInputElement>().value()).unwrap_or_default()
}

/// The texts of a form in each language as they will look, in the order of [`Locale::ALL`].
#[derive(Clone, Copy)]
pub(crate) struct Preview {
    texts: RwSignal<Vec<String>>,
    html: Resource<Result<Vec<String>, AppError>, web::Packed>,
}

impl Preview {
    /// Shows these texts first.
    pub(crate) fn new(first: Vec<String>) -> Self {
        let texts = RwSignal::new(first);
        Self { texts, html: resource(move || texts.get(), preview_texts) }
    }

    /// Shows what is typed into the fields `body.en` and so on.
    pub(crate) fn look(self) {
        self.texts.set(Locale::ALL.map(|locale| typed_now(&format!("body.{}", locale.code()))).into());
    }

    /// The text of one language.
    pub(crate) fn panel(self, at: usize) -> AnyView {
        let written = move |html: Vec<String>| {
            let html = html.get(at).cloned().unwrap_or_default();
            if html.is_empty() {
                view! { <p class="text-quiet">{tr!(ADMIN_CONTENT_PREVIEW_EMPTY)}</p> }.into_any()
            } else {
                view! { <div class="written prose-line" lang=Locale::ALL.get(at).map(|locale| locale.tag()) inner_html=html></div> }
                    .into_any()
            }
        };
        view! {
            <Panel title=tr!(ADMIN_CONTENT_PREVIEW)>
                <Transition fallback=|| view! { <SkeletonText/> }>{shown(self.html, written)}</Transition>
            </Panel>
        }
        .into_any()
    }
}
