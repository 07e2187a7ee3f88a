//! Toasts: short messages that disappear, some with a way to undo.

use std::time::Duration;

use leptos::prelude::*;

use crate::{Icon, Tone, icon, tr};

/// Long enough to read and to reach for "Undo".
const SHOWN_FOR: Duration = Duration::from_secs(6);

#[derive(Clone)]
struct Toast {
    id: u64,
    tone: Tone,
    text: String,
    undo: Option<Callback<()>>,
    sign_in: Option<String>,
}

/// The toasts on screen. Provided by [`provide_toasts`], shown by [`ToastRegion`].
#[derive(Clone, Copy)]
pub struct Toasts {
    list: RwSignal<Vec<Toast>>,
    next: RwSignal<u64>,
}

impl Toasts {
    pub fn success(self, text: impl Into<String>) {
        self.push(Tone::Success, text.into(), None);
    }

    pub fn error(self, text: impl Into<String>) {
        self.push(Tone::Danger, text.into(), None);
    }

    pub fn info(self, text: impl Into<String>) {
        self.push(Tone::Info, text.into(), None);
    }

    /// A message with an "Undo" button.
    pub fn undo(self, text: impl Into<String>, undo: impl Into<Callback<()>>) {
        self.push(Tone::Neutral, text.into(), Some(undo.into()));
    }

    /// Something failed because the session ended; with the sign-in address.
    pub fn sign_in(self, text: impl Into<String>, address: String) {
        self.show(Tone::Danger, text.into(), None, Some(address));
    }

    fn push(self, tone: Tone, text: String, undo: Option<Callback<()>>) {
        self.show(tone, text, undo, None);
    }

    fn show(self, tone: Tone, text: String, undo: Option<Callback<()>>, sign_in: Option<String>) {
        let id = self.next.get_untracked();
        self.next.set(id + 1);
        self.list.update(|list| {
            list.push(Toast { id, tone, text, undo, sign_in });
        });
        set_timeout(move || self.dismiss(id), SHOWN_FOR);
    }

    fn dismiss(self, id: u64) {
        // The region may be gone by then.
        let _ = self.list.try_update(|list| list.retain(|toast| toast.id != id));
    }
}

/// Called once by the layout.
pub fn provide_toasts() -> Toasts {
    let toasts = Toasts { list: RwSignal::new(Vec::new()), next: RwSignal::new(0) };
    provide_context(toasts);
    toasts
}

/// Without a layout around it, as in a test, toasts go nowhere.
#[must_use]
pub fn use_toasts() -> Toasts {
    use_context().unwrap_or_else(provide_toasts)
}

/// Shows the toasts in a live region. Used once, in the layout. On phones only the newest shows, at the top: at the
/// bottom it would cover the next button.
#[component]
pub fn ToastRegion() -> impl IntoView {
    let toasts = use_toasts();
    view! {
        <section
            aria-label=tr!(SHELL_NOTIFICATIONS)
            aria-live="polite"
            class="screen-only fixed z-50 inset-x-0 max-md:top-16 md:bottom-6 flex flex-col items-center gap-2 px-4 pointer-events-none max-md:[&>:not(:last-child)]:hidden"
        >
            <For each=move || toasts.list.get() key=|toast| toast.id let:toast>
                <ToastView toast toasts/>
            </For>
        </section>
    }
}

#[component]
fn ToastView(toast: Toast, toasts: Toasts) -> impl IntoView {
    let shape = match toast.tone {
        Tone::Danger | Tone::Warning => icon::WARNING,
        Tone::Info => icon::INFO,
        Tone::Success | Tone::Neutral | Tone::Accent | Tone::Sale => icon::CHECK,
    };
    let id = toast.id;
    view! {
        <div class="pointer-events-auto flex items-center gap-3 max-w-md rounded-card bg-neutral text-neutral-content shadow-soft ps-4 pe-1.5 py-1.5">
            <Icon shape class="size-5 text-accent"/>
            <p class="grow py-1.5">{toast.text}</p>
            {toast.undo.map(|undo| view! {
                <button
                    type="button"
                    class="btn btn-ghost text-accent hover:bg-white/10"
                    on:click=move |_| {
                        undo.run(());
                        toasts.dismiss(id);
                    }
                >
                    {tr!(COMMON_UNDO)}
                </button>
            }.into_any())}
            {toast.sign_in.map(|address| view! { <a href=address class="btn btn-ghost text-accent hover:bg-white/10">{tr!(SHELL_SIGN_IN)}</a> }.into_any())}
            <button type="button" class="btn btn-ghost btn-square text-neutral-content hover:bg-white/10" aria-label=tr!(UI_DISMISS) on:click=move |_| toasts.dismiss(id)>
                <Icon shape=icon::CLOSE class="size-4"/>
            </button>
        </div>
    }
}
