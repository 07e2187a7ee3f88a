//! A page: its texts by language with their preview, its place, and whether it is published.

use admin_layout::{Fields, SEEN, ShowSaved, StaffForm, on_done, shown, split_conflict};
use domain::Locale;
use domain::id::PageId;
use domain::permission::Permission;
use domain::view::{PageDraft, PageTexts};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Checkbox, Field, Look, PageHeader, Panel, SkeletonText, TextArea, icon, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, when_hydrated, wrong,
};

use crate::list::LIST;
use crate::preview::Preview;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageView {
    /// The page, or the initial values of a new one.
    pub draft: PageDraft,
    /// The page as it is saved, for the form; empty for a new one.
    pub seen: String,
    pub may_write: bool,
}

/// A page as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct PageForm {
    /// Empty for a new one.
    pub id: String,
    /// The page as it was saved when the form was rendered.
    pub seen: String,
    pub position: String,
    pub texts: Vec<PageTexts>,
    /// Not empty when it is published.
    pub published: String,
}

/// A page, or the initial values of a new one for `new`.
#[server(endpoint = "admin/content/page", output = Answer)]
pub async fn read_page_to_edit(page: String) -> Result<PageView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?);
    let draft = match (page.as_str(), page.parse::<PageId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteContent))?;
            let all = backend::content::pages(&shop, &ctx, request::locale()).await.map_err(crate::content_error)?;
            PageDraft { position: i64::try_from(all.len()).unwrap_or_default() + 1, ..PageDraft::default() }
        }
        (_, Ok(id)) => backend::content::page_to_edit(&shop, &ctx, id).await.map_err(crate::content_error)?,
        (_, Err(_)) => return Err(request::not_found()),
    };
    let seen = if draft.id.is_none() { String::new() } else { admin_layout::seen(&draft) };
    Ok(PageView { draft, seen, may_write: ctx.may(Permission::WriteContent) })
}
access!(ReadPageToEdit, Access::Staff(Permission::ReadContent));

/// Saves a page; without a script it redirects to its address.
#[server(endpoint = "admin/content/page/save", output = Answer)]
pub async fn save_page(form: PageForm) -> Result<PageId, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteContent))?, request::shop()?, request::locale());
    let position = request::whole_number("position", &form.position)?;
    let seen: Option<PageDraft> = admin_layout::read_seen(&form.seen);
    let draft = PageDraft {
        id: form.id.parse().ok(),
        version: seen.as_ref().map_or(0, |seen| seen.version),
        position,
        published: !form.published.is_empty(),
        texts: form.texts,
    };
    let saved = backend::content::save_page(&shop, &ctx, locale, draft.clone()).await;
    if let (Err(backend::content::ContentError::Stale), Some(seen), Some(id)) = (&saved, seen, draft.id) {
        let saved = backend::content::page_to_edit(&shop, &ctx, id).await.map_err(crate::content_error)?;
        let last = backend::content::last_page_change(&shop, id).await.map_err(crate::content_error)?;
        let stale = admin_layout::Stale { seen: &seen, typed: &draft, saved: &saved };
        return Err(stale
            .refused(&shop, last, |path, value| admin_layout::saved_text(locale, ui::t::ADMIN_CONTENT_PUBLISHED, path, value))
            .await);
    }
    let id = saved.map_err(crate::content_error)?;
    request::redirect(&format!("{LIST}/pages/{id}"));
    Ok(id)
}
access!(SavePage, Access::Staff(Permission::WriteContent));

/// Deletes a page; without a script it redirects to the list.
#[server(endpoint = "admin/content/page/delete", output = Answer)]
pub async fn delete_page(page: PageId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::delete_page(&request::shop()?, &ctx, page).await.map_err(crate::content_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(DeletePage, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadPageToEdit>(), access_of::<SavePage>(), access_of::<DeletePage>()];

/// `/admin/content/pages/:page`
#[derive(Debug)]
pub struct EditPage;

lazy_page!(EditPage, settings, edit_page);

fn edit_page() -> AnyView {
    let fallback = use_form_fallback();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("page").unwrap_or_default()));
    let version = RwSignal::new(0_u32);
    let open = RwSignal::new(0_usize);
    let save = ServerAction::<SavePage>::new();
    let delete = ServerAction::<DeletePage>::new();
    let (to_saved, to_list) = (use_navigate(), use_navigate());
    on_done(save, tr!(COMMON_SAVED), move |saved: PageId| {
        if id.get_untracked() == "new" {
            to_saved(&format!("{LIST}/pages/{saved}"), Default::default());
        } else {
            version.update(|times| *times += 1);
        }
    });
    on_done(delete, tr!(ADMIN_CONTENT_DELETED), move |()| to_list(LIST, Default::default()));
    let found = resource(move || (id.get(), version.get()), |(id, _)| read_page_to_edit(id));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(found, move |view| page(view, save, delete, open, &fallback))}
        </Transition>
    }
    .into_any()
}

