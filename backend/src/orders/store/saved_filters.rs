//! The SQL of saved filters.

use domain::id::{SavedFilterId, UserId};

use platform::db::{DbError, Read, Tx};

#[derive(platform::db::FromRow)]
pub(in crate::orders) struct SavedFilter {
    pub id: SavedFilterId,
    pub name_hash: Vec<u8>,
    pub sealed: Vec<u8>,
}

pub(in crate::orders) async fn filters(db: &mut impl Read, user: UserId) -> Result<Vec<SavedFilter>, DbError> {
    db.fetch_all("select id, name_hash, sealed from saved_filters where user_id = $1 and list = 'orders' order by id limit 100", &[&user])
        .await
}

/// Saves a filter; one with the same name is replaced.
pub(in crate::orders) async fn save_filter(
    tx: &mut Tx,
    user: UserId,
    name_hash: &Vec<u8>,
    sealed: &Vec<u8>,
) -> Result<SavedFilterId, DbError> {
    let (id, at) = (SavedFilterId(tx.id()), tx.now());
    tx.fetch_scalar(
        "insert into saved_filters (id, user_id, list, name_hash, sealed, created_at) values ($1, $2, 'orders', $3, $4, $5)
             on conflict (user_id, list, name_hash) do update set sealed = excluded.sealed returning id",
        &[&id, &user, name_hash, sealed, &at],
    )
    .await
}

pub(in crate::orders) async fn delete_filter(tx: &mut Tx, id: SavedFilterId, user: UserId) -> Result<u64, DbError> {
    tx.execute("delete from saved_filters where id = $1 and user_id = $2", &[&id, &user]).await
}
