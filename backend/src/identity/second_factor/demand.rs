//! The roles that must have a second factor. Who has such a role and no second factor may only set one up.

use domain::permission::{Permission, Role};
use platform::Context;
use platform::settings::put;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::super::{IdentityError, store as accounts};
use crate::identity::events::SecondFactorDemanded;
use crate::{Shop, mails};

/// The key of this setting.
const KEY: &str = "second_factor";

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Demand {
    roles: Vec<Role>,
}

/// The roles that must have a second factor.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn second_factor_roles(shop: &Shop, ctx: &Context) -> Result<Vec<Role>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    Ok(read(shop).await?.roles)
}

async fn read(shop: &Shop) -> Result<Demand, IdentityError> {
    Ok(shop.settings().get(shop.db(), KEY).await?.unwrap_or_default())
}

/// Must an account of this role have a second factor?
pub(in crate::identity) async fn is_demanded(shop: &Shop, role: Option<Role>) -> Result<bool, IdentityError> {
    let Some(role) = role else { return Ok(false) };
    Ok(read(shop).await?.roles.contains(&role))
}

/// Demands a second factor of roles, and of no others. Everybody of whom it is new, and who has none, is told by mail.
///
/// # Errors
/// Not allowed; [`IdentityError::FactorFirst`] when one's own role is among them and one has none: they would lock themselves out.
pub async fn set_second_factor_roles(shop: &Shop, ctx: &Context, roles: Vec<Role>) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    if let (Some(user), Some(role)) = (ctx.user(), ctx.role)
        && roles.contains(&role)
        && !accounts::by_id(shop.db(), user).await?.is_some_and(|account| account.has_second_factor())
    {
        return Err(IdentityError::FactorFirst);
    }
    let before = read(shop).await?.roles;
    let staff = accounts::staff(shop.db()).await?;
    let is_told = |account: &accounts::AccountRow| {
        account.active.0
            && !account.has_second_factor()
            && account.role().is_some_and(|role| roles.contains(&role) && !before.contains(&role))
    };
    let told: Vec<_> = staff.iter().filter(|account| is_told(account)).map(|account| account.me(shop)).collect::<Result<_, _>>()?;
    let own = shop.clone();
    shop.write(ctx, async move |tx| {
        put(tx, KEY, &Demand { roles: roles.clone() }).await?;
        tx.record(Uuid::nil(), SecondFactorDemanded { roles: roles.clone() });
        for me in &told {
            mails::send_second_factor_demanded(tx, &own, &me.contact).await?;
        }
        Ok::<_, IdentityError>(())
    })
    .await?;
    shop.settings().forget();
    shop.session_cache().sessions.invalidate();
    Ok(())
}
