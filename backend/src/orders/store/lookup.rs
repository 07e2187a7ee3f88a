//! The SQL of looking up an order by number and e-mail.

use domain::Timestamp;
use domain::id::OrderId;

use crate::orders::events::OrderLinkRequested;
use platform::db::{DbError, Tx};
use platform::events::Event;

/// The order with this number and e-mail. Its contacts are locked, so that requests for one e-mail are counted one after the other.
pub(in crate::orders) async fn of_address(tx: &mut Tx, number: &str, email_hash: &[u8]) -> Result<Option<OrderId>, DbError> {
    tx.lock("select 1 from contacts where email_hash = $1 order by id for update", &[&email_hash]).await?;
    tx.fetch_optional_scalar(
        "select o.id from orders o join contacts c on c.id = o.contact_id where o.number = $1 and c.email_hash = $2",
        &[&number, &email_hash],
    )
    .await
}

/// Counts the links that were requested since then for the orders of this e-mail.
pub(in crate::orders) async fn links_since(tx: &mut Tx, email_hash: &[u8], since: Timestamp) -> Result<i64, DbError> {
    tx.fetch_scalar(
        "select count(*) from contacts c join orders o on o.contact_id = c.id join events e on e.subject = o.id
             where c.email_hash = $1 and e.kind = $2 and e.at > $3",
        &[&email_hash, &OrderLinkRequested::KIND, &since],
    )
    .await
}
