//! Parts of a page that are hydrated after the rest.
//!
//! Hydrating a whole page at once keeps a phone's browser busy for up to half a second, in which it does not respond.
//! What is not needed first (the footer, the phone's bar, what is further down) is skipped and hydrated afterwards, each part in a
//! task of its own, between which the browser responds; or at once when the user touches it. Until then it is what the server
//! rendered, with working links.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::{Rc, Weak};
use std::time::Duration;

use leptos::prelude::*;
use leptos::tachys::html::attribute::Attribute;
use leptos::tachys::html::attribute::any_attribute::AnyAttribute;
use leptos::tachys::hydration::Cursor;
use leptos::tachys::renderer::types;
use leptos::tachys::view::any_view::AnyViewState;
use leptos::tachys::view::{Mountable, Position, PositionState};
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;

/// Shows a view that is hydrated after the rest of the page. It must be its element's only child, must not suspend, and must not make
/// resources: hydration numbers those in order of creation.
pub fn deferred(view: impl FnOnce() -> AnyView + Send + 'static) -> AnyView {
    Deferred { view: Box::new(view) }.into_any()
}

/// Hydrates the deferred parts, each in a task of its own, and then runs `done`.
pub fn hydrate_deferred(done: impl FnOnce() + 'static) {
    let next = move || match QUEUE.with_borrow_mut(VecDeque::pop_front) {
        Some(part) => {
            if let Some(part) = part.upgrade() {
                hydrate_now(&part);
            }
            hydrate_deferred(done);
        }
        None => done(),
    };
    set_timeout(next, Duration::ZERO);
}

thread_local! {
    static QUEUE: RefCell<VecDeque<Weak<RefCell<Part>>>> = const { RefCell::new(VecDeque::new()) };
}

type MakeView = Box<dyn FnOnce() -> AnyView + Send>;

struct Deferred {
    view: MakeView,
}

enum Part {
    Pending(Pending),
    /// Its view is being hydrated; that code may come here again.
    Hydrating,
    Hydrated(AnyViewState),
    /// Removed from the page before it was hydrated.
    Removed {
        view: MakeView,
        owner: Owner,
    },
}

/// A skipped part: the nodes of an element up to the one before `end`.
struct Pending {
    inside: types::Element,
    end: Option<types::Node>,
    view: MakeView,
    owner: Owner,
}

impl Pending {
    /// Removes its nodes from the page.
    fn remove(&self) {
        while let Some(node) = self.inside.first_child().filter(|node| Some(node) != self.end.as_ref()) {
            let _ = self.inside.remove_child(&node);
        }
    }
}

/// Holds a part's view while it is shown.
struct DeferredState(Rc<RefCell<Part>>);

/// Makes the view of a part that has none yet: from the server's nodes, or anew where they were removed.
fn hydrate_now(part: &RefCell<Part>) {
    let before = part.replace(Part::Hydrating);
    let after = match before {
        Part::Pending(Pending { inside, view, owner, .. }) => {
            let position = PositionState::new(Position::FirstChild);
            Part::Hydrated(owner.with(|| untrack(|| view().hydrate::<true>(&Cursor::new(inside), &position))))
        }
        Part::Removed { view, owner } => Part::Hydrated(owner.with(|| untrack(|| view().build()))),
        other => other,
    };
    part.replace(after);
}

impl DeferredState {
    fn hydrated<T>(&self, with: impl FnOnce(&mut AnyViewState) -> T) -> Option<T> {
        hydrate_now(&self.0);
        match &mut *self.0.borrow_mut() {
            Part::Hydrated(state) => Some(with(state)),
            Part::Pending(_) | Part::Hydrating | Part::Removed { .. } => None,
        }
    }

    /// Hydrates the part as soon as the user touches it, before its own listeners are called.
    fn hydrate_when_touched(&self, inside: &types::Element) {
        let part = Rc::downgrade(&self.0);
        let touched = Closure::<dyn Fn()>::new(move || {
            if let Some(part) = part.upgrade() {
                hydrate_now(&part);
            }
        });
        // The last four come alone from a screen reader, a voice or a password manager.
        for event in ["pointerdown", "focusin", "keydown", "click", "input", "change", "submit"] {
            let _ = inside.add_event_listener_with_callback_and_bool(event, touched.as_ref().unchecked_ref(), true);
        }
        // Leaked for as long as the page lives: there are few, and each does nothing once its part is hydrated.
        touched.forget();
    }
}

