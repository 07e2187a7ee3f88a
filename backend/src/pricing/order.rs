//! What an order costs: [`Prices`] reads what that depends on, and carts, delivery offers, orders, the API and the till all compute it
//! with [`price_order`].

use std::collections::{HashMap, HashSet};

use domain::cart::{DeliveryRate, PricedLine, Totals, totals};
use domain::id::{PictureId, ProductId, VariantId};
use domain::order::Channel;
use domain::text::comma_separated;
use domain::view::DiscountRefusal;
use domain::{Currency, Locale, Money, MoneyError, Quantity, Timestamp};
use serde::Serialize;

use platform::db::{DbError, Flag, Hex, JsonRows, Read, hex, json_texts};

use super::discounts::DiscountCode;
use super::list_price::prices_in_force;
use super::store::{CodeRow, codes};
use super::{DeliveryMethod, ListPrice, Quote, QuoteKey, Tax, TaxRates, TaxRegion};

/// What is to be priced.
#[derive(Clone, Debug)]
pub struct PriceRequest {
    pub channel: Channel,
    /// The language of names.
    pub locale: Locale,
    pub currency: Currency,
    /// Whose taxes apply.
    pub region: TaxRegion,
    pub items: Vec<(VariantId, Quantity)>,
    pub discount_code: Option<String>,
    /// When: discount codes are valid for a time.
    pub at: Timestamp,
}

impl PriceRequest {
    fn quote_key(&self, variant: VariantId) -> QuoteKey {
        (variant, self.channel, self.locale)
    }
}

/// Everything that prices depend on, read once: for one cart or for many.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    quotes: HashMap<Currency, HashMap<QuoteKey, Quote>>,
    discounts: HashMap<String, DiscountCode>,
    pub rules: Rules,
}

impl Prices {
    /// Reads what these requests need, with the same statements for many as for one.
    ///
    /// # Errors
    /// The database's.
    pub async fn read(db: &mut impl Read, requests: &[PriceRequest], at: Timestamp) -> Result<Self, DbError> {
        let mut keys: HashMap<Currency, HashSet<QuoteKey>> = HashMap::new();
        for request in requests {
            keys.entry(request.currency).or_default().extend(request.items.iter().map(|(variant, _)| request.quote_key(*variant)));
        }
        let mut by_currency = HashMap::with_capacity(keys.len());
        for (currency, keys) in keys {
            let keys: Vec<QuoteKey> = keys.into_iter().collect();
            by_currency.insert(currency, quotes(db, &keys, currency, at).await?);
        }
        let codes: HashSet<String> = requests.iter().filter_map(|request| request.discount_code.clone()).collect();
        let codes: Vec<String> = codes.into_iter().collect();
        Ok(Self { quotes: by_currency, discounts: usable_codes(db, &codes).await?, rules: Rules::load(db, at).await? })
    }

    fn item(&self, request: &PriceRequest, variant: VariantId, quantity: Quantity) -> PricedItem<'_> {
        let quote = self.quotes.get(&request.currency).and_then(|quotes| quotes.get(&request.quote_key(variant)));
        match quote.map(|quote| (quote, quote.price)) {
            Some((quote, Some(price))) if quote.on_sale => {
                let tax_rate_bp = self.rules.taxes.rate_bp(&quote.tax_class, &request.region);
                let unit_price = price.with_tax(tax_rate_bp);
                PricedItem::ForSale(LineItem { quote, price: PricedLine { unit_price, quantity, tax_rate_bp, weight_g: quote.weight_g } })
            }
            Some((quote, _)) => PricedItem::NotForSale(quote),
            None => PricedItem::Unknown,
        }
    }
}

