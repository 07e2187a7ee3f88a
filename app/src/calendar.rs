//! An order's arrival as an entry for a calendar (iCalendar, RFC 5545).

use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use backend::orders::OrderError;
use domain::Date;
use domain::messages::t;
use domain::view::OrderView;
use http::{StatusCode, header};
use web::language::visitor_locale;

use crate::router::Pages;

/// `/orders/follow/{token}/arrival.ics`: the days on which an order is to arrive. Not found when none are promised any more.
pub async fn arrival(State(pages): State<Pages>, Path(token): Path<String>, request: Request) -> Response {
    let (shop, locale) = (pages.shop(), visitor_locale(request.headers()));
    let order = match backend::order_management::by_link(shop, locale, &token).await {
        Ok(order) => order,
        Err(OrderError::Link | OrderError::Unknown) => return StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            tracing::error!(%error, "an order's arrival could not be read");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let Some((from, to)) = order.arrival() else { return StatusCode::NOT_FOUND.into_response() };
    let settings = backend::settings::shop(shop);
    let title = t::ORDER_CALENDAR_TITLE.with(locale, &[("shop", &settings.name), ("number", &order.number)]);
    let link = format!("{}{}", shop.config().public_url, backend::orders::link(shop, order.id));
    let [from, to] = [from, to].map(|day| settings.zone().date(day));
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}.ics\"", order.number)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, entry(&order, &title, &link, [from, to], &shop.now().iso_date_time())).into_response()
}

/// A whole-day entry; `now` as `2026-11-24T08:15:00Z`.
fn entry(order: &OrderView, title: &str, link: &str, [from, to]: [Date; 2], now: &str) -> String {
    let day = |date: Date| date.to_string().replace('-', "");
    let stamp: String = now.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    let stamp = stamp.split('.').next().unwrap_or_default().trim_end_matches('Z');
    // Behind the last day, as the standard has it.
    let end = day(to.plus_days(1));
    let lines = [
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        "PRODID:-//Tindahan//Shop//EN".to_owned(),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", order.id),
        format!("DTSTAMP:{stamp}Z"),
        format!("DTSTART;VALUE=DATE:{}", day(from)),
        format!("DTEND;VALUE=DATE:{end}"),
        format!("SUMMARY:{}", escaped(title)),
        format!("DESCRIPTION:{}", escaped(link)),
        "TRANSP:TRANSPARENT".to_owned(),
        "END:VEVENT".to_owned(),
        "END:VCALENDAR".to_owned(),
    ];
    lines.iter().map(|line| folded(line)).collect()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\r', '\n'], " ")
}

/// A line of at most 75 bytes, continued on lines that begin with a space.
fn folded(line: &str) -> String {
    let (mut out, mut length) = (String::with_capacity(line.len() + 8), 0);
    for c in line.chars() {
        if length + c.len_utf8() > 75 {
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
    out
}

#[cfg(test)]
mod tests {
    use super::{escaped, folded};

    #[test]
    fn text_is_escaped_and_long_lines_are_folded() {
        assert_eq!(escaped("a,b;c\\d\ne"), "a\\,b\\;c\\\\d e");
        let long = format!("SUMMARY:{}", "₱".repeat(60));
        let lines: Vec<String> = folded(&long).split("\r\n").map(str::to_owned).collect();
        assert!(lines.iter().all(|line| line.len() <= 75), "{lines:?}");
        let joined: String =
            lines.iter().enumerate().map(|(at, line)| if at == 0 { line.as_str() } else { line.get(1..).unwrap_or("") }).collect();
        assert_eq!(joined, long);
    }
}
