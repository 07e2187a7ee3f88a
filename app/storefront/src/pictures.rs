//! The pictures of a product: a row that is swiped, with thumbnails, and each in full size at a tap ([`viewer`](crate::viewer)). Without a
//! script the row is scrolled, and a tap opens the picture by itself.

use std::sync::Arc;

use domain::view::{PictureView, ProductView, VariantView};
use leptos::ev::{KeyboardEvent, MouseEvent};
use leptos::html;
use leptos::prelude::*;
use ui::{Icon, IconButton, Picture, icon, picture_url, tr};
use wasm_bindgen::JsCast;

use crate::viewer::Viewer;

/// A row of pictures of which one is in sight. The browser scrolls it, by touch, wheel or keyboard; which one is in sight is read from there.
#[derive(Clone, Copy)]
pub(crate) struct PictureRow {
    pub node: NodeRef<html::Ul>,
    /// The position of the one in sight.
    pub shown: RwSignal<usize>,
    count: usize,
}

impl PictureRow {
    pub fn new(count: usize) -> Self {
        Self { node: NodeRef::new(), shown: RwSignal::new(0), count }
    }

    /// Scrolls to a picture; none beyond the ends.
    pub fn go(self, to: usize) {
        let Some(row) = self.node.get_untracked() else { return };
        let place = |at: usize| {
            let place = row.children().item(u32::try_from(at).ok()?)?.dyn_into::<web_sys::HtmlElement>().ok()?;
            Some(place.offset_left())
        };
        if let (true, Some(first), Some(place)) = (to < self.count, place(0), place(to)) {
            // How smoothly is up to the style sheet.
            row.set_scroll_left(place - first);
        }
    }

    /// Scrolls to the one before or behind.
    pub fn step(self, by: isize) {
        if let Some(to) = self.shown.get_untracked().checked_add_signed(by) {
            self.go(to);
        }
    }

    /// Notes which one is in sight after the row was scrolled.
    pub fn note(self) {
        let Some(row) = self.node.get_untracked() else { return };
        let width = row.client_width().max(1);
        // From right to left positions are negative.
        let at = usize::try_from((row.scroll_left().abs() + width / 2) / width).unwrap_or_default().min(self.count.saturating_sub(1));
        if self.shown.get_untracked() != at {
            self.shown.set(at);
        }
    }

    /// Arrows, Home and End; whether the key was one of them.
    pub fn press(self, event: &KeyboardEvent) -> bool {
        let is_mirrored = document().document_element().is_some_and(|root| root.get_attribute("dir").as_deref() == Some("rtl"));
        let on = if is_mirrored { -1 } else { 1 };
        match event.key().as_str() {
            "ArrowRight" => self.step(on),
            "ArrowLeft" => self.step(-on),
            "Home" => self.go(0),
            "End" => self.go(self.count.saturating_sub(1)),
            _ => return false,
        }
        event.prevent_default();
        true
    }
}

/// The pictures of a product, that of the chosen variant in sight.
#[component]
pub(crate) fn ProductPictures(product: Arc<ProductView>, variant: Memo<Option<VariantView>>) -> impl IntoView {
    if product.pictures.is_empty() {
        return view! { <div class="tile max-md:aspect-[4/3]"></div> }.into_any();
    }
    let pictures = in_order(&product.pictures, variant.with_untracked(Option::clone).as_ref());
    let total = pictures.len();
    let row = PictureRow::new(total);
    let open = RwSignal::new(false);
    let ids: Vec<_> = pictures.iter().map(|picture| picture.id).collect();
    Effect::new(move |before: Option<Option<_>>| {
        let own = variant.with(|variant| variant.as_ref().and_then(|variant| variant.picture));
        // Not at first: the rendered page stays.
        if let Some(at) = own.filter(|_| before.is_some()).and_then(|own| ids.iter().position(|id| *id == own)) {
            row.go(at);
        }
        own
    });
    let places = pictures.iter().enumerate().map(|(at, picture)| place(at, total, picture, row, open)).collect_view();
    let label = tr!(PRODUCT_GALLERY, name = product.name);
    let viewer_label = label.clone();
    view! {
        <section aria-label=label class="min-w-0" on:keydown=move |event| { row.press(&event); }>
            <div class="relative">
                <ul node_ref=row.node class="picture-row rounded-card" data-pictures on:scroll=move |_| row.note()>{places}</ul>
                {(total > 1).then(|| steps(row, total))}
            </div>
            {(total > 1).then(|| view! { <div class="needs-script flex flex-wrap gap-2 mt-3">{thumbnails(&pictures, row)}</div> }.into_any())}
            <Viewer label=viewer_label pictures open from=row/>
        </section>
    }
    .into_any()
}

