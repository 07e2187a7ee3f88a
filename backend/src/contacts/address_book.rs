//! An account's address book and preferences.

use domain::Locale;
use domain::id::{AddressId, UserId};
use domain::view::{Address, Preferences, SavedAddress};
use platform::Context;

use super::addresses::{prepare_address_as, unseal_address};
use super::events::{AddressDeleted, AddressSaved, PreferencesSaved};
use super::{ContactError, check_address, label_lines, normalize_address, store};
use crate::Shop;

const MAX_ADDRESSES: usize = 50;

/// The signed-in shopper's addresses, the default first.
///
/// # Errors
/// [`ContactError::SignedOut`], or an error of the database or the keys.
pub async fn address_book(shop: &Shop, ctx: &Context) -> Result<Vec<SavedAddress>, ContactError> {
    let rows = store::address_book(shop.db(), signed_in(ctx)?).await?;
    let saved = rows.into_iter().map(|row| {
        let address = unseal_address(shop, row.id, &row.sealed)?;
        Ok(SavedAddress { id: row.id, label: label_lines(&address), address, is_default: row.is_default.0 })
    });
    saved.collect()
}

/// Adds an address to the signed-in shopper's book, or replaces the one with this `id`. The first becomes the default.
///
/// # Errors
/// [`ContactError::Invalid`] by field, [`ContactError::Unknown`] when `id` is not in the book, [`ContactError::Full`].
pub async fn save_address(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: Option<AddressId>,
    address: &Address,
    default: bool,
) -> Result<AddressId, ContactError> {
    let user = signed_in(ctx)?;
    let address = normalize_address(address);
    let errors = check_address(locale, &address);
    if !errors.is_empty() {
        return Err(ContactError::Invalid(errors));
    }
    let shop = shop.clone();
    shop.clone()
        .write(ctx, async move |tx| {
            let owner = store::book_owner(tx, user).await?.ok_or(ContactError::SignedOut)?;
            let mut prepared = prepare_address_as(&shop, id.unwrap_or_else(|| AddressId(tx.id())), owner.contact_id, &address);
            prepared.in_book = true;
            if id.is_some() {
                if !store::update_address(tx, owner.contact_id, &prepared).await? {
                    return Err(ContactError::Unknown);
                }
            } else {
                if usize::try_from(owner.addresses).unwrap_or(0) >= MAX_ADDRESSES {
                    return Err(ContactError::Full(MAX_ADDRESSES));
                }
                store::insert_addresses(tx, [&prepared]).await?;
            }
            if default {
                store::make_default(tx, owner.contact_id, prepared.id).await?;
            } else {
                store::ensure_default(tx, owner.contact_id).await?;
            }
            tx.record(user, AddressSaved { address: prepared.id });
            Ok(prepared.id)
        })
        .await
}

/// Deletes an address of the signed-in shopper's book and erases its text; orders have their own copy.
///
/// # Errors
/// [`ContactError::Unknown`] when it is not in the book.
pub async fn delete_address(shop: &Shop, ctx: &Context, id: AddressId) -> Result<(), ContactError> {
    let user = signed_in(ctx)?;
    shop.write(ctx, async move |tx| {
        let owner = store::book_owner(tx, user).await?.ok_or(ContactError::SignedOut)?;
        if !store::erase_address(tx, owner.contact_id, id).await? {
            return Err(ContactError::Unknown);
        }
        store::ensure_default(tx, owner.contact_id).await?;
        tx.record(user, AddressDeleted { address: id });
        Ok(())
    })
    .await
}

/// Makes an address of the book its default.
///
/// # Errors
/// [`ContactError::Unknown`] when it is not in the book.
pub async fn set_default_address(shop: &Shop, ctx: &Context, id: AddressId) -> Result<(), ContactError> {
    let user = signed_in(ctx)?;
    shop.write(ctx, async move |tx| {
        let owner = store::book_owner(tx, user).await?.ok_or(ContactError::SignedOut)?;
        if !store::make_default(tx, owner.contact_id, id).await? {
            return Err(ContactError::Unknown);
        }
        tx.record(user, AddressSaved { address: id });
        Ok(())
    })
    .await
}

/// The signed-in shopper's preferences.
///
/// # Errors
/// [`ContactError::SignedOut`], or the database's.
pub async fn preferences(shop: &Shop, ctx: &Context) -> Result<Preferences, ContactError> {
    let json = store::preferences(shop.db(), signed_in(ctx)?).await?.ok_or(ContactError::SignedOut)?;
    Ok(serde_json::from_str(&json).unwrap_or_default())
}

/// Saves the signed-in shopper's preferences.
///
/// # Errors
/// [`ContactError::SignedOut`], or the database's.
pub async fn save_preferences(shop: &Shop, ctx: &Context, preferences: &Preferences) -> Result<(), ContactError> {
    let user = signed_in(ctx)?;
    let locale = Locale::parse(&preferences.locale).map_or("", Locale::code);
    let marketing = preferences.marketing;
    let json = serde_json::json!({ "locale": locale, "marketing": marketing }).to_string();
    shop.write(ctx, async move |tx| {
        if !store::save_preferences(tx, user, &json).await? {
            return Err(ContactError::SignedOut);
        }
        tx.record(user, PreferencesSaved { locale: locale.to_owned(), marketing });
        Ok(())
    })
    .await
}

fn signed_in(ctx: &Context) -> Result<UserId, ContactError> {
    ctx.user().ok_or(ContactError::SignedOut)
}
