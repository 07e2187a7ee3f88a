//! The columns of both generations.

/// A column that is read. Its names: the older export's, then the newer one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Column {
    Handle,
    Title,
    Body,
    Vendor,
    Category,
    Type,
    Tags,
    Published,
    Status,
    OptionName(usize),
    OptionValue(usize),
    Sku,
    Grams,
    Quantity,
    Price,
    CompareAt,
    Cost,
    Taxable,
    Barcode,
    Image,
    ImagePosition,
    ImageAlt,
    VariantImage,
    GiftCard,
    SeoTitle,
    SeoDescription,
}

const NAMES: &[(Column, &[&str])] = &[
    (Column::Handle, &["handle", "url handle"]),
    (Column::Title, &["title"]),
    (Column::Body, &["body (html)", "body html", "description"]),
    (Column::Vendor, &["vendor"]),
    (Column::Category, &["product category", "standardized product type", "standard product type"]),
    (Column::Type, &["type", "custom product type"]),
    (Column::Tags, &["tags"]),
    (Column::Published, &["published", "published on online store"]),
    (Column::Status, &["status"]),
    (Column::OptionName(0), &["option1 name"]),
    (Column::OptionValue(0), &["option1 value"]),
    (Column::OptionName(1), &["option2 name"]),
    (Column::OptionValue(1), &["option2 value"]),
    (Column::OptionName(2), &["option3 name"]),
    (Column::OptionValue(2), &["option3 value"]),
    (Column::Sku, &["variant sku", "sku"]),
    (Column::Grams, &["variant grams", "weight value (grams)"]),
    (Column::Quantity, &["variant inventory qty", "inventory quantity"]),
    (Column::Price, &["variant price", "price"]),
    (Column::CompareAt, &["variant compare at price", "compare-at price", "compare at price"]),
    (Column::Cost, &["cost per item"]),
    (Column::Taxable, &["variant taxable", "charge tax"]),
    (Column::Barcode, &["variant barcode", "barcode"]),
    (Column::Image, &["image src", "product image url"]),
    (Column::ImagePosition, &["image position"]),
    (Column::ImageAlt, &["image alt text"]),
    (Column::VariantImage, &["variant image", "variant image url"]),
    (Column::GiftCard, &["gift card"]),
    (Column::SeoTitle, &["seo title"]),
    (Column::SeoDescription, &["seo description"]),
];

/// Where each column of a file stands, and what it is called there.
pub(super) struct Columns {
    places: Vec<(Column, usize)>,
    names: Vec<String>,
}

impl Columns {
    /// Reads the heading.
    ///
    /// # Errors
    /// The name of a column that is missing.
    pub(super) fn read(heading: &csv::ByteRecord) -> Result<Self, &'static str> {
        let names: Vec<String> =
            heading.iter().map(|cell| String::from_utf8_lossy(cell).trim_start_matches('\u{feff}').trim().to_owned()).collect();
        let mut places: Vec<(Column, usize)> = Vec::new();
        for (place, name) in names.iter().enumerate() {
            let small = name.to_lowercase();
            let column = NAMES.iter().find(|(_, known)| known.contains(&small.as_str())).map(|(column, _)| *column);
            if let Some(column) = column.filter(|c| places.iter().all(|(known, _)| known != c)) {
                places.push((column, place));
            }
        }
        let columns = Self { places, names };
        for (column, name) in [(Column::Handle, "Handle"), (Column::Title, "Title"), (Column::Price, "Price")] {
            if columns.place(column).is_none() {
                return Err(name);
            }
        }
        Ok(columns)
    }

    pub(super) fn place(&self, column: Column) -> Option<usize> {
        self.places.iter().find(|(known, _)| *known == column).map(|(_, place)| *place)
    }

    /// As the file calls it.
    pub(super) fn name(&self, column: Column) -> &str {
        self.place(column).and_then(|place| self.names.get(place)).map_or("", String::as_str)
    }

    /// By place, also those that are not read.
    pub(super) fn name_at(&self, place: usize) -> &str {
        self.names.get(place).map_or("", String::as_str)
    }

    pub(super) fn count(&self) -> usize {
        self.names.len()
    }
}
