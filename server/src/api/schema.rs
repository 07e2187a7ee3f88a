//! What the API says and takes, apart from what the pages are given, so that a page may change and the API does not.
//!
//! Amounts are minor units (centavos) beside a currency; times are milliseconds since 1970 UTC; texts are in the caller's
//! language. Fields are added, never taken away.

use domain::id::{CartId, VariantId};
use domain::order::PaymentMethod;
use domain::view::{self, CartNotice, DiscountRefusal};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

/// An amount of money.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Money {
    /// Minor units: centavos for pesos, yen for yen.
    #[schema(example = 24500)]
    pub minor: i64,
    /// ISO 4217 code.
    #[schema(pattern = "^[A-Z]{3}$", example = "PHP")]
    pub currency: String,
    /// The same in major units, for people.
    #[schema(example = "245.00")]
    pub decimal: String,
}

impl From<domain::Money> for Money {
    fn from(money: domain::Money) -> Self {
        Self { minor: money.minor, currency: money.currency.code().to_owned(), decimal: money.decimal() }
    }
}

/// A photograph.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Picture {
    /// The picture.
    #[schema(example = "pic_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub id: String,
    /// What it shows.
    pub alt: String,
    /// Pixels of the largest form.
    pub width: u32,
    /// Pixels of the largest form.
    pub height: u32,
    /// The address of a form 640 pixels wide; 160, 320, 480, 960 and 1280 are beside it, and each as `avif`.
    pub href: String,
}

impl From<view::PictureView> for Picture {
    fn from(picture: view::PictureView) -> Self {
        let href = format!("/pictures/{}/640.webp", picture.id);
        Self { id: picture.id.to_string(), alt: picture.alt, width: picture.width, height: picture.height, href }
    }
}

/// A category.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Category {
    /// For `category` of the list of products.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// A sentence about it.
    pub blurb: String,
    /// Its tile.
    pub picture: Option<Picture>,
}

impl From<view::CategoryView> for Category {
    fn from(category: view::CategoryView) -> Self {
        Self { slug: category.slug, name: category.name, blurb: category.blurb, picture: category.picture.map(Into::into) }
    }
}

/// All categories.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Categories {
    /// In the shop's order.
    pub categories: Vec<Category>,
}

/// A product in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductCard {
    /// The product.
    pub id: String,
    /// For its address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// Main photograph.
    pub picture: Option<Picture>,
    /// The lowest price of its variants.
    pub price_from: Money,
    /// Do variants differ in price?
    pub price_varies: bool,
    /// A former price above `price_from`.
    pub compare_at: Option<Money>,
    /// Can any variant be bought now?
    pub in_stock: bool,
    /// The only variant, when there is just one.
    pub only_variant: Option<String>,
}

impl From<view::ProductCardView> for ProductCard {
    fn from(card: view::ProductCardView) -> Self {
        Self {
            id: card.id.to_string(),
            slug: card.slug,
            name: card.name,
            vendor: card.vendor,
            picture: card.picture.map(Into::into),
            price_from: card.price_from.into(),
            price_varies: card.price_varies,
            compare_at: card.compare_at.map(Into::into),
            in_stock: card.in_stock,
            only_variant: card.only_variant.map(|id| id.to_string()),
        }
    }
}

/// A value that a list can be filtered by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FacetValue {
    /// For the parameter `option`.
    #[schema(example = "size:large")]
    pub key: String,
    /// Its name.
    pub name: String,
    /// How many products have it.
    pub count: i64,
}

/// An option that a list can be filtered by.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Facet {
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<FacetValue>,
}

/// A page of products.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Products {
    /// Up to 24.
    pub products: Vec<ProductCard>,
    /// What can be filtered by.
    pub facets: Vec<Facet>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::ListingView> for Products {
    fn from(list: view::ListingView) -> Self {
        let value = |value: view::FacetValue| FacetValue { key: value.key, name: value.name, count: value.count };
        let facet = |facet: view::Facet| Facet { name: facet.name, values: facet.values.into_iter().map(value).collect() };
        Self {
            products: list.products.into_iter().map(Into::into).collect(),
            facets: list.facets.into_iter().map(facet).collect(),
            next: list.next,
        }
    }
}

