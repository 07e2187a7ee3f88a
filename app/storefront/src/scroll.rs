//! Scroll positions, restored when one comes back to a page.
//!
//! The browser would restore them at once, while the former page is still shown, and so in vain. Here each address's last position is
//! stored while the shop is open, and restored when the page is as high again as it was. Newly loaded documents are left to
//! the browser.

use std::collections::HashMap;

use leptos::prelude::*;
use web::when_hydrated;
use web_sys::ScrollRestoration;

use crate::query::named_variant;

/// The most frames to wait for a page: about three seconds.
const MAX_FRAMES: u32 = 180;
/// The frames for which a page that is high enough is held at its position, while its last pictures and lists arrive.
const HOLD_FRAMES: u32 = 20;

/// The scroll positions of the visited addresses.
#[derive(Clone, Copy)]
struct ScrollPositions {
    last: StoredValue<HashMap<String, f64>>,
    /// Counts restorations: a newer one, or the user's own scrolling, ends an older one.
    restoration: StoredValue<u32>,
    /// Is a position being restored? Scroll events are not the user's meanwhile.
    returning: StoredValue<bool>,
}

/// Must be called before the router is made, so that it gets `popstate` first.
pub fn provide_scroll() {
    let positions =
        ScrollPositions { last: StoredValue::new(HashMap::new()), restoration: StoredValue::new(0), returning: StoredValue::new(false) };
    when_hydrated(|| restore_by_browser(false));
    Effect::new(move || {
        let scrolled = window_event_listener(leptos::ev::scroll, move |_| positions.note());
        let back = window_event_listener(leptos::ev::popstate, move |_| positions.begin());
        let leaving = window_event_listener_untyped("pagehide", |_| restore_by_browser(true));
        let shown = window_event_listener_untyped("pageshow", |_| restore_by_browser(false));
        let hands =
            ["wheel", "touchstart", "keydown", "pointerdown"].map(|kind| window_event_listener_untyped(kind, move |_| positions.end()));
        on_cleanup(move || {
            scrolled.remove();
            back.remove();
            leaving.remove();
            shown.remove();
            hands.into_iter().for_each(WindowListenerHandle::remove);
        });
    });
}

fn restore_by_browser(yes: bool) {
    if let Ok(history) = window().history() {
        // A browser without it restores by itself.
        let _ = history.set_scroll_restoration(if yes { ScrollRestoration::Auto } else { ScrollRestoration::Manual });
    }
}

/// The address of the page. That of a product is one, whichever variant it names.
fn here() -> String {
    let location = window().location();
    let search = location.search().map(|search| if named_variant(&search).is_some() { String::new() } else { search });
    [location.pathname(), search].into_iter().map(Result::unwrap_or_default).collect()
}

fn at() -> f64 {
    window().scroll_y().unwrap_or_default()
}

impl ScrollPositions {
    fn note(self) {
        if !self.returning.get_value() {
            let (here, at) = (here(), at());
            self.last.update_value(|last| {
                last.insert(here, at);
            });
        }
    }

    fn begin(self) {
        let to = self.last.with_value(|last| last.get(&here()).copied()).unwrap_or_default();
        self.restoration.update_value(|restoration| *restoration += 1);
        self.returning.set_value(true);
        let mine = self.restoration.get_value();
        let before = height();
        frame(move |count| self.hold(mine, to, before, count), 0);
    }

    /// Scrolls to the position, as far as the page is high enough yet. Returns whether to continue.
    fn hold(self, mine: u32, to: f64, before: f64, count: u32) -> bool {
        if self.restoration.try_get_value() != Some(mine) {
            return false;
        }
        let room = height() - window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        // With an unchanged height it is most likely still the former page.
        let is_old = (height() - before).abs() < 1.0 && count < HOLD_FRAMES;
        if !is_old && (at() - to.min(room)).abs() > 1.0 {
            window().scroll_to_with_x_and_y(0.0, to.min(room.max(0.0)));
        }
        let is_there = !is_old && room + 1.0 >= to;
        if count > MAX_FRAMES || (is_there && count > HOLD_FRAMES * 2) {
            self.end();
            return false;
        }
        true
    }

    fn end(self) {
        self.restoration.update_value(|restoration| *restoration += 1);
        self.returning.set_value(false);
    }
}

fn height() -> f64 {
    document().document_element().map(|root| f64::from(root.scroll_height())).unwrap_or_default()
}

/// Runs `run` with the frame's number in each frame from the next one on, until it returns false.
fn frame(run: impl Fn(u32) -> bool + 'static, count: u32) {
    request_animation_frame(move || {
        if run(count) {
            frame(run, count + 1);
        }
    });
}
