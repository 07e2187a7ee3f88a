//! What a shopper sees: the card page (so that no card number ever touches the shop) and the bank's page. Both work without scripts.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};

use super::{
    Gateway,
    books::Attempt,
    cards::{CARDS, Card},
    errors::ApiError,
    form::{Form, with_query},
    intents::{Intent, State as Standing},
};
use crate::text::escape_html;

/// The pages' routes.
pub fn router() -> Router<Gateway> {
    Router::new()
        .route("/", get(index))
        .route("/pay/{id}", get(card_page).post(pay))
        .route("/authenticate/{id}", get(bank_page).post(authenticate))
}

async fn index() -> Response {
    let body = "<p>A stand-in for a card gateway and a mail server. No money moves, no mail leaves.</p>\
        <ul><li><a href=\"/_control/ledger\">What money moved</a></li>\
        <li><a href=\"/_control/webhooks\">Webhooks sent</a></li>\
        <li><a href=\"/mail\">Mail received</a></li></ul>";
    page(StatusCode::OK, "Simulators", body)
}

async fn card_page(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let intent = gateway.desk().books.intent(&id).cloned();
    match intent {
        Ok(intent) => card_or_away(&intent, None),
        Err(error) => not_found(&error),
    }
}

async fn pay(State(gateway): State<Gateway>, Path(id): Path<String>, body: Bytes) -> Response {
    let form = Form::parse(&String::from_utf8_lossy(&body));
    let Some(number) = form.text("card").or_else(|| form.text("number")) else {
        return match gateway.desk().books.intent(&id) {
            Ok(intent) => card_or_away(intent, Some("Type a card number, or choose one below.")),
            Err(error) => not_found(&error),
        };
    };
    let card = Card::by_number(number);
    let paid = {
        let mut desk = gateway.desk();
        let paid = gateway.act(&mut desk, None, None, |books| books.pay(&id, card));
        // Pressed twice, or too late: what counts is where the intent stands.
        paid.or_else(|error| desk.books.intent(&id).cloned().map(|intent| (intent, Attempt::Declined(error))))
    };
    match paid {
        Err(error) => not_found(&error),
        Ok((intent, Attempt::Declined(error))) => card_or_away(&intent, Some(error.message())),
        Ok((intent, Attempt::Bank)) => to_bank(&intent),
        Ok((intent, Attempt::Paid { late })) => {
            gateway.webhooks.before_answer().await;
            if late {
                gateway.hold().await;
            }
            way_back(&intent)
        }
    }
}

async fn bank_page(State(gateway): State<Gateway>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let intent = gateway.desk().books.intent(&id).cloned();
    let asked = source_of(query.as_deref());
    match intent {
        Ok(intent) if matches!(&intent.state, Standing::RequiresAction { source, .. } if *source == asked) => {
            let body = format!(
                "<p class=\"sum\">{}</p><p>Your bank wants to know that it is you who pays.</p>\
                 <form method=\"post\"><button name=\"outcome\" value=\"approve\">Approve</button> \
                 <button class=\"quiet\" name=\"outcome\" value=\"fail\">Fail</button></form>",
                escape_html(&sum(&intent)),
            );
            page(StatusCode::OK, "Confirm your payment", &body)
        }
        Ok(intent) => way_back(&intent),
        Err(error) => not_found(&error),
    }
}

async fn authenticate(State(gateway): State<Gateway>, Path(id): Path<String>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let form = Form::parse(&String::from_utf8_lossy(&body));
    let approved = form.text("outcome") == Some("approve");
    let source = source_of(query.as_deref());
    let intent = {
        let mut desk = gateway.desk();
        gateway.act(&mut desk, None, None, |books| books.authenticate(&id, &source, approved))
    };
    match intent {
        Ok(intent) => {
            gateway.webhooks.before_answer().await;
            way_back(&intent)
        }
        Err(error) => not_found(&error),
    }
}

fn source_of(query: Option<&str>) -> String {
    Form::parse(query.unwrap_or_default()).text("source").unwrap_or_default().to_owned()
}

/// The card page, or where else the shopper belongs by now.
fn card_or_away(intent: &Intent, trouble: Option<&str>) -> Response {
    match intent.state {
        Standing::Succeeded | Standing::RequiresCapture | Standing::Canceled { .. } => way_back(intent),
        Standing::RequiresPaymentMethod | Standing::RequiresConfirmation | Standing::RequiresAction { .. } => {
            page(StatusCode::OK, "Pay by card", &card_form(intent, trouble))
        }
    }
}

