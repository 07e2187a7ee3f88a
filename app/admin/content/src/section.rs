//! A section of the home page: its words in each language, picture, link and products, and when shoppers see it.

use admin_layout::{Fields, OnePicture, StaffForm, on_done, on_uploaded, shown, upload, upload_problem};
use domain::id::HomeSectionId;
use domain::permission::Permission;
use domain::view::{
    HomeSectionDraft, HomeSectionEditView, HomeSectionForm, LinkTarget, PickedProductView, PictureView, SectionKind, TargetChoice,
    TargetState, link_field, moment_field,
};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use ui::{
    Alert, Breadcrumbs, Button, Checkbox, Choice, Field, Look, PageHeader, Panel, SelectField, SkeletonText, icon, tr, use_time_zone,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::find::find_products;
use crate::hand_picked::Picked;
use crate::home::{LIST, PREVIEW, kind_name};
use crate::section_texts::texts;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionView {
    pub section: HomeSectionEditView,
    /// The key of the form that adds it.
    pub key: String,
    pub may_write: bool,
}

/// A section, or for `new` a new one of this kind.
#[server(endpoint = "admin/content/home/section", output = Answer)]
pub async fn read_home_section(section: String, kind: String) -> Result<SectionView, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?, request::locale());
    let section = match (section.as_str(), section.parse::<HomeSectionId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteContent))?;
            let kind = SectionKind::parse(&kind).ok_or_else(request::not_found)?;
            backend::content::new_home_section(&shop, &ctx, locale, kind).await
        }
        (_, Ok(id)) => backend::content::home_section_to_edit(&shop, &ctx, locale, id).await,
        (_, Err(_)) => return Err(request::not_found()),
    };
    let section = section.map_err(crate::content_error)?;
    Ok(SectionView { section, key: shop.id().to_string(), may_write: ctx.may(Permission::WriteContent) })
}
access!(ReadHomeSection, Access::Staff(Permission::ReadContent));

/// Saves a section; without a script it redirects to its page.
#[server(endpoint = "admin/content/home/section/save", output = Answer)]
pub async fn save_home_section(form: HomeSectionForm, #[server(default)] key: String) -> Result<HomeSectionId, AppError> {
    use web::request;
    let (shop, locale) = (request::shop()?, request::locale());
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?.with_key(&key);
    let (draft, unread) = form.read(backend::settings::shop(&shop).zone());
    if !unread.is_empty() {
        let message = ui::t::ADMIN_CONTENT_MOMENT_INVALID.text(locale);
        return Err(request::invalid(unread.into_iter().map(|field| (field.to_owned(), message.to_owned())).collect()));
    }
    let id = backend::content::save_home_section(&shop, &ctx, locale, draft).await.map_err(crate::content_error)?;
    request::redirect(&format!("{LIST}/{id}"));
    Ok(id)
}
access!(SaveHomeSection, Access::Staff(Permission::WriteContent));

/// Sets a banner's picture: the field `section`, and the file `picture` of at most [`domain::MAX_UPLOAD_MB`].
#[server(endpoint = "admin/content/home/section/picture", input = MultipartFormData, output = Answer)]
pub async fn set_section_picture(data: MultipartData) -> Result<PictureView, AppError> {
    use backend::catalog::CatalogError;
    use domain::Locale;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteContent))?, request::shop()?);
    let sent = admin_layout::Sent::receive(data, "picture").await?;
    let Ok(section) = sent.value("section").parse::<HomeSectionId>() else { return Err(request::not_found()) };
    // What it shows is among the section's own words.
    let alts = Locale::ALL.map(|locale| (locale, String::new())).to_vec();
    let picture = backend::catalog::add_picture(&shop, &ctx, None, sent.file, alts).await.map_err(|error| match error {
        CatalogError::Forbidden(_) => request::fail(AppError::new(403)),
        other => admin_layout::picture_problem(&other, "picture").unwrap_or_else(|| request::unexpected(&other)),
    })?;
    backend::content::set_section_picture(&shop, &ctx, section, Some(picture.id)).await.map_err(crate::content_error)?;
    Ok(picture)
}
access!(SetSectionPicture, Access::Staff(Permission::WriteContent));

#[server(endpoint = "admin/content/home/section/picture/remove", output = Answer)]
pub async fn remove_section_picture(section: HomeSectionId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?;
    backend::content::set_section_picture(&request::shop()?, &ctx, section, None).await.map_err(crate::content_error)
}
access!(RemoveSectionPicture, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<ReadHomeSection>(),
    access_of::<SaveHomeSection>(),
    access_of::<SetSectionPicture>(),
    access_of::<RemoveSectionPicture>(),
];

/// `/admin/content/home/:section`
#[derive(Debug)]
pub struct EditHomeSection;

lazy_page!(EditHomeSection, settings, edit_section_page);

