//! A category: its texts by language, its position in the shop's menu, its picture, and whether it is published.

use admin_layout::{Fields, OnePicture, SEEN, ShowSaved, StaffForm, on_done, on_uploaded, shown, split_conflict, upload, upload_problem};
use domain::id::CategoryId;
use domain::permission::Permission;
use domain::view::{CategoryEditView, CategoryTexts, PictureView};
use domain::{Currency, Locale};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use serde::{Deserialize, Serialize};
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use ui::{Alert, Breadcrumbs, Button, Checkbox, Field, Look, PageHeader, Panel, SkeletonText, TextArea, tr, trn};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::category_rule::RuleForm;

const LIST: &str = "/admin/categories";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryView {
    /// The category, or the initial values of a new one.
    pub category: CategoryEditView,
    pub currency: Currency,
    /// The category as it is saved, for the form; empty for a new one.
    pub seen: String,
    pub may_write: bool,
}

/// A category as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryForm {
    /// Empty for a new one.
    pub id: String,
    /// The category as it was saved when the form was rendered.
    pub seen: String,
    /// Its position in the menu.
    pub position: String,
    pub texts: Vec<CategoryTexts>,
    /// Not empty when it is published.
    pub published: String,
    pub rule: RuleForm,
}

/// A category, or the initial values of a new one for `new`.
#[server(endpoint = "admin/category", output = Answer)]
pub async fn read_category(category: String) -> Result<CategoryView, AppError> {
    use domain::view::CategoryDraft;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    let found = match (category.as_str(), category.parse::<CategoryId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteProducts))?;
            let all = backend::catalog::category_list(&shop, &ctx, request::locale()).await.map_err(crate::catalog_error)?;
            let position = i64::try_from(all.len()).unwrap_or_default() + 1;
            CategoryEditView {
                draft: CategoryDraft { position, published: true, ..CategoryDraft::default() },
                ..CategoryEditView::default()
            }
        }
        (_, Ok(id)) => backend::catalog::category_to_edit(&shop, &ctx, id).await.map_err(crate::catalog_error)?,
        (_, Err(_)) => return Err(request::not_found()),
    };
    let seen = if found.draft.id.is_none() { String::new() } else { admin_layout::seen(&found.draft) };
    let currency = backend::settings::shop_currency(&shop);
    Ok(CategoryView { category: found, currency, seen, may_write: ctx.may(Permission::WriteProducts) })
}
access!(ReadCategory, Access::Staff(Permission::ReadProducts));

/// Saves a category; without a script it redirects to its page.
#[server(endpoint = "admin/category/save", output = Answer)]
pub async fn save_category(form: CategoryForm) -> Result<CategoryId, AppError> {
    use domain::view::CategoryDraft;
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?, request::locale());
    let position = request::whole_number("position", &form.position)?;
    let currency = backend::settings::shop_currency(&shop);
    let seen: Option<CategoryDraft> = admin_layout::read_seen(&form.seen);
    let draft = CategoryDraft {
        id: form.id.parse().ok(),
        version: seen.as_ref().map_or(0, |seen| seen.version),
        position,
        published: !form.published.is_empty(),
        texts: form.texts,
        rule: form.rule.rule(locale, currency).map_err(request::invalid)?,
    };
    let saved = backend::catalog::save_category(&shop, &ctx, locale, draft.clone()).await;
    if let (Err(backend::catalog::CatalogError::Stale), Some(seen), Some(id)) = (&saved, seen, draft.id) {
        let saved = backend::catalog::category_to_edit(&shop, &ctx, id).await.map_err(crate::catalog_error)?.draft;
        let last = backend::catalog::last_category_change(&shop, id).await.map_err(crate::catalog_error)?;
        let stale = admin_layout::Stale { seen: &seen, typed: &draft, saved: &saved };
        return Err(stale.refused(&shop, last, |path, value| saved_field(locale, currency, path, value)).await);
    }
    let id = saved.map_err(crate::catalog_error)?;
    request::redirect(&format!("{LIST}/{id}"));
    Ok(id)
}
access!(SaveCategory, Access::Staff(Permission::WriteProducts));

/// The field of a part of a category, and its value as the form shows it.
#[cfg(feature = "ssr")]
fn saved_field(locale: Locale, currency: Currency, path: &str, value: &serde_json::Value) -> Option<(String, String)> {
    crate::category_rule::saved_field(locale, currency, path, value)
        .or_else(|| admin_layout::saved_text(locale, ui::t::ADMIN_CATEGORIES_SHOWN, path, value))
}

