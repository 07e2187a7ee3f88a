//! The card page, which keeps card numbers away from the shop, and the bank's authentication page. Both work without scripts.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::{
    Gateway,
    books::Attempt,
    cards::{CARDS, Card},
    errors::ApiError,
    form::{Form, with_query},
    intents::{Intent, IntentState},
};

pub fn router() -> Router<Gateway> {
    Router::new()
        .route("/", get(index))
        .route("/pay/{id}", get(card_page).post(pay))
        .route("/authenticate/{id}", get(bank_page).post(authenticate))
}

async fn index() -> Response {
    let body = html! {
        p { "A stand-in for a card gateway and a mail server. No money moves, no mail leaves." }
        ul {
            li { a href="/_control/ledger" { "What money moved" } }
            li { a href="/_control/webhooks" { "Webhooks sent" } }
            li { a href="/mail" { "Mail received" } }
        }
    };
    page(StatusCode::OK, "Simulators", &body)
}

async fn card_page(State(gateway): State<Gateway>, Path(id): Path<String>) -> Response {
    let intent = gateway.lock().books.intent(&id).cloned();
    match intent {
        Ok(intent) => card_page_or_redirect(&intent, None),
        Err(error) => not_found(&error),
    }
}

async fn pay(State(gateway): State<Gateway>, Path(id): Path<String>, body: Bytes) -> Response {
    let form = Form::parse(&String::from_utf8_lossy(&body));
    let Some(number) = form.text("card").or_else(|| form.text("number")) else {
        return match gateway.lock().books.intent(&id) {
            Ok(intent) => card_page_or_redirect(intent, Some("Type a card number, or choose one below.")),
            Err(error) => not_found(&error),
        };
    };
    let card = Card::by_number(number);
    let paid = {
        let mut sandbox = gateway.lock();
        let paid = gateway.act(&mut sandbox, None, None, |books| books.pay(&id, card));
        // Sent twice, or too late: show where the intent stands now.
        paid.or_else(|error| sandbox.books.intent(&id).cloned().map(|intent| (intent, Attempt::Declined(error))))
    };
    match paid {
        Err(error) => not_found(&error),
        Ok((intent, Attempt::Declined(error))) => card_page_or_redirect(&intent, Some(error.message())),
        Ok((intent, Attempt::Bank)) => redirect_to_bank(&intent),
        Ok((intent, Attempt::Paid { late })) => {
            gateway.webhooks.before_answer().await;
            if late {
                gateway.hold().await;
            }
            back_to_shop(&intent)
        }
    }
}

async fn bank_page(State(gateway): State<Gateway>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let intent = gateway.lock().books.intent(&id).cloned();
    let expected = source_of(query.as_deref());
    match intent {
        Ok(intent) if matches!(&intent.state, IntentState::RequiresAction { source, .. } if *source == expected) => {
            let body = html! {
                p class="sum" { (sum(&intent)) }
                p { "Your bank wants to know that it is you who pays." }
                form method="post" {
                    button name="outcome" value="approve" { "Approve" }
                    " "
                    button class="quiet" name="outcome" value="fail" { "Fail" }
                }
            };
            page(StatusCode::OK, "Confirm your payment", &body)
        }
        Ok(intent) => back_to_shop(&intent),
        Err(error) => not_found(&error),
    }
}

async fn authenticate(State(gateway): State<Gateway>, Path(id): Path<String>, RawQuery(query): RawQuery, body: Bytes) -> Response {
    let form = Form::parse(&String::from_utf8_lossy(&body));
    let approved = form.text("outcome") == Some("approve");
    let source = source_of(query.as_deref());
    let intent = {
        let mut sandbox = gateway.lock();
        gateway.act(&mut sandbox, None, None, |books| books.authenticate(&id, &source, approved))
    };
    match intent {
        Ok(intent) => {
            gateway.webhooks.before_answer().await;
            back_to_shop(&intent)
        }
        Err(error) => not_found(&error),
    }
}

fn source_of(query: Option<&str>) -> String {
    Form::parse(query.unwrap_or_default()).text("source").unwrap_or_default().to_owned()
}