fn edit_section_page() -> AnyView {
    let fallback = use_form_fallback();
    let (params, address_query) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| {
        let of = |name: &str| address_query.with(|query| query.get(name).unwrap_or_default());
        (params.with(|params| params.get("section").unwrap_or_default()), of("kind"), of("q"))
    });
    let version = RwSignal::new(0_u32);
    let again = Callback::new(move |()| version.update(|times| *times += 1));
    let save = ServerAction::<SaveHomeSection>::new();
    let to_saved = use_navigate();
    on_done(save, tr!(COMMON_SAVED), move |saved: HomeSectionId| {
        if query.with_untracked(|(section, ..)| section == "new") {
            to_saved(&format!("{LIST}/{saved}"), Default::default());
        } else {
            again.run(());
        }
    });
    let picked = Picked::new(again, &fallback);
    let read = resource(
        move || (query.get(), version.get()),
        |((section, kind, words), _)| async move {
            let view = read_home_section(section, kind).await?;
            let found = if view.section.draft.kind == SectionKind::Picked { find_products(words).await? } else { Vec::new() };
            Ok((view, found))
        },
    );
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(read, move |(view, found)| {
                let words = query.with_untracked(|(.., words)| words.clone());
                page(view, (found, words), save, picked, &fallback)
            })}
        </Transition>
    }
    .into_any()
}

fn page(
    view: SectionView,
    (found, words): (Vec<PickedProductView>, String),
    save: ServerAction<SaveHomeSection>,
    picked: Picked,
    fallback: &FormFallback,
) -> AnyView {
    let SectionView { section: HomeSectionEditView { draft, picture, products, categories, pages }, key, may_write } = view;
    let (problem, typed) = (problem(save, fallback), typed(save, fallback));
    let title = if draft.id.is_none() { tr!(ADMIN_CONTENT_SECTION_NEW) } else { tr!(ADMIN_CONTENT_SECTION) };
    let above = vec![(LIST.to_owned(), tr!(ADMIN_CONTENT_HOME).to_owned())];
    let kind = draft.kind;
    let more = match (kind, draft.id) {
        (SectionKind::Banner, Some(id)) => picture_panel(id, picture, may_write, fallback),
        (SectionKind::Picked, Some(id)) => picked.panel(id, products, (found, words), may_write),
        (SectionKind::Banner | SectionKind::Picked, None) => view! { <Alert>{tr!(ADMIN_CONTENT_SECTION_SAVED_FIRST)}</Alert> }.into_any(),
        _ => ().into_any(),
    };
    let fields = fields(&draft, (categories, pages), &typed, problem);
    view! {
        <Title text=title/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title/>
            <PageHeader title detail=kind_name(kind)/>
            <StaffForm action=save class="flex flex-col gap-6 max-w-4xl">
                // Enter presses the first button of a form.
                {may_write.then(|| view! { <button type="submit" class="sr-only" tabindex="-1" aria-hidden="true"></button> })}
                <ProblemSummary problem/>
                <input type="hidden" name="key" value=key autocomplete="off"/>
                <input type="hidden" name="form[id]" value=draft.id.map(|id| id.to_string()).unwrap_or_default() autocomplete="off"/>
                // A browser that reloads the page must not restore the former version.
                <input type="hidden" name="form[version]" value=draft.version.to_string() autocomplete="off"/>
                <input type="hidden" name="form[kind]" value=kind.code() autocomplete="off"/>
                <Fields may_write>{fields}</Fields>
                {may_write.then(|| view! {
                    <div class="flex flex-wrap gap-3">
                        <Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button>
                        // The page in the shop's layout is another one, which shows the form as it is typed.
                        <input type="hidden" name="hidden" value="true"/>
                        <Button kind="submit" look=Look::Outline icon=icon::EYE attr:formaction=PREVIEW attr:formtarget="_blank" attr:name="step" attr:value="look">{tr!(ADMIN_CONTENT_HOME_PREVIEW_TRY)}</Button>
                    </div>
                })}
            </StaffForm>
            <div class="max-w-4xl flex flex-col gap-6">{more}</div>
        </div>
    }
    .into_any()
}

fn fields(
    draft: &HomeSectionDraft,
    (categories, pages): (Vec<TargetChoice>, Vec<TargetChoice>),
    typed: &Typed,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    let source = match draft.kind {
        SectionKind::Products => {
            let selected = typed.or("form[category]", draft.category.map(|id| id.to_string()).unwrap_or_default());
            let choices: Vec<Choice> = categories.into_iter().map(|choice| choice_of("", choice)).collect();
            let field = view! { <SelectField label=tr!(ADMIN_CONTENT_KIND_CATEGORY) name="form[category]" id="category" choices selected empty=tr!(ADMIN_CONTENT_CHOOSE_ONE) error=wrong(problem, "category")/> };
            Some(view! { <Panel title=tr!(ADMIN_PRODUCTS)><div class="max-w-md">{field}</div></Panel> }.into_any())
        }
        SectionKind::Banner => Some(link(&draft.link, (categories, pages), typed, problem)),
        _ => None,
    };
    let texts = (draft.kind != SectionKind::Promises).then(|| texts(draft.kind, &draft.texts, typed, problem));
    view! {
        {texts}
        {source}
        {when(draft, typed, problem)}
    }
    .into_any()
}

