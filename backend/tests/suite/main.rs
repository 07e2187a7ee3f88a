//! The business as its callers see it: each test has a shop of its own, on SQLite and on Postgres.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a failing arrangement fails the test")]

mod audit;
mod beginning;
mod books;
mod carts;
mod cash;
mod catalog;
mod categories;
mod checkout;
mod counter;
mod customers;
mod dated_rules;
mod delivery;
mod discounts;
mod events;
mod export;
mod export_products;
mod fulfilment;
mod identity;
mod import;
mod import_files;
mod jobs;
mod layers;
mod lines;
mod migrations;
mod notifications;
mod opening;
mod orders;
mod payments;
mod platform;
mod pricing;
mod refusals;
mod refused_again;
mod returned;
mod search;
mod seed;
mod simulation;
mod staff_mails;
mod stock;
mod support;
mod time_zone;
mod trouble;
mod unpaid;
mod upgrade;
