//! Notes and tags on a customer's page.

use admin_layout::{StaffForm, empty_forms, on_done};
use domain::id::{ContactId, CustomerNoteId};
use domain::permission::Permission;
use domain::view::{CustomerNoteView, CustomerView};
use leptos::prelude::*;
use ui::{Button, Field, IconButton, Look, Panel, TextArea, icon, tr, use_locale, use_time_zone};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, access, access_of, problem, typed, wrong};

#[cfg(feature = "ssr")]
use crate::customer_error;
use crate::rows::with_tag;

/// Notes something about a customer.
#[server(endpoint = "admin/customer/note", output = Answer)]
pub async fn add_customer_note(customer: ContactId, note: String, #[server(default)] key: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteCustomers))?.with_key(&key);
    backend::customers::add_note(&request::shop()?, &ctx, customer, &note).await.map_err(|error| customer_error(&error))
}
access!(AddCustomerNote, Access::Staff(Permission::WriteCustomers));

#[server(endpoint = "admin/customer/note/delete", output = Answer)]
pub async fn delete_customer_note(deleted: CustomerNoteId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteCustomers))?;
    backend::customers::delete_note(&request::shop()?, &ctx, deleted).await.map_err(|error| customer_error(&error))
}
access!(DeleteCustomerNote, Access::Staff(Permission::WriteCustomers));

#[server(endpoint = "admin/customer/tag", output = Answer)]
pub async fn add_customer_tag(customer: ContactId, tag: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteCustomers))?;
    backend::customers::add_tag(&request::shop()?, &ctx, customer, &tag).await.map_err(|error| customer_error(&error))
}
access!(AddCustomerTag, Access::Staff(Permission::WriteCustomers));

#[server(endpoint = "admin/customer/tag/remove", output = Answer)]
pub async fn remove_customer_tag(customer: ContactId, removed: String) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteCustomers))?;
    backend::customers::remove_tag(&request::shop()?, &ctx, customer, &removed).await.map_err(|error| customer_error(&error))
}
access!(RemoveCustomerTag, Access::Staff(Permission::WriteCustomers));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<AddCustomerNote>(), access_of::<DeleteCustomerNote>(), access_of::<AddCustomerTag>(), access_of::<RemoveCustomerTag>()];

/// The actions of a customer's page, and its form fallback.
#[derive(Clone, Copy)]
pub(crate) struct Actions {
    add_note: ServerAction<AddCustomerNote>,
    delete_note: ServerAction<DeleteCustomerNote>,
    add_tag: ServerAction<AddCustomerTag>,
    remove_tag: ServerAction<RemoveCustomerTag>,
    fallback: StoredValue<FormFallback>,
}

impl Actions {
    /// `changed` reads the page again.
    pub(crate) fn new(fallback: FormFallback, changed: Callback<()>) -> Self {
        let actions = Self {
            add_note: ServerAction::new(),
            delete_note: ServerAction::new(),
            add_tag: ServerAction::new(),
            remove_tag: ServerAction::new(),
            fallback: StoredValue::new(fallback),
        };
        on_done(actions.add_note, tr!(COMMON_SAVED), move |()| {
            empty_forms::<AddCustomerNote>();
            changed.run(());
        });
        on_done(actions.delete_note, tr!(ADMIN_CUSTOMERS_NOTE_DELETED), move |()| changed.run(()));
        on_done(actions.add_tag, tr!(COMMON_SAVED), move |()| {
            empty_forms::<AddCustomerTag>();
            changed.run(());
        });
        on_done(actions.remove_tag, "", move |()| changed.run(()));
        actions
    }
}

pub(crate) fn notes(customer: &CustomerView, key: &str, may_write: bool, actions: Actions) -> AnyView {
    let form = may_write.then(|| note_form(customer.id, key.to_owned(), actions));
    let none = customer.notes.is_empty().then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_NO_NOTES)}</p> });
    let each = customer.notes.iter().cloned().map(|note| note_item(note, may_write, actions)).collect_view();
    let delete_problem = actions.fallback.with_value(|fallback| problem(actions.delete_note, fallback));
    view! {
        <div id="notes">
            <Panel title=tr!(ADMIN_CUSTOMERS_NOTES)>
                <div class="flex flex-col gap-5">
                    {form}
                    <ProblemSummary problem=delete_problem/>
                    {none}
                    <ul class="flex flex-col divide-y divide-hairline">{each}</ul>
                </div>
            </Panel>
        </div>
    }
    .into_any()
}

