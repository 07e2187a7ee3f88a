//! Staff accounts and their roles.

use domain::Locale;
use domain::id::UserId;
use domain::permission::{Permission, Role};
use domain::view::{ContactDetails, StaffView};
use platform::Context;

use super::events::{ActiveChanged, RoleChanged};
use super::{IdentityError, demo, prepare_account, store};
use crate::Shop;

/// Creates an account for a member of staff. They change the password when they first sign in.
///
/// # Errors
/// [`IdentityError::Invalid`] by field: `name`, `email` (also when it is taken), `phone`, `password`; not allowed.
pub async fn create_staff(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    contact: ContactDetails,
    role: Role,
    password: &str,
) -> Result<UserId, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let account = prepare_account(shop, locale, &contact, password, Some(role)).await?;
    shop.write(ctx, async move |tx| account.write(tx, locale).await).await
}

/// Creates a demo account; with a role it is one of staff.
pub(crate) async fn create_demo_account(
    shop: &Shop,
    locale: Locale,
    contact: ContactDetails,
    role: Option<Role>,
    password: &str,
) -> Result<UserId, IdentityError> {
    let account = prepare_account(shop, locale, &contact, password, role).await?;
    shop.write(&shop.system(), async move |tx| {
        let user = account.write(tx, locale).await?;
        demo::mark_as_demo(tx, user).await?;
        Ok(user)
    })
    .await
}

/// All accounts with a role, the oldest first.
///
/// # Errors
/// Not allowed, or an error of the database or the keys.
pub async fn staff(shop: &Shop, ctx: &Context) -> Result<Vec<StaffView>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let rows = store::staff(shop.db()).await?;
    let views = rows.into_iter().filter_map(|row| {
        let role = row.role()?;
        let (active, demo) = (row.active.0, row.demo.0);
        let has_second_factor = row.has_second_factor();
        Some(row.me(shop).map(|me| StaffView { id: me.id, contact: me.contact, role, active, demo, has_second_factor }))
    });
    Ok(views.collect::<Result<_, _>>()?)
}

/// Gives an account another role, or none. Its sessions end, so that no page keeps the old one.
///
/// # Errors
/// [`IdentityError::LastOwner`] when no owner would be left; [`IdentityError::Unknown`]; not allowed.
pub async fn set_role(shop: &Shop, ctx: &Context, user: UserId, role: Option<Role>) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let demo_accounts = shop.config().demo_accounts;
    shop.write(ctx, async move |tx| {
        let before = store::lock_owners(tx, demo_accounts).await?;
        if !store::set_role(tx, user, role).await? {
            return Err(IdentityError::Unknown);
        }
        if before > 0 && store::lock_owners(tx, demo_accounts).await? == 0 {
            return Err(IdentityError::LastOwner);
        }
        store::end_sessions(tx, user, None).await?;
        tx.record(user, RoleChanged { role });
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}

/// Locks a member of staff out, or lets them in again.
///
/// # Errors
/// [`IdentityError::LastOwner`] when no owner would be left; [`IdentityError::Unknown`]; not allowed.
pub async fn set_active(shop: &Shop, ctx: &Context, user: UserId, active: bool) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let demo_accounts = shop.config().demo_accounts;
    shop.write(ctx, async move |tx| {
        let before = store::lock_owners(tx, demo_accounts).await?;
        if !store::set_active(tx, user, active).await? {
            return Err(IdentityError::Unknown);
        }
        if before > 0 && store::lock_owners(tx, demo_accounts).await? == 0 {
            return Err(IdentityError::LastOwner);
        }
        store::end_sessions(tx, user, None).await?;
        tx.record(user, ActiveChanged { active });
        Ok(())
    })
    .await?;
    shop.session_cache().sessions.invalidate();
    Ok(())
}
