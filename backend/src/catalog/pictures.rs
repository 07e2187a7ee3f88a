//! Pictures: checked, stored as they were uploaded, and encoded in each width and format once.
//!
//! The original is stored under the SHA-256 of its bytes and never served, as it may hold the place where it was taken. What is
//! served is stored beside it as `{hash}-{width}.{avif|webp}`: encoded in the background after an upload, or at the first request
//! that needs it.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Instant;

use domain::Locale;
use domain::id::{PictureId, ProductId};
use domain::permission::Permission;
use domain::view::PictureView;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use platform::Context;
use platform::db::FromRow;
use platform::files::Files;
use tokio::sync::Mutex;

use crate::Shop;

use super::events::{PictureAdded, ProductUpdated};
use super::{CatalogError, NewPicture, write};

/// The widths in pixels that are served. A smaller original is never enlarged.
pub const WIDTHS: [u32; 6] = [160, 320, 480, 640, 960, 1280];
/// The largest file that is accepted.
pub const MAX_UPLOAD_BYTES: usize = 15 * 1024 * 1024;
/// A small file may unpack to very many pixels.
const MAX_PIXELS: u64 = 50_000_000;
const MAX_SIDE_PIXELS: u32 = 12_000;
const FORMATS: [&str; 2] = ["webp", "avif"];

/// A file is encoded under the lock that its name is hashed to: each once, and at most half of the processors encode at a time, so that
/// the others answer requests.
static ENCODING_LOCKS: LazyLock<Vec<Mutex<()>>> = LazyLock::new(|| {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    (0..processors.div_ceil(2)).map(|_| Mutex::new(())).collect()
});

/// A picture whose original is stored.
#[derive(Clone, Debug)]
pub(crate) struct StoredPicture {
    /// SHA-256 of the file.
    pub hash: String,
    pub width: u32,
    pub height: u32,
}

