//! Staff: who works in the shop, and as what.

use domain::Locale;
use domain::id::UserId;
use domain::permission::{Permission, Role};
use domain::view::{ContactDetails, StaffView};
use serde_json::json;

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::Tx;

use super::{IdentityError, demo, prepare, record, store};

/// Opens an account for a member of staff. They change the password when they sign in first.
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
    let account = prepare(shop, locale, &contact, password, Some(role)).await?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db().write(async move |tx| account.write(tx, &own, &ctx, locale).await).await
}

/// Opens an account of the demonstration, for staff with a role.
pub(crate) async fn create_demo(
    shop: &Shop,
    locale: Locale,
    contact: ContactDetails,
    role: Option<Role>,
    password: &str,
) -> Result<UserId, IdentityError> {
    let account = prepare(shop, locale, &contact, password, role).await?;
    let own = shop.clone();
    let write = async move |tx: &mut Tx| {
        let user = account.write(tx, &own, &own.system(), locale).await?;
        demo::mark(tx, user).await?;
        Ok::<_, IdentityError>(user)
    };
    shop.db().write(write).await
}

/// Everybody with a role, in the order they came.
///
/// # Errors
/// Not allowed, or what the database or the keys say.
pub async fn staff(shop: &Shop, ctx: &Context) -> Result<Vec<StaffView>, IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let rows = store::staff(shop.db()).await?;
    let views = rows.into_iter().filter_map(|row| {
        let role = row.role()?;
        let (active, demo) = (row.active, row.demo);
        Some(row.me(shop).map(|me| StaffView { id: me.id, contact: me.contact, role, active, demo }))
    });
    Ok(views.collect::<Result<_, _>>()?)
}

/// Gives an account another role, or none. Its sessions end, so that no page goes on with the old one.
///
/// # Errors
/// [`IdentityError::LastOwner`] when nobody would be left to give roles; [`IdentityError::Unknown`]; not allowed.
pub async fn set_role(shop: &Shop, ctx: &Context, user: UserId, role: Option<Role>) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let before = store::owners(tx, &own).await?;
            if !store::set_role(tx, user, role).await? {
                return Err(IdentityError::Unknown);
            }
            if before > 0 && store::owners(tx, &own).await? == 0 {
                return Err(IdentityError::LastOwner);
            }
            store::end_sessions(tx, user, None).await?;
            record(tx, &own, &ctx, "user.role_changed", user, json!({ "role": role.map(Role::as_str) })).await
        })
        .await?;
    shop.guard().forget_people();
    Ok(())
}

/// Locks a member of staff out, or lets them in again.
///
/// # Errors
/// [`IdentityError::LastOwner`] when nobody would be left to give roles; [`IdentityError::Unknown`]; not allowed.
pub async fn set_active(shop: &Shop, ctx: &Context, user: UserId, active: bool) -> Result<(), IdentityError> {
    ctx.require(Permission::WriteStaff)?;
    let (own, ctx) = (shop.clone(), ctx.clone());
    shop.db()
        .write(async move |tx| {
            let before = store::owners(tx, &own).await?;
            if !store::set_active(tx, user, active).await? {
                return Err(IdentityError::Unknown);
            }
            if before > 0 && store::owners(tx, &own).await? == 0 {
                return Err(IdentityError::LastOwner);
            }
            store::end_sessions(tx, user, None).await?;
            record(tx, &own, &ctx, "user.active_changed", user, json!({ "active": active })).await
        })
        .await?;
    shop.guard().forget_people();
    Ok(())
}
