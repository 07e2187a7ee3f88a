//! The account's home, its orders, and one of them.

use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use ui::{Breadcrumbs, Button, EmptyState, LinkButton, Look, Pager, SkeletonRows, SkeletonText, icon, tr};
use web::{PostForm, ProblemSummary, Title, lazy_page, problem, resource, use_form_fallback};

use super::mail_links::ProofNeeded;
use super::{AccountLayout, AccountView, SignOut, read_account, read_my_order, read_my_orders};
use crate::cart::{CartGone, use_cart};
use crate::error_page::ErrorPage;
use crate::order::{OrderDetails, OrderRow};
use crate::order_actions::Afterwards;
use crate::query::address;
use crate::seo::NotIndexed;

#[derive(Debug)]
pub struct AccountPage;

lazy_page!(AccountPage, account, account_page);

fn account_page() -> AnyView {
    let account = resource(|| (), |()| read_account());
    view! {
        <Title text=tr!(ACCOUNT_TITLE)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=6/> }>
            {move || Suspend::new(async move {
                match account.await {
                    Ok(account) => view! { <Overview account/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Overview(account: AccountView) -> impl IntoView {
    let cart = use_cart();
    let action = ServerAction::<SignOut>::new();
    let problem = problem(action, &use_form_fallback());
    Effect::new(move || {
        if let Some(next) = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned())) {
            // The cart belongs to the account, not to the browser.
            cart.forget_for(CartGone::SignedOut);
            let _ = window().location().set_href(&next);
        }
    });
    let name = account.contact.name.split_whitespace().next().unwrap_or_default().to_owned();
    let none = account.orders.orders.is_empty();
    view! {
        <AccountLayout here="/account" title=tr!(ACCOUNT_GREETING, name = name)>
            <ProblemSummary problem/>
            {account.is_proof_needed.then(|| view! { <ProofNeeded email=account.contact.email.clone()/> })}
            {if none {
                view! {
                    <EmptyState title=tr!(ACCOUNT_NO_ORDERS_TITLE) body=tr!(ACCOUNT_NO_ORDERS_BODY)>
                        <LinkButton href="/c" look=Look::Outline>{tr!(CART_EMPTY_ACTION)}</LinkButton>
                    </EmptyState>
                }.into_any()
            } else {
                view! {
                    <section>
                        <h2 class="text-xl">{tr!(ACCOUNT_ORDERS)}</h2>
                        <ul class="divide-y divide-hairline">{account.orders.orders.into_iter().map(|order| view! { <OrderRow order/> }).collect_view()}</ul>
                        <p class="mt-2"><a class="link" href="/account/orders">{tr!(COMMON_SEE_ALL)}</a></p>
                    </section>
                }.into_any()
            }}
            <PostForm action class="mt-10">
                <Button look=Look::Outline kind="submit" icon=icon::SIGN_OUT busy=action.pending()>{tr!(ACCOUNT_SIGN_OUT)}</Button>
            </PostForm>
        </AccountLayout>
    }
    .into_any()
}

#[derive(Debug)]
pub struct MyOrdersPage;

lazy_page!(MyOrdersPage, account, my_orders_page);

fn my_orders_page() -> AnyView {
    let query = use_query_map();
    let after = Memo::new(move |_| query.with(|query| query.get("after").filter(|after| !after.is_empty())));
    let orders = resource(move || after.get(), read_my_orders);
    view! {
        <Title text=tr!(ACCOUNT_ORDERS)/>
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonRows/> }>
            {move || Suspend::new(async move {
                let list = match orders.await {
                    Ok(list) => list,
                    Err(error) => return view! { <ErrorPage error/> }.into_any(),
                };
                let next = list.next.map(|after| address("/account/orders", [("after", after.as_str())].into_iter()));
                let none = list.orders.is_empty();
                view! {
                    <AccountLayout here="/account/orders" title=tr!(ACCOUNT_ORDERS)>
                        {none.then(|| view! { <EmptyState title=tr!(ACCOUNT_NO_ORDERS_TITLE) body=tr!(ACCOUNT_NO_ORDERS_BODY)/> })}
                        <ul class="divide-y divide-hairline">{list.orders.into_iter().map(|order| view! { <OrderRow order/> }).collect_view()}</ul>
                        {next.map(|next| view! { <Pager next/> })}
                    </AccountLayout>
                }.into_any()
            })}
        </Suspense>
    }
    .into_any()
}

/// One of the shopper's orders.
#[derive(Debug)]
pub struct MyOrderPage;

lazy_page!(MyOrderPage, account, my_order_page);

fn my_order_page() -> AnyView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("order").unwrap_or_default()));
    let order = resource(move || id.get(), read_my_order);
    view! {
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=8/> }>
            {move || Suspend::new(async move {
                let (order, link, help) = match order.await {
                    Ok(found) => found,
                    Err(error) => return view! { <ErrorPage error/> }.into_any(),
                };
                let title = tr!(ORDER_NUMBER, number = order.number);
                let above = vec![("/account".to_owned(), tr!(ACCOUNT_TITLE).to_owned()), ("/account/orders".to_owned(), tr!(ACCOUNT_ORDERS).to_owned())];
                let unpaid = order.unpaid.is_some();
                let cancel = (order.can_cancel && !unpaid).then(|| crate::cancel::address(&link));
                let afterwards = Afterwards::of(&order, link.trim_start_matches(crate::checkout::LINK), help);
                let actions = move || {
                    let (look, words) = if unpaid { (Look::Buy, tr!(CHECKOUT_PAY_OR_CANCEL)) } else { (Look::Outline, tr!(ORDER_FOLLOW)) };
                    view! {
                        <div class="flex flex-wrap gap-3">
                            <LinkButton href=link.clone() look>{words}</LinkButton>
                            {cancel.clone().map(|href| view! { <LinkButton href look=Look::Ghost>{tr!(ORDER_CANCEL_ACTION)}</LinkButton> })}
                        </div>
                        {afterwards.clone().view()}
                    }
                };
                view! {
                    <Title text=title.clone()/>
                    <Breadcrumbs above here=title/>
                    <OrderDetails order actions/>
                }.into_any()
            })}
        </Suspense>
    }
    .into_any()
}
