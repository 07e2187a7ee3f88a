//! Quotes: from the database for what is charged, from memory for what is shown.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::id::{PictureId, ProductId, VariantId};
use domain::order::Channel;
use domain::{Currency, Locale, Timestamp};
use serde::Serialize;

use platform::cache::Cache;
use platform::clock::Clock;
use platform::db::{DbError, Flag, Hex, JsonRows, Read, hex};

use super::list_price::prices_in_force;
use super::{ListPrice, Quote, QuoteKey};
use crate::Shop;

/// After this time a quote is read again, in case an event has not arrived yet.
const MAX_AGE: Duration = Duration::from_secs(5);
/// Some 500 bytes each.
const MAX_ENTRIES: usize = 20_000;

/// Quotes in memory, until a product or a price list changes.
pub struct QuoteCache(Cache<(Currency, QuoteKey), DatedQuote>);

impl QuoteCache {
    pub(crate) fn new(clock: &Arc<dyn Clock>) -> Self {
        Self(Cache::new(MAX_ENTRIES).with_max_age(MAX_AGE, Arc::clone(clock)))
    }

    /// The next quotes are read from the database.
    pub(crate) fn invalidate(&self) {
        self.0.invalidate();
    }
}

/// Quotes for many variants at once, from the database. What does not exist is missing from the answer.
///
/// # Errors
/// The database's.
pub async fn quotes(
    db: &mut impl Read,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, Arc<Quote>>, DbError> {
    let dated = dated_quotes(db, keys, currency, at).await?;
    Ok(dated.into_iter().map(|(key, dated)| (key, dated.quote)).collect())
}

/// The same from memory, where they are five seconds old at most, and not of before a change that this process made or heard of, nor of
/// before the beginning or end of a price list.
///
/// # Errors
/// The database's.
pub(super) async fn shown_quotes(
    shop: &Shop,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, Arc<Quote>>, DbError> {
    let cache = &shop.quote_cache().0;
    let reading = cache.begin_reading();
    let (mut found, mut missing) = (HashMap::with_capacity(keys.len()), Vec::new());
    for key in keys {
        match cache.get(&(currency, *key)).filter(|dated| dated.until.is_none_or(|until| at < until)) {
            Some(dated) => drop(found.insert(*key, dated.quote)),
            None => missing.push(*key),
        }
    }
    for (key, dated) in dated_quotes(&mut shop.db(), &missing, currency, at).await? {
        found.insert(key, Arc::clone(&dated.quote));
        cache.insert(reading, (currency, key), dated);
    }
    Ok(found)
}

/// A quote, and the moment from which it may be another one.
#[derive(Clone, Debug)]
struct DatedQuote {
    quote: Arc<Quote>,
    /// When the next price list begins or ends, whichever it is.
    until: Option<Timestamp>,
}

async fn dated_quotes(
    db: &mut impl Read,
    keys: &[QuoteKey],
    currency: Currency,
    at: Timestamp,
) -> Result<HashMap<QuoteKey, DatedQuote>, DbError> {
    #[derive(Serialize)]
    struct Key<'a> {
        variant: Hex<'a>,
        channel: Channel,
        locale: &'a str,
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    let wanted: JsonRows =
        keys.iter().map(|(variant, channel, locale)| Key { variant: hex(variant), channel: *channel, locale: locale.code() }).collect();
    let rows: Vec<QuoteRow> = db
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
                 where vv.variant_id = v.id), '') as options,
                (select min(m.at) from (select valid_from as at from price_lists where valid_from > $3
                 union all select valid_to from price_lists where valid_to > $3) m) as until
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
    Ok(rows.into_iter().filter_map(QuoteRow::into_quote).collect())
}

#[derive(platform::db::FromRow)]
struct QuoteRow {
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
    until: Option<Timestamp>,
}

impl QuoteRow {
    /// None in a language that the program does not have.
    fn into_quote(self) -> Option<(QuoteKey, DatedQuote)> {
        let price = self.amount.zip(self.includes_tax).map(|(amount, Flag(includes_tax))| ListPrice { amount, includes_tax });
        let key = (self.variant, self.channel, Locale::parse(&self.locale)?);
        let quote = Quote {
            variant: self.variant,
            product: self.product,
            sku: self.sku,
            name: self.name,
            slug: self.slug,
            options: self.options,
            picture: self.picture,
            price,
            tax_class: self.tax_class,
            weight_g: self.weight_g,
            on_sale: !self.archived.0 && self.status == "published" && price.is_some(),
        };
        Some((key, DatedQuote { quote: Arc::new(quote), until: self.until }))
    }
}
