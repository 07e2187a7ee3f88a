//! Price lists: cards, listings and pages follow when one begins or ends, as after any change of a price.
//!
//! Carts, orders and products read the price of the moment. `product_cards` and the caches hold one, so each moment has a job. The cards of
//! a list without tax follow the tax rates too.

use domain::id::{PriceListId, ProductId};
use domain::permission::Permission;
use domain::view::PriceListView;
use domain::{Currency, Timestamp};
use platform::Context;
use platform::db::{DbError, Flag, FromRow, Tx, json_ids};
use platform::jobs::{self, Failure, Handlers, Job};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::Shop;
use crate::pricing::{PricingError, home_market};
use crate::settings::shop_currency;

use super::events::{PriceListChanged, PricesChanged};
use super::write;

/// Products of one run of the job; another one continues, so that no run outlasts its lease.
const MAX_RUN: usize = 5_000;
/// Products of one transaction and one event.
const MAX_CHUNK: usize = 500;

/// Every price list, in the order in which they are asked for a price.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn price_lists(shop: &Shop, ctx: &Context) -> Result<Vec<PriceListView>, PricingError> {
    #[derive(FromRow)]
    struct Row {
        id: PriceListId,
        name: String,
        currency: Currency,
        channel: Option<String>,
        includes_tax: Flag,
        valid_from: Option<Timestamp>,
        valid_to: Option<Timestamp>,
    }
    ctx.require(Permission::ReadSettings)?;
    let sql = "select id, name, currency, channel, includes_tax, valid_from, valid_to from price_lists order by position, id";
    let rows: Vec<Row> = shop.db().fetch_all(sql, &[]).await?;
    let view = |row: Row| PriceListView {
        id: row.id,
        name: row.name,
        currency: row.currency,
        channel: row.channel,
        includes_tax: row.includes_tax.0,
        valid_from: row.valid_from,
        valid_to: row.valid_to,
    };
    Ok(rows.into_iter().map(view).collect())
}

/// Sets whether tax is inside of a list's prices, which stay the same numbers: without it, tax is added to them from now on.
///
/// # Errors
/// [`PricingError::Unknown`] for no such list. Not allowed.
pub async fn set_includes_tax(shop: &Shop, ctx: &Context, list: PriceListId, includes_tax: bool) -> Result<(), PricingError> {
    ctx.require(Permission::WriteSettings)?;
    shop.write(ctx, async move |tx| {
        let sql = "update price_lists set includes_tax = $2 where id = $1 and includes_tax <> $2 returning name";
        let changed: Option<String> = tx.fetch_optional_scalar(sql, &[&list, &Flag(includes_tax)]).await?;
        if let Some(name) = changed {
            tx.record(list, PriceListChanged { name, includes_tax });
            return Ok(price_list_changed(tx, list).await?);
        }
        let known: Option<i64> = tx.fetch_optional_scalar("select cast(1 as bigint) from price_lists where id = $1", &[&list]).await?;
        known.map(drop).ok_or(PricingError::Unknown)
    })
    .await?;
    shop.quote_cache().invalidate();
    Ok(())
}

/// Has the cards of lists without tax follow when a tax rate or the shop's country is another one, as the event with this place in the feed
/// says. A job that waits already begins after the change, and so is enough for it.
pub(super) async fn taxes_changed(tx: &mut Tx, event: i64) -> Result<(), DbError> {
    let lists: Vec<PriceListId> = tx.fetch_scalars("select id from price_lists where includes_tax = 0", &[]).await?;
    for list in lists {
        let of_taxes = format!("{}:{list}:taxes:", UpdatePrices::KIND);
        let waiting: i64 = tx
            .fetch_scalar(
                "select count(*) from jobs where state = 'waiting' and attempts = 0 and kind = $1 and key like $2 || '%'",
                &[&UpdatePrices::KIND, &of_taxes],
            )
            .await?;
        if waiting == 0 {
            let job = UpdatePrices { list, at: None, after: None };
            jobs::enqueue(tx, &job, tx.now(), Some(&format!("{of_taxes}{event}"))).await?;
        }
    }
    Ok(())
}

/// Brings cards in step with a price list that begins, ends or was changed, or whose taxes were.
#[derive(Serialize, Deserialize)]
struct UpdatePrices {
    list: PriceListId,
    /// When the list begins or ends; nothing is done when it does neither at this moment any more. None after a change of the list.
    at: Option<Timestamp>,
    /// The product up to which the runs before went.
    after: Option<ProductId>,
}

