//! Keeps “in stock” of lists in step with stock, and prices without tax in step with tax rates.

use platform::db::{DbError, json_ids};
use platform::events::{self, Handled, RecordedEvent, Subscriber};
use platform::follows;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::inventory::events::{LocationChanged, STOCK_CHANGES, StockAdjusted, StockReleased, StockReserved, StockReturned, StockShipped};
use crate::pricing::events::{TaxChanged, TaxTookEffect};
use crate::settings::events::SettingsChanged;

use super::events::ProductAvailabilityChanged;
use super::{dated_prices, store};

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

/// Follows stock and taxes for as long as the program runs.
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
    Subscriber::new("availability", CARD_CHANGES, move |events| update_cards(shop.clone(), events))
}

fn update_cards(shop: Shop, events: Vec<RecordedEvent>) -> Handled {
    Box::pin(async move {
        let (stock, taxes): (Vec<_>, Vec<_>) = events.into_iter().partition(|event| event.is_one_of(STOCK_CHANGES));
        if !taxes.is_empty() {
            shop.db().write(async |tx| dated_prices::taxes_changed(tx).await).await?;
        }
        let everywhere = stock.iter().any(RecordedEvent::is::<LocationChanged>);
        let subjects = json_ids(stock.iter().map(|event| event.subject));
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
