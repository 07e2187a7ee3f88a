//! Pictures over the whole window: swiped like the row that they are opened from, and enlarged by a tap, a pinch, a button or the keyboard.
//! Escape closes it, and so does Back: while it is open the history has an entry more, with the same address.

use domain::view::PictureView;
use leptos::ev::{KeyboardEvent, MouseEvent, TouchEvent};
use leptos::html;
use leptos::prelude::*;
use ui::{IconButton, Picture, icon, tr};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{Element, HtmlElement};

use crate::pictures::PictureRow;

/// How much larger a picture is after a tap.
const ENLARGED: f64 = 2.5;
/// How much larger it can be made.
const LARGEST: f64 = 4.0;

/// How large the picture in sight is: 1 where all of it fits, up to [`LARGEST`].
#[derive(Clone, Copy)]
struct Zoom {
    scale: RwSignal<f64>,
    /// The distance of two fingers and the scale when they came down.
    pinch: StoredValue<Option<(f64, f64)>>,
}

impl Zoom {
    fn is_on(self) -> bool {
        self.scale.get() > 1.0
    }

    /// Makes the picture in `frame` so large; what is at this point of the window stays there.
    fn set(self, frame: &HtmlElement, to: f64, (x, y): (f64, f64)) {
        let before = self.scale.get_untracked();
        let to = to.clamp(1.0, LARGEST);
        let around = frame.get_bounding_client_rect();
        let (x, y) = (x - around.left(), y - around.top());
        let (left, top) = (f64::from(frame.scroll_left()), f64::from(frame.scroll_top()));
        // Not an attribute, which the content policy forbids. It fails for no valid name.
        let _ = frame.style().set_property("--zoom", &to.to_string());
        self.scale.set(to);
        let moved = |scrolled: f64, at: f64| pixels((scrolled + at) * to / before - at);
        frame.set_scroll_left(moved(left, x));
        frame.set_scroll_top(moved(top, y));
    }

    /// Two fingers came down, or moved.
    fn pinch(self, event: &TouchEvent) {
        let touches = event.touches();
        let (Some(one), Some(other)) = (touches.get(0), touches.get(1)) else { return };
        let at = |touch: &web_sys::Touch| (f64::from(touch.client_x()), f64::from(touch.client_y()));
        let ((x, y), (to_x, to_y)) = (at(&one), at(&other));
        let distance = (to_x - x).hypot(to_y - y).max(1.0);
        let Some(frame) = frame_of(event) else { return };
        // The browser would enlarge the page.
        event.prevent_default();
        match self.pinch.get_value() {
            Some((begun, scale)) => self.set(&frame, scale * distance / begun, (x.midpoint(to_x), y.midpoint(to_y))),
            None => self.pinch.set_value(Some((distance, self.scale.get_untracked()))),
        }
    }

    /// A finger was lifted.
    fn end_pinch(self, event: &TouchEvent) {
        if event.touches().length() < 2 {
            self.pinch.set_value(None);
        }
    }

    /// A tap or click: larger there, or as it was.
    fn toggle_at(self, event: &MouseEvent) {
        if let Some(frame) = frame_of(event) {
            let to = if self.scale.get_untracked() > 1.0 { 1.0 } else { ENLARGED };
            self.set(&frame, to, (f64::from(event.client_x()), f64::from(event.client_y())));
        }
    }

    /// The same in the middle of the picture in sight; larger or smaller by a factor.
    fn by(self, row: PictureRow, factor: f64) {
        let Some(frame) = frames(row).into_iter().nth(row.shown.get_untracked()) else { return };
        let around = frame.get_bounding_client_rect();
        let middle = (around.left() + around.width() / 2.0, around.top() + around.height() / 2.0);
        self.set(&frame, self.scale.get_untracked() * factor, middle);
    }

    /// Arrows move an enlarged picture.
    fn pan(self, row: PictureRow, event: &KeyboardEvent) {
        let (x, y) = match event.key().as_str() {
            "ArrowRight" => (ARROW, 0),
            "ArrowLeft" => (-ARROW, 0),
            "ArrowDown" => (0, ARROW),
            "ArrowUp" => (0, -ARROW),
            _ => return,
        };
        if let Some(frame) = frames(row).into_iter().nth(row.shown.get_untracked()) {
            frame.set_scroll_left(frame.scroll_left() + x);
            frame.set_scroll_top(frame.scroll_top() + y);
            event.prevent_default();
        }
    }
}

/// Pixels that an arrow moves an enlarged picture.
const ARROW: i32 = 80;

/// Whole pixels.
#[allow(clippy::cast_possible_truncation, reason = "a position in a window")]
fn pixels(number: f64) -> i32 {
    number.round() as i32
}

/// What scrolls around the picture that an event is of.
fn frame_of(event: &web_sys::Event) -> Option<HtmlElement> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    target.closest(".picture-frame").ok()??.dyn_into().ok()
}

