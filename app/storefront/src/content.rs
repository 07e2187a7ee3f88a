//! The pages that the owner writes, about, delivery, terms and others; and on the contact page the form for a message.

use domain::view::ContentPageView;
use leptos::prelude::*;
use leptos_router::hooks::{use_location, use_navigate, use_params_map};
use server_fn::codec::GetUrl;
use ui::{Breadcrumbs, Button, EmptyState, Field, LinkButton, Look, Size, SkeletonText, TextArea, tr};
use web::{
    Access, Answer, AppError, PostForm, ProblemSummary, Title, access, access_of, lazy_page, loaded, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::error_page::ErrorPage;
use crate::seo::{Addresses, Description, LinkPreview, NotIndexed};

/// Where a message leads to once it is sent.
const SENT: &str = "/contact/sent";

/// A published page by its slug.
#[server(endpoint = "read_page", input = GetUrl, output = Answer)]
pub async fn read_page(slug: String) -> Result<ContentPageView, AppError> {
    use web::request;
    let found = backend::content::page(&request::shop()?, request::locale(), &slug).await.map_err(|error| request::unexpected(&error))?;
    found.ok_or_else(request::not_found)
}
access!(ReadPage, Access::Public);

/// Sends a message to the shop.
#[server(endpoint = "send_message", output = Answer)]
pub async fn send_message(name: String, email: String, #[server(default)] order_number: String, message: String) -> Result<(), AppError> {
    use backend::content::{self, ContentError};
    use domain::messages::t;
    use domain::view::ContactForm;
    use web::request;
    let (shop, context) = (request::shop()?, request::context()?);
    let form = ContactForm { name, email, order_number, message };
    content::receive(&shop, &context, request::locale(), &form).await.map_err(|error| match error {
        ContentError::Invalid(fields) => request::invalid(fields),
        ContentError::Unknown => request::not_found(),
        ContentError::Throttled => request::refused(429, t::CONTACT_TOO_MANY),
        other => request::unexpected(&other),
    })?;
    request::redirect(SENT);
    Ok(())
}
access!(SendMessage, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadPage>(), access_of::<SendMessage>()];

/// `/pages/:slug`
#[derive(Debug)]
pub struct ContentPage;

lazy_page!(ContentPage, browsing, content_page);

fn content_page() -> AnyView {
    let (params, location) = (use_params_map(), use_location());
    // It keeps its value while leaving for another kind of page.
    let slug = Memo::new(move |before: Option<&String>| {
        let is_page = location.pathname.with(|path| path.starts_with("/pages/"));
        if is_page { params.with(|params| params.get("slug").unwrap_or_default()) } else { before.cloned().unwrap_or_default() }
    });
    let page = resource(move || slug.get(), read_page);
    view! {
        <Transition fallback=|| view! { <div class="mt-8"><SkeletonText/></div> }.into_any()>
            {loaded(page, |page| match page {
                Ok(page) => view! { <Written page/> }.into_any(),
                Err(error) => view! { <ErrorPage error/> }.into_any(),
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Written(page: ContentPageView) -> impl IntoView {
    let ContentPageView { slug, languages, title, description, html, has_contact_form } = page;
    let path = format!("/pages/{slug}");
    let languages = languages.into_iter().map(|(language, slug)| (language, format!("/pages/{slug}"))).collect();
    let above = vec![("/".to_owned(), tr!(SHELL_HOME).to_owned())];
    view! {
        <Title text=title.clone()/>
        <Description text=description/>
        <LinkPreview title=title.clone() path=path.clone()/>
        <Addresses path languages/>
        <div class="pt-1 pb-2"><Breadcrumbs above here=title.clone()/></div>
        <article class="prose-line mt-2 md:mt-4">
            <h1 class="text-3xl md:text-4xl">{title}</h1>
            <div class="written mt-5" inner_html=html></div>
            {has_contact_form.then(|| view! { <ContactForm/> }.into_any())}
        </article>
    }
    .into_any()
}

#[component]
fn ContactForm() -> impl IntoView {
    let action = ServerAction::<SendMessage>::new();
    let fallback = use_form_fallback();
    let (problem, typed) = (problem(action, &fallback), typed(action, &fallback));
    let navigate = use_navigate();
    Effect::new(move || {
        if action.value().with(|answer| matches!(answer, Some(Ok(())))) {
            navigate(SENT, Default::default());
        }
    });
    let [name, email, order_number, message] = ["name", "email", "order_number", "message"].map(|name| typed.or(name, ""));
    view! {
        <section class="mt-8" aria-labelledby="write">
            <h2 class="text-2xl mb-4" id="write">{tr!(CONTACT_TITLE)}</h2>
            <PostForm action class="flex flex-col gap-4 max-w-xl">
                <ProblemSummary problem/>
                <Field label=tr!(CONTACT_NAME) name="name" value=name autocomplete="name" required=true maxlength=120 error=wrong(problem, "name")/>
                <Field label=tr!(CONTACT_EMAIL) name="email" kind="email" inputmode="email" autocomplete="email" required=true maxlength=254 value=email hint=tr!(CONTACT_EMAIL_HINT) error=wrong(problem, "email")/>
                <Field label=tr!(CONTACT_ORDER_NUMBER) name="order_number" value=order_number autocomplete="off" optional=true maxlength=20 hint=tr!(CONTACT_ORDER_NUMBER_HINT) error=wrong(problem, "order_number")/>
                <TextArea label=tr!(CONTACT_MESSAGE) name="message" value=message rows=7 maxlength=5000 required=true error=wrong(problem, "message")/>
                <Button size=Size::Large kind="submit" busy=action.pending()>{tr!(CONTACT_SEND)}</Button>
            </PostForm>
        </section>
    }
    .into_any()
}

/// `/contact/sent`: what happens with a message that was sent.
#[derive(Debug)]
pub struct MessageSentPage;

lazy_page!(MessageSentPage, browsing, message_sent_page);

fn message_sent_page() -> AnyView {
    view! {
        <Title text=tr!(CONTACT_SENT_TITLE)/>
        <NotIndexed/>
        <EmptyState title=tr!(CONTACT_SENT_TITLE) body=tr!(CONTACT_SENT_BODY) level=1>
            <LinkButton href="/orders/find" look=Look::Outline>{tr!(SHELL_FOOTER_TRACK)}</LinkButton>
            <LinkButton href="/">{tr!(ERROR_HOME_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}
