//! How the server begins and ends.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::program::{Folder, Server, stderr};

#[tokio::test]
async fn it_is_live_and_ready() {
    let server = Server::start();
    for path in ["/health/live", "/health/ready"] {
        let answer = server.get(path).send().await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.headers()["cache-control"].to_str().unwrap()), (200, "no-store"), "{path}");
    }
    let figures = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(figures.contains("tindahan_http_requests_total{"), "{figures}");
}

#[test]
fn a_request_that_has_begun_is_answered_when_the_server_ends() {
    let mut server = Server::start();
    let address = server.url.trim_start_matches("http://").to_owned();
    let body = r#"{"lines": []}"#;
    let mut connection = TcpStream::connect(&address).unwrap();
    connection.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(connection, "POST /api/v1/carts HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len()).unwrap();
    connection.write_all(&body.as_bytes()[..5]).unwrap();
    // It is being answered once the figures count it; asked on another connection.
    let figures = || {
        let mut other = TcpStream::connect(&address).unwrap();
        write!(other, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").unwrap();
        let mut text = String::new();
        other.read_to_string(&mut text).unwrap();
        text
    };
    let begun = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        figures().contains("tindahan_http_requests_in_flight 2")
    });
    assert!(begun);
    server.terminate();
    let refused = (0..200).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        TcpStream::connect(&address).is_err()
    });
    assert!(refused, "it still takes new connections");
    connection.write_all(&body.as_bytes()[5..]).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    assert!(server.wait().success());
    let cart = answer.lines().find_map(|line| line.strip_prefix("location: /api/v1/carts/")).unwrap().to_owned();
    // The orders that were answered are stored.
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    let again = Server::start_with(folder, &["--demo"]);
    let found = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(async { again.get(&format!("/api/v1/carts/{cart}")).send().await.unwrap().status() });
    assert_eq!(found, 200);
}

#[test]
fn at_shutdown_readiness_fails_before_connections_are_refused() {
    let mut server = Server::start_with(Folder::with_shop(), &["--drain-seconds", "3"]);
    let ready = || crate::refused::raw(&server, b"GET /health/ready HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
    assert!(ready().starts_with("HTTP/1.1 200"));
    server.terminate();
    let not = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        ready().starts_with("HTTP/1.1 503")
    });
    assert!(not, "{}", ready());
    // Clients that still connect are served.
    let answer = crate::refused::raw(&server, b"GET /health/live HTTP/1.1\r\nhost: shop\r\nconnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(server.wait().success());
}

#[test]
fn a_port_in_use_stops_the_program_with_a_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let folder = Folder::new();
    let output = folder.run(&["serve", "--listen", &address]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains(&format!("{address} is in use")), "{}", stderr(&output));
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let server = Server::start();
    let output = server.folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("in use by another tindahan"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_second_server_in_the_same_data_folder_is_refused() {
    let server = Server::start();
    let postgres = crate::program::a_postgres().await;
    for database in ["sqlite:other.db", postgres.as_str()] {
        let output = server.folder.run(&["serve", "--listen", "127.0.0.1:0", "--database", database]);
        assert_eq!(output.status.code(), Some(1), "{database}");
        let said = stderr(&output);
        assert!(said.contains("the data folder") && said.contains("--data-dir") && said.contains("--key-file"), "{said}");
    }
    assert_eq!(server.get("/search?q=mango").header("accept", "text/html").send().await.unwrap().status(), 200);
}

#[cfg(unix)]
#[test]
fn a_database_that_may_only_be_read_stops_the_program_with_a_message() {
    let folder = Folder::with_shop();
    std::fs::remove_file(folder.0.join("shop.db.lock")).unwrap();
    for arguments in [&["serve", "--listen", "127.0.0.1:0"][..], &["migrate"]] {
        let output = folder.command_of_a_reader(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(stderr(&output).contains("shop.db may be read only"), "{}", stderr(&output));
        std::fs::remove_file(folder.0.join("shop.db.lock")).unwrap();
    }
}

#[test]
fn a_database_that_cannot_be_opened_stops_the_program_with_a_message() {
    let folder = Folder::new();
    std::fs::create_dir(folder.0.join("shop.db")).unwrap();
    let output = folder.run(&["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("shop.db"), "{}", stderr(&output));
    std::fs::write(folder.0.join("text.db"), "this is no database, but a text that is long enough to be looked at as one").unwrap();
    let output = folder.run(&["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:text.db"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    let output = folder.run(&["serve", "--listen", "127.0.0.1:0", "--database", "postgres://nobody@127.0.0.1:1/none"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("127.0.0.1:1"), "{}", stderr(&output));
}
