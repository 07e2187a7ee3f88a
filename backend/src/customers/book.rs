//! What an account keeps: its address book and its preferences.

use domain::Locale;
use domain::id::{AddressId, UserId};
use domain::view::{Address, Preferences, SavedAddress};

use crate::Shop;
use crate::platform::Context;
use crate::platform::db::Tx;
use crate::platform::events::{self, Event};

use super::{CustomerError, check_address, label_lines, prepare_address_as, store, tidy_address, unseal_address};

/// The most addresses that a book holds.
const MAX_ADDRESSES: usize = 50;

/// The signed-in shopper's addresses, the default first.
///
/// # Errors
/// [`CustomerError::SignedOut`], or what the database or the keys say.
pub async fn address_book(shop: &Shop, ctx: &Context) -> Result<Vec<SavedAddress>, CustomerError> {
    let rows = store::book(shop.db(), signed_in(ctx)?).await?;
    let saved = rows.into_iter().map(|(id, sealed, is_default)| {
        let address = unseal_address(shop, id, &sealed)?;
        Ok(SavedAddress { id, label: label_lines(&address), address, is_default: is_default == 1 })
    });
    saved.collect()
}

/// Adds an address to the signed-in shopper's book, or replaces one of it. The first becomes the default.
///
/// # Errors
/// [`CustomerError::Invalid`] by field, [`CustomerError::Unknown`] when `id` is not in the book, [`CustomerError::Full`].
pub async fn save_address(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: Option<AddressId>,
    address: &Address,
    default: bool,
) -> Result<AddressId, CustomerError> {
    let user = signed_in(ctx)?;
    let address = tidy_address(address);
    let errors = check_address(locale, &address);
    if !errors.is_empty() {
        return Err(CustomerError::Invalid(errors));
    }
    let (shop, ctx) = (shop.clone(), ctx.clone());
    shop.clone()
        .db()
        .write(async move |tx| {
            let (contact, held) = store::book_of(tx, user).await?.ok_or(CustomerError::SignedOut)?;
            let mut prepared = prepare_address_as(&shop, id.unwrap_or_else(|| AddressId(shop.id())), contact, &address);
            prepared.in_book = true;
            if id.is_some() {
                if !store::update_address(tx, contact, &prepared).await? {
                    return Err(CustomerError::Unknown);
                }
            } else {
                if usize::try_from(held).unwrap_or(0) >= MAX_ADDRESSES {
                    return Err(CustomerError::Full(MAX_ADDRESSES));
                }
                store::insert_addresses(tx, std::slice::from_ref(&prepared)).await?;
            }
            if default {
                store::make_default(tx, contact, prepared.id).await?;
            } else {
                store::heal_default(tx, contact).await?;
            }
            record(tx, &shop, &ctx, "address.saved", user, Some(prepared.id)).await?;
            Ok(prepared.id)
        })
        .await
}

/// Deletes an address of the signed-in shopper's book. What it said is gone; orders keep their own copy.
///
/// # Errors
/// [`CustomerError::Unknown`] when it is not in the book.
pub async fn delete_address(shop: &Shop, ctx: &Context, id: AddressId) -> Result<(), CustomerError> {
    let user = signed_in(ctx)?;
    let (shop, ctx) = (shop.clone(), ctx.clone());
    shop.clone()
        .db()
        .write(async move |tx| {
            let (contact, _) = store::book_of(tx, user).await?.ok_or(CustomerError::SignedOut)?;
            if !store::empty_address(tx, contact, id).await? {
                return Err(CustomerError::Unknown);
            }
            store::heal_default(tx, contact).await?;
            record(tx, &shop, &ctx, "address.deleted", user, Some(id)).await
        })
        .await
}

/// Makes an address of the book the one that is used unless another is chosen.
///
/// # Errors
/// [`CustomerError::Unknown`] when it is not in the book.
pub async fn set_default_address(shop: &Shop, ctx: &Context, id: AddressId) -> Result<(), CustomerError> {
    let user = signed_in(ctx)?;
    let (shop, ctx) = (shop.clone(), ctx.clone());
    shop.clone()
        .db()
        .write(async move |tx| {
            let (contact, _) = store::book_of(tx, user).await?.ok_or(CustomerError::SignedOut)?;
            if !store::make_default(tx, contact, id).await? {
                return Err(CustomerError::Unknown);
            }
            record(tx, &shop, &ctx, "address.saved", user, Some(id)).await
        })
        .await
}

/// What the signed-in shopper prefers.
///
/// # Errors
/// [`CustomerError::SignedOut`], or the database's.
pub async fn preferences(shop: &Shop, ctx: &Context) -> Result<Preferences, CustomerError> {
    let (text,) = store::preferences(shop.db(), signed_in(ctx)?).await?.ok_or(CustomerError::SignedOut)?;
    Ok(serde_json::from_str(&text).unwrap_or_default())
}

/// Keeps what the signed-in shopper prefers.
///
/// # Errors
/// [`CustomerError::SignedOut`], or the database's.
pub async fn save_preferences(shop: &Shop, ctx: &Context, preferences: &Preferences) -> Result<(), CustomerError> {
    let user = signed_in(ctx)?;
    let locale = Locale::parse(&preferences.locale).map_or("", Locale::code);
    let marketing = preferences.marketing;
    let text = serde_json::json!({ "locale": locale, "marketing": marketing }).to_string();
    let (shop, ctx) = (shop.clone(), ctx.clone());
    shop.clone()
        .db()
        .write(async move |tx| {
            if !store::save_preferences(tx, user, &text).await? {
                return Err(CustomerError::SignedOut);
            }
            let data = serde_json::json!({ "locale": locale, "marketing": marketing });
            events::append(tx, &shop, &ctx, shop.now(), &[Event::new("user.preferences", user.0, data)]).await?;
            Ok(())
        })
        .await
}

fn signed_in(ctx: &Context) -> Result<UserId, CustomerError> {
    ctx.user().ok_or(CustomerError::SignedOut)
}

/// Events say which row changed, never what it says: they are not sealed.
async fn record(
    tx: &mut Tx,
    shop: &Shop,
    ctx: &Context,
    kind: &'static str,
    user: UserId,
    address: Option<AddressId>,
) -> Result<(), CustomerError> {
    let data = serde_json::json!({ "address": address });
    events::append(tx, shop, ctx, shop.now(), &[Event::new(kind, user.0, data)]).await?;
    Ok(())
}
