//! Changes that are not saved: whoever leaves a page with some is asked first. It holds for every form of the admin that is sent by POST.
//!
//! What a form holds is noted before its first change, and compared when the page is about to be left. An answer that it was saved
//! ([`crate::on_done`], [`crate::upload`]) makes it one without changes.

use std::cell::RefCell;

use leptos::prelude::*;
use leptos_router::hooks::use_location;
use ui::{Button, Dialog, Look, tr};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use web::TO;
use web_sys::{
    Element, Event, FormData, HtmlAnchorElement, HtmlElement, HtmlFormElement, HtmlInputElement, MouseEvent, SubmitEvent, UrlSearchParams,
};

use crate::typed_input::mark_edited;

/// Forms whose changes count. Boxes that choose rows are no changes.
const FORMS: &str = "main form[method=post]";
const NO_CHANGE: &str = "[data-choice]";

struct Watched {
    form: HtmlFormElement,
    /// What it held before its first change.
    before: String,
    /// What was sent last and is not answered yet.
    sent: Option<String>,
    /// Did the user change something, maybe back?
    is_touched: bool,
}

/// How a page is left once the user agrees.
enum Leave {
    Follow(HtmlElement),
    Search(HtmlFormElement),
    Back,
}

#[derive(Default)]
struct Watch {
    forms: Vec<Watched>,
    leave: Option<Leave>,
}

thread_local! {
    static WATCH: RefCell<Watch> = RefCell::default();
}

/// What a form would send, without the key that each rendering of it has anew.
fn contents(form: &HtmlFormElement) -> String {
    let pairs = FormData::new_with_form(form).and_then(|data| UrlSearchParams::new_with_str_sequence_sequence(&data));
    let Ok(pairs) = pairs else { return String::new() };
    pairs.delete("key");
    let files = form.query_selector_all("input[type=file]").ok();
    let files = files.into_iter().flat_map(|found| (0..found.length()).filter_map(move |at| found.item(at)));
    let files: Vec<String> = files.filter_map(|file| Some(file.dyn_into::<HtmlInputElement>().ok()?.value())).collect();
    format!("{} {}", String::from(pairs.to_string()), files.join(" "))
}

/// The form that the event's element belongs to, if its changes count.
fn form_of(event: &Event) -> Option<HtmlFormElement> {
    let target = event.target()?.dyn_into::<Element>().ok()?;
    if target.closest(NO_CHANGE).ok().flatten().is_some() {
        return None;
    }
    let outside = target.closest("button[form]").ok().flatten().and_then(|button| button.get_attribute("form"));
    let form = match outside {
        Some(id) => document().get_element_by_id(&id),
        None => target.closest(FORMS).ok().flatten(),
    };
    form?.dyn_into().ok()
}

impl Watch {
    fn of(&mut self, form: &HtmlFormElement) -> Option<&mut Watched> {
        self.forms.iter_mut().find(|watched| watched.form == *form)
    }

    /// Notes what a form holds, until it is changed.
    fn note(&mut self, form: HtmlFormElement) {
        self.forms.retain(|watched| watched.form.is_connected());
        let before = contents(&form);
        match self.of(&form) {
            Some(watched) if watched.is_touched => {}
            Some(watched) => watched.before = before,
            None => self.forms.push(Watched { form, before, sent: None, is_touched: false }),
        }
    }

    fn touch(&mut self, form: HtmlFormElement) {
        match self.of(&form) {
            Some(watched) => watched.is_touched = true,
            // Changed by what gives no notice before, such as the browser's own filling in.
            None => self.forms.push(Watched { form, before: String::new(), sent: None, is_touched: true }),
        }
    }

    fn is_changed(&self) -> bool {
        self.forms.iter().any(|watched| watched.is_touched && watched.form.is_connected() && contents(&watched.form) != watched.before)
    }

    /// What was sent of these forms is saved. What was typed meanwhile is not.
    fn saved(&mut self, is_of: impl Fn(&HtmlFormElement) -> bool) {
        for watched in self.forms.iter_mut().filter(|watched| is_of(&watched.form)) {
            let Some(sent) = watched.sent.take() else { continue };
            watched.is_touched = contents(&watched.form) != sent;
            watched.before = sent;
        }
    }
}

