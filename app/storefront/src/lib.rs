//! Shoppers' pages, account and checkout.
