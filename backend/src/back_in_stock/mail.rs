//! Decides whose request is mailed, and when.
//!
//! As many are mailed as there are units, those who asked first before others: three units and forty who wait are three mails. Mails of the
//! last day count as units that are spoken for, so that a unit that is sold does not call for the next mail at once. A day later those who
//! are next are mailed, if there still are units.
//!
//! A subscriber follows what may make a variant available ([`subscriber`]) and starts a round a few seconds later
//! ([`mail_those_who_wait`]); another starts every hour. A round hands each request to a job, which composes and sends its mail and deletes
//! the request. Where the variant was sold out meanwhile, the request waits again. If the program dies between the mail server's answer and
//! the end of the job, the mail is sent again with the same `Message-ID`.

use domain::id::{BackInStockRequestId, VariantId};
use domain::messages::t;
use domain::order::Channel;
use domain::query::product_address;
use domain::{Locale, Timestamp};
use platform::db::{DbError, Tx};
use platform::events::Subscriber;
use platform::follows;
use platform::jobs::{self, Failure, Handlers, Job};
use platform::mail::Mail;
use serde::{Deserialize, Serialize};

use super::events::BackInStockMailed;
use super::{BackInStockError, KIND, available, link, on_sale};
use crate::catalog::events::{CatalogChanged, PricesChanged, ProductPublished, ProductUpdated};
use crate::inventory::events::{LocationChanged, StockAdjusted, StockReleased, StockReturned};
use crate::mails::{self, MailContent};
use crate::{Shop, contacts, inventory, settings};

/// What becomes available within so long is one round.
const WINDOW_MS: i64 = 10_000;
/// For so long a mail counts as a unit that is spoken for.
pub(super) const COUNTED_MS: i64 = Timestamp::DAY;
/// The most mails of a round about one variant; the next round has the rest.
const MAX_PER_ROUND: i64 = 500;

/// The name under which its place in the feed is kept.
pub(crate) const FOLLOWER: &str = "back_in_stock";

/// Mails those who wait for what can be bought again.
#[derive(Debug, Serialize, Deserialize)]
struct StartRound {}

impl Job for StartRound {
    const KIND: &'static str = "back_in_stock.round";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        Ok(mail_those_who_wait(&shop).await.map_err(|error| error.to_string())?)
    }
}

/// Sends the mail of a request, and deletes it.
#[derive(Debug, Serialize, Deserialize)]
struct SendBackInStockMail {
    request: BackInStockRequestId,
}

impl Job for SendBackInStockMail {
    const KIND: &'static str = "back_in_stock_mail.send";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        send(&shop, self.request).await
    }
}

pub(crate) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<StartRound>();
    handlers.add::<SendBackInStockMail>();
}

fn subscriber() -> Subscriber {
    let kinds = follows![
        StockReleased,
        StockReturned,
        StockAdjusted,
        LocationChanged,
        ProductUpdated,
        ProductPublished,
        PricesChanged,
        CatalogChanged,
    ];
    Subscriber::new(FOLLOWER, kinds, |tx, _| Box::pin(start_round(tx)))
}

/// Follows the event feed until the program ends.
pub fn follow(shop: &Shop) -> tokio::task::JoinHandle<()> {
    platform::events::subscribe(shop.db(), subscriber())
}

/// Does at once what [`follow`] would do soon; returns the number of events. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<u64, DbError> {
    platform::events::catch_up(shop.db(), &subscriber()).await
}

/// Has a round begin at the end of this window, if anybody waits.
async fn start_round(tx: &mut Tx) -> Result<(), DbError> {
    let sql = "select id from back_in_stock_requests where mail_at is null limit 1";
    if tx.fetch_optional_scalar::<BackInStockRequestId>(sql, &[]).await?.is_none() {
        return Ok(());
    }
    let end = (tx.now().millis() / WINDOW_MS + 1) * WINDOW_MS;
    jobs::enqueue(tx, &StartRound {}, Timestamp::from_millis(end), Some(&format!("{}:{end}", StartRound::KIND))).await
}

/// A round: hands the requests for variants that can be bought to jobs, as many as there are units.
///
/// # Errors
/// The database's.
pub async fn mail_those_who_wait(shop: &Shop) -> Result<(), DbError> {
    let sql = "select distinct variant_id from back_in_stock_requests where mail_at is null";
    let variants: Vec<VariantId> = shop.db().fetch_scalars(sql, &[]).await?;
    let units = inventory::available_of(&mut shop.db(), Channel::Web, variants.iter().copied()).await?;
    let mut there: Vec<VariantId> = units.into_iter().filter(|(_, units)| *units > 0).map(|(variant, _)| variant).collect();
    there.sort();
    let on_sale = on_sale(&mut shop.db(), shop, Locale::default(), &there).await?;
    for variant in there.into_iter().filter(|variant| on_sale.contains_key(variant)) {
        shop.db().write(async move |tx| take_up(tx, variant).await).await?;
    }
    Ok(())
}

