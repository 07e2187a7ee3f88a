//! The stored mail as pages for people: the list, and one mail as a mail program would show it.

use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use maud::{Markup, html};

use super::{Message, Summary, mime, summary};
use crate::page::mail_page;

/// Does a browser ask, and not a program?
pub fn is_browser(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).is_some_and(|accept| accept.contains("text/html"))
}

/// The list of mails, newest first.
pub fn list(mails: &[Summary], to: Option<&str>) -> Response {
    let body = html! {
        @if let Some(to) = to {
            p { "To " strong { (to) } ". " a href="/mail" { "All mails" } }
        }
        @if mails.is_empty() {
            p { "No mail yet. What the shop sends is kept here until the program ends." }
        }
        ul class="mails" {
            @for mail in mails {
                li {
                    a href=(format!("/mail/{}", mail.id)) {
                        strong { (mail.subject) }
                        br;
                        small { "To " (mail.to.join(", ")) " · " (utc(mail.at)) }
                    }
                }
            }
        }
    };
    mail_page(StatusCode::OK, "Mail received", &body)
}

/// One mail. Its HTML is shown in a frame without scripts, whose links open in the whole window.
pub fn mail(message: &Message) -> Response {
    let about = summary(message);
    let (html, text) = (mime::part(&message.raw, "text/html"), mime::part(&message.raw, "text/plain"));
    let body = html! {
        p { a href="/mail" { "All mails" } }
        dl {
            dt { "From" } dd { (mime::header(&message.raw, "from").unwrap_or(about.from)) }
            dt { "To" } dd { (about.to.join(", ")) }
            dt { "Sent" } dd { (utc(about.at)) }
        }
        @if let Some(html) = &html { (framed(html)) }
        @if let Some(text) = &text {
            @if html.is_some() {
                details { summary { "As plain text" } pre { (text) } }
            } @else {
                pre { (text) }
            }
        }
        p { a href=(format!("/mail/{}/raw", about.id)) { "As it came" } }
    };
    mail_page(StatusCode::OK, if about.subject.is_empty() { "(no subject)" } else { &about.subject }, &body)
}

/// There is no such mail.
pub fn missing() -> Response {
    mail_page(StatusCode::NOT_FOUND, "No such mail", &html! { p { "It is gone, or was never here. " a href="/mail" { "All mails" } } })
}

fn framed(html: &str) -> Markup {
    let html = html.replacen("<head>", "<head><base target=\"_top\">", 1);
    html! { iframe title="The mail" sandbox="allow-top-navigation-by-user-activation" srcdoc=(html) {} }
}

/// A moment as `2026-11-30 08:15 UTC`, from milliseconds since 1970.
fn utc(ms: u64) -> String {
    let (days, minutes) = (ms / 86_400_000, ms / 60_000 % 1_440);
    let (year, month, day) = civil(days);
    format!("{year}-{month:02}-{day:02} {:02}:{:02} UTC", minutes / 60, minutes % 60)
}

/// Year, month and day of a number of days since 1970.
fn civil(mut days: u64) -> (u64, u64, u64) {
    let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= if is_leap(year) { 366 } else { 365 } {
        days -= if is_leap(year) { 366 } else { 365 };
        year += 1;
    }
    let mut month = 1;
    for length in [31, if is_leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days + 1)
}

#[cfg(test)]
mod tests {
    use super::utc;

    #[test]
    fn moments_are_written_with_their_date() {
        assert_eq!(utc(0), "1970-01-01 00:00 UTC");
        assert_eq!(utc(1_709_251_199_000), "2024-02-29 23:59 UTC");
        assert_eq!(utc(1_798_761_600_000), "2027-01-01 00:00 UTC");
    }
}
