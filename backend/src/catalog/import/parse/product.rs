//! The fields of a row about its product, apart from variants and pictures.

use domain::messages::t;
use domain::view::ImportProblem;
use domain::{Locale, slug};

use crate::catalog::check::{MAX_FEATURED, MAX_OPTIONS, TAX_CLASSES, tidy_tags};
use crate::catalog::facts::{MAX_VALUE, of_cell};
use crate::catalog::import::columns::{Column, TextPart, others};
use crate::catalog::import::html::plain;
use crate::catalog::import::model::{FileFacts, FileProduct, FileTax, FileTexts, LocalizedName};
use crate::catalog::import::row::Row;

const MAX_BODY_CHARS: usize = 20_000;

/// The fields of a row about the product itself: of the first row, or the one with the title. Only in these an empty cell means an
/// empty text; other rows describe variants and pictures.
pub(super) fn product_head(row: &Row<'_>, handle: &str, written: &str) -> Result<FileProduct, ImportProblem> {
    let published = row.flag(Column::Published)?;
    let status = match (row.text(Column::Status).to_lowercase().as_str(), published) {
        ("archived", _) => Some("archived"),
        ("draft" | "unlisted", _) | ("active" | "", Some(false)) => Some("draft"),
        ("active", _) | ("", Some(true)) => Some("published"),
        ("", None) => None,
        _ => return Err(row.problem(Column::Status, row.translate(t::IMPORT_STATUS_UNKNOWN))),
    };
    let gift_card = row.flag(Column::GiftCard)? == Some(true);
    let featured = match row.get(Column::Featured) {
        None => None,
        Some("") => row.has(Column::Text(Locale::En, TextPart::Title)).then_some(None),
        Some(_) => Some(row.units(Column::Featured, MAX_FEATURED)?),
    };
    let leaf = row.text(Column::Category).rsplit('>').next().unwrap_or_default().trim();
    let categories = [row.shortened(Column::Type, 100).unwrap_or_default(), row.shorten(Column::Category, leaf, 100)];
    let has_title = row.has(Column::Text(Locale::En, TextPart::Title));
    let is_set = |text: &String| has_title || !text.is_empty();
    let tags = row.get(Column::Tags).filter(|tags| has_title || !tags.is_empty()).map(|tags| {
        let mut tags = tidy_tags([tags]);
        let all = tags.len();
        tags.retain(|tag| tag.chars().count() <= 60);
        tags.truncate(50);
        if tags.len() < all {
            row.notice(Column::Tags, row.translate(t::IMPORT_TAGS));
        }
        tags.sort_unstable();
        tags
    });
    Ok(FileProduct {
        line: row.line(),
        handle: handle.to_owned(),
        written_handle: written.to_owned(),
        texts: if has_title { Locale::ALL.into_iter().map(|locale| (locale.code(), texts(row, locale))).collect() } else { Vec::new() },
        vendor: row.shortened(Column::Vendor, 200).filter(is_set),
        categories: categories.into_iter().filter(|name| !name.is_empty()).collect(),
        tags,
        status,
        tax: tax(row, gift_card)?,
        gift_card,
        featured,
        options: options(row)?,
        product_type: row.get(Column::ProductType).map(type_handle).filter(is_set),
        facts: facts(row, has_title)?,
        ..FileProduct::default()
    })
}

fn texts(row: &Row<'_>, locale: Locale) -> FileTexts {
    let of = |part| Column::Text(locale, part);
    let body = row.get(of(TextPart::Body)).map(|html| row.shorten(of(TextPart::Body), &plain(html), MAX_BODY_CHARS));
    let shortened = |part, max| row.shortened(of(part), max);
    FileTexts {
        title: shortened(TextPart::Title, 200).filter(|title| !title.is_empty()),
        slug: shortened(TextPart::Slug, 80).filter(|slug| slug::is_slug(slug)),
        summary: shortened(TextPart::Summary, 500),
        body,
        seo_title: shortened(TextPart::SeoTitle, 200),
        seo_description: shortened(TextPart::SeoDescription, 500),
    }
}

/// The handle that a cell names; never empty where the cell is not.
fn type_handle(cell: &str) -> String {
    let handle = slug::slug(cell);
    if handle.is_empty() && !cell.is_empty() { slug::key_apart(cell) } else { handle }
}

/// By language code, of the languages that the file has a column for. One key stands once, and a value that is too long is shortened.
fn facts(row: &Row<'_>, has_title: bool) -> Result<FileFacts, ImportProblem> {
    let mut facts = Vec::new();
    for locale in Locale::ALL {
        let column = Column::Facts(locale);
        let Some(cell) = row.get(column).filter(|cell| has_title || !cell.is_empty()) else { continue };
        let stated = of_cell(cell).map_err(|line| row.problem(column, t::IMPORT_FACT_LINE.with(row.file.locale, &[("line", &line)])))?;
        let mut of_language: Vec<(String, String)> = Vec::with_capacity(stated.len());
        for (key, value) in stated {
            if of_language.iter().any(|(known, _)| *known == key) {
                return Err(row.problem(column, row.translate(t::FIELD_DUPLICATE)));
            }
            of_language.push((key, row.shorten(column, &value, MAX_VALUE)));
        }
        facts.push((locale.code(), of_language));
    }
    Ok(facts)
}

fn tax(row: &Row<'_>, gift_card: bool) -> Result<Option<FileTax>, ImportProblem> {
    let class = row.text(Column::TaxClass);
    let charged = row.flag(Column::Taxable)?;
    Ok(if TAX_CLASSES.contains(&class) {
        Some(FileTax::Class(class.to_owned()))
    } else if !class.is_empty() {
        return Err(row.problem(Column::TaxClass, row.translate(t::FIELD_CHOOSE)));
    } else if gift_card {
        Some(FileTax::Class("none".to_owned()))
    } else {
        charged.map(|charged| if charged { FileTax::Taxed } else { FileTax::Class("exempt".to_owned()) })
    })
}

fn options(row: &Row<'_>) -> Result<Option<Vec<LocalizedName>>, ImportProblem> {
    let mut options = Vec::new();
    for n in 0..MAX_OPTIONS {
        let option = localized_name(row, |locale| Column::OptionName(n, locale))?;
        if option.name.is_empty() {
            break;
        }
        options.push(option);
    }
    if options.is_empty() {
        return Ok(None);
    }
    if options.len() == 1 && row.text(Column::OptionValue(0, Locale::En)).eq_ignore_ascii_case("default title") {
        options.clear();
    }
    Ok(Some(options))
}

pub(super) fn localized_name(row: &Row<'_>, column: impl Fn(Locale) -> Column) -> Result<LocalizedName, ImportProblem> {
    let mut translations = Vec::new();
    for locale in others() {
        if let Some(name) = row.at_most(column(locale), 100)?.filter(|name| !name.is_empty()) {
            translations.push((locale.code(), name));
        }
    }
    Ok(LocalizedName { name: row.at_most(column(Locale::En), 100)?.unwrap_or_default(), others: translations })
}
