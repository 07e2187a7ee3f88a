//! From the file's rows to products, without the database.

use std::collections::{HashMap, HashSet};

use domain::messages::t;
use domain::slug::slug;
use domain::view::ImportProblem;
use domain::{Currency, Locale, number};
use sha2::{Digest, Sha256};

use super::columns::{Column, Columns};
use super::problem;
use crate::catalog::check::{DEAREST, HEAVIEST, MOST_VARIANTS, key_of, tidy_tags};

/// A product as the file has it.
#[derive(Clone, Debug, Default)]
pub(super) struct Listing {
    /// Where it begins.
    pub line: u64,
    /// How many rows it had.
    pub rows: u64,
    pub handle: String,
    pub title: String,
    pub body: String,
    pub vendor: String,
    /// Names of its kind, the most fitting first.
    pub kinds: Vec<String>,
    pub tags: Vec<String>,
    pub status: &'static str,
    pub tax_class: &'static str,
    pub seo_title: String,
    pub seo_description: String,
    /// Names of the options; none when there is one variant without a choice.
    pub options: Vec<String>,
    pub variants: Vec<Row>,
    pub images: Vec<Image>,
    /// Of everything above.
    pub hash: String,
}

/// A variant as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Row {
    pub line: u64,
    pub sku: String,
    pub values: Vec<String>,
    pub price: i64,
    pub compare_at: Option<i64>,
    pub cost: Option<i64>,
    pub grams: i64,
    pub quantity: i64,
    pub barcode: Option<String>,
    pub image: Option<String>,
}

/// A picture's address or file name.
#[derive(Clone, Debug)]
pub(super) struct Image {
    pub line: u64,
    pub column: String,
    pub source: String,
    pub position: i64,
    pub alt: String,
}

/// The cells of one row that are read.
struct Cells<'a> {
    columns: &'a Columns,
    record: &'a csv::StringRecord,
    line: u64,
    locale: Locale,
}

impl Cells<'_> {
    fn get(&self, column: Column) -> &str {
        // Spreadsheets keep a text a text with an apostrophe before it.
        let cell = self.columns.place(column).and_then(|place| self.record.get(place)).unwrap_or_default().trim();
        cell.strip_prefix('\'').unwrap_or(cell)
    }
    fn wrong(&self, column: Column, reason: impl Into<String>) -> ImportProblem {
        problem(self.line, self.columns.name(column), reason)
    }
    fn amount(&self, column: Column, currency: Currency) -> Result<Option<i64>, ImportProblem> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        match number::decimal(text, currency.exponent()) {
            Ok(minor) if (0..=DEAREST).contains(&minor) => Ok(Some(minor)),
            Ok(_) => Err(self.wrong(column, t::FIELD_AMOUNT_INVALID.text(self.locale))),
            Err(error) => Err(self.wrong(column, error.of_amount().text(self.locale))),
        }
    }
    /// A number of whole units.
    fn whole(&self, column: Column, most: i64) -> Result<Option<i64>, ImportProblem> {
        self.within(column, most, number::whole)
    }
    /// Grams; other shops write fractions of them, which are rounded.
    fn grams(&self, column: Column) -> Result<Option<i64>, ImportProblem> {
        let millionths = |text: &str| number::decimal(text, 6);
        self.within(column, HEAVIEST, |text| millionths(text).map(|number| (number + number.signum() * 500_000) / 1_000_000))
    }
    fn within(
        &self,
        column: Column,
        most: i64,
        read: impl Fn(&str) -> Result<i64, number::NumberError>,
    ) -> Result<Option<i64>, ImportProblem> {
        let text = self.get(column);
        if text.is_empty() {
            return Ok(None);
        }
        match read(text) {
            Ok(units) if (0..=most).contains(&units) => Ok(Some(units)),
            Ok(_) => {
                let range = t::FIELD_NUMBER_RANGE.with(self.locale, &[("min", "0"), ("max", &most.to_string())]);
                Err(self.wrong(column, range))
            }
            Err(error) => Err(self.wrong(column, error.of_whole().text(self.locale))),
        }
    }
    fn flag(&self, column: Column) -> Result<Option<bool>, ImportProblem> {
        match self.get(column).to_lowercase().as_str() {
            "" => Ok(None),
            "true" | "yes" | "1" => Ok(Some(true)),
            "false" | "no" | "0" => Ok(Some(false)),
            _ => Err(self.wrong(column, t::IMPORT_YES_OR_NO.text(self.locale))),
        }
    }
    fn short(&self, column: Column, most: usize) -> Result<String, ImportProblem> {
        let text = self.get(column);
        if text.chars().count() > most {
            return Err(self.wrong(column, t::FIELD_TOO_LONG.with(self.locale, &[("max", &most.to_string())])));
        }
        Ok(text.to_owned())
    }
}