/// Removes an empty category; without a script it redirects to the list.
#[server(endpoint = "admin/category/remove", output = Answer)]
pub async fn remove_category(category: CategoryId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::remove_category(&request::shop()?, &ctx, category).await.map_err(crate::catalog_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(RemoveCategory, Access::Staff(Permission::WriteProducts));

/// Sets a category's picture: the field `category`, and the file `picture` of at most [`domain::MAX_UPLOAD_MB`].
#[server(endpoint = "admin/category/picture", input = MultipartFormData, output = Answer)]
pub async fn set_category_picture(data: MultipartData) -> Result<PictureView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?);
    let sent = admin_layout::Sent::receive(data, "picture").await?;
    let Ok(category) = sent.value("category").parse::<CategoryId>() else { return Err(request::not_found()) };
    let category_now = backend::catalog::category_to_edit(&shop, &ctx, category).await.map_err(crate::catalog_error)?;
    let alts = category_now.draft.texts.iter().filter_map(|text| Some((Locale::parse(&text.locale)?, text.name.clone()))).collect();
    let picture = backend::catalog::add_picture(&shop, &ctx, None, sent.file, alts).await.map_err(crate::catalog_error)?;
    backend::catalog::set_category_picture(&shop, &ctx, category, Some(picture.id)).await.map_err(crate::catalog_error)?;
    Ok(picture)
}
access!(SetCategoryPicture, Access::Staff(Permission::WriteProducts));

#[server(endpoint = "admin/category/picture/remove", output = Answer)]
pub async fn remove_category_picture(category: CategoryId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::set_category_picture(&request::shop()?, &ctx, category, None).await.map_err(crate::catalog_error)
}
access!(RemoveCategoryPicture, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<ReadCategory>(),
    access_of::<SaveCategory>(),
    access_of::<RemoveCategory>(),
    access_of::<SetCategoryPicture>(),
    access_of::<RemoveCategoryPicture>(),
];

/// `/admin/categories/:category`
#[derive(Debug)]
pub struct EditCategory;

lazy_page!(EditCategory, products, edit_category_page);

fn edit_category_page() -> AnyView {
    let fallback = use_form_fallback();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("category").unwrap_or_default()));
    let version = RwSignal::new(0_u32);
    let save = ServerAction::<SaveCategory>::new();
    let remove = ServerAction::<RemoveCategory>::new();
    let (to_saved, to_list) = (use_navigate(), use_navigate());
    on_done(save, tr!(COMMON_SAVED), move |saved: CategoryId| {
        if id.get_untracked() == "new" {
            to_saved(&format!("{LIST}/{saved}"), Default::default());
        } else {
            version.update(|times| *times += 1);
        }
    });
    on_done(remove, tr!(ADMIN_CATEGORIES_REMOVED), move |()| to_list(LIST, Default::default()));
    let category = resource(move || (id.get(), version.get()), |(id, _)| read_category(id));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(category, move |view| page(view, save, remove, &fallback))}
        </Transition>
    }
    .into_any()
}

fn page(view: CategoryView, save: ServerAction<SaveCategory>, remove: ServerAction<RemoveCategory>, fallback: &FormFallback) -> AnyView {
    let CategoryView { category: CategoryEditView { draft, picture, products }, currency, seen, may_write } = view;
    let typed = typed(save, fallback);
    let (problem, seen) = split_conflict(problem(save, fallback), SEEN, Signal::stored(typed.or("form[seen]", seen)));
    let title = draft.texts.first().map_or_else(|| tr!(ADMIN_CATEGORIES_NEW).to_owned(), |text| text.name.clone());
    let above =
        vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned()), (LIST.to_owned(), tr!(ADMIN_CATEGORIES_TITLE).to_owned())];
    let texts = texts(&draft.texts, &typed, problem);
    let position = typed.or("form[position]", draft.position.to_string());
    let published = typed.ticked("form[published]", "true", draft.published);
    // The shop shows what a rule fills it with.
    let by_rule = draft.rule.as_ref().and(draft.texts.first()).map(|text| format!("/c/{}", text.slug));
    let rule = crate::category_rule::fields(draft.rule.as_ref(), currency, &typed, problem);
    let side = match draft.id {
        Some(id) => side(id, title.clone(), picture, (products, by_rule), remove, may_write, fallback),
        None => view! { <Alert>{tr!(ADMIN_CATEGORIES_PICTURE_SAVED_FIRST)}</Alert> }.into_any(),
    };
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            <div class="grid xl:grid-cols-[1fr_22rem] gap-6 items-start">
                <StaffForm action=save class="flex flex-col gap-6 min-w-0">
                    <ProblemSummary problem/>
                    <ShowSaved problem/>
                    <input type="hidden" name="form[id]" value=draft.id.map(|id| id.to_string()).unwrap_or_default() autocomplete="off"/>
                    // A browser that reloads the page must not restore the former one.
                    <input type="hidden" name="form[seen]" value=move || seen.get() autocomplete="off"/>
                    <Fields may_write>
                        {texts}
                        <Panel title=tr!(ADMIN_CATEGORIES_MENU)>
                            <div class="flex flex-col gap-4 max-w-md">
                                <Field label=tr!(ADMIN_CATEGORIES_POSITION) name="form[position]" id="position" value=position inputmode="numeric" error=wrong(problem, "position")/>
                                <Checkbox label=tr!(ADMIN_CATEGORIES_SHOWN) name="form[published]" checked=published/>
                                <p class="text-sm text-quiet">{tr!(ADMIN_CATEGORIES_HIDDEN_HINT)}</p>
                            </div>
                        </Panel>
                        {rule}
                    </Fields>
                    {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                </StaffForm>
                <div class="flex flex-col gap-6 min-w-0">{side}</div>
            </div>
        </div>
    }
    .into_any()
}

