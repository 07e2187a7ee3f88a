//! Where one was on a page, found again when one comes back to it.
//!
//! The browser restores it at once, when the page of before is still shown, and so in vain. Here each address's last place is
//! remembered while the shop is open, and gone to when the page is as high again as it was. Documents that are loaded anew are left to
//! the browser.

use std::collections::HashMap;

use leptos::prelude::*;
use session::when_hydrated;
use web_sys::ScrollRestoration;

/// For how many frames a page is waited for: about three seconds.
const MAX_FRAMES: u32 = 180;
/// For how many frames a page that became high enough is held where it should be, while its last pictures and lists come in.
const STILL_FRAMES: u32 = 20;

/// What is known of the addresses that were shown.
#[derive(Clone, Copy)]
struct Places {
    last: StoredValue<HashMap<String, f64>>,
    /// Counts what was begun: a newer return, or the reader's own scrolling, ends an older one.
    turn: StoredValue<u32>,
    /// Is a page being waited for? What it scrolls meanwhile is not the reader's doing.
    returning: StoredValue<bool>,
}

/// Begins to remember. It must be called before the router is made, so that it hears first that one goes back.
pub fn provide_scroll() {
    let places = Places { last: StoredValue::new(HashMap::new()), turn: StoredValue::new(0), returning: StoredValue::new(false) };
    when_hydrated(|| restore_by_browser(false));
    Effect::new(move || {
        let scrolled = window_event_listener(leptos::ev::scroll, move |_| places.note());
        let back = window_event_listener(leptos::ev::popstate, move |_| places.begin());
        let leaving = window_event_listener_untyped("pagehide", |_| restore_by_browser(true));
        let shown = window_event_listener_untyped("pageshow", |_| restore_by_browser(false));
        let hands =
            ["wheel", "touchstart", "keydown", "pointerdown"].map(|kind| window_event_listener_untyped(kind, move |_| places.end()));
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
        // A browser without it restores by itself, as well as it can.
        let _ = history.set_scroll_restoration(if yes { ScrollRestoration::Auto } else { ScrollRestoration::Manual });
    }
}

fn here() -> String {
    let location = window().location();
    [location.pathname(), location.search()].into_iter().map(Result::unwrap_or_default).collect()
}

fn at() -> f64 {
    window().scroll_y().unwrap_or_default()
}

impl Places {
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
        self.turn.update_value(|turn| *turn += 1);
        self.returning.set_value(true);
        let mine = self.turn.get_value();
        let before = height();
        frame(move |count| self.hold(mine, to, before, count), 0);
    }

    /// Goes to where the reader was, as far as the page goes yet; says how many frames more it may take.
    fn hold(self, mine: u32, to: f64, before: f64, count: u32) -> bool {
        if self.turn.try_get_value() != Some(mine) {
            return false;
        }
        let room = height() - window().inner_height().ok().and_then(|height| height.as_f64()).unwrap_or_default();
        // What has not changed its height is most likely the page of before.
        let is_old = (height() - before).abs() < 1.0 && count < STILL_FRAMES;
        if !is_old && (at() - to.min(room)).abs() > 1.0 {
            window().scroll_to_with_x_and_y(0.0, to.min(room.max(0.0)));
        }
        let is_there = !is_old && room + 1.0 >= to;
        if count > MAX_FRAMES || (is_there && count > STILL_FRAMES * 2) {
            self.end();
            return false;
        }
        true
    }

    fn end(self) {
        self.turn.update_value(|turn| *turn += 1);
        self.returning.set_value(false);
    }
}

fn height() -> f64 {
    document().document_element().map(|root| f64::from(root.scroll_height())).unwrap_or_default()
}

/// Runs something in each frame from the next one on, with the number of the frame, as long as it says so.
fn frame(run: impl Fn(u32) -> bool + 'static, count: u32) {
    request_animation_frame(move || {
        if run(count) {
            frame(run, count + 1);
        }
    });
}
