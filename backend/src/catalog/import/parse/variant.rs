//! The fields of a row about a variant and its pictures.

use std::collections::HashMap;

use domain::Locale;
use domain::messages::t;
use domain::view::ImportProblem;

use super::product::localized_name;
use crate::catalog::check::{MAX_OPTIONS, MAX_PICTURES, MAX_STOCK, MAX_VARIANTS};
use crate::catalog::import::columns::Column;
use crate::catalog::import::model::{FileImage, FileProduct, FileVariant, LocalizedName, MAX_SKU_CHARS};
use crate::catalog::import::row::Row;

/// Adds the row's picture of the product, if it has one.
pub(super) fn add_product_image(row: &Row<'_>, product: &mut FileProduct) {
    let next = i64::try_from(product.images.len()).unwrap_or(i64::MAX).saturating_add(1);
    let position = row.text(Column::ImagePosition).parse().unwrap_or(next);
    add_image(row, product, Column::Image, position);
}

fn add_image(row: &Row<'_>, product: &mut FileProduct, column: Column, position: i64) {
    let source = row.text(column);
    let existing = product.images.iter().find(|image| image.source == source);
    if source.is_empty() || existing.is_some_and(|existing| column == Column::VariantImage || !existing.of_variant) {
        return;
    }
    // A picture that was taken for a variant's own is now named as the product's.
    product.images.retain(|image| image.source != source);
    if product.images.len() >= MAX_PICTURES {
        row.notice(column, t::IMPORT_PICTURES_MANY.with(row.file.locale, &[("max", &MAX_PICTURES.to_string())]));
        return;
    }
    let alt = |locale: Locale| {
        let alt: String = row.text(Column::ImageAlt(locale)).chars().take(300).collect();
        (column == Column::Image && !alt.is_empty()).then(|| (locale.code(), alt))
    };
    product.images.push(FileImage {
        line: row.line(),
        column: row.file.columns.name(column),
        source: source.to_owned(),
        position,
        alts: Locale::ALL.into_iter().filter_map(alt).collect(),
        of_variant: column == Column::VariantImage && row.file.columns.position(Column::Image).is_some(),
    });
}

/// A row describes a variant unless it only brings a picture.
fn describes_variant(row: &Row<'_>, product: &FileProduct) -> bool {
    const EN: Locale = Locale::En;
    let identifying = [
        Column::Sku,
        Column::Price,
        Column::Barcode,
        Column::VariantStatus,
        Column::OptionValue(0, EN),
        Column::OptionValue(1, EN),
        Column::OptionValue(2, EN),
    ];
    // These describe a variant only in the first row of a product.
    let further = [Column::Grams, Column::Quantity, Column::Cost, Column::CompareAt];
    let has_any = |columns: &[Column]| columns.iter().any(|column| row.has(*column));
    has_any(&identifying) || product.lines.is_empty() && has_any(&further)
}

/// Adds the row's variant, if it describes one. `skus` has the lines of all SKUs so far.
///
/// # Errors
/// Why the row is rejected.
pub(super) fn add_variant(row: &Row<'_>, product: &mut FileProduct, skus: &mut HashMap<String, u64>) -> Result<(), ImportProblem> {
    if !describes_variant(row, product) {
        return Ok(());
    }
    let values = option_values(row, product)?;
    let price = row.amount(Column::Price)?;
    let compare_at = row.amount(Column::CompareAt)?.filter(|was| *was > 0);
    let archived = match row.text(Column::VariantStatus).to_lowercase().as_str() {
        "" | "active" => false,
        "archived" => true,
        _ => return Err(row.problem(Column::VariantStatus, row.translate(t::IMPORT_VARIANT_STATUS_UNKNOWN))),
    };
    let mut variant = FileVariant {
        line: row.line(),
        price,
        compare_at: row.get(Column::CompareAt).map(|_| compare_at),
        cost: row.amount(Column::Cost)?,
        grams: row.grams(Column::Grams)?,
        quantity: row.units(Column::Quantity, MAX_STOCK)?.unwrap_or(0),
        barcode: row.barcode(Column::Barcode),
        image: Some(row.text(Column::VariantImage).to_owned()).filter(|source| !source.is_empty()),
        archived,
        values,
        ..FileVariant::default()
    };
    if product.variants.len() >= MAX_VARIANTS {
        let range = [("min", "1"), ("max", &*MAX_VARIANTS.to_string())];
        return Err(row.problem(Column::Handle, t::FIELD_NUMBER_RANGE.with(row.file.locale, &range)));
    }
    check_unique(row, product, &variant)?;
    set_sku(row, product, &mut variant, skus)?;
    add_image(row, product, Column::VariantImage, i64::MAX);
    product.variants.push(variant);
    Ok(())
}

