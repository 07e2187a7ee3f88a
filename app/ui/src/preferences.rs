//! Language and theme: small forms that work without a script.

use domain::Locale;
use leptos::prelude::*;

use crate::{Icon, Theme, icon, tr, use_locale};

/// Both forms POST here: `language` or `theme`, and `back`, the address to return to.
pub const PREFERENCES_ACTION: &str = "/preferences";

/// One button per language, in that language.
#[component]
pub fn LanguageSwitcher(#[prop(into)] back: Signal<String>) -> impl IntoView {
    let current = use_locale();
    view! {
        <form method="post" action=PREFERENCES_ACTION>
            <input type="hidden" name="back" value=move || back.get()/>
            <fieldset class="flex items-center gap-1">
                <legend class="sr-only">{tr!(SHELL_LANGUAGE)}</legend>
                <Icon shape=icon::LANGUAGES class="size-5 me-1 opacity-80"/>
                {Locale::ALL
                    .map(|locale| {
                        let is_current = locale == current;
                        view! {
                            <button
                                type="submit"
                                name="language"
                                value=locale.code()
                                lang=locale.tag()
                                aria-pressed=if is_current { "true" } else { "false" }
                                class="switch"
                            >
                                {locale.name()}
                            </button>
                        }.into_any()
                    })
                    .collect_view()}
            </fieldset>
        </form>
    }
}

/// Light, dark, or as on the device.
#[component]
pub fn ThemeSwitch(#[prop(into)] back: Signal<String>) -> impl IntoView {
    let current = use_context::<Theme>().unwrap_or_default();
    view! {
        <form method="post" action=PREFERENCES_ACTION>
            <input type="hidden" name="back" value=move || back.get()/>
            <fieldset class="flex items-center gap-1">
                <legend class="sr-only">{tr!(SHELL_THEME)}</legend>
                {Theme::ALL
                    .map(|theme| {
                        let (shape, words) = match theme {
                            Theme::Auto => (icon::MONITOR, tr!(SHELL_THEME_AUTO)),
                            Theme::Light => (icon::SUN, tr!(SHELL_THEME_LIGHT)),
                            Theme::Dark => (icon::MOON, tr!(SHELL_THEME_DARK)),
                        };
                        let is_current = theme == current;
                        view! {
                            <button
                                type="submit"
                                name="theme"
                                value=theme.code()
                                aria-label=words
                                title=words
                                aria-pressed=if is_current { "true" } else { "false" }
                                class="switch switch-icon"
                            >
                                <Icon shape class="size-5"/>
                            </button>
                        }.into_any()
                    })
                    .collect_view()}
            </fieldset>
        </form>
    }
}