/// Quotes for many variants at once. What does not exist is missing from the answer.
///
/// # Errors
/// The database's.
pub async fn quotes(db: &mut impl Read, keys: &[QuoteKey], currency: Currency, at: Timestamp) -> Result<HashMap<QuoteKey, Quote>, DbError> {
    #[derive(Serialize)]
    struct Key<'a> {
        variant: Hex<'a>,
        channel: Channel,
        locale: &'a str,
    }
    #[derive(platform::db::FromRow)]
    struct Row {
        variant: VariantId,
        channel: Channel,
        locale: String,
        product: ProductId,
        sku: String,
        name: String,
        slug: String,
        picture: Option<PictureId>,
        amount: Option<i64>,
        includes_tax: Option<Flag>,
        tax_class: String,
        weight_g: i64,
        archived: Flag,
        status: String,
        options: String,
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: JsonRows =
        keys.iter().map(|(variant, channel, locale)| Key { variant: hex(variant), channel: *channel, locale: locale.code() }).collect();
    let rows: Vec<Row> = db
        .fetch_all(
            concat!(
                "select v.id as variant, j.channel, j.locale, p.id as product, v.sku, coalesce(t.name, e.name, p.handle) as name,
                coalesce(t.slug, e.slug, p.handle) as slug,
                coalesce(v.picture_id, (select pp.picture_id from product_pictures pp where pp.product_id = p.id order by pp.position limit 1))
                    as picture,
                r.amount, f.includes_tax, p.tax_class, v.weight_g, v.archived, p.status,
                coalesce((select string_agg(coalesce(vt.name, ve.name, ov.key), ' · ' order by o.position)
                 from variant_values vv
                 join product_options o on o.id = vv.option_id
                 join option_values ov on ov.id = vv.value_id
                 left join option_value_texts vt on vt.value_id = vv.value_id and vt.locale = j.locale
                 left join option_value_texts ve on ve.value_id = vv.value_id and ve.locale = 'en'
                 where vv.variant_id = v.id), '') as options
             from (select unhex(value->>'variant') as variant_id, value->>'channel' as channel, value->>'locale' as locale
                   from json_each($1)) j
             join variants v on v.id = j.variant_id
             join products p on p.id = v.product_id
             left join product_texts t on t.product_id = p.id and t.locale = j.locale
             left join product_texts e on e.product_id = p.id and e.locale = 'en' ",
                prices_in_force!("left join", "$2", "j.channel", "$3")
            ),
            &[&wanted.finish(), &currency, &at],
        )
        .await?;
    let quotes = rows.into_iter().filter_map(|row| {
        let price = row.amount.zip(row.includes_tax).map(|(amount, Flag(includes_tax))| ListPrice { amount, includes_tax });
        let key = (row.variant, row.channel, Locale::parse(&row.locale)?);
        let quote = Quote {
            variant: row.variant,
            product: row.product,
            sku: row.sku,
            name: row.name,
            slug: row.slug,
            options: row.options,
            picture: row.picture,
            price,
            tax_class: row.tax_class,
            weight_g: row.weight_g,
            on_sale: !row.archived.0 && row.status == "published" && price.is_some(),
        };
        Some((key, quote))
    });
    Ok(quotes.collect())
}

/// Discount codes that are switched on, by their text.
async fn usable_codes(db: &mut impl Read, texts: &[String]) -> Result<HashMap<String, DiscountCode>, DbError> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<CodeRow> =
        db.fetch_all(codes!("where active = 1 and code in (select value->>'text' from json_each($1))"), &[&json_texts(texts)]).await?;
    let code = |row: CodeRow| {
        let code = DiscountCode {
            takes: row.takes(),
            currency: row.currency,
            min_subtotal: row.min_subtotal,
            valid_from: row.valid_from,
            valid_to: row.valid_to,
            most_uses: row.most_uses,
            uses: row.uses,
        };
        (row.code, code)
    };
    Ok(rows.into_iter().map(code).collect())
}

/// The rules that managers set and that do not depend on what is bought: tax rates and delivery methods in force.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    pub taxes: TaxRates,
    /// Delivery methods that are offered, in order.
    pub methods: Vec<DeliveryMethod>,
}

impl Rules {
    /// # Errors
    /// The database's.
    pub async fn load(db: &mut impl Read, at: Timestamp) -> Result<Self, DbError> {
        Ok(Self { taxes: tax_rates_at(db, at).await?, methods: delivery_methods(db).await? })
    }

    /// A delivery method by its code.
    #[must_use]
    pub fn method(&self, code: &str) -> Option<&DeliveryMethod> {
        self.methods.iter().find(|method| method.code == code)
    }

    /// The methods that go to a country (and, in the Philippines, an island group).
    pub fn methods_to<'a>(&'a self, country: &'a str, island: Option<&'a str>) -> impl Iterator<Item = &'a DeliveryMethod> {
        self.methods.iter().filter(move |method| method.goes_to(country, island))
    }

    /// The tax of a delivery fee: that of standard services where it goes.
    #[must_use]
    pub fn delivery_tax(&self, region: &TaxRegion) -> Tax {
        self.taxes.tax("standard", region)
    }

    /// What a method costs, with the tax of the region it goes to.
    #[must_use]
    pub fn delivery_rate(&self, method: &DeliveryMethod, region: &TaxRegion) -> DeliveryRate {
        DeliveryRate {
            fee: method.fee,
            per_kg_fee: method.per_kg_fee,
            free_from: method.free_from,
            tax_rate_bp: self.delivery_tax(region).rate_bp,
        }
    }
}

/// The tax rates that are in force.
///
/// # Errors
/// The database's.
pub async fn tax_rates_at(db: &mut impl Read, at: Timestamp) -> Result<TaxRates, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        class: String,
        country: String,
        province: String,
        rate_bp: i64,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select class, country, province, rate_bp from tax_rates where valid_from <= $1 and (valid_to is null or valid_to > $1)",
            &[&at],
        )
        .await?;
    let mut rates = TaxRates::default();
    for Row { class, country, province, rate_bp } in rows {
        rates.add(class, TaxRegion { country, province }, rate_bp);
    }
    Ok(rates)
}

