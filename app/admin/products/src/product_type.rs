//! A product type: its name and size guide by language, and the fields that its products state.

use admin_layout::{Fields, StaffForm, on_done, shown};
use domain::Locale;
use domain::id::ProductTypeId;
use domain::permission::Permission;
use domain::view::{FactProperty, ProductFieldDraft, ProductTypeDraft, ProductTypeTexts};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map};
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Checkbox, Choice, Field, PageHeader, Panel, SelectField, SkeletonText, TextArea, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

const LIST: &str = "/admin/product-types";
/// Rows for further fields.
const SPARE_FIELDS: usize = 3;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductTypeView {
    pub draft: ProductTypeDraft,
    pub may_write: bool,
}

/// A field as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldForm {
    /// Empty for a new one.
    pub id: String,
    /// In the order of `Locale::ALL`; without any the field goes.
    pub labels: Vec<String>,
    pub property: String,
}

/// A type as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductTypeForm {
    /// Empty for a new one.
    pub id: String,
    pub version: String,
    /// Not empty when it is archived.
    pub archived: String,
    pub texts: Vec<ProductTypeTexts>,
    pub fields: Vec<FieldForm>,
}

/// A type, or an empty one for `new`.
#[server(endpoint = "admin/product-type", output = Answer)]
pub async fn read_product_type(product_type: String) -> Result<ProductTypeView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadProducts))?, request::shop()?);
    let draft = match (product_type.as_str(), product_type.parse::<ProductTypeId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteProducts))?;
            ProductTypeDraft::default()
        }
        (_, Ok(id)) => backend::catalog::product_type_to_edit(&shop, &ctx, id).await.map_err(crate::catalog_error)?,
        (_, Err(_)) => return Err(request::not_found()),
    };
    Ok(ProductTypeView { draft, may_write: ctx.may(Permission::WriteProducts) })
}
access!(ReadProductType, Access::Staff(Permission::ReadProducts));

/// Saves a type; without a script it redirects to its page.
#[server(endpoint = "admin/product-type/save", output = Answer)]
pub async fn save_product_type(form: ProductTypeForm) -> Result<ProductTypeId, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteProducts))?, request::shop()?, request::locale());
    let field = |field: FieldForm| ProductFieldDraft {
        id: field.id.parse().ok(),
        labels: field.labels,
        property: field.property.parse().unwrap_or_default(),
    };
    let draft = ProductTypeDraft {
        id: form.id.parse().ok(),
        version: form.version.parse().unwrap_or_default(),
        archived: !form.archived.is_empty(),
        texts: form.texts,
        fields: form.fields.into_iter().map(field).collect(),
    };
    let id = backend::catalog::save_product_type(&shop, &ctx, locale, draft).await.map_err(crate::catalog_error)?;
    request::redirect(&format!("{LIST}/{id}"));
    Ok(id)
}
access!(SaveProductType, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadProductType>(), access_of::<SaveProductType>()];

/// `/admin/product-types/:type`
#[derive(Debug)]
pub struct EditProductType;

lazy_page!(EditProductType, products, edit_product_type_page);

fn edit_product_type_page() -> AnyView {
    let fallback = use_form_fallback();
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("type").unwrap_or_default()));
    let version = RwSignal::new(0_u32);
    let save = ServerAction::<SaveProductType>::new();
    let navigate = use_navigate();
    on_done(save, tr!(COMMON_SAVED), move |saved: ProductTypeId| {
        if id.get_untracked() == "new" {
            navigate(&format!("{LIST}/{saved}"), Default::default());
        } else {
            version.update(|times| *times += 1);
        }
    });
    let found = resource(move || (id.get(), version.get()), |(id, _)| read_product_type(id));
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(found, move |view| page(view, save, &fallback))}
        </Transition>
    }
    .into_any()
}

fn page(view: ProductTypeView, save: ServerAction<SaveProductType>, fallback: &FormFallback) -> AnyView {
    let ProductTypeView { draft, may_write } = view;
    let (problem, typed) = (problem(save, fallback), typed(save, fallback));
    let title = draft.id.map_or_else(|| tr!(ADMIN_TYPES_NEW).to_owned(), |_| draft.texts_in(Locale::En).name);
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned()), (LIST.to_owned(), tr!(ADMIN_TYPES_TITLE).to_owned())];
    let (texts, fields) = (texts(&draft, &typed, problem), fields(&draft.fields, &typed, problem));
    let archived = typed.ticked("form[archived]", "true", draft.archived);
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            <StaffForm action=save class="flex flex-col gap-6 min-w-0">
                <ProblemSummary problem/>
                <input type="hidden" name="form[id]" value=draft.id.map(|id| id.to_string()).unwrap_or_default() autocomplete="off"/>
                // A browser that reloads the page must not restore the former version.
                <input type="hidden" name="form[version]" value=draft.version.to_string() autocomplete="off"/>
                <Fields may_write>
                    {texts}
                    <Panel title=tr!(ADMIN_TYPES_FIELDS)>
                        <p class="text-sm text-quiet mb-3">{tr!(ADMIN_TYPES_FIELDS_HINT)}</p>
                        <div id="fields" class="divide-y divide-hairline">{fields}</div>
                    </Panel>
                    {draft.id.map(|_| view! { <Checkbox label=tr!(ADMIN_TYPES_ARCHIVED) name="form[archived]" checked=archived hint=tr!(ADMIN_TYPES_ARCHIVED_HINT)/> })}
                </Fields>
                {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
            </StaffForm>
        </div>
    }
    .into_any()
}

