//! A small HTTP/1.1 client over one kept connection: cheap enough to share two cores with what it measures.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Trouble;

/// An answer.
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The first cookie that it sets, `name=value`.
    pub cookie: Option<String>,
    /// The body, as sent over the wire but without chunk marks.
    pub body: Vec<u8>,
}

/// A connection.
pub struct Client {
    address: String,
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Client {
    /// Connects to `127.0.0.1:3000`.
    pub async fn connect(address: &str) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { address: address.to_owned(), stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    /// Writes a request as bytes, to be sent as often as wanted.
    pub fn request(&self, method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
        let host = &self.address;
        let length = if body.is_empty() && method == "GET" {
            String::new()
        } else {
            let kind = if headers.contains("content-type:") { "" } else { "content-type: application/json\r\n" };
            format!("{kind}content-length: {}\r\n", body.len())
        };
        format!("{method} {path} HTTP/1.1\r\nhost: {host}\r\n{headers}{length}\r\n{body}").into_bytes()
    }

    /// Sends it and waits for the answer.
    pub async fn send(&mut self, request: &[u8]) -> Result<Answer, Trouble> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let end = loop {
            if let Some(at) = find(&self.buffer, b"\r\n\r\n") {
                break at + 4;
            }
            self.more().await?;
        };
        let written = String::from_utf8_lossy(&self.buffer[..end]).into_owned();
        let head = written.to_ascii_lowercase();
        let cookie = head.find("set-cookie: ").map(|at| &written[at + "set-cookie: ".len()..]);
        let cookie = cookie.and_then(|rest| rest.split([';', '\r']).next()).map(str::to_owned);
        let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or("no status")?;
        let body = if let Some(length) = header(&head, "content-length") {
            let length: usize = length.parse()?;
            while self.buffer.len() < end + length {
                self.more().await?;
            }
            self.buffer[end..end + length].to_vec()
        } else if header(&head, "transfer-encoding").is_some() {
            self.chunks(end).await?
        } else {
            Vec::new()
        };
        Ok(Answer { status, cookie, body })
    }

    async fn chunks(&mut self, mut at: usize) -> Result<Vec<u8>, Trouble> {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(n) = find(&self.buffer[at..], b"\r\n") {
                    break at + n;
                }
                self.more().await?;
            };
            let size = usize::from_str_radix(std::str::from_utf8(&self.buffer[at..line])?.trim(), 16)?;
            at = line + 2;
            while self.buffer.len() < at + size + 2 {
                self.more().await?;
            }
            body.extend_from_slice(&self.buffer[at..at + size]);
            at += size + 2;
            if size == 0 {
                return Ok(body);
            }
        }
    }

    async fn more(&mut self) -> Result<(), Trouble> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err("the server closed the connection".into());
        }
        Ok(())
    }
}

/// A header's value.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}
