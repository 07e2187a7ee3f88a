//! Pictures: checked, stored as they were uploaded, and encoded in each width and format once.
//!
//! The original is stored under the SHA-256 of its bytes and never served, as it may hold the place where it was taken. What is
//! served is stored beside it as `{hash}-{width}.{avif|webp}`: encoded in the background after an upload, or at the first request
//! that needs it.

use std::collections::hash_map::DefaultHasher;
use std::collections::{BTreeMap, HashSet};
use std::hash::{Hash, Hasher};
use std::io::Cursor;
use std::sync::LazyLock;
use std::time::Instant;

use bytes::Bytes;
use domain::Locale;
use domain::MAX_UPLOAD_BYTES;
use domain::id::{PictureId, ProductId};
use domain::permission::Permission;
use domain::picture::WIDTHS;
use domain::view::PictureView;
use futures::{StreamExt, TryStreamExt, stream};
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use platform::Context;
use platform::db::FromRow;
use platform::files::{Files, FilesError};
use tokio::sync::Mutex;

use crate::Shop;

use super::events::{PictureAdded, ProductUpdated};
use super::{CatalogError, NewPicture, write};

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
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::TooManyPixels`], [`CatalogError::Files`].
pub(super) async fn store(shop: &Shop, bytes: Vec<u8>) -> Result<StoredPicture, CatalogError> {
    if bytes.len() > MAX_UPLOAD_BYTES {
        return Err(CatalogError::TooLarge);
    }
    let bytes = Bytes::from(bytes);
    let checked = bytes.clone();
    let picture = aside(move || {
        let (width, height) = size(&checked)?;
        Ok(StoredPicture { hash: Files::name(&checked), width, height })
    })
    .await?;
    shop.files().put(&picture.hash, bytes).await.inspect_err(|error| tracing::error!(%error, "a picture could not be stored"))?;
    Ok(picture)
}

/// Does what needs a processor for long, beside the threads that answer requests. What makes it panic is no picture.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T, CatalogError> + Send + 'static) -> Result<T, CatalogError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(CatalogError::NotAPicture))
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
    let (width, height) = reader(bytes)?.into_dimensions().map_err(|e| unreadable(&e))?;
    let hash = Files::name(bytes);
    shop.files().put(&hash, Bytes::from_static(bytes)).await?;
    let puts = forms.iter().map(|(width, format, bytes)| {
        let name = form_name(&hash, *width, format);
        async move { shop.files().put(&name, Bytes::from_static(bytes)).await }
    });
    // Some at a time: to a bucket each takes a while.
    stream::iter(puts).buffer_unordered(4).try_collect::<()>().await?;
    Ok(StoredPicture { hash, width, height })
}

/// Stores a picture with its descriptions, and appends it to those of a product when one is named.
///
/// # Errors
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::TooManyPixels`], [`CatalogError::Unknown`] product, not allowed, a full disk.
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
    let picture = NewPicture { id: PictureId(shop.id()), hash: hash.clone(), width, height, alts };
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
    tokio::spawn(async move {
        if let Err(error) = encode_all(&shop, &hash, width, &HashSet::new()).await {
            tracing::warn!(%error, picture = %id, "a picture could not be encoded");
        }
    });
    Ok(PictureView { id, alt, width, height })
}

/// The bytes of a picture in one of [`WIDTHS`], as `avif` or `webp`. None when there is no such picture, width or format.
///
/// # Errors
/// The database's, or the files'.
pub async fn picture_file(shop: &Shop, id: PictureId, width: u32, format: &str) -> Result<Option<Bytes>, CatalogError> {
    let Some(format) = FORMATS.into_iter().find(|known| *known == format) else {
        return Ok(None);
    };
    if !WIDTHS.contains(&width) {
        return Ok(None);
    }
    let Some((hash, original)) = original(shop, id).await? else {
        return Ok(None);
    };
    match shop.files().get(&form_name(&hash, width.min(original), format)).await {
        Err(FilesError::Missing) => encode_once(shop, &hash, width.min(original), format).await.map(Some),
        read => Ok(Some(read?)),
    }
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
async fn encode_once(shop: &Shop, hash: &str, width: u32, format: &'static str) -> Result<Bytes, CatalogError> {
    let name = form_name(hash, width, format);
    let mut hasher = DefaultHasher::new();
    name.hash(&mut hasher);
    let lock = usize::try_from(hasher.finish() % ENCODING_LOCKS.len() as u64).unwrap_or(0);
    let _alone = ENCODING_LOCKS[lock].lock().await;
    match shop.files().get(&name).await {
        Err(FilesError::Missing) => {}
        read => return Ok(read?),
    }
    let original = shop.files().get(hash).await?;
    let bytes = Bytes::from(aside(move || encode(&decode(&original)?, width, format)).await?);
    // It is encoded again another time.
    if let Err(error) = shop.files().put(&name, bytes.clone()).await {
        tracing::warn!(%error, name, "an encoded picture could not be stored");
    }
    Ok(bytes)
}

/// The widths in which an original of this width is served.
fn widths(original: u32) -> impl Iterator<Item = u32> {
    WIDTHS.into_iter().filter(move |width| *width < original).chain([original.min(WIDTHS[WIDTHS.len() - 1])])
}

/// Encodes what is missing of one picture, of which these files are there. Rests after each file for as long as that took, so that requests
/// have the processor at least half of the time.
async fn encode_all(shop: &Shop, hash: &str, original: u32, present: &HashSet<String>) -> Result<(), CatalogError> {
    for width in widths(original) {
        for format in FORMATS {
            if present.contains(&form_name(hash, width, format)) {
                continue;
            }
            let begun = Instant::now();
            encode_once(shop, hash, width, format).await?;
            tokio::time::sleep(begun.elapsed()).await;
        }
    }
    Ok(())
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
/// [`CatalogError::NotAPicture`], [`CatalogError::TooLarge`], [`CatalogError::TooManyPixels`].
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

/// Encodes what is missing of all pictures, one after the other. One that cannot be encoded does not keep the others from it.
pub async fn encode_missing(shop: &Shop) {
    if let Err(error) = try_encode_missing(shop).await {
        tracing::error!(%error, files = shop.files().shown(), "what is missing of the pictures could not be encoded");
    }
}

async fn try_encode_missing(shop: &Shop) -> Result<(), CatalogError> {
    #[derive(FromRow)]
    struct Row {
        hash: String,
        width: i64,
    }
    let rows: Vec<Row> = shop.db().fetch_all("select distinct hash, width from pictures", &[]).await?;
    // The files are listed by the beginnings of their names.
    let mut parts: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in rows {
        parts.entry(row.hash.chars().take(2).collect()).or_default().push(row);
    }
    for (begin, rows) in parts {
        let present: HashSet<String> = shop.files().list(&begin).await?.into_iter().map(|file| file.name).collect();
        for Row { hash, width } in rows {
            match encode_all(shop, &hash, super::store::pixels(width), &present).await {
                Ok(()) => {}
                Err(error @ (CatalogError::Db(_) | CatalogError::Files(FilesError::Unavailable(_) | FilesError::Refused(_)))) => {
                    return Err(error);
                }
                Err(error) => tracing::warn!(%error, hash, "a picture could not be encoded"),
            }
        }
    }
    Ok(())
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
        image::ImageError::Limits(_) => CatalogError::TooManyPixels,
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
        return Err(CatalogError::TooManyPixels);
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
    let failed = |e: &dyn std::fmt::Display| CatalogError::Encoding(e.to_string());
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