fn texts(draft: &ProductTypeDraft, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let code = locale.code();
        let ProductTypeTexts { name, size_guide, size_note, .. } = draft.texts_in(locale);
        let sent = move |field: &str| format!("form[texts][{at}][{field}]");
        let id = move |field: &str| format!("{field}.{code}");
        let fault = move |field: &str| wrong(problem, format!("{field}.{code}"));
        let [name, size_guide, size_note] =
            [("name", name), ("size_guide", size_guide), ("size_note", size_note)].map(|(field, own)| typed.or(&sent(field), own));
        view! {
            <Panel title=locale.name()>
                <div class="flex flex-col gap-3">
                    <input type="hidden" name=sent("locale") value=code/>
                    <Field lang=locale.tag() label=tr!(ADMIN_PRODUCTS_NAME) name=sent("name") id=id("name") value=name error=fault("name") maxlength=80 optional={at > 0}/>
                    <TextArea lang=locale.tag() label=tr!(PRODUCT_SIZE_GUIDE) name=sent("size_guide") id=id("size_guide") value=size_guide rows=6 hint=tr!(ADMIN_TYPES_SIZE_GUIDE_HINT) error=fault("size_guide") optional=true/>
                    <TextArea lang=locale.tag() label=tr!(ADMIN_TYPES_SIZE_NOTE) name=sent("size_note") id=id("size_note") value=size_note rows=2 error=fault("size_note") optional=true/>
                </div>
            </Panel>
        }
    });
    let each = each.collect_view();
    view! { <div class="grid lg:grid-cols-2 gap-6 items-start">{each}</div> }.into_any()
}

/// What a fact is by schema.org, in words.
fn property_name(property: FactProperty) -> &'static str {
    match property {
        FactProperty::Other => tr!(ADMIN_TYPES_PROPERTY_OTHER),
        FactProperty::Material => tr!(ADMIN_TYPES_PROPERTY_MATERIAL),
        FactProperty::Manufacturer => tr!(ADMIN_TYPES_PROPERTY_MANUFACTURER),
        FactProperty::CountryOfOrigin => tr!(ADMIN_TYPES_PROPERTY_COUNTRY),
    }
}

fn fields(saved: &[ProductFieldDraft], typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    // What came back may have more rows than what is saved.
    let sent_rows = (0..).take_while(|at| typed.values().iter().any(|(name, _)| *name == format!("form[fields][{at}][id]"))).count();
    let count = sent_rows.max(saved.len() + SPARE_FIELDS);
    let properties: Vec<Choice> = FactProperty::ALL.map(|property| Choice::new(property.as_str(), property_name(property))).to_vec();
    let each = (0..count).map(|at| {
        let field = saved.get(at).cloned().unwrap_or_default();
        let sent = move |name: &str| format!("form[fields][{at}]{name}");
        let labels = Locale::ALL.into_iter().enumerate().map(|(n, locale)| {
            let (name, own) = (sent(&format!("[labels][{n}]")), field.labels.get(n).cloned().unwrap_or_default());
            let id = format!("label.{at}.{}", locale.code());
            let value = typed.or(&name, own);
            view! { <Field lang=locale.tag() label=format!("{} ({})", tr!(ADMIN_TYPES_LABEL, number = at + 1), locale.name()) name id=id.clone() value error=wrong(problem, id) maxlength=80/> }
        });
        let labels = labels.collect_view();
        let id = typed.or(&sent("[id]"), field.id.map(|id| id.to_string()).unwrap_or_default());
        let property = typed.or(&sent("[property]"), field.property.as_str());
        view! {
            <div class="grid md:grid-cols-3 gap-3 py-3 first:pt-0">
                <input type="hidden" name=sent("[id]") value=id autocomplete="off"/>
                {labels}
                <SelectField label=tr!(ADMIN_TYPES_PROPERTY) name=sent("[property]") id=format!("property.{at}") choices=properties.clone() selected=property/>
            </div>
        }
    });
    each.collect_view().into_any()
}
