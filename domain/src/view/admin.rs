//! What managers see.

use serde::{Deserialize, Serialize};

use super::{OrderRowView, PictureView, QueueCounts};
use crate::cart::Discount;
use crate::id::{CategoryId, JobId, LocationId, MovementId, OrderId, ProductId, TaxRateId, VariantId};
use crate::{Money, Timestamp};

/// What a shop lacks before anybody can buy from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// No delivery method is offered: nobody can check out.
    Delivery,
    /// No product is published.
    Goods,
    /// No tax rate for standard goods in the shop's country.
    Tax,
}

/// A day's figures.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TodayView {
    /// Orders placed today, shop's time; by card once the card is authorised.
    pub orders: i64,
    /// What they cost.
    pub sales: Money,
    /// Orders that wait for somebody.
    pub queues: QueueCounts,
    /// What somebody outside refused and nobody settled yet, the latest first, at most 50.
    pub refusals: Vec<super::RefusalView>,
    /// What the shop lacks before anybody can buy.
    pub missing: Vec<Missing>,
    /// Sales of each of the last 14 days, oldest first, minor units.
    pub last_days: Vec<(Timestamp, i64)>,
    /// The newest orders.
    pub latest: Vec<OrderRowView>,
    /// What is about to run out.
    pub low_stock: Vec<StockRowView>,
}

/// A product in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductRowView {
    /// The product.
    pub id: ProductId,
    pub name: String,
    /// `draft`, `published` or `archived`.
    pub status: String,
    /// Category's name.
    pub category: String,
    /// Main photograph.
    pub picture: Option<PictureView>,
    /// How many variants.
    pub variants: i64,
    /// Units available over all variants.
    pub available: i64,
    /// The lowest price.
    pub price_from: Money,
}

/// A page of products.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductListView {
    /// Up to 50.
    pub products: Vec<ProductRowView>,
    /// For the next page.
    pub next: Option<String>,
}

/// A category in the managers' list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryRowView {
    /// The category.
    pub id: CategoryId,
    pub name: String,
    /// Its address below `/c/`.
    pub slug: String,
    /// Its photograph.
    pub picture: Option<PictureView>,
    /// Is it in the shop's menu?
    pub published: bool,
    /// Products in it, whatever their state.
    pub products: i64,
}

/// Texts of a category in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CategoryTexts {
    /// `en` or `fil`.
    pub locale: String,
    /// Name, at most 80 characters.
    pub name: String,
    /// Address; made from the name when empty.
    pub slug: String,
    /// A sentence or two, at most 500 characters.
    pub blurb: String,
}

/// A category as it is edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryDraft {
    /// None for a new one.
    pub id: Option<CategoryId>,
    /// The version that was edited.
    pub version: i64,
    /// Its place in the shop's menu, from 0 to 9999; of equals, the older comes first.
    pub position: i64,
    /// Is it in the shop's menu?
    pub published: bool,
    /// By language.
    pub texts: Vec<CategoryTexts>,
}

/// A category with what stands around its form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CategoryEditView {
    /// The category.
    pub draft: CategoryDraft,
    /// Its photograph.
    pub picture: Option<PictureView>,
    /// Products in it, whatever their state.
    pub products: i64,
}

/// Texts of a product in one language.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductTexts {
    /// `en` or `fil`.
    pub locale: String,
    pub name: String,
    /// Address; made from the name when empty.
    pub slug: String,
    /// A sentence.
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    /// For search engines.
    pub seo_title: String,
    /// For search engines.
    pub seo_description: String,
}

/// An option of a product, as edited: name and values by language in the order of `Locale::ALL`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OptionDraft {
    /// Key, made from the English name when empty.
    pub key: String,
    /// Names by language.
    pub names: Vec<String>,
    /// Values: key and names by language.
    pub values: Vec<(String, Vec<String>)>,
}

/// A variant, as edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VariantDraft {
    /// None for a new one.
    pub id: Option<VariantId>,
    /// Stock keeping unit, unique.
    pub sku: String,
    /// The value key of each option.
    pub values: Vec<String>,
    /// Minor units.
    pub price: i64,
    /// Minor units.
    pub compare_at: Option<i64>,
    /// Minor units, what it costs the shop.
    pub cost: i64,
    /// Grams.
    pub weight_g: i64,
    /// GTIN or empty.
    pub barcode: String,
    /// Units to begin with; only for a new variant.
    pub stock: i64,
    /// Which of the product's pictures shows it.
    pub picture: Option<crate::id::PictureId>,
}