/// What a search found.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Found {
    /// Best first.
    pub products: Vec<ProductCard>,
    /// Was a typo forgiven?
    pub corrected: bool,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::SearchView> for Found {
    fn from(found: view::SearchView) -> Self {
        Self { products: found.products.into_iter().map(Into::into).collect(), corrected: found.corrected, next: found.next }
    }
}

/// A choice of an option.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OptionValue {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
}

/// An option, such as size.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductOption {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// Its values.
    pub values: Vec<OptionValue>,
}

/// What is sold and stocked: a product in one size and colour.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Variant {
    /// For lines of a cart.
    #[schema(example = "var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub id: String,
    /// Stock keeping unit.
    pub sku: String,
    /// The value key of each option, in the order of the options.
    pub values: Vec<String>,
    /// Price, tax included.
    pub price: Money,
    /// A former, higher price.
    pub compare_at: Option<Money>,
    /// Units that can be bought, at most 10.
    pub available: i64,
    /// Grams.
    pub weight_g: i64,
    /// GTIN.
    pub barcode: Option<String>,
}

/// A product.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Product {
    /// The product.
    pub id: String,
    /// For its address.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Who makes it.
    pub vendor: String,
    /// A sentence.
    pub summary: String,
    /// Paragraphs, separated by an empty line.
    pub description: String,
    /// The category's slug.
    pub category: Option<String>,
    /// Photographs, the main one first.
    pub pictures: Vec<Picture>,
    /// Options, at most three.
    pub options: Vec<ProductOption>,
    /// Variants, in order.
    pub variants: Vec<Variant>,
    /// Tags.
    pub tags: Vec<String>,
    /// The tax inside the price, basis points (12 % is 1,200).
    pub tax_rate_bp: i64,
}

impl From<view::ProductView> for Product {
    fn from(product: view::ProductView) -> Self {
        let value = |value: view::OptionValueView| OptionValue { key: value.key, name: value.name };
        let option = |option: view::OptionView| ProductOption {
            key: option.key,
            name: option.name,
            values: option.values.into_iter().map(value).collect(),
        };
        let variant = |variant: view::VariantView| Variant {
            id: variant.id.to_string(),
            sku: variant.sku,
            values: variant.values,
            price: variant.price.into(),
            compare_at: variant.compare_at.map(Into::into),
            available: variant.available,
            weight_g: variant.weight_g,
            barcode: variant.barcode,
        };
        Self {
            id: product.id.to_string(),
            slug: product.slug,
            name: product.name,
            vendor: product.vendor,
            summary: product.summary,
            description: product.description,
            category: product.category.map(|category| category.slug),
            pictures: product.pictures.into_iter().map(Into::into).collect(),
            options: product.options.into_iter().map(option).collect(),
            variants: product.variants.into_iter().map(variant).collect(),
            tags: product.tags,
            tax_rate_bp: product.tax_rate_bp,
        }
    }
}

/// A line, as it is sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLine {
    /// A variant's id.
    #[schema(pattern = "^var_[0-9a-f]{32}$", example = "var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9")]
    pub variant: String,
    /// How many.
    #[serde(deserialize_with = "whole")]
    #[schema(minimum = 1, maximum = 9999, example = 2)]
    pub quantity: i64,
}

/// A whole number, also when it is written `2.0` as some programs do: JSON knows one kind of number.
fn whole<'de, D: Deserializer<'de>>(json: D) -> Result<i64, D::Error> {
    let number = serde_json::Number::deserialize(json)?;
    // Exact up to 2^53, far beyond what is taken.
    let float = |n: f64| (n.fract() == 0.0 && n.abs() < 9_007_199_254_740_992.0).then_some(n as i64);
    number.as_i64().or_else(|| number.as_f64().and_then(float)).ok_or_else(|| D::Error::custom("a whole number is wanted"))
}

