//! One row of a product file, whose cells are read as amounts, flags, texts and so on.
//!
//! `None` means that the file has no such column or that the row is too short. An empty cell of a column that is there is an empty text.

use std::borrow::Cow;
use std::cell::RefCell;

use domain::barcode::{self, BarcodeError};
use domain::messages::{Msg, t};
use domain::number_input::{self, DecimalMark, NumberError};
use domain::text::is_blank;
use domain::view::ImportProblem;
use domain::{Currency, Locale, Money};
use platform::csv::unguarded;

use super::columns::{Column, Columns};
use super::csv::Record;
use super::{notice, problem};
use crate::catalog::check::{MAX_PRICE, MAX_WEIGHT_G};

/// A file that is being read: how, and what was odd so far.
pub(super) struct ProductFile {
    pub columns: Columns,
    pub locale: Locale,
    pub currency: Currency,
    /// The decimal sign, where it was given with the import.
    pub decimals: Option<DecimalMark>,
    /// The first number that can be read in two ways: line, column and text.
    pub ambiguous: RefCell<Option<(u64, String, String)>>,
    /// Of rows that are accepted although something is odd about them.
    pub notices: RefCell<Vec<ImportProblem>>,
}

pub(super) struct Row<'a> {
    pub file: &'a ProductFile,
    pub record: &'a Record<'a>,
}

type Parsed<T> = Result<T, ImportProblem>;

