use std::convert::Infallible;

use super::*;
use crate::http::security::Policy;
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// A server, its address, and what stops it.
async fn open() -> (tokio::task::JoinHandle<()>, SocketAddr, tokio::sync::oneshot::Sender<()>) {
    open_for(100).await
}

/// The same for so many connections.
async fn open_for(max_connections: usize) -> (tokio::task::JoinHandle<()>, SocketAddr, tokio::sync::oneshot::Sender<()>) {
    let slow = async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
        "slow"
    };
    let long = async || {
        let late = futures::stream::once(async {
            tokio::time::sleep(IDLE_TIMEOUT * 5).await;
            "done"
        });
        Body::from_stream(futures::stream::iter(["begun"]).chain(late).map(Ok::<_, Infallible>))
    };
    let large = async || Body::from_stream(futures::stream::repeat_with(|| Ok::<_, Infallible>(vec![b'a'; 1 << 16])));
    let router = Router::new().route("/account", get(async || "quick")).route("/slow", get(slow)).route("/long", get(long));
    let read = axum::routing::post(async |body: Bytes| body.len().to_string());
    let router = router.route("/large", get(large)).route("/read", read);
    let pages = Arc::new(PageCache::new(router, 0, Policy::new(None, None)));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (close, closed) = tokio::sync::oneshot::channel();
    let threads = ConnectionThreads::start(0, max_connections, pages).unwrap();
    let serving = tokio::spawn(serve(listener, threads, async move { drop(closed.await) }));
    (serving, address, close)
}

#[tokio::test(start_paused = true)]
async fn a_client_that_never_ends_its_request_is_disconnected() {
    let (_serving, address, _close) = open().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
    let mut answer = vec![0; 4096];
    let length = client.read(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer[..length]).ends_with("quick"));
    let begun = Instant::now();
    client.write_all(b"GET /account HTTP/1.1\r\nhost: sh").await.unwrap();
    let mut rest = Vec::new();
    client.read_to_end(&mut rest).await.unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("quick"));
    assert!(begun.elapsed() >= IDLE_TIMEOUT && begun.elapsed() <= IDLE_TIMEOUT + SWEEP_INTERVAL, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_is_closed_after_the_documented_time() {
    let (_serving, address, _close) = open().await;
    tokio::time::sleep(SWEEP_INTERVAL / 2).await;
    let mut client = TcpStream::connect(address).await.unwrap();
    let begun = Instant::now();
    assert_eq!(client.read(&mut [0; 1]).await.unwrap(), 0);
    assert!(begun.elapsed() >= IDLE_TIMEOUT && begun.elapsed() <= IDLE_TIMEOUT + SWEEP_INTERVAL, "{:?}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_client_that_does_not_read_its_answer_is_disconnected() {
    let (_serving, address, _close) = open().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /large HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
    tokio::time::sleep(IDLE_TIMEOUT + SWEEP_INTERVAL * 2).await;
    let mut rest = vec![0; 1 << 16];
    loop {
        match client.read(&mut rest).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

#[tokio::test(start_paused = true)]
async fn idle_connections_are_closed_when_others_wait() {
    let (_serving, address, _close) = open_for(2).await;
    let _resting = [TcpStream::connect(address).await.unwrap(), TcpStream::connect(address).await.unwrap()];
    let begun = Instant::now();
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("quick") && begun.elapsed() <= SWEEP_INTERVAL * 2, "{:?} {answer}", begun.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_request_has_exactly_one_host() {
    let (_serving, address, _close) = open().await;
    for (hosts, status) in [("", "400"), ("host: a\r\nhost: b\r\n", "400"), ("host: a\r\n", "200")] {
        let mut client = TcpStream::connect(address).await.unwrap();
        client.write_all(format!("GET /account HTTP/1.1\r\n{hosts}connection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{hosts:?} {answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_slow_request_is_closed_when_every_place_is_taken() {
    let (_serving, address, _close) = open_for(1).await;
    let mut slow = TcpStream::connect(address).await.unwrap();
    slow.write_all(b"POST /read HTTP/1.1\r\nhost: shop\r\ncontent-length: 1000\r\n\r\n").await.unwrap();
    let dripping = tokio::spawn(async move {
        let mut sent = 0_u32;
        while sent < 600 && slow.write_all(b"a").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
            sent += 1;
        }
        sent
    });
    let begun = Instant::now();
    let mut next = TcpStream::connect(address).await.unwrap();
    next.write_all(b"GET /account HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    next.read_to_string(&mut answer).await.unwrap();
    assert!(answer.ends_with("quick"), "{answer}");
    assert!(
        begun.elapsed() >= SEND_TIMEOUT_WHEN_FULL && begun.elapsed() <= SEND_TIMEOUT_WHEN_FULL + SWEEP_INTERVAL * 2,
        "{:?}",
        begun.elapsed()
    );
    assert!(dripping.await.unwrap() < 30);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_long_is_waited_for() {
    let (_serving, address, _close) = open().await;
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(b"GET /long HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("begun") && answer.contains("done"), "{answer}");
}

#[tokio::test(start_paused = true)]
async fn at_shutdown_begun_requests_are_answered_and_idle_connections_closed() {
    let (serving, address, close) = open().await;
    let mut resting = TcpStream::connect(address).await.unwrap();
    let mut asking = TcpStream::connect(address).await.unwrap();
    asking.write_all(b"GET /slow HTTP/1.1\r\nhost: shop\r\n\r\n").await.unwrap();
    tokio::time::sleep(Duration::from_secs(1)).await;
    close.send(()).unwrap();
    let mut answer = String::new();
    asking.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("connection: close") && answer.ends_with("slow"), "{answer}");
    assert_eq!(resting.read(&mut [0; 1]).await.unwrap(), 0);
    serving.await.unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