/// Checks the bytes of a picture and stores them.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::Files`].
pub(super) async fn store(shop: &Shop, bytes: Vec<u8>) -> Result<StoredPicture, CatalogError> {
    if bytes.len() > MAX_UPLOAD_BYTES {
        return Err(CatalogError::TooLarge);
    }
    let files = shop.files().clone();
    let stored = tokio::task::spawn_blocking(move || {
        let (width, height) = size(&bytes)?;
        let hash = Files::name(&bytes);
        files.put(&hash, &bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        Ok(StoredPicture { hash, width, height })
    });
    stored.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// Stores a picture that the program carries, with what is served of it: width in pixels, format and bytes. It is not decoded.
///
/// # Errors
/// As [`store`].
pub(crate) async fn store_bundled(
    shop: &Shop,
    bytes: &'static [u8],
    forms: &'static [(u32, &'static str, &'static [u8])],
) -> Result<StoredPicture, CatalogError> {
    let files = shop.files().clone();
    let stored = tokio::task::spawn_blocking(move || {
        let (width, height) = reader(bytes)?.into_dimensions().map_err(|e| unreadable(&e))?;
        let hash = Files::name(bytes);
        files.put(&hash, bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        for (width, format, bytes) in forms {
            files.put(&form_name(&hash, *width, format), bytes).map_err(|e| CatalogError::Files(e.to_string()))?;
        }
        Ok(StoredPicture { hash, width, height })
    });
    stored.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// Stores a picture with its descriptions, and appends it to those of a product when one is named.
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
    let StoredPicture { hash, width, height } = store(shop, bytes).await?;
    let alts: Vec<_> = alts.into_iter().map(|(locale, alt)| (locale.code(), alt.trim().chars().take(300).collect::<String>())).collect();
    let alt = alts.first().map(|(_, alt)| alt.clone()).unwrap_or_default();
    let picture = NewPicture { id: PictureId(shop.id()), hash, width, height, alts };
    let id = picture.id;
    shop.write(ctx, async move |tx| {
        write::insert_pictures(tx, tx.now(), std::slice::from_ref(&picture)).await?;
        tx.record(id, PictureAdded { product });
        if let Some(product) = product {
            let added = tx
                .execute(
                    "insert into product_pictures (product_id, picture_id, position)
                     select p.id, $2, coalesce((select max(pp.position) + 1 from product_pictures pp where pp.product_id = p.id), 0)
                     from products p where p.id = $1",
                    &[&product, &id],
                )
                .await?;
            if added == 0 {
                return Err(CatalogError::Unknown);
            }
            tx.record(product, ProductUpdated { picture: Some(id), ..ProductUpdated::default() });
        }
        Ok(())
    })
    .await?;
    shop.listings().invalidate(product);
    let shop = shop.clone();
    tokio::spawn(async move { encode_all(&shop, id).await });
    Ok(PictureView { id, alt, width, height })
}

/// The bytes of a picture in one of [`WIDTHS`], as `avif` or `webp`. None when there is no such picture, width or format.
///
/// # Errors
/// The database's, or the folder of files'.
pub async fn picture_file(shop: &Shop, id: PictureId, width: u32, format: &str) -> Result<Option<Vec<u8>>, CatalogError> {
    let Some(format) = FORMATS.into_iter().find(|known| *known == format) else {
        return Ok(None);
    };
    if !WIDTHS.contains(&width) {
        return Ok(None);
    }
    let Some((hash, original)) = original(shop, id).await? else {
        return Ok(None);
    };
    let name = form_name(&hash, width.min(original), format);
    let (files, read) = (shop.files().clone(), name.clone());
    if let Ok(Ok(bytes)) = tokio::task::spawn_blocking(move || files.get(&read)).await {
        return Ok(Some(bytes));
    }
    encode_once(shop, &hash, width.min(original), format).await.map(Some)
}

fn form_name(hash: &str, width: u32, format: &str) -> String {
    format!("{hash}-{width}.{format}")
}

/// Hash and width in pixels.
async fn original(shop: &Shop, id: PictureId) -> Result<Option<(String, u32)>, CatalogError> {
    #[derive(FromRow)]
    struct Row {
        hash: String,
        width: i64,
    }
    let read = async {
        let row: Option<Row> = shop.db().fetch_optional("select hash, width from pictures where id = $1", &[&id]).await?;
        Ok(row.map(|row| (row.hash, super::store::pixels(row.width))))
    };
    shop.listings().cache.originals.get_or_read(id, read).await
}

/// Encodes the original, unless that was done meanwhile.
async fn encode_once(shop: &Shop, hash: &str, width: u32, format: &'static str) -> Result<Vec<u8>, CatalogError> {
    let name = form_name(hash, width, format);
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let lock = usize::try_from(hasher.finish() % ENCODING_LOCKS.len() as u64).unwrap_or(0);
    let _alone = ENCODING_LOCKS[lock].lock().await;
    let (files, hash) = (shop.files().clone(), hash.to_owned());
    let encoded = tokio::task::spawn_blocking(move || {
        if let Ok(bytes) = files.get(&name) {
            return Ok(bytes);
        }
        let failed = |e: std::io::Error| CatalogError::Files(e.to_string());
        let bytes = encode(&decode(&files.get(&hash).map_err(failed)?)?, width, format)?;
        files.put(&name, &bytes).map_err(failed)?;
        Ok(bytes)
    });
    encoded.await.unwrap_or(Err(CatalogError::NotAPicture))
}

/// The widths in which an original of this width is served.
fn widths(original: u32) -> impl Iterator<Item = u32> {
    WIDTHS.into_iter().filter(move |width| *width < original).chain([original.min(WIDTHS[WIDTHS.len() - 1])])
}

/// Encodes what is missing of one picture. Rests after each file for as long as that took, so that requests have the processor at least
/// half of the time.
async fn encode_all(shop: &Shop, id: PictureId) {
    let Ok(Some((hash, original))) = original(shop, id).await else {
        return;
    };
    for width in widths(original) {
        for format in FORMATS {
            if shop.files().has(&form_name(&hash, width, format)) {
                continue;
            }
            let begun = Instant::now();
            if let Err(error) = encode_once(shop, &hash, width, format).await {
                tracing::warn!(%error, picture = %id, width, format, "a picture could not be encoded");
                return;
            }
            tokio::time::sleep(begun.elapsed()).await;
        }
    }
}

/// A picture as it is served.
#[derive(Debug)]
pub struct PictureForm {
    /// One of [`WIDTHS`], or the original's where that is smaller; pixels.
    pub width: u32,
    /// `avif` or `webp`.
    pub format: &'static str,
    pub bytes: Vec<u8>,
}

/// All that is served of a picture, for pictures that the program carries.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`].
pub fn forms(bytes: &[u8]) -> Result<Vec<PictureForm>, CatalogError> {
    let picture = decode(bytes)?;
    let mut forms = Vec::new();
    for width in widths(picture.width()) {
        for format in FORMATS {
            forms.push(PictureForm { width, format, bytes: encode(&picture, width, format)? });
        }
    }
    Ok(forms)
}

/// Encodes what is missing of all pictures, one after the other.
pub async fn encode_missing(shop: &Shop) {
    let ids: Result<Vec<PictureId>, _> = shop.db().fetch_scalars("select id from pictures order by id", &[]).await;
    match ids {
        Ok(ids) => {
            for id in ids {
                encode_all(shop, id).await;
            }
        }
        Err(error) => tracing::warn!(%error, "the pictures that are to be encoded could not be read"),
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

const fn unreadable(error: &image::ImageError) -> CatalogError {
    match error {
        image::ImageError::Limits(_) => CatalogError::TooLarge,
        _ => CatalogError::NotAPicture,
    }
}

/// Width and height in pixels after the orientation is applied. Decodes the whole picture, so that a damaged one is found at once.
fn size(bytes: &[u8]) -> Result<(u32, u32), CatalogError> {
    let picture = decode(bytes)?;
    Ok((picture.width(), picture.height()))
}

fn decode(bytes: &[u8]) -> Result<DynamicImage, CatalogError> {
    let mut decoder = reader(bytes)?.into_decoder().map_err(|e| unreadable(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS || width > MAX_SIDE_PIXELS || height > MAX_SIDE_PIXELS {
        return Err(CatalogError::TooLarge);
    }
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|e| unreadable(&e))?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn encode(picture: &DynamicImage, width: u32, format: &str) -> Result<Vec<u8>, CatalogError> {
    let height = u64::from(picture.height()) * u64::from(width) / u64::from(picture.width().max(1));
    let height = u32::try_from(height.max(1)).unwrap_or(1);
    let small = if picture.width() == width { picture.clone() } else { picture.resize_exact(width, height, FilterType::CatmullRom) };
    let has_alpha = small.color().has_alpha();
    let pixels = small.to_rgba8();
    let failed = |e: &dyn std::fmt::Display| CatalogError::Files(e.to_string());
    if format == "webp" {
        let bytes = if has_alpha {
            webp::Encoder::from_rgba(pixels.as_raw(), width, height).encode(80.0)
        } else {
            let plain = small.to_rgb8();
            webp::Encoder::from_rgb(plain.as_raw(), width, height).encode(80.0)
        };
        return Ok(bytes.to_vec());
    }
    let encoder = ravif::Encoder::new().with_quality(68.0).with_alpha_quality(75.0).with_speed(9).with_num_threads(Some(1));
    let (w, h) = (width as usize, height as usize);
    let encoded = if has_alpha {
        let colours: Vec<ravif::RGBA8> = pixels.pixels().map(|p| ravif::RGBA8::new(p[0], p[1], p[2], p[3])).collect();
        encoder.encode_rgba(ravif::Img::new(colours.as_slice(), w, h))
    } else {
        let colours: Vec<ravif::RGB8> = pixels.pixels().map(|p| ravif::RGB8::new(p[0], p[1], p[2])).collect();
        encoder.encode_rgb(ravif::Img::new(colours.as_slice(), w, h))
    };
    Ok(encoded.map_err(|e| failed(&e))?.avif_file)
}
