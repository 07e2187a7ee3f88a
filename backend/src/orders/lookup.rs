//! A guest who lost the mail gets the order's link again, by the order's number and the e-mail that it was placed with. The link goes
//! to that e-mail and nowhere else, so whoever asks learns nothing.

use domain::email;
use serde_json::json;

use crate::platform::Context;
use crate::platform::db::DbError;
use crate::platform::events::{self, Event};
use crate::{Shop, customers};

use super::store;

/// How often an e-mail is sent links, at most, in [`WINDOW`].
const MAX_LINKS: i64 = 3;
/// An hour, milliseconds.
const WINDOW: i64 = 60 * 60_000;

/// The event that asks for the mail.
pub const LINK_REQUESTED: &str = "order.link_requested";

/// Has the link to an order mailed again to the address that it was placed with. Nothing happens where number and e-mail do not belong
/// together, or when that address was sent three links within the hour.
///
/// # Errors
/// The database's.
pub async fn send_link(shop: &Shop, ctx: &Context, number: &str, address: &str) -> Result<(), DbError> {
    let (Some(number), Some(address)) = (written(number), email::email(address)) else { return Ok(()) };
    let hash = customers::email_hash(shop, &address);
    let (inner, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let at = inner.now();
            let Some(order) = store::of_address(tx, &number, &hash).await? else { return Ok(()) };
            if store::links_since(tx, &hash, LINK_REQUESTED, at.plus_millis(-WINDOW)).await? < MAX_LINKS {
                events::append(tx, &inner, &ctx, at, &[Event::new(LINK_REQUESTED, order.0, json!({}))]).await?;
            }
            Ok::<_, DbError>(())
        })
        .await?;
    shop.feed().wake();
    Ok(())
}

/// [`send_link`] without waiting for it: the answer would take longer where there is such an order, and so would tell.
pub fn request_link(shop: &Shop, ctx: &Context, number: String, address: String) {
    let (shop, ctx) = (shop.clone(), ctx.clone());
    tokio::spawn(async move {
        if let Err(error) = send_link(&shop, &ctx, &number, &address).await {
            tracing::error!(%error, "a link to an order was not sent again");
        }
    });
}

/// An order's number as it is kept, however it was typed: `#tk4wx9q1` for `TK4WX-9Q1`.
fn written(typed: &str) -> Option<String> {
    let mut number: String = typed.trim().trim_start_matches('#').chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    number.make_ascii_uppercase();
    let is_number = number.starts_with('T') && number.bytes().all(|b| b.is_ascii_alphanumeric());
    if number.len() < 6 || number.len() > 16 || !is_number {
        return None;
    }
    number.insert(5, '-');
    Some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_however_it_is_typed() {
        for typed in ["TK4WX-9Q1", " #tk4wx9q1 ", "tk4wx 9q1"] {
            assert_eq!(written(typed).as_deref(), Some("TK4WX-9Q1"), "{typed}");
        }
        for nonsense in ["", "T", "Ana Reyes, Mandaluyong", "TK4WX%", "€€€€€€€€"] {
            assert_eq!(written(nonsense), None, "{nonsense}");
        }
    }
}
