//! `/pictures/{id}/{width}.{avif|webp}`: a picture in one width. It never changes under its address.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use backend::catalog::CatalogError;
use backend::platform::files::FilesError;
use backend::{Shop, catalog};
use domain::id::PictureId;
use http::{StatusCode, header};

pub async fn picture(State(shop): State<Shop>, Path((id, file)): Path<(String, String)>) -> Response {
    let Some((id, width, form)) = parse(&id, &file) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    match catalog::picture_file(&shop, id, width, form).await {
        Ok(Some(bytes)) => {
            let kind = if form == "avif" { "image/avif" } else { "image/webp" };
            let headers = [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
            (headers, Body::from(bytes)).into_response()
        }
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(CatalogError::Files(FilesError::Missing)) => {
            tracing::error!(picture = %id, files = shop.files().shown(), "the file of a picture is missing");
            StatusCode::NOT_FOUND.into_response()
        }
        Err(CatalogError::Files(error)) => {
            tracing::warn!(%error, picture = %id, "a picture cannot be read for now");
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2"), (header::CACHE_CONTROL, "no-store")]).into_response()
        }
        Err(error) => {
            tracing::error!(%error, picture = %id, "a picture cannot be read");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

fn parse<'a>(id: &str, file: &'a str) -> Option<(PictureId, u32, &'a str)> {
    let (width, form) = file.split_once('.')?;
    let form = ["avif", "webp"].into_iter().find(|name| *name == form)?;
    Some((id.parse().ok()?, width.parse().ok()?, form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_picture_files_are_accepted() {
        let id = "pic_0199a0b0c0d07e10b2f3a4b5c6d7e8f9";
        assert_eq!(parse(id, "800.webp").map(|(_, width, form)| (width, form)), Some((800, "webp")));
        for file in ["800.png", "webp", "-1.webp", "99999999999.avif", "../x.webp"] {
            assert!(parse(id, file).is_none(), "{file}");
        }
        assert!(parse("pic_1", "800.webp").is_none());
    }
}