fn card_form(intent: &Intent, trouble: Option<&str>) -> String {
    let sum = escape_html(&sum(intent));
    let (alert, described) = match trouble {
        Some(trouble) => (
            format!("<p class=\"alert\" role=\"alert\" id=\"trouble\">{}</p>", escape_html(trouble)),
            " aria-invalid=\"true\" aria-describedby=\"trouble\"",
        ),
        None => (String::new(), ""),
    };
    let cards: Vec<String> = CARDS.iter().map(card_button).collect();
    let cards = cards.concat();
    let back = intent
        .way_back()
        .map_or(String::new(), |url| format!("<p><a href=\"{}\">Back to the shop without paying</a></p>", escape_html(&url)));
    format!(
        "<p class=\"sum\">{sum}</p>{description}{alert}\
         <form method=\"post\"><label for=\"number\">Card number</label>\
         <input id=\"number\" name=\"number\" inputmode=\"numeric\" autocomplete=\"off\" maxlength=\"30\" required{described}>\
         <button>Pay {sum}</button></form>\
         <h2>Test cards</h2><p>Each pays with its own outcome. Never type a real card here.</p>\
         <form method=\"post\"><ul class=\"cards\">{cards}</ul></form>{back}",
        description = intent.description.as_deref().map_or(String::new(), |text| format!("<p>{}</p>", escape_html(text))),
    )
}

fn card_button(card: &Card) -> String {
    format!(
        "<li><button class=\"quiet\" name=\"card\" value=\"{}\"><span>{}</span> <small>{}</small></button></li>",
        card.number,
        card.spaced(),
        escape_html(card.outcome),
    )
}

/// Sends the shopper to the bank's page.
fn to_bank(intent: &Intent) -> Response {
    let Standing::RequiresAction { source, .. } = &intent.state else {
        return way_back(intent);
    };
    Redirect::to(&with_query(&format!("/authenticate/{}", intent.id), &[("source", source)])).into_response()
}

/// Sends the shopper back to the shop, or says how it ended when there is no address to go back to.
fn way_back(intent: &Intent) -> Response {
    if let Some(url) = intent.way_back() {
        return Redirect::to(&url).into_response();
    }
    let (title, text) = match intent.state {
        Standing::Succeeded | Standing::RequiresCapture => ("Paid", "The payment went through."),
        Standing::Canceled { .. } => ("Cancelled", "The shop no longer asks for this payment."),
        _ => ("Not paid", "The payment did not go through."),
    };
    let body = format!("<p class=\"sum\">{}</p><p>{text} You can close this page.</p>", escape_html(&sum(intent)));
    page(StatusCode::OK, title, &body)
}

fn not_found(error: &ApiError) -> Response {
    let body = format!("<p>{}</p><p>Go back to the shop and start the payment again.</p>", escape_html(error.message()));
    page(error.status, "No such payment", &body)
}

/// The amount for people: `PHP 1,250.00`. The exponents are those of the gateway's list of currencies.
fn sum(intent: &Intent) -> String {
    let digits: usize = match intent.currency.as_str() {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "ugx" | "vnd" | "vuv" | "xaf" | "xof" | "xpf" => 0,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    };
    let padded = format!("{:0>width$}", intent.amount, width = digits + 1);
    let (whole, part) = padded.split_at(padded.len() - digits);
    let mut grouped = String::new();
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let point = if digits > 0 { "." } else { "" };
    format!("{} {grouped}{point}{part}", intent.currency.to_ascii_uppercase())
}

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
.cards small{color:var(--soft)}a{color:var(--go)}:focus-visible{outline:3px solid var(--go);outline-offset:2px}";

/// A whole page. Its policy names no form target, since a form here ends at the shop's own address.
fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let title = escape_html(title);
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><meta name=\"robots\" content=\"noindex\">\
         <link rel=\"icon\" href=\"data:,\"><title>{title} · Sandbox</title><style>{STYLE}</style></head>\
         <body><header>Sandbox card gateway: no money moves here</header><main><h1>{title}</h1>{body}</main></body></html>"
    );
    let policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; frame-ancestors 'none'";
    let headers =
        [(header::CONTENT_SECURITY_POLICY, policy), (header::CACHE_CONTROL, "no-store"), (header::REFERRER_POLICY, "no-referrer")];
    (status, headers, Html(html)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::intents::Capture;

    #[test]
    fn sums_are_written_with_the_currency_s_own_digits() {
        let said = |amount, currency: &str| sum(&Intent::new(amount, currency.to_owned(), Capture::Automatic));
        assert_eq!(said(125_000, "php"), "PHP 1,250.00");
        assert_eq!(said(5, "php"), "PHP 0.05");
        assert_eq!(said(1_234_567, "jpy"), "JPY 1,234,567");
        assert_eq!(said(1_500, "kwd"), "KWD 1.500");
    }
}
