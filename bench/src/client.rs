//! A small HTTP/1.1 client over one kept connection: cheap enough to share two cores with what it measures.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Trouble;

pub struct Answer {
    pub status: u16,
    /// Its headers, names in small letters.
    pub headers: Vec<(String, String)>,
    /// The body, as sent over the wire but without chunk marks.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first cookie that it sets, `name=value`.
    pub fn cookie(&self) -> Option<&str> {
        let set = self.headers.iter().find(|(name, _)| name == "set-cookie")?;
        set.1.split(';').next()
    }
}

/// More headers than the shop's answers have.
const MAX_HEADERS: usize = 48;

/// How the end of an answer's body is marked.
#[derive(Clone, Copy)]
enum Length {
    /// After this many bytes (`Content-Length`).
    Known(usize),
    /// Chunked: each chunk has its length.
    Chunks,
}

pub struct Client {
    address: String,
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The last answer said that the connection ends with it.
    ends: bool,
}

impl Client {
    /// `address` is host and port, for example `127.0.0.1:3000`.
    pub async fn connect(address: &str) -> Result<Self, Trouble> {
        Ok(Self { address: address.to_owned(), stream: stream_to(address).await?, buffer: Vec::with_capacity(64 * 1024), ends: false })
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
        let (status, end, length) = self.exchange(request).await?;
        let mut room = [httparse::EMPTY_HEADER; MAX_HEADERS];
        let mut head = httparse::Response::new(&mut room);
        head.parse(&self.buffer[..end])?;
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|header| (header.name.to_ascii_lowercase(), String::from_utf8_lossy(header.value).into_owned()))
            .collect();
        let body = match length {
            Length::Known(length) => self.buffer[end..end + length].to_vec(),
            Length::Chunks => self.chunks(end).await?,
        };
        Ok(Answer { status, headers, body })
    }

    /// Sends it, waits for the whole answer, and keeps its status alone.
    pub async fn status(&mut self, request: &[u8]) -> Result<u16, Trouble> {
        let (status, end, length) = self.exchange(request).await?;
        if matches!(length, Length::Chunks) {
            self.chunks(end).await?;
        }
        Ok(status)
    }

    /// Sends it, and reads the head and a body of known length; returns the status and where the body begins.
    async fn exchange(&mut self, request: &[u8]) -> Result<(u16, usize, Length), Trouble> {
        if self.ends {
            self.stream = stream_to(&self.address).await?;
        }
        self.stream.write_all(request).await?;
        self.buffer.clear();
        loop {
            self.more().await?;
            let mut room = [httparse::EMPTY_HEADER; MAX_HEADERS];
            let mut head = httparse::Response::new(&mut room);
            let httparse::Status::Complete(end) = head.parse(&self.buffer)? else { continue };
            let status = head.code.ok_or("no status")?;
            let of = |name: &str| head.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name)).map(|header| header.value);
            let length = match of("content-length") {
                Some(length) => Length::Known(std::str::from_utf8(length)?.parse()?),
                None if of("transfer-encoding").is_some() => Length::Chunks,
                None => Length::Known(0),
            };
            self.ends = of("connection").is_some_and(|options| options.eq_ignore_ascii_case(b"close"));
            if let Length::Known(length) = length {
                while self.buffer.len() < end + length {
                    self.more().await?;
                }
            }
            return Ok((status, end, length));
        }
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

async fn stream_to(address: &str) -> Result<TcpStream, Trouble> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|w| w == what)
}
