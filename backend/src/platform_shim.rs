//! The platform with its former functions, for areas that are not converted yet.

pub use ::platform::*;

pub mod events {
    use ::platform::events::Subscriber;
    pub use ::platform::events::{Feed, Handled, RecordedEvent};
    use domain::Timestamp;
    use serde_json::Value;
    use uuid::Uuid;

    use crate::Shop;
    use ::platform::Context;
    use ::platform::db::{DbError, Rows, Tx};

    #[derive(Clone, Debug)]
    pub struct Event {
        pub kind: &'static str,
        pub subject: Uuid,
        pub data: Value,
    }

    impl Event {
        #[must_use]
        pub const fn new(kind: &'static str, subject: Uuid, data: Value) -> Self {
            Self { kind, subject, data }
        }
    }

    pub struct NewRow<'a> {
        pub id: Uuid,
        pub kind: &'static str,
        pub subject: Uuid,
        pub context: &'a Context,
        pub data: String,
        pub at: Timestamp,
    }

    pub async fn append(tx: &mut Tx, shop: &Shop, context: &Context, at: Timestamp, events: &[Event]) -> Result<(), DbError> {
        let rows: Vec<_> = events
            .iter()
            .map(|e| NewRow { id: shop.id(), kind: e.kind, subject: e.subject, context, data: e.data.to_string(), at })
            .collect();
        append_rows(tx, &rows).await
    }

    pub async fn append_rows(tx: &mut Tx, events: &[NewRow<'_>]) -> Result<(), DbError> {
        let mut rows = Rows::new();
        for e in events {
            let c = e.context;
            rows.row(&[&e.id, &e.kind, &e.subject, &c.actor.to_string(), &c.on_behalf_of, &c.request, &e.data, &e.at]);
        }
        if rows.is_empty() {
            return Ok(());
        }
        let sql = if tx.is_postgres() {
            "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
             select unhex(value->>0), value->>1, unhex(value->>2), value->>3, value->>4, unhex(value->>5), value->>6, cast(value->>7 as bigint)
             from json_each($1) where pg_current_xact_id() is not null"
        } else {
            "insert into events (id, kind, subject, actor, on_behalf_of, request, data, at)
             select unhex(value->>0), value->>1, unhex(value->>2), value->>3, value->>4, unhex(value->>5), value->>6, cast(value->>7 as bigint)
             from json_each($1)"
        };
        tx.execute(sql, &[&rows.end()]).await?;
        tx.announce();
        Ok(())
    }

    pub async fn after(shop: &Shop, seq: i64) -> Result<Vec<RecordedEvent>, DbError> {
        ::platform::events::after(shop.db(), seq).await
    }
    pub async fn newest(shop: &Shop) -> Result<i64, DbError> {
        ::platform::events::newest(shop.db()).await
    }
    fn subscriber<H>(shop: &Shop, name: &'static str, handler: H) -> Subscriber
    where
        H: Fn(Shop, Vec<RecordedEvent>) -> Handled + Send + Sync + 'static,
    {
        let shop = shop.clone();
        Subscriber::to_all(name, move |events| handler(shop.clone(), events))
    }
    pub async fn catch_up<H>(shop: &Shop, name: &'static str, handler: H) -> Result<u64, DbError>
    where
        H: Fn(Shop, Vec<RecordedEvent>) -> Handled + Send + Sync + 'static,
    {
        ::platform::events::catch_up(shop.db(), &subscriber(shop, name, handler)).await
    }
    pub fn subscribe<H>(shop: &Shop, name: &'static str, handler: H) -> tokio::task::JoinHandle<()>
    where
        H: Fn(Shop, Vec<RecordedEvent>) -> Handled + Send + Sync + 'static,
    {
        ::platform::events::subscribe(shop.db(), subscriber(shop, name, handler))
    }
    pub fn watch<H>(shop: &Shop, handler: H) -> tokio::task::JoinHandle<()>
    where
        H: Fn(&[RecordedEvent]) + Send + 'static,
    {
        ::platform::events::watch(shop.db(), handler)
    }
}

pub mod jobs {
    pub use ::platform::jobs::{Done, Failure, TRIES};
    use domain::Timestamp;
    use domain::id::JobId;
    use serde_json::Value;

    use crate::Shop;
    use crate::platform::db::{DbError, Tx};

    pub type Handlers = ::platform::jobs::Handlers<Shop>;
    pub type Handler = ::platform::jobs::Handler<Shop>;

    pub async fn enqueue(tx: &mut Tx, _: &Shop, kind: &str, payload: &Value, run_at: Timestamp, key: Option<&str>) -> Result<(), DbError> {
        ::platform::jobs::enqueue_payload(tx, kind, payload, run_at, key).await
    }
    pub async fn enqueue_again(tx: &mut Tx, _: &Shop, kind: &str, payload: &Value, run_at: Timestamp, key: &str) -> Result<(), DbError> {
        ::platform::jobs::enqueue_payload_again(tx, kind, payload, run_at, key).await
    }
    pub async fn gather(
        tx: &mut Tx,
        _: &Shop,
        kind: &str,
        payload: &Value,
        items: (&[Value], usize),
        at: (&str, Timestamp),
    ) -> Result<bool, DbError> {
        ::platform::jobs::gather_payload(tx, kind, payload, items, at).await
    }
    pub async fn revive(tx: &mut Tx, job: JobId, _: Timestamp) -> Result<Option<String>, DbError> {
        ::platform::jobs::revive(tx, job).await
    }
}

pub mod settings {
    use ::platform::db::{DbError, Tx};
    pub use ::platform::settings::Settings;

    pub async fn put<T: serde::Serialize>(tx: &mut Tx, key: &str, value: &T, _: domain::Timestamp) -> Result<(), DbError> {
        ::platform::settings::put(tx, key, value).await
    }
}

pub mod once {
    use ::platform::Context;
    use ::platform::db::{DbError, Tx};
    pub use ::platform::once::{KeyError, answered, forget};

    pub async fn keep(tx: &mut Tx, ctx: &Context, action: &str, asked: &str, answer: &str, _: domain::Timestamp) -> Result<(), DbError> {
        ::platform::once::keep(tx, ctx, action, asked, answer).await
    }
}
