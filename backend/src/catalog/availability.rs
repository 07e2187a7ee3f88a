//! Keeps “in stock” of lists in step with stock, and the listing index in step with what other processes change.

use domain::id::ProductId;
use platform::db::{DbError, json_ids};
use platform::events::{self, Handled, RecordedEvent, Subscriber};
use platform::follows;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::inventory::events::STOCK_CHANGES;
use crate::pricing::events::{DeliveryChanged, TaxChanged};
use crate::settings::events::SettingsChanged;

use super::events::{CATEGORY_CHANGES, CatalogChanged, PRODUCT_CHANGES, ProductAvailabilityChanged};
use super::store;

/// Follows stock and products for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    let watched = shop.clone();
    let watching = events::watch(shop.db(), move |events| invalidate(&watched, events));
    let following = events::subscribe(shop.db(), subscriber(shop));
    let shop = shop.clone();
    tokio::spawn(async move {
        // Both stop with this task.
        let _followers = (AbortOnDrop(watching), AbortOnDrop(following));
        super::encode_missing(&shop).await;
        std::future::pending::<()>().await;
    })
}

/// Removes from memory what these events changed.
fn invalidate(shop: &Shop, events: &[RecordedEvent]) {
    let listings = shop.listings();
    let any = |kinds: &[&str]| events.iter().any(|event| event.is_one_of(kinds));
    let products = events.iter().filter(|event| event.is_one_of(PRODUCT_CHANGES));
    listings.invalidate(products.map(|event| ProductId(event.subject)));
    if any(CATEGORY_CHANGES) || any(follows![CatalogChanged, SettingsChanged]) {
        listings.invalidate_all();
    } else if any(follows![TaxChanged, DeliveryChanged]) {
        listings.invalidate_rules();
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
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
        let subjects = json_ids(events.iter().map(|event| event.subject));
        let changed = shop
            .db()
            .write(async move |tx| {
                let products = store::out_of_step(tx, &subjects).await?;
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
