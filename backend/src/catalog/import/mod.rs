//! Real goods in.
