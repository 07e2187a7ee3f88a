//! The accounts at gateways that payments were made with.

use std::sync::Arc;

use domain::order::GatewayMode;
use platform::db::{Db, DbError};
use platform::secrets::Keyring;

use super::gateway::Gateway;

/// Keeps the account of the configuration, to which payments refer, and marks it as the active one. Without a gateway none is.
///
/// # Errors
/// The database's.
pub(crate) async fn open_gateway_account(db: &Db, gateway: Option<&Arc<dyn Gateway>>, keyring: &Keyring) -> Result<(), DbError> {
    let account = gateway.map(|gateway| gateway.account(keyring));
    let active: Vec<String> = db.fetch_scalars("select key from gateway_accounts where active = 1 order by key", &[]).await?;
    if active.iter().eq(account.iter().map(|account| &account.key)) {
        return Ok(());
    }
    db.write(async move |tx| {
        let key = account.as_ref().map_or("", |account| account.key.as_str());
        tx.execute("update gateway_accounts set active = 0 where key <> $1", &[&key]).await?;
        if let Some(account) = &account {
            tx.execute(
                "insert into gateway_accounts (key, gateway, mode, active, created_at) values ($1, $2, $3, 1, $4)
                 on conflict (key) do update set active = 1",
                &[&account.key, &account.gateway, &account.mode.map(GatewayMode::as_str), &tx.now()],
            )
            .await?;
        }
        Ok(())
    })
    .await
}