impl Mountable for DeferredState {
    fn unmount(&mut self) {
        let after = match self.0.replace(Part::Hydrating) {
            Part::Pending(part) => {
                part.remove();
                Part::Removed { view: part.view, owner: part.owner }
            }
            Part::Hydrated(mut state) => {
                state.unmount();
                Part::Hydrated(state)
            }
            other => other,
        };
        self.0.replace(after);
    }

    fn mount(&mut self, parent: &types::Element, marker: Option<&types::Node>) {
        self.hydrated(|state| state.mount(parent, marker));
    }

    fn insert_before_this(&self, child: &mut dyn Mountable) -> bool {
        self.hydrated(|state| state.insert_before_this(child)).unwrap_or(false)
    }

    fn elements(&self) -> Vec<types::Element> {
        match &*self.0.borrow() {
            Part::Hydrated(state) => state.elements(),
            Part::Pending(_) | Part::Hydrating | Part::Removed { .. } => Vec::new(),
        }
    }
}

impl Render for Deferred {
    type State = DeferredState;

    fn build(self) -> Self::State {
        DeferredState(Rc::new(RefCell::new(Part::Hydrated((self.view)().build()))))
    }

    fn rebuild(self, state: &mut Self::State) {
        let view = (self.view)();
        let part = match state.0.replace(Part::Hydrating) {
            Part::Hydrated(mut state) => {
                view.rebuild(&mut state);
                Part::Hydrated(state)
            }
            // The signals of its view may be disposed of.
            Part::Pending(part) => {
                part.remove();
                let mut state = view.build();
                state.mount(&part.inside, part.end.as_ref());
                Part::Hydrated(state)
            }
            Part::Removed { .. } => Part::Hydrated(view.build()),
            Part::Hydrating => Part::Hydrating,
        };
        state.0.replace(part);
    }
}

impl AddAnyAttr for Deferred {
    type Output<NewAttr: Attribute> = Self;

    /// It has no element of its own.
    fn add_any_attr<NewAttr: Attribute>(self, _attr: NewAttr) -> Self::Output<NewAttr>
    where
        Self::Output<NewAttr>: RenderHtml,
    {
        self
    }
}

impl RenderHtml for Deferred {
    type AsyncOutput = AnyView;
    type Owned = Self;

    const MIN_LENGTH: usize = 0;

    fn dry_resolve(&mut self) {}

    async fn resolve(self) -> Self::AsyncOutput {
        (self.view)().resolve().await
    }

    fn to_html_with_buf(
        self,
        buf: &mut String,
        position: &mut Position,
        escape: bool,
        mark_branches: bool,
        extra_attrs: Vec<AnyAttribute>,
    ) {
        (self.view)().to_html_with_buf(buf, position, escape, mark_branches, extra_attrs);
    }

    fn hydrate<const FROM_SERVER: bool>(self, cursor: &Cursor, position: &PositionState) -> Self::State {
        let inside = cursor.current().dyn_into::<types::Element>();
        let (Position::FirstChild, Ok(inside), Some(owner)) = (position.get(), inside, Owner::current()) else {
            return DeferredState(Rc::new(RefCell::new(Part::Hydrated((self.view)().hydrate::<FROM_SERVER>(cursor, position)))));
        };
        // With erased types, Leptos ends the children of an element with a comment, and looks for it from here.
        let end = inside.last_child().filter(|node| cfg!(erase_components) && node.node_type() == web_sys::Node::COMMENT_NODE);
        if let Some(last) = end.as_ref().and_then(web_sys::Node::previous_sibling) {
            cursor.set(last);
            position.set(Position::NextChild);
        }
        let state = DeferredState(Rc::new(RefCell::new(Part::Pending(Pending { inside: inside.clone(), end, view: self.view, owner }))));
        state.hydrate_when_touched(&inside);
        QUEUE.with_borrow_mut(|queue| queue.push_back(Rc::downgrade(&state.0)));
        state
    }

    fn into_owned(self) -> Self::Owned {
        self
    }
}
