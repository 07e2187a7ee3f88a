//! Photographs: checked, kept as they came, and made in each width and form once.
//!
//! The original is kept under the SHA-256 of its bytes and never served, for it may say where it was taken. Its forms are kept
//! beside it as `{hash}-{width}.{avif|webp}`: made in the background after an upload, or at the first request that needs one.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Cursor;
use std::sync::{LazyLock, PoisonError};
use std::time::Instant;

use domain::Locale;
use domain::id::{PictureId, ProductId};
use domain::permission::Permission;
use domain::view::PictureView;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use serde_json::json;
use tokio::sync::Mutex;

use crate::Shop;
use crate::platform::Context;
use crate::platform::events::{self, Event};
use crate::platform::files::Files;

use super::{CatalogError, NewPicture, write};

/// The widths that photographs are kept in, pixels. A smaller original is never blown up.
pub const WIDTHS: [u32; 6] = [160, 320, 480, 640, 960, 1280];
/// The largest file that is taken, bytes.
pub const LARGEST_UPLOAD: usize = 15 * 1024 * 1024;
/// The most pixels: what a file unpacks to may be far more than its bytes.
const MAX_PIXELS: u64 = 50_000_000;
/// The longest side, pixels.
const MAX_SIDE_PIXELS: u32 = 12_000;
const FORMS: [&str; 2] = ["webp", "avif"];

/// One form is made by one at a time; different ones at once, on half of the processors: the others answer requests.
static MAKING: LazyLock<Vec<Mutex<()>>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (0..processors.div_ceil(2)).map(|_| Mutex::new(())).collect()
});

