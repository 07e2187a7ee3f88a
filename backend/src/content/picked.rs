//! The products that managers pick by hand for a section of the home page.

use domain::Locale;
use domain::id::{HomeSectionId, ProductId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{Move, SectionKind};
use platform::Context;
use platform::db::Tx;

use super::events::HomeSectionUpdated;
use super::{ContentError, HOME, arrangement};
use crate::Shop;

/// Products of a section: three rows of the widest page.
const MAX_PICKED: usize = 24;

/// The products of a section, in order, which nobody else changes until the transaction ends.
async fn picked(tx: &mut Tx, section: HomeSectionId) -> Result<Vec<ProductId>, ContentError> {
    arrangement::lock(tx, HOME).await?;
    let kind: Option<String> = tx.fetch_optional_scalar("select kind from home_sections where id = $1", &[&section]).await?;
    if kind.as_deref() != Some(SectionKind::Picked.code()) {
        return Err(ContentError::Unknown);
    }
    let sql = "select product_id from home_section_products where section_id = $1 order by position, product_id";
    Ok(tx.fetch_scalars(sql, &[&section]).await?)
}

async fn write(tx: &mut Tx, section: HomeSectionId, products: &[ProductId], changed: ProductId) -> Result<(), ContentError> {
    tx.execute("delete from home_section_products where section_id = $1", &[&section]).await?;
    for (position, product) in (0_i64..).zip(products) {
        let sql = "insert into home_section_products (section_id, position, product_id) values ($1, $2, $3)";
        tx.execute(sql, &[&section, &position, product]).await?;
    }
    tx.record(section, HomeSectionUpdated { changed: vec!["products".to_owned()], product: Some(changed) });
    Ok(())
}

/// Puts a product behind those of a section. Without effect on one that is among them.
///
/// # Errors
/// [`ContentError::Invalid`] beside the field `product` of one that is not there, or one too many; [`ContentError::Unknown`] section, not
/// allowed, or the database's.
pub async fn pick_product(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    section: HomeSectionId,
    product: ProductId,
) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let mut products = picked(tx, section).await?;
        if products.contains(&product) {
            return Ok(());
        }
        let known: Option<ProductId> = tx.fetch_optional_scalar("select id from products where id = $1", &[&product]).await?;
        let wrong = |message: String| Err(ContentError::Invalid(vec![("product".to_owned(), message)]));
        if known.is_none() {
            return wrong(t::ADMIN_CONTENT_TARGET_DELETED.text(locale).to_owned());
        }
        if products.len() >= MAX_PICKED {
            return wrong(t::ADMIN_CONTENT_PICKED_FULL.with(locale, &[("max", &MAX_PICKED.to_string())]));
        }
        products.push(product);
        write(tx, section, &products, product).await
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Takes a product out of a section. Without effect on one that is not among its products.
///
/// # Errors
/// [`ContentError::Unknown`] section, not allowed, or the database's.
pub async fn take_out_picked(shop: &Shop, ctx: &Context, section: HomeSectionId, product: ProductId) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let mut products = picked(tx, section).await?;
        let before = products.len();
        products.retain(|other| *other != product);
        if products.len() == before {
            return Ok(());
        }
        write(tx, section, &products, product).await
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Moves a product among those of a section. Without effect at an end.
///
/// # Errors
/// [`ContentError::Unknown`] section, or product that is not in it, not allowed, or the database's.
pub async fn move_picked(shop: &Shop, ctx: &Context, section: HomeSectionId, product: ProductId, way: Move) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let mut products = picked(tx, section).await?;
        let at = products.iter().position(|other| *other == product).ok_or(ContentError::Unknown)?;
        match way {
            Move::Up if at > 0 => products.swap(at, at - 1),
            Move::Down if at + 1 < products.len() => products.swap(at, at + 1),
            _ => return Ok(()),
        }
        write(tx, section, &products, product).await
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}
