//! A product's edit page: texts by language, options and variants, prices, pictures, status.

use admin_layout::{Fields, ShowSaved, StaffForm, on_done, shown, split_conflict};
use domain::id::{CategoryId, ProductId};
use domain::permission::Permission;
use domain::view::{PictureView, ProductAdminView, ProductTexts, ProductTypeChoiceView};
use domain::{Currency, Locale};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use serde::{Deserialize, Serialize};
use ui::{
    Alert, Breadcrumbs, Button, Choice, Disclosure, Field, LinkButton, Look, PageHeader, Panel, SelectField, SkeletonText, TextArea, tr,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::draft::{OPTIONS, ProductForm};
use crate::facts::type_and_facts;
use crate::picture::Pictures;
use crate::variants::variants;

/// The id of the product's form, for buttons outside of it.
pub(crate) const FORM: &str = "product";

/// A product with the data of its form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditView {
    /// None for a new one.
    pub product: Option<ProductAdminView>,
    /// Id and name of each.
    pub categories: Vec<(CategoryId, String)>,
    pub types: Vec<ProductTypeChoiceView>,
    pub currency: Currency,
    /// Is tax inside of the prices? Otherwise it is added to them.
    pub prices_include_tax: bool,
    pub may_write: bool,
}

/// A product, or the data for a new one for `new`.
#[server(endpoint = "admin/product", output = Answer)]
pub async fn read_product_to_edit(product: String) -> Result<EditView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    let found = match (product.as_str(), product.parse::<ProductId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteProducts))?;
            None
        }
        (_, Ok(id)) => Some(backend::catalog::admin_product(&shop, &ctx, id).await.map_err(crate::catalog_error)?),
        (_, Err(_)) => return Err(request::not_found()),
    };
    Ok(EditView {
        product: found,
        categories: backend::catalog::category_choices(&shop, request::locale()).await.map_err(crate::catalog_error)?,
        types: backend::catalog::product_type_choices(&shop, &ctx, request::locale()).await.map_err(crate::catalog_error)?,
        currency: backend::settings::shop_currency(&shop),
        prices_include_tax: backend::catalog::prices_include_tax(&shop).await.map_err(crate::catalog_error)?,
        may_write: ctx.may(Permission::WriteProducts),
    })
}
access!(ReadProductToEdit, Access::Staff(Permission::ReadProducts));

/// Saves a product; without a script it redirects to its page.
#[server(endpoint = "admin/product/save", output = Answer)]
pub async fn save_product(form: ProductForm) -> Result<ProductId, AppError> {
    use backend::catalog::CatalogError;
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?);
    let before = match form.id.parse::<ProductId>() {
        Ok(id) => Some(backend::catalog::admin_product(&shop, &ctx, id).await.map_err(crate::catalog_error)?.draft),
        Err(_) => None,
    };
    if before.as_ref().is_some_and(|before| before.version.to_string() != form.version) {
        return Err(crate::stale::refused(&shop, &ctx, &form).await?);
    }
    let draft = form.draft(request::locale(), backend::settings::shop_currency(&shop), before.as_ref()).map_err(request::invalid)?;
    let saved = backend::catalog::save_product(&shop, &ctx, request::locale(), draft).await;
    let id = match saved {
        Ok(id) => id,
        Err(CatalogError::Invalid(fields)) => return Err(request::invalid(form.at_rows(fields))),
        Err(CatalogError::Stale) => return Err(crate::stale::refused(&shop, &ctx, &form).await?),
        Err(other) => return Err(crate::catalog_error(other)),
    };
    request::redirect(&format!("/admin/products/{id}"));
    Ok(id)
}
access!(SaveProduct, Access::Staff(Permission::WriteProducts));

/// Publishes, withdraws or archives a product.
#[server(endpoint = "admin/product/status", output = Answer)]
pub async fn set_product_status(product: ProductId, status: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::set_status(&request::shop()?, &ctx, product, &status).await.map_err(crate::catalog_error)
}
access!(SetProductStatus, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadProductToEdit>(), access_of::<SaveProduct>(), access_of::<SetProductStatus>()];

