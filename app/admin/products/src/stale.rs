//! A product that somebody else saved while it was edited: who, what, and what is saved now beside each field that would be replaced.

#[cfg(feature = "ssr")]
use std::collections::BTreeSet;

#[cfg(feature = "ssr")]
use domain::Locale;
#[cfg(feature = "ssr")]
use domain::messages::{Msg, t};
#[cfg(feature = "ssr")]
use domain::view::{FieldErrors, ProductChange, ProductChangeView};
#[cfg(feature = "ssr")]
use web::AppError;

#[cfg(feature = "ssr")]
use crate::draft::ProductForm;

/// The field of the error that holds the version that is saved now.
pub(crate) const VERSION: &str = "version";

#[cfg(feature = "ssr")]
const fn name(part: ProductChange) -> Msg {
    match part {
        ProductChange::Texts => t::ADMIN_PRODUCTS_PART_TEXTS,
        ProductChange::Category => t::ADMIN_PRODUCTS_CATEGORY,
        ProductChange::ProductType => t::ADMIN_TYPES_TYPE,
        ProductChange::Facts => t::PRODUCT_CARE_TITLE,
        ProductChange::Vendor => t::ADMIN_PRODUCTS_VENDOR,
        ProductChange::TaxClass => t::ADMIN_PRODUCTS_TAX_CLASS,
        ProductChange::Featured => t::ADMIN_PRODUCTS_PART_FEATURED,
        ProductChange::Tags => t::ADMIN_PRODUCTS_TAGS,
        ProductChange::Options => t::ADMIN_PRODUCTS_OPTIONS,
        ProductChange::Variants => t::ADMIN_PRODUCTS_VARIANTS,
        ProductChange::Pictures => t::ADMIN_PRODUCTS_PICTURES,
        ProductChange::Status => t::COMMON_STATUS,
    }
}

/// The answer to a form that is based on an older version than the saved one.
#[cfg(feature = "ssr")]
pub(crate) async fn refused(shop: &backend::Shop, ctx: &backend::platform::Context, typed: &ProductForm) -> Result<AppError, AppError> {
    use web::request;
    let locale = request::locale();
    let (Ok(id), since) = (typed.id.parse(), typed.version.parse().unwrap_or(0)) else { return Err(request::not_found()) };
    let saved = backend::catalog::admin_product(shop, ctx, id).await.map_err(crate::catalog_error)?.draft;
    let saved = &ProductForm::of(&saved, backend::settings::shop_currency(shop));
    let changes = backend::catalog::changes_since(shop, ctx, id, since).await.map_err(crate::catalog_error)?;
    let actors: BTreeSet<String> = changes.iter().map(|change| change.actor.clone()).collect();
    let names = backend::order_management::actor_names(shop, locale, &actors).await.map_err(|error| request::unexpected(&error))?;
    let zone = backend::settings::time_zone(shop);
    let mut lines = vec![t::ADMIN_PRODUCTS_STALE_TITLE.text(locale).to_owned()];
    for ProductChangeView { actor, at, parts } in &changes {
        let parts = parts.iter().map(|part| name(*part).text(locale)).collect::<Vec<_>>().join(", ");
        let (who, time) = (names.get(actor).cloned().unwrap_or_default(), locale.date_time(*at, zone));
        let words = [("name", who.as_str()), ("time", time.as_str()), ("parts", parts.as_str())];
        lines.push(t::ADMIN_PRODUCTS_STALE_CHANGE.with(locale, &words));
    }
    lines.push(t::ADMIN_PRODUCTS_STALE_AGAIN.text(locale).to_owned());
    let parts: Vec<ProductChange> = changes.into_iter().flat_map(|change| change.parts).collect();
    let categories = backend::catalog::category_choices(shop, locale).await.map_err(crate::catalog_error)?;
    let category =
        |id: &str| categories.iter().find(|(known, _)| known.to_string() == id).map(|(_, name)| name.clone()).unwrap_or_default();
    let mut fields = vec![(VERSION.to_owned(), saved.version.clone())];
    fields.extend(replaced(locale, typed, saved, &parts, category));
    Ok(request::fail(AppError { status: 409, message: lines.join("\n"), fields }))
}

