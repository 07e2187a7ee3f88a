//! The pages and server functions on the server.

#![allow(clippy::unwrap_used, reason = "a failing arrangement fails the test")]

mod access;
mod addresses;
mod admin;
mod admin_forms;
mod admin_products;
mod arrange;
mod browser;
mod content;
mod exports;
mod markup;
mod order_money;

use std::path::PathBuf;

use backend::{Shop, ShopConfig};

/// The password of every user.
const PASSWORD: &str = "mangoes dry in the sun";

/// A folder that is removed when the test ends.
struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// An empty shop on SQLite.
async fn a_shop() -> (Shop, Folder) {
    let folder = std::env::temp_dir().join(format!("tindahan-app-{}", uuid::Uuid::now_v7()));
    std::fs::create_dir_all(&folder).unwrap();
    let mut config = ShopConfig::new(format!("sqlite:{}", folder.join("shop.db").display()), &folder, "http://127.0.0.1:3000");
    config.light_passwords = true;
    let adapters = adapters::open(&config).unwrap();
    (Shop::open(config, adapters).await.unwrap(), Folder(folder))
}
