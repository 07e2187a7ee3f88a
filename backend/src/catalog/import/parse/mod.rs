//! From a file's rows to products, without the database.

mod product;
mod variant;

use std::cell::RefCell;
use std::collections::HashMap;

use domain::messages::t;
use domain::number_input::DecimalMark;
use domain::slug;
use domain::view::ImportProblem;
use domain::{Currency, Locale};

use super::columns::{Column, Columns, TextPart};
use super::csv::{Record, Records, decode};
use super::model::FileProduct;
use super::row::{ProductFile, Row};
use super::{ParseError, notice, problem};

/// More rows, however short, would take more memory than a small server has to spare.
const MAX_ROWS: usize = 300_000;
/// What the last row of a spreadsheet may be called, in lower case.
const TOTALS: [&str; 8] = ["total", "totals", "subtotal", "sub-total", "grand total", "sum", "kabuuan", "kabuoan"];

#[derive(Debug)]
pub(super) struct ParsedFile {
    pub products: Vec<FileProduct>,
    /// Rejected rows, and notices.
    pub problems: Vec<ImportProblem>,
    pub row_count: u64,
}

/// Parses the whole file.
///
/// # Errors
/// Why it is no list of products, or that a number in it can be read in two ways.
pub(super) fn parse(locale: Locale, currency: Currency, decimals: Option<DecimalMark>, bytes: &[u8]) -> Result<ParsedFile, ParseError> {
    let decoded = decode(locale, bytes).map_err(ParseError::NotAList)?;
    let (delimiter, columns, heading) = heading(&decoded.text).ok_or_else(|| ParseError::no_column(locale, "Handle"))?;
    let all = Records::new(&decoded.text, delimiter).skip(1).filter(|record| !is_empty(record));
    let records: Vec<Record<'_>> = all.take(MAX_ROWS + 1).collect();
    if records.len() > MAX_ROWS {
        return Err(ParseError::NotAList(
            t::IMPORT_TOO_MANY_ROWS.with(locale, &[("max", &locale.number(i64::try_from(MAX_ROWS).unwrap_or(i64::MAX)))]),
        ));
    }
    let file = ProductFile { columns, locale, currency, decimals, ambiguous: RefCell::default(), notices: RefCell::default() };
    if decoded.old_code_page {
        file.notices.borrow_mut().push(notice(heading, "", t::IMPORT_OLD_CODE_PAGE.text(locale)));
    }
    let mut parser = Parser::new(&file);
    parser.surplus_cells = surplus_cells(&records, file.columns.count());
    for record in &records {
        if let Err(problem) = parser.row(record, decoded.damaged) {
            parser.problems.push(problem);
        }
    }
    let Parser { mut products, mut problems, .. } = parser;
    if let Some((line, column, text)) = file.ambiguous.take() {
        return Err(ParseError::AmbiguousDecimalMark { line, column, text });
    }
    problems.extend(file.notices.take());
    products.iter_mut().for_each(FileProduct::finish);
    Ok(ParsedFile { products, problems, row_count: records.len() as u64 })
}

/// The delimiter with which the first row names the columns of a product list, these columns, and the row's line.
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

/// How many empty cells every row has beyond the heading, as some spreadsheets write them; 0 when rows differ.
fn surplus_cells(records: &[Record<'_>], columns: usize) -> usize {
    let surplus = |record: &Record<'_>| {
        let more = record.cells.get(columns..).unwrap_or_default();
        if more.iter().all(|cell| cell.is_empty()) { more.len() } else { 0 }
    };
    let mut counts = records.iter().filter(|record| !record.broken).map(surplus);
    let first = counts.next().unwrap_or_default();
    if counts.all(|count| count == first) { first } else { 0 }
}

/// What became of the first row of a handle.
enum FirstRow {
    /// Index of the product that it began.
    Accepted(usize),
    /// Line of the rejected row.
    Rejected(u64),
}

struct Parser<'a> {
    file: &'a ProductFile,
    surplus_cells: usize,
    products: Vec<FileProduct>,
    first_rows: HashMap<String, FirstRow>,
    /// Handles as the file writes them, by what they became.
    written_handles: HashMap<String, String>,
    /// Line on which each SKU stands.
    skus: HashMap<String, u64>,
    problems: Vec<ImportProblem>,
}

impl<'a> Parser<'a> {
    fn new(file: &'a ProductFile) -> Self {
        Self {
            file,
            surplus_cells: 0,
            products: Vec::new(),
            first_rows: HashMap::new(),
            written_handles: HashMap::new(),
            skus: HashMap::new(),
            problems: Vec::new(),
        }
    }

    /// # Errors
    /// Why the row is rejected.
    fn row(&mut self, record: &Record<'_>, damaged: bool) -> Result<(), ImportProblem> {
        let row = Row { file: self.file, record };
        if let Err(problem) = self.check_shape(record, damaged) {
            self.mark_incomplete(&row);
            return Err(problem);
        }
        let (handle, written) = self.handle(&row)?;
        let index = self.product_index(&row, &handle, &written)?;
        let Some(product) = self.products.get_mut(index) else { return Ok(()) };
        if product.texts.is_empty() && row.has(Column::Text(Locale::En, TextPart::Title)) {
            // In a file that was sorted anew the row with the title describes the product, wherever it stands.
            product.replace_head(product::product_head(&row, &handle, &written)?);
        }
        variant::add_product_image(&row, product);
        let added = variant::add_variant(&row, product, &mut self.skus);
        let lines = if added.is_ok() { &mut product.lines } else { &mut product.rejected_lines };
        lines.push(row.line());
        added
    }

