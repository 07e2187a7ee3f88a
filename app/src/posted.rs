//! Plain forms, sent to the address of their own page by a browser without a script: the page's server function is called
//! with the fields, and the answer is the next page, or the same one again with what was typed and what is wrong.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};
use leptos::prelude::*;
use leptos::reactive::computed::ScopedFuture;
use leptos_axum::ResponseOptions;
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use session::{AppError, Posted};

use crate::router::Pages;

/// The most that a form may send.
const MOST: usize = 1 << 20;

/// The field that asks for more of a form, not for its doing: the provinces of a region.
const LOOK: (&str, &str) = ("step", "look");

/// Answers a plain form.
pub async fn answer<F>(pages: Pages, request: Request) -> Response
where
    F: ServerFn<Error = AppError> + DeserializeOwned + Send + 'static,
{
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, MOST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let mut values = storefront::query::pairs(&text);
    let page = {
        let mut page = http::Request::new(Body::empty());
        *page.method_mut() = Method::GET;
        *page.uri_mut() = parts.uri.clone();
        *page.headers_mut() = parts.headers.clone();
        *page.extensions_mut() = parts.extensions.clone();
        page.headers_mut().remove(header::CONTENT_LENGTH);
        page.headers_mut().remove(header::CONTENT_TYPE);
        page
    };
    let is_look = values.iter().any(|(name, value)| (name.as_str(), value.as_str()) == LOOK);
    let options = ResponseOptions::default();
    let done = if is_look {
        Err(None)
    } else {
        match serde_qs::Config::new(5, false).deserialize_str::<F>(&text) {
            Ok(fields) => run(&pages, parts.clone(), options.clone(), fields).await.map_err(Some),
            Err(_) => Err(Some(AppError::new(400))),
        }
    };
    match done {
        Ok(()) => {
            let mut answer = StatusCode::SEE_OTHER.into_response();
            let told = options.0.write().map(|mut parts| std::mem::take(&mut parts.headers)).unwrap_or_default();
            answer.headers_mut().extend(told);
            // A function that names no next page leads back to its own.
            if !answer.headers().contains_key(header::LOCATION)
                && let Some(own) = parts.uri.path_and_query().and_then(|own| own.as_str().parse().ok())
            {
                answer.headers_mut().insert(header::LOCATION, own);
            }
            answer
        }
        Err(error) => {
            values.retain(|(name, _)| !name.contains("password"));
            let status = error.as_ref().map(|error| error.status);
            let posted = Posted { to: F::PATH.to_owned(), values, error };
            let mut answer = pages.render(page, Some(posted)).await;
            let status = status.and_then(|status| StatusCode::from_u16(status).ok()).filter(|_| answer.status() == StatusCode::OK);
            if let Some(status) = status {
                *answer.status_mut() = status;
            }
            answer
        }
    }
}

/// Calls the function as if a script had.
async fn run<F>(pages: &Pages, parts: http::request::Parts, options: ResponseOptions, fields: F) -> Result<(), AppError>
where
    F: ServerFn<Error = AppError> + Send + 'static,
{
    let owner = Owner::new();
    let pages = pages.clone();
    owner
        .with(|| {
            ScopedFuture::new(async move {
                provide_context(parts);
                provide_context(options);
                pages.provide();
                fields.run_body().await.map(drop)
            })
        })
        .await
}