/// The delivery methods that are offered.
async fn delivery_methods(db: &mut impl Read) -> Result<Vec<DeliveryMethod>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        code: String,
        currency: Currency,
        fee: i64,
        per_kg_fee: i64,
        free_from: Option<i64>,
        days_min: i64,
        days_max: i64,
        cutoff: Option<i64>,
        regions: String,
        collects_cash: Flag,
        locale: String,
        name: String,
        description: String,
    }
    // A row for each language.
    let rows: Vec<Row> = db
        .fetch_all(
            "select m.code, m.currency, m.fee, m.per_kg_fee, m.free_from, m.days_min, m.days_max, m.cutoff, m.regions,
                m.collects_cash, t.locale, t.name, t.description
             from delivery_methods m join delivery_method_texts t on t.code = m.code where m.active = 1 order by m.position, m.code",
            &[],
        )
        .await?;
    let mut methods: Vec<DeliveryMethod> = Vec::new();
    for row in rows {
        if methods.last().is_none_or(|last| last.code != row.code) {
            methods.push(DeliveryMethod {
                code: row.code,
                currency: row.currency,
                fee: row.fee,
                per_kg_fee: row.per_kg_fee,
                free_from: row.free_from,
                days_min: row.days_min,
                days_max: row.days_max,
                cutoff: row.cutoff,
                regions: comma_separated(&row.regions),
                collects_cash: row.collects_cash.0,
                texts: HashMap::new(),
            });
        }
        if let (Some(method), Some(locale)) = (methods.last_mut(), Locale::parse(&row.locale)) {
            method.texts.insert(locale, (row.name, row.description));
        }
    }
    Ok(methods)
}

/// An item of the request, as far as it has a price. Only what is for sale is in the sums; nothing is left out of the list.
#[derive(Clone, Copy, Debug)]
pub enum PricedItem<'p> {
    ForSale(LineItem<'p>),
    /// It has no price, is archived, or its product is not published.
    NotForSale(&'p Quote),
    /// There is no such variant.
    Unknown,
}

/// An item that is for sale.
#[derive(Clone, Copy, Debug)]
pub struct LineItem<'p> {
    pub quote: &'p Quote,
    pub price: PricedLine,
}

#[derive(Clone, Debug)]
pub struct PricedOrder<'p> {
    /// One for each item of the request, in order.
    pub items: Vec<PricedItem<'p>>,
    /// The sums of what is for sale; `lines` are those items, in order.
    pub totals: Totals,
    /// The total without the discount.
    pub full_total: Money,
    /// The code that applies.
    pub discount_code: Option<String>,
    /// Why the code of the request does not apply.
    pub discount_refused: Option<DiscountRefusal>,
}

impl<'p> PricedOrder<'p> {
    /// The items that are for sale, in the order of `totals.lines`.
    pub fn lines(&self) -> impl Iterator<Item = &LineItem<'p>> {
        for_sale(&self.items)
    }
}

fn for_sale<'a, 'p>(items: &'a [PricedItem<'p>]) -> impl Iterator<Item = &'a LineItem<'p>> {
    items.iter().filter_map(|item| match item {
        PricedItem::ForSale(line) => Some(line),
        PricedItem::NotForSale(_) | PricedItem::Unknown => None,
    })
}

