//! Files, in a folder or in a bucket: both by the crate `object_store`. See `docs/decisions/0010-object-store.md`.

mod bucket;
mod folder;
mod refusal;
mod transport;

use std::sync::Arc;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload};
use platform::files::{Files, FilesAddress, FilesError, StoredFile};

/// Opens where files are kept. Nothing is asked of it yet.
///
/// # Errors
/// Why no bucket can be used as it is configured.
pub(crate) fn open(address: &FilesAddress) -> Result<Files, String> {
    Ok(match address {
        FilesAddress::Folder(path) => Files::new(Arc::new(folder::Folder::new(path.clone()))),
        FilesAddress::Bucket(bucket) => Files::new(Arc::new(bucket::BucketFiles::open(bucket)?)),
    })
}

/// Where a file of this name is: in a part that is named by its first two digits. A name never leads elsewhere.
fn location(name: &str) -> Result<Path, FilesError> {
    if Files::is_name(name) { Ok(Path::from_iter([&name[..2], name])) } else { Err(FilesError::Missing) }
}

async fn put(store: &dyn ObjectStore, location: &Path, bytes: Bytes) -> object_store::Result<()> {
    store.put(location, PutPayload::from_bytes(bytes)).await.map(drop)
}

async fn get(store: &dyn ObjectStore, location: &Path) -> object_store::Result<Bytes> {
    store.get(location).await?.bytes().await
}

/// What is there under names of ours in the part of the names that begin so.
async fn list(store: &dyn ObjectStore, begin: &str) -> object_store::Result<Vec<StoredFile>> {
    let ours = |meta: object_store::ObjectMeta| {
        let name = meta.location.filename().filter(|name| Files::is_name(name) && name.starts_with(begin))?;
        Some(StoredFile { name: name.to_owned(), size: meta.size })
    };
    let part = Path::from(begin);
    store.list(Some(&part)).try_filter_map(|meta| std::future::ready(Ok(ours(meta)))).boxed().try_collect().await
}
