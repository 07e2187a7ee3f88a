//! Keeps “in stock” of lists in step with stock.

use platform::db::{DbError, json_ids};
use platform::events::{self, Handled, RecordedEvent, Subscriber};
use tokio::task::JoinHandle;

use crate::Shop;
use crate::inventory::events::{LocationChanged, STOCK_CHANGES};

use super::events::ProductAvailabilityChanged;
use super::store;

/// Follows stock for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    events::subscribe(shop.db(), subscriber(shop))
}

/// Does at once what [`follow`] would do soon. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<(), DbError> {
    events::catch_up(shop.db(), &subscriber(shop)).await.map(drop)
}

fn subscriber(shop: &Shop) -> Subscriber {
    let shop = shop.clone();
    Subscriber::new("availability", STOCK_CHANGES, move |events| update_cards(shop.clone(), events))
}

fn update_cards(shop: Shop, events: Vec<RecordedEvent>) -> Handled {
    Box::pin(async move {
        let everywhere = events.iter().any(RecordedEvent::is::<LocationChanged>);
        let subjects = json_ids(events.iter().map(|event| event.subject));
        let changed = shop
            .db()
            .write(async move |tx| {
                let products = if everywhere { store::all_out_of_step(tx).await? } else { store::out_of_step(tx, &subjects).await? };
                if products.is_empty() {
                    return Ok::<_, DbError>(products);
                }
                store::set_in_stock(tx, &products).await?;
                for product in &products {
                    tx.record(*product, ProductAvailabilityChanged {});
                }
                Ok(products)
            })
            .await?;
        shop.listings().invalidate(changed);
        Ok(())
    })
}