/// Reads the whole file: products, what is wrong, and how many rows there are.
///
/// # Errors
/// Why it is no list of products.
pub(super) fn read(locale: Locale, currency: Currency, bytes: &[u8]) -> Result<(Vec<Listing>, Vec<ImportProblem>, u64), String> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let no_list = |column: &str| t::IMPORT_NOT_A_LIST.with(locale, &[("column", column)]);
    let heading = reader.byte_headers().map_err(|_| no_list("Handle"))?.clone();
    let columns = Columns::read(&heading).map_err(no_list)?;
    let mut listings: Vec<Listing> = Vec::new();
    let mut places: HashMap<String, Option<usize>> = HashMap::new();
    let mut skus: HashSet<String> = HashSet::new();
    let mut problems = Vec::new();
    let mut rows = 0;
    let mut record = csv::ByteRecord::new();
    loop {
        let line = reader.position().line();
        match reader.read_byte_record(&mut record) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                problems.push(problem(line, "", error.to_string()));
                break;
            }
        }
        let line = record.position().map_or(line, csv::Position::line);
        rows += 1;
        if record.iter().all(<[u8]>::is_empty) {
            continue;
        }
        if record.len() > columns.count() && record.iter().skip(columns.count()).any(|cell| !cell.is_empty()) {
            problems.push(problem(line, "", t::IMPORT_ROW_TOO_LONG.text(locale)));
            continue;
        }
        let text = match csv::StringRecord::from_byte_record(record.clone()) {
            Ok(text) => text,
            Err(error) => {
                let place = error.utf8_error().field();
                problems.push(problem(line, columns.name_at(place), t::IMPORT_ENCODING.text(locale)));
                continue;
            }
        };
        let cells = Cells { columns: &columns, record: &text, line, locale };
        let typed = cells.get(Column::Handle);
        let handle = slug(if typed.is_empty() { cells.get(Column::Title) } else { typed });
        if handle.is_empty() {
            problems.push(cells.wrong(Column::Handle, t::IMPORT_HANDLE_MISSING.text(locale)));
            continue;
        }
        let place = match places.get(&handle) {
            // The product's first row was bad, so there is nothing that this one belongs to.
            Some(None) => continue,
            Some(Some(place)) => *place,
            None => match begin(&cells, handle.clone()) {
                Ok(listing) => {
                    listings.push(listing);
                    places.insert(handle, Some(listings.len() - 1));
                    listings.len() - 1
                }
                Err(wrong) => {
                    problems.push(wrong);
                    places.insert(handle, None);
                    continue;
                }
            },
        };
        let listing = &mut listings[place];
        listing.rows += 1;
        image(&cells, listing);
        match variant(&cells, listing, currency, &mut skus) {
            Ok(Some(row)) => listing.variants.push(row),
            Ok(None) => {}
            Err(wrong) => problems.push(wrong),
        }
    }
    listings.retain(|listing| !listing.variants.is_empty());
    for listing in &mut listings {
        listing.images.sort_by_key(|image| image.position);
        listing.hash = hash(listing);
    }
    Ok((listings, problems, rows))
}