impl Row<'_> {
    pub fn line(&self) -> u64 {
        self.record.line
    }

    pub fn get(&self, column: Column) -> Option<&str> {
        let cell: &Cow<'_, str> = self.record.cells.get(self.file.columns.position(column)?)?;
        Some(unguarded(cell.trim()))
    }

    /// The cell, or an empty text where there is none.
    pub fn text(&self, column: Column) -> &str {
        self.get(column).filter(|text| !is_blank(text)).unwrap_or_default()
    }

    pub fn has(&self, column: Column) -> bool {
        !self.text(column).is_empty()
    }

    /// A number or a code, without the apostrophe that spreadsheets write to keep leading zeros.
    fn digits(&self, column: Column) -> Option<&str> {
        self.get(column).map(|cell| cell.strip_prefix('\'').unwrap_or(cell))
    }

    pub fn problem(&self, column: Column, reason: impl Into<String>) -> ImportProblem {
        problem(self.line(), self.file.columns.name(column), reason)
    }

    pub fn notice(&self, column: Column, reason: impl Into<String>) {
        self.file.notices.borrow_mut().push(notice(self.line(), self.file.columns.name(column), reason));
    }

    pub fn translate(&self, message: Msg) -> &'static str {
        message.text(self.file.locale)
    }

    /// A text that is shortened where it is too long, with a notice.
    pub fn shortened(&self, column: Column, max: usize) -> Option<String> {
        let text = self.get(column)?;
        Some(self.shorten(column, text, max))
    }

    pub fn shorten(&self, column: Column, text: &str, max: usize) -> String {
        if text.chars().count() <= max {
            return text.to_owned();
        }
        self.notice(column, t::IMPORT_CUT.with(self.file.locale, &[("max", &max.to_string())]));
        text.chars().take(max).collect::<String>().trim_end().to_owned()
    }

    /// A text that must not be shortened, for two that begin alike would become one.
    pub fn at_most(&self, column: Column, max: usize) -> Parsed<Option<String>> {
        match self.get(column) {
            Some(text) if text.chars().count() > max => {
                Err(self.problem(column, t::FIELD_TOO_LONG.with(self.file.locale, &[("max", &max.to_string())])))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// In minor units; none for an empty cell.
    pub fn amount(&self, column: Column) -> Parsed<Option<i64>> {
        let amount = self.number(column, self.file.currency.exponent(), NumberError::of_amount)?;
        if amount.is_some_and(|minor| !(0..=MAX_PRICE).contains(&minor)) {
            let money = |minor| self.file.locale.money(Money::new(minor, self.file.currency));
            let range = [("min", &*money(0)), ("max", &*money(MAX_PRICE))];
            return Err(self.problem(column, t::FIELD_AMOUNT_RANGE.with(self.file.locale, &range)));
        }
        Ok(amount)
    }

    /// Says how amounts are written in this file.
    fn no_amount(&self, text: &str) -> String {
        let message = if self.file.decimals == Some(DecimalMark::Comma) { t::IMPORT_AMOUNT_COMMA } else { t::IMPORT_AMOUNT };
        message.with(self.file.locale, &[("text", text)])
    }

    /// Rounded, for other shops write fractions of grams.
    pub fn grams(&self, column: Column) -> Parsed<Option<i64>> {
        let millionths = self.number(column, 6, NumberError::of_decimal)?;
        self.within(column, millionths.map(|n| (n + n.signum() * 500_000) / 1_000_000), MAX_WEIGHT_G)
    }

    /// Units in stock. Shops that sold more than they had write a negative number, which is taken as 0 with a notice.
    pub fn units(&self, column: Column, max: i64) -> Parsed<Option<i64>> {
        let units = self.whole(column)?;
        if units.is_some_and(|units| units < 0) {
            self.notice(column, self.translate(t::IMPORT_LESS_THAN_NOTHING));
        }
        self.within(column, units.map(|units| units.max(0)), max)
    }

    pub fn whole(&self, column: Column) -> Parsed<Option<i64>> {
        self.number(column, 0, NumberError::of_whole)
    }

    fn within(&self, column: Column, number: Option<i64>, max: i64) -> Parsed<Option<i64>> {
        if number.is_some_and(|n| !(0..=max).contains(&n)) {
            let range = [("min", "0"), ("max", &*self.file.locale.number(max))];
            return Err(self.problem(column, t::FIELD_NUMBER_RANGE.with(self.file.locale, &range)));
        }
        Ok(number)
    }

    fn number(&self, column: Column, decimals: u8, message_of: fn(NumberError) -> Msg) -> Parsed<Option<i64>> {
        let Some(text) = self.digits(column).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let parsed = match self.file.decimals {
            Some(mark) => number_input::decimal_with(text, decimals, mark),
            None => number_input::decimal(text, decimals),
        };
        if parsed == Err(NumberError::Ambiguous) {
            let first = || (self.line(), self.file.columns.name(column), text.to_owned());
            self.file.ambiguous.borrow_mut().get_or_insert_with(first);
        }
        parsed.map(Some).map_err(|error| match message_of(error) {
            message if message == t::FIELD_AMOUNT_INVALID => self.problem(column, self.no_amount(text)),
            message => self.problem(column, self.translate(message)),
        })
    }

    /// None for an empty cell.
    pub fn flag(&self, column: Column) -> Parsed<Option<bool>> {
        match self.text(column).to_lowercase().as_str() {
            "" => Ok(None),
            "true" | "yes" | "1" | "y" => Ok(Some(true)),
            "false" | "no" | "0" | "n" => Ok(Some(false)),
            _ => Err(self.problem(column, self.translate(t::IMPORT_YES_OR_NO))),
        }
    }

    /// A code with a wrong check digit is kept, another text is left out, each with a notice.
    pub fn barcode(&self, column: Column) -> Option<Option<String>> {
        let text = self.digits(column)?;
        let Err(error) = barcode::check(text) else {
            return Some(Some(text.to_owned()).filter(|text| !text.is_empty()));
        };
        if error == BarcodeError::CheckDigit {
            self.notice(column, self.translate(t::IMPORT_BARCODE_KEPT));
            return Some(Some(text.to_owned()));
        }
        self.notice(column, t::IMPORT_BARCODE_LEFT_OUT.with(self.file.locale, &[("why", self.translate(error.message()))]));
        None
    }
}