    /// The row's handle, and as the file writes it; the title stands in for one that is missing.
    fn handle(&mut self, row: &Row<'_>) -> Result<(String, String), ImportProblem> {
        let typed = row.text(Column::Handle);
        let written = if typed.is_empty() { row.text(Column::Text(Locale::En, TextPart::Title)) } else { typed }.to_owned();
        if written.is_empty() {
            return Err(row.problem(Column::Handle, row.translate(t::IMPORT_HANDLE_MISSING)));
        }
        let label = written.trim_end_matches([':', ' ']).to_lowercase();
        if TOTALS.contains(&label.as_str()) && !row.has(Column::Sku) && !row.has(Column::Status) {
            return Err(row.problem(Column::Handle, row.translate(t::IMPORT_SUM)));
        }
        let handle = slug::handle(&written);
        if self.written_handles.entry(handle.clone()).or_insert_with(|| written.clone()) != &written {
            return Err(row.problem(Column::Handle, row.translate(t::FIELD_SLUG_TAKEN)));
        }
        Ok((handle, written))
    }

    /// The index of the handle's product, which is created by its first row.
    fn product_index(&mut self, row: &Row<'_>, handle: &str, written: &str) -> Result<usize, ImportProblem> {
        match self.first_rows.get(handle) {
            Some(FirstRow::Accepted(index)) => Ok(*index),
            Some(FirstRow::Rejected(line)) => {
                let line = [("line", &*line.to_string())];
                Err(row.problem(Column::Handle, t::IMPORT_FIRST_ROW_REFUSED.with(self.file.locale, &line)))
            }
            None => match product::product_head(row, handle, written) {
                Ok(product) => {
                    self.products.push(product);
                    let index = self.products.len() - 1;
                    self.first_rows.insert(handle.to_owned(), FirstRow::Accepted(index));
                    Ok(index)
                }
                Err(problem) => {
                    self.first_rows.insert(handle.to_owned(), FirstRow::Rejected(row.line()));
                    Err(problem)
                }
            },
        }
    }

    /// A product with a row that cannot be read must not be published. Where that row is the product's first, the others are rejected too,
    /// for they hold nothing about the product.
    fn mark_incomplete(&mut self, row: &Row<'_>) {
        let handle = slug::handle(row.text(Column::Handle));
        if !row.has(Column::Handle) {
            return;
        }
        match self.first_rows.get(&handle) {
            Some(FirstRow::Accepted(index)) => self.products[*index].rejected_lines.push(row.line()),
            Some(FirstRow::Rejected(_)) => {}
            None => drop(self.first_rows.insert(handle, FirstRow::Rejected(row.line()))),
        }
    }

    /// As many cells as columns, and all of them readable.
    fn check_shape(&self, record: &Record<'_>, damaged: bool) -> Result<(), ImportProblem> {
        let (locale, columns) = (self.file.locale, &self.file.columns);
        if record.broken {
            return Err(problem(record.line, "", t::IMPORT_QUOTES.text(locale)));
        }
        if record.cells.len() > columns.count() + self.surplus_cells {
            return Err(problem(record.line, "", t::IMPORT_ROW_TOO_LONG.text(locale)));
        }
        if record.cells.len() < columns.count() {
            return Err(problem(record.line, "", t::IMPORT_ROW_TOO_SHORT.text(locale)));
        }
        let unreadable = record.cells.iter().position(|cell| damaged && cell.contains(char::REPLACEMENT_CHARACTER));
        match unreadable {
            Some(position) => Err(problem(record.line, columns.name_at(position), t::IMPORT_ENCODING.text(locale))),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_text(file: &str) -> Result<ParsedFile, ParseError> {
        parse(Locale::En, Currency::PHP, None, file.as_bytes())
    }

    #[test]
    fn a_file_without_a_column_that_names_the_product_is_refused() {
        let parsed = parse_text("Title,Price\nA,1\n");
        assert!(matches!(parsed, Err(ParseError::NotAList(why)) if why.contains("Handle")));
    }

    #[test]
    fn columns_may_stand_between_semicolons_tabs_and_after_a_mark() {
        for file in ["Handle;Title;Price\ntee;Tee, blue;9.50\n", "sep=;\r\nHandle;Title;Price\r\ntee;Tee, blue;9.50\r\n"] {
            let parsed = parse_text(file).unwrap();
            assert_eq!((parsed.products[0].title(), parsed.products[0].variants[0].price), ("Tee, blue", Some(950)));
        }
        assert_eq!(parse_text("\u{feff}Handle\tPrice\ntee\t9\n").unwrap().products.len(), 1);
    }

    #[test]
    fn rows_longer_than_the_heading_are_accepted_only_when_all_have_the_same_length() {
        let lines = |file: &str| parse_text(file).unwrap().problems.iter().map(|p| p.line).collect::<Vec<_>>();
        assert_eq!(lines("Handle,Title,Price\na,A,1,,\nb,B,2,,\n"), [0_u64; 0]);
        assert_eq!(lines("Handle,Title,Price\na,A,1\nb,B, blue,\nc,C,3,\n"), [3, 4]);
        assert_eq!(lines("Handle,Title,Price\na,A\nb,B,2\n"), [2]);
    }
}
