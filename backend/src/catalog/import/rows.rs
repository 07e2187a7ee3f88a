//! From the file's rows to products, without the database.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::messages::t;
use domain::number::DecimalMark;
use domain::slug;
use domain::view::ImportProblem;
use domain::{Currency, Locale};

use super::cells::{Cells, Sheet};
use super::columns::{Column, Columns, TextPart, others};
use super::listing::{Image, Listing, MAX_SKU_CHARS, Named, Row, Tax, Words};
use super::markup::plain;
use super::text::{Record, Records, decode};
use super::{NotRead, notice, problem};
use crate::catalog::check::{MAX_FEATURED, MAX_OPTIONS, MAX_PICTURES, MAX_STOCK, MAX_VARIANTS, TAX_CLASSES, tidy_tags};

const MAX_BODY_CHARS: usize = 20_000;
/// Rows of a file. More of them, however short, would take more memory than a shop has to spare.
const MAX_ROWS: usize = 300_000;
/// What the last row of a spreadsheet is called, in the languages of the trade here.
const SUMS: [&str; 8] = ["total", "totals", "subtotal", "sub-total", "grand total", "sum", "kabuuan", "kabuoan"];

/// A file that was read.
#[derive(Debug)]
pub(super) struct Read {
    pub listings: Vec<Listing>,
    /// Rows that were refused, and notices.
    pub problems: Vec<ImportProblem>,
    pub rows: u64,
}

/// Reads the whole file.
///
/// # Errors
/// Why it is no list of products, or that a number in it can be read in two ways.
pub(super) fn read(locale: Locale, currency: Currency, decimals: Option<DecimalMark>, bytes: &[u8]) -> Result<Read, NotRead> {
    let text = decode(locale, bytes).map_err(NotRead::NotAList)?;
    let (delimiter, columns, heading) = heading(&text.text).ok_or_else(|| NotRead::no_column(locale, "Handle"))?;
    let all = Records::new(&text.text, delimiter).skip(1).filter(|record| !is_empty(record));
    let records: Vec<Record<'_>> = all.take(MAX_ROWS + 1).collect();
    if records.len() > MAX_ROWS {
        return Err(NotRead::NotAList(
            t::IMPORT_TOO_MANY_ROWS.with(locale, &[("max", &locale.number(i64::try_from(MAX_ROWS).unwrap_or(i64::MAX)))]),
        ));
    }
    let sheet = Sheet { columns, locale, currency, decimals, ambiguous: RefCell::default(), notices: RefCell::default() };
    if text.old_code_page {
        sheet.notices.borrow_mut().push(notice(heading, "", t::IMPORT_OLD_CODE_PAGE.text(locale)));
    }
    let mut reading = Reading::new(&sheet);
    reading.surplus = surplus(&records, sheet.columns.count());
    for record in &records {
        if let Err(wrong) = reading.row(record, text.damaged) {
            reading.problems.push(wrong);
        }
    }
    let Reading { mut listings, mut problems, .. } = reading;
    if let Some((line, column, text)) = sheet.ambiguous.take() {
        return Err(NotRead::WhichDecimalMark { line, column, text });
    }
    problems.extend(sheet.notices.take());
    listings.iter_mut().for_each(Listing::finish);
    Ok(Read { listings, problems, rows: records.len() as u64 })
}

/// The sign between cells with which the first row names the columns of a product list, what it names, and its line.
fn heading(text: &str) -> Option<(u8, Columns, u64)> {
    b",;\t|".iter().find_map(|delimiter| {
        let first = Records::new(text, *delimiter).next()?;
        let line = first.line;
        Columns::read(first.cells.iter().map(|cell| &**cell)).map(|columns| (*delimiter, columns, line))
    })
}

fn is_empty(record: &Record<'_>) -> bool {
    !record.broken && record.cells.iter().all(|cell| cell.trim().is_empty())
}

/// Cells that every row has beyond the heading, all of them empty: some spreadsheets write as many for each row.
fn surplus(records: &[Record<'_>], columns: usize) -> usize {
    let extra = |record: &Record<'_>| {
        let more = record.cells.get(columns..).unwrap_or_default();
        if more.iter().all(|cell| cell.is_empty()) { more.len() } else { 0 }
    };
    let mut whole = records.iter().filter(|record| !record.broken).map(extra);
    let first = whole.next().unwrap_or_default();
    if whole.all(|more| more == first) { first } else { 0 }
}

