//! Pages, their cache, and what every answer carries.

use std::time::Duration;

use crate::program::{Folder, Server, client, owner, stderr};

async fn text(request: reqwest::RequestBuilder) -> String {
    request.send().await.unwrap().error_for_status().unwrap().text().await.unwrap()
}

/// How many pages came from where, by the figures.
async fn pages_from(server: &Server, from: &str) -> u64 {
    let figures = text(server.get("/metrics")).await;
    let line = format!("tindahan_pages_total{{from=\"{from}\"}}");
    figures.lines().find_map(|found| found.strip_prefix(&line)).map_or(0, |count| count.trim().parse().unwrap())
}

#[tokio::test]
async fn every_page_has_a_strict_content_security_policy() {
    let server = Server::start();
    for path in ["/", "/admin", "/api", "/health/live"] {
        let answer = server.get(path).send().await.unwrap();
        let headers = answer.headers();
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline"),
            "{path}: {policy}"
        );
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert!(headers.contains_key("referrer-policy") && headers.contains_key("permissions-policy"), "{path}");
        assert!(!headers.contains_key("x-render-nonce"), "{path}");
    }
    let home = server.get("/").send().await.unwrap();
    let policy = home.headers()["content-security-policy"].to_str().unwrap().to_owned();
    assert!(policy.contains("form-action 'self' http://127.0.0.1:"), "the sandbox gateway's page can be reached: {policy}");
    assert!(home.headers().contains_key("etag"));
}

#[tokio::test]
async fn a_page_is_cached_per_language_and_not_for_signed_in_visitors() {
    let server = Server::start();
    let english = text(server.get("/?utm_source=mail")).await;
    let misses = pages_from(&server, "miss").await;
    assert_eq!(text(server.get("/")).await, english);
    assert_eq!(pages_from(&server, "miss").await, misses);
    assert!(pages_from(&server, "hit").await >= 1);

    let filipino = text(server.get("/").header("accept-language", "fil")).await;
    assert_ne!(filipino, english);
    assert!(filipino.contains("lang=\"fil"), "{}", &filipino[..200]);
    assert_eq!(text(server.get("/").header("cookie", "lang=fil")).await, filipino);

    let fresh = pages_from(&server, "fresh").await;
    text(server.get("/").header("cookie", "session=nobody")).await;
    assert_eq!(pages_from(&server, "fresh").await, fresh + 1);
    assert_eq!(text(server.get("/")).await, english);
}

#[tokio::test]
async fn each_variant_has_a_cached_page_and_made_up_ones_take_no_room() {
    let server = Server::start();
    let cached = async |address: &str| {
        let misses = pages_from(&server, "miss").await;
        let answer = server.get(address).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{address}");
        let kept = answer.headers()["cache-control"].to_str().unwrap().to_owned();
        (pages_from(&server, "miss").await - misses, kept, answer.text().await.unwrap())
    };
    let is_chosen = |page: &str| page.contains(" checked");
    let (made, kept, page) = cached("/p/tsinelas").await;
    assert_eq!((made, kept.as_str(), is_chosen(&page)), (1, "no-cache", false));
    let (made, kept, page) = cached("/p/tsinelas?variant=TSIN-37").await;
    assert_eq!((made, kept.as_str(), is_chosen(&page)), (1, "no-cache", true));
    assert_eq!(cached("/p/tsinelas?q=x&variant=TSIN-37&utm_source=x").await.0, 0);
    // Neither an unknown variant nor a known one that is written in another way.
    for (address, chosen) in [
        ("/p/tsinelas?variant=NONE-1", false),
        ("/p/tsinelas?variant=NONE-2", false),
        ("/p/tsinelas?variant=TSIN%2D37", true),
        ("/p/tsinelas?variant=TSIN-37&variant=TSIN-37", true),
    ] {
        let (made, kept, page) = cached(address).await;
        assert_eq!((made, kept.as_str(), is_chosen(&page)), (0, "no-store", chosen), "{address}");
        assert!(page.contains("/p/tsinelas\" rel=\"canonical\"") || page.contains("rel=\"canonical\" href="), "{address}");
    }
}

