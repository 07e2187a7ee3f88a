//! What has no business meaning: tables as CSV, caches, database, events, jobs, clock, random numbers, secrets, settings, files, mail.

pub mod cache;
pub mod clock;
pub mod context;
pub mod csv;
pub mod db;
pub mod events;
pub mod files;
pub mod http;
pub mod jobs;
pub mod mail;
pub mod plain_text;
pub mod recorded_export;
pub mod request_keys;
pub mod rng;
pub mod secrets;
pub mod settings;
pub mod throttle;

pub use context::{Actor, Context, Forbidden};
