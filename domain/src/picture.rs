//! Pictures of products.

/// The widths in pixels that each picture is kept in, as far as the original is as wide.
pub const WIDTHS: [u32; 6] = [160, 320, 480, 640, 960, 1280];
