//! One SMTP session (RFC 5321) with 8BITMIME (RFC 6152), SIZE (RFC 1870), PIPELINING (RFC 2920) and SMTPUTF8 (RFC 6531).

use std::{io, time::Duration};

use tokio::{
    io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use super::{Sink, Stage};

/// RFC 5321, 4.5.3.2.7: a server waits at least five minutes for the next command.
const IDLE_TIMEOUT: Duration = Duration::from_mins(5);
/// Longer command lines are refused.
const MAX_COMMAND_BYTES: usize = 4_096;
/// RFC 5321, 4.5.3.1.8: at least this many recipients are taken.
const MAX_RECIPIENTS: usize = 100;

#[derive(Debug, Default)]
struct Envelope {
    from: Option<String>,
    to: Vec<String>,
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Whole,
    TooLong,
    End,
}

#[derive(Debug, PartialEq, Eq)]
enum Next {
    Command,
    Data,
    Close,
}

/// # Errors
/// The connection broke, or the client was silent for too long.
pub async fn serve(stream: TcpStream, sink: &Sink) -> io::Result<()> {
    let (reader, writer) = stream.into_split();
    let mut session = Session { reader: BufReader::new(reader), writer, sink, greeted: false, envelope: Envelope::default() };
    session.run().await
}

struct Session<'a, R, W> {
    reader: R,
    writer: W,
    sink: &'a Sink,
    greeted: bool,
    envelope: Envelope,
}

impl<R: AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Session<'_, R, W> {
    async fn run(&mut self) -> io::Result<()> {
        self.reply("220 localhost mail sink ready").await?;
        let mut line = Vec::new();
        loop {
            let (reply, next) = match read_line(&mut self.reader, &mut line, MAX_COMMAND_BYTES).await? {
                Line::End => return Ok(()),
                Line::TooLong => ("500 Line too long".to_owned(), Next::Command),
                Line::Whole => self.command(String::from_utf8_lossy(&line).trim_end()),
            };
            self.reply(&reply).await?;
            match next {
                Next::Command => {}
                Next::Close => return Ok(()),
                Next::Data => {
                    let reply = self.data().await?;
                    self.reply(&reply).await?;
                    if reply.starts_with("421") {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn command(&mut self, line: &str) -> (String, Next) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        let reply = match verb.to_ascii_uppercase().as_str() {
            "HELO" => self.hello("250 localhost".to_owned()),
            "EHLO" => {
                self.hello(format!("250-localhost\r\n250-PIPELINING\r\n250-SIZE {}\r\n250-8BITMIME\r\n250 SMTPUTF8", self.sink.limit))
            }
            "MAIL" => self.mail(rest),
            "RCPT" => self.rcpt(rest),
            "DATA" if self.envelope.from.is_none() => "503 Say MAIL first".to_owned(),
            "DATA" if self.envelope.to.is_empty() => "503 Say RCPT first".to_owned(),
            "DATA" => {
                return ("354 Go on, end with a dot on a line of its own".to_owned(), Next::Data);
            }
            "RSET" => {
                self.envelope = Envelope::default();
                "250 OK".to_owned()
            }
            "NOOP" => "250 OK".to_owned(),
            "VRFY" => "252 Cannot say, but will take the message".to_owned(),
            "QUIT" => return ("221 Paalam".to_owned(), Next::Close),
            _ => "500 Unknown command".to_owned(),
        };
        (reply, Next::Command)
    }

    fn hello(&mut self, reply: String) -> String {
        self.greeted = true;
        self.envelope = Envelope::default();
        reply
    }

    fn mail(&mut self, rest: &str) -> String {
        if !self.greeted {
            return "503 Say EHLO first".to_owned();
        }
        if self.envelope.from.is_some() {
            return "503 A message is already under way".to_owned();
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return "501 Say MAIL FROM:<address>".to_owned();
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" => match value.parse::<usize>() {
                    Ok(size) if size > self.sink.limit => return "552 Message too big".to_owned(),
                    Ok(_) => {}
                    Err(_) => return "501 SIZE is a number".to_owned(),
                },
                "BODY" if ["7BIT", "8BITMIME"].contains(&value.to_ascii_uppercase().as_str()) => {}
                "SMTPUTF8" => {}
                _ => return "555 Unknown parameter".to_owned(),
            }
        }
        if let Some(code) = self.sink.next_failure(Stage::Sender) {
            return format!("{code} The sink was told to refuse this sender");
        }
        self.envelope.from = Some(from.to_owned());
        "250 OK".to_owned()
    }

    fn rcpt(&mut self, rest: &str) -> String {
        if self.envelope.from.is_none() {
            return "503 Say MAIL first".to_owned();
        }
        match path(rest, "TO:") {
            Some((to, _)) if !to.is_empty() => {
                if self.envelope.to.len() >= MAX_RECIPIENTS {
                    return "452 Too many recipients".to_owned();
                }
                if let Some(code) = self.sink.next_failure(Stage::Recipient) {
                    return format!("{code} The sink was told to refuse this recipient");
                }
                self.envelope.to.push(to.to_owned());
                "250 OK".to_owned()
            }
            _ => "501 Say RCPT TO:<address>".to_owned(),
        }
    }

    /// Reads the message up to its dot, and answers for it.
    async fn data(&mut self) -> io::Result<String> {
        let envelope = std::mem::take(&mut self.envelope);
        let message = read_message(&mut self.reader, self.sink.limit).await?;
        let Some(message) = message else {
            return Ok("552 Message too big".to_owned());
        };
        if let Some(code) = self.sink.next_failure(Stage::Message) {
            return Ok(format!("{code} The sink was told to refuse this message"));
        }
        match self.sink.store(envelope.from.unwrap_or_default(), envelope.to, message).await {
            Ok(id) => Ok(format!("250 Kept as {id}")),
            Err(error) => {
                tracing::warn!(%error, "a message could not be written to the folder");
                Ok("451 The message could not be written".to_owned())
            }
        }
    }

    async fn reply(&mut self, reply: &str) -> io::Result<()> {
        self.writer.write_all(format!("{reply}\r\n").as_bytes()).await?;
        self.writer.flush().await
    }
}

/// Reads `FROM:<address> PARAMETERS`.
fn path<'a>(rest: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let start = rest.get(..word.len())?;
    if !start.eq_ignore_ascii_case(word) {
        return None;
    }
    let rest = rest.get(word.len()..)?.trim_start().strip_prefix('<')?;
    let (address, parameters) = rest.split_once('>')?;
    let sound = address.is_empty() || (address.contains('@') && !address.contains(char::is_whitespace));
    sound.then_some((address, parameters))
}