fn texts(saved: &[CategoryTexts], typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let code = locale.code();
        let CategoryTexts { name, slug, blurb, .. } = saved.iter().find(|texts| texts.locale == code).cloned().unwrap_or_default();
        let sent = move |field: &str| format!("form[texts][{at}][{field}]");
        let id = move |field: &str| format!("{field}.{code}");
        let fault = move |field: &str| wrong(problem, format!("{field}.{code}"));
        let [name, slug, blurb] = [("name", name), ("slug", slug), ("blurb", blurb)].map(|(field, own)| typed.or(&sent(field), own));
        view! {
            <Panel title=locale.name()>
                <div class="flex flex-col gap-3">
                    <input type="hidden" name=sent("locale") value=code/>
                    <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_NAME) name=sent("name") id=id("name") value=name error=fault("name") maxlength=80 optional={at > 0}/>
                    <Field label=tr!(ADMIN_PRODUCTS_SLUG) name=sent("slug") id=id("slug") value=slug error=fault("slug") optional=true/>
                    <TextArea lang=locale.tag() label=tr!(ADMIN_PRODUCTS_DESCRIPTION) name=sent("blurb") id=id("blurb") value=blurb rows=3 error=fault("blurb") optional=true/>
                </div>
            </Panel>
        }
    });
    let each = each.collect_view();
    view! { <div class="grid lg:grid-cols-2 gap-6 items-start">{each}</div> }.into_any()
}

/// Beside the form of an existing category: its picture, its products (their number, and where the shop shows those of a rule), and its
/// removal.
fn side(
    id: CategoryId,
    name: String,
    picture: Option<PictureView>,
    (products, by_rule): (i64, Option<String>),
    remove: ServerAction<RemoveCategory>,
    may_write: bool,
    fallback: &FormFallback,
) -> AnyView {
    let shown = RwSignal::new(picture.map(|picture| picture.id));
    let action = upload(set_category_picture);
    on_uploaded(action, move |picture: PictureView| shown.set(Some(picture.id)));
    let bare = ServerAction::<RemoveCategoryPicture>::new();
    on_done(bare, tr!(COMMON_SAVED), move |()| shown.set(None));
    let category = move || view! { <input type="hidden" name="category" value=id.to_string() autocomplete="off"/> }.into_any();
    let problem = upload_problem::<SetCategoryPicture, _>(action, fallback);
    let removing = move || {
        view! {
            <StaffForm action=bare>
                {category()}
                <Button kind="submit" look=Look::Danger busy=bare.pending()>{tr!(ADMIN_CATEGORIES_PICTURE_REMOVE)}</Button>
            </StaffForm>
        }
    };
    let goes = by_rule.is_some() || products == 0;
    let products_of = by_rule.unwrap_or_else(|| format!("/admin/products?category={id}"));
    let going = if !goes {
        view! { <p class="text-sm text-quiet">{tr!(ADMIN_CATEGORIES_IN_USE)}</p> }.into_any()
    } else {
        view! {
            <StaffForm action=remove>
                {category()}
                <Button kind="submit" look=Look::Danger busy=remove.pending()>{tr!(ADMIN_CATEGORIES_REMOVE)}</Button>
            </StaffForm>
        }
        .into_any()
    };
    view! {
        <OnePicture
            title=tr!(ADMIN_CATEGORIES_PICTURE) hint=tr!(ADMIN_CATEGORIES_PICTURE_HINT) picture=shown alt=name field="picture"
            add=tr!(ADMIN_PRODUCTS_ADD_PICTURE) action to=SetCategoryPicture::PATH problem may_write fields=category remove=removing
        />
        <Panel title=tr!(ADMIN_PRODUCTS)>
            <div class="flex flex-col gap-3">
                <p><a class="link figures" href=products_of>{trn!(LISTING_RESULTS, products)}</a></p>
                {may_write.then_some(going)}
            </div>
        </Panel>
    }
    .into_any()
}
