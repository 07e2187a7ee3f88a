//! Memory under load: mixed requests of visitors and buyers, and strangers who send as much as they can.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::api::{json_of, try_to_buy_one};
use crate::program::{Server, client, is_long};

/// Megabytes that the server may take. With a release's own pages it is then below 250.
const MAX_MB: u64 = 190;
/// Requests a second.
const RATE: u64 = 15;
/// Strangers who send 40 MB each.
const STRANGERS: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_small_under_mixed_load_and_two_hundred_large_bodies() {
    let server = Arc::new(Server::start());
    let length = Duration::from_secs(if is_long() { 600 } else { 50 });
    let (_, list) = json_of(server.get("/api/v1/products")).await;
    let slugs: Arc<Vec<String>> =
        Arc::new(list["products"].as_array().unwrap().iter().map(|product| product["slug"].as_str().unwrap().to_owned()).collect());
    let (peak, answered) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let watching = std::thread::spawn({
        let (server, peak, over) = (server.clone(), peak.clone(), over.clone());
        move || {
            while !over.load(Ordering::Relaxed) {
                peak.fetch_max(server.memory(), Ordering::Relaxed);
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    });
    let begun = Instant::now();
    let mut strangers = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(1_000 / RATE));
    let mut requests = Vec::new();
    for n in 0_usize.. {
        tick.tick().await;
        let elapsed = begun.elapsed();
        if elapsed >= length {
            break;
        }
        // In the last fifth of the time they send large bodies, again and again.
        if elapsed > length / 5 * 4 && strangers.is_empty() {
            strangers = (0..STRANGERS).map(|n| std::thread::spawn(send_much(server.clone(), n, over.clone()))).collect();
        }
        let (server, slugs, answered) = (server.clone(), slugs.clone(), answered.clone());
        requests.push(tokio::spawn(async move {
            if ask(&server, &slugs, n).await {
                answered.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    let requested = requests.len();
    for request in requests {
        request.await.unwrap();
    }
    over.store(true, Ordering::Relaxed);
    watching.join().unwrap();
    let sent: u64 = strangers.into_iter().map(|stranger| stranger.join().unwrap()).sum();
    let (peak, answered) = (peak.load(Ordering::Relaxed), answered.load(Ordering::Relaxed));
    println!("{requested} requests, {answered} answered well, strangers sent {} MB, at most {peak} MB resident", sent >> 20);
    assert!(peak < MAX_MB, "{peak} MB were resident");
    assert!(answered * 10 >= u64::try_from(requested).unwrap() * 9, "{answered} of {requested}");
}

/// One of many kinds of request; false when it was not answered as it should be.
async fn ask(server: &Server, slugs: &[String], n: usize) -> bool {
    let slug = &slugs[n * 7 % slugs.len()];
    let read = async |path: String, cookie: &str| {
        let requested =
            server.get(&path).header("accept-encoding", if n.is_multiple_of(3) { "gzip" } else { "br" }).header("cookie", cookie);
        let Ok(answer) = requested.send().await else { return false };
        answer.status() == 200 && answer.bytes().await.is_ok()
    };
    match n % 12 {
        0..3 => read(format!("/p/{slug}"), "").await,
        3 | 4 => read(format!("/p/{slug}"), "session=nobody").await,
        5 => read(format!("/search?q={}", ["mango", "bag", "rice", "salt"][n % 4]), "").await,
        6 => read("/".into(), "lang=fil").await,
        7 => read("/c".into(), "").await,
        8 => read("/api/v1/products".into(), "").await,
        9 => {
            // The tries are limited: each answer but a failure of the server's is as it should be.
            let form = [("email", "ana@example.com"), ("password", "not the password")];
            client().post(format!("{}/api/sign_in", server.url)).form(&form).send().await.is_ok_and(|answer| answer.status().as_u16() < 500)
        }
        _ => try_to_buy_one(server).await.0 == 201,
    }
}

/// Sends 40 MB to one of the addresses that take a body, again and again; returns how many bytes the server took.
fn send_much(server: Arc<Server>, n: usize, over: Arc<AtomicBool>) -> impl FnOnce() -> u64 {
    move || {
        let paths =
            ["/webhooks/stripe", "/api/place_order", "/api/admin/products/import", "/admin/products/import", "/api/v1/carts", "/checkout"];
        let (path, mut sent) = (paths[n % paths.len()], 0);
        let piece = vec![b'a'; 64 << 10];
        while !over.load(Ordering::Relaxed) {
            std::thread::sleep(Duration::from_millis(200));
            let Ok(mut connection) = TcpStream::connect(server.url.trim_start_matches("http://")) else { continue };
            let _ = connection.set_write_timeout(Some(Duration::from_secs(5)));
            // Half of them send a length, the others chunks without end.
            let length = if n.is_multiple_of(2) { "content-length: 40000000\r\n" } else { "transfer-encoding: chunked\r\n" };
            let head = format!(
                "POST {path} HTTP/1.1\r\nhost: shop\r\nstripe-signature: t=1,v1=00\r\n{length}content-type: multipart/form-data; boundary=edge\r\n\r\n"
            );
            let mut more = connection.write_all(head.as_bytes());
            for _ in 0..640 {
                if more.is_err() || over.load(Ordering::Relaxed) {
                    break;
                }
                if n % 2 == 1 {
                    more = connection.write_all(format!("{:x}\r\n", piece.len()).as_bytes());
                }
                more = more.and_then(|()| connection.write_all(&piece));
                if n % 2 == 1 {
                    more = more.and_then(|()| connection.write_all(b"\r\n"));
                }
                sent += piece.len() as u64;
            }
        }
        sent
    }
}
