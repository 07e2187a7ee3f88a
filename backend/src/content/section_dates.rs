//! Sections of the home page that begin or end at a moment: pages follow, on each node, as after any change.
//!
//! Who renders the home page reads the sections of the moment. Cached pages do not, so each moment has a job, whose event they follow.

use domain::Timestamp;
use domain::id::HomeSectionId;
use platform::db::{DbError, FromRow, Tx};
use platform::jobs::{self, Failure, Handlers, Job};
use serde::{Deserialize, Serialize};

use super::events::{HomeSectionBegan, HomeSectionEnded};
use crate::Shop;

/// Tells that a section begins or ends.
#[derive(Serialize, Deserialize)]
struct TellOfSection {
    section: HomeSectionId,
    /// When it begins or ends; nothing is done when it does neither at this moment any more.
    at: Timestamp,
}

impl Job for TellOfSection {
    const KIND: &'static str = "home_section.tell";
    type State = Shop;

    async fn run(self, shop: Shop) -> Result<(), Failure> {
        let told = shop.db().write(async move |tx| self.record_start(tx).await).await;
        told.map_err(|error: DbError| error.to_string())?;
        shop.content_cache().invalidate();
        Ok(())
    }
}

impl TellOfSection {
    async fn record_start(&self, tx: &mut Tx) -> Result<(), DbError> {
        #[derive(FromRow)]
        struct Dates {
            visible_from: Option<Timestamp>,
            visible_until: Option<Timestamp>,
        }
        tx.lock("select 1 from home_sections where id = $1 for update", &[&self.section]).await?;
        let sql = "select visible_from, visible_until from home_sections where id = $1 and hidden = 0";
        let Some(dates) = tx.fetch_optional::<Dates>(sql, &[&self.section]).await? else { return Ok(()) };
        if dates.visible_from == Some(self.at) {
            tx.record(self.section, HomeSectionBegan {});
        }
        if dates.visible_until == Some(self.at) {
            tx.record(self.section, HomeSectionEnded {});
        }
        Ok(())
    }
}

/// Enqueues the job of each moment after `since` at which a section begins or ends, where it has none.
pub(crate) async fn schedule_sections(tx: &mut Tx, since: Timestamp) -> Result<(), DbError> {
    #[derive(FromRow)]
    struct Moment {
        section: HomeSectionId,
        at: Timestamp,
    }
    let moments: Vec<Moment> = tx
        .fetch_all(
            "select id as section, visible_from as at from home_sections where visible_from > $1
             union select id, visible_until from home_sections where visible_until > $1",
            &[&since],
        )
        .await?;
    let job = |Moment { section, at }: Moment| {
        let key = format!("{}:{section}:{}", TellOfSection::KIND, at.millis());
        (TellOfSection { section, at }, at, key)
    };
    jobs::enqueue_all(tx, &moments.into_iter().map(job).collect::<Vec<_>>()).await
}

/// Adds the job of this file.
pub(super) fn register(handlers: &mut Handlers<Shop>) {
    handlers.add::<TellOfSection>();
}
