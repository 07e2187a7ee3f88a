//! The words of a section in each language, with a preview of those in Markdown.

use domain::Locale;
use domain::view::{SectionKind, SectionTexts};
use leptos::prelude::*;
use ui::{Button, Field, Look, Panel, TextArea, icon, tr};
use web::{AppError, Typed, wrong};

use crate::preview::Preview;

/// The fields of a section of this kind. English stands in for the other languages.
pub(crate) fn texts(kind: SectionKind, saved: &[SectionTexts], typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let of = |locale: Locale| saved.iter().find(|texts| texts.locale == locale.code()).cloned().unwrap_or_default();
    let bodies = Locale::ALL.into_iter().enumerate().map(|(at, locale)| typed.or(&format!("form[texts][{at}][body]"), of(locale).body));
    let preview = (kind == SectionKind::Text).then(|| Preview::new(bodies.collect()));
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| language(kind, at, locale, of(locale), typed, problem, preview));
    let each = each.collect_view();
    view! { <div class="grid lg:grid-cols-2 gap-6 items-start">{each}</div> }.into_any()
}

fn language(
    kind: SectionKind,
    at: usize,
    locale: Locale,
    own: SectionTexts,
    typed: &Typed,
    problem: Signal<Option<AppError>>,
    preview: Option<Preview>,
) -> AnyView {
    let code = locale.code();
    let sent = move |field: &str| format!("form[texts][{at}][{field}]");
    let id = move |field: &str| format!("{field}.{code}");
    let fault = move |field: &str| wrong(problem, format!("{field}.{code}"));
    let SectionTexts { title, body, action, alt, .. } = own;
    let [title, body, action, alt] =
        [("title", title), ("body", body), ("action", action), ("alt", alt)].map(|(field, own)| typed.or(&sent(field), own));
    let needs_title = at == 0 && matches!(kind, SectionKind::Banner | SectionKind::Picked);
    let hint = match kind {
        SectionKind::Banner | SectionKind::Picked | SectionKind::Text => tr!(ADMIN_CONTENT_SECTION_LANGUAGE_HINT),
        _ => tr!(ADMIN_CONTENT_SECTION_TITLE_HINT),
    };
    let more = match kind {
        SectionKind::Banner => view! {
            <TextArea lang=locale.tag() label=tr!(ADMIN_CONTENT_BODY) name=sent("body") id=id("body") value=body rows=3 maxlength=400 error=fault("body") optional=true/>
            <Field lang=locale.tag() label=tr!(ADMIN_CONTENT_SECTION_ACTION) name=sent("action") id=id("action") value=action maxlength=60 hint=tr!(ADMIN_CONTENT_SECTION_ACTION_HINT) error=fault("action") optional=true/>
            <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_ALT_TEXT) name=sent("alt") id=id("alt") value=alt maxlength=300 hint=tr!(ADMIN_PRODUCTS_ALT_TEXT_HINT) error=fault("alt") optional=true/>
        }
        .into_any(),
        SectionKind::Text => {
            let look = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                if let Some(preview) = preview {
                    preview.look();
                }
            };
            let optional = at > 0;
            view! {
                <TextArea lang=locale.tag() label=tr!(ADMIN_CONTENT_BODY) name=sent("body") id=id("body") value=body rows=8 maxlength=10000 hint=tr!(ADMIN_CONTENT_BODY_HINT) error=fault("body") optional/>
                <div>
                    <Button kind="submit" look=Look::Outline icon=icon::EYE attr:name="step" attr:value="look" on:click=look>{tr!(ADMIN_CONTENT_PREVIEW_ACTION)}</Button>
                </div>
            }
            .into_any()
        }
        _ => ().into_any(),
    };
    view! {
        <div class="flex flex-col gap-6">
            <Panel title=locale.name()>
                <div class="flex flex-col gap-4">
                    <input type="hidden" name=sent("locale") value=code/>
                    <Field lang=locale.tag() label=tr!(ADMIN_CONTENT_TITLE) name=sent("title") id=id("title") value=title error=fault("title") maxlength=120 optional={!needs_title} hint/>
                    {more}
                </div>
            </Panel>
            {preview.map(|preview| preview.panel(at))}
        </div>
    }
    .into_any()
}
