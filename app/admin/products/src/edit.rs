//! A product: texts in each language, options and variants, prices, photographs, and whether it is on the shop.

use admin_frame::{Trouble, failure, on_done, wrong_at};
use domain::id::{CategoryId, ProductId};
use domain::permission::Permission;
use domain::view::{OptionDraft, ProductAdminView, ProductDraft, ProductTexts, VariantDraft};
use domain::{Currency, Locale, Money};
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::{use_navigate, use_params_map};
use leptos_router::{LazyRoute, lazy_route};
use serde::{Deserialize, Serialize};
use session::{Access, AppError, ProblemSummary, access, stated, wrong};
use ui::{Alert, Breadcrumbs, Button, Choice, Disclosure, Field, LinkButton, Look, PageHeader, Panel, SelectField, SkeletonText, TextArea, icon, tr};

use crate::draft::ProductForm;
use crate::picture::Pictures;

/// The most options of a product.
const OPTIONS: usize = 3;

/// A product to edit, with what its form needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditView {
    /// The product; none for a new one.
    pub product: Option<ProductAdminView>,
    /// Categories to choose from.
    pub categories: Vec<(CategoryId, String)>,
    /// The currency of its prices.
    pub currency: Currency,
    /// May the reader save?
    pub may_write: bool,
}

/// A product, or what a new one needs for `new`.
#[server(endpoint = "admin/product")]
pub async fn read_product_to_edit(product: String) -> Result<EditView, AppError> {
    use session::request;
    let (ctx, shop) = (request::admitted(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    let found = match (product.as_str(), product.parse::<ProductId>()) {
        ("new", _) => None,
        (_, Ok(id)) => Some(backend::catalog::admin_product(&shop, &ctx, id).await.map_err(crate::refused)?),
        (_, Err(_)) => return Err(request::not_found()),
    };
    Ok(EditView {
        product: found,
        categories: backend::catalog::category_choices(&shop, request::locale()).await.map_err(crate::refused)?,
        currency: backend::settings::shop_currency(&shop),
        may_write: ctx.may(Permission::WriteProducts),
    })
}
access!(ReadProductToEdit, Access::Staff(Permission::ReadProducts));

/// Saves a product; a plain form goes on to its page.
#[server(endpoint = "admin/product/save")]
pub async fn save_product(form: ProductForm) -> Result<ProductId, AppError> {
    use session::request;
    let (ctx, shop) = (request::admitted(Access::Staff(Permission::WriteProducts))?, request::shop()?);
    let before = match form.id.parse::<ProductId>() {
        Ok(id) => Some(backend::catalog::admin_product(&shop, &ctx, id).await.map_err(crate::refused)?.draft),
        Err(_) => None,
    };
    let draft = form.draft(request::locale(), backend::settings::shop_currency(&shop), before.as_ref()).map_err(request::invalid)?;
    let id = backend::catalog::save_product(&shop, &ctx, request::locale(), draft).await.map_err(crate::refused)?;
    request::redirect(&format!("/admin/products/{id}"));
    Ok(id)
}
access!(SaveProduct, Access::Staff(Permission::WriteProducts));

/// Publishes, withdraws or archives a product.
#[server(endpoint = "admin/product/status")]
pub async fn set_product_status(product: ProductId, status: String) -> Result<(), AppError> {
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::WriteProducts))?;
    backend::catalog::set_status(&request::shop()?, &ctx, product, &status).await.map_err(crate::refused)
}
access!(SetProductStatus, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<ReadProductToEdit>(), stated::<SaveProduct>(), stated::<SetProductStatus>()];

/// `/admin/products/:product`
#[derive(Debug)]
pub struct EditProduct;

#[lazy_route]
impl LazyRoute for EditProduct {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
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
        let product = Resource::new(move || (id.get(), version.get()), |(id, _)| read_product_to_edit(id));
        view! {
            <Transition fallback=|| view! { <SkeletonText/> }>
                {move || Suspend::new(async move {
                    match product.await {
                        Ok(view) => page(view, save, status, changed),
                        Err(error) => view! { <Trouble error/> }.into_any(),
                    }
                })}
            </Transition>
        }
        .into_any()
    }
}