/// The fields of the parts that others changed in which what is saved differs from what is typed, with what is saved.
#[cfg(feature = "ssr")]
fn replaced(
    locale: Locale,
    typed: &ProductForm,
    saved: &ProductForm,
    parts: &[ProductChange],
    category: impl Fn(&str) -> String,
) -> FieldErrors {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut compare = |part: ProductChange, field: String, typed: &str, saved: &str, shown: String| {
        if parts.contains(&part) && typed.trim().replace("\r\n", "\n") != saved.trim() {
            let shown: String = shown.chars().take(200).collect();
            let none = t::COMMON_NONE.text(locale).to_owned();
            let value = if shown.is_empty() { none } else { format!("“{shown}”") };
            fields.push((field, t::ADMIN_PRODUCTS_STALE_SAVED.with(locale, &[("value", &value)])));
        }
    };
    for language in Locale::ALL.map(Locale::code) {
        let texts = |form: &ProductForm| form.texts.iter().find(|texts| texts.locale == language).cloned().unwrap_or_default();
        let (mine, now) = (texts(typed), texts(saved));
        for (field, mine, now) in [
            ("name", mine.name, now.name),
            ("slug", mine.slug, now.slug),
            ("summary", mine.summary, now.summary),
            ("description", mine.description, now.description),
            ("seo_title", mine.seo_title, now.seo_title),
            ("seo_description", mine.seo_description, now.seo_description),
        ] {
            compare(ProductChange::Texts, format!("{field}.{language}"), &mine, &now, now.clone());
        }
    }
    let plain = |text: &String| text.clone();
    compare(ProductChange::Category, "category".into(), &typed.category, &saved.category, category(&saved.category));
    compare(ProductChange::ProductType, "product_type".into(), &typed.product_type, &saved.product_type, String::new());
    for now in &saved.facts {
        let mine = typed.facts.iter().find(|mine| mine.field == now.field && mine.locale == now.locale);
        let mine = mine.map(|mine| mine.value.as_str()).unwrap_or_default();
        compare(ProductChange::Facts, format!("fact.{}.{}", now.field, now.locale), mine, &now.value, plain(&now.value));
    }
    compare(ProductChange::TaxClass, "tax_class".into(), &typed.tax_class, &saved.tax_class, plain(&saved.tax_class));
    compare(ProductChange::Vendor, "vendor".into(), &typed.vendor, &saved.vendor, plain(&saved.vendor));
    compare(ProductChange::Tags, "tags".into(), &typed.tags, &saved.tags, plain(&saved.tags));
    for (at, now) in saved.options.iter().enumerate() {
        let words = |names: &[String], values: &[String]| format!("{}: {}", names.join(" / "), values.join(" / "));
        let mine = typed.options.get(at).map(|mine| words(&mine.names, &mine.values)).unwrap_or_default();
        let now = words(&now.names, &now.values);
        compare(ProductChange::Options, format!("options.{at}"), &mine, &now, now.clone());
    }
    for (at, mine) in typed.variants.iter().enumerate().filter(|(_, mine)| !mine.id.is_empty()) {
        let Some(now) = saved.variants.iter().find(|now| now.id == mine.id) else {
            // It comes back when this form is saved.
            compare(ProductChange::Variants, format!("sku.{at}"), &mine.sku, "", String::new());
            continue;
        };
        for (field, mine, now) in [
            ("sku", &mine.sku, &now.sku),
            ("price", &mine.price, &now.price),
            ("compare_at", &mine.compare_at, &now.compare_at),
            ("cost", &mine.cost, &now.cost),
            ("weight_g", &mine.weight_g, &now.weight_g),
            ("barcode", &mine.barcode, &now.barcode),
        ] {
            compare(ProductChange::Variants, format!("{field}.{at}"), mine, now, plain(now));
        }
    }
    // Those that others added are archived when this form is saved.
    let added = saved.variants.iter().filter(|now| typed.variants.iter().all(|mine| mine.id != now.id));
    let added: Vec<&str> = added.map(|now| now.sku.as_str()).collect();
    compare(ProductChange::Variants, "variants".into(), "", &added.join(", "), added.join(", "));
    fields
}