/// The forms of a function are saved as they were sent.
pub(crate) fn saved(path: &str) {
    let is_of = |form: &HtmlFormElement| {
        let selector = format!("input[type=hidden][name=\"{TO}\"][value=\"{path}\"]");
        form.query_selector(&selector).is_ok_and(|found| found.is_some())
    };
    WATCH.with_borrow_mut(|watch| watch.saved(is_of));
}

/// Changes a field of a form that was rendered again back to what the user typed: the new form is one with changes too.
pub(crate) fn restore(field: &Element, change: impl FnOnce()) {
    let form = field.closest(FORMS).ok().flatten().and_then(|form| form.dyn_into::<HtmlFormElement>().ok());
    if let Some(form) = &form {
        WATCH.with_borrow_mut(|watch| watch.note(form.clone()));
    }
    change();
    if let Some(form) = form {
        WATCH.with_borrow_mut(|watch| watch.touch(form));
    }
}

/// The forms with files are saved as they were sent.
pub(crate) fn saved_files() {
    WATCH.with_borrow_mut(|watch| watch.saved(|form| form.enctype() == "multipart/form-data"));
}

/// Has the page a form with changes that are not saved?
fn is_changed() -> bool {
    WATCH.with_borrow(Watch::is_changed)
}

/// Listens at the window before (`early`) or after everybody else, as long as the layout is there.
fn listen(name: &'static str, early: bool, run: impl Fn(Event) + 'static) {
    let closure = Closure::<dyn Fn(Event)>::new(run);
    // Fails for no event's name that is valid.
    let _ = window().add_event_listener_with_callback_and_bool(name, closure.as_ref().unchecked_ref(), early);
    let closure = StoredValue::new_local(closure);
    on_cleanup(move || {
        closure.try_with_value(|closure| {
            let _ = window().remove_event_listener_with_callback_and_bool(name, closure.as_ref().unchecked_ref(), early);
        });
    });
}

fn watch_forms() {
    for name in ["focusin", "pointerdown", "keydown"] {
        listen(name, true, |event| {
            if let Some(form) = form_of(&event) {
                WATCH.with_borrow_mut(|watch| watch.note(form));
            }
        });
    }
    // Buttons may change rows and pictures. What is only sent is as it was before.
    listen("click", true, |event| {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let is_button = target.is_some_and(|target| target.closest("button").is_ok_and(|button| button.is_some()));
        if let Some(form) = form_of(&event).filter(|_| is_button) {
            WATCH.with_borrow_mut(|watch| {
                watch.note(form.clone());
                watch.touch(form);
            });
        }
    });
    for name in ["input", "change"] {
        listen(name, false, |event| {
            if let Some(field) = event.target().and_then(|target| target.dyn_into::<Element>().ok()) {
                mark_edited(&field);
            }
            if let Some(form) = form_of(&event) {
                WATCH.with_borrow_mut(|watch| watch.touch(form));
            }
        });
    }
    listen("reset", false, |event| {
        if let Some(form) = form_of(&event) {
            WATCH.with_borrow_mut(|watch| watch.forms.retain(|watched| watched.form != form));
        }
    });
    listen("submit", true, |event| {
        if let Some(form) = form_of(&event) {
            WATCH.with_borrow_mut(|watch| {
                let now = contents(&form);
                if let Some(watched) = watch.of(&form) {
                    watched.sent = Some(now);
                }
            });
        }
    });
    listen("submit", false, |event| {
        // The browser sends it itself, and leaves the page for that, unless the answer is shown in another tab.
        if let Some(form) = form_of(&event).filter(|_| !event.default_prevented() && !opens_a_tab(&event)) {
            WATCH.with_borrow_mut(|watch| watch.forms.retain(|watched| watched.form != form));
        }
    });
    listen("beforeunload", false, |event| {
        if is_changed() {
            event.prevent_default();
        }
    });
}