impl Job for UpdatePrices {
    const KIND: &'static str = "price.update";
    type State = Shop;
    async fn run(self, shop: Shop) -> Result<(), Failure> {
        self.update(&shop).await.map_err(|error| error.to_string().into())
    }
}

impl UpdatePrices {
    async fn update(self, shop: &Shop) -> Result<(), DbError> {
        // Also of lists that change nothing in the web shop.
        shop.quote_cache().invalidate();
        let products = self.affected(shop).await?;
        for chunk in products.chunks(MAX_CHUNK) {
            update_prices_of(shop, self.list, chunk.to_vec()).await?;
            shop.listings().invalidate(chunk.iter().copied());
        }
        if products.len() < MAX_RUN {
            return Ok(());
        }
        let rest = Self { after: products.last().copied(), ..self };
        shop.db().write(async move |tx| jobs::enqueue(tx, &rest, tx.now(), None).await).await
    }

    /// The next published products with a variant whose price in the web shop depends on this list: no list in force before it names it.
    ///
    /// `cross join` has SQLite begin with the prices, and not with all published products, which it believes to be few.
    async fn affected(&self, shop: &Shop) -> Result<Vec<ProductId>, DbError> {
        let after = self.after.unwrap_or(ProductId(Uuid::nil()));
        shop.db()
            .fetch_scalars(
                "select distinct p.id
                 from price_lists l
                 cross join prices r
                 cross join variants v
                 cross join products p
                 where l.id = $1 and l.currency = $2 and (l.channel is null or l.channel = 'web')
                   and (cast($3 as bigint) is null or l.valid_from = $3 or l.valid_to = $3)
                   and r.price_list_id = l.id and v.id = r.variant_id and v.archived = 0
                   and p.id = v.product_id and p.status = 'published' and p.id > $4
                   -- As `prices_in_force!` of pricing chooses: no list before this one has a price.
                   and not exists (
                       select 1 from prices q join price_lists o on o.id = q.price_list_id
                       where q.variant_id = v.id and o.currency = $2 and (o.channel is null or o.channel = 'web')
                         and (o.valid_from is null or o.valid_from <= $5) and (o.valid_to is null or o.valid_to > $5)
                         and (o.position < l.position or (o.position = l.position and o.id < l.id)))
                 order by p.id limit $6",
                &[&self.list, &shop_currency(shop), &self.at, &after, &shop.now(), &(MAX_RUN as i64)],
            )
            .await
    }
}

async fn update_prices_of(shop: &Shop, list: PriceListId, products: Vec<ProductId>) -> Result<(), DbError> {
    let home = home_market(shop);
    shop.db()
        .write(async move |tx| {
            let ids = json_ids(&products);
            tx.lock("select 1 from products where id in (select unhex(value->>'id') from json_each($1)) order by id for update", &[&ids])
                .await?;
            write::refresh(tx, &home, &products).await?;
            tx.record(list, PricesChanged { products: products.clone() });
            Ok(())
        })
        .await
}

/// Has cards, listings and pages follow a price list that is made or changed in this transaction, at once and at each moment ahead at
/// which it begins or ends. Whoever writes its dates, its position or its prices calls this.
///
/// # Errors
/// The database's.
pub async fn price_list_changed(tx: &mut Tx, list: PriceListId) -> Result<(), DbError> {
    jobs::enqueue(tx, &UpdatePrices { list, at: None, after: None }, tx.now(), None).await?;
    schedule_price_lists(tx, tx.now()).await
}

/// Enqueues the job of each moment after `since` at which a price list begins or ends, where it has none.
pub(crate) async fn schedule_price_lists(tx: &mut Tx, since: Timestamp) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Moment {
        list: PriceListId,
        at: Timestamp,
    }
    let moments: Vec<Moment> = tx
        .fetch_all(
            "select id as list, valid_from as at from price_lists where valid_from > $1
             union select id, valid_to from price_lists where valid_to > $1",
            &[&since],
        )
        .await?;
    let job = |Moment { list, at }: Moment| {
        let key = format!("{}:{list}:{}", UpdatePrices::KIND, at.millis());
        (UpdatePrices { list, at: Some(at), after: None }, at, key)
    };
    jobs::enqueue_all(tx, &moments.into_iter().map(job).collect::<Vec<_>>()).await
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<UpdatePrices>();
}
