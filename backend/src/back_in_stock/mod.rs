//! Who waits for a variant that is sold out: a shopper leaves an e-mail address, gets one mail when it can be bought again, and the address
//! is deleted.
//!
//! An address is sealed and found by its keyed hash, which is that of contacts. It asks once for a variant, and for [`MAX_PER_ADDRESS`] at
//! the same time. Who is mailed when is in [`mail`].

pub mod events;
mod mail;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use domain::email::email;
use domain::id::{BackInStockRequestId, VariantId};
use domain::messages::t;
use domain::order::Channel;
use domain::permission::Permission;
use domain::text::is_blank;
use domain::view::{BackInStockRequestView, FieldErrors};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::context::Forbidden;
use platform::db::{DbError, Read, Tx, json_ids};
use platform::throttle::{self, Counter, Throttled};
use uuid::Uuid;

use self::events::{BackInStockRequested, BackInStockWithdrawn};
use crate::contacts::ContactError;
use crate::pricing::{self, Quote};
use crate::{Shop, contacts, inventory, settings};

pub(crate) use mail::{FOLLOWER, register};
pub use mail::{catch_up, follow, mail_those_who_wait};

/// What the sealed address is bound to.
const KIND: &str = "back_in_stock_request";
/// The purpose in the signature of the link in a mail.
const LINK: &str = "back_in_stock";
/// Variants that an address may wait for at the same time.
const MAX_PER_ADDRESS: i64 = 20;
/// Requests of one client before it has to wait. Many visitors may share a network address.
const MAX_PER_CLIENT: i64 = 20;
/// A request that was not mailed is kept so long.
const KEPT_MS: i64 = 180 * Timestamp::DAY;