/// Both wait for the document, and run in their order: `boot.js` must hear of clicks and of Back before the router does.
#[tokio::test]
async fn the_router_is_started_after_what_listens_before_it() {
    let server = Server::start();
    for address in ["/", "/sign-in"] {
        let page = server.get(address).send().await.unwrap().text().await.unwrap();
        let (boot, start) = (page.find("<script src=\"/boot.js\" defer"), page.find("<script type=\"module\""));
        assert!(boot.is_some() && boot < start, "{address}: {boot:?} {start:?}");
    }
}

#[tokio::test]
async fn an_unchanged_page_is_answered_with_304_and_each_client_gets_an_accepted_coding() {
    let server = Server::start();
    let first = server.get("/").header("accept-encoding", "br").send().await.unwrap();
    assert_eq!(first.headers()["content-encoding"], "br");
    let tag = first.headers()["etag"].clone();
    let again = server.get("/").header("accept-encoding", "br").header("if-none-match", tag.clone()).send().await.unwrap();
    assert_eq!(again.status(), 304);
    let other = server.get("/").header("accept-encoding", "gzip").header("if-none-match", tag).send().await.unwrap();
    assert_eq!((other.status().as_u16(), other.headers()["content-encoding"].to_str().unwrap()), (200, "gzip"));
}

#[tokio::test]
async fn personal_pages_are_not_stored_by_browsers_or_proxies() {
    let server = Server::start();
    let kept = async |path: &str, cookie: &str| {
        let answer = server.get(path).header("cookie", cookie).send().await.unwrap();
        answer.headers()["cache-control"].to_str().unwrap().to_owned()
    };
    for path in ["/", "/p/dried-mango", "/cart", "/checkout", "/api/read_layout", "/api/read_home"] {
        assert_eq!(kept(path, "lang=en").await, "no-cache", "{path}");
        assert_eq!(kept(path, "session=nobody").await, "no-store", "{path}");
    }
    // Browsers show stored pages on "Back" without a request, also after signing out or placing an order: so these are not stored.
    for path in ["/account", "/account/orders", "/checkout/return", "/admin"] {
        assert_eq!(kept(path, "").await, "no-store", "{path}");
    }
    assert!(server.get("/checkout").send().await.unwrap().headers()["vary"].to_str().unwrap().contains("cookie"));
    for path in ["/api/read_account", "/metrics", "/pictures/none/1.webp", "/api/v1/products"] {
        assert_eq!(kept(path, "").await, "no-store", "{path}");
    }
    for path in ["/brand.css", "/brand.css?v=other", "/api/openapi.json"] {
        assert_eq!(kept(path, "").await, "public, max-age=300", "{path}");
    }
    let home = text(server.get("/")).await;
    let colours = home.split('"').find(|part| part.starts_with("/brand.css?v=")).unwrap();
    assert_eq!(kept(colours, "").await, "public, max-age=31536000, immutable", "its address names what it holds");
    let form = client().post(format!("{}/account", server.url)).header("accept", "text/html").send().await.unwrap();
    assert_eq!((form.status().as_u16(), form.headers()["cache-control"].to_str().unwrap()), (303, "no-store"));
}

