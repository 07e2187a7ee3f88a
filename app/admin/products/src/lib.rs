//! Managers' pages: products.