/// `/admin/products/:product`
#[derive(Debug)]
pub struct EditProduct;

lazy_page!(EditProduct, products, edit_product_page);

fn edit_product_page() -> AnyView {
    let fallback = use_form_fallback();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("product").unwrap_or_default()));
    let version = RwSignal::new(0_u32);
    let changed = Callback::new(move |()| version.update(|times| *times += 1));
    let save = ServerAction::<SaveProduct>::new();
    let status = ServerAction::<SetProductStatus>::new();
    let navigate = use_navigate();
    on_done(save, tr!(COMMON_SAVED), move |saved: ProductId| {
        if id.get_untracked() == "new" {
            navigate(&format!("/admin/products/{saved}"), Default::default());
        } else {
            changed.run(());
        }
    });
    on_done(status, tr!(COMMON_SAVED), move |()| changed.run(()));
    let product = resource(move || (id.get(), version.get()), |(id, _)| read_product_to_edit(id));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(product, move |view| page(view, save, status, &fallback))}
        </Transition>
    }
    .into_any()
}

/// The form: as typed when it came back without a script, else of the product.
fn form_of(view: &EditView, typed: &Typed) -> ProductForm {
    let draft = view.product.as_ref().map(|product| product.draft.clone()).unwrap_or_default();
    let own = draft.id.map(|id| id.to_string()).unwrap_or_default();
    let came_back = typed.of("form[id]", &own);
    let pairs = came_back.values().iter().map(|(name, value)| format!("{}={}", admin_layout::escaped(name), admin_layout::escaped(value)));
    let sent =
        came_back.is_any().then(|| serde_qs::Config::new(5, false).deserialize_str::<SaveProduct>(&pairs.collect::<Vec<_>>().join("&")));
    match sent {
        Some(Ok(SaveProduct { mut form })) => {
            form.look(&came_back.or("step", ""));
            form
        }
        _ => ProductForm::of(&draft, view.currency),
    }
}

/// The pictures in the form's order.
fn ordered(view: &EditView, form: &ProductForm) -> Vec<PictureView> {
    let saved = view.product.as_ref().map(|product| product.pictures.as_slice()).unwrap_or_default();
    form.pictures.iter().filter_map(|id| saved.iter().find(|picture| picture.id.to_string() == *id).cloned()).collect()
}