/// What became of the first row of a handle.
enum Begun {
    At(usize),
    Refused(u64),
}

struct Reading<'a> {
    sheet: &'a Sheet,
    surplus: usize,
    listings: Vec<Listing>,
    /// By handle.
    begun: HashMap<String, Begun>,
    /// Handles as they were written, by what they became.
    written: HashMap<String, String>,
    /// Lines of SKUs.
    skus: HashMap<String, u64>,
    problems: Vec<ImportProblem>,
}

impl<'a> Reading<'a> {
    fn new(sheet: &'a Sheet) -> Self {
        Self {
            sheet,
            surplus: 0,
            listings: Vec::new(),
            begun: HashMap::new(),
            written: HashMap::new(),
            skus: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// Takes in a row.
    ///
    /// # Errors
    /// Why it is refused.
    fn row(&mut self, record: &Record<'_>, damaged: bool) -> Result<(), ImportProblem> {
        let cells = Cells { sheet: self.sheet, record };
        if let Err(wrong) = self.is_whole(record, damaged) {
            self.lost(&cells);
            return Err(wrong);
        }
        let typed = cells.text(Column::Handle);
        let written = if typed.is_empty() { cells.text(Column::Text(Locale::En, TextPart::Title)) } else { typed }.to_owned();
        if written.is_empty() {
            return Err(cells.wrong(Column::Handle, cells.say(t::IMPORT_HANDLE_MISSING)));
        }
        let sum = written.trim_end_matches([':', ' ']).to_lowercase();
        if SUMS.contains(&sum.as_str()) && !cells.says(Column::Sku) && !cells.says(Column::Status) {
            return Err(cells.wrong(Column::Handle, cells.say(t::IMPORT_SUM)));
        }
        let handle = slug::handle(&written);
        if self.written.entry(handle.clone()).or_insert_with(|| written.clone()) != &written {
            return Err(cells.wrong(Column::Handle, cells.say(t::FIELD_SLUG_TAKEN)));
        }
        let place = match self.begun.get(&handle) {
            Some(Begun::Refused(first)) => {
                let first = [("line", &*first.to_string())];
                return Err(cells.wrong(Column::Handle, t::IMPORT_FIRST_ROW_REFUSED.with(self.sheet.locale, &first)));
            }
            Some(Begun::At(place)) => *place,
            None => match begin(&cells, &handle, &written) {
                Ok(listing) => {
                    self.listings.push(listing);
                    let place = self.listings.len() - 1;
                    self.begun.insert(handle.clone(), Begun::At(place));
                    place
                }
                Err(wrong) => {
                    self.begun.insert(handle, Begun::Refused(cells.line()));
                    return Err(wrong);
                }
            },
        };
        let Some(listing) = self.listings.get_mut(place) else { return Ok(()) };
        if listing.words.is_empty() && cells.says(Column::Text(Locale::En, TextPart::Title)) {
            // A sheet that was sorted anew: the row with the title speaks for the product, wherever it stands.
            listing.take_head(begin(&cells, &handle, &written)?);
        }
        image(&cells, listing);
        let taken = variant(&cells, listing, &mut self.skus);
        if taken.is_ok() {
            listing.lines.push(cells.line());
        } else {
            listing.refused.push(cells.line());
        }
        taken
    }

    /// A row that cannot be read belongs to a product all the same, which must not be published without it; as the first of its
    /// product it takes the others with it, for they say nothing of the product.
    fn lost(&mut self, cells: &Cells<'_>) {
        let handle = slug::handle(cells.text(Column::Handle));
        if !cells.says(Column::Handle) {
            return;
        }
        match self.begun.get(&handle) {
            Some(Begun::At(place)) => self.listings[*place].refused.push(cells.line()),
            Some(Begun::Refused(_)) => {}
            None => drop(self.begun.insert(handle, Begun::Refused(cells.line()))),
        }
    }

    /// Does each cell stand under its heading?
    fn is_whole(&self, record: &Record<'_>, damaged: bool) -> Result<(), ImportProblem> {
        let (locale, columns) = (self.sheet.locale, &self.sheet.columns);
        if record.broken {
            return Err(problem(record.line, "", t::IMPORT_QUOTES.text(locale)));
        }
        let wanted = columns.count();
        if record.cells.len() > wanted + self.surplus {
            return Err(problem(record.line, "", t::IMPORT_ROW_TOO_LONG.text(locale)));
        }
        if record.cells.len() < wanted {
            return Err(problem(record.line, "", t::IMPORT_ROW_TOO_SHORT.text(locale)));
        }
        let unread = record.cells.iter().position(|cell| damaged && cell.contains(char::REPLACEMENT_CHARACTER));
        match unread {
            Some(place) => Err(problem(record.line, columns.name_at(place), t::IMPORT_ENCODING.text(locale))),
            None => Ok(()),
        }
    }
}

/// What the first row of a product, or else the one with its title, says of the product. Only there an empty cell means an empty
/// text: other rows are of variants and pictures, and leave out what was said already.
fn begin(cells: &Cells<'_>, handle: &str, written: &str) -> Result<Listing, ImportProblem> {
    let published = cells.flag(Column::Published)?;
    let status = match (cells.text(Column::Status).to_lowercase().as_str(), published) {
        ("archived", _) => Some("archived"),
        ("draft" | "unlisted", _) | ("active" | "", Some(false)) => Some("draft"),
        ("active", _) | ("", Some(true)) => Some("published"),
        ("", None) => None,
        _ => return Err(cells.wrong(Column::Status, cells.say(t::IMPORT_STATUS_UNKNOWN))),
    };
    let gift_card = cells.flag(Column::GiftCard)? == Some(true);
    let featured = match cells.get(Column::Featured) {
        None => None,
        Some("") => cells.says(Column::Text(Locale::En, TextPart::Title)).then_some(None),
        Some(_) => Some(cells.units(Column::Featured, MAX_FEATURED)?),
    };
    let branch = cells.text(Column::Category).rsplit('>').next().unwrap_or_default().trim();
    let kinds = [cells.cut(Column::Type, 100).unwrap_or_default(), cells.cut_text(Column::Category, branch, 100)];
    let heads = cells.says(Column::Text(Locale::En, TextPart::Title));
    let meant = |text: &String| heads || !text.is_empty();
    let tags = cells.get(Column::Tags).filter(|tags| heads || !tags.is_empty()).map(|tags| {
        let mut tags = tidy_tags([tags]);
        let all = tags.len();
        tags.retain(|tag| tag.chars().count() <= 60);
        tags.truncate(50);
        if tags.len() < all {
            cells.notice(Column::Tags, cells.say(t::IMPORT_TAGS));
        }
        tags.sort_unstable();
        tags
    });
    Ok(Listing {
        line: cells.line(),
        handle: handle.to_owned(),
        written_handle: written.to_owned(),
        words: if heads { Locale::ALL.into_iter().map(|locale| (locale.code(), words(cells, locale))).collect() } else { Vec::new() },
        vendor: cells.cut(Column::Vendor, 200).filter(meant),
        kinds: kinds.into_iter().filter(|kind| !kind.is_empty()).collect(),
        tags,
        status,
        tax: tax(cells, gift_card)?,
        gift_card,
        featured,
        options: options(cells)?,
        ..Listing::default()
    })
}

fn words(cells: &Cells<'_>, locale: Locale) -> Words {
    let of = |part| Column::Text(locale, part);
    let body = cells.get(of(TextPart::Body)).map(|html| cells.cut_text(of(TextPart::Body), &plain(html), MAX_BODY_CHARS));
    let said = |part, most| cells.cut(of(part), most);
    Words {
        title: said(TextPart::Title, 200).filter(|title| !title.is_empty()),
        slug: said(TextPart::Slug, 80).filter(|slug| slug::is_slug(slug)),
        summary: said(TextPart::Summary, 500),
        body,
        seo_title: said(TextPart::SeoTitle, 200),
        seo_description: said(TextPart::SeoDescription, 500),
    }
}

fn tax(cells: &Cells<'_>, gift_card: bool) -> Result<Option<Tax>, ImportProblem> {
    let class = cells.text(Column::TaxClass);
    let charged = cells.flag(Column::Taxable)?;
    Ok(if TAX_CLASSES.contains(&class) {
        Some(Tax::Class(class.to_owned()))
    } else if !class.is_empty() {
        return Err(cells.wrong(Column::TaxClass, cells.say(t::FIELD_CHOOSE)));
    } else if gift_card {
        Some(Tax::Class("none".to_owned()))
    } else {
        charged.map(|charged| if charged { Tax::Taxed } else { Tax::Class("exempt".to_owned()) })
    })
}

fn options(cells: &Cells<'_>) -> Result<Option<Vec<Named>>, ImportProblem> {
    let mut options = Vec::new();
    for n in 0..MAX_OPTIONS {
        let named = named(cells, |locale| Column::OptionName(n, locale))?;
        if named.name.is_empty() {
            break;
        }
        options.push(named);
    }
    if options.is_empty() {
        return Ok(None);
    }
    if options.len() == 1 && cells.text(Column::OptionValue(0, Locale::En)).eq_ignore_ascii_case("default title") {
        options.clear();
    }
    Ok(Some(options))
}

fn named(cells: &Cells<'_>, column: impl Fn(Locale) -> Column) -> Result<Named, ImportProblem> {
    let mut others_named = Vec::new();
    for locale in others() {
        if let Some(name) = cells.short(column(locale), 100)?.filter(|name| !name.is_empty()) {
            others_named.push((locale.code(), name));
        }
    }
    Ok(Named { name: cells.short(column(Locale::En), 100)?.unwrap_or_default(), others: others_named })
}

fn image(cells: &Cells<'_>, listing: &mut Listing) {
    let next = i64::try_from(listing.images.len()).unwrap_or(i64::MAX).saturating_add(1);
    let position = cells.text(Column::ImagePosition).parse().unwrap_or(next);
    hang(cells, listing, Column::Image, position);
}

/// Adds the picture that a column names.
fn hang(cells: &Cells<'_>, listing: &mut Listing, column: Column, position: i64) {
    let source = cells.text(column);
    let known = listing.images.iter().find(|image| image.source == source);
    if source.is_empty() || known.is_some_and(|known| column == Column::VariantImage || !known.of_variant) {
        return;
    }
    // A variant's picture turns out to be one of the product's.
    listing.images.retain(|image| image.source != source);
    if listing.images.len() >= MAX_PICTURES {
        cells.notice(column, t::IMPORT_PICTURES_MANY.with(cells.sheet.locale, &[("max", &MAX_PICTURES.to_string())]));
        return;
    }
    let alt = |locale: Locale| {
        let alt: String = cells.text(Column::ImageAlt(locale)).chars().take(300).collect();
        (column == Column::Image && !alt.is_empty()).then(|| (locale.code(), alt))
    };
    listing.images.push(Image {
        line: cells.line(),
        column: cells.sheet.columns.name(column),
        source: source.to_owned(),
        position,
        alts: Locale::ALL.into_iter().filter_map(alt).collect(),
        of_variant: column == Column::VariantImage && cells.sheet.columns.place(Column::Image).is_some(),
    });
}

/// Adds the variant of a row; none when the row only brings a picture.
fn variant(cells: &Cells<'_>, listing: &mut Listing, skus: &mut HashMap<String, u64>) -> Result<(), ImportProblem> {
    const EN: Locale = Locale::En;
    let names = [Column::Sku, Column::Price, Column::Barcode, Column::VariantStatus];
    let values = [Column::OptionValue(0, EN), Column::OptionValue(1, EN), Column::OptionValue(2, EN)];
    let more = [Column::Grams, Column::Quantity, Column::Cost, Column::CompareAt];
    let says = |columns: &[Column]| columns.iter().any(|column| cells.says(*column));
    if !says(&names) && !says(&values) && (!listing.lines.is_empty() || !says(&more)) {
        return Ok(());
    }
    let values = choice(cells, listing)?;
    let price = cells.amount(Column::Price)?;
    let compare_at = cells.amount(Column::CompareAt)?.filter(|was| *was > 0);
    let archived = match cells.text(Column::VariantStatus).to_lowercase().as_str() {
        "" | "active" => false,
        "archived" => true,
        _ => return Err(cells.wrong(Column::VariantStatus, cells.say(t::IMPORT_VARIANT_STATUS_UNKNOWN))),
    };
    let row = Row {
        line: cells.line(),
        price,
        compare_at: cells.get(Column::CompareAt).map(|_| compare_at),
        cost: cells.amount(Column::Cost)?,
        grams: cells.grams(Column::Grams)?,
        quantity: cells.units(Column::Quantity, MAX_STOCK)?.unwrap_or(0),
        barcode: cells.barcode(Column::Barcode),
        image: Some(cells.text(Column::VariantImage).to_owned()).filter(|source| !source.is_empty()),
        archived,
        values,
        ..Row::default()
    };
    if listing.variants.len() >= MAX_VARIANTS {
        let most = [("min", "1"), ("max", &*MAX_VARIANTS.to_string())];
        return Err(cells.wrong(Column::Handle, t::FIELD_NUMBER_RANGE.with(cells.sheet.locale, &most)));
    }
    let row = with_sku(cells, listing, row, skus)?;
    hang(cells, listing, Column::VariantImage, i64::MAX);
    listing.variants.push(row);
    Ok(())
}

/// The values of a row: one of each option, where the file names the options.
fn choice(cells: &Cells<'_>, listing: &Listing) -> Result<Vec<Named>, ImportProblem> {
    let value = |n: usize| named(cells, |locale| Column::OptionValue(n, locale));
    let Some(options) = &listing.options else {
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
            return Err(cells.wrong(Column::OptionValue(n, Locale::En), cells.say(t::FIELD_REQUIRED)));
        }
        values.push(value);
    }
    Ok(values)
}

/// Gives a row its SKU, which no other row has.
fn with_sku(cells: &Cells<'_>, listing: &Listing, mut row: Row, skus: &mut HashMap<String, u64>) -> Result<Row, ImportProblem> {
    let locale = cells.sheet.locale;
    let typed = cells.text(Column::Sku);
    let alike = |other: &&Row| other.values.iter().map(|v| &v.name).eq(row.values.iter().map(|v| &v.name));
    let twin = listing.variants.iter().find(alike);
    // Rows that name no values are told apart by their SKUs, where the file does not name the options.
    if let Some(twin) = twin
        && (listing.options.is_some() || !row.values.is_empty() || typed.is_empty() || twin.sku == typed)
    {
        let column = if !row.values.is_empty() {
            Column::OptionValue(0, Locale::En)
        } else if typed.is_empty() {
            Column::Handle
        } else {
            Column::Sku
        };
        return Err(cells.wrong(column, cells.say(t::FIELD_DUPLICATE)));
    }
    row.sku = typed.to_owned();
    if typed.is_empty() {
        (row.sku, row.sku_is_made) = (row.made_sku(&listing.handle), true);
    } else if typed.chars().count() > MAX_SKU_CHARS {
        (row.sku, row.sku_is_made) = (row.sku_apart(&listing.handle, typed), true);
        cells.notice(Column::Sku, t::IMPORT_SKU_CUT.with(locale, &[("max", &MAX_SKU_CHARS.to_string()), ("sku", &row.sku)]));
    }
    if let Some(line) = skus.get(&row.sku) {
        let made = row.sku_apart(&listing.handle, &row.sku);
        if skus.contains_key(&made) {
            return Err(cells.wrong(Column::Sku, cells.say(t::FIELD_DUPLICATE)));
        }
        if !typed.is_empty() {
            cells.notice(Column::Sku, t::IMPORT_SKU_REPEATED.with(locale, &[("line", &line.to_string()), ("sku", &made)]));
        }
        (row.sku, row.sku_is_made) = (made, true);
    }
    skus.insert(row.sku.clone(), row.line);
    Ok(row)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may stop at what is not as expected")]
mod tests {
    use super::*;

    fn read_all(file: &str) -> Result<Read, NotRead> {
        read(Locale::En, Currency::PHP, None, file.as_bytes())
    }

    #[test]
    fn a_file_that_does_not_say_of_which_product_a_row_is_is_no_list() {
        let read = read_all("Title,Price\nA,1\n");
        assert!(matches!(read, Err(NotRead::NotAList(why)) if why.contains("Handle")));
    }

    #[test]
    fn columns_may_stand_between_semicolons_tabs_and_after_a_mark() {
        for file in ["Handle;Title;Price\ntee;Tee, blue;9.50\n", "sep=;\r\nHandle;Title;Price\r\ntee;Tee, blue;9.50\r\n"] {
            let read = read_all(file).unwrap();
            assert_eq!((read.listings[0].title(), read.listings[0].variants[0].price), ("Tee, blue", Some(950)));
        }
        assert_eq!(read_all("\u{feff}Handle\tPrice\ntee\t9\n").unwrap().listings.len(), 1);
    }

    #[test]
    fn rows_that_are_longer_than_the_heading_are_taken_only_when_all_are_alike() {
        let lines = |file: &str| read_all(file).unwrap().problems.iter().map(|p| p.line).collect::<Vec<_>>();
        assert_eq!(lines("Handle,Title,Price\na,A,1,,\nb,B,2,,\n"), [0_u64; 0]);
        assert_eq!(lines("Handle,Title,Price\na,A,1\nb,B, blue,\nc,C,3,\n"), [3, 4]);
        assert_eq!(lines("Handle,Title,Price\na,A\nb,B,2\n"), [2]);
    }
}
