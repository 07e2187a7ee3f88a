//! What the shop needs from outside of it, each behind a trait of the area that uses it: mail server, card gateway, search index,
//! files.
//!
//! Another mail service or file store is another file here and a line in [`open`]; nothing of the business changes.

mod files;
mod search;
mod smtp;
mod stripe;

use std::sync::Arc;

use backend::payments::Gateway;
use backend::{Adapters, ShopConfig};
use platform::files::{Files, FilesAddress};
use platform::mail::{MailTransport, Mailer};

pub use stripe::WEBHOOK_PATH;

/// Why one of them could not be opened; each message has the remedy.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    #[error("the mail server's address cannot be read: {0}")]
    Mail(String),
    #[error("the bucket of files cannot be used: {0}")]
    Files(String),
}

/// Opens what a shop is configured with.
///
/// # Errors
/// See [`AdapterError`].
pub fn open(config: &ShopConfig) -> Result<Adapters, AdapterError> {
    let smtp = config.smtp.as_deref().map(smtp::Smtp::open).transpose().map_err(AdapterError::Mail)?;
    let gateway = config.gateway.clone().map(stripe::Stripe::new);
    Ok(Adapters {
        mailer: Mailer::new(smtp.map(|smtp| Arc::new(smtp) as Arc<dyn MailTransport>)),
        files: open_files(&config.files)?,
        gateway: gateway.map(|gateway| Arc::new(gateway) as Arc<dyn Gateway>),
        search: Arc::new(search::SearchFolder::new(config.data_dir.join("search"))),
    })
}

/// Opens where files are kept, for commands that need no shop. Nothing is asked of it yet.
///
/// # Errors
/// A bucket that cannot be used as it is configured.
pub fn open_files(address: &FilesAddress) -> Result<Files, AdapterError> {
    files::open(address).map_err(AdapterError::Files)
}