/// The same, or nothing.
fn whole_or_none<'de, D: Deserializer<'de>>(json: D) -> Result<Option<i64>, D::Error> {
    #[derive(Deserialize)]
    struct Whole(#[serde(deserialize_with = "whole")] i64);
    Ok(Option::<Whole>::deserialize(json)?.map(|whole| whole.0))
}

/// What a cart is to hold.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCart {
    /// Lines; the same variant twice is added up.
    #[serde(default)]
    #[schema(max_items = 200)]
    pub lines: Vec<NewLine>,
    /// A discount code.
    #[serde(default)]
    #[schema(max_length = 64, example = "WELCOME10")]
    pub discount_code: Option<String>,
}

/// The lines that a cart is to hold instead of those it holds.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLines {
    /// Lines; the same variant twice is added up; none empties the cart.
    #[schema(max_items = 200)]
    pub lines: Vec<NewLine>,
}

/// The discount code that a cart is to have.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDiscount {
    /// The code.
    #[schema(min_length = 1, max_length = 64, example = "WELCOME10")]
    pub code: String,
}

/// A line of a cart.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CartLine {
    /// What.
    pub variant: String,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: String,
    /// Chosen options; empty without options.
    pub options: String,
    /// The product's slug.
    pub slug: String,
    /// Units.
    pub quantity: i64,
    /// Price of one.
    pub unit_price: Money,
    /// Units times price, before discount.
    pub total: Money,
    /// The most that can be bought now, at most 10 more than asked.
    pub available: i64,
}

/// What changed in a cart since it was last read.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Notice {
    /// `price_changed`, `quantity_cut`, `sold_out`, `gone` or `discount_refused`.
    pub kind: String,
    /// The same in words.
    pub message: String,
}

impl From<CartNotice> for Notice {
    fn from(notice: CartNotice) -> Self {
        let (kind, message) = match notice {
            CartNotice::PriceChanged { name, from, to } => ("price_changed", format!("{name}: {to} instead of {from}.")),
            CartNotice::QuantityCut { name, from, to } => ("quantity_cut", format!("{name}: only {to} of {from} are left.")),
            CartNotice::SoldOut { name } => ("sold_out", format!("{name} is sold out.")),
            CartNotice::Gone { name } => ("gone", format!("{name} is no longer sold.")),
            CartNotice::DiscountRefused { code, reason } => {
                let why = match reason {
                    DiscountRefusal::Unknown => "there is no such code".to_owned(),
                    DiscountRefusal::OutOfTime => "it is not valid now".to_owned(),
                    DiscountRefusal::UsedUp => "it was used as often as it may be".to_owned(),
                    DiscountRefusal::BelowMinimum(least) => format!("the goods must cost at least {least}"),
                };
                ("discount_refused", format!("{code}: {why}."))
            }
        };
        Self { kind: kind.to_owned(), message }
    }
}

/// A cart with its prices of now.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Cart {
    /// The cart. Who knows it may use it: keep it like a password.
    pub id: String,
    /// Lines.
    pub lines: Vec<CartLine>,
    /// Goods before discount.
    pub subtotal: Money,
    /// Discount, positive.
    pub discount: Money,
    /// Delivery, an estimate before an address is known.
    pub shipping_estimate: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// What is to be paid, with that estimate.
    pub total: Money,
    /// The code that applies.
    pub discount_code: Option<String>,
    /// What changed.
    pub notices: Vec<Notice>,
}