/// Prices an order, with delivery where the method is chosen. A discount code that does not apply is left out, and the result has
/// the reason.
///
/// # Errors
/// [`MoneyError::Overflow`] when a sum passes 64 bits, [`MoneyError::Mixed`] for a delivery method in another currency.
pub fn price_order<'p>(
    request: &PriceRequest,
    prices: &'p Prices,
    delivery: Option<&DeliveryMethod>,
) -> Result<PricedOrder<'p>, MoneyError> {
    let items: Vec<_> = request.items.iter().map(|(variant, quantity)| prices.item(request, *variant, *quantity)).collect();
    let lines: Vec<PricedLine> = for_sale(&items).map(|line| line.price).collect();
    if let Some(other) = delivery.map(|method| method.currency).filter(|currency| *currency != request.currency) {
        return Err(MoneyError::Mixed(request.currency, other));
    }
    let rate = delivery.map(|method| prices.rules.delivery_rate(method, &request.region));
    let full = totals(request.currency, &lines, None, rate)?;
    let mut order = PricedOrder { items, full_total: full.total, totals: full, discount_code: None, discount_refused: None };
    if let Some(code) = &request.discount_code {
        let known = prices.discounts.get(code).ok_or(DiscountRefusal::Unknown);
        match known.and_then(|known| known.discount_for(order.totals.subtotal, request.at)) {
            Ok(discount) => {
                order.totals = totals(request.currency, &lines, Some(discount), rate)?;
                order.discount_code = Some(code.clone());
            }
            Err(refusal) => order.discount_refused = Some(refusal),
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::cart::Discount;
    use domain::id::ProductId;
    use uuid::Uuid;

    const PESO: Currency = Currency::PHP;

    fn variant(n: u128) -> VariantId {
        VariantId(Uuid::from_u128(n))
    }

    fn quote(n: u128, price: Option<i64>) -> Quote {
        Quote {
            variant: variant(n),
            product: ProductId(Uuid::from_u128(n)),
            sku: format!("SKU-{n}"),
            name: format!("Product {n}"),
            slug: String::new(),
            options: String::new(),
            picture: None,
            price: price.map(|amount| ListPrice { amount, includes_tax: true }),
            tax_class: "standard".into(),
            weight_g: 400,
            on_sale: price.is_some(),
        }
    }

    /// Variant 1 costs 100.00 on the web and 80.00 by the API, variant 2 has no price; TEN takes ten percent off from 50.00 on.
    fn prices() -> Prices {
        let key = |n: u128, channel| (variant(n), channel, Locale::En);
        let quotes = HashMap::from([
            (key(1, Channel::Web), quote(1, Some(10_000))),
            (key(1, Channel::Api), quote(1, Some(8_000))),
            (key(2, Channel::Web), quote(2, None)),
        ]);
        let ten = DiscountCode {
            takes: Discount::Percent(1_000),
            currency: PESO,
            min_subtotal: 5_000,
            valid_from: None,
            valid_to: None,
            most_uses: None,
            uses: 0,
        };
        let discounts = HashMap::from([("TEN".to_owned(), ten)]);
        Prices { quotes: HashMap::from([(PESO, quotes)]), discounts, rules: Rules::default() }
    }

    fn request(channel: Channel, items: &[u128], code: Option<&str>) -> PriceRequest {
        PriceRequest {
            channel,
            locale: Locale::En,
            currency: PESO,
            region: TaxRegion::country("PH"),
            items: items.iter().map(|n| (variant(*n), Quantity::ONE)).collect(),
            discount_code: code.map(str::to_owned),
            at: Timestamp::from_millis(0),
        }
    }

    #[test]
    fn an_item_without_a_price_is_reported_and_not_added_up() -> Result<(), MoneyError> {
        let prices = prices();
        let order = price_order(&request(Channel::Web, &[2, 1, 3], None), &prices, None)?;
        assert!(
            matches!(&order.items[..], [PricedItem::NotForSale(gone), PricedItem::ForSale(_), PricedItem::Unknown] if gone.name == "Product 2")
        );
        assert_eq!((order.totals.lines.len(), order.totals.total.minor), (1, 10_000));
        Ok(())
    }

    #[test]
    fn each_channel_has_its_own_price_and_a_code_that_does_not_apply_is_reported() -> Result<(), MoneyError> {
        let prices = prices();
        let order = price_order(&request(Channel::Api, &[1], Some("TEN")), &prices, None)?;
        assert_eq!((order.totals.total.minor, order.full_total.minor, order.discount_code.as_deref()), (7_200, 8_000, Some("TEN")));
        let order = price_order(&request(Channel::Web, &[], Some("TEN")), &prices, None)?;
        assert_eq!(order.discount_refused, Some(DiscountRefusal::BelowMinimum(Money::new(5_000, PESO))));
        let order = price_order(&request(Channel::Web, &[1], Some("ELEVEN")), &prices, None)?;
        assert_eq!((order.totals.total.minor, order.discount_refused), (10_000, Some(DiscountRefusal::Unknown)));
        Ok(())
    }

    #[test]
    fn a_code_and_a_delivery_fee_in_another_currency_are_not_taken_for_this_one() -> Result<(), MoneyError> {
        let mut prices = prices();
        let mut request = request(Channel::Web, &[1], Some("TEN"));
        request.currency = Currency::USD;
        let dollars = prices.quotes.remove(&PESO).unwrap_or_default();
        prices.quotes.insert(Currency::USD, dollars);
        let order = price_order(&request, &prices, None)?;
        assert_eq!((order.totals.total.minor, order.discount_refused), (10_000, Some(DiscountRefusal::Unknown)));
        let method = DeliveryMethod {
            code: "standard".into(),
            currency: PESO,
            fee: 100,
            per_kg_fee: 0,
            free_from: None,
            days_min: 1,
            days_max: 2,
            cutoff: None,
            regions: vec!["*".into()],
            collects_cash: true,
            texts: HashMap::new(),
        };
        assert_eq!(price_order(&request, &prices, Some(&method)).err(), Some(MoneyError::Mixed(Currency::USD, PESO)));
        Ok(())
    }
}
