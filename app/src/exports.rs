//! Exports: files that managers download, streamed as they are made.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use backend::Shop;
use backend::catalog::ProductExport;
use backend::customers::CustomersFile;
use backend::orders::OrdersFile;
use backend::platform::Context;
use domain::messages::t;
use domain::permission::{Access, Denied, Permission};
use domain::view::OrderQuery;
use futures::future::BoxFuture;
use futures::{FutureExt, Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use web::confirm_address;
use web::language::visitor_locale;
use web::request::Visitor;

use crate::router::{Pages, status_of};

/// The parts of a file as `next` makes them.
fn parts<F, E>(file: F, next: fn(&mut F) -> Part<'_, E>) -> impl Stream<Item = std::io::Result<Vec<u8>>> + Send
where
    F: Send,
    E: std::fmt::Display + Send,
{
    stream::unfold(file, move |mut file| async move {
        let part = next(&mut file).await.transpose()?;
        Some((part.map_err(|error| broken(&error)), file))
    })
}

type Part<'a, E> = BoxFuture<'a, Result<Option<Vec<u8>>, E>>;

/// `/admin/orders.csv`: the orders that a list with the same query has.
pub async fn orders(State(pages): State<Pages>, request: Request) -> Response {
    let (ctx, query) = match admit(pages.shop(), request, Access::ConfirmedStaff(Permission::ExportOrders), "orders") {
        Ok(authorized) => authorized,
        Err(refused) => return refused,
    };
    let of = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let query = OrderQuery {
        search: of("q"),
        payment: of("payment"),
        fulfilment: of("fulfilment"),
        queue: of("queue"),
        sales: of("sales"),
        period: of("period"),
        from: of("from"),
        to: of("to"),
        sort: of("sort"),
        ..OrderQuery::default()
    };
    match OrdersFile::begin(pages.shop(), &ctx, query).await {
        Ok(file) => download(pages.shop(), "orders", parts(file, |file| file.next().boxed())),
        Err(error) => failed(&error),
    }
}

/// `/admin/customers.csv`: everybody who bought or has an account.
pub async fn customers(State(pages): State<Pages>, request: Request) -> Response {
    let ctx = match admit(pages.shop(), request, Access::ConfirmedStaff(Permission::ExportCustomers), "customers") {
        Ok((ctx, _)) => ctx,
        Err(refused) => return refused,
    };
    match CustomersFile::begin(pages.shop(), &ctx).await {
        Ok(file) => download(pages.shop(), "customers", parts(file, |file| file.next().boxed())),
        Err(error) => failed(&error),
    }
}

/// `/admin/products.csv`: all products, as an import reads them.
pub async fn products(State(pages): State<Pages>, request: Request) -> Response {
    let ctx = match admit(pages.shop(), request, Access::Staff(Permission::ReadProducts), "products") {
        Ok((ctx, _)) => ctx,
        Err(refused) => return refused,
    };
    match ProductExport::begin(pages.shop(), &ctx).await {
        Ok(file) => download(pages.shop(), "products", parts(file, |file| file.next().boxed())),
        Err(error) => failed(&error),
    }
}

type Pairs = Vec<(String, String)>;

/// The caller's context and the query; or the answer to a caller who may not. After signing in, they come to the admin page `back`; once they
/// have shown that it is them, to the file.
#[allow(clippy::result_large_err, reason = "an answer is as large as it is")]
fn admit(shop: &Shop, request: Request, access: Access, back: &str) -> Result<(Context, Pairs), Response> {
    let (parts, _) = request.into_parts();
    let sign_in = || Redirect::to(&format!("/sign-in?back=%2Fadmin%2F{back}")).into_response();
    let visitor = parts.extensions.get::<Visitor>().ok_or_else(sign_in)?;
    match visitor.authorize(shop, access) {
        Ok(()) => Ok((visitor.context.clone(), storefront::query::pairs(parts.uri.query().unwrap_or_default()))),
        Err(Denied::SignedOut) => Err(sign_in()),
        Err(Denied::Unconfirmed) => {
            let file = parts.uri.path_and_query().map(http::uri::PathAndQuery::as_str).unwrap_or_default();
            Err(Redirect::to(&confirm_address(file)).into_response())
        }
        Err(denied) => Err((status_of(denied), t::ERROR_FORBIDDEN_BODY.text(visitor_locale(&parts.headers))).into_response()),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "an export could not begin");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// Ends the file with an error, so that a partial file does not look complete.
fn broken(error: &dyn std::fmt::Display) -> std::io::Error {
    tracing::error!(%error, "an export was broken off");
    std::io::Error::other(error.to_string())
}

fn download(shop: &Shop, name: &str, parts: impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static) -> Response {
    let day = backend::settings::time_zone(shop).date(shop.now());
    // Compression polls once more after the end.
    let mut answer = Body::from_stream(parts.fuse()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}-{day}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}
