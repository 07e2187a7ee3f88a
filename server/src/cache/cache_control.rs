//! The `Cache-Control` of answers: who may store them, be it browsers, their service worker (`public/sw.js`) or proxies.

use http::{HeaderMap, HeaderValue, Method, Request, header};
use web::cookies;

use super::key::is_anonymous;
use super::{is_cacheable, is_html};

/// Pages that a script fills with the browser's own cart. Before that they are the same for everybody.
const SHELLS: &[&str] = &["/cart", "/checkout"];

/// The reads that pages are made of, the same for every anonymous visitor.
const READS: &[&str] = &[
    "/api/read_layout",
    "/api/read_home",
    "/api/read_listing",
    "/api/read_categories",
    "/api/read_product",
    "/api/read_page",
    "/api/find",
    "/api/suggest",
    "/api/read_places",
    "/api/read_address_form",
    "/api/read_delivery",
];

/// Pages about one person, also before they sign in and by a signed link.
const PERSONAL: &[&str] = &[
    "/account",
    "/admin",
    "/back-in-stock/",
    "/confirm-email",
    "/join/",
    "/orders",
    "/checkout/",
    "/reset-password/",
    "/sign-in/",
    "/sign-up/",
];

/// Decides an answer's `Cache-Control` by its request.
#[derive(Clone, Copy)]
pub struct CachePolicy {
    is_read: bool,
    /// A page that shows the same products to everybody.
    is_cacheable: bool,
    /// The page of a form that was sent without a script.
    is_form_post: bool,
    is_same_for_all: bool,
    is_personal: bool,
}

impl CachePolicy {
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let is_get = matches!(*request.method(), Method::GET | Method::HEAD);
        let is_read = is_get && READS.contains(&path);
        let is_cacheable = is_cacheable(path);
        let is_for_all = is_read || is_get && (is_cacheable || SHELLS.contains(&path));
        let is_personal = PERSONAL.iter().any(|prefix| path.starts_with(prefix)) || cookies::has_session(request.headers());
        let is_same_for_all = !is_personal && is_for_all && is_anonymous(request.headers());
        Self { is_read, is_cacheable, is_form_post: !is_get, is_same_for_all, is_personal }
    }

    /// The header of an answer that does not set one itself. Pages and their reads are revalidated each time, and are `private` unless
    /// they are the same for everybody. Pages about one person (cart, checkout, orders, account, admin) and all pages of signed-in visitors
    /// are not stored at all, not even for the browser's Back button, where the next person at the device would see them; nor are all other
    /// answers. The page of a sent form may be stored where nobody is signed in, because a browser without it asks whether to send the form
    /// again.
    pub fn header(self, answer: &HeaderMap) -> HeaderValue {
        HeaderValue::from_static(if self.is_personal || (!self.is_read && !is_html(answer)) {
            "no-store"
        } else if self.is_same_for_all && !answer.contains_key(header::SET_COOKIE) {
            "no-cache"
        } else if self.is_read || self.is_cacheable || self.is_form_post {
            "private, no-cache"
        } else {
            "no-store"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache_control(method: Method, address: &str, cookie: &str, kind: &'static str) -> String {
        let request = Request::builder().method(method).uri(address).header(header::COOKIE, cookie).body(()).unwrap();
        let answer = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        CachePolicy::of(&request).header(&answer).to_str().unwrap().to_owned()
    }

    #[test]
    fn only_answers_without_personal_data_may_be_stored() {
        let (html, packed) = ("text/html; charset=utf-8", "application/octet-stream");
        for (address, kind) in [("/p/dried-mango?option=x", html), ("/cart", html), ("/api/read_layout?path=%2F", packed)] {
            assert_eq!(
                cache_control(Method::GET, address, "lang=fil; theme=dark; delivery_place=0730600000", kind),
                "no-cache",
                "{address}"
            );
            assert_eq!(cache_control(Method::HEAD, address, "lang=fil", kind), "no-cache", "{address}");
            for cookie in ["session=abc", "lang=fil; __Host-session=abc"] {
                assert_eq!(cache_control(Method::GET, address, cookie, kind), "no-store", "{address} {cookie}");
            }
            for cookie in ["cart=cart_1", "cart=cart_1; session="] {
                let expected = if address == "/cart" { "no-store" } else { "private, no-cache" };
                assert_eq!(cache_control(Method::GET, address, cookie, kind), expected, "{address} {cookie}");
            }
        }
        for address in [
            "/account",
            "/account/addresses",
            "/orders/follow/abc",
            "/back-in-stock/abc",
            "/confirm-email/abc",
            "/reset-password/abc",
            "/checkout/return",
            "/admin",
            "/admin/orders",
        ] {
            assert_eq!(cache_control(Method::GET, address, "", html), "no-store", "{address}");
        }
        assert_eq!(cache_control(Method::POST, "/cart", "", html), "private, no-cache");
        for (method, address) in [(Method::GET, "/api/read_cart?id=cart_1"), (Method::POST, "/api/sync_cart"), (Method::GET, "/metrics")] {
            assert_eq!(cache_control(method, address, "", packed), "no-store", "{address}");
        }
    }

    #[test]
    fn the_service_worker_lists_the_same_reads_and_shells() {
        let worker = include_str!("../../../public/sw.js");
        let list = |name: &str| {
            let begin = worker.find(&format!("const {name} = [")).unwrap();
            let (list, _) = worker[begin..].split_once(']').unwrap();
            list.split('\'').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(list("SHELLS"), SHELLS);
        assert_eq!(list("READABLE").iter().map(|name| format!("/api/{name}")).collect::<Vec<_>>(), READS);
    }
}