/// What the first row of a product says of the product.
fn begin(cells: &Cells<'_>, handle: String) -> Result<Listing, ImportProblem> {
    let title = cells.short(Column::Title, 200)?;
    if title.is_empty() {
        return Err(cells.wrong(Column::Title, t::IMPORT_TITLE_MISSING.text(cells.locale)));
    }
    let status = match cells.get(Column::Status).to_lowercase().as_str() {
        "archived" => "archived",
        "draft" => "draft",
        "active" | "" if cells.flag(Column::Published)? == Some(false) => "draft",
        "active" => "published",
        "" if cells.flag(Column::Published)? == Some(true) => "published",
        "" => "draft",
        _ => return Err(cells.wrong(Column::Status, t::IMPORT_STATUS_UNKNOWN.text(cells.locale))),
    };
    let tax_class = if cells.flag(Column::GiftCard)? == Some(true) {
        "none"
    } else if cells.flag(Column::Taxable)? == Some(false) {
        "exempt"
    } else {
        "standard"
    };
    let mut options: Vec<String> = Vec::new();
    for n in 0..3 {
        let name = cells.short(Column::OptionName(n), 100)?;
        if name.is_empty() {
            break;
        }
        options.push(name);
    }
    if options.len() == 1 && cells.get(Column::OptionValue(0)).eq_ignore_ascii_case("default title") {
        options.clear();
    }
    let branch = cells.get(Column::Category).rsplit('>').next().unwrap_or_default().trim().to_owned();
    let kinds = [cells.short(Column::Type, 100)?, branch];
    let body = plain(cells.get(Column::Body));
    if body.chars().count() > 20_000 {
        return Err(cells.wrong(Column::Body, t::FIELD_TOO_LONG.with(cells.locale, &[("max", "20000")])));
    }
    let tags = tidy_tags([cells.get(Column::Tags)]).into_iter().filter(|tag| tag.chars().count() <= 60).take(50).collect();
    Ok(Listing {
        line: cells.line,
        handle,
        title,
        body,
        vendor: cells.short(Column::Vendor, 200)?,
        kinds: kinds.into_iter().filter(|kind| !kind.is_empty()).collect(),
        tags,
        status,
        tax_class,
        seo_title: cells.short(Column::SeoTitle, 200)?,
        seo_description: cells.short(Column::SeoDescription, 500)?,
        options,
        ..Listing::default()
    })
}

fn image(cells: &Cells<'_>, listing: &mut Listing) {
    let source = cells.get(Column::Image);
    if source.is_empty() || listing.images.len() >= 50 || listing.images.iter().any(|image| image.source == source) {
        return;
    }
    let next = i64::try_from(listing.images.len()).unwrap_or(i64::MAX) + 1;
    listing.images.push(Image {
        line: cells.line,
        column: cells.columns.name(Column::Image).to_owned(),
        source: source.to_owned(),
        position: cells.get(Column::ImagePosition).parse().unwrap_or(next),
        alt: cells.get(Column::ImageAlt).chars().take(300).collect(),
    });
}

/// The variant of a row; none when the row only brings a picture.
fn variant(cells: &Cells<'_>, listing: &mut Listing, currency: Currency, skus: &mut HashSet<String>) -> Result<Option<Row>, ImportProblem> {
    let first = listing.rows == 1;
    let speaks = [Column::Sku, Column::Price, Column::OptionValue(0), Column::OptionValue(1), Column::OptionValue(2)];
    if !first && speaks.iter().all(|column| cells.get(*column).is_empty()) {
        return Ok(None);
    }
    let required = || t::FIELD_REQUIRED.text(cells.locale);
    let mut values = Vec::with_capacity(listing.options.len());
    for n in 0..listing.options.len() {
        let value = cells.short(Column::OptionValue(n), 100)?;
        if value.is_empty() {
            return Err(cells.wrong(Column::OptionValue(n), required()));
        }
        values.push(value);
    }
    let price = cells.amount(Column::Price, currency)?.ok_or_else(|| cells.wrong(Column::Price, required()))?;
    let compare_at = cells.amount(Column::CompareAt, currency)?.filter(|was| *was > 0);
    let cost = cells.amount(Column::Cost, currency)?;
    let grams = cells.grams(Column::Grams)?.unwrap_or(0);
    let quantity = cells.whole(Column::Quantity, 1_000_000)?.unwrap_or(0);
    let barcode = cells.get(Column::Barcode).to_owned();
    if let Err(error) = domain::barcode::check(&barcode) {
        return Err(cells.wrong(Column::Barcode, error.message().text(cells.locale)));
    }
    let keys = |values: &[String]| values.iter().map(|value| key_of("", value, 0)).collect::<Vec<_>>();
    if listing.variants.len() >= MOST_VARIANTS {
        let most = MOST_VARIANTS.to_string();
        return Err(cells.wrong(Column::Handle, t::FIELD_NUMBER_RANGE.with(cells.locale, &[("min", "1"), ("max", &most)])));
    }
    if listing.variants.iter().any(|other| keys(&other.values) == keys(&values)) {
        let column = if listing.options.is_empty() { Column::Handle } else { Column::OptionValue(0) };
        return Err(cells.wrong(column, t::FIELD_DUPLICATE.text(cells.locale)));
    }
    let mut sku = cells.short(Column::Sku, 64)?;
    if sku.is_empty() {
        let made = std::iter::once(listing.handle.clone()).chain(keys(&values)).collect::<Vec<_>>().join("-").to_uppercase();
        sku = made.chars().take(64).collect();
    }
    if !skus.insert(sku.clone()) {
        return Err(cells.wrong(Column::Sku, t::FIELD_DUPLICATE.text(cells.locale)));
    }
    let picture = Some(cells.get(Column::VariantImage).to_owned()).filter(|source| !source.is_empty());
    if let Some(source) = &picture
        && listing.images.len() < 50
        && listing.images.iter().all(|image| image.source != *source)
    {
        let column = cells.columns.name(Column::VariantImage).to_owned();
        listing.images.push(Image { line: cells.line, column, source: source.clone(), position: i64::MAX, alt: String::new() });
    }
    Ok(Some(Row {
        line: cells.line,
        sku,
        values,
        price,
        compare_at,
        cost,
        grams,
        quantity,
        barcode: Some(barcode).filter(|b| !b.is_empty()),
        image: picture,
    }))
}

