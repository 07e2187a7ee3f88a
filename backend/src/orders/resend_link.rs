//! Mails the link of an order again to a guest who gives its number and e-mail. The link goes to that e-mail only, and the answer is
//! always the same, so it does not reveal whether there is such an order.

use domain::{email, order_number};

use crate::{Shop, contacts};
use platform::Context;
use platform::db::DbError;

use super::events::OrderLinkRequested;
use super::store;

/// At most so many links are mailed to one e-mail in [`WINDOW_MS`].
const MAX_LINKS: i64 = 3;
const WINDOW_MS: i64 = 60 * 60_000;

/// Has the link of an order mailed again to the e-mail that it was placed with. Nothing happens when number and e-mail do not match,
/// or when [`MAX_LINKS`] were mailed within the hour.
///
/// # Errors
/// The database's.
pub async fn send_link(shop: &Shop, ctx: &Context, number: &str, address: &str) -> Result<(), DbError> {
    let (Some(number), Some(email)) = (order_number::parse(number), email::email(address)) else { return Ok(()) };
    let hash = contacts::email_hash(shop, &email);
    shop.write(ctx, async move |tx| {
        let Some(order) = store::of_address(tx, &number, &hash).await? else { return Ok(()) };
        if store::links_since(tx, &hash, tx.now().plus_millis(-WINDOW_MS)).await? < MAX_LINKS {
            tx.record(order, OrderLinkRequested {});
        }
        Ok(())
    })
    .await
}

/// [`send_link`] in the background: the time of the answer must not reveal whether there is such an order.
pub fn request_link(shop: &Shop, ctx: &Context, number: String, address: String) {
    let (shop, ctx) = (shop.clone(), ctx.clone());
    tokio::spawn(async move {
        if let Err(error) = send_link(&shop, &ctx, &number, &address).await {
            tracing::error!(%error, "a link to an order was not sent again");
        }
    });
}