impl Cart {
    /// The cart as the API shows it. `id` names it when the view does not.
    #[must_use]
    pub fn new(id: Option<CartId>, cart: view::CartView) -> Self {
        let line = |line: view::CartLineView| CartLine {
            variant: line.variant.to_string(),
            sku: line.sku,
            name: line.name,
            options: line.options,
            slug: line.slug,
            quantity: line.quantity.get(),
            unit_price: line.unit_price.into(),
            total: line.total.into(),
            available: line.available,
        };
        let totals = cart.totals;
        Self {
            id: cart.id.or(id).map_or_else(String::new, |id| id.to_string()),
            lines: cart.lines.into_iter().map(line).collect(),
            subtotal: totals.subtotal.into(),
            discount: totals.discount.into(),
            shipping_estimate: totals.shipping.into(),
            tax: totals.tax.into(),
            total: totals.total.into(),
            discount_code: cart.discount_code,
            notices: cart.notices.into_iter().map(Into::into).collect(),
        }
    }
}

/// A postal address. Fields that a country does not use stay empty.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who receives.
    #[serde(default)]
    #[schema(max_length = 120, example = "Ana Reyes")]
    pub recipient: String,
    /// For the courier.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
    /// ISO 3166-1 alpha-2.
    #[schema(min_length = 2, max_length = 2, pattern = "^[A-Z]{2}$", example = "PH")]
    pub country: String,
    /// House and street.
    #[serde(default)]
    #[schema(max_length = 120, example = "12 Mabini Street")]
    pub line1: String,
    /// Floor, landmark.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub line2: String,
    /// Barangay (Philippines).
    #[serde(default)]
    #[schema(max_length = 120)]
    pub barangay: String,
    /// City or municipality.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub city: String,
    /// Province, state, prefecture.
    #[serde(default)]
    #[schema(max_length = 120)]
    pub province: String,
    /// Region (Philippines).
    #[serde(default)]
    #[schema(max_length = 120)]
    pub region: String,
    /// Postal code.
    #[serde(default)]
    #[schema(max_length = 20)]
    pub postal_code: String,
    /// The barangay's code in the Philippine Standard Geographic Code; with it, barangay, city, province and region may stay empty.
    #[serde(default)]
    #[schema(max_length = 10, example = "1381300009")]
    pub place: String,
}

impl From<Address> for view::Address {
    fn from(a: Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl From<view::Address> for Address {
    fn from(a: view::Address) -> Self {
        Self {
            recipient: a.recipient,
            phone: a.phone,
            country: a.country,
            line1: a.line1,
            line2: a.line2,
            barangay: a.barangay,
            city: a.city,
            province: a.province,
            region: a.region,
            postal_code: a.postal_code,
            place: a.place,
        }
    }
}

impl Address {
    /// What is too long, as `(field, message)`; `prefix` goes before the field.
    #[must_use]
    pub fn too_long(&self, prefix: &str) -> view::FieldErrors {
        let fields = [
            ("recipient", &self.recipient, 120),
            ("phone", &self.phone, 40),
            ("country", &self.country, 2),
            ("line1", &self.line1, 120),
            ("line2", &self.line2, 120),
            ("barangay", &self.barangay, 120),
            ("city", &self.city, 120),
            ("province", &self.province, 120),
            ("region", &self.region, 120),
            ("postal_code", &self.postal_code, 20),
            ("place", &self.place, 10),
        ];
        fields.into_iter().filter_map(|(field, text, most)| too_long(&format!("{prefix}{field}"), text, most)).collect()
    }
}

/// The error of a field that holds more than `most` characters.
#[must_use]
pub fn too_long(field: &str, text: &str, most: usize) -> Option<(String, String)> {
    (text.chars().count() > most).then(|| (field.to_owned(), format!("At most {most} characters.")))
}

/// A way to deliver.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOption {
    /// For `delivery` of a checkout.
    #[schema(example = "standard")]
    pub code: String,
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// What it costs for this cart.
    pub fee: Money,
    /// The earliest promised time.
    pub from: i64,
    /// The latest promised time.
    pub to: i64,
}

/// The ways to deliver a cart to an address.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeliveryOptions {
    /// Cheapest first; none when nothing goes there.
    pub options: Vec<DeliveryOption>,
}

