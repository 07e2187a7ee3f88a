//! Pictures: square, in the widths and formats that the server keeps.

use domain::picture::WIDTHS;
use leptos::prelude::*;

/// The address of one size of a picture; `extension` is `avif` or `webp`.
#[must_use]
pub fn picture_url(id: &str, width: u16, extension: &str) -> String {
    format!("/pictures/{id}/{width}.{extension}")
}

fn srcset(id: &str, extension: &str) -> String {
    let mut set = String::with_capacity(WIDTHS.len() * (id.len() + 32));
    for (at, width) in WIDTHS.into_iter().enumerate() {
        let between = if at == 0 { "/pictures/" } else { ", /pictures/" };
        let width = width.to_string();
        for part in [between, id, "/", &width, ".", extension, " ", &width, "w"] {
            set.push_str(part);
        }
    }
    set
}

/// A square picture whose room is reserved before it loads. Its parent has the class `tile`.
#[component]
pub fn Picture(
    /// The picture's id, as in its address; empty where there is none, and nothing is loaded.
    #[prop(into)]
    id: String,
    /// The text alternative; empty when the text beside it says the same.
    #[prop(into)]
    alt: String,
    /// How wide it is shown, as the `sizes` attribute: `(width < 48rem) 50vw, 20rem`.
    #[prop(into)]
    sizes: String,
    /// Among the first on the page: loaded at once and before others.
    #[prop(optional)]
    first: bool,
) -> impl IntoView {
    let is_there = !id.is_empty();
    view! {
        <picture class="contents">
            <source type="image/avif" srcset=is_there.then(|| srcset(&id, "avif")) sizes=sizes.clone()/>
            <img
                srcset=is_there.then(|| srcset(&id, "webp"))
                sizes=sizes
                src=is_there.then(|| picture_url(&id, 640, "webp"))
                alt=alt
                width="640"
                height="640"
                loading=if first { "eager" } else { "lazy" }
                decoding="async"
                fetchpriority=first.then_some("high")
                class="size-full object-cover"
            />
        </picture>
    }
}

#[cfg(test)]
mod tests {
    use super::srcset;

    #[test]
    fn every_width_is_offered() {
        let set = srcset("pic_1", "avif");
        assert!(set.starts_with("/pictures/pic_1/160.avif 160w, "));
        assert!(set.ends_with("/pictures/pic_1/1280.avif 1280w"));
    }
}
