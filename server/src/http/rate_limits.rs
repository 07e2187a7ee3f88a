//! Rate limits by client, against guessing and flooding: sign-in, checkout, carts, search, the API.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use backend::platform::context::Client;
use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http::{HeaderValue, Method, StatusCode, header};
use metrics::counter;

use crate::api::Problem;
use crate::config::Config;
use crate::metrics::LIMITED;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    SignIn,
    Checkout,
    Payment,
    Cart,
    Search,
    Api,
}

#[derive(Clone)]
pub struct RateLimits {
    sign_in: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    checkout: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    payment: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    cart: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    search: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
    api: Option<Arc<DefaultKeyedRateLimiter<IpAddr>>>,
}

impl RateLimits {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let limiter = |per_minute: u32| NonZeroU32::new(per_minute).map(|n| Arc::new(RateLimiter::keyed(Quota::per_minute(n))));
        Self {
            sign_in: limiter(config.limit_sign_in),
            checkout: limiter(config.limit_checkout),
            payment: limiter(config.limit_payment),
            cart: limiter(config.limit_cart),
            search: limiter(config.limit_search),
            api: limiter(config.limit_api),
        }
    }

    /// Drops the counts of clients that have used up nothing. Called now and then, to bound the memory.
    pub fn drop_idle(&self) {
        for limiter in [&self.sign_in, &self.checkout, &self.payment, &self.cart, &self.search, &self.api].into_iter().flatten() {
            limiter.retain_recent();
        }
    }

    /// The seconds to wait, when the client has tried too often.
    fn check(&self, limit: Limit, client: IpAddr) -> Option<u64> {
        let limiter = match limit {
            Limit::SignIn => &self.sign_in,
            Limit::Checkout => &self.checkout,
            Limit::Payment => &self.payment,
            Limit::Cart => &self.cart,
            Limit::Search => &self.search,
            Limit::Api => &self.api,
        };
        let refused = limiter.as_ref()?.check_key(&client).err()?;
        Some(refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1)
    }
}

/// Each of these may hash a password, or reveals whether an e-mail has an account.
const ACCOUNT: &[&str] = &[
    "/api/sign_in",
    "/api/sign_up",
    "/api/change_account",
    "/api/change_security",
    "/api/admin/confirm",
    "/api/request_password_reset",
    "/api/reset_password",
    "/api/follow_email_link",
    "/api/accept_invitation",
    "/sign-in",
    "/sign-up",
    "/account/preferences",
    "/account/security",
    "/admin/confirm",
    "/forgot-password",
    "/reset-password/",
    "/confirm-email/",
    "/join/",
];

/// Each of these may ask the card gateway.
const GATEWAY: &[&str] = &["/api/sync_payment", "/api/read_return", "/api/finish_order", "/checkout/return"];

/// Each of these is computed anew for each request.
const SEARCH: &[&str] = &["/api/find", "/api/suggest", "/api/read_offers", "/api/begin_checkout", "/api/read_latest_order"];

/// The limits that a request counts towards.
fn limits_of(method: &Method, path: &str) -> &'static [Limit] {
    let is_post = *method == Method::POST;
    let begins = |names: &[&str]| names.iter().any(|name| path.starts_with(name));
    if begins(&["/api/v1/"]) {
        return if is_post && path.ends_with("/checkout") { &[Limit::Api, Limit::Checkout] } else { &[Limit::Api] };
    }
    match () {
        () if is_post && begins(ACCOUNT) => &[Limit::SignIn],
        // Each may send a mail.
        () if is_post && begins(&["/api/find_order", "/orders/find", "/api/ask_when_back", "/p/"]) => &[Limit::SignIn],
        () if begins(GATEWAY) => &[Limit::Payment],
        () if is_post && begins(&["/orders/follow/"]) => &[Limit::Payment],
        () if is_post && begins(&["/api/place_order", "/checkout"]) => &[Limit::Checkout],
        () if begins(SEARCH) || matches!(path, "/search" | "/checkout") => &[Limit::Search],
        // Each may make a cart.
        () if is_post && begins(&["/api/sync_cart", "/api/change_cart", "/cart"]) => &[Limit::Cart],
        () => &[],
    }
}

/// Answers 429 with the seconds to wait when the client has tried too often.
pub async fn limit(State(limits): State<RateLimits>, Extension(client): Extension<Client>, request: Request, next: Next) -> Response {
    let limits_of_request = limits_of(request.method(), request.uri().path());
    let Some(wait) = limits_of_request.iter().find_map(|limit| limits.check(*limit, client.0)) else {
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
    use crate::config::Sources;
    use std::collections::BTreeMap;

    #[test]
    fn sign_in_and_costly_calls_are_limited_and_reading_is_not() {
        for path in ["/api/sign_in123", "/api/change_account", "/account/preferences"] {
            assert_eq!(limits_of(&Method::POST, path), [Limit::SignIn], "{path}");
        }
        assert_eq!(limits_of(&Method::POST, "/api/v1/carts/cart_1/checkout"), [Limit::Api, Limit::Checkout]);
        for path in ["/api/find_order", "/orders/find", "/api/ask_when_back", "/p/tsinelas"] {
            assert_eq!(limits_of(&Method::POST, path), [Limit::SignIn], "{path}");
        }
        assert_eq!(limits_of(&Method::GET, "/orders/find"), []);
        for path in ["/api/sync_cart", "/api/change_cart", "/cart"] {
            assert_eq!(limits_of(&Method::POST, path), [Limit::Cart], "{path}");
        }
        for (method, path) in [
            (Method::POST, "/api/sync_payment"),
            (Method::POST, "/api/read_return"),
            (Method::GET, "/checkout/return"),
            (Method::POST, "/orders/follow/abc"),
        ] {
            assert_eq!(limits_of(&method, path), [Limit::Payment], "{path}");
        }
        for path in ["/search", "/api/find", "/api/suggest", "/api/read_offers"] {
            assert_eq!(limits_of(&Method::GET, path), [Limit::Search], "{path}");
        }
        assert_eq!(limits_of(&Method::GET, "/orders/follow/abc"), []);
        assert_eq!(limits_of(&Method::GET, "/cart"), []);
        assert_eq!(limits_of(&Method::GET, "/sign-in"), []);
        assert_eq!(limits_of(&Method::GET, "/p/dried-mango"), []);
    }

    #[test]
    fn each_client_has_a_count_of_its_own_for_each_kind() {
        let flags = BTreeMap::from([("limit-cart", "2".to_owned()), ("limit-checkout", "0".to_owned())]);
        let limits = RateLimits::new(&Sources::gather(&flags, &|_| None, None).unwrap().check().unwrap());
        let (ana, ben) = (IpAddr::from([203, 0, 113, 5]), IpAddr::from([203, 0, 113, 6]));
        assert_eq!([(); 2].map(|()| limits.check(Limit::Cart, ana)), [None; 2]);
        assert!(limits.check(Limit::Cart, ana).is_some_and(|wait| (1..=31).contains(&wait)));
        assert_eq!(limits.check(Limit::Cart, ben), None);
        assert_eq!([(); 9].map(|()| limits.check(Limit::Checkout, ana)), [None; 9]);
    }
}
