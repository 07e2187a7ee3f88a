//! What is no request of ours: it is refused as the client's mistake, before it costs anything.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::program::{Folder, Server, client, is_long, owner, session_of};

/// Sends bytes, and reads the answer to its end.
pub fn raw(server: &Server, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(server.url.trim_start_matches("http://")).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    connection.write_all(bytes).unwrap();
    let mut answer = Vec::new();
    // A client that sends more than is read may be disconnected after the answer.
    let _ = connection.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn invalid_methods_hosts_and_lengths_are_refused() {
    let server = Server::start();
    for (request, status) in [
        ("CONNECT shop:443 HTTP/1.1\r\nhost: shop:443\r\n", "501"),
        ("TRACE / HTTP/1.1\r\nhost: shop\r\n", "405"),
        ("BREW /cart HTTP/1.1\r\nhost: shop\r\n", "405"),
        ("GET /account HTTP/1.1\r\n", "400"),
        ("GET / HTTP/1.1\r\nhost: shop\r\nhost: other\r\n", "400"),
        ("GET /health/live HTTP/1.1\r\nhost: shop\r\n", "200"),
    ] {
        let answer = raw(&server, format!("{request}connection: close\r\n\r\n").as_bytes());
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{request}\n{answer}");
    }
    assert!(!server.log().contains("\"ERROR\""), "{}", server.log());
}

/// Every function of the pages that anybody may call, with what is none of its arguments.
#[tokio::test]
async fn an_unreadable_body_of_a_server_function_is_a_client_error() {
    let server = Server::start_with(Folder::with_shop(), &["--demo", "--limit-sign-in", "0", "--limit-cart", "0", "--limit-checkout", "0"]);
    let session = owner(&server).await;
    let (http, mut tried) = (client(), 0);
    for path in functions() {
        // Every form as a stranger and as the owner, whose calls reach the function itself; the rest as a stranger only, but in the
        // long mode.
        for (n, (kind, body)) in [
            ("application/x-www-form-urlencoded", ""),
            ("application/x-www-form-urlencoded", "%ff%fe=%00&a[b][c]=d&items=x&id=x&order=x&id=y"),
            ("application/json", "{"),
            ("application/json", "{}"),
            ("text/plain", "{\"id\": [1, 2"),
            ("multipart/form-data; boundary=edge", "--edge\r\nno form"),
            ("multipart/form-data", ""),
        ]
        .into_iter()
        .enumerate()
        {
            for cookie in ["", session.as_str()].into_iter().take(if n < 2 || is_long() { 2 } else { 1 }) {
                let request = http.post(format!("{}{path}", server.url)).header("content-type", kind).header("cookie", cookie).body(body);
                let answer = request.send().await.unwrap();
                assert!(answer.status().as_u16() < 500, "{path} {kind} {body}: {}\n{}", answer.status(), server.log());
                tried += 1;
            }
        }
    }
    for path in ["/api/sign_in", "/api/sign_up", "/api/sync_cart", "/api/change_cart", "/api/place_order"] {
        let answer = client().post(format!("{}{path}", server.url)).body("items[0]=x&id=nothing").send().await.unwrap();
        assert!((400..500).contains(&answer.status().as_u16()), "{path}: {}", answer.status());
    }
    assert!(tried > 500, "{tried}");
    let errors: Vec<_> = server.log().lines().filter(|line| line.contains("\"level\":\"ERROR\"")).map(str::to_owned).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

/// The addresses of all functions, from the sources.
fn functions() -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../app")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
            } else if entry.path().extension().is_some_and(|end| end == "rs") {
                let text = std::fs::read_to_string(entry.path()).unwrap();
                let ends = text.split("#[server(endpoint = \"").skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(ends.map(|end| format!("/api/{end}")));
            }
        }
    }
    // Signed out, nothing else would be tried after it.
    found.retain(|path| path != "/api/sign_out");
    assert!(found.len() > 60, "{found:?}");
    found
}

#[tokio::test]
async fn large_bodies_are_refused_except_uploads_by_staff() {
    let server = Server::start();
    let form = "content-type: multipart/form-data; boundary=edge\r\n";
    for (path, status) in [
        ("/webhooks/stripe", "413"),
        ("/api/place_order", "413"),
        ("/api/sign_in", "413"),
        ("/cart", "413"),
        ("/api/v1/carts", "413"),
        ("/api/admin/products/import", "401"),
        ("/api/admin/product/save", "413"),
        // The sign-in page is shown.
        ("/admin/products/import", "401"),
    ] {
        // Nothing of the body is sent: a server that waited for it would not answer.
        let head = format!("POST {path} HTTP/1.1\r\nhost: shop\r\n{form}content-length: 40000000\r\nconnection: close\r\n\r\n");
        let answer = raw(&server, head.as_bytes());
        let found = answer.split(' ').nth(1).unwrap_or_default();
        assert_eq!(found, status, "{path}: {answer}");
    }
    // A webhook without a signature is not read either.
    let head = "POST /webhooks/stripe HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000\r\nconnection: close\r\n\r\n";
    assert!(raw(&server, head.as_bytes()).starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn the_log_names_client_and_account_of_refused_requests_only() {
    let server = Server::start_with(Folder::with_shop(), &["--demo", "--limit-sign-in", "2"]);
    server.get("/search?q=mango").send().await.unwrap();
    assert!(!server.log().contains("127.0.0.1\""), "{}", server.log());
    let enter = |password: &'static str| {
        client().post(format!("{}/api/sign_in", server.url)).form(&[("email", "owner@example.com"), ("password", password)])
    };
    let session = session_of(&enter("demo-owner-2026").send().await.unwrap());
    enter("wrong-password-1").send().await.unwrap();
    assert_eq!(enter("wrong-password-2").send().await.unwrap().status(), 429);
    server.get("/admin/nothing").header("accept", "text/html").header("cookie", session).send().await.unwrap();
    let log = server.log();
    let line = |status: &str| {
        log.lines().find(|line| line.contains(&format!("\"status\":{status}"))).unwrap_or_else(|| panic!("{log}")).to_owned()
    };
    assert!(line("429").contains("\"client\":\"127.0.0.1\""), "{}", line("429"));
    assert!(line("404").contains("\"account\":\"staff:") && line("404").contains("\"client\":\"127.0.0.1\""), "{}", line("404"));
    assert!(!log.contains("owner@example.com"));
}