/// The link that a click leaves the page by.
fn way_out(event: &Event) -> Option<HtmlAnchorElement> {
    let event = event.dyn_ref::<MouseEvent>()?;
    if event.default_prevented() || event.button() != 0 || event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key() {
        return None;
    }
    let link = event.target()?.dyn_into::<Element>().ok()?.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    if !link.protocol().starts_with("http") {
        return None;
    }
    let location = window().location();
    let is_here =
        location.pathname().is_ok_and(|path| path == link.pathname()) && location.search().is_ok_and(|query| query == link.search());
    let stays = link.has_attribute("download") || !matches!(link.target().as_str(), "" | "_self") || (is_here && !link.hash().is_empty());
    (!stays).then_some(link)
}

/// Is the answer to a form shown in another tab?
fn opens_a_tab(event: &Event) -> bool {
    let button = event.dyn_ref::<SubmitEvent>().and_then(SubmitEvent::submitter);
    button.is_some_and(|button| button.get_attribute("formtarget").as_deref() == Some("_blank"))
}

fn ask(asking: RwSignal<bool>, leave: Leave) {
    WATCH.with_borrow_mut(|watch| watch.leave = Some(leave));
    asking.set(true);
}

/// Ways out of the page that the browser does not ask about by itself.
fn watch_ways_out(asking: RwSignal<bool>) {
    listen("click", true, move |event| {
        let Some(link) = way_out(&event).filter(|_| is_changed()) else { return };
        // What was typed stays in this tab while one signs in in another.
        if link.pathname() == "/sign-in" {
            link.set_target("_blank");
            link.set_href("/sign-in?back=%2Fadmin%2Fsigned-in");
            return;
        }
        event.prevent_default();
        ask(asking, Leave::Follow(link.into()));
    });
    listen("submit", true, move |event| {
        let form = event.target().and_then(|target| target.dyn_into::<HtmlFormElement>().ok());
        let search = form.filter(|form| form.method() == "get" && form.closest("dialog").is_ok_and(|dialog| dialog.is_none()));
        let Some(form) = search.filter(|_| is_changed()) else { return };
        event.prevent_default();
        event.stop_immediate_propagation();
        ask(asking, Leave::Search(form));
    });
    let location = use_location();
    // Sent by `public/boot.js` before the router hears of a step in the browser's history.
    listen("goingback", false, move |event| {
        let (path, query) = (location.pathname.get_untracked(), location.search.get_untracked());
        let old = if query.is_empty() { path } else { format!("{path}?{query}") };
        let parts = [window().location().pathname(), window().location().search()];
        let now: String = parts.into_iter().filter_map(Result::ok).collect();
        if now == old || !is_changed() {
            return;
        }
        // The page before is in the address already. This one is put on top of it again, and the router hears nothing.
        event.prevent_default();
        if let Ok(history) = window().history() {
            // Without it the address is that of the page before, and the page stays.
            let _ = history.push_state_with_url(&JsValue::NULL, "", Some(&old));
        }
        ask(asking, Leave::Back);
    });
}

fn go() {
    let leave = WATCH.with_borrow_mut(|watch| {
        watch.forms.clear();
        watch.leave.take()
    });
    match leave {
        Some(Leave::Follow(link)) => link.click(),
        // Fails when the form is gone, and there is nothing to search with.
        Some(Leave::Search(form)) => form.request_submit().unwrap_or_default(),
        // Fails in no page that is shown.
        Some(Leave::Back) => window().history().and_then(|history| history.back()).unwrap_or_default(),
        None => {}
    }
}

/// Asks before the page is left with changes that are not saved. Used once, in the layout.
#[component]
pub(crate) fn AskBeforeLeaving() -> impl IntoView {
    let asking = RwSignal::new(false);
    Effect::new(move || {
        watch_forms();
        watch_ways_out(asking);
    });
    let foot = move || {
        let leave = move |_| {
            asking.set(false);
            go();
        };
        view! {
            <div class="flex flex-wrap justify-end gap-3">
                <Button look=Look::Danger on:click=leave>{tr!(ADMIN_LEAVE)}</Button>
                <Button on:click=move |_| asking.set(false)>{tr!(ADMIN_STAY)}</Button>
            </div>
        }
    };
    view! {
        <Dialog title=tr!(ADMIN_UNSAVED_TITLE) id="unsaved" open=asking foot=move || foot().into_any()>
            <p>{tr!(ADMIN_UNSAVED_BODY)}</p>
        </Dialog>
    }
    .into_any()
}