/// A product, as edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProductDraft {
    /// None for a new one.
    pub id: Option<ProductId>,
    /// The version that was edited; another one in the database is a conflict.
    pub version: i64,
    /// Stable key for imports; made from the English name when empty.
    pub handle: String,
    pub category: Option<CategoryId>,
    /// Maker.
    pub vendor: String,
    /// `standard`, `exempt`, `zero` or `none`.
    pub tax_class: String,
    /// Order on the home page, when featured.
    pub featured: Option<i64>,
    pub tags: Vec<String>,
    /// Texts by language.
    pub texts: Vec<ProductTexts>,
    /// Options, at most three.
    pub options: Vec<OptionDraft>,
    /// Variants, at least one.
    pub variants: Vec<VariantDraft>,
    /// Pictures in order.
    pub pictures: Vec<crate::id::PictureId>,
}

/// A product as the managers' page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProductAdminView {
    /// What can be edited.
    pub draft: ProductDraft,
    /// `draft`, `published` or `archived`.
    pub status: String,
    /// Photographs.
    pub pictures: Vec<PictureView>,
    /// Stock of each variant, in the order of the draft's variants.
    pub stock: Vec<StockRowView>,
}

/// Stock of one variant at one location.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockRowView {
    pub variant: VariantId,
    pub product: ProductId,
    /// Stock keeping unit.
    pub sku: String,
    /// Product and options.
    pub name: String,
    pub location: LocationId,
    pub location_name: String,
    /// In the house.
    pub on_hand: i64,
    /// Promised.
    pub reserved: i64,
    /// To sell.
    pub available: i64,
}

/// A page of stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StockListView {
    /// Up to 50, by SKU.
    pub rows: Vec<StockRowView>,
    /// For the next page.
    pub next: Option<String>,
}

/// A movement of stock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MovementView {
    /// The movement.
    pub id: MovementId,
    /// When.
    pub at: Timestamp,
    /// `received`, `shipped`, `returned` or `adjusted`.
    pub kind: String,
    /// Units, negative when they left.
    pub quantity: i64,
    /// Why.
    pub reason: String,
    /// For which order.
    pub order: Option<OrderId>,
}

/// A tax rate as it was, is or will be in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRateView {
    /// The rate.
    pub id: TaxRateId,
    /// Tax class of the goods.
    pub class: String,
    /// Country code.
    pub country: String,
    /// Basis points; 12 % is 1,200.
    pub rate_bp: i64,
    /// From when on.
    pub valid_from: Timestamp,
    /// Until when; none while nothing follows it.
    pub valid_to: Option<Timestamp>,
    /// The law or notice that says so.
    pub source: String,
}

/// A tax rate that is to come into force.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TaxRateDraft {
    /// `standard`, `zero`, `exempt` or `none`.
    pub class: String,
    /// Country code.
    pub country: String,
    /// Basis points, 0 to 10,000; 0 for every class but the standard one.
    pub rate_bp: i64,
    /// From when on; none for now.
    pub valid_from: Option<Timestamp>,
    /// The law or notice that says so.
    pub source: String,
}

/// A delivery method, as edited.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryMethodDraft {
    /// It is not there yet: a code that is taken is refused.
    pub is_new: bool,
    /// Its code: small letters, digits and hyphens.
    pub code: String,
    /// Its place among the others, the smallest first.
    pub position: i64,
    /// Names by language, in the order of `Locale::ALL`.
    pub names: Vec<String>,
    /// Descriptions by language.
    pub descriptions: Vec<String>,
    /// Minor units.
    pub fee: i64,
    /// Minor units for each begun kilogram beyond the first.
    pub per_kg_fee: i64,
    /// Goods worth this travel free.
    pub free_from: Option<i64>,
    /// Days until it arrives, at least.
    pub days_min: i64,
    /// Days until it arrives, at most.
    pub days_max: i64,
    /// Minutes after midnight by the shop's clock: what is ordered from then on counts as ordered on the next day. None for no such time.
    pub cutoff: Option<i64>,
    /// Where it goes: `PH`, `NCR`, `Luzon`, `Visayas`, `Mindanao`, a country code, or `*` for all other countries.
    pub regions: Vec<String>,
    /// Does whoever brings it take cash at the door?
    pub collects_cash: bool,
    /// Offered?
    pub active: bool,
}

/// A discount code, as edited.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountDraft {
    /// It is not there yet: a code that is taken is refused.
    pub is_new: bool,
    /// As shoppers type it: letters, digits and hyphens, at most 40; kept in capitals.
    pub code: String,
    /// What it takes off the goods.
    pub takes: Discount,
    /// Goods must be worth at least this, minor units.
    pub min_subtotal: i64,
    /// From when on; none for at once.
    pub valid_from: Option<Timestamp>,
    /// The moment at which it ends; none for never.
    pub valid_to: Option<Timestamp>,
    /// Orders it can be used for; none for any number.
    pub most_uses: Option<i64>,
    /// Can it be used?
    pub active: bool,
}

/// A discount code with its orders counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountRowView {
    /// The code.
    pub draft: DiscountDraft,
    /// Orders that used it.
    pub uses: i64,
}

