//! The frame of every page that the simulators show to people.

use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = "\
:root{color-scheme:light dark;--ground:#f4f6f5;--sheet:#fff;--ink:#1b2330;--soft:#4c5667;--line:#c9d0da;--go:#1d4f91;--on-go:#fff;--bad:#9b1c1c}\
@media (prefers-color-scheme:dark){:root{--ground:#12161d;--sheet:#1b212b;--ink:#eef1f5;--soft:#b3bccb;--line:#3d4858;--go:#9cc3ff;--on-go:#0d1524;--bad:#ffb4ab}}\
*{box-sizing:border-box}body{margin:0;padding:24px 16px;background:var(--ground);color:var(--ink);font:16px/1.5 system-ui,sans-serif}\
main{max-width:440px;margin:0 auto;padding:24px;background:var(--sheet);border:1px solid var(--line);border-radius:12px}\
h1{margin:0 0 8px;font-size:1.25rem}h2{margin:32px 0 4px;font-size:1rem}p{margin:0 0 16px}\
header{max-width:440px;margin:0 auto 12px;color:var(--soft);font-size:.875rem}\
.sum{font-size:1.75rem;font-weight:650;font-variant-numeric:tabular-nums}\
.alert{padding:12px;border:1px solid var(--bad);border-radius:8px;color:var(--bad)}\
label{display:block;margin-bottom:4px;font-weight:600}\
input{width:100%;min-height:48px;margin-bottom:12px;padding:8px 12px;border:1px solid var(--soft);border-radius:8px;background:transparent;color:inherit;font:inherit;font-variant-numeric:tabular-nums}\
button{width:100%;min-height:48px;margin-bottom:8px;padding:8px 16px;border:1px solid var(--go);border-radius:8px;background:var(--go);color:var(--on-go);font:inherit;font-weight:600;cursor:pointer}\
button.quiet{background:transparent;color:var(--go)}\
.cards{margin:0 0 8px;padding:0;list-style:none}.cards button{display:flex;flex-direction:column;align-items:start;margin-bottom:6px;font-weight:400;font-variant-numeric:tabular-nums;text-align:start}\
.cards small{color:var(--soft)}a{color:var(--go)}:focus-visible{outline:3px solid var(--go);outline-offset:2px}\
main.wide,header.wide{max-width:760px}table{width:100%;border-collapse:collapse}\
.mails{margin:0;padding:0;list-style:none}.mails li{border-top:1px solid var(--line)}\
.mails a{display:block;padding:12px 0;color:inherit;text-decoration:none}.mails a:hover strong{text-decoration:underline}\
.mails small,dl{color:var(--soft)}dl{display:grid;grid-template-columns:max-content 1fr;gap:0 12px;margin:0 0 16px}dd{margin:0;overflow-wrap:anywhere}\
iframe{width:100%;height:70vh;border:1px solid var(--line);border-radius:8px;background:#fff}pre{white-space:pre-wrap;overflow-wrap:anywhere}";

/// A page of the card gateway.
pub fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
    framed(status, title, "Sandbox card gateway: no money moves here", None, body)
}

/// A page of the mail server, which is wider.
pub fn mail_page(status: StatusCode, title: &str, body: &Markup) -> Response {
    framed(status, title, "Sandbox mail server: no mail leaves here", Some("wide"), body)
}

/// A whole page. Its policy runs no script, and names no form target, since a form here ends at the shop's own address.
fn framed(status: StatusCode, title: &str, about: &str, class: Option<&str>, body: &Markup) -> Response {
    let html = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                meta name="robots" content="noindex";
                link rel="icon" href="data:,";
                title { (title) " · Sandbox" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class=[class] { (about) }
                main class=[class] {
                    h1 { (title) }
                    (body)
                }
            }
        }
    };
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
    let headers =
        [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    (status, headers, Html(html.into_string())).into_response()
}