impl From<Vec<view::DeliveryOption>> for DeliveryOptions {
    fn from(options: Vec<view::DeliveryOption>) -> Self {
        let option = |o: view::DeliveryOption| DeliveryOption {
            code: o.code,
            name: o.name,
            description: o.description,
            fee: o.fee.into(),
            from: o.from.millis(),
            to: o.to.millis(),
        };
        Self { options: options.into_iter().map(option).collect() }
    }
}

/// Who buys.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Whole name.
    #[schema(min_length = 1, max_length = 200, example = "Ana Reyes")]
    pub name: String,
    /// E-mail address.
    #[schema(min_length = 3, max_length = 254, example = "ana@example.com")]
    pub email: String,
    /// Telephone number.
    #[serde(default)]
    #[schema(max_length = 40, example = "+639171234567")]
    pub phone: String,
}

/// How an order is paid.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Payment {
    /// Cash on delivery.
    Cod,
    /// A card: the answer says where the shopper pays.
    Card,
}

impl From<Payment> for PaymentMethod {
    fn from(payment: Payment) -> Self {
        match payment {
            Payment::Cod => Self::Cod,
            Payment::Card => Self::Card,
        }
    }
}

/// Everything that makes an order of a cart.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrder {
    /// Who buys.
    pub contact: Contact,
    /// Where it goes.
    pub shipping: Address,
    /// Who pays, when elsewhere.
    #[serde(default)]
    pub billing: Option<Address>,
    /// The code of a delivery option.
    #[schema(min_length = 1, max_length = 64, example = "standard")]
    pub delivery: String,
    /// How it is paid.
    pub payment: Payment,
    /// The total that the shopper was shown, minor units; when it has changed, no order is made.
    #[serde(default, deserialize_with = "whole_or_none")]
    #[schema(minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    pub expected_total: Option<i64>,
}

/// An order that was placed.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderPlaced {
    /// The order.
    pub id: String,
    /// As people say it.
    #[schema(example = "TK4WX-9QPM")]
    pub number: String,
    /// What it costs.
    pub total: Money,
    /// A signed link to follow it, for the shopper: path and query.
    pub link: String,
    /// The token of that link, for `/api/v1/orders/follow/{token}`.
    pub token: String,
    /// Where the shopper goes to pay, when they must.
    pub pay_at: Option<String>,
}

impl From<view::Placed> for OrderPlaced {
    fn from(placed: view::Placed) -> Self {
        let token = placed.link.rsplit('/').next().unwrap_or_default().to_owned();
        Self {
            id: placed.order.to_string(),
            number: placed.number,
            total: placed.total.into(),
            link: placed.link,
            token,
            pay_at: placed.pay_at,
        }
    }
}

/// A line of an order, as bought.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderLine {
    /// The line.
    pub id: String,
    /// Stock keeping unit.
    pub sku: String,
    /// The product's name.
    pub name: String,
    /// Chosen options.
    pub options: String,
    /// Units.
    pub quantity: i64,
    /// Units that left.
    pub shipped: i64,
    /// Price of one.
    pub unit_price: Money,
    /// Its share of the discount.
    pub discount: Money,
    /// Tax inside `total`.
    pub tax: Money,
    /// What was charged.
    pub total: Money,
}

/// A parcel.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Shipment {
    /// The parcel.
    pub id: String,
    /// `picked`, `packed`, `shipped`, `delivered` or `cancelled`.
    pub state: String,
    /// Who carries it.
    pub carrier: Option<String>,
    /// The carrier's number.
    pub tracking_number: Option<String>,
    /// When it left.
    pub shipped_at: Option<i64>,
    /// When it arrived.
    pub delivered_at: Option<i64>,
}