/// The card page while the intent can be paid, else a redirect back to the shop.
fn card_page_or_redirect(intent: &Intent, problem: Option<&str>) -> Response {
    match intent.state {
        IntentState::Succeeded | IntentState::RequiresCapture | IntentState::Canceled { .. } => back_to_shop(intent),
        IntentState::RequiresPaymentMethod | IntentState::RequiresConfirmation | IntentState::RequiresAction { .. } => {
            page(StatusCode::OK, "Pay by card", &card_form(intent, problem))
        }
    }
}

fn card_form(intent: &Intent, problem: Option<&str>) -> Markup {
    let sum = sum(intent);
    html! {
        p class="sum" { (sum) }
        @if let Some(description) = &intent.description {
            p { (description) }
        }
        @if let Some(problem) = problem {
            p class="alert" role="alert" id="problem" { (problem) }
        }
        form method="post" {
            label for="number" { "Card number" }
            input id="number" name="number" inputmode="numeric" autocomplete="off" maxlength="30" required
                aria-invalid=[problem.map(|_| "true")] aria-describedby=[problem.map(|_| "problem")];
            button { "Pay " (sum) }
        }
        h2 { "Test cards" }
        p { "Each pays with its own outcome. Never type a real card here." }
        form method="post" {
            ul class="cards" {
                @for card in CARDS {
                    (card_button(card))
                }
            }
        }
        @if let Some(url) = intent.return_link() {
            p { a href=(url) { "Back to the shop without paying" } }
        }
    }
}

fn card_button(card: &Card) -> Markup {
    html! {
        li {
            button class="quiet" name="card" value=(card.number) {
                span { (card.spaced()) }
                " "
                small { (card.outcome) }
            }
        }
    }
}

/// Sends the shopper to the bank's page.
fn redirect_to_bank(intent: &Intent) -> Response {
    let IntentState::RequiresAction { source, .. } = &intent.state else {
        return back_to_shop(intent);
    };
    Redirect::to(&with_query(&format!("/authenticate/{}", intent.id), &[("source", source)])).into_response()
}

/// Redirects to the shop's return address; without one, a page shows the outcome.
fn back_to_shop(intent: &Intent) -> Response {
    if let Some(url) = intent.return_link() {
        return Redirect::to(&url).into_response();
    }
    let (title, text) = match intent.state {
        IntentState::Succeeded | IntentState::RequiresCapture => ("Paid", "The payment went through."),
        IntentState::Canceled { .. } => ("Cancelled", "The shop no longer asks for this payment."),
        _ => ("Not paid", "The payment did not go through."),
    };
    let body = html! {
        p class="sum" { (sum(intent)) }
        p { (text) " You can close this page." }
    };
    page(StatusCode::OK, title, &body)
}

fn not_found(error: &ApiError) -> Response {
    let body = html! {
        p { (error.message()) }
        p { "Go back to the shop and start the payment again." }
    };
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
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
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
fn page(status: StatusCode, title: &str, body: &Markup) -> Response {
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
                header { "Sandbox card gateway: no money moves here" }
                main {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::intents::Capture;

    #[test]
    fn sums_are_written_with_the_currency_s_own_digits() {
        let shown = |amount, currency: &str| sum(&Intent::new(amount, currency.to_owned(), Capture::Automatic));
        assert_eq!(shown(125_000, "php"), "PHP 1,250.00");
        assert_eq!(shown(5, "php"), "PHP 0.05");
        assert_eq!(shown(1_234_567, "jpy"), "JPY 1,234,567");
        assert_eq!(shown(1_500, "kwd"), "KWD 1.500");
    }

    #[test]
    fn html_is_escaped_in_content_and_attributes() {
        let text = r#"<a href="x">'&'"#;
        let escaped = "&lt;a href=&quot;x&quot;&gt;'&amp;'";
        assert_eq!(html! { a title=(text) { (text) } }.into_string(), format!("<a title=\"{escaped}\">{escaped}</a>"));
    }
}