/// Checks the bytes of a photograph and keeps them; says their name and the photograph's size.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::Files`].
pub(super) async fn keep(shop: &Shop, bytes: Vec<u8>) -> Result<(String, u32, u32), CatalogError> {
    if bytes.len() > LARGEST_UPLOAD {
        return Err(CatalogError::TooLarge);
    }
    let files = shop.files().clone();
    let kept = tokio::task::spawn_blocking(move || {
        let (width, height) = size(&bytes)?;
        let name = Files::name(&bytes);
        files.put(&name, &bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        Ok((name, width, height))
    });
    kept.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// Keeps a photograph that the program carries, which is known to be whole, with its forms: width in pixels, form and bytes.
///
/// # Errors
/// As [`keep`].
pub(crate) async fn keep_own(
    shop: &Shop,
    bytes: &'static [u8],
    forms: &'static [(u32, &'static str, &'static [u8])],
) -> Result<(String, u32, u32), CatalogError> {
    let files = shop.files().clone();
    let kept = tokio::task::spawn_blocking(move || {
        let (width, height) = reader(bytes)?.into_dimensions().map_err(|e| refused(&e))?;
        let name = Files::name(bytes);
        files.put(&name, bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        for (width, form, bytes) in forms {
            files.put(&made_name(&name, *width, form), bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        }
        Ok((name, width, height))
    });
    kept.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// Keeps a photograph with what it shows, and hangs it at the end of a product's, when one is named.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::Unknown`] product, not allowed, a full disk.
pub async fn add_picture(
    shop: &Shop,
    ctx: &Context,
    product: Option<ProductId>,
    bytes: Vec<u8>,
    alts: Vec<(Locale, String)>,
) -> Result<PictureView, CatalogError> {
    ctx.require(Permission::WriteProducts)?;
    let (hash, width, height) = keep(shop, bytes).await?;
    let alts: Vec<_> = alts.into_iter().map(|(locale, alt)| (locale.code(), alt.trim().chars().take(300).collect::<String>())).collect();
    let alt = alts.first().map(|(_, alt)| alt.clone()).unwrap_or_default();
    let picture = NewPicture { id: PictureId(shop.id()), hash, width, height, alts };
    let (own, ctx, id) = (shop.clone(), ctx.clone(), picture.id);
    shop.db()
        .write(async move |tx| {
            let at = own.now();
            write::insert_pictures(tx, at, std::slice::from_ref(&picture)).await?;
            let mut events = vec![Event::new("picture.added", id.0, json!({ "product": product }))];
            if let Some(product) = product {
                let hung = tx
                    .execute(
                        "insert into product_pictures (product_id, picture_id, position)
                         select p.id, $2, coalesce((select max(pp.position) + 1 from product_pictures pp where pp.product_id = p.id), 0)
                         from products p where p.id = $1",
                        &[&product, &id],
                    )
                    .await?;
                if hung == 0 {
                    return Err(CatalogError::Unknown);
                }
                events.push(Event::new("product.updated", product.0, json!({ "picture": id })));
            }
            events::append(tx, &own, &ctx, at, &events).await?;
            Ok(())
        })
        .await?;
    shop.shelf().touch(product);
    let later = shop.clone();
    tokio::spawn(async move { make_all(&later, id).await });
    Ok(PictureView { id, alt, width, height })
}

/// The bytes of a photograph in one of [`WIDTHS`], as `avif` or `webp`. None when there is no such photograph, width or form.
///
/// # Errors
/// The database's, or the folder of files'.
pub async fn picture_file(shop: &Shop, id: PictureId, width: u32, form: &str) -> Result<Option<Vec<u8>>, CatalogError> {
    let Some(form) = FORMS.into_iter().find(|known| *known == form) else {
        return Ok(None);
    };
    if !WIDTHS.contains(&width) {
        return Ok(None);
    }
    let Some((hash, original)) = original(shop, id).await? else {
        return Ok(None);
    };
    let name = made_name(&hash, width.min(original), form);
    let (files, read) = (shop.files().clone(), name.clone());
    if let Ok(Ok(bytes)) = tokio::task::spawn_blocking(move || files.get(&read)).await {
        return Ok(Some(bytes));
    }
    make(shop, &hash, width.min(original), form).await.map(Some)
}

fn made_name(hash: &str, width: u32, form: &str) -> String {
    format!("{hash}-{width}.{form}")
}

async fn original(shop: &Shop, id: PictureId) -> Result<Option<(String, u32)>, CatalogError> {
    let known = shop.shelf().pictures.lock().unwrap_or_else(PoisonError::into_inner).get(&id).cloned();
    if known.is_some() {
        return Ok(known);
    }
    let row: Option<(String, i64)> = shop.db().fetch_optional("select hash, width from pictures where id = $1", &[&id]).await?;
    let found = row.map(|(hash, width)| (hash, super::store::pixels(width)));
    if let Some(found) = &found {
        shop.shelf().pictures.lock().unwrap_or_else(PoisonError::into_inner).insert(id, found.clone());
    }
    Ok(found)
}

/// Makes one form, unless somebody just did.
async fn make(shop: &Shop, hash: &str, width: u32, form: &'static str) -> Result<Vec<u8>, CatalogError> {
    let name = made_name(hash, width, form);
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let place = usize::try_from(hasher.finish() % MAKING.len() as u64).unwrap_or(0);
    let _alone = MAKING[place].lock().await;
    let (files, hash) = (shop.files().clone(), hash.to_owned());
    let made = tokio::task::spawn_blocking(move || {
        if let Ok(bytes) = files.get(&name) {
            return Ok(bytes);
        }
        let failed = |e: std::io::Error| CatalogError::Files(e.to_string());
        let bytes = encode(&decode(&files.get(&hash).map_err(failed)?)?, width, form)?;
        files.put(&name, &bytes).map_err(failed)?;
        Ok(bytes)
    });
    made.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// The widths that a photograph of this width is kept in.
fn widths(original: u32) -> impl Iterator<Item = u32> {
    WIDTHS.into_iter().filter(move |width| *width < original).chain([original.min(WIDTHS[WIDTHS.len() - 1])])
}

/// Makes what is missing of one photograph. After each form it rests for as long as that took: nobody waits for it, and requests
/// have the processor half of the time at least.
async fn make_all(shop: &Shop, id: PictureId) {
    let Ok(Some((hash, original))) = original(shop, id).await else {
        return;
    };
    for width in widths(original) {
        for form in FORMS {
            if shop.files().has(&made_name(&hash, width, form)) {
                continue;
            }
            let begun = Instant::now();
            if let Err(error) = make(shop, &hash, width, form).await {
                tracing::warn!(%error, picture = %id, width, form, "a form of a photograph could not be made");
                return;
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
    }
}

/// A photograph as it is served.
#[derive(Debug)]
pub struct PictureForm {
    /// One of [`WIDTHS`], or the original's where that is smaller; pixels.
    pub width: u32,
    /// `avif` or `webp`.
    pub format: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Every form of a photograph that is served, for photographs that the program carries.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`].
pub fn forms(bytes: &[u8]) -> Result<Vec<PictureForm>, CatalogError> {
    let picture = decode(bytes)?;
    let mut made = Vec::new();
    for width in widths(picture.width()) {
        for form in FORMS {
            made.push(PictureForm { width, format: form, bytes: encode(&picture, width, form)? });
        }
    }
    Ok(made)
}

/// Makes what is missing of all photographs, one after the other.
pub async fn encode_missing(shop: &Shop) {
    let ids: Result<Vec<(PictureId,)>, _> = shop.db().fetch_all("select id from pictures order by id", &[]).await;
    match ids {
        Ok(ids) => {
            for (id,) in ids {
                make_all(shop, id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "the photographs could not be looked through"),
    }
}

fn reader(bytes: &[u8]) -> Result<ImageReader<Cursor<&[u8]>>, CatalogError> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().map_err(|_| CatalogError::NotAPicture)?;
    if !matches!(reader.format(), Some(ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        return Err(CatalogError::NotAPicture);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE_PIXELS);
    limits.max_image_height = Some(MAX_SIDE_PIXELS);
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    Ok(reader)
}

const fn refused(error: &image::ImageError) -> CatalogError {
    match error {
        image::ImageError::Limits(_) => CatalogError::TooLarge,
        _ => CatalogError::NotAPicture,
    }
}

/// Reads a photograph whole, so that a broken one is found at once; says its size as people see it.
fn size(bytes: &[u8]) -> Result<(u32, u32), CatalogError> {
    let picture = decode(bytes)?;
    Ok((picture.width(), picture.height()))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, CatalogError> {
    let mut decoder = reader(bytes)?.into_decoder().map_err(|e| refused(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS {
        return Err(CatalogError::TooLarge);
    }
    let turned = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|e| refused(&e))?;
    if let Some(turned) = turned {
        picture.apply_orientation(turned);
    }
    Ok(picture)
}

fn encode(picture: &DynamicImage, width: u32, form: &str) -> Result<Vec<u8>, CatalogError> {
    let height = u64::from(picture.height()) * u64::from(width) / u64::from(picture.width().max(1));
    let height = u32::try_from(height.max(1)).unwrap_or(1);
    let small = if picture.width() == width { picture.clone() } else { picture.resize_exact(width, height, FilterType::CatmullRom) };
    let seen_through = small.color().has_alpha();
    let pixels = small.to_rgba8();
    let failed = |e: &dyn std::fmt::Display| CatalogError::Files(e.to_string());
    if form == "webp" {
        let bytes = if seen_through {
            webp::Encoder::from_rgba(pixels.as_raw(), width, height).encode(80.0)
        } else {
            let plain = small.to_rgb8();
            webp::Encoder::from_rgb(plain.as_raw(), width, height).encode(80.0)
        };
        return Ok(bytes.to_vec());
    }
    let encoder = ravif::Encoder::new().with_quality(68.0).with_alpha_quality(75.0).with_speed(9).with_num_threads(Some(1));
    let (w, h) = (width as usize, height as usize);
    let made = if seen_through {
        let colours: Vec<ravif::RGBA8> = pixels.pixels().map(|p| ravif::RGBA8::new(p[0], p[1], p[2], p[3])).collect();
        encoder.encode_rgba(ravif::Img::new(colours.as_slice(), w, h))
    } else {
        let colours: Vec<ravif::RGB8> = pixels.pixels().map(|p| ravif::RGB8::new(p[0], p[1], p[2])).collect();
        encoder.encode_rgb(ravif::Img::new(colours.as_slice(), w, h))
    };
    Ok(made.map_err(|e| failed(&e))?.avif_file)
}
