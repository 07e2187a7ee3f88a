//! A shopper cancels their own order, reached by its signed link; asked once more before it is done.

use domain::order::CancelCause;
use domain::view::OrderView;
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use session::{Access, Answer, AppError, PostForm, ProblemSummary, Title, access, lazy_page, problem, resource, stated, use_posted};
use ui::{Alert, Button, Choice, LinkButton, Look, SelectField, SkeletonText, Tone, icon, tr};

use crate::follow::follow_order;
use crate::seo::NotIndexed;
use crate::trouble::Trouble;

/// Cancels the order of a signed link, as long as no parcel of it is packed; the answer says where its page is.
#[server(endpoint = "cancel_own_order", output = Answer)]
pub async fn cancel_own_order(token: String, #[server(default)] cause: String) -> Result<String, AppError> {
    use backend::orders::OrderError;
    use session::request;
    let (shop, ctx) = (request::shop()?, request::context()?);
    let order = crate::follow::by_link(&token).await?;
    let cause = cause.parse().unwrap_or(CancelCause::Unsaid);
    backend::orders::cancel_own(&shop, &ctx, order.id, cause).await.map_err(|error| match (&error, error.message(request::locale())) {
        (OrderError::Packed, Some(said)) => request::fail(AppError::told(409, said)),
        _ => request::unexpected(&error),
    })?;
    let address = backend::orders::link(&shop, order.id);
    request::redirect(&address);
    Ok(address)
}
access!(CancelOwnOrder, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<CancelOwnOrder>()];

/// The address at which the order of a signed link is cancelled.
pub(crate) fn address(link: &str) -> String {
    format!("{link}/cancel")
}

/// `/orders/follow/:token/cancel`
#[derive(Debug)]
pub struct CancelPage;

lazy_page!(CancelPage, buying, cancel_page);

fn cancel_page() -> AnyView {
    let params = use_params_map();
    let token = Memo::new(move |_| params.with(|params| params.get("token").unwrap_or_default()));
    let found = resource(move || token.get(), follow_order);
    view! {
        <NotIndexed/>
        <Suspense fallback=|| view! { <SkeletonText lines=5/> }>
            {move || Suspend::new(async move {
                match found.await {
                    Ok(followed) => view! { <Asked order=followed.order token=token.get_untracked()/> }.into_any(),
                    Err(error) => view! { <Trouble error/> }.into_any(),
                }
            })}
        </Suspense>
    }
    .into_any()
}

#[component]
fn Asked(order: OrderView, token: String) -> impl IntoView {
    let link = format!("/orders/follow/{token}");
    let content = if order.can_cancel {
        form(token)
    } else {
        let said = if order.cancelled.is_some() { tr!(ORDER_CANCEL_DONE) } else { tr!(ORDER_ERROR_PACKED) };
        view! { <Alert tone=Tone::Info><p>{said}</p></Alert> }.into_any()
    };
    view! {
        <Title text=tr!(ORDER_CANCEL_ACTION)/>
        <div class="max-w-xl mx-auto flex flex-col gap-6 my-6">
            <header>
                <h1 class="text-3xl">{tr!(ORDER_CANCEL_ACTION)}</h1>
                <p class="text-quiet mt-1">{tr!(ORDER_NUMBER, number = order.number)}</p>
            </header>
            {content}
            <LinkButton href=link look=Look::Outline icon=icon::CHEVRON_LEFT>{tr!(COMMON_BACK)}</LinkButton>
        </div>
    }
    .into_any()
}

fn form(token: String) -> AnyView {
    let action = ServerAction::<CancelOwnOrder>::new();
    let problem = problem(action, &use_posted());
    Effect::new(move || {
        let done = action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().ok().cloned()));
        if let Some(address) = done {
            // The page that is left stays as it is where the order's cannot be opened.
            let _ = window().location().set_href(&address);
        }
    });
    let causes = vec![
        Choice::new(CancelCause::ChangedMind.as_str(), tr!(ORDER_CANCEL_REASON_CHANGED_MIND)),
        Choice::new(CancelCause::Mistake.as_str(), tr!(ORDER_CANCEL_REASON_MISTAKE)),
        Choice::new(CancelCause::TooLong.as_str(), tr!(ORDER_CANCEL_REASON_TOO_LONG)),
        Choice::new(CancelCause::OrderAnew.as_str(), tr!(ORDER_CANCEL_REASON_ORDER_ANEW)),
    ];
    view! {
        <PostForm action class="flex flex-col gap-5">
            <ProblemSummary problem/>
            <p>{tr!(ORDER_CANCEL_BODY)}</p>
            <input type="hidden" name="token" value=token/>
            <SelectField label=tr!(ORDER_CANCEL_REASON) name="cause" empty=tr!(COMMON_NONE) choices=causes optional=true/>
            <div><Button kind="submit" look=Look::Danger icon=icon::CLOSE busy=action.pending()>{tr!(ORDER_CANCEL_CONFIRM)}</Button></div>
        </PostForm>
    }
    .into_any()
}
