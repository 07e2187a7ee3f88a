//! The card page, which keeps card numbers away from the shop, and the bank's authentication page. Both work without scripts.

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use maud::{Markup, html};

use super::{
    Gateway,
    books::Attempt,
    cards::{CARDS, Card},
    errors::ApiError,
    form::{Form, with_query},
    intents::{Intent, IntentState},
};
use crate::page::page;

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
