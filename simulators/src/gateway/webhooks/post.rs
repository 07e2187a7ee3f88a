//! Sends one webhook: a signed `POST` over plain HTTP/1.1, of whose answer only the status matters.

use std::{io, time::Duration};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use super::Endpoint;
use crate::text::{hex, now_seconds};

/// How long an endpoint may take to answer.
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_STATUS_LINE_BYTES: usize = 4_096;

/// Posts a JSON body and returns the status of the answer.
///
/// # Errors
/// The endpoint cannot be reached, does not answer in time, or not in HTTP.
pub async fn post_signed(endpoint: &Endpoint, body: &str) -> io::Result<u16> {
    let signature = signature(&endpoint.secret, now_seconds(), body)?;
    let late = |_| io::Error::new(io::ErrorKind::TimedOut, "no answer in time");
    timeout(TIMEOUT, send(endpoint, body, &signature)).await.map_err(late)?
}

/// The value of `Stripe-Signature`: `t=<seconds>,v1=<HMAC-SHA256 of "<seconds>.<body>" in hexadecimal>`.
fn signature(secret: &str, seconds: u64, body: &str) -> io::Result<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(io::Error::other)?;
    mac.update(format!("{seconds}.{body}").as_bytes());
    Ok(format!("t={seconds},v1={}", hex(&mac.finalize().into_bytes())))
}

async fn send(endpoint: &Endpoint, body: &str, signature: &str) -> io::Result<u16> {
    let mut stream = TcpStream::connect((endpoint.host.as_str(), endpoint.port)).await?;
    let request = format!(
        "POST {path} HTTP/1.1\r\n\
         Host: {authority}\r\n\
         User-Agent: Tindahan-Simulators/1.0\r\n\
         Accept: */*\r\n\
         Content-Type: application/json; charset=utf-8\r\n\
         Content-Length: {length}\r\n\
         Stripe-Signature: {signature}\r\n\
         Connection: close\r\n\
         \r\n\
         {body}",
        path = endpoint.path,
        authority = endpoint.authority,
        length = body.len(),
    );
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    while !answer.contains(&b'\n') && answer.len() < MAX_STATUS_LINE_BYTES {
        if stream.read_buf(&mut answer).await? == 0 {
            break;
        }
    }
    let line = answer.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let status = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.trim().parse().ok());
    status.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_covers_the_time_and_the_body() {
        let signed = signature("whsec_test", 1_700_000_000, r#"{"id":"evt_1"}"#).unwrap();
        assert_eq!(signed, "t=1700000000,v1=c89214b5b5da833daed6f0b8c5bb6bd58cea9022bd80ccc78230f3942d632925");
        assert_ne!(signed, signature("whsec_test", 1_700_000_001, r#"{"id":"evt_1"}"#).unwrap());
    }
}