/// An order.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Order {
    /// The order.
    pub id: String,
    /// As people say it.
    pub number: String,
    /// When it was placed.
    pub placed_at: i64,
    /// `web`, `api`, `till` or `marketplace`.
    pub channel: String,
    /// Who bought.
    pub contact: Contact,
    /// Where it goes.
    pub shipping_address: Address,
    /// Who pays.
    pub billing_address: Address,
    /// The delivery method's name as bought.
    pub delivery_name: String,
    /// The earliest promised time.
    pub promised_from: i64,
    /// The latest promised time.
    pub promised_to: i64,
    /// `cod` or `card`.
    pub payment_method: String,
    /// Lines.
    pub lines: Vec<OrderLine>,
    /// Goods before discount.
    pub subtotal: Money,
    /// Discount, positive.
    pub discount: Money,
    /// Delivery.
    pub shipping: Money,
    /// Tax inside the total.
    pub tax: Money,
    /// What it costs.
    pub total: Money,
    /// What arrived.
    pub captured: Money,
    /// What went back.
    pub refunded: Money,
    /// `pending`, `requires_action`, `authorised`, `partly_paid`, `paid`, `partly_refunded`, `refunded`, `failed` or `voided`.
    pub payment_state: String,
    /// `unfulfilled`, `partial`, `fulfilled` or `cancelled`.
    pub fulfilment_state: String,
    /// `none`, `preparing`, `in_transit` or `delivered`.
    pub delivery_state: String,
    /// When it was cancelled.
    pub cancelled_at: Option<i64>,
    /// Parcels.
    pub shipments: Vec<Shipment>,
}

impl From<view::OrderView> for Order {
    fn from(o: view::OrderView) -> Self {
        let line = |l: view::OrderLineView| OrderLine {
            id: l.id.to_string(),
            sku: l.sku,
            name: l.name,
            options: l.options,
            quantity: l.quantity,
            shipped: l.shipped,
            unit_price: l.unit_price.into(),
            discount: l.discount.into(),
            tax: l.tax.into(),
            total: l.total.into(),
        };
        let shipment = |s: view::ShipmentView| Shipment {
            id: s.id.to_string(),
            state: s.state.to_string(),
            carrier: s.carrier,
            tracking_number: s.tracking_number,
            shipped_at: s.shipped_at.map(domain::Timestamp::millis),
            delivered_at: s.delivered_at.map(domain::Timestamp::millis),
        };
        Self {
            id: o.id.to_string(),
            number: o.number,
            placed_at: o.placed_at.millis(),
            channel: o.channel.to_string(),
            contact: Contact { name: o.contact.name, email: o.contact.email, phone: o.contact.phone },
            shipping_address: o.shipping_address.into(),
            billing_address: o.billing_address.into(),
            delivery_name: o.delivery_name,
            promised_from: o.promised_from.millis(),
            promised_to: o.promised_to.millis(),
            payment_method: o.payment_method.to_string(),
            lines: o.lines.into_iter().map(line).collect(),
            subtotal: o.subtotal.into(),
            discount: o.discount.into(),
            shipping: o.shipping.into(),
            tax: o.tax.into(),
            total: o.total.into(),
            captured: o.captured.into(),
            refunded: o.refunded.into(),
            payment_state: o.payment.to_string(),
            fulfilment_state: o.fulfilment.to_string(),
            delivery_state: o.delivery.to_string(),
            cancelled_at: o.cancelled.map(|(at, _)| at.millis()),
            shipments: o.shipments.into_iter().map(shipment).collect(),
        }
    }
}

/// An order in a list.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OrderRow {
    /// The order.
    pub id: String,
    /// As people say it.
    pub number: String,
    /// When it was placed.
    pub placed_at: i64,
    /// Who bought.
    pub customer: String,
    /// What it costs.
    pub total: Money,
    /// Units.
    pub units: i64,
    /// As in an order.
    pub payment_state: String,
    /// As in an order.
    pub fulfilment_state: String,
    /// As in an order.
    pub delivery_state: String,
    /// As in an order.
    pub channel: String,
}

