//! Which row is which variant, and what becomes of the variants that no row names.
//!
//! A row means the variant of its SKU, else the one with the same values of the options, else one that was archived under its SKU.
//! Variants that no row means stay as they are; a file archives one by saying `archived` in the column Variant status.

use std::collections::{HashMap, HashSet};

use domain::Locale;
use domain::id::VariantId;
use domain::messages::t;
use domain::slug;
use uuid::Uuid;

use super::columns::Column;
use super::listing::{Named, Row};
use super::merge::Merge;
use crate::catalog::check::{MAX_VARIANTS, key_of};
use crate::catalog::write::{NewOption, NewProduct, NewValue, NewVariant};

const EN: &str = Locale::En.code();

/// A name in English and others, on top of the names there are.
fn name(names: &mut Vec<(&'static str, String)>, named: &Named) {
    for (code, said) in std::iter::once((EN, named.name.clone())).chain(named.others.iter().cloned()) {
        match names.iter_mut().find(|(known, _)| *known == code) {
            Some((_, name)) => *name = said,
            None => names.push((code, said)),
        }
    }
}

fn english<'a>(names: &'a [(&'static str, String)]) -> &'a str {
    names.iter().find(|(code, _)| *code == EN).or(names.first()).map_or("", |(_, name)| name)
}

impl<'a> Merge<'a> {
    /// Merges the file's rows into the product's options and variants; says what new ones begin with.
    ///
    /// # Errors
    /// Why no row can be taken.
    pub(super) fn variants(&mut self, product: &mut NewProduct) -> Result<Vec<(VariantId, i64, i64)>, String> {
        let (rows, listing) = (self.rows(), self.listing);
        let meant = self.meant(&rows, product);
        let before = product.variants.clone();
        let was_used: HashSet<Uuid> = before.iter().flat_map(|variant| variant.values.iter().copied()).collect();
        let idle: HashSet<Uuid> = product
            .options
            .iter()
            .flat_map(|option| option.values.iter().map(|value| value.id))
            .filter(|id| !was_used.contains(id))
            .collect();
        let unmeant: Vec<&NewVariant> = before.iter().filter(|variant| !meant.contains_key(&variant.id)).collect();
        if let Some(options) = &listing.options {
            if self.known.is_some() && options.len() != product.options.len() && !unmeant.is_empty() {
                let skus: Vec<&str> = unmeant.iter().take(5).map(|variant| variant.sku.as_str()).collect();
                return Err(t::IMPORT_OPTIONS_DIFFER.with(self.means.locale, &[("skus", &skus.join(", "))]));
            }
            self.options(product, options);
        }
        let mut stock = Vec::new();
        let mut taken: Vec<NewVariant> = Vec::with_capacity(rows.len());
        let mut gone: HashSet<VariantId> = HashSet::new();
        let of_row: HashMap<u64, VariantId> = meant.iter().map(|(id, line)| (*line, *id)).collect();
        for row in &rows {
            let known = of_row.get(&row.line).and_then(|id| self.variant_of(*id));
            if row.archived {
                match known {
                    Some(variant) => drop(gone.insert(variant.id)),
                    None => self.refuse(row.line, Column::Sku, self.say(t::IMPORT_SKU_UNKNOWN)),
                }
                continue;
            }
            let Some(variant) = self.variant(row, known, product) else { continue };
            let others = unmeant.iter().copied().filter(|other| Some(other.id) != known.map(|known| known.id)).chain(&taken);
            if !product.options.is_empty() && others.clone().any(|other| other.values == variant.values) {
                self.refuse(row.line, Column::OptionValue(0, Locale::En), self.say(t::FIELD_DUPLICATE));
                continue;
            }
            if known.is_none() && row.quantity > 0 {
                stock.push((variant.id, row.quantity, variant.cost));
            }
            taken.push(variant);
        }
        product.variants = in_order(&before, taken, &gone);
        if product.variants.is_empty() && !before.is_empty() {
            return Err(self.say(t::IMPORT_LAST_VARIANT).to_owned());
        }
        self.fit(product, &before);
        let in_use: HashSet<Uuid> = product.variants.iter().flat_map(|variant| variant.values.iter().copied()).collect();
        for option in &mut product.options {
            // Values that somebody made in the admin stay; those of which the last variant got another go.
            option.values.retain(|value| in_use.contains(&value.id) || idle.contains(&value.id));
        }
        Ok(stock)
    }

    /// The file's rows; of a new product there is at least one.
    fn rows(&self) -> Vec<Row> {
        if self.known.is_some() || !self.listing.variants.is_empty() || !self.listing.refused.is_empty() {
            return self.listing.variants.clone();
        }
        let mut only = Row { line: self.listing.line, sku_is_made: true, ..Row::default() };
        only.sku = only.made_sku(&self.listing.handle);
        vec![only]
    }

    fn variant_of(&self, id: VariantId) -> Option<&'a NewVariant> {
        let known = self.known?;
        known.product.variants.iter().chain(&known.archived).find(|variant| variant.id == id)
    }

    /// The lines of rows by the variants that they mean.
    fn meant(&self, rows: &[Row], product: &NewProduct) -> HashMap<VariantId, u64> {
        let mut meant: HashMap<VariantId, u64> = HashMap::new();
        let Some(known) = self.known else { return meant };
        let by_sku = |list: &[NewVariant], sku: &str| list.iter().find(|variant| variant.sku == sku).map(|variant| variant.id);
        for row in rows {
            if let Some(id) = by_sku(&known.product.variants, &row.sku) {
                meant.entry(id).or_insert(row.line);
            }
        }
        let same_options = self.listing.options.as_ref().is_none_or(|options| options.len() == product.options.len());
        let choices: HashMap<Vec<&str>, VariantId> = known.product.variants.iter().map(|v| (choice(product, v), v.id)).collect();
        let open = |meant: &HashMap<VariantId, u64>, row: &Row| !meant.values().any(|line| *line == row.line);
        for row in rows.iter().filter(|row| same_options && row.values.len() == product.options.len()) {
            let choice: Vec<&str> = row.values.iter().map(|value| value.name.as_str()).collect();
            if let Some(id) = choices.get(&choice).filter(|id| open(&meant, row) && !meant.contains_key(id)) {
                meant.insert(*id, row.line);
            }
        }
        for row in rows {
            if let Some(id) = by_sku(&known.archived, &row.sku).filter(|_| open(&meant, row)) {
                meant.entry(id).or_insert(row.line);
            }
        }
        meant
    }

    /// The options as the file names them; one that is there keeps its values.
    fn options(&self, product: &mut NewProduct, named: &[Named]) {
        let before = std::mem::take(&mut product.options);
        let same_count = before.len() == named.len();
        let mut left: Vec<Option<NewOption>> = before.into_iter().map(Some).collect();
        for (n, one) in named.iter().enumerate() {
            let by_name = left.iter().position(|option| option.as_ref().is_some_and(|option| english(&option.names) == one.name));
            let place = if same_count { Some(n) } else { by_name };
            let mut option = place.and_then(|place| left.get_mut(place)?.take()).unwrap_or_else(|| NewOption {
                id: self.id(),
                key: String::new(),
                names: Vec::new(),
                values: Vec::new(),
            });
            if english(&option.names) != one.name || option.key.is_empty() {
                let others = &product.options;
                option.key = key_of("", &one.name, |key| others.iter().any(|other| other.key == key));
                if others.iter().any(|other| other.key == option.key) {
                    option.key = format!("{}-{}", option.key, n + 1);
                }
            }
            name(&mut option.names, one);
            product.options.push(option);
        }
    }

    /// The variant of a row, on top of what it is already; none when it is refused.
    fn variant(&mut self, row: &Row, known: Option<&NewVariant>, product: &mut NewProduct) -> Option<NewVariant> {
        let known = known.cloned();
        let values = self.values(row, known.as_ref(), product)?;
        let sku = self.sku(row, known.as_ref())?;
        let mut variant = known.unwrap_or_else(|| NewVariant {
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
        variant.picture = row.image.as_ref().and_then(|source| self.means.pictures.get(source)).copied().or(variant.picture);
        if variant.price.is_none() {
            self.notice(row.line, Column::Price, self.say(t::IMPORT_PRICE_MISSING));
            self.incomplete = true;
        }
        Some(variant)
    }

    /// A value of each option.
    fn values(&mut self, row: &Row, known: Option<&NewVariant>, product: &mut NewProduct) -> Option<Vec<Uuid>> {
        if row.values.len() > product.options.len() {
            self.refuse(row.line, Column::OptionName(product.options.len(), Locale::En), self.say(t::IMPORT_OPTIONS_UNNAMED));
            return None;
        }
        let mut values = Vec::with_capacity(product.options.len());
        for (n, option) in product.options.iter_mut().enumerate() {
            let of_before = known.and_then(|known| known.values.get(n)).filter(|id| option.values.iter().any(|value| value.id == **id));
            match (row.values.get(n).filter(|value| !value.name.is_empty()), of_before) {
                (Some(said), _) => values.push(value(option, said, || self.means.shop.id())),
                (None, Some(id)) => values.push(*id),
                (None, None) => {
                    self.refuse(row.line, Column::OptionValue(n, Locale::En), self.say(t::IMPORT_CHOICE_MISSING));
                    return None;
                }
            }
        }
        Some(values)
    }

    /// The SKU of a row: its own, or another where something else has it.
    fn sku(&mut self, row: &Row, known: Option<&NewVariant>) -> Option<String> {
        let has_already = known.filter(|known| known.sku == row.sku || row.sku_is_made);
        if let Some(known) = has_already {
            return Some(known.sku.clone());
        }
        if !self.means.skus.contains_key(&row.sku) {
            return Some(row.sku.clone());
        }
        let sku = known.map_or_else(|| row.sku_apart(&self.listing.handle, &row.sku), |known| known.sku.clone());
        if known.is_none() && self.means.skus.contains_key(&sku) {
            self.refuse(row.line, Column::Sku, self.say(t::FIELD_SKU_TAKEN));
            return None;
        }
        self.notice(row.line, Column::Sku, t::IMPORT_SKU_TAKEN.with(self.means.locale, &[("sku", &sku)]));
        Some(sku)
    }

    /// Rows beyond the most variants that a product can have are refused.
    fn fit(&mut self, product: &mut NewProduct, before: &[NewVariant]) {
        while product.variants.len() > MAX_VARIANTS {
            let last = product.variants.iter().rposition(|variant| before.iter().all(|known| known.id != variant.id));
            let Some(variant) = last.map(|at| product.variants.remove(at)) else { return };
            let line = self.listing.variants.iter().find(|row| row.sku == variant.sku).map_or(self.listing.line, |row| row.line);
            let most = [("min", "1"), ("max", &*MAX_VARIANTS.to_string())];
            self.refuse(line, Column::Handle, t::FIELD_NUMBER_RANGE.with(self.means.locale, &most));
        }
    }
}

/// The English names of a variant's values.
fn choice<'a>(product: &'a NewProduct, variant: &NewVariant) -> Vec<&'a str> {
    let value = |(option, id): (&'a NewOption, &Uuid)| option.values.iter().find(|value| value.id == *id);
    product.options.iter().zip(&variant.values).filter_map(value).map(|value| english(&value.names)).collect()
}

/// The value of this name, made when there is none.
fn value(option: &mut NewOption, said: &Named, id: impl FnOnce() -> Uuid) -> Uuid {
    if let Some(known) = option.values.iter_mut().find(|value| english(&value.names) == said.name) {
        name(&mut known.names, said);
        return known.id;
    }
    let key = key_of("", &said.name, |key| option.values.iter().any(|value| value.key == key));
    let key = if option.values.iter().any(|value| value.key == key) { slug::key_apart(&format!("{key} {}", said.name)) } else { key };
    let mut made = NewValue { id: id(), key, names: Vec::new() };
    name(&mut made.names, said);
    option.values.push(made);
    option.values.last().map_or_else(Uuid::nil, |value| value.id)
}

/// The file's order where it names every variant, else the shop's with new ones at the end.
fn in_order(before: &[NewVariant], taken: Vec<NewVariant>, gone: &HashSet<VariantId>) -> Vec<NewVariant> {
    let stays = |variant: &&NewVariant| !gone.contains(&variant.id);
    if before.iter().filter(stays).all(|known| taken.iter().any(|variant| variant.id == known.id)) {
        return taken;
    }
    let mut left = taken;
    let mut all = Vec::with_capacity(before.len());
    for known in before.iter().filter(stays) {
        let place = left.iter().position(|variant| variant.id == known.id);
        all.push(place.map_or_else(|| known.clone(), |place| left.remove(place)));
    }
    all.extend(left);
    all
}