/// Why a request was not taken, shown or deleted.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BackInStockError {
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// By field, with what to do.
    #[error("please check what is marked")]
    Invalid(FieldErrors),
    /// No such variant is for sale, or the shop sends no mail.
    #[error("there is no such variant")]
    Unknown,
    #[error("this variant can be bought now")]
    Available,
    #[error("too many requests from one client; try again later")]
    Throttled,
    /// The shop did not sign this link.
    #[error("this link is not valid")]
    Link,
    #[error(transparent)]
    Customer(#[from] ContactError),
    #[error("{0}")]
    Db(#[from] DbError),
}

/// Can shoppers be told? Without a mail server they cannot.
#[must_use]
pub fn is_offered(shop: &Shop) -> bool {
    shop.mailer().is_configured()
}

/// Takes a request in. The answer is the same when the address waits for this variant already, so that nobody learns whose address does.
///
/// # Errors
/// [`BackInStockError::Invalid`] at `email`, also when the address waits for too many variants; [`BackInStockError::Unknown`],
/// [`BackInStockError::Available`], [`BackInStockError::Throttled`], or the database's.
pub async fn request_mail(shop: &Shop, ctx: &Context, locale: Locale, variant: VariantId, address: &str) -> Result<(), BackInStockError> {
    let wrong = |words: domain::messages::Msg| BackInStockError::Invalid(vec![("email".into(), words.text(locale).into())]);
    if is_blank(address) {
        return Err(wrong(t::FIELD_REQUIRED));
    }
    let address = email(address).ok_or_else(|| wrong(t::FIELD_EMAIL_INVALID))?;
    if !is_offered(shop) || !on_sale(&mut shop.db(), shop, locale, &[variant]).await?.contains_key(&variant) {
        return Err(BackInStockError::Unknown);
    }
    if available(&mut shop.db(), variant).await? > 0 {
        return Err(BackInStockError::Available);
    }
    let client = ctx.client.map_or_else(|| "none".to_owned(), |client| client.to_string());
    let counter = Counter::new(shop.keyring(), &format!("back in stock {client}"), MAX_PER_CLIENT);
    throttle::attempt(shop.db(), &[counter]).await.map_err(|error| match error {
        Throttled::Wait => BackInStockError::Throttled,
        Throttled::Db(error) => error.into(),
    })?;
    let id = BackInStockRequestId(shop.id());
    let (hash, sealed) = (contacts::email_hash(shop, &address), contacts::seal(shop, KIND, id.as_ref(), &address));
    let is_taken = shop.write(ctx, async move |tx| insert(tx, id, variant, locale, (&hash, &sealed)).await).await?;
    if is_taken {
        return Ok(());
    }
    let most = locale.number(MAX_PER_ADDRESS);
    Err(BackInStockError::Invalid(vec![("email".into(), t::PRODUCT_BACK_TOO_MANY.with(locale, &[("max", &most)]))]))
}

/// Writes a request, unless the address has one for this variant; false when it has too many for others.
async fn insert(
    tx: &mut Tx,
    id: BackInStockRequestId,
    variant: VariantId,
    locale: Locale,
    (hash, sealed): (&Vec<u8>, &Vec<u8>),
) -> Result<bool, DbError> {
    let sql = "select id from back_in_stock_requests where variant_id = $1 and email_hash = $2";
    if tx.fetch_optional_scalar::<BackInStockRequestId>(sql, &[&variant, hash]).await?.is_some() {
        return Ok(true);
    }
    let sql = "select count(*) from back_in_stock_requests where email_hash = $1";
    if tx.fetch_scalar::<i64>(sql, &[hash]).await? >= MAX_PER_ADDRESS {
        return Ok(false);
    }
    let sql = "insert into back_in_stock_requests (id, variant_id, email_hash, sealed, locale, at) values ($1, $2, $3, $4, $5, $6)
         on conflict (variant_id, email_hash) do nothing";
    if tx.execute(sql, &[&id, &variant, hash, sealed, &locale.code(), &tx.now()]).await? > 0 {
        tx.record(id, BackInStockRequested { variant });
    }
    Ok(true)
}

/// What of these variants is for sale, whether or not there is any of it.
async fn on_sale(
    db: &mut impl Read,
    shop: &Shop,
    locale: Locale,
    variants: &[VariantId],
) -> Result<HashMap<VariantId, Arc<Quote>>, DbError> {
    let keys: Vec<_> = variants.iter().map(|variant| (*variant, Channel::Web, locale)).collect();
    let quotes = pricing::quotes(db, &keys, settings::shop_currency(shop), shop.now()).await?;
    Ok(quotes.into_iter().filter(|(_, quote)| quote.on_sale).map(|((variant, ..), quote)| (variant, quote)).collect())
}

/// Units of a variant that shoppers can buy.
async fn available(db: &mut impl Read, variant: VariantId) -> Result<i64, DbError> {
    Ok(inventory::available_of(db, Channel::Web, [variant]).await?.remove(&variant).unwrap_or_default())
}

/// The path of the link in a mail, which leads to all requests of its recipient.
fn link(shop: &Shop, hash: &[u8]) -> String {
    // A keyed hash has the 16 bytes of an id, and is written like one.
    let hash = Uuid::from_slice(hash).unwrap_or_default().simple().to_string();
    format!("/back-in-stock/{hash}.{}", shop.keyring().sign(LINK, &hash))
}

/// The keyed hash of the address that a link is for.
fn of_link(shop: &Shop, token: &str) -> Result<Vec<u8>, BackInStockError> {
    let (hash, signature) = token.split_once('.').ok_or(BackInStockError::Link)?;
    if !shop.keyring().verify(LINK, hash, signature) {
        return Err(BackInStockError::Link);
    }
    Uuid::try_parse(hash).map(|hash| hash.as_bytes().to_vec()).map_err(|_| BackInStockError::Link)
}

#[derive(platform::db::FromRow)]
struct Row {
    id: BackInStockRequestId,
    variant_id: VariantId,
    at: Timestamp,
}

/// What the address of a mail's link waits for, the latest first.
///
/// # Errors
/// [`BackInStockError::Link`], or the database's.
pub async fn requests_of_link(shop: &Shop, locale: Locale, token: &str) -> Result<Vec<BackInStockRequestView>, BackInStockError> {
    let hash = of_link(shop, token)?;
    let sql = "select id, variant_id, at from back_in_stock_requests where email_hash = $1 order by at desc, id desc";
    let rows: Vec<Row> = shop.db().fetch_all(sql, &[&hash]).await?;
    let variants: Vec<VariantId> = rows.iter().map(|row| row.variant_id).collect();
    let named = on_sale(&mut shop.db(), shop, locale, &variants).await?;
    let view = |row: Row| {
        let quote = named.get(&row.variant_id);
        let (name, options) = quote.map(|quote| (quote.name.clone(), quote.options.clone())).unwrap_or_default();
        BackInStockRequestView { id: row.id, name, options, at: row.at }
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Deletes a request of the address of a mail's link, or all of them. Without effect where there is none any more.
///
/// # Errors
/// [`BackInStockError::Link`], or the database's.
pub async fn withdraw(shop: &Shop, ctx: &Context, token: &str, request: Option<BackInStockRequestId>) -> Result<(), BackInStockError> {
    let hash = of_link(shop, token)?;
    shop.write(ctx, async move |tx| {
        let sql = "select id, variant_id, at from back_in_stock_requests where email_hash = $1 and ($2 is null or id = $2) order by id";
        for Row { id, variant_id: variant, .. } in tx.fetch_all::<Row>(sql, &[&hash, &request]).await? {
            if tx.execute("delete from back_in_stock_requests where id = $1", &[&id]).await? > 0 {
                tx.record(id, BackInStockWithdrawn { variant });
            }
        }
        Ok(())
    })
    .await
}

#[derive(platform::db::FromRow)]
struct CountRow {
    variant_id: VariantId,
    waiting: i64,
}

/// How many wait for each of these variants; those for which nobody does are missing.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn waiting(
    shop: &Shop,
    ctx: &Context,
    variants: impl IntoIterator<Item = VariantId>,
) -> Result<HashMap<VariantId, i64>, BackInStockError> {
    ctx.require(Permission::ReadStock)?;
    let sql = "select variant_id, count(*) as waiting from back_in_stock_requests
         where variant_id in (select unhex(value->>'id') from json_each($1)) group by variant_id";
    let rows: Vec<CountRow> = shop.db().fetch_all(sql, &[&json_ids(variants.into_iter().collect::<BTreeSet<_>>())]).await?;
    Ok(rows.into_iter().map(|row| (row.variant_id, row.waiting)).collect())
}

#[derive(platform::db::FromRow)]
struct SkuRow {
    email_hash: Vec<u8>,
    sku: String,
}

/// The SKUs that these addresses wait for, by their keyed hashes, in the order in which they asked.
///
/// # Errors
/// The database's.
pub(crate) async fn skus_of<'a>(
    db: &mut impl Read,
    emails: impl Iterator<Item = &'a Vec<u8>>,
) -> Result<HashMap<Vec<u8>, Vec<String>>, DbError> {
    let sql = "select r.email_hash, v.sku from back_in_stock_requests r join variants v on v.id = r.variant_id
         where r.email_hash in (select unhex(value->>'id', '') from json_each($1)) order by r.at, r.id";
    let rows: Vec<SkuRow> = db.fetch_all(sql, &[&json_ids(emails.collect::<BTreeSet<_>>())]).await?;
    let mut skus: HashMap<Vec<u8>, Vec<String>> = HashMap::new();
    for row in rows {
        skus.entry(row.email_hash).or_default().push(row.sku);
    }
    Ok(skus)
}

/// Deletes the requests of more than 180 days ago, and what was counted of mails more than a day ago.
///
/// # Errors
/// The database's.
pub async fn delete_expired(shop: &Shop) -> Result<u64, DbError> {
    shop.db()
        .write(async |tx| {
            tx.execute("delete from back_in_stock_mails where at <= $1", &[&tx.now().plus_millis(-mail::COUNTED_MS)]).await?;
            tx.execute("delete from back_in_stock_requests where at <= $1", &[&tx.now().plus_millis(-KEPT_MS)]).await
        })
        .await
}
