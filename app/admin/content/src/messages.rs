//! What visitors wrote through the contact page: those that wait, and those that were handled.

use admin_layout::{SectionTabs, StaffForm, address, escaped, on_done, page_at, pager, shown};
use domain::id::ContactMessageId;
use domain::permission::Permission;
use domain::view::{ContactForm, ContactMessageView, ContactMessagesView, PageAt};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use ui::{Button, EmptyState, LinkButton, Look, PageHeader, Panel, SkeletonRows, Tab, Tabs, When, icon, tr};
use web::{Access, Answer, AppError, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback};

const LIST: &str = "/admin/content/messages";
/// The value of the parameter `list` for the messages that were handled.
const HANDLED: &str = "handled";

#[server(endpoint = "admin/messages", output = Answer)]
pub async fn list_messages(handled: bool, #[server(default)] at: PageAt) -> Result<ContactMessagesView, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::HandleMessages))?;
    backend::content::messages(&request::shop()?, &ctx, request::locale(), handled, &at).await.map_err(crate::content_error)
}
access!(ListMessages, Access::Staff(Permission::HandleMessages));

/// Marks a message as handled, or as waiting again.
#[server(endpoint = "admin/messages/handled", output = Answer)]
pub async fn set_message_handled(message: ContactMessageId, handled: bool) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::HandleMessages))?;
    backend::content::set_handled(&request::shop()?, &ctx, message, handled).await.map_err(crate::content_error)
}
access!(SetMessageHandled, Access::Staff(Permission::HandleMessages));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListMessages>(), access_of::<SetMessageHandled>()];

/// `/admin/content/messages`
#[derive(Debug)]
pub struct Messages;

lazy_page!(Messages, settings, messages_page);

fn messages_page() -> AnyView {
    let (query, fallback) = (use_query_map(), use_form_fallback());
    let which = Memo::new(move |_| query.with(|query| (query.get("list").as_deref() == Some(HANDLED), page_at(query))));
    let version = RwSignal::new(0_u32);
    let mark = ServerAction::<SetMessageHandled>::new();
    on_done(mark, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let problem = problem(mark, &fallback);
    let messages = resource(move || (which.get(), version.get()), |((handled, at), _)| list_messages(handled, at));
    view! {
        <Title text=tr!(ADMIN_CONTENT_MESSAGES)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_CONTENT)/>
            <SectionTabs section="content"/>
            <ProblemSummary problem/>
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(messages, move |view| {
                    let (handled, at) = which.get_untracked();
                    page(view, handled, &at, mark)
                })}
            </Transition>
        </div>
    }
    .into_any()
}

fn page(view: ContactMessagesView, handled: bool, at: &PageAt, mark: ServerAction<SetMessageHandled>) -> AnyView {
    let ContactMessagesView { messages, previous, next, open } = view;
    let pager = pager(LIST, &[("list", if handled { HANDLED } else { "" })], at, previous, next);
    let tabs = vec![
        Tab { href: LIST.to_owned(), name: tr!(ADMIN_CONTENT_MESSAGES_OPEN).to_owned(), count: Some(open), current: !handled },
        Tab {
            href: address(LIST, &[("list", HANDLED)]),
            name: tr!(ADMIN_CONTENT_MESSAGES_HANDLED).to_owned(),
            count: None,
            current: handled,
        },
    ];
    let list = if messages.is_empty() {
        let (title, body) = if handled {
            (tr!(ADMIN_CONTENT_MESSAGES_NONE_HANDLED), tr!(ADMIN_CONTENT_MESSAGES_KEPT))
        } else {
            (tr!(ADMIN_CONTENT_MESSAGES_NONE), tr!(ADMIN_CONTENT_MESSAGES_NONE_BODY))
        };
        view! { <EmptyState title body plain=true/> }.into_any()
    } else {
        let each = messages.into_iter().map(|message| item(message, mark)).collect_view();
        view! { <ul class="divide-y divide-hairline" id="messages">{each}</ul> }.into_any()
    };
    view! {
        <Tabs label=tr!(ADMIN_CONTENT_MESSAGES) tabs/>
        <Panel title=tr!(ADMIN_CONTENT_MESSAGES)>{list}</Panel>
        {pager}
        <p class="text-sm text-quiet">{tr!(ADMIN_CONTENT_MESSAGES_KEPT)}</p>
    }
    .into_any()
}

fn item(message: ContactMessageView, mark: ServerAction<SetMessageHandled>) -> AnyView {
    let ContactMessageView { id, form: ContactForm { name, email, order_number, message }, at, handled } = message;
    let is_handled = handled.is_some();
    let subject = tr!(ADMIN_CONTENT_MESSAGES_REPLY_SUBJECT);
    let reply = format!("mailto:{email}?subject={}", escaped(subject));
    let order = (!order_number.is_empty()).then(|| {
        let href = address("/admin/orders", &[("q", &order_number)]);
        view! { " · "<a class="link" href=href>{order_number}</a> }
    });
    let done = handled.map(|(at, who)| {
        view! { <p class="text-sm text-quiet">{tr!(ADMIN_CONTENT_MESSAGES_HANDLED_BY, name = who)}" · "<When at/></p> }
    });
    let action = if is_handled { tr!(ADMIN_CONTENT_MESSAGES_REOPEN) } else { tr!(ADMIN_CONTENT_MESSAGES_DONE) };
    view! {
        <li class="py-4 first:pt-0 last:pb-0 flex flex-col gap-2">
            <div>
                <h3 class="font-sans text-base font-semibold tracking-normal wrap-anywhere">{name}</h3>
                <p class="text-sm text-quiet wrap-anywhere"><a class="link" href=format!("mailto:{email}")>{email.clone()}</a>{order}" · "<When at/></p>
            </div>
            <p class="whitespace-pre-line wrap-anywhere prose-line">{message}</p>
            {done}
            <div class="flex flex-wrap gap-2">
                <LinkButton href=reply look=Look::Outline>{tr!(ADMIN_CONTENT_MESSAGES_REPLY)}</LinkButton>
                <StaffForm action=mark>
                    <input type="hidden" name="message" value=id.to_string() autocomplete="off"/>
                    <input type="hidden" name="handled" value={if is_handled { "false" } else { "true" }} autocomplete="off"/>
                    <Button kind="submit" look=Look::Outline icon={if is_handled { icon::UNDO } else { icon::CHECK }}>{action}</Button>
                </StaffForm>
            </div>
        </li>
    }
    .into_any()
}