/// A page of orders.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Orders {
    /// Up to 50, newest first.
    pub orders: Vec<OrderRow>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::OrderListView> for Orders {
    fn from(list: view::OrderListView) -> Self {
        let row = |o: view::OrderRowView| OrderRow {
            id: o.id.to_string(),
            number: o.number,
            placed_at: o.placed_at.millis(),
            customer: o.customer,
            total: o.total.into(),
            units: o.units,
            payment_state: o.payment.to_string(),
            fulfilment_state: o.fulfilment.to_string(),
            delivery_state: o.delivery.to_string(),
            channel: o.channel.to_string(),
        };
        Self { orders: list.orders.into_iter().map(row).collect(), next: list.next }
    }
}

/// Stock of one variant at one location.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct StockRow {
    /// The variant.
    pub variant: String,
    /// Stock keeping unit.
    pub sku: String,
    /// Product and options.
    pub name: String,
    /// The location.
    pub location: String,
    /// Its name.
    pub location_name: String,
    /// In the house.
    pub on_hand: i64,
    /// Promised to orders.
    pub reserved: i64,
    /// To sell.
    pub available: i64,
}

/// A page of stock.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Stock {
    /// Up to 50, by SKU.
    pub rows: Vec<StockRow>,
    /// For `after` of the next page; none on the last.
    pub next: Option<String>,
}

impl From<view::StockListView> for Stock {
    fn from(list: view::StockListView) -> Self {
        let row = |s: view::StockRowView| StockRow {
            variant: s.variant.to_string(),
            sku: s.sku,
            name: s.name,
            location: s.location.to_string(),
            location_name: s.location_name,
            on_hand: s.on_hand,
            reserved: s.reserved,
            available: s.available,
        };
        Self { rows: list.rows.into_iter().map(row).collect(), next: list.next }
    }
}

/// Reads lines, naming each mistake by its place.
///
/// # Errors
/// What is wrong, as `(field, message)`.
pub fn items(lines: Vec<NewLine>) -> Result<Vec<view::CartItem>, view::FieldErrors> {
    if lines.len() > domain::cart::MOST_LINES {
        return Err(vec![("lines".to_owned(), format!("At most {} lines.", domain::cart::MOST_LINES))]);
    }
    let mut errors = Vec::new();
    let mut items = Vec::with_capacity(lines.len());
    for (i, line) in lines.into_iter().enumerate() {
        let variant = line
            .variant
            .parse::<VariantId>()
            .map_err(|_| errors.push((format!("lines[{i}].variant"), "A variant's id, as products show it.".to_owned())));
        let quantity = domain::Quantity::new(line.quantity)
            .map_err(|_| errors.push((format!("lines[{i}].quantity"), "A whole number from 1 to 9,999.".to_owned())));
        if let (Ok(variant), Ok(quantity)) = (variant, quantity) {
            items.push(view::CartItem { variant, quantity, seen_price: 0 });
        }
    }
    if errors.is_empty() { Ok(items) } else { Err(errors) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_number_is_one_however_it_is_written() {
        let quantity = |text: &str| {
            serde_json::from_str::<NewLine>(&format!("{{\"variant\": \"\", \"quantity\": {text}}}")).map(|line| line.quantity).ok()
        };
        assert_eq!(
            (quantity("2"), quantity("2.0"), quantity("2.5"), quantity("1e300"), quantity("\"2\"")),
            (Some(2), Some(2), None, None, None)
        );
    }

    #[test]
    fn each_wrong_line_is_named() {
        let line = |variant: &str, quantity| NewLine { variant: variant.to_owned(), quantity };
        let wrong = items(vec![line("var_1", 1), line("var_0199a0b0c0d07e10b2f3a4b5c6d7e8f9", 10_000)]).unwrap_err();
        let fields: Vec<_> = wrong.into_iter().map(|(field, _)| field).collect();
        assert_eq!(fields, ["lines[0].variant", "lines[1].quantity"]);
    }
}
