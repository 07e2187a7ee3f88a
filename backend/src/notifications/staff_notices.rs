//! Which mails each member of staff gets: their own choice, or the default of their role.

use domain::id::UserId;
use domain::permission::Role;
use domain::view::{StaffNotice, StaffNoticesView};
use platform::Context;
use platform::db::{DbError, Flag, Read};

use super::events::StaffNoticesChosen;
use super::staff_mail;
use crate::Shop;
use crate::identity::IdentityError;

/// The active members of staff who may see this kind of notice and get mails about it.
pub(super) async fn recipients(db: &mut impl Read, kind: StaffNotice) -> Result<Vec<UserId>, DbError> {
    #[derive(platform::db::FromRow)]
    struct Row {
        id: UserId,
        role: String,
        wanted: Option<Flag>,
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select u.id, u.role, n.wanted from users u left join staff_notices n on n.user_id = u.id and n.kind = $1
             where u.role is not null and u.active = 1 order by u.id",
            &[&kind.as_str()],
        )
        .await?;
    let recipient = |row: Row| {
        let role: Role = row.role.parse().ok()?;
        let wanted = row.wanted.map_or_else(|| kind.unless_chosen(role), |wanted| wanted.0);
        (wanted && role.may(kind.needs())).then_some(row.id)
    };
    Ok(rows.into_iter().filter_map(recipient).collect())
}

/// The notices that the signed-in member of staff may get, and whether they do.
///
/// # Errors
/// [`IdentityError::SignedOut`] unless a member of staff is signed in; the database's.
pub async fn staff_notices(shop: &Shop, ctx: &Context) -> Result<StaffNoticesView, IdentityError> {
    let (Some(user), Some(role)) = (ctx.user(), ctx.role) else { return Err(IdentityError::SignedOut) };
    #[derive(platform::db::FromRow)]
    struct Row {
        kind: String,
        wanted: Flag,
    }
    let rows: Vec<Row> = shop.db().fetch_all("select kind, wanted from staff_notices where user_id = $1", &[&user]).await?;
    let choice = |kind: StaffNotice| {
        let chosen = rows.iter().find(|row| row.kind == kind.as_str());
        (kind, chosen.map_or_else(|| kind.unless_chosen(role), |row| row.wanted.0))
    };
    let notices = StaffNotice::ALL.into_iter().filter(|kind| role.may(kind.needs())).map(choice).collect();
    let email = staff_mail::recipient(&mut shop.db(), shop, user).await?.map(|recipient| recipient.email).unwrap_or_default();
    Ok(StaffNoticesView { email, notices, mail_works: shop.mailer().is_configured() })
}

/// Saves which notices the signed-in member of staff gets; those not among `wanted` are switched off.
///
/// # Errors
/// As [`staff_notices`].
pub async fn save_staff_notices(shop: &Shop, ctx: &Context, wanted: &[StaffNotice]) -> Result<(), IdentityError> {
    let (Some(user), Some(_)) = (ctx.user(), ctx.role) else { return Err(IdentityError::SignedOut) };
    let wanted = StaffNotice::ALL.map(|kind| (kind, wanted.contains(&kind)));
    shop.write(ctx, async move |tx| {
        for (kind, wanted) in &wanted {
            tx.execute(
                "insert into staff_notices (user_id, kind, wanted) values ($1, $2, $3)
                 on conflict (user_id, kind) do update set wanted = excluded.wanted",
                &[&user, &kind.as_str(), wanted],
            )
            .await?;
        }
        let chosen = wanted.iter().filter(|(_, wanted)| *wanted).map(|(kind, _)| *kind).collect();
        tx.record(user, StaffNoticesChosen { wanted: chosen });
        Ok(())
    })
    .await
}