/// The pictures of a product over the whole window, while `open`; `from` is the row that they are opened from, which follows.
#[component]
pub(crate) fn Viewer(#[prop(into)] label: String, pictures: Vec<PictureView>, open: RwSignal<bool>, from: PictureRow) -> impl IntoView {
    let node = NodeRef::<html::Dialog>::new();
    let row = PictureRow::new(pictures.len());
    let zoom = Zoom { scale: RwSignal::new(1.0), pinch: StoredValue::new(None) };
    // The large pictures are made, and so loaded, when it is opened for the first time.
    let was_opened = RwSignal::new(false);
    Effect::new(move || show(node, open.get(), was_opened, row, from));
    follow_history(open);
    Effect::new(move || {
        // Another picture, or none: each begins as a whole.
        let _ = (row.shown.get(), open.get());
        zoom.scale.set(1.0);
        for frame in frames(row) {
            let _ = frame.style().remove_property("--zoom");
        }
    });
    let pictures = StoredValue::new(pictures);
    let content = move || was_opened.get().then(|| pictures.with_value(|pictures| inside(pictures, row, zoom, open)));
    let on_key = move |event: KeyboardEvent| {
        match event.key().as_str() {
            "+" | "=" => zoom.by(row, 1.5),
            "-" => zoom.by(row, 1.0 / 1.5),
            _ if zoom.scale.get_untracked() > 1.0 => zoom.pan(row, &event),
            _ => {
                row.press(&event);
            }
        }
        // The row behind it has the same keys.
        event.stop_propagation();
    };
    view! {
        <dialog node_ref=node class="viewer" aria-label=label on:close=move |_| open.set(false) on:keydown=on_key>{content}</dialog>
    }
    .into_any()
}

fn frames(row: PictureRow) -> Vec<HtmlElement> {
    let Some(row) = row.node.get_untracked() else { return Vec::new() };
    let places = row.children();
    (0..places.length()).filter_map(|at| places.item(at)?.first_element_child()?.dyn_into().ok()).collect()
}

/// Opens or closes it. It opens with the picture in sight, and leaves the one that was seen last in sight.
fn show(node: NodeRef<html::Dialog>, should_open: bool, was_opened: RwSignal<bool>, row: PictureRow, from: PictureRow) {
    let Some(dialog) = node.get() else { return };
    if should_open && !dialog.open() {
        was_opened.set(true);
        // Fails only when the element is not in the page.
        let _ = dialog.show_modal();
        let at = from.shown.get_untracked();
        row.shown.set(at);
        // After its pictures are drawn.
        request_animation_frame(move || row.go(at));
    } else if !should_open && dialog.open() {
        dialog.close();
        from.go(row.shown.get_untracked());
    } else if !should_open && was_opened.get_untracked() {
        // The browser closed it.
        from.go(row.shown.get_untracked());
    }
}

/// Back closes it. An entry of the history is added when it is opened, and left when it is closed otherwise.
fn follow_history(open: RwSignal<bool>) {
    let has_entry = StoredValue::new(false);
    Effect::new(move || {
        let back = window_event_listener(leptos::ev::popstate, move |_| {
            if has_entry.get_value() {
                has_entry.set_value(false);
                open.set(false);
            }
        });
        on_cleanup(move || back.remove());
    });
    Effect::new(move || {
        let is_open = open.get();
        // Without a history Back leaves the page, as it does everywhere else.
        let Ok(history) = window().history() else { return };
        if is_open && !has_entry.get_value() {
            has_entry.set_value(history.push_state_with_url(&history.state().unwrap_or(JsValue::NULL), "", None).is_ok());
        } else if !is_open && has_entry.get_value() {
            has_entry.set_value(false);
            let _ = history.back();
        }
    });
}

fn inside(pictures: &[PictureView], row: PictureRow, zoom: Zoom, open: RwSignal<bool>) -> AnyView {
    let total = pictures.len();
    let place = |picture: &PictureView| {
        view! {
            <li>
                <div
                    class="picture-frame"
                    class:picture-frame-enlarged=move || zoom.is_on()
                    on:click=move |event| zoom.toggle_at(&event)
                    on:touchstart=move |event| zoom.pinch(&event)
                    on:touchmove=move |event| zoom.pinch(&event)
                    on:touchend=move |event| zoom.end_pinch(&event)
                >
                    <div class="picture-sheet"><Picture id=picture.id.to_string() alt=picture.alt.clone() sizes="max(100vw, 100vh)"/></div>
                </div>
            </li>
        }
        .into_any()
    };
    let places = pictures.iter().map(place).collect_view();
    let steps = (total > 1).then(|| {
        view! {
            <div class="picture-steps">
                <span><IconButton shape=icon::CHEVRON_LEFT label=tr!(PRODUCT_PICTURE_PREVIOUS) disabled=Signal::derive(move || row.shown.get() == 0) on:click=move |_| row.step(-1)/></span>
                <span><IconButton shape=icon::CHEVRON_RIGHT label=tr!(PRODUCT_PICTURE_NEXT) disabled=Signal::derive(move || row.shown.get() + 1 == total) on:click=move |_| row.step(1)/></span>
            </div>
        }
        .into_any()
    });
    let resize = move || {
        let larger = view! { <IconButton shape=icon::ZOOM_IN label=tr!(PRODUCT_PICTURE_LARGER) disabled=Signal::derive(move || zoom.scale.get() >= LARGEST) on:click=move |_| zoom.by(row, 1.5)/> };
        let smaller = view! { <IconButton shape=icon::ZOOM_OUT label=tr!(PRODUCT_PICTURE_SMALLER) disabled=Signal::derive(move || !zoom.is_on()) on:click=move |_| zoom.by(row, 1.0 / 1.5)/> };
        view! { <div class="flex gap-1">{smaller}{larger}</div> }.into_any()
    };
    view! {
        <header class="flex items-center justify-between gap-3 ps-5 pe-3 py-2">
            <p class="figures" role="status">{move || tr!(PRODUCT_PICTURE_OF, number = row.shown.get() + 1, total = total)}</p>
            {resize()}
            <IconButton shape=icon::CLOSE label=tr!(COMMON_CLOSE) on:click=move |_| open.set(false)/>
        </header>
        <div class="relative grow min-h-0">
            <ul node_ref=row.node class="picture-row" tabindex="0" class:picture-row-held=move || zoom.is_on() on:scroll=move |_| row.note()>{places}</ul>
            {steps}
        </div>
    }
    .into_any()
}