/// That of the variant whose address was opened first, so that it is in sight without a script too; the others as the shop has put them.
fn in_order(pictures: &[PictureView], variant: Option<&VariantView>) -> Vec<PictureView> {
    let mut pictures = pictures.to_vec();
    let own = variant.and_then(|variant| variant.picture);
    if let Some(at) = own.and_then(|own| pictures.iter().position(|picture| picture.id == own)) {
        let own = pictures.remove(at);
        pictures.insert(0, own);
    }
    pictures
}

/// A picture in the row, which opens in full size.
fn place(at: usize, total: usize, picture: &PictureView, row: PictureRow, open: RwSignal<bool>) -> AnyView {
    let id = picture.id.to_string();
    let address = picture_url(&id, 1280, "webp");
    let label = tr!(PRODUCT_PICTURE_ENLARGE, number = at + 1, total = total, what = picture.alt);
    let enlarge = move |event: MouseEvent| {
        // With a key held down the browser opens it elsewhere.
        if !(event.ctrl_key() || event.meta_key() || event.shift_key()) {
            event.prevent_default();
            row.go(at);
            row.shown.set(at);
            open.set(true);
        }
    };
    view! {
        <li>
            // Not a page of the shop, so not the router's.
            <a href=address rel="external" class="tile max-md:aspect-[4/3] block cursor-zoom-in" aria-label=label on:click=enlarge>
                <Picture id=id alt=picture.alt.clone() sizes="(width < 48rem) 92vw, 38rem" first={at == 0}/>
            </a>
        </li>
    }
    .into_any()
}

/// Buttons to the picture before and behind, for who has a mouse; others swipe.
fn steps(row: PictureRow, total: usize) -> AnyView {
    view! {
        <div class="needs-script picture-steps">
            <span><IconButton shape=icon::CHEVRON_LEFT label=tr!(PRODUCT_PICTURE_PREVIOUS) disabled=Signal::derive(move || row.shown.get() == 0) on:click=move |_| row.step(-1)/></span>
            <span><IconButton shape=icon::CHEVRON_RIGHT label=tr!(PRODUCT_PICTURE_NEXT) disabled=Signal::derive(move || row.shown.get() + 1 == total) on:click=move |_| row.step(1)/></span>
        </div>
        <p class="needs-script picture-count" aria-hidden="true"><Icon shape=icon::ZOOM_IN class="size-4"/><span class="figures">{move || format!("{}/{total}", row.shown.get() + 1)}</span></p>
    }
    .into_any()
}

fn thumbnails(pictures: &[PictureView], row: PictureRow) -> impl IntoView + use<> {
    let total = pictures.len();
    let thumbnail = |(at, picture): (usize, &PictureView)| {
        let id = picture.id.to_string();
        view! {
            <button
                type="button"
                class="tile size-16 md:size-20 cursor-pointer border-2 border-transparent aria-pressed:border-primary"
                aria-pressed=move || if row.shown.get() == at { "true" } else { "false" }
                aria-label=tr!(PRODUCT_PICTURE_OF, number = at + 1, total = total)
                on:click=move |_| row.go(at)
            >
                <Picture id alt="" sizes="80px"/>
            </button>
        }
        .into_any()
    };
    pictures.iter().enumerate().map(thumbnail).collect_view()
}
