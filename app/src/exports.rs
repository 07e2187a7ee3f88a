//! Files that managers take out of the shop, streamed as they are made.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Redirect, Response};
use backend::Shop;
use backend::catalog::ProductsFile;
use backend::customers::CustomersFile;
use backend::identity::record_denial_in_background;
use backend::orders::OrdersFile;
use backend::platform::Context;
use domain::iso_day;
use domain::messages::t;
use domain::permission::{Access, Permission};
use domain::view::{DenialKind, OrderQuery};
use futures::{Stream, StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use session::request::Visitor;

use crate::router::{Pages, locale_of};

/// The parts of a file as they are made. Files are of different types with the same call.
macro_rules! parts {
    ($file:expr) => {
        stream::unfold($file, |mut file| async move {
            let part = file.next().await.transpose()?;
            Some((part.map_err(|error| broken(&error)), file))
        })
    };
}

/// `/admin/orders.csv`: the orders that a list with the same query has.
pub async fn orders(State(pages): State<Pages>, request: Request) -> Response {
    let (ctx, asked) = match admit(pages.shop(), request, Access::Staff(Permission::ExportOrders), "orders") {
        Ok(authorized) => authorized,
        Err(refused) => return refused,
    };
    let of = |name: &str| asked.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default();
    let (search, payment, fulfilment, queue) = (of("q"), of("payment"), of("fulfilment"), of("queue"));
    let query = OrderQuery { search, payment, fulfilment, queue, after: String::new() };
    match OrdersFile::begin(pages.shop(), &ctx, query).await {
        Ok(file) => sent("orders", &iso_day(pages.shop().now()), parts!(file)),
        Err(error) => failed(&error),
    }
}

/// `/admin/customers.csv`: everybody who bought or has an account.
pub async fn customers(State(pages): State<Pages>, request: Request) -> Response {
    let ctx = match admit(pages.shop(), request, Access::Staff(Permission::ExportCustomers), "orders") {
        Ok((ctx, _)) => ctx,
        Err(refused) => return refused,
    };
    match CustomersFile::begin(pages.shop(), &ctx).await {
        Ok(file) => sent("customers", &iso_day(pages.shop().now()), parts!(file)),
        Err(error) => failed(&error),
    }
}

/// `/admin/products.csv`: all products, as an import reads them.
pub async fn products(State(pages): State<Pages>, request: Request) -> Response {
    let ctx = match admit(pages.shop(), request, Access::Staff(Permission::ReadProducts), "products") {
        Ok((ctx, _)) => ctx,
        Err(refused) => return refused,
    };
    match ProductsFile::begin(pages.shop(), &ctx).await {
        Ok(file) => sent("products", &iso_day(pages.shop().now()), parts!(file)),
        Err(error) => failed(&error),
    }
}

type Pairs = Vec<(String, String)>;

/// Who asks, and what for; or what to say to whoever may not. Who is not signed in comes to this page of the admin afterwards.
#[allow(clippy::result_large_err, reason = "an answer is as large as it is")]
fn admit(shop: &Shop, request: Request, access: Access, back: &str) -> Result<(Context, Pairs), Response> {
    let (parts, _) = request.into_parts();
    let visitor = parts.extensions.get::<Visitor>();
    match visitor {
        Some(visitor) if visitor.context.satisfies(access) => {
            Ok((visitor.context.clone(), storefront::query::pairs(parts.uri.query().unwrap_or_default())))
        }
        Some(visitor) if visitor.me.is_some() => {
            record_denial_in_background(shop, &visitor.context, DenialKind::Permission);
            Err((StatusCode::FORBIDDEN, t::ERROR_FORBIDDEN_BODY.text(locale_of(&parts))).into_response())
        }
        _ => Err(Redirect::to(&format!("/sign-in?back=%2Fadmin%2F{back}")).into_response()),
    }
}

fn failed(error: &dyn std::fmt::Display) -> Response {
    tracing::error!(%error, "a file could not be begun");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// The file breaks off, so that nobody takes a part of it for all.
fn broken(error: &dyn std::fmt::Display) -> std::io::Error {
    tracing::error!(%error, "a file was broken off");
    std::io::Error::other(error.to_string())
}

fn sent(name: &str, day: &str, parts: impl Stream<Item = std::io::Result<Vec<u8>>> + Send + 'static) -> Response {
    // Who compresses asks once more after the end.
    let mut answer = Body::from_stream(parts.fuse()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(disposition) = HeaderValue::try_from(format!("attachment; filename=\"{name}-{day}.csv\"")) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    answer
}