/// A page of discount codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountListView {
    /// Up to 50, the newest first.
    pub codes: Vec<DiscountRowView>,
    /// For the next page.
    pub next: Option<String>,
}

/// Timed work that was given up after many tries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadJobView {
    /// The job.
    pub id: JobId,
    /// What it is, `payment.refund`.
    pub kind: String,
    /// What it is about: ids, as JSON.
    pub about: String,
    /// Why the last try failed.
    pub why: String,
    /// When it was put on the table.
    pub since: Timestamp,
}

/// The shop's face and rules.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShopSettings {
    pub name: String,
    /// Currency code.
    pub currency: String,
    /// Logo picture.
    pub logo: Option<crate::id::PictureId>,
    /// Primary colour as `#rrggbb`; empty for the theme's own.
    pub primary: String,
    /// Accent colour as `#rrggbb`; empty for the theme's own.
    pub accent: String,
    /// Country the shop is in.
    pub country: String,
    /// Where customers write to.
    pub contact_email: String,
    /// Below this a variant is about to run out.
    pub low_stock: i64,
    /// What shoppers may order.
    pub limits: OrderLimits,
}

/// What shoppers may order, and how far one is trusted who has not paid. Staff and keys of the API are not bound by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct OrderLimits {
    /// Is cash on delivery taken at all?
    pub cash: bool,
    /// The greatest total of a cash order, minor units; 0 for any.
    pub cash_total: i64,
    /// Cash orders that may be open for one e-mail, telephone number or address; 0 for any number.
    pub cash_per_person: i64,
    /// Cash orders that may be open from one network address, which many shoppers may share; 0 for any number.
    pub cash_per_client: i64,
    /// Unpaid card orders that may be open for one e-mail, telephone number or address; 0 for any number.
    pub card_per_person: i64,
    /// Unpaid card orders that may be open from one network address; 0 for any number.
    pub card_per_client: i64,
    /// Days after which a cash order that nobody began to send is cancelled; 0 for never.
    pub cash_days: i64,
    /// Units of one article in an order; 0 for any number.
    pub line_units: i64,
    /// Articles in an order; 0 for as many as a cart holds.
    pub lines: i64,
}

impl Default for OrderLimits {
    fn default() -> Self {
        Self {
            cash: true,
            cash_total: 2_000_000,
            cash_per_person: 5,
            cash_per_client: 20,
            card_per_person: 5,
            card_per_client: 10,
            cash_days: 14,
            line_units: 100,
            lines: 50,
        }
    }
}

impl OrderLimits {
    /// No limit at all.
    pub const NONE: Self = Self {
        cash: true,
        cash_total: 0,
        cash_per_person: 0,
        cash_per_client: 0,
        card_per_person: 0,
        card_per_client: 0,
        cash_days: 0,
        line_units: 0,
        lines: 0,
    };

    /// Is cash taken for this total, minor units?
    #[must_use]
    pub const fn takes_cash(&self, total: i64) -> bool {
        self.cash && (self.cash_total <= 0 || total <= self.cash_total)
    }
}

impl Default for ShopSettings {
    fn default() -> Self {
        Self {
            name: "Tindahan".into(),
            currency: "PHP".into(),
            logo: None,
            primary: String::new(),
            accent: String::new(),
            country: "PH".into(),
            contact_email: String::new(),
            low_stock: 5,
            limits: OrderLimits::default(),
        }
    }
}

/// A bad row of an import.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportProblem {
    /// Line in the file, from 1.
    pub line: u64,
    /// The column's name.
    pub column: String,
    /// What is wrong.
    pub reason: String,
    /// The row is taken all the same.
    pub taken: bool,
}

/// A product that an import makes or changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportedProduct {
    /// Where it begins in the file.
    pub line: u64,
    /// Its key.
    pub handle: String,
    /// Its name.
    pub title: String,
    /// Is it new?
    pub created: bool,
    /// What changes of one that was there, in the reader's words.
    pub changes: Vec<String>,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportReport {
    /// Rows read.
    pub rows: u64,
    /// New products.
    pub created: u64,
    /// Changed products.
    pub updated: u64,
    /// Products that were already so.
    pub unchanged: u64,
    /// Rows that are not taken.
    pub left_out: u64,
    /// Pictures that are fetched.
    pub pictures: u64,
    /// Nothing was written: this is what would be done.
    pub preview: bool,
    /// The first products that are made or changed.
    pub products: Vec<ImportedProduct>,
    /// Rows that are not taken, and what is odd about others.
    pub problems: Vec<ImportProblem>,
    /// How many more of them there are.
    pub more_problems: u64,
}

/// One check of the audit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditCheck {
    /// What is checked.
    pub name: String,
    /// How many rows were looked at.
    pub count: i64,
    /// What is wrong, a line each.
    pub failures: Vec<String>,
}