fn page(
    view: PageView,
    save: ServerAction<SavePage>,
    delete: ServerAction<DeletePage>,
    open: RwSignal<usize>,
    fallback: &FormFallback,
) -> AnyView {
    let PageView { draft, seen, may_write } = view;
    let typed = typed(save, fallback);
    let (problem, seen) = split_conflict(problem(save, fallback), SEEN, Signal::stored(typed.or("form[seen]", seen)));
    let title = draft.texts.first().map_or_else(|| tr!(ADMIN_CONTENT_NEW).to_owned(), |text| text.title.clone());
    let above = vec![(LIST.to_owned(), tr!(ADMIN_CONTENT_PAGES).to_owned())];
    let texts = texts(&draft.texts, &typed, open, problem);
    let position = typed.or("form[position]", draft.position.to_string());
    let published = typed.ticked("form[published]", "true", draft.published);
    let side = side(&draft, delete, may_write);
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            <div class="grid xl:grid-cols-[1fr_20rem] gap-6 items-start">
                <StaffForm action=save class="flex flex-col gap-6 min-w-0">
                    // Enter presses the first button of a form.
                    {may_write.then(|| view! { <button type="submit" name="step" value="save" class="sr-only" tabindex="-1" aria-hidden="true"></button> })}
                    <ProblemSummary problem/>
                    <ShowSaved problem/>
                    <input type="hidden" name="form[id]" value=draft.id.map(|id| id.to_string()).unwrap_or_default() autocomplete="off"/>
                    // A browser that reloads the page must not restore the former one.
                    <input type="hidden" name="form[seen]" value=move || seen.get() autocomplete="off"/>
                    {language_tabs(open)}
                    <Fields may_write>
                        {texts}
                        <Panel title=tr!(ADMIN_CONTENT_IN_SHOP)>
                            <div class="flex flex-col gap-4 max-w-md">
                                <Checkbox label=tr!(ADMIN_CONTENT_PUBLISHED) name="form[published]" checked=published hint=tr!(ADMIN_CONTENT_PUBLISHED_HINT)/>
                                <Field label=tr!(ADMIN_CONTENT_POSITION) name="form[position]" id="position" value=position inputmode="numeric" error=wrong(problem, "position")/>
                            </div>
                        </Panel>
                    </Fields>
                    {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                </StaffForm>
                <div class="flex flex-col gap-6 min-w-0">{side}</div>
            </div>
        </div>
    }
    .into_any()
}

/// Which language is shown. Without a script all of them are, one below the other.
fn language_tabs(open: RwSignal<usize>) -> AnyView {
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let look = move || {
            let look = if open.get() == at { "border-primary text-primary font-semibold" } else { "border-transparent text-quiet" };
            format!("min-h-11 px-3 border-b-2 -mb-px cursor-pointer {look}")
        };
        view! {
            <button type="button" class=look aria-pressed=move || if open.get() == at { "true" } else { "false" } lang=locale.tag() on:click=move |_| open.set(at)>
                {locale.name()}
            </button>
        }
    });
    let each = each.collect_view();
    view! { <div class="needs-script flex gap-1 border-b border-hairline" role="group" aria-label=tr!(SHELL_LANGUAGE)>{each}</div> }
        .into_any()
}

