//! What was changed of a product since somebody began to edit it.

use domain::id::ProductId;
use domain::permission::Permission;
use domain::view::{ProductChange, ProductChangeView};
use platform::Context;
use platform::events::{Event, RecordedEvent};

use super::CatalogError;
use super::events::{ProductArchived, ProductPublished, ProductUpdated, ProductWithdrawn};
use crate::Shop;

/// The parts of a product as the events of its changes name them.
fn part(name: &str) -> Option<ProductChange> {
    ProductChange::ALL.into_iter().find(|part| part.as_str() == name)
}

/// What an event changed; none where it made no new version.
fn changed(event: &RecordedEvent) -> Option<Vec<ProductChange>> {
    match event.kind.as_str() {
        ProductPublished::KIND | ProductArchived::KIND | ProductWithdrawn::KIND => Some(vec![ProductChange::Status]),
        ProductUpdated::KIND => {
            let (_, updated) = event.read::<ProductUpdated>()?;
            if updated.picture.is_some() {
                return None;
            }
            // An import does not name what it changed.
            let names = updated.changed.map(|names| names.iter().filter_map(|name| part(name)).collect());
            Some(names.unwrap_or_else(|| ProductChange::ALL.to_vec()))
        }
        _ => None,
    }
}

/// The changes of a product after the version that was edited, the newest first; at most 20.
///
/// # Errors
/// Not allowed, [`CatalogError::Unknown`], or the database's.
pub async fn changes_since(shop: &Shop, ctx: &Context, id: ProductId, version: i64) -> Result<Vec<ProductChangeView>, CatalogError> {
    ctx.require(Permission::ReadProducts)?;
    let now: Option<i64> = shop.db().fetch_optional_scalar("select version from products where id = $1", &[&id]).await?;
    let versions = usize::try_from(now.ok_or(CatalogError::Unknown)?.saturating_sub(version)).unwrap_or(0);
    let sql = "select seq, id, kind, subject, actor, data, at from events where subject = $1 order by seq desc limit 100";
    let events: Vec<RecordedEvent> = shop.db().fetch_all(sql, &[&id]).await?;
    let changes = events.into_iter().filter_map(|event| {
        let parts = changed(&event)?;
        Some(ProductChangeView { actor: event.actor, at: event.at, parts })
    });
    // Each made one version.
    Ok(changes.take(versions.min(20)).collect())
}
