//! Keeps “in stock” of lists in step with stock, and prices without tax in step with tax rates.

use platform::db::{DbError, Tx, json_ids};
use platform::events::{self, RecordedEvent, Subscriber};
use platform::follows;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::inventory::events::{LocationChanged, STOCK_CHANGES, StockAdjusted, StockReleased, StockReserved, StockReturned, StockShipped};
use crate::pricing::events::{TaxChanged, TaxTookEffect};
use crate::settings::events::SettingsChanged;

use super::events::ProductAvailabilityChanged;
use super::{price_lists, store};

/// After these events cards may say something else: the changes of stock, and what changes the taxes of pages.
const CARD_CHANGES: &[&str] = follows![
    StockReserved,
    StockReleased,
    StockShipped,
    StockReturned,
    StockAdjusted,
    LocationChanged,
    TaxChanged,
    TaxTookEffect,
    SettingsChanged
];

/// The name under which its place in the feed is kept.
pub(crate) const FOLLOWER: &str = "availability";

/// Follows stock and taxes for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    events::subscribe(shop.db(), subscriber())
}

/// Does at once what [`follow`] would do soon. For tests and the simulation, where nobody invalidates what is kept of lists.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<(), DbError> {
    events::catch_up(shop.db(), &subscriber()).await?;
    shop.listings().invalidate_all();
    Ok(())
}

/// Brings “in stock” of all lists in step with stock that was written by other means than changes with events.
///
/// # Errors
/// The database's.
pub(crate) async fn stock_written(tx: &mut Tx) -> Result<(), DbError> {
    let products = store::all_out_of_step(tx).await?;
    store::set_in_stock(tx, &products).await.map(drop)
}

fn subscriber() -> Subscriber {
    Subscriber::new(FOLLOWER, CARD_CHANGES, |tx, events| Box::pin(keep_in_step(tx, events)))
}

/// Of the settings only the country changes the taxes of pages.
fn changes_taxes(event: &RecordedEvent) -> bool {
    event.read::<SettingsChanged>().is_none_or(|(_, changed)| changed.country_before.is_some())
}

async fn keep_in_step(tx: &mut Tx, events: &[RecordedEvent]) -> Result<(), DbError> {
    let (stock, taxes): (Vec<_>, Vec<_>) = events.iter().partition(|event| event.is_one_of(STOCK_CHANGES));
    if let Some(last) = taxes.iter().rev().find(|event| changes_taxes(event)).map(|event| event.seq) {
        price_lists::taxes_changed(tx, last).await?;
    }
    let products = if stock.iter().any(|event| event.is::<LocationChanged>()) {
        store::all_out_of_step(tx).await?
    } else {
        store::out_of_step(tx, &json_ids(stock.iter().map(|event| event.subject))).await?
    };
    if products.is_empty() {
        return Ok(());
    }
    store::set_in_stock(tx, &products).await?;
    for product in products {
        tx.record(product, ProductAvailabilityChanged {});
    }
    Ok(())
}
