//! Who else may keep an answer: browsers, their service worker (`public/sw.js`), and what stands between.

use http::{HeaderMap, HeaderValue, Method, Request, header};

use super::key::is_nobody;
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

/// Whose the answer to a request will be.
#[derive(Clone, Copy)]
pub struct Asked {
    read: bool,
    same_for_all: bool,
}

impl Asked {
    /// What this request asks for.
    pub fn of<B>(request: &Request<B>) -> Self {
        let path = request.uri().path();
        let reads = matches!(*request.method(), Method::GET | Method::HEAD);
        let read = reads && READS.contains(&path);
        let for_all = read || reads && (shared(path) || SHELLS.contains(&path));
        Self { read, same_for_all: for_all && is_nobody(request.headers()) }
    }

    /// What an answer that does not say so itself tells of being kept: pages and their reads are asked for again each time, and
    /// are one reader's own when they are not the same for everybody. All other answers are kept nowhere.
    pub fn keeping(self, answer: &HeaderMap) -> HeaderValue {
        HeaderValue::from_static(if !self.read && !is_html(answer) {
            "no-store"
        } else if self.same_for_all && !answer.contains_key(header::SET_COOKIE) {
            "no-cache"
        } else {
            "private, no-cache"
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
            for cookie in ["session=abc", "lang=fil; __Host-session=abc", "cart=cart_1"] {
                assert_eq!(told(Method::GET, address, cookie, kind), "private, no-cache", "{address} {cookie}");
            }
        }
        for address in ["/account", "/orders/follow/abc", "/admin"] {
            assert_eq!(told(Method::GET, address, "", html), "private, no-cache", "{address}");
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