fn choice_of(before: &str, choice: TargetChoice) -> Choice {
    let TargetChoice { id, name, state } = choice;
    let name = if state == TargetState::Shown { name } else { tr!(ADMIN_CONTENT_NAME_NOT_SHOWN, name = name) };
    Choice::new(format!("{before}{id}"), name)
}

/// Where a banner leads.
fn link(
    link: &LinkTarget,
    (categories, pages): (Vec<TargetChoice>, Vec<TargetChoice>),
    typed: &Typed,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    let own = vec![Choice::new("address", tr!(ADMIN_CONTENT_LINK_ADDRESS))];
    let categories = categories.into_iter().map(|choice| choice_of("category:", choice));
    let pages = pages.into_iter().map(|choice| choice_of("page:", choice));
    let choices: Vec<Choice> = own.into_iter().chain(categories).chain(pages).collect();
    let address = match link {
        LinkTarget::Address(address) => address.clone(),
        _ => String::new(),
    };
    let (selected, value) = (typed.or("form[link]", link_field(link)), typed.or("form[address]", address));
    view! {
        <Panel title=tr!(ADMIN_CONTENT_LEADS_TO)>
            <div class="grid md:grid-cols-2 gap-4 items-start">
                <SelectField label=tr!(ADMIN_CONTENT_LINK) name="form[link]" id="link" choices selected empty=tr!(ADMIN_CONTENT_LINK_NONE) error=wrong(problem, "link")/>
                <Field label=tr!(ADMIN_CONTENT_LINK_ADDRESS) name="form[address]" id="address" value maxlength=500 optional=true hint=tr!(ADMIN_CONTENT_LINK_ADDRESS_HINT) error=wrong(problem, "address")/>
            </div>
        </Panel>
    }
    .into_any()
}

/// Whether, from and until when shoppers see it.
fn when(draft: &HomeSectionDraft, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let zone = use_time_zone();
    let written = |at: Option<domain::Timestamp>| at.map(|at| moment_field(zone, at)).unwrap_or_default();
    let shown = typed.ticked("form[shown]", "true", !draft.hidden);
    let from = typed.or("form[visible_from]", written(draft.visible_from));
    let until = typed.or("form[visible_until]", written(draft.visible_until));
    view! {
        <Panel title=tr!(ADMIN_CONTENT_IN_SHOP)>
            <div class="flex flex-col gap-4">
                <Checkbox label=tr!(ADMIN_CONTENT_SECTION_SHOW) name="form[shown]" checked=shown hint=tr!(ADMIN_CONTENT_SECTION_SHOW_HINT)/>
                <div class="grid md:grid-cols-2 gap-4 items-start max-w-2xl">
                    <Field label=tr!(ADMIN_CONTENT_VISIBLE_FROM) name="form[visible_from]" id="visible_from" kind="datetime-local" value=from optional=true hint=tr!(ADMIN_CONTENT_VISIBLE_FROM_HINT) error=wrong(problem, "visible_from")/>
                    <Field label=tr!(ADMIN_CONTENT_VISIBLE_UNTIL) name="form[visible_until]" id="visible_until" kind="datetime-local" value=until optional=true hint=tr!(ADMIN_CONTENT_VISIBLE_UNTIL_HINT) error=wrong(problem, "visible_until")/>
                </div>
            </div>
        </Panel>
    }
    .into_any()
}

fn picture_panel(id: HomeSectionId, picture: Option<PictureView>, may_write: bool, fallback: &FormFallback) -> AnyView {
    let alt = picture.as_ref().map(|picture| picture.alt.clone()).unwrap_or_default();
    let shown = RwSignal::new(picture.map(|picture| picture.id));
    let action = upload(set_section_picture);
    on_uploaded(action, move |picture: PictureView| shown.set(Some(picture.id)));
    let bare = ServerAction::<RemoveSectionPicture>::new();
    on_done(bare, tr!(COMMON_SAVED), move |()| shown.set(None));
    let section = move || view! { <input type="hidden" name="section" value=id.to_string() autocomplete="off"/> }.into_any();
    let problem = upload_problem::<SetSectionPicture, _>(action, fallback);
    let removing = move || {
        view! {
            <StaffForm action=bare>
                {section()}
                <Button kind="submit" look=Look::Danger busy=bare.pending()>{tr!(ADMIN_CATEGORIES_PICTURE_REMOVE)}</Button>
            </StaffForm>
        }
    };
    view! {
        <OnePicture
            title=tr!(ADMIN_CONTENT_SECTION_PICTURE) hint=tr!(ADMIN_CONTENT_SECTION_PICTURE_HINT) picture=shown alt field="picture"
            add=tr!(ADMIN_PRODUCTS_ADD_PICTURE) action to=SetSectionPicture::PATH problem may_write fields=section remove=removing
        />
    }
    .into_any()
}
