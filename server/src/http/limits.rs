//! How often one client may try what guessing or flooding would gain from: sign-in, checkout, carts, the API.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::platform::context::Client;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderValue, Method, StatusCode, header};
use metrics::counter;

use super::client::{Proxies, counted};
use crate::api::Problem;
use crate::config::Config;
use crate::metrics::LIMITED;

/// What is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    SignIn,
    Checkout,
    Payment,
    Cart,
    Search,
    Api,
}

/// The limits and what they have counted.
#[derive(Clone)]
pub struct Limits {
    proxies: Proxies,
    sign_in: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    checkout: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    payment: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    cart: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    search: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    api: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
}

impl Limits {
    /// The limits of this configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let limiter = |a_minute: u32| NonZeroU32::new(a_minute).map(|n| Arc::new(RateLimiter::keyed(Quota::per_minute(n))));
        Self {
            proxies: Proxies::new(&config.trusted_proxies),
            sign_in: limiter(config.limit_sign_in),
            checkout: limiter(config.limit_checkout),
            payment: limiter(config.limit_payment),
            cart: limiter(config.limit_cart),
            search: limiter(config.limit_search),
            api: limiter(config.limit_api),
        }
    }

    /// Forgets clients that have been quiet, so that the counts stay small. Called now and then.
    pub fn tidy(&self) {
        for limiter in [&self.sign_in, &self.checkout, &self.payment, &self.cart, &self.search, &self.api].into_iter().flatten() {
            limiter.retain_recent();
        }
    }

    /// Whole seconds to wait, when the client has tried too often.
    fn refuse(&self, kind: Kind, client: IpAddr) -> Option<u64> {
        let limiter = match kind {
            Kind::SignIn => &self.sign_in,
            Kind::Checkout => &self.checkout,
            Kind::Payment => &self.payment,
            Kind::Cart => &self.cart,
            Kind::Search => &self.search,
            Kind::Api => &self.api,
        };
        let refused = limiter.as_ref()?.check_key(&counted(client)).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

/// Each of these may have a password hashed, or says whether an e-mail has an account.
const ACCOUNT: &[&str] = &["/api/sign_in", "/api/sign_up", "/api/change_account", "/sign-in", "/sign-up", "/account/preferences"];

/// Each of these may ask the card gateway.
const GATEWAY: &[&str] = &["/api/settle_order", "/api/read_return", "/api/finish_order", "/checkout/return"];

/// What is computed anew for each who asks.
const SEARCH: &[&str] = &["/api/find", "/api/suggest", "/api/read_offers", "/api/begin_checkout", "/api/read_latest_order"];

/// Which limits a request falls under. Server functions are named after what they do.
fn kinds(method: &Method, path: &str) -> &'static [Kind] {
    let post = *method == Method::POST;
    let begins = |names: &[&str]| names.iter().any(|name| path.starts_with(name));
    if begins(&["/api/v1/"]) {
        return if post && path.ends_with("/checkout") { &[Kind::Api, Kind::Checkout] } else { &[Kind::Api] };
    }
    match () {
        () if post && begins(ACCOUNT) => &[Kind::SignIn],
        // Each may send a mail.
        () if post && begins(&["/api/find_order", "/orders/find"]) => &[Kind::SignIn],
        () if begins(GATEWAY) => &[Kind::Payment],
        () if post && begins(&["/orders/follow/"]) => &[Kind::Payment],
        () if post && begins(&["/api/place_order", "/checkout"]) => &[Kind::Checkout],
        () if begins(SEARCH) || matches!(path, "/search" | "/checkout") => &[Kind::Search],
        // Each may make a cart.
        () if post && begins(&["/api/sync_cart", "/api/change_cart", "/cart"]) => &[Kind::Cart],
        () => &[],
    }
}

/// Refuses what comes too often, with the seconds to wait.
pub async fn limit(State(limits): State<Limits>, mut request: Request, next: Next) -> Response {
    let kinds = kinds(request.method(), request.uri().path());
    let client = limits.proxies.client(&request);
    // For what the backend counts by client too: guesses at passwords and discount codes, cash orders.
    request.extensions_mut().insert(Client(counted(client)));
    if kinds.is_empty() {
        return next.run(request).await;
    }
    let Some(wait) = kinds.iter().find_map(|kind| limits.refuse(*kind, client)) else {
        return next.run(request).await;
    };
    counter!(LIMITED).increment(1);
    let mut answer = Problem::new(
        StatusCode::TOO_MANY_REQUESTS,
        "too_many_requests",
        format!("Too many requests from your address. Try again in {wait} seconds."),
    )
    .into_response();
    answer.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait));
    answer
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use std::collections::BTreeMap;

    #[test]
    fn guessing_and_flooding_are_limited_and_reading_is_not() {
        for path in ["/api/sign_in123", "/api/change_account", "/account/preferences"] {
            assert_eq!(kinds(&Method::POST, path), [Kind::SignIn], "{path}");
        }
        assert_eq!(kinds(&Method::POST, "/api/v1/carts/cart_1/checkout"), [Kind::Api, Kind::Checkout]);
        for path in ["/api/find_order", "/orders/find"] {
            assert_eq!(kinds(&Method::POST, path), [Kind::SignIn], "{path}");
        }
        assert_eq!(kinds(&Method::GET, "/orders/find"), []);
        for path in ["/api/sync_cart", "/api/change_cart", "/cart"] {
            assert_eq!(kinds(&Method::POST, path), [Kind::Cart], "{path}");
        }
        for (method, path) in [
            (Method::POST, "/api/settle_order"),
            (Method::POST, "/api/read_return"),
            (Method::GET, "/checkout/return"),
            (Method::POST, "/orders/follow/abc"),
        ] {
            assert_eq!(kinds(&method, path), [Kind::Payment], "{path}");
        }
        for path in ["/search", "/api/find", "/api/suggest", "/api/read_offers"] {
            assert_eq!(kinds(&Method::GET, path), [Kind::Search], "{path}");
        }
        assert_eq!(kinds(&Method::GET, "/orders/follow/abc"), []);
        assert_eq!(kinds(&Method::GET, "/cart"), []);
        assert_eq!(kinds(&Method::GET, "/sign-in"), []);
        assert_eq!(kinds(&Method::GET, "/p/dried-mango"), []);
    }

    #[test]
    fn each_client_has_a_count_of_its_own_for_each_kind() {
        let flags = BTreeMap::from([("limit-cart", "2".to_owned()), ("limit-checkout", "0".to_owned())]);
        let limits = Limits::new(&Settings::gather(&flags, &|_| None, None).unwrap().check().unwrap());
        let (ana, ben) = (IpAddr::from([203, 0, 113, 5]), IpAddr::from([203, 0, 113, 6]));
        assert_eq!([(); 2].map(|()| limits.refuse(Kind::Cart, ana)), [None; 2]);
        assert!(limits.refuse(Kind::Cart, ana).is_some_and(|wait| (1..=31).contains(&wait)));
        assert_eq!(limits.refuse(Kind::Cart, ben), None);
        assert_eq!([(); 9].map(|()| limits.refuse(Kind::Checkout, ana)), [None; 9]);
    }
}