/// One value of each option where the file names the options, else as many as the row has.
fn option_values(row: &Row<'_>, product: &FileProduct) -> Result<Vec<LocalizedName>, ImportProblem> {
    let value = |n: usize| localized_name(row, |locale| Column::OptionValue(n, locale));
    let Some(options) = &product.options else {
        let mut values = (0..MAX_OPTIONS).map(value).collect::<Result<Vec<_>, _>>()?;
        while values.last().is_some_and(|value| value.name.is_empty()) {
            values.pop();
        }
        return Ok(values);
    };
    let mut values = Vec::with_capacity(options.len());
    for n in 0..options.len() {
        let value = value(n)?;
        if value.name.is_empty() {
            return Err(row.problem(Column::OptionValue(n, Locale::En), row.translate(t::FIELD_REQUIRED)));
        }
        values.push(value);
    }
    Ok(values)
}

/// No two variants of a product have the same option values. Rows without values differ by their SKUs, where the file does not name the
/// options.
fn check_unique(row: &Row<'_>, product: &FileProduct, variant: &FileVariant) -> Result<(), ImportProblem> {
    let sku = row.text(Column::Sku);
    let same_values = |other: &&FileVariant| other.values.iter().map(|v| &v.name).eq(variant.values.iter().map(|v| &v.name));
    let Some(twin) = product.variants.iter().find(same_values) else { return Ok(()) };
    if product.options.is_none() && variant.values.is_empty() && !sku.is_empty() && twin.sku != sku {
        return Ok(());
    }
    let column = if !variant.values.is_empty() {
        Column::OptionValue(0, Locale::En)
    } else if sku.is_empty() {
        Column::Handle
    } else {
        Column::Sku
    };
    Err(row.problem(column, row.translate(t::FIELD_DUPLICATE)))
}

/// Gives the variant a SKU that no other row has.
fn set_sku(row: &Row<'_>, product: &FileProduct, variant: &mut FileVariant, skus: &mut HashMap<String, u64>) -> Result<(), ImportProblem> {
    let locale = row.file.locale;
    let typed = row.text(Column::Sku);
    variant.sku = typed.to_owned();
    if typed.is_empty() {
        (variant.sku, variant.sku_is_generated) = (variant.generated_sku(&product.handle), true);
    } else if typed.chars().count() > MAX_SKU_CHARS {
        (variant.sku, variant.sku_is_generated) = (variant.sku_with_mark(&product.handle, typed), true);
        row.notice(Column::Sku, t::IMPORT_SKU_CUT.with(locale, &[("max", &MAX_SKU_CHARS.to_string()), ("sku", &variant.sku)]));
    }
    if let Some(line) = skus.get(&variant.sku) {
        let sku = variant.sku_with_mark(&product.handle, &variant.sku);
        if skus.contains_key(&sku) {
            return Err(row.problem(Column::Sku, row.translate(t::FIELD_DUPLICATE)));
        }
        if !typed.is_empty() {
            row.notice(Column::Sku, t::IMPORT_SKU_REPEATED.with(locale, &[("line", &line.to_string()), ("sku", &sku)]));
        }
        (variant.sku, variant.sku_is_generated) = (sku, true);
    }
    skus.insert(variant.sku.clone(), variant.line);
    Ok(())
}