fn texts(saved: &[PageTexts], typed: &Typed, open: RwSignal<usize>, problem: Signal<Option<AppError>>) -> AnyView {
    let scripted = RwSignal::new(false);
    when_hydrated(move || scripted.set(true));
    let bodies = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let own = saved.iter().find(|texts| texts.locale == locale.code()).map(|texts| texts.body.clone()).unwrap_or_default();
        typed.or(&format!("form[texts][{at}][body]"), own)
    });
    let preview = Preview::new(bodies.collect());
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let own = saved.iter().find(|texts| texts.locale == locale.code()).cloned().unwrap_or_default();
        // A language with an error is shown too, or its fields could not be reached.
        let has_error = move || {
            let end = format!(".{}", locale.code());
            problem.with(|problem| problem.as_ref().is_some_and(|problem| problem.fields.iter().any(|(field, _)| field.ends_with(&end))))
        };
        let hidden = move || scripted.get() && open.get() != at && !has_error();
        view! { <div class="flex flex-col gap-6" hidden=hidden>{language(at, locale, own, typed, problem, preview)}</div> }
    });
    each.collect_view().into_any()
}

fn language(at: usize, locale: Locale, own: PageTexts, typed: &Typed, problem: Signal<Option<AppError>>, preview: Preview) -> AnyView {
    let code = locale.code();
    let sent = move |field: &str| format!("form[texts][{at}][{field}]");
    let id = move |field: &str| format!("{field}.{code}");
    let fault = move |field: &str| wrong(problem, format!("{field}.{code}"));
    let PageTexts { slug, title, body, description, .. } = own;
    let [title, slug, body, description] =
        [("title", title), ("slug", slug), ("body", body), ("description", description)].map(|(field, own)| typed.or(&sent(field), own));
    let look = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        preview.look();
    };
    let optional = at > 0;
    view! {
        <Panel title=locale.name()>
            <div class="flex flex-col gap-4">
                <input type="hidden" name=sent("locale") value=code/>
                <Field lang=locale.tag() label=tr!(ADMIN_CONTENT_TITLE) name=sent("title") id=id("title") value=title error=fault("title") maxlength=120 optional hint=if optional { tr!(ADMIN_CONTENT_LANGUAGE_HINT) } else { tr!(ADMIN_CONTENT_TITLE_HINT) }/>
                <TextArea lang=locale.tag() label=tr!(ADMIN_CONTENT_BODY) name=sent("body") id=id("body") value=body rows=16 maxlength=50000 hint=tr!(ADMIN_CONTENT_BODY_HINT) error=fault("body") optional/>
                <div>
                    <Button kind="submit" look=Look::Outline icon=icon::EYE attr:name="step" attr:value="look" on:click=look>{tr!(ADMIN_CONTENT_PREVIEW_ACTION)}</Button>
                </div>
                <Field label=tr!(ADMIN_PRODUCTS_SLUG) name=sent("slug") id=id("slug") value=slug error=fault("slug") optional=true prefix="/pages/"/>
                <TextArea lang=locale.tag() label=tr!(ADMIN_CONTENT_DESCRIPTION) name=sent("description") id=id("description") value=description rows=2 maxlength=300 hint=tr!(ADMIN_CONTENT_DESCRIPTION_HINT) error=fault("description") optional=true/>
            </div>
        </Panel>
        {preview.panel(at)}
    }
    .into_any()
}

/// Beside the form of an existing page: where it is, and its deletion.
fn side(draft: &PageDraft, delete: ServerAction<DeletePage>, may_write: bool) -> AnyView {
    let Some(id) = draft.id else { return ().into_any() };
    let shown = draft.published.then(|| {
        let each = draft.texts.iter().map(|text| {
            let path = format!("/pages/{}", text.slug);
            view! { <li><a class="link wrap-anywhere" href=path>{format!("/pages/{}", text.slug)}</a></li> }
        });
        view! { <ul class="flex flex-col gap-1">{each.collect_view()}</ul> }.into_any()
    });
    let none = (!draft.published).then(|| view! { <p class="text-quiet">{tr!(ADMIN_CONTENT_NOT_SHOWN)}</p> });
    // What shoppers can read is taken off first; a draft is deleted at once.
    let going = (may_write && !draft.published).then(|| {
        view! {
            <StaffForm action=delete>
                <input type="hidden" name="page" value=id.to_string() autocomplete="off"/>
                <Button kind="submit" look=Look::Danger busy=delete.pending()>{tr!(ADMIN_CONTENT_DELETE)}</Button>
            </StaffForm>
        }
    });
    view! {
        <Panel title=tr!(ADMIN_CONTENT_ADDRESS)>
            <div class="flex flex-col gap-4">{shown}{none}{going}</div>
        </Panel>
    }
    .into_any()
}