/// Changes when anything changes that is written. First stock is not: it has its own history.
fn hash(l: &Listing) -> String {
    let variants: Vec<_> =
        l.variants.iter().map(|v| (&v.sku, &v.values, v.price, v.compare_at, v.cost, v.grams, &v.barcode, &v.image)).collect();
    let images: Vec<_> = l.images.iter().map(|i| (&i.source, &i.alt)).collect();
    let head = (&l.title, &l.body, &l.vendor, &l.kinds, &l.tags, l.status, l.tax_class, &l.seo_title, &l.seo_description, &l.options);
    let all = serde_json::json!([head, variants, images]).to_string();
    Sha256::digest(all.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A description without its tags: paragraphs, breaks and list items begin a line of their own.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = rest.find('<') {
        text.push_str(&rest[..open]);
        let tag_and_rest = &rest[open + 1..];
        let begins = tag_and_rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/' || c == '!');
        let Some(close) = tag_and_rest.find('>').filter(|_| begins) else {
            text.push('<');
            rest = tag_and_rest;
            continue;
        };
        let tag = tag_and_rest[..close].trim_start_matches('/').to_lowercase();
        let name: String = tag.chars().take_while(char::is_ascii_alphanumeric).collect();
        match name.as_str() {
            "p" | "div" | "ul" | "ol" | "table" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                text.push_str("\n\n");
            }
            "li" | "tr" if tag_and_rest.starts_with('/') => {}
            "br" | "li" | "tr" => text.push('\n'),
            _ => {}
        }
        rest = &tag_and_rest[close + 1..];
        // What stands in these is not for readers.
        if matches!(name.as_str(), "script" | "style")
            && let Some(end) = rest.to_ascii_lowercase().find(&format!("</{name}"))
        {
            rest = &rest[end..];
        }
    }
    text.push_str(rest);
    for (name, sign) in [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&rsquo;", "’"), ("&amp;", "&")]
    {
        text = text.replace(name, sign);
    }
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if !line.is_empty() || lines.last().is_some_and(|last| !last.is_empty()) {
            lines.push(line);
        }
    }
    lines.join("\n").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_lose_their_tags() {
        let html = "<p>Soft &amp; <b>ripe</b>.</p>\n<ul><li>One</li><li>Two</li></ul><script>alert('x')</script> 2 < 3";
        assert_eq!(plain(html), "Soft & ripe.\n\nOne\nTwo\n\n2 < 3");
    }

    #[test]
    fn a_file_without_prices_is_no_list() {
        let read = read(Locale::En, Currency::PHP, b"Handle,Title\na,A\n");
        assert!(read.is_err_and(|why| why.contains("Price")));
    }
}
