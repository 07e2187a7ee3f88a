//! Reading the fields of requests that make or confirm an intent.

use crate::gateway::{
    cards::Card,
    errors::ApiError,
    form::Form,
    intents::{Capture, Intent},
};

/// The most that one intent may ask for, in minor units (the gateway takes eight digits).
const MAX_AMOUNT_MINOR: u64 = 99_999_999;

pub(super) fn new_intent(form: &Form) -> Result<Intent, ApiError> {
    form.required("amount")?;
    let amount = form.amount("amount")?.unwrap_or(0);
    if amount == 0 {
        return Err(ApiError::parameter("parameter_invalid_integer", "amount", "Invalid positive integer"));
    }
    if amount > MAX_AMOUNT_MINOR {
        let message = format!("Amount must be no more than {MAX_AMOUNT_MINOR}");
        return Err(ApiError::parameter("amount_too_large", "amount", message));
    }
    let currency = form.required("currency")?.to_ascii_lowercase();
    if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_lowercase()) {
        return Err(ApiError::parameter("parameter_invalid_string", "currency", format!("Invalid currency: {currency}")));
    }
    form.choice("confirmation_method", &["automatic"])?;
    if form.list("payment_method_types").iter().any(|kind| *kind != "card") {
        let message = "This sandbox takes cards only.";
        return Err(ApiError::parameter("parameter_invalid_enum", "payment_method_types", message));
    }
    let mut intent = Intent::new(amount, currency, capture_of(form)?.unwrap_or(Capture::Automatic));
    intent.return_url = form.url("return_url")?;
    intent.metadata = form.map("metadata");
    intent.description = form.text("description").map(str::to_owned);
    intent.receipt_email = form.text("receipt_email").map(str::to_owned);
    intent.statement_descriptor_suffix = form.text("statement_descriptor_suffix").map(str::to_owned);
    Ok(intent)
}

/// When the money shall be taken, if the request gives it.
pub(super) fn capture_of(form: &Form) -> Result<Option<Capture>, ApiError> {
    let word = form.choice("capture_method", &["automatic", "automatic_async", "manual"])?;
    Ok(word.map(|word| if word == "manual" { Capture::Manual } else { Capture::Automatic }))
}

/// The test card behind `payment_method`, if the request names one.
pub(super) fn card_of(form: &Form) -> Result<Option<&'static Card>, ApiError> {
    let Some(name) = form.text("payment_method") else {
        return Ok(None);
    };
    let missing = || ApiError::parameter("resource_missing", "payment_method", format!("No such PaymentMethod: '{name}'"));
    Card::by_method(name).map(Some).ok_or_else(missing)
}