fn page(view: EditView, save: ServerAction<SaveProduct>, status: ServerAction<SetProductStatus>, changed: Callback<()>) -> AnyView {
    let EditView { product, categories, currency, may_write } = view;
    let problem = failure(save);
    let draft = product.as_ref().map(|product| product.draft.clone()).unwrap_or_default();
    let name = draft.texts.first().map(|texts| texts.name.clone()).filter(|name| !name.is_empty());
    let title = name.unwrap_or_else(|| tr!(ADMIN_PRODUCTS_NEW).to_owned());
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    let state = product.as_ref().map(|product| product.status.clone());
    let states = move || state.clone().zip(draft.id).map(|(state, id)| states(&state, id, may_write, status));
    let draft = product.as_ref().map(|product| product.draft.clone()).unwrap_or_default();
    let stock: i64 = product.iter().flat_map(|product| &product.stock).map(|row| row.available).sum();
    let (texts, facts, options, variants) = (texts(&draft, problem), facts(&draft, categories, problem), options(&draft, problem), variants(&draft, currency, problem));
    let hidden = draft.pictures.iter().enumerate().map(|(at, id)| view! { <input type="hidden" name=format!("form[pictures][{at}]") value=id.to_string()/> }).collect_view();
    let (id, version) = (draft.id, draft.version);
    let pictures = match product {
        Some(product) => id.map(|id| view! { <Pictures product=id pictures=product.pictures may_write changed/> }).into_any(),
        None => view! { <Alert>{tr!(ADMIN_PRODUCTS_PICTURE_SAVED_FIRST)}</Alert> }.into_any(),
    };
    let find = format!("/admin/stock?q={}", admin_frame::escaped(&title));
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title actions=move || states().into_any()/>
            <div class="grid xl:grid-cols-[1fr_22rem] gap-6 items-start">
                <ActionForm action=save>
                    <div class="flex flex-col gap-6 min-w-0">
                        <ProblemSummary problem/>
                        <input type="hidden" name="form[id]" value=id.map(|id| id.to_string()).unwrap_or_default()/>
                        <input type="hidden" name="form[version]" value=version.to_string()/>
                        {hidden}
                        {texts}
                        {facts}
                        {options}
                        {variants}
                        {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                    </div>
                </ActionForm>
                <div class="flex flex-col gap-6 min-w-0">
                    {pictures}
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
            <ActionForm action>
                <input type="hidden" name="product" value=product.to_string()/>
                <input type="hidden" name="status" value=to/>
                <Button kind="submit" look busy=action.pending()>{words}</Button>
            </ActionForm>
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

fn texts(draft: &ProductDraft, problem: Signal<Option<AppError>>) -> AnyView {
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let code = locale.code();
        let texts = draft.texts.iter().find(|texts| texts.locale == code).cloned().unwrap_or_default();
        let ProductTexts { name, slug, summary, description, seo_title, seo_description, .. } = texts;
        let sent = move |field: &str| format!("form[texts][{at}][{field}]");
        let id = move |field: &str| format!("{field}.{code}");
        let fault = move |field: &str| wrong_at(problem, format!("{field}.{code}"));
        view! {
            <Panel title=locale.name()>
                <div class="flex flex-col gap-3" lang=locale.tag()>
                    <input type="hidden" name=sent("locale") value=code/>
                    <Field label=tr!(ADMIN_PRODUCTS_NAME) name=sent("name") id=id("name") value=name error=fault("name") maxlength=200/>
                    <Field label=tr!(ADMIN_PRODUCTS_SLUG) name=sent("slug") id=id("slug") value=slug error=fault("slug") optional=true/>
                    <Field label=tr!(ADMIN_PRODUCTS_SUMMARY) name=sent("summary") id=id("summary") value=summary error=fault("summary") optional=true/>
                    <TextArea label=tr!(ADMIN_PRODUCTS_DESCRIPTION) name=sent("description") id=id("description") value=description rows=6 error=fault("description") optional=true/>
                    <Disclosure title=tr!(ADMIN_PRODUCTS_SEO_TITLE)>
                        <div class="flex flex-col gap-3">
                            <Field label=tr!(ADMIN_PRODUCTS_SEO_TITLE) name=sent("seo_title") id=id("seo_title") value=seo_title error=fault("seo_title") optional=true/>
                            <Field label=tr!(ADMIN_PRODUCTS_SEO_DESCRIPTION) name=sent("seo_description") id=id("seo_description") value=seo_description error=fault("seo_description") optional=true/>
                        </div>
                    </Disclosure>
                </div>
            </Panel>
        }
    });
    let each = each.collect_view();
    view! { <div class="grid lg:grid-cols-2 gap-6 items-start">{each}</div> }.into_any()
}

