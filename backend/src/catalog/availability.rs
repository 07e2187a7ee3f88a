//! Keeps “in stock” of lists in step with stock, and the shelf in step with what other processes change.

use domain::id::ProductId;
use tokio::task::JoinHandle;

use crate::Shop;
use crate::platform::db::{DbError, Rows};
use crate::platform::events::{self, Event, Handled, RecordedEvent};

use super::store;

/// Follows stock and products for as long as the program runs.
pub fn follow(shop: &Shop) -> JoinHandle<()> {
    let seen = shop.clone();
    let watching = events::watch(shop, move |happened| {
        let products = happened.iter().filter(|e| e.kind.starts_with("product."));
        seen.shelf().touch(products.map(|e| ProductId(e.subject)));
        if happened.iter().any(|e| e.kind == "catalog.changed" || e.kind.starts_with("category.") || e.kind == "settings.changed") {
            seen.shelf().touch_all();
        } else if happened.iter().any(|e| e.kind.starts_with("tax.") || e.kind.starts_with("delivery.")) {
            seen.shelf().forget_rules();
        }
    });
    let following = events::subscribe(shop, "availability", handle);
    let shop = shop.clone();
    tokio::spawn(async move {
        // Stops with this task.
        let _both = (Stop(watching), Stop(following));
        super::encode_missing(&shop).await;
        std::future::pending::<()>().await;
    })
}

struct Stop(JoinHandle<()>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Does at once what [`follow`] would do soon. For tests and the simulation.
///
/// # Errors
/// The database's.
pub async fn catch_up(shop: &Shop) -> Result<(), DbError> {
    events::catch_up(shop, "availability", &handle).await.map(drop)
}

fn handle(shop: Shop, happened: Vec<RecordedEvent>) -> Handled {
    Box::pin(async move {
        let mut subjects = Rows::new();
        for event in happened.iter().filter(|e| e.kind.starts_with("stock.")) {
            subjects.row(&[&event.subject]);
        }
        if subjects.is_empty() {
            return Ok(());
        }
        let (own, subjects) = (shop.clone(), subjects.end());
        let flipped = shop
            .db()
            .write(async move |tx| {
                let products = store::flipped(tx, &subjects).await?;
                if products.is_empty() {
                    return Ok::<_, DbError>(products);
                }
                store::set_in_stock(tx, &products).await?;
                let (at, context) = (own.now(), own.system());
                let events: Vec<Event> =
                    products.iter().map(|id| Event::new("product.availability", id.0, serde_json::json!({}))).collect();
                events::append(tx, &own, &context, at, &events).await?;
                Ok(products)
            })
            .await?;
        shop.shelf().touch(flipped);
        Ok(())
    })
}
