//! The cells of one row, each read as what its column holds.
//!
//! A column that the file does not have says nothing, and neither does the end of a row that is too short: `None`. An empty cell of
//! a column that is there is an empty text.

use std::borrow::Cow;
use std::cell::RefCell;

use domain::barcode::{self, BarcodeError};
use domain::messages::{Msg, t};
use domain::number::{self, DecimalMark, NumberError};
use domain::text::is_blank;
use domain::view::ImportProblem;
use domain::{Currency, Locale};

use super::columns::{Column, Columns};
use super::text::Record;
use super::{notice, problem};
use crate::catalog::check::{DEAREST, HEAVIEST};
use crate::platform::csv::unguarded;

/// What holds for the whole file.
pub(super) struct Sheet {
    pub columns: Columns,
    pub locale: Locale,
    pub currency: Currency,
    /// Which sign stands before the decimals, where somebody said so.
    pub decimals: Option<DecimalMark>,
    /// The first number that can be read in two ways: its line, its column and itself.
    pub ambiguous: RefCell<Option<(u64, String, String)>>,
    /// Rows that are taken although something is odd about them.
    pub notices: RefCell<Vec<ImportProblem>>,
}

/// One row.
pub(super) struct Cells<'a> {
    pub sheet: &'a Sheet,
    pub record: &'a Record<'a>,
}

type Read<T> = Result<T, ImportProblem>;