fn facts(draft: &ProductDraft, categories: Vec<(CategoryId, String)>, problem: Signal<Option<AppError>>) -> AnyView {
    let categories: Vec<Choice> = categories.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let taxes = vec![
        Choice::new("standard", tr!(ADMIN_PRODUCTS_TAX_STANDARD)),
        Choice::new("zero", tr!(ADMIN_PRODUCTS_TAX_ZERO)),
        Choice::new("exempt", tr!(ADMIN_PRODUCTS_TAX_EXEMPT)),
        Choice::new("none", tr!(ADMIN_PRODUCTS_TAX_NONE)),
    ];
    let category = draft.category.map(|id| id.to_string()).unwrap_or_default();
    let tax = if draft.tax_class.is_empty() { "standard".to_owned() } else { draft.tax_class.clone() };
    let (vendor, tags, handle) = (draft.vendor.clone(), draft.tags.join(", "), draft.handle.clone());
    let featured = draft.featured.map(|place| place.to_string()).unwrap_or_default();
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

fn options(draft: &ProductDraft, problem: Signal<Option<AppError>>) -> AnyView {
    let each = (0..OPTIONS).map(|at| {
        let option = draft.options.get(at).cloned().unwrap_or_default();
        let fields = Locale::ALL.into_iter().enumerate().map(|(language, locale)| {
            let name = option.names.get(language).cloned().unwrap_or_default();
            let values: Vec<String> = option.values.iter().filter_map(|(_, names)| names.get(language).cloned()).collect();
            let fault = if language == 0 { wrong_at(problem, format!("options.{at}")) } else { Signal::derive(|| None) };
            let id = if language == 0 { format!("options.{at}") } else { format!("options.{at}.{language}") };
            view! {
                <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_OPTION_NAME, number = at + 1), locale.name()) name=format!("form[options][{at}][names][{language}]") id=id value=name error=fault/>
                <Field label=format!("{} ({})", tr!(ADMIN_PRODUCTS_OPTION_VALUES), locale.name()) name=format!("form[options][{at}][values][{language}]") id=format!("option-values-{at}-{language}") value=values.join(", ")/>
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

/// The variants with one empty row, which is left out when it stays so; a script adds more.
fn variants(draft: &ProductDraft, currency: Currency, problem: Signal<Option<AppError>>) -> AnyView {
    let known = draft.variants.len();
    let options = StoredValue::new(draft.options.clone());
    let each = draft.variants.iter().cloned().enumerate().map(|(at, variant)| row(at, &variant, options, currency, problem)).collect_view();
    let more = RwSignal::new(1_usize);
    let added = move || (known..known + more.get()).collect::<Vec<_>>();
    view! {
        <Panel title=tr!(ADMIN_PRODUCTS_VARIANTS)>
            <div class="divide-y divide-hairline">
                {each}
                <For each=added key=|at| *at children=move |at| row(at, &VariantDraft::default(), options, currency, problem)/>
            </div>
            <div class="needs-script mt-3">
                <Button look=Look::Outline icon=icon::PLUS on:click=move |_| more.update(|more| *more += 1)>{tr!(ADMIN_PRODUCTS_ADD_VARIANT)}</Button>
            </div>
        </Panel>
    }
    .into_any()
}

fn row(at: usize, variant: &VariantDraft, options: StoredValue<Vec<OptionDraft>>, currency: Currency, problem: Signal<Option<AppError>>) -> AnyView {
    let is_new = variant.id.is_none();
    let sent = move |field: &str| format!("form[variants][{at}][{field}]");
    let id = move |field: &str| format!("{field}.{at}");
    let fault = move |field: &str| wrong_at(problem, format!("{field}.{at}"));
    let amount = move |minor: i64| Money::new(minor, currency).decimal();
    let chosen = |place: usize| {
        options.with_value(|options| {
            let option = options.get(place);
            let name = option.and_then(|option| option.names.first().cloned()).unwrap_or_else(|| tr!(ADMIN_PRODUCTS_OPTION_NAME, number = place + 1));
            let key = variant.values.get(place).cloned().unwrap_or_default();
            let value = option.and_then(|option| option.values.iter().find(|(known, _)| *known == key)).and_then(|(_, names)| names.first().cloned());
            (name, value.unwrap_or_default())
        })
    };
    let shown = options.with_value(Vec::len);
    let places = if shown == 0 { OPTIONS } else { (shown + 1).min(OPTIONS) };
    let values = (0..places).map(|place| {
        let (label, value) = chosen(place);
        let own = if place == 0 { id("values") } else { format!("values.{at}.{place}") };
        let wrong = if place == 0 { fault("values") } else { Signal::derive(|| None) };
        view! { <Field label name=format!("form[variants][{at}][values][{place}]") id=own value error=wrong/> }
    });
    let values = values.collect_view();
    let price = if is_new && variant.price == 0 { String::new() } else { amount(variant.price) };
    let cost = if variant.cost == 0 { String::new() } else { amount(variant.cost) };
    let weight = if variant.weight_g == 0 { String::new() } else { variant.weight_g.to_string() };
    let compare_at = variant.compare_at.map(amount).unwrap_or_default();
    let (sku, barcode) = (variant.sku.clone(), variant.barcode.clone());
    let own = variant.id.map(|id| id.to_string()).unwrap_or_default();
    let picture = variant.picture.map(|id| id.to_string()).unwrap_or_default();
    view! {
        <fieldset class="py-4 first:pt-0">
            <input type="hidden" name=sent("id") value=own/>
            <input type="hidden" name=sent("picture") value=picture/>
            <div class="grid grid-cols-2 md:grid-cols-4 gap-3">
                <Field label=tr!(ADMIN_PRODUCTS_SKU) name=sent("sku") id=id("sku") value=sku error=fault("sku")/>
                {values}
                <Field label=tr!(ADMIN_PRODUCTS_PRICE) name=sent("price") id=id("price") value=price inputmode="decimal" error=fault("price")/>
                <Field label=tr!(ADMIN_PRODUCTS_COMPARE_AT) name=sent("compare_at") id=id("compare_at") value=compare_at inputmode="decimal" error=fault("compare_at")/>
                <Field label=tr!(ADMIN_PRODUCTS_COST) name=sent("cost") id=id("cost") value=cost inputmode="decimal" error=fault("cost")/>
                <Field label=tr!(ADMIN_PRODUCTS_WEIGHT_GRAMS) name=sent("weight_g") id=id("weight_g") value=weight inputmode="numeric" error=fault("weight_g")/>
                <Field label=tr!(ADMIN_PRODUCTS_BARCODE) name=sent("barcode") id=id("barcode") value=barcode inputmode="numeric" error=fault("barcode")/>
                {is_new.then(|| view! { <Field label=tr!(ADMIN_PRODUCTS_STOCK_START) name=sent("stock") id=id("stock") inputmode="numeric" error=fault("stock")/> })}
            </div>
        </fieldset>
    }
    .into_any()
}
