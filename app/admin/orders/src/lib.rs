//! Managers' pages: orders.