impl Cells<'_> {
    pub fn line(&self) -> u64 {
        self.record.line
    }

    pub fn get(&self, column: Column) -> Option<&str> {
        let cell: &Cow<'_, str> = self.record.cells.get(self.sheet.columns.place(column)?)?;
        Some(unguarded(cell.trim()))
    }

    /// The cell, and an empty text for one that is not there.
    pub fn text(&self, column: Column) -> &str {
        self.get(column).filter(|text| !is_blank(text)).unwrap_or_default()
    }

    /// Is something written there?
    pub fn says(&self, column: Column) -> bool {
        !self.text(column).is_empty()
    }

    /// A number or a code. Spreadsheets keep its zeros with an apostrophe before it.
    fn digits(&self, column: Column) -> Option<&str> {
        self.get(column).map(|cell| cell.strip_prefix('\'').unwrap_or(cell))
    }

    pub fn wrong(&self, column: Column, reason: impl Into<String>) -> ImportProblem {
        problem(self.line(), self.sheet.columns.name(column), reason)
    }

    pub fn notice(&self, column: Column, reason: impl Into<String>) {
        self.sheet.notices.borrow_mut().push(notice(self.line(), self.sheet.columns.name(column), reason));
    }

    pub fn say(&self, message: Msg) -> &'static str {
        message.text(self.sheet.locale)
    }

    /// A text that is cut where it is too long, with a notice.
    pub fn cut(&self, column: Column, most: usize) -> Option<String> {
        let text = self.get(column)?;
        Some(self.cut_text(column, text, most))
    }

    pub fn cut_text(&self, column: Column, text: &str, most: usize) -> String {
        if text.chars().count() <= most {
            return text.to_owned();
        }
        self.notice(column, t::IMPORT_CUT.with(self.sheet.locale, &[("max", &most.to_string())]));
        text.chars().take(most).collect::<String>().trim_end().to_owned()
    }

    /// A text that must not be cut, for two that begin alike would become one.
    pub fn short(&self, column: Column, most: usize) -> Read<Option<String>> {
        match self.get(column) {
            Some(text) if text.chars().count() > most => {
                Err(self.wrong(column, t::FIELD_TOO_LONG.with(self.sheet.locale, &[("max", &most.to_string())])))
            }
            text => Ok(text.map(str::to_owned)),
        }
    }

    /// An amount of money; none for an empty cell.
    pub fn amount(&self, column: Column) -> Read<Option<i64>> {
        let amount = self.number(column, self.sheet.currency.exponent(), NumberError::of_amount)?;
        if amount.is_some_and(|minor| !(0..=DEAREST).contains(&minor)) {
            return Err(self.wrong(column, self.no_amount(self.text(column))));
        }
        Ok(amount)
    }

    /// What stands in a cell that is no amount, and how one is written in this file.
    fn no_amount(&self, text: &str) -> String {
        let message = if self.sheet.decimals == Some(DecimalMark::Comma) { t::IMPORT_AMOUNT_COMMA } else { t::IMPORT_AMOUNT };
        message.with(self.sheet.locale, &[("text", text)])
    }

    /// Grams; other shops write fractions of them, which are rounded.
    pub fn grams(&self, column: Column) -> Read<Option<i64>> {
        let millionths = self.number(column, 6, NumberError::of_decimal)?;
        self.within(column, millionths.map(|n| (n + n.signum() * 500_000) / 1_000_000), HEAVIEST)
    }

    /// Units that are there. Shops that sold more than they had write less than nothing.
    pub fn units(&self, column: Column, most: i64) -> Read<Option<i64>> {
        let units = self.whole(column)?;
        if units.is_some_and(|units| units < 0) {
            self.notice(column, self.say(t::IMPORT_LESS_THAN_NOTHING));
        }
        self.within(column, units.map(|units| units.max(0)), most)
    }

    pub fn whole(&self, column: Column) -> Read<Option<i64>> {
        self.number(column, 0, NumberError::of_whole)
    }

    fn within(&self, column: Column, number: Option<i64>, most: i64) -> Read<Option<i64>> {
        if number.is_some_and(|n| !(0..=most).contains(&n)) {
            let range = [("min", "0"), ("max", &*most.to_string())];
            return Err(self.wrong(column, t::FIELD_NUMBER_RANGE.with(self.sheet.locale, &range)));
        }
        Ok(number)
    }

    fn number(&self, column: Column, decimals: u8, told: fn(NumberError) -> Msg) -> Read<Option<i64>> {
        let Some(text) = self.digits(column).filter(|text| !text.is_empty()) else {
            return Ok(None);
        };
        let read = match self.sheet.decimals {
            Some(mark) => number::decimal_with(text, decimals, mark),
            None => number::decimal(text, decimals),
        };
        if read == Err(NumberError::Ambiguous) {
            let here = || (self.line(), self.sheet.columns.name(column), text.to_owned());
            self.sheet.ambiguous.borrow_mut().get_or_insert_with(here);
        }
        read.map(Some).map_err(|error| match told(error) {
            message if message == t::FIELD_AMOUNT_INVALID => self.wrong(column, self.no_amount(text)),
            message => self.wrong(column, self.say(message)),
        })
    }

    /// Yes or no; none for an empty cell.
    pub fn flag(&self, column: Column) -> Read<Option<bool>> {
        match self.text(column).to_lowercase().as_str() {
            "" => Ok(None),
            "true" | "yes" | "1" | "y" => Ok(Some(true)),
            "false" | "no" | "0" | "n" => Ok(Some(false)),
            _ => Err(self.wrong(column, self.say(t::IMPORT_YES_OR_NO))),
        }
    }

    /// A barcode. One whose check digit is wrong is kept as it is; what is none is left out. Each has a notice.
    pub fn barcode(&self, column: Column) -> Option<Option<String>> {
        let text = self.digits(column)?;
        let Err(error) = barcode::check(text) else {
            return Some(Some(text.to_owned()).filter(|text| !text.is_empty()));
        };
        if error == BarcodeError::CheckDigit {
            self.notice(column, self.say(t::IMPORT_BARCODE_KEPT));
            return Some(Some(text.to_owned()));
        }
        self.notice(column, t::IMPORT_BARCODE_LEFT_OUT.with(self.sheet.locale, &[("why", self.say(error.message()))]));
        None
    }
}