fn note_form(customer: ContactId, key: String, actions: Actions) -> AnyView {
    let action = actions.add_note;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    view! {
        <StaffForm action>
            <input type="hidden" name="customer" value=customer.to_string()/>
            <input type="hidden" name="key" value=key/>
            <div class="flex flex-col gap-3">
                <ProblemSummary problem/>
                <TextArea label=tr!(ADMIN_CUSTOMERS_NOTE) name="note" value=typed.or("note", "") hint=tr!(ADMIN_CUSTOMERS_NOTE_HINT) error=wrong(problem, "note")/>
                <div><Button kind="submit" look=Look::Outline busy=action.pending()>{tr!(ADMIN_CUSTOMERS_NOTE_ADD)}</Button></div>
            </div>
        </StaffForm>
    }
    .into_any()
}

fn note_item(note: CustomerNoteView, may_write: bool, actions: Actions) -> AnyView {
    let CustomerNoteView { id, text, author, at } = note;
    let when = use_locale().date_time(at, use_time_zone());
    let label = tr!(ADMIN_CUSTOMERS_NOTE_DELETE, date = when);
    let delete = may_write.then(|| {
        view! {
            <StaffForm action=actions.delete_note>
                <input type="hidden" name="deleted" value=id.to_string()/>
                <IconButton kind="submit" shape=icon::TRASH label/>
            </StaffForm>
        }
    });
    view! {
        <li class="flex items-start justify-between gap-3 py-3">
            <div class="min-w-0">
                <p class="whitespace-pre-line wrap-anywhere">{text}</p>
                <p class="text-sm text-quiet">{author}" · "{when}</p>
            </div>
            {delete}
        </li>
    }
    .into_any()
}

pub(crate) fn tags(customer: &CustomerView, may_write: bool, actions: Actions) -> AnyView {
    let id = customer.id;
    let none = customer.tags.is_empty().then(|| view! { <p class="text-quiet">{tr!(ADMIN_CUSTOMERS_NO_TAGS)}</p> });
    let each = customer.tags.iter().cloned().map(|tag| tag_item(id, tag, may_write, actions)).collect_view();
    let form = may_write.then(|| tag_form(id, actions));
    let remove_problem = actions.fallback.with_value(|fallback| problem(actions.remove_tag, fallback));
    view! {
        <div id="tags">
            <Panel title=tr!(ADMIN_CUSTOMERS_TAGS)>
                <div class="flex flex-col gap-4">
                    <ProblemSummary problem=remove_problem/>
                    {none}
                    <ul class="flex flex-wrap gap-2">{each}</ul>
                    {form}
                </div>
            </Panel>
        </div>
    }
    .into_any()
}

fn tag_item(customer: ContactId, tag: String, may_write: bool, actions: Actions) -> AnyView {
    let remove = may_write.then(|| {
        let (name, value) = (tag.clone(), tag.clone());
        view! {
            <StaffForm action=actions.remove_tag>
                <input type="hidden" name="customer" value=customer.to_string()/>
                <input type="hidden" name="removed" value=value/>
                <IconButton kind="submit" shape=icon::CLOSE label=tr!(ADMIN_CUSTOMERS_TAG_REMOVE, tag = name)/>
            </StaffForm>
        }
    });
    let pad = if may_write { "ps-4" } else { "px-4" };
    view! {
        <li class=format!("flex items-center min-h-11 max-w-full rounded-full border border-hairline bg-raised {pad}")>
            <a class="tap hover:underline underline-offset-4 wrap-anywhere min-w-0" href=with_tag(&tag)>{tag.clone()}</a>
            {remove}
        </li>
    }
    .into_any()
}

fn tag_form(customer: ContactId, actions: Actions) -> AnyView {
    let action = actions.add_tag;
    let (problem, typed) = actions.fallback.with_value(|fallback| (problem(action, fallback), typed(action, fallback)));
    view! {
        <StaffForm action>
            <input type="hidden" name="customer" value=customer.to_string()/>
            <div class="flex flex-col gap-3">
                <ProblemSummary problem/>
                <div class="flex items-end gap-2">
                    <div class="grow min-w-0"><Field label=tr!(ADMIN_CUSTOMERS_TAG) name="tag" value=typed.or("tag", "") autocomplete="off" maxlength=40 error=wrong(problem, "tag")/></div>
                    <Button kind="submit" look=Look::Outline busy=action.pending()>{tr!(COMMON_ADD)}</Button>
                </div>
            </div>
        </StaffForm>
    }
    .into_any()
}
