//! How large a file may be that staff send: a picture, a file of products.

pub const MAX_UPLOAD_MB: usize = 15;
pub const MAX_UPLOAD_BYTES: usize = MAX_UPLOAD_MB << 20;
