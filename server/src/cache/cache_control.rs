//! Who else may keep an answer: browsers, their service worker (`public/sw.js`), and what stands between.

use http::{HeaderMap, HeaderValue, Method, Request, header};
use session::request::SESSION_COOKIES;

use super::key::{cookies, is_nobody};
use super::{is_html, shared};

/// Pages that a script fills with the browser's own cart: the same for everybody until then.
const SHELLS: &[&str] = &["/cart", "/checkout"];

/// The reads that pages are made of; whoever is not known gets the same as all others.
const READS: &[&str] = &[
    "/api/read_frame",
    "/api/read_home",
    "/api/read_listing",
    "/api/read_categories",
    "/api/read_product",
    "/api/find",
    "/api/suggest",
    "/api/read_places",
    "/api/read_address_form",
    "/api/read_delivery",
];

/// Pages of one person, also for whoever is not signed in yet or holds a signed link.
const PERSONAL: &[&str] = &["/account", "/admin", "/orders", "/checkout/"];

/// Whose the answer to a request will be.
#[derive(Clone, Copy)]
pub struct Asked {
    read: bool,
    /// A page that shows the same goods to everybody, whoever reads it.
    shelf: bool,
    /// The page of a form that was sent without a script.
    sent: bool,
    same_for_all: bool,
    personal: bool,
}

/// Does it bring a session? Whether that still lives is not asked.
fn is_signed_in(headers: &HeaderMap) -> bool {
    cookies(headers).any(|(name, value)| SESSION_COOKIES.contains(&name) && !value.is_empty())
}

impl Asked {
    /// What this request asks for.
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let read = reads && READS.contains(&path);
        let shelf = shared(path);
        let for_all = read || reads && (shelf || SHELLS.contains(&path));
        let personal = PERSONAL.iter().any(|place| path.starts_with(place)) || is_signed_in(request.headers());
        Self { read, shelf, sent: !reads, same_for_all: for_all && is_nobody(request.headers()), personal }
    }

    /// What an answer that does not say so itself tells of being kept: pages and their reads are asked for again each time, and
    /// are one reader's own when they are not the same for everybody. Pages about one person (cart, checkout, orders, account, admin) and
    /// all of whoever is signed in are kept nowhere, not even by the browser for its Back button, or the next one at the same device
    /// would see them; neither are all other answers. The page of a form that was sent is the exception where nobody is signed in,
    /// for a browser that did not keep it asks whether to send the form again.
    pub fn keeping(self, answer: &HeaderMap) -> HeaderValue {
        HeaderValue::from_static(if self.personal || (!self.read && !is_html(answer)) {
            "no-store"
        } else if self.same_for_all && !answer.contains_key(header::SET_COOKIE) {
            "no-cache"
        } else if self.read || self.shelf || self.sent {
            "private, no-cache"
        } else {
            "no-store"
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: Method, address: &str, cookie: &str, kind: &'static str) -> String {
        let request = Request::builder().method(method).uri(address).header(header::COOKIE, cookie).body(()).unwrap();
        let answer = HeaderMap::from_iter([(header::CONTENT_TYPE, HeaderValue::from_static(kind))]);
        Asked::of(&request).keeping(&answer).to_str().unwrap().to_owned()
    }

    #[test]
    fn only_what_is_the_same_for_everybody_is_kept_by_others() {
        let (html, packed) = ("text/html; charset=utf-8", "application/octet-stream");
        for (address, kind) in [("/p/dried-mango?option=x", html), ("/cart", html), ("/api/read_frame?path=%2F", packed)] {
            assert_eq!(told(Method::GET, address, "lang=fil; theme=dark; place=0730600000", kind), "no-cache", "{address}");
            assert_eq!(told(Method::HEAD, address, "lang=fil", kind), "no-cache", "{address}");
            for cookie in ["session=abc", "lang=fil; __Host-session=abc"] {
                assert_eq!(told(Method::GET, address, cookie, kind), "no-store", "{address} {cookie}");
            }
            for cookie in ["cart=cart_1", "cart=cart_1; session="] {
                let wanted = if address == "/cart" { "no-store" } else { "private, no-cache" };
                assert_eq!(told(Method::GET, address, cookie, kind), wanted, "{address} {cookie}");
            }
        }
        for address in ["/account", "/account/addresses", "/orders/follow/abc", "/checkout/return", "/admin", "/admin/orders"] {
            assert_eq!(told(Method::GET, address, "", html), "no-store", "{address}");
        }
        assert_eq!(told(Method::POST, "/cart", "", html), "private, no-cache");
        for (method, address) in [(Method::GET, "/api/read_cart?id=cart_1"), (Method::POST, "/api/sync_cart"), (Method::GET, "/metrics")] {
            assert_eq!(told(method, address, "", packed), "no-store", "{address}");
        }
    }

    #[test]
    fn the_service_worker_knows_the_same_reads_and_shells() {
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