/// Reads a message with its stuffed dots undone; `None` when it is larger than the limit. Only `CRLF . CRLF` ends it, so that a bare line
/// feed cannot smuggle in a second message.
async fn read_message<R: AsyncBufRead + Unpin>(reader: &mut R, limit: usize) -> io::Result<Option<Vec<u8>>> {
    let (mut message, mut line) = (Vec::new(), Vec::new());
    let (mut fits, mut at_line_start) = (true, true);
    loop {
        match read_line(reader, &mut line, limit.max(MAX_COMMAND_BYTES)).await? {
            Line::End => return Err(io::ErrorKind::UnexpectedEof.into()),
            Line::TooLong => {
                fits = false;
                at_line_start = true;
                continue;
            }
            Line::Whole => {}
        }
        if at_line_start && line == b".\r\n" {
            return Ok(fits.then_some(message));
        }
        let stuffed = at_line_start && line.first() == Some(&b'.');
        let content = if stuffed { line.get(1..).unwrap_or_default() } else { &line };
        at_line_start = line.ends_with(b"\r\n");
        fits = fits && message.len() + content.len() <= limit;
        if fits {
            message.extend_from_slice(content);
        } else {
            message = Vec::new();
        }
    }
}

/// Reads up to and including a line feed. A line that is too long is read to its end and dropped.
async fn read_line<R: AsyncBufRead + Unpin>(reader: &mut R, line: &mut Vec<u8>, max_bytes: usize) -> io::Result<Line> {
    line.clear();
    let mut fits = true;
    loop {
        let late = |_| io::Error::from(io::ErrorKind::TimedOut);
        let ready = timeout(IDLE_TIMEOUT, reader.fill_buf()).await.map_err(late)??;
        if ready.is_empty() {
            return Ok(Line::End);
        }
        let end = ready.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(ready.len(), |index| index + 1);
        fits = fits && line.len() + length <= max_bytes;
        if fits {
            line.extend_from_slice(ready.get(..length).unwrap_or_default());
        }
        reader.consume(length);
        if end.is_some() {
            return Ok(if fits { Line::Whole } else { Line::TooLong });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn read(sent: &[u8], limit: usize) -> Option<Vec<u8>> {
        read_message(&mut BufReader::with_capacity(4, sent), limit).await.unwrap()
    }

    #[tokio::test]
    async fn doubled_dots_are_unescaped() {
        let message = read(b"Hi\r\n..one\r\n...\r\nend.\r\n.\r\nQUIT\r\n", 1_000).await.unwrap();
        assert_eq!(message, b"Hi\r\n.one\r\n..\r\nend.\r\n");
    }

    #[tokio::test]
    async fn a_bare_line_feed_does_not_end_a_message() {
        let message = read(b"Hi\n.\nMAIL FROM:<x@y>\n.\r\nstill\r\n.\r\n", 1_000).await.unwrap();
        assert_eq!(message, b"Hi\n.\nMAIL FROM:<x@y>\n.\r\nstill\r\n");
    }

    #[tokio::test]
    async fn a_message_over_the_limit_is_read_to_its_end_and_dropped() {
        assert_eq!(read(b"123456789\r\n123456789\r\n.\r\n", 12).await, None);
        assert!(read(b"123456789\r\n.\r\n", 12).await.is_some());
    }

    #[test]
    fn addresses_are_read_from_their_brackets() {
        assert_eq!(path("FROM:<a@b.ph> SIZE=10", "FROM:"), Some(("a@b.ph", " SIZE=10")));
        assert_eq!(path("from: <>", "FROM:"), Some(("", "")));
        assert_eq!(path("FROM:a@b.ph", "FROM:"), None);
        assert_eq!(path("TO:<nobody>", "TO:"), None);
    }
}
