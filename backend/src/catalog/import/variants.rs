//! Matches rows with variants, and merges them.
//!
//! A row matches the variant with its SKU, else the one with the same option values, else an archived one with its SKU. Variants without
//! a row stay as they are; a file archives one by `archived` in the column Variant status.

use std::collections::{HashMap, HashSet};

use domain::Locale;
use domain::id::VariantId;
use domain::messages::t;
use domain::slug;
use uuid::Uuid;

use super::columns::Column;
use super::merge::Merge;
use super::model::{FileVariant, LocalizedName};
use crate::catalog::check::{MAX_VARIANTS, key_of};
use crate::catalog::edit::FirstStock;
use crate::catalog::write::{NewOption, NewProduct, NewValue, NewVariant};

const EN: &str = Locale::En.code();

/// Names in languages that the file does not have stay.
fn set_names(names: &mut Vec<(&'static str, String)>, from: &LocalizedName) {
    for (code, new) in std::iter::once((EN, from.name.clone())).chain(from.others.iter().cloned()) {
        match names.iter_mut().find(|(locale, _)| *locale == code) {
            Some((_, name)) => *name = new,
            None => names.push((code, new)),
        }
    }
}

fn english<'a>(names: &'a [(&'static str, String)]) -> &'a str {
    names.iter().find(|(code, _)| *code == EN).or(names.first()).map_or("", |(_, name)| name)
}

/// What the rows of a product make of its variants.
#[derive(Default)]
struct MergedRows {
    variants: Vec<NewVariant>,
    archived: HashSet<VariantId>,
    /// Opening stock of new variants.
    stock: Vec<FirstStock>,
}

impl<'a> Merge<'a> {
    /// Merges the file's rows into the product's options and variants. Returns the first stock of new variants.
    ///
    /// # Errors
    /// Why all rows are rejected.
    pub(super) fn variants(&mut self, product: &mut NewProduct) -> Result<Vec<FirstStock>, String> {
        let rows = self.rows();
        let matches = self.matches(&rows, product);
        let before = product.variants.clone();
        let used_before = used_values(&before);
        let unused: HashSet<Uuid> = product
            .options
            .iter()
            .flat_map(|option| option.values.iter().map(|value| value.id))
            .filter(|id| !used_before.contains(id))
            .collect();
        let unmatched: Vec<&NewVariant> = before.iter().filter(|variant| !matches.contains_key(&variant.id)).collect();
        if let Some(options) = &self.file.options {
            if self.existing.is_some() && options.len() != product.options.len() && !unmatched.is_empty() {
                let skus: Vec<&str> = unmatched.iter().take(5).map(|variant| variant.sku.as_str()).collect();
                return Err(t::IMPORT_OPTIONS_DIFFER.with(self.context.locale, &[("skus", &skus.join(", "))]));
            }
            self.options(product, options);
        }
        let merged = self.merge_rows(&rows, &matches, &unmatched, product);
        product.variants = in_order(&before, merged.variants, &merged.archived);
        if product.variants.is_empty() && !before.is_empty() {
            return Err(self.translate(t::IMPORT_LAST_VARIANT).to_owned());
        }
        self.limit_variants(product, &before);
        let used = used_values(&product.variants);
        for option in &mut product.options {
            // Values that were unused before were made in the admin and stay; those that this import leaves without a variant go.
            option.values.retain(|value| used.contains(&value.id) || unused.contains(&value.id));
        }
        Ok(merged.stock)
    }

    /// The file's rows; one without a variant's data for a new product of which the file only has the product itself.
    fn rows(&self) -> Vec<FileVariant> {
        if self.existing.is_some() || !self.file.variants.is_empty() || !self.file.rejected_lines.is_empty() {
            return self.file.variants.clone();
        }
        let mut only = FileVariant { line: self.file.line, sku_is_generated: true, ..FileVariant::default() };
        only.sku = only.generated_sku(&self.file.handle);
        vec![only]
    }

    fn existing_variant(&self, id: VariantId) -> Option<&'a NewVariant> {
        let existing = self.existing?;
        existing.product.variants.iter().chain(&existing.archived).find(|variant| variant.id == id)
    }

    /// The lines of rows by the variants that they match.
    fn matches(&self, rows: &[FileVariant], product: &NewProduct) -> HashMap<VariantId, u64> {
        let mut matches: HashMap<VariantId, u64> = HashMap::new();
        let Some(existing) = self.existing else { return matches };
        let by_sku = |list: &[NewVariant], sku: &str| list.iter().find(|variant| variant.sku == sku).map(|variant| variant.id);
        for row in rows {
            if let Some(id) = by_sku(&existing.product.variants, &row.sku) {
                matches.entry(id).or_insert(row.line);
            }
        }
        let same_options = self.file.options.as_ref().is_none_or(|options| options.len() == product.options.len());
        let by_values: HashMap<Vec<&str>, VariantId> = existing.product.variants.iter().map(|v| (value_names(product, v), v.id)).collect();
        let is_open = |matches: &HashMap<VariantId, u64>, row: &FileVariant| !matches.values().any(|line| *line == row.line);
        for row in rows.iter().filter(|row| same_options && row.values.len() == product.options.len()) {
            let values: Vec<&str> = row.values.iter().map(|value| value.name.as_str()).collect();
            if let Some(id) = by_values.get(&values).filter(|id| is_open(&matches, row) && !matches.contains_key(id)) {
                matches.insert(*id, row.line);
            }
        }
        for row in rows {
            if let Some(id) = by_sku(&existing.archived, &row.sku).filter(|_| is_open(&matches, row)) {
                matches.entry(id).or_insert(row.line);
            }
        }
        matches
    }

    fn merge_rows(
        &mut self,
        rows: &[FileVariant],
        matches: &HashMap<VariantId, u64>,
        unmatched: &[&NewVariant],
        product: &mut NewProduct,
    ) -> MergedRows {
        let mut merged = MergedRows::default();
        let by_line: HashMap<u64, VariantId> = matches.iter().map(|(id, line)| (*line, *id)).collect();
        for row in rows {
            let existing = by_line.get(&row.line).and_then(|id| self.existing_variant(*id));
            if row.archived {
                match existing {
                    Some(variant) => drop(merged.archived.insert(variant.id)),
                    None => self.reject(row.line, Column::Sku, self.translate(t::IMPORT_SKU_UNKNOWN)),
                }
                continue;
            }
            let Some(variant) = self.variant(row, existing, product) else { continue };
            let mut others =
                unmatched.iter().copied().filter(|other| Some(other.id) != existing.map(|existing| existing.id)).chain(&merged.variants);
            if !product.options.is_empty() && others.any(|other| other.values == variant.values) {
                self.reject(row.line, Column::OptionValue(0, Locale::En), self.translate(t::FIELD_DUPLICATE));
                continue;
            }
            if existing.is_none() && row.quantity > 0 {
                merged.stock.push(FirstStock { product: product.id, variant: variant.id, units: row.quantity, unit_cost: variant.cost });
            }
            merged.variants.push(variant);
        }
        merged
    }

    /// Sets the options that the file names; an existing one keeps its values.
    fn options(&self, product: &mut NewProduct, from: &[LocalizedName]) {
        let before = std::mem::take(&mut product.options);
        let same_count = before.len() == from.len();
        let mut left: Vec<Option<NewOption>> = before.into_iter().map(Some).collect();
        for (n, names) in from.iter().enumerate() {
            let by_name = left.iter().position(|option| option.as_ref().is_some_and(|option| english(&option.names) == names.name));
            let position = if same_count { Some(n) } else { by_name };
            let mut option = position.and_then(|position| left.get_mut(position)?.take()).unwrap_or_else(|| NewOption {
                id: self.id(),
                key: String::new(),
                names: Vec::new(),
                values: Vec::new(),
            });
            if english(&option.names) != names.name || option.key.is_empty() {
                let others = &product.options;
                option.key = key_of("", &names.name, |key| others.iter().any(|other| other.key == key));
                if others.iter().any(|other| other.key == option.key) {
                    option.key = format!("{}-{}", option.key, n + 1);
                }
            }
            set_names(&mut option.names, names);
            product.options.push(option);
        }
    }

    /// The existing variant with what the row changes, or a new one; none when the row is rejected.
    fn variant(&mut self, row: &FileVariant, existing: Option<&NewVariant>, product: &mut NewProduct) -> Option<NewVariant> {
        let values = self.values(row, existing, product)?;
        let sku = self.sku(row, existing)?;
        let mut variant = existing.cloned().unwrap_or_else(|| NewVariant {
            id: VariantId(self.id()),
            sku: String::new(),
            values: Vec::new(),
            price: None,
            compare_at: None,
            cost: 0,
            weight_g: 0,
            barcode: None,
            picture: None,
        });
        (variant.sku, variant.values) = (sku, values);
        variant.price = row.price.or(variant.price);
        variant.compare_at = row.compare_at.unwrap_or(variant.compare_at);
        variant.cost = row.cost.unwrap_or(variant.cost);
        variant.weight_g = row.grams.unwrap_or(variant.weight_g);
        variant.barcode = row.barcode.clone().unwrap_or(variant.barcode);
        variant.picture = row.image.as_ref().and_then(|source| self.context.pictures.get(source)).copied().or(variant.picture);
        if variant.price.is_none() {
            self.notice(row.line, Column::Price, self.translate(t::IMPORT_PRICE_MISSING));
            self.incomplete = true;
        }
        Some(variant)
    }

    /// A value of each option: the row's, or else the existing variant's.
    fn values(&mut self, row: &FileVariant, existing: Option<&NewVariant>, product: &mut NewProduct) -> Option<Vec<Uuid>> {
        if row.values.len() > product.options.len() {
            self.reject(row.line, Column::OptionName(product.options.len(), Locale::En), self.translate(t::IMPORT_OPTIONS_UNNAMED));
            return None;
        }
        let mut values = Vec::with_capacity(product.options.len());
        for (n, option) in product.options.iter_mut().enumerate() {
            let before =
                existing.and_then(|existing| existing.values.get(n)).filter(|id| option.values.iter().any(|value| value.id == **id));
            match (row.values.get(n).filter(|value| !value.name.is_empty()), before) {
                (Some(name), _) => values.push(find_or_add_value(option, name, || self.context.shop.id())),
                (None, Some(id)) => values.push(*id),
                (None, None) => {
                    self.reject(row.line, Column::OptionValue(n, Locale::En), self.translate(t::IMPORT_CHOICE_MISSING));
                    return None;
                }
            }
        }
        Some(values)
    }

    /// The row's SKU, or another one where it is taken.
    fn sku(&mut self, row: &FileVariant, existing: Option<&NewVariant>) -> Option<String> {
        if let Some(existing) = existing.filter(|existing| existing.sku == row.sku || row.sku_is_generated) {
            return Some(existing.sku.clone());
        }
        if !self.context.skus.contains_key(&row.sku) {
            return Some(row.sku.clone());
        }
        let sku = existing.map_or_else(|| row.sku_with_mark(&self.file.handle, &row.sku), |existing| existing.sku.clone());
        if existing.is_none() && self.context.skus.contains_key(&sku) {
            self.reject(row.line, Column::Sku, self.translate(t::FIELD_SKU_TAKEN));
            return None;
        }
        self.notice(row.line, Column::Sku, t::IMPORT_SKU_TAKEN.with(self.context.locale, &[("sku", &sku)]));
        Some(sku)
    }

    /// Rejects the last new variants beyond [`MAX_VARIANTS`].
    fn limit_variants(&mut self, product: &mut NewProduct, before: &[NewVariant]) {
        while product.variants.len() > MAX_VARIANTS {
            let last = product.variants.iter().rposition(|variant| before.iter().all(|old| old.id != variant.id));
            let Some(variant) = last.map(|at| product.variants.remove(at)) else { return };
            let line = self.file.variants.iter().find(|row| row.sku == variant.sku).map_or(self.file.line, |row| row.line);
            let range = [("min", "1"), ("max", &*MAX_VARIANTS.to_string())];
            self.reject(line, Column::Handle, t::FIELD_NUMBER_RANGE.with(self.context.locale, &range));
        }
    }
}

fn used_values(variants: &[NewVariant]) -> HashSet<Uuid> {
    variants.iter().flat_map(|variant| variant.values.iter().copied()).collect()
}

/// The English names of a variant's values.
fn value_names<'a>(product: &'a NewProduct, variant: &NewVariant) -> Vec<&'a str> {
    let value = |(option, id): (&'a NewOption, &Uuid)| option.values.iter().find(|value| value.id == *id);
    product.options.iter().zip(&variant.values).filter_map(value).map(|value| english(&value.names)).collect()
}

/// Values are found by their English name.
fn find_or_add_value(option: &mut NewOption, from: &LocalizedName, id: impl FnOnce() -> Uuid) -> Uuid {
    if let Some(existing) = option.values.iter_mut().find(|value| english(&value.names) == from.name) {
        set_names(&mut existing.names, from);
        return existing.id;
    }
    let is_taken = |key: &str| option.values.iter().any(|value| value.key == key);
    let key = key_of("", &from.name, is_taken);
    let key = if is_taken(&key) { slug::key_apart(&format!("{key} {}", from.name)) } else { key };
    let mut value = NewValue { id: id(), key, names: Vec::new() };
    set_names(&mut value.names, from);
    let id = value.id;
    option.values.push(value);
    id
}

/// The file's order where it has every variant that stays, else the shop's, with new ones at the end.
fn in_order(before: &[NewVariant], merged: Vec<NewVariant>, archived: &HashSet<VariantId>) -> Vec<NewVariant> {
    let stays = |variant: &&NewVariant| !archived.contains(&variant.id);
    if before.iter().filter(stays).all(|old| merged.iter().any(|variant| variant.id == old.id)) {
        return merged;
    }
    let mut left = merged;
    let mut all = Vec::with_capacity(before.len());
    for old in before.iter().filter(stays) {
        let position = left.iter().position(|variant| variant.id == old.id);
        all.push(position.map_or_else(|| old.clone(), |position| left.remove(position)));
    }
    all.extend(left);
    all
}