fn page(view: EditView, save: ServerAction<SaveProduct>, status: ServerAction<SetProductStatus>, fallback: &FormFallback) -> AnyView {
    let form = form_of(&view, &typed(save, fallback));
    let (fault, version) = split_conflict(problem(save, fallback), crate::stale::VERSION, Signal::stored(form.version.clone()));
    let pictures = RwSignal::new(ordered(&view, &form));
    let EditView { product, categories, types, prices_include_tax, may_write, .. } = view;
    let id = product.as_ref().and_then(|product| product.draft.id);
    let name =
        product.as_ref().and_then(|product| product.draft.texts.first()).map(|texts| texts.name.clone()).filter(|name| !name.is_empty());
    let title = name.unwrap_or_else(|| tr!(ADMIN_PRODUCTS_NEW).to_owned());
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    let state = product.as_ref().map(|product| product.status.clone());
    let states = move || state.clone().zip(id).map(|(state, id)| states(&state, id, may_write, status));
    let stock: i64 = product.iter().flat_map(|product| &product.stock).map(|row| row.available).sum();
    let parts = (
        texts(&form, fault),
        details(&form, categories, fault),
        type_and_facts(&form, types, fault),
        options(&form, fault),
        variants(&form, pictures, prices_include_tax, may_write, fault),
    );
    let hidden = move || {
        let each = pictures.get().into_iter().enumerate();
        each.map(|(at, picture)| view! { <input type="hidden" name=format!("form[pictures][{at}]") value=picture.id.to_string() autocomplete="off"/> }).collect_view()
    };
    let side = match id {
        Some(product) => view! { <Pictures product pictures may_write fallback=fallback.clone()/> }.into_any(),
        None => view! { <Alert>{tr!(ADMIN_PRODUCTS_PICTURE_SAVED_FIRST)}</Alert> }.into_any(),
    };
    let find = format!("/admin/stock?q={}", admin_layout::escaped(&title));
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title actions=move || states().into_any()/>
            <div class="grid xl:grid-cols-[1fr_22rem] gap-6 items-start">
                <StaffForm action=save id=FORM class="flex flex-col gap-6 min-w-0">
                    // Enter presses the first button of a form.
                    {may_write.then(|| view! { <button type="submit" name="step" value="save" class="sr-only" tabindex="-1" aria-hidden="true"></button> })}
                    <ProblemSummary problem=fault/>
                    <ShowSaved problem=fault/>
                    <input type="hidden" name="form[id]" value=form.id autocomplete="off"/>
                    // A browser that reloads the page must not restore the former version.
                    <input type="hidden" name="form[version]" value=move || version.get() autocomplete="off"/>
                    {hidden}
                    <Fields may_write>{parts}</Fields>
                    {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending() attr:name="step" attr:value="save">{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                </StaffForm>
                <div class="flex flex-col gap-6 min-w-0">
                    {side}
                    {id.map(|_| view! {
                        <Panel title=tr!(ADMIN_STOCK)>
                            <p><a class="link figures" href=find>{tr!(ADMIN_PRODUCTS_AVAILABLE)}": "{ui::use_locale().number(stock)}</a></p>
                        </Panel>
                    })}
                </div>
            </div>
        </div>
    }
    .into_any()
}

fn states(state: &str, product: ProductId, may_write: bool, action: ServerAction<SetProductStatus>) -> AnyView {
    let badge = crate::status(state);
    let button = |to: &'static str, words: &'static str, look: Look| {
        view! {
            <StaffForm action>
                <input type="hidden" name="product" value=product.to_string()/>
                <input type="hidden" name="status" value=to/>
                <Button kind="submit" look busy=action.pending()>{words}</Button>
            </StaffForm>
        }
    };
    let published = state == "published";
    let archived = state == "archived";
    view! {
        {badge}
        {(may_write && !published).then(|| button("published", tr!(ADMIN_PRODUCTS_PUBLISH), Look::Outline))}
        {(may_write && published).then(|| button("draft", tr!(ADMIN_PRODUCTS_UNPUBLISH), Look::Outline))}
        {(may_write && !archived).then(|| button("archived", tr!(ADMIN_PRODUCTS_ARCHIVE), Look::Danger))}
        <LinkButton href="/admin/products" look=Look::Ghost>{tr!(COMMON_BACK)}</LinkButton>
    }
    .into_any()
}

fn texts(form: &ProductForm, problem: Signal<Option<AppError>>) -> AnyView {
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let code = locale.code();
        let texts = form.texts.iter().find(|texts| texts.locale == code).cloned().unwrap_or_default();
        let ProductTexts { name, slug, summary, description, seo_title, seo_description, .. } = texts;
        let sent = move |field: &str| format!("form[texts][{at}][{field}]");
        let id = move |field: &str| format!("{field}.{code}");
        let fault = move |field: &str| wrong(problem, format!("{field}.{code}"));
        view! {
            <Panel title=locale.name()>
                <div class="flex flex-col gap-3">
                    <input type="hidden" name=sent("locale") value=code/>
                    <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_NAME) name=sent("name") id=id("name") value=name error=fault("name") maxlength=200/>
                    <Field label=tr!(ADMIN_PRODUCTS_SLUG) name=sent("slug") id=id("slug") value=slug error=fault("slug") optional=true/>
                    <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_SUMMARY) name=sent("summary") id=id("summary") value=summary error=fault("summary") optional=true/>
                    <TextArea lang=locale.tag() label=tr!(ADMIN_PRODUCTS_DESCRIPTION) name=sent("description") id=id("description") value=description rows=6 error=fault("description") optional=true/>
                    <Disclosure title=tr!(ADMIN_PRODUCTS_SEO_TITLE)>
                        <div class="flex flex-col gap-3">
                            <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_SEO_TITLE) name=sent("seo_title") id=id("seo_title") value=seo_title error=fault("seo_title") optional=true/>
                            <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_SEO_DESCRIPTION) name=sent("seo_description") id=id("seo_description") value=seo_description error=fault("seo_description") optional=true/>
                        </div>
                    </Disclosure>
                </div>
            </Panel>
        }
    });
    let each = each.collect_view();
    view! { <div class="grid lg:grid-cols-2 gap-6 items-start">{each}</div> }.into_any()
}