/// Takes up as many requests for a variant as there are units that no mail of the last day speaks of.
async fn take_up(tx: &mut Tx, variant: VariantId) -> Result<(), DbError> {
    // One node at a time counts.
    tx.lock("select 1 from variants where id = $1 for no key update", &[&variant]).await?;
    let (now, since) = (tx.now(), tx.now().plus_millis(-COUNTED_MS));
    let sql = "select (select count(*) from back_in_stock_mails where variant_id = $1 and at > $2)
            + (select count(*) from back_in_stock_requests where variant_id = $1 and mail_at > $2)";
    let spoken_for: i64 = tx.fetch_scalar(sql, &[&variant, &since]).await?;
    let most = (available(tx, variant).await? - spoken_for).min(MAX_PER_ROUND);
    if most <= 0 {
        return Ok(());
    }
    let sql = "select id from back_in_stock_requests where variant_id = $1 and mail_at is null order by at, id limit $2";
    let requests: Vec<BackInStockRequestId> = tx.fetch_scalars(sql, &[&variant, &most]).await?;
    let mut mails = Vec::with_capacity(requests.len());
    for request in requests {
        tx.execute("update back_in_stock_requests set mail_at = $2 where id = $1", &[&request, &now]).await?;
        mails.push((SendBackInStockMail { request }, now, format!("{}:{request}:{}", SendBackInStockMail::KIND, now.millis())));
    }
    jobs::enqueue_all(tx, &mails).await
}

#[derive(platform::db::FromRow)]
struct Request {
    variant_id: VariantId,
    email_hash: Vec<u8>,
    sealed: Vec<u8>,
    locale: String,
}

async fn send(shop: &Shop, id: BackInStockRequestId) -> Result<(), Failure> {
    let words = |error: BackInStockError| error.to_string();
    let sql = "select variant_id, email_hash, sealed, locale from back_in_stock_requests where id = $1 and mail_at is not null";
    let request: Option<Request> = shop.db().fetch_optional(sql, &[&id]).await.map_err(|error| error.to_string())?;
    // Withdrawn meanwhile.
    let Some(request) = request else { return Ok(()) };
    let variant = request.variant_id;
    let mail = compose(shop, id, &request).await.map_err(words)?;
    if let Some(mail) = &mail {
        mails::send(shop, mail).await?;
    }
    let is_sent = mail.is_some();
    let written = shop.db().write(async move |tx| if is_sent { sent(tx, id, variant).await } else { waits_again(tx, id).await });
    Ok(written.await.map_err(|error| error.to_string())?)
}

async fn sent(tx: &mut Tx, id: BackInStockRequestId, variant: VariantId) -> Result<(), DbError> {
    let mail = tx.id();
    if tx.execute("delete from back_in_stock_requests where id = $1", &[&id]).await? > 0 {
        tx.execute("insert into back_in_stock_mails (id, variant_id, at) values ($1, $2, $3)", &[&mail, &variant, &tx.now()]).await?;
        tx.record(id, BackInStockMailed { variant });
    }
    Ok(())
}

async fn waits_again(tx: &mut Tx, id: BackInStockRequestId) -> Result<(), DbError> {
    tx.execute("update back_in_stock_requests set mail_at = null where id = $1", &[&id]).await.map(drop)
}

/// The mail; none when the variant cannot be bought any more.
async fn compose(shop: &Shop, id: BackInStockRequestId, request: &Request) -> Result<Option<Mail>, BackInStockError> {
    let (locale, variant) = (Locale::parse(&request.locale).unwrap_or_default(), request.variant_id);
    let mut db = shop.db();
    let Some(quote) = on_sale(&mut db, shop, locale, &[variant]).await?.remove(&variant) else { return Ok(None) };
    if available(&mut db, variant).await? == 0 {
        return Ok(None);
    }
    let address: String = contacts::unseal(shop, KIND, id.as_ref(), &request.sealed)?;
    let (base, name) = (&shop.config().public_url, settings::shop(shop).name);
    let sku = if quote.options.is_empty() { "" } else { quote.sku.as_str() };
    let title = if quote.options.is_empty() { quote.name.clone() } else { format!("{}, {}", quote.name, quote.options) };
    let own_requests = format!("{base}{}", link(shop, &request.email_hash));
    let content = MailContent {
        locale,
        subject: t::MAIL_BACK_SUBJECT.with(locale, &[("product", &quote.name)]),
        greeting: t::MAIL_GREETING.text(locale).to_owned(),
        body: t::MAIL_BACK_BODY.with(locale, &[("shop", &name)]),
        title,
        facts: Vec::new(),
        rows: Vec::new(),
        sums: Vec::new(),
        note: t::MAIL_BACK_NOTE.text(locale).to_owned(),
        action: (t::MAIL_BACK_ACTION.text(locale).to_owned(), format!("{base}{}", product_address(&quote.slug, sku))),
        footer: t::MAIL_BACK_FOOTER.with(locale, &[("shop", &name), ("address", &own_requests)]),
        shop: name,
    };
    Ok(Some(mails::mail(shop, (String::new(), address), &format!("back-{}", id.0.simple()), content)))
}
