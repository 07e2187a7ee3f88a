//! What an order costs: [`Prices`] reads what that depends on, and carts, delivery offers, orders, the API and the till all compute it
//! with [`price_order`].

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use domain::cart::{PricedLine, Totals, totals};
use domain::id::VariantId;
use domain::order::Channel;
use domain::view::DiscountRefusal;
use domain::{Currency, Locale, Money, MoneyError, Quantity, Timestamp};

use platform::db::{DbError, Read, json_texts};

use crate::Shop;

use super::discounts::DiscountCode;
use super::quotes::{quotes, shown_quotes};
use super::rules_cache::rules;
use super::{DeliveryMethod, Quote, QuoteKey, Rules, TaxRegion};

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

/// Everything that prices depend on: for one cart or for many.
#[derive(Clone, Debug, Default)]
pub struct Prices {
    quotes: HashMap<Currency, HashMap<QuoteKey, Arc<Quote>>>,
    discounts: HashMap<String, DiscountCode>,
    pub rules: Arc<Rules>,
}

impl Prices {
    /// Reads what these requests need from the database, with the same statements for many as for one. It is what orders are charged by.
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
        Ok(Self { quotes: by_currency, discounts: usable_codes(db, &codes).await?, rules: Arc::new(Rules::load(db, at).await?) })
    }

    /// What a request needs, for what is shown: from memory, but for its discount code. See [`shown_quotes`] and [`rules`] for how old it
    /// may be; an order reads everything again when it is placed.
    ///
    /// # Errors
    /// The database's.
    pub async fn shown(shop: &Shop, request: &PriceRequest) -> Result<Self, DbError> {
        let keys: Vec<QuoteKey> = request.items.iter().map(|(variant, _)| request.quote_key(*variant)).collect();
        let quotes = shown_quotes(shop, &keys, request.currency, request.at).await?;
        let codes: Vec<String> = request.discount_code.iter().cloned().collect();
        let discounts = usable_codes(&mut shop.db(), &codes).await?;
        Ok(Self { quotes: HashMap::from([(request.currency, quotes)]), discounts, rules: rules(shop).await? })
    }

    fn item(&self, request: &PriceRequest, variant: VariantId, quantity: Quantity) -> PricedItem<'_> {
        let quote = self.quotes.get(&request.currency).and_then(|quotes| quotes.get(&request.quote_key(variant)));
        match quote.map(|quote| (&**quote, quote.price)) {
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

/// Discount codes that are switched on, by their text.
async fn usable_codes(db: &mut impl Read, texts: &[String]) -> Result<HashMap<String, DiscountCode>, DbError> {
    if texts.is_empty() {
        return Ok(HashMap::new());
    }
    let codes: Vec<DiscountCode> = db
        .fetch_all(
            "select code, percent_bp, amount, currency, min_subtotal, valid_from, valid_to, most_uses, uses from discount_codes
             where active = 1 and code in (select value->>'text' from json_each($1))",
            &[&json_texts(texts)],
        )
        .await?;
    Ok(codes.into_iter().map(|code| (code.code.clone(), code)).collect())
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
    pub undiscounted_total: Money,
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
/// [`MoneyError::Overflow`] when a sum passes 64 bits, [`MoneyError::CurrencyMismatch`] for a delivery method in another currency.
pub fn price_order<'p>(
    request: &PriceRequest,
    prices: &'p Prices,
    delivery: Option<&DeliveryMethod>,
) -> Result<PricedOrder<'p>, MoneyError> {
    let items: Vec<_> = request.items.iter().map(|(variant, quantity)| prices.item(request, *variant, *quantity)).collect();
    let lines: Vec<PricedLine> = for_sale(&items).map(|line| line.price).collect();
    if let Some(other) = delivery.map(|method| method.currency).filter(|currency| *currency != request.currency) {
        return Err(MoneyError::CurrencyMismatch(request.currency, other));
    }
    let rate = delivery.map(|method| prices.rules.delivery_rate(method, &request.region));
    let full = totals(request.currency, &lines, None, rate)?;
    let mut order = PricedOrder { items, undiscounted_total: full.total, totals: full, discount_code: None, discount_refused: None };
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
    use crate::pricing::ListPrice;
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
            (key(1, Channel::Web), Arc::new(quote(1, Some(10_000)))),
            (key(1, Channel::Api), Arc::new(quote(1, Some(8_000)))),
            (key(2, Channel::Web), Arc::new(quote(2, None))),
        ]);
        let ten = DiscountCode {
            code: "TEN".into(),
            percent_bp: Some(1_000),
            amount: None,
            currency: PESO,
            min_subtotal: 5_000,
            valid_from: None,
            valid_to: None,
            most_uses: None,
            uses: 0,
        };
        let discounts = HashMap::from([(ten.code.clone(), ten)]);
        Prices { quotes: HashMap::from([(PESO, quotes)]), discounts, rules: Arc::default() }
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
        assert_eq!((order.totals.total.minor, order.undiscounted_total.minor, order.discount_code.as_deref()), (7_200, 8_000, Some("TEN")));
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
        assert_eq!(price_order(&request, &prices, Some(&method)).err(), Some(MoneyError::CurrencyMismatch(Currency::USD, PESO)));
        Ok(())
    }
}