fn details(form: &ProductForm, categories: Vec<(CategoryId, String)>, problem: Signal<Option<AppError>>) -> AnyView {
    let categories: Vec<Choice> = categories.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let taxes = vec![
        Choice::new("standard", tr!(ADMIN_PRODUCTS_TAX_STANDARD)),
        Choice::new("zero", tr!(ADMIN_PRODUCTS_TAX_ZERO)),
        Choice::new("exempt", tr!(ADMIN_PRODUCTS_TAX_EXEMPT)),
        Choice::new("none", tr!(ADMIN_PRODUCTS_TAX_NONE)),
    ];
    let (category, tax) = (form.category.clone(), form.tax_class.clone());
    let (vendor, tags, handle, featured) = (form.vendor.clone(), form.tags.clone(), form.handle.clone(), form.featured.clone());
    view! {
        <Panel title=tr!(COMMON_DETAILS)>
            <input type="hidden" name="form[handle]" value=handle/>
            <input type="hidden" name="form[featured]" value=featured/>
            <div class="grid md:grid-cols-2 gap-3">
                <SelectField label=tr!(ADMIN_PRODUCTS_CATEGORY) name="form[category]" id="category" choices=categories selected=category empty=tr!(COMMON_NONE) error=wrong(problem, "category")/>
                <SelectField label=tr!(ADMIN_PRODUCTS_TAX_CLASS) name="form[tax_class]" id="tax_class" choices=taxes selected=tax error=wrong(problem, "tax_class")/>
                <Field label=tr!(ADMIN_PRODUCTS_VENDOR) name="form[vendor]" id="vendor" value=vendor optional=true error=wrong(problem, "vendor")/>
                <Field label=tr!(ADMIN_PRODUCTS_TAGS) name="form[tags]" id="tags" value=tags optional=true error=wrong(problem, "tags")/>
            </div>
        </Panel>
    }
    .into_any()
}

fn options(form: &ProductForm, problem: Signal<Option<AppError>>) -> AnyView {
    let each = (0..OPTIONS).map(|at| {
        let option = form.options.get(at).cloned().unwrap_or_default();
        let fields = Locale::ALL.into_iter().enumerate().map(|(language, locale)| {
            let name = option.names.get(language).cloned().unwrap_or_default();
            let values = option.values.get(language).cloned().unwrap_or_default();
            let fault = if language == 0 { wrong(problem, format!("options.{at}")) } else { Signal::derive(|| None) };
            let id = if language == 0 { format!("options.{at}") } else { format!("options.{at}.{language}") };
            view! {
                <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_OPTION_NAME, number = at + 1), locale.name()) name=format!("form[options][{at}][names][{language}]") id=id value=name error=fault/>
                <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_OPTION_VALUES), locale.name()) name=format!("form[options][{at}][values][{language}]") id=format!("option-values-{at}-{language}") value=values/>
            }
        });
        let fields = fields.collect_view();
        view! { <div class="grid md:grid-cols-2 gap-3 py-3 first:pt-0">{fields}</div> }
    });
    let each = each.collect_view();
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_OPTIONS)>
            <p class="text-sm text-quiet mb-3">{tr!(ADMIN_PRODUCTS_OPTION_HINT)}</p>
            <div class="divide-y divide-hairline">{each}</div>
        </Panel>
    }
    .into_any()
}
