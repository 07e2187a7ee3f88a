//! Telling shoppers by mail when a variant that is sold out can be bought again: taking requests, whose form is in
//! [`tell_when_back`](crate::tell_when_back), and the page behind the link in such a mail, where they are deleted.

use domain::view::BackInStockRequestView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use server_fn::codec::Json;
use ui::{Button, EmptyState, LinkButton, Look, SkeletonText, tr, use_locale, use_time_zone};
use web::{Access, Answer, AppError, PostForm, Title, access, access_of, lazy_page, resource};

#[cfg(feature = "ssr")]
use backend::back_in_stock::{self, BackInStockError};
#[cfg(feature = "ssr")]
use web::request;

use crate::error_page::ErrorPage;
use crate::seo::NotIndexed;

/// Where a request without a script leads to once it is taken.
#[cfg(feature = "ssr")]
const ASKED: &str = "/back-in-stock/asked";

#[cfg(feature = "ssr")]
fn to_app_error(error: BackInStockError) -> AppError {
    use domain::messages::t;
    match error {
        BackInStockError::Invalid(fields) => request::invalid(fields),
        BackInStockError::Available => request::refused(409, t::PRODUCT_BACK_NOW),
        BackInStockError::Throttled => request::refused(429, t::PRODUCT_BACK_THROTTLED),
        BackInStockError::Unknown => request::refused(404, t::PRODUCT_NOT_FOUND_BODY),
        BackInStockError::Link => request::refused(404, t::BACK_IN_STOCK_LINK_INVALID),
        BackInStockError::Forbidden(_) | BackInStockError::Customer(_) | BackInStockError::Db(_) => request::unexpected(&error),
    }
}

/// Takes a request to be told of a variant; the answer is the variant.
#[server(endpoint = "ask_when_back", output = Answer)]
pub async fn ask_when_back(#[server(default)] variant: String, #[server(default)] email: String) -> Result<String, AppError> {
    use domain::messages::t;
    let (shop, context, locale) = (request::shop()?, request::context()?, request::locale());
    let id = variant.parse().map_err(|_| request::invalid(vec![("variant".into(), t::FIELD_CHOOSE.text(locale).into())]))?;
    back_in_stock::request_mail(&shop, &context, locale, id, &email).await.map_err(to_app_error)?;
    request::redirect(ASKED);
    Ok(variant)
}
access!(AskWhenBack, Access::Public);

/// What the recipient of a mail waits for, by its link. Not a GET: the link is a secret, and addresses end up in logs and caches.
#[server(endpoint = "read_back_in_stock", input = Json, output = Answer)]
pub async fn read_back_in_stock(token: String) -> Result<Vec<BackInStockRequestView>, AppError> {
    back_in_stock::requests_of_link(&request::shop()?, request::locale(), &token).await.map_err(to_app_error)
}
access!(ReadBackInStock, Access::Public);

/// Deletes a request of the recipient of a mail, by its link; all of them without a request.
#[server(endpoint = "withdraw_back_in_stock", output = Answer)]
pub async fn withdraw_back_in_stock(token: String, #[server(default)] request: String) -> Result<(), AppError> {
    let (shop, context) = (request::shop()?, request::context()?);
    let one = if request.is_empty() { None } else { Some(request.parse().map_err(|_| request::not_found())?) };
    back_in_stock::withdraw(&shop, &context, &token, one).await.map_err(to_app_error)
}
access!(WithdrawBackInStock, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<AskWhenBack>(), access_of::<ReadBackInStock>(), access_of::<WithdrawBackInStock>()];

/// `/back-in-stock/asked`: what happens with a request that was sent without a script.
#[derive(Debug)]
pub struct AskedPage;

lazy_page!(AskedPage, browsing, asked_page);

fn asked_page() -> AnyView {
    view! {
        <Title text=tr!(PRODUCT_BACK_ASKED)/>
        <NotIndexed/>
        <EmptyState title=tr!(PRODUCT_BACK_ASKED) body=tr!(BACK_IN_STOCK_ASKED_BODY) level=1>
            <LinkButton href="/c">{tr!(CART_EMPTY_ACTION)}</LinkButton>
        </EmptyState>
    }
    .into_any()
}

/// `/back-in-stock/:token`: what the recipient of a mail waits for, each to be deleted.
#[derive(Debug)]
pub struct RequestsPage;

lazy_page!(RequestsPage, account, requests_page);

fn requests_page() -> AnyView {
    let params = use_params_map();
    let token = Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()));
    let action = ServerAction::<WithdrawBackInStock>::new();
    let requests = resource(move || (token.get(), action.version().get()), |(token, _)| read_back_in_stock(token));
    view! {
        <Title text=tr!(BACK_IN_STOCK_TITLE)/>
        <NotIndexed/>
        <Transition fallback=|| view! { <SkeletonText lines=4/> }>
            {move || Suspend::new(async move {
                match requests.await {
                    Ok(requests) => view! { <Requests requests token=token.get_untracked() action/> }.into_any(),
                    Err(error) => view! { <ErrorPage error/> }.into_any(),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Requests(requests: Vec<BackInStockRequestView>, token: String, action: ServerAction<WithdrawBackInStock>) -> impl IntoView {
    if requests.is_empty() {
        return view! {
            <EmptyState title=tr!(BACK_IN_STOCK_EMPTY_TITLE) body=tr!(BACK_IN_STOCK_EMPTY_BODY) level=1>
                <LinkButton href="/c">{tr!(CART_EMPTY_ACTION)}</LinkButton>
            </EmptyState>
        }
        .into_any();
    }
    let (locale, zone) = (use_locale(), use_time_zone());
    let all = (requests.len() > 1).then(|| token.clone());
    let row = move |request: BackInStockRequestView| {
        let name = if request.name.is_empty() { tr!(BACK_IN_STOCK_GONE).to_owned() } else { request.name };
        let what = if request.options.is_empty() { name } else { format!("{name}, {}", request.options) };
        let (label, token) = (format!("{}: {what}", tr!(BACK_IN_STOCK_DELETE)), token.clone());
        view! {
            <li class="py-3 flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
                <div>
                    <p class="font-medium">{what}</p>
                    <p class="text-sm text-quiet">{tr!(BACK_IN_STOCK_SINCE, date = locale.date(request.at, zone))}</p>
                </div>
                <PostForm action>
                    <input type="hidden" name="token" value=token/>
                    <input type="hidden" name="request" value=request.id.to_string()/>
                    <Button look=Look::Outline kind="submit" busy=action.pending() attr:aria-label=label>{tr!(BACK_IN_STOCK_DELETE)}</Button>
                </PostForm>
            </li>
        }
        .into_any()
    };
    view! {
        <div class="max-w-xl mx-auto mt-6 md:mt-10 flex flex-col gap-5">
            <div>
                <h1 class="text-3xl">{tr!(BACK_IN_STOCK_TITLE)}</h1>
                <p class="text-quiet mt-2">{tr!(BACK_IN_STOCK_INTRO)}</p>
            </div>
            <ul id="back-in-stock-requests" class="divide-y divide-hairline border-y border-hairline">{requests.into_iter().map(row).collect_view()}</ul>
            {all.map(|token| view! {
                <PostForm action>
                    <input type="hidden" name="token" value=token/>
                    <Button look=Look::Ghost kind="submit" busy=action.pending()>{tr!(BACK_IN_STOCK_DELETE_ALL)}</Button>
                </PostForm>
            }.into_any())}
        </div>
    }
    .into_any()
}