#[tokio::test]
async fn a_change_in_stock_reaches_the_pages_within_seconds() {
    let server = Server::start();
    text(server.get("/")).await;
    let misses = pages_from(&server, "miss").await;
    crate::api::buy_one(&server).await;
    for _ in 0..100 {
        text(server.get("/")).await;
        if pages_from(&server, "miss").await > misses {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the page was never rendered again");
}

#[tokio::test]
async fn requests_forged_by_another_site_are_refused() {
    let server = Server::start();
    let forged = client()
        .post(format!("{}/api/sign_out", server.url))
        .header("origin", "https://evil.example")
        .header("sec-fetch-site", "cross-site")
        .send()
        .await
        .unwrap();
    assert_eq!((forged.status().as_u16(), forged.headers()["content-type"].to_str().unwrap()), (403, "application/octet-stream"));
    // The errors of server functions: 403, no message, no fields.
    assert_eq!(forged.bytes().await.unwrap(), [0x93, 3, 0, 0].as_slice());
}

#[tokio::test]
async fn a_form_of_the_banks_and_a_slash_at_the_end_lead_to_the_page() {
    let server = Server::start();
    let client = client();
    let ask = async |request: reqwest::RequestBuilder| {
        let answer = request.header("origin", "https://bank.example").header("sec-fetch-site", "cross-site").send().await.unwrap();
        let to = answer.headers().get("location").map(|to| to.to_str().unwrap().to_owned());
        (answer.status().as_u16(), to)
    };
    let here = "/checkout/return?order=ord_0199a0b0c0d07e10b2f3a4b5c6d7e8f9";
    assert_eq!(ask(client.post(format!("{}{here}", server.url))).await, (303, Some(here.to_owned())));
    let with_slash = client.get(format!("{}/search/?q=mug", server.url));
    assert_eq!(ask(with_slash).await, (308, Some("/search?q=mug".to_owned())));
    // Another site's address is no address inside.
    assert_eq!(ask(client.get(format!("{}//evil.example/", server.url))).await.1, None);
    assert_eq!(ask(client.get(format!("{}/nothing-here", server.url))).await, (404, None));
}

#[tokio::test]
async fn search_engines_are_told_of_what_is_published_and_nothing_else() {
    let server = Server::start();
    let robots = text(server.get("/robots.txt")).await;
    let sitemap = robots.lines().find_map(|line| line.strip_prefix("Sitemap: ")).unwrap();
    assert!(robots.contains("Disallow: /checkout\n") && sitemap.ends_with("/sitemap.xml"), "{robots}");
    let xml = text(server.get("/sitemap.xml")).await;
    let origin = sitemap.trim_end_matches("/sitemap.xml");
    let addresses: Vec<&str> =
        xml.split("<loc>").skip(1).map(|rest| rest.split('<').next().unwrap().strip_prefix(origin).unwrap()).collect();
    for there in ["/", "/p/stoneware-mug", "/c/tableware", "/categories", "/pages/delivery", "/pages/paghahatid"] {
        assert!(addresses.contains(&there), "{there}");
    }
    // Each of them is a page, in the order of the list every tenth.
    for address in addresses.iter().step_by(10) {
        assert_eq!(server.get(address).send().await.unwrap().status(), 200, "{address}");
    }
    // Of a product a link's preview shows title and picture.
    let page = text(server.get("/p/stoneware-mug")).await;
    assert!(page.contains("property=\"og:title\"") && page.contains("property=\"og:image\""), "{page}");
}

#[tokio::test]
async fn a_request_keeps_its_id_and_the_log_keeps_no_secret() {
    let server = Server::start_with(Folder::with_shop(), &["--demo", "--trusted-proxies", "127.0.0.1"]);
    let given = "req_0199a0b0c0d07e10b2f3a4b5c6d7e8f9";
    let answer = server
        .get("/api/v1/search?q=very-private-words")
        .header("x-request-id", given)
        .header("cookie", "session=very-secret")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.headers()["x-request-id"], given);
    let own = server.get("/health/live").header("x-request-id", "<script>").send().await.unwrap();
    assert!(own.headers()["x-request-id"].to_str().unwrap().starts_with("req_"));
    let log = server.log();
    assert!(log.contains(given), "{log}");
    assert!(!log.contains("very-private-words") && !log.contains("very-secret"));
}

#[tokio::test]
async fn the_live_figures_of_the_admin_need_staff() {
    let server = Server::start();
    assert_eq!(server.get("/admin/live").send().await.unwrap().status(), 401);
    assert_eq!(server.get("/admin/live").header("cookie", "session=nobody").send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn signing_out_ends_the_live_figures() {
    let server = Server::start();
    let cookie = owner(&server).await;
    let mut figures = server.get("/admin/live").header("cookie", &cookie).send().await.unwrap();
    assert!(figures.chunk().await.unwrap().is_some());
    let left =
        client().post(format!("{}/account", server.url)).header("accept", "text/html").header("cookie", &cookie).send().await.unwrap();
    assert_eq!(left.status(), 303);
    crate::api::buy_one(&server).await;
    let ended = async {
        while let Some(chunk) = figures.chunk().await.unwrap() {
            assert!(!chunk.windows(6).any(|part| part == b"event:"), "figures for whoever has left");
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("the stream ends");
}

#[tokio::test]
async fn the_owner_sees_an_order_the_moment_it_is_placed() {
    let server = Server::start();
    let cookie = owner(&server).await;
    let mut figures = server.get("/admin/live").header("cookie", cookie).send().await.unwrap();
    assert_eq!((figures.status().as_u16(), figures.headers()["content-type"].to_str().unwrap()), (200, "text/event-stream"));
    let mut today = async || {
        let mut text = String::new();
        while !text.contains("\n\n") || !text.contains("data: ") {
            let chunk = tokio::time::timeout(Duration::from_secs(20), figures.chunk()).await.expect("figures in time");
            text.push_str(std::str::from_utf8(&chunk.unwrap().expect("the stream goes on")).unwrap());
        }
        assert!(text.contains("event: today"), "{text}");
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        serde_json::from_str::<serde_json::Value>(data).unwrap()["orders"].as_i64().unwrap()
    };
    let before = today().await;
    crate::api::buy_one(&server).await;
    while today().await == before {}
}

#[tokio::test]
async fn every_public_page_renders_for_eight_visitors_at_once() {
    let server = Server::start();
    for path in [
        "/",
        "/c",
        "/c?sort=price_up&in_stock=true",
        "/p/dried-mango",
        "/categories",
        "/pages/delivery",
        "/pages/contact",
        "/search?q=mango",
        "/cart",
        "/checkout",
        "/sign-in",
        "/sign-up",
    ] {
        // With a session, so that each is rendered and none comes from the cache.
        let reads = (0..8).map(|_| server.get(path).header("cookie", "session=nobody").send());
        for answer in futures::future::join_all(reads).await {
            let answer = answer.unwrap();
            assert_eq!(answer.status(), 200, "{path}");
            let html = answer.text().await.unwrap();
            assert!(html.contains("<title>") && html.contains("</main>"), "{path}");
        }
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[tokio::test]
async fn files_and_log_hold_no_personal_data() {
    let server = Server::start();
    crate::api::buy_one(&server).await;
    let secrets = ["Ana Reyes", "Reyes", "ana@example.com", "+639171234567", "12 Mabini Street"];
    let mut folders = vec![server.folder.0.clone()];
    let mut looked_at = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            // A picture that is being made has a name of its own until it is whole.
            let Some(bytes) = crate::program::read(&entry.path()) else { continue };
            looked_at += 1;
            for secret in secrets {
                let found = bytes.windows(secret.len()).any(|part| part.eq_ignore_ascii_case(secret.as_bytes()));
                assert!(!found, "“{secret}” in {}", entry.path().display());
            }
        }
    }
    assert!(looked_at > 3);
}

#[tokio::test]
async fn an_error_is_a_page_for_a_browser_and_data_for_a_script() {
    let server = Server::start_with(Folder::with_shop(), &["--limit-sign-in", "1"]);
    let enter = |accept: &'static str| {
        client()
            .post(format!("{}/sign-in", server.url))
            .header("accept", accept)
            .header("cookie", "lang=fil")
            .form(&[("email", "a@b.example"), ("password", "x")])
            .send()
    };
    enter("text/html").await.unwrap();
    let page = enter("text/html").await.unwrap();
    assert_eq!(page.status(), 429);
    assert!(page.headers().contains_key("retry-after"));
    assert!(page.text().await.unwrap().contains("lang=\"fil"));
    let data = enter("application/json").await.unwrap();
    assert_eq!((data.status().as_u16(), data.headers()["content-type"].to_str().unwrap()), (429, "application/problem+json"));
}

#[tokio::test]
async fn requests_cannot_leave_the_folder_of_the_site() {
    let folder = Folder::with_shop();
    let site = folder.0.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    std::fs::write(site.join("pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.js"), "plain").unwrap();
    std::fs::write(site.join("pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.js.br"), "packed").unwrap();
    std::fs::write(site.join("offline.css"), "body {}").unwrap();
    let server = Server::start_with(folder, &["--site-dir", "site"]);
    let script = server.get("/pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.js").header("accept-encoding", "br").send().await.unwrap();
    assert_eq!(script.headers()["content-encoding"], "br");
    assert!(script.headers()["cache-control"].to_str().unwrap().contains("immutable"));
    assert_eq!(script.text().await.unwrap(), "packed");
    let style = server.get("/offline.css").send().await.unwrap();
    assert_eq!(style.headers()["cache-control"], "public, no-cache");
    for path in ["/..%2ftindahan.key", "/%2e%2e/tindahan.key", "/tindahan.key", "/pkg/nothing.js"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 404, "{path}");
    }
}

#[tokio::test]
async fn pages_name_the_files_and_the_parts_that_the_site_lists() {
    let folder = Folder::with_shop();
    let site = folder.0.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    let list = serde_json::json!({
        "css": "/pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.css",
        "shop": { "folder": "/pkg/shop", "parts": { "browsing": ["split_browsing"], "buying": ["chunk_1", "split_buying"] } },
        "admin": { "folder": "/pkg/admin", "parts": {} },
    });
    std::fs::write(site.join("files.json"), list.to_string()).unwrap();
    let server = Server::start_with(folder, &["--site-dir", "site"]);
    let named = |answer: &reqwest::Response| -> Vec<String> {
        answer.headers().get_all("x-page-files").iter().map(|address| address.to_str().unwrap().to_owned()).collect()
    };
    let cart = server.get("/cart").header("accept", "text/html").send().await.unwrap();
    assert_eq!(named(&cart), ["/pkg/shop/chunk_1.wasm", "/pkg/shop/split_buying.wasm"]);
    let html = cart.text().await.unwrap();
    for file in
        ["/pkg/tindahan.4xTqTjKkPZ8vWq3nYp1rLA.css", "/pkg/shop/tindahan.js", "/pkg/shop/tindahan.wasm", "/pkg/shop/__wasm_split.js"]
    {
        assert!(html.contains(file), "{file}");
    }
    // From the page cache too.
    let again = server.get("/cart").header("accept", "text/html").send().await.unwrap();
    assert_eq!(named(&again).len(), 2);
    let product = server.get("/p/stoneware-mug").header("accept", "text/html").send().await.unwrap();
    assert!(named(&product).is_empty(), "its code is in the first file");
    let admin = server.get("/admin").header("accept", "text/html").send().await.unwrap().text().await.unwrap();
    assert!(admin.contains("/pkg/admin/tindahan.js") && !admin.contains("/pkg/shop/"));
    assert_eq!(server.get("/files.json").send().await.unwrap().status(), 404);
}

#[test]
fn a_broken_list_of_the_site_stops_the_program() {
    let folder = Folder::with_shop();
    let site = folder.0.join("site");
    std::fs::create_dir_all(site.join("pkg")).unwrap();
    std::fs::write(site.join("files.json"), "{").unwrap();
    let ended = folder.run(&["serve", "--listen", "127.0.0.1:0", "--site-dir", "site"]);
    assert!(!ended.status.success());
    let stderr = stderr(&ended);
    assert!(stderr.contains("files.json"), "{stderr}");
}

#[tokio::test]
async fn searches_are_counted_by_client_behind_a_proxy_and_from_the_cache() {
    let server = Server::start_with(Folder::with_shop(), &["--limit-search", "2", "--trusted-proxies", "127.0.0.1"]);
    let search = async |client: &str, q: &str| {
        let request = server.get(&format!("/search?q={q}")).header("x-forwarded-for", client).header("accept", "text/html");
        request.send().await.unwrap().status().as_u16()
    };
    assert_eq!([search("203.0.113.5", "mango").await, search("203.0.113.5", "coffee").await], [200; 2]);
    assert_eq!(search("203.0.113.5", "salt").await, 429);
    assert_eq!(search("203.0.113.6", "salt").await, 200);
    // A cached answer does not count.
    assert_eq!([search("203.0.113.5", "mango").await, search("203.0.113.5", "salt").await], [200; 2]);
}

#[tokio::test]
async fn changing_an_account_is_limited_like_signing_in() {
    let server = Server::start_with(Folder::with_shop(), &["--limit-sign-in", "2"]);
    for path in ["/api/change_account", "/account/preferences", "/api/sign_in", "/sign-in"] {
        let mut last = 0;
        for _ in 0..3 {
            let request = client().post(format!("{}{path}", server.url)).form(&[("step", "password")]);
            last = request.send().await.unwrap().status().as_u16();
        }
        assert_eq!(last, 429, "{path}");
    }
}
