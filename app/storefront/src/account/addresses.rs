use domain::view::SavedAddress;
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Badge, Button, Checkbox, EmptyState, Field, Look, PostalLabel, SkeletonText, Tone, tr};
use web::{AppError, PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_form_fallback, wrong};

use super::{AccountLayout, BookView, ChangeAddresses, read_addresses};
use crate::address::{AddressFields, AddressStart};
use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

#[derive(Debug)]
pub struct AddressesPage;

lazy_page!(AddressesPage, account, addresses_page);

fn addresses_page() -> AnyView {
    let query = use_query_map();
    let edited = Memo::new(move |_| query.with(|query| query.get("edit").unwrap_or_default()));
    let action = ServerAction::<ChangeAddresses>::new();
    let done = Memo::new(move |before: Option<&usize>| {
        let before = before.copied().unwrap_or_default();
        if action.value().with(|answer| matches!(answer, Some(Ok(_)))) { before + 1 } else { before }
    });
    let book = resource(move || (edited.get(), done.get()), |(edited, _)| read_addresses(edited));
    let navigate = leptos_router::hooks::use_navigate();
    Effect::new(move |before: Option<usize>| {
        let now = done.get();
        if before.is_some_and(|before| before != now) {
            navigate("/account/addresses", leptos_router::NavigateOptions::default());
        }
        now
    });
    view! {
        <Title text=tr!(ACCOUNT_ADDRESSES)/>
        <NotIndexed/>
        <Transition fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                match book.await {
                    Ok(book) => view! { <AddressList book action done=done.get_untracked()/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn AddressList(book: BookView, action: ServerAction<ChangeAddresses>, done: usize) -> impl IntoView {
    let fallback = use_form_fallback();
    let problem = problem(action, &fallback);
    let none = book.saved.is_empty();
    let heading = if book.edited.is_empty() { tr!(ADDRESS_ADD) } else { tr!(COMMON_EDIT) };
    let (edited, start, countries) = (book.edited, book.form, book.countries);
    view! {
        <AccountLayout here="/account/addresses" title=tr!(ACCOUNT_ADDRESSES)>
            {none.then(|| view! { <EmptyState title=tr!(ADDRESS_NONE_TITLE) body=tr!(ADDRESS_NONE_BODY) plain=true/> })}
            <ul class="grid sm:grid-cols-2 gap-4">{book.saved.into_iter().map(|saved| view! { <AddressCard saved action/> }).collect_view()}</ul>
            <section class="mt-10 max-w-xl">
                <h2 class="text-xl mb-4">{heading}</h2>
                <ProblemSummary problem/>
                // A new form for each address: what was typed into one is not the other's.
                <For each=move || [(edited.clone(), done)] key=Clone::clone let((edited, _))>
                    <AddressForm edited start=start.clone() countries=countries.clone() action problem/>
                </For>
            </section>
        </AccountLayout>
    }
    .into_any()
}

#[component]
fn AddressForm(
    edited: String,
    start: AddressStart,
    countries: Vec<(String, String)>,
    action: ServerAction<ChangeAddresses>,
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let (recipient, phone) = (start.address.recipient.clone(), start.address.phone.clone());
    view! {
        <PostForm action class="grid gap-4 mt-4">
            <button type="submit" name="step" value="save" class="sr-only" tabindex="-1" aria-hidden="true"></button>
            <input type="hidden" name="id" value=edited/>
            <div class="grid sm:grid-cols-2 gap-4 items-start">
                <Field label=tr!(ADDRESS_FULL_NAME) name="recipient" value=recipient autocomplete="shipping name" required=true maxlength=120 error=wrong(problem, "recipient")/>
                <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" inputmode="tel" value=phone autocomplete="shipping tel" optional=true maxlength=30 error=wrong(problem, "phone")/>
            </div>
            <AddressFields start countries problem/>
            <Checkbox label=tr!(ADDRESS_DEFAULT) name="is_default"/>
            <div><Button kind="submit" attr:name="step" attr:value="save" busy=action.pending()>{tr!(COMMON_SAVE)}</Button></div>
        </PostForm>
    }
    .into_any()
}

#[component]
fn AddressCard(saved: SavedAddress, action: ServerAction<ChangeAddresses>) -> impl IntoView {
    let id = saved.id.to_string();
    view! {
        <li class="bg-raised border border-hairline rounded-card p-4 flex flex-col gap-3">
            <div class="grow"><PostalLabel lines=saved.label/></div>
            {saved.is_default.then(|| view! { <p><Badge tone=Tone::Success>{tr!(ADDRESS_DEFAULT)}</Badge></p> })}
            <PostForm action class="flex flex-wrap gap-2">
                <input type="hidden" name="id" value=id.clone()/>
                <a class="btn btn-ghost" href=format!("/account/addresses?edit={id}")>{tr!(COMMON_EDIT)}</a>
                {(!saved.is_default).then(|| view! { <Button look=Look::Ghost kind="submit" attr:name="step" attr:value="default">{tr!(ADDRESS_DEFAULT)}</Button> })}
                <Button look=Look::Ghost kind="submit" attr:name="step" attr:value="delete">{tr!(COMMON_DELETE)}</Button>
            </PostForm>
        </li>
    }
    .into_any()
}
