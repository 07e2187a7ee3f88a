//! Sends a guest the link to an order again, to the e-mail that the order was placed with. The answer is always the same.

use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Alert, Button, Field, Size, Tone, tr};
use web::{Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, problem, use_form_fallback, wrong};

use crate::seo::NotIndexed;

/// Mails the link to an order, if there is one with this number and e-mail.
#[server(endpoint = "find_order", output = Answer)]
pub async fn find_order(number: String, email: String) -> Result<(), AppError> {
    use domain::messages::t;
    use web::request;
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let mut wrong: domain::view::FieldErrors = Vec::new();
    if number.trim().is_empty() {
        wrong.push(("number".into(), t::FIELD_REQUIRED.text(locale).into()));
    }
    if domain::email::email(&email).is_none() {
        wrong.push(("email".into(), t::FIELD_EMAIL_INVALID.text(locale).into()));
    }
    if !wrong.is_empty() {
        return Err(request::invalid(wrong));
    }
    if !shop.mailer().is_configured() {
        return Err(request::refused(503, t::ORDER_FIND_NO_MAIL));
    }
    backend::orders::request_link(&shop, &context, number, email);
    request::redirect("/orders/find?sent=1");
    Ok(())
}
access!(FindOrder, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<FindOrder>()];

#[derive(Debug)]
pub struct FindOrderPage;

lazy_page!(FindOrderPage, account, find_order_page);

fn find_order_page() -> AnyView {
    let action = ServerAction::<FindOrder>::new();
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let query = use_query_map();
    let sent = move || {
        action.value().with(|answer| matches!(answer, Some(Ok(()))))
            || (action.version().get() == 0 && query.with(|query| query.get("sent").is_some()))
    };
    let typed = move |name: &str| fallback.value(name).unwrap_or_default().to_owned();
    view! {
        <Title text=tr!(SHELL_FOOTER_TRACK)/>
        <NotIndexed/>
        <div class="max-w-md mx-auto mt-6 md:mt-10 flex flex-col gap-6">
            <div>
                <h1 class="text-3xl">{tr!(SHELL_FOOTER_TRACK)}</h1>
                <p class="text-quiet mt-2">{tr!(ORDER_FIND_BODY)}</p>
            </div>
            <ProblemSummary problem/>
            <div role="status">{move || sent().then(|| view! { <Alert tone=Tone::Success announced=true>{tr!(ORDER_FIND_SENT)}</Alert> }.into_any())}</div>
            <PostForm action class="flex flex-col gap-4">
                <Field label=tr!(ORDER_FIND_NUMBER) name="number" value=typed("number") autocomplete="off" required=true maxlength=20 hint=tr!(ORDER_FIND_NUMBER_HINT) error=wrong(problem, "number")/>
                <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" inputmode="email" autocomplete="email" required=true maxlength=254 value=typed("email") error=wrong(problem, "email")/>
                <Button size=Size::Large kind="submit" wide=true busy=action.pending()>{tr!(ORDER_FIND_ACTION)}</Button>
            </PostForm>
            <p class="text-quiet">{tr!(CHECKOUT_HAVE_ACCOUNT)}" "<a class="link" href="/sign-in?back=/account/orders">{tr!(SHELL_SIGN_IN)}</a></p>
        </div>
    }
    .into_any()
}
