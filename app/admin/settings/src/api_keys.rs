//! Keys of the HTTP API: created with scopes, shown once, revoked.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::id::ApiKeyId;
use domain::permission::Permission;
use domain::view::ApiKeyView;
use leptos::prelude::*;
use ui::{Alert, Button, Checkbox, Column, EmptyState, Field, Look, PageHeader, Panel, Row, Size, SkeletonRows, Table, Tone, When, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, answer, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

#[server(endpoint = "admin/keys", output = Answer)]
pub async fn list_keys() -> Result<Vec<ApiKeyView>, AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::api_keys(&request::shop()?, &ctx).await.map_err(request::identity_error)
}
access!(ListKeys, Access::Staff(Permission::WriteStaff));

/// Creates a key. Returns its secret, which is shown only this once.
#[server(endpoint = "admin/keys/create", output = Answer)]
pub async fn create_key(name: String, #[server(default)] scopes: Vec<Permission>) -> Result<String, AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    let (_, secret) = backend::identity::create_api_key(&request::shop()?, &ctx, request::locale(), &name, &scopes)
        .await
        .map_err(request::identity_error)?;
    request::show();
    Ok(secret)
}
access!(CreateKey, Access::ConfirmedStaff(Permission::WriteStaff));

#[server(endpoint = "admin/keys/revoke", output = Answer)]
pub async fn revoke_key(key: ApiKeyId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::revoke_api_key(&request::shop()?, &ctx, key).await.map_err(request::identity_error)
}
access!(RevokeKey, Access::Staff(Permission::WriteStaff));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListKeys>(), access_of::<CreateKey>(), access_of::<RevokeKey>()];

/// `/admin/settings/api-keys`
#[derive(Debug)]
pub struct ApiKeys;

lazy_page!(ApiKeys, settings, api_keys_page);

fn api_keys_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let (create, revoke) = (ServerAction::<CreateKey>::new(), ServerAction::<RevokeKey>::new());
    on_done(create, tr!(COMMON_SAVED), move |_| version.update(|times| *times += 1));
    on_done(revoke, tr!(COMMON_SAVED), move |()| version.update(|times| *times += 1));
    let keys = resource(move || version.get(), |_| list_keys());
    let secret = answer(create, &fallback);
    view! {
        <Title text=tr!(ADMIN_SETTINGS_KEYS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            {move || secret.get().map(|secret| view! { <Alert tone=Tone::Success title=tr!(ADMIN_SETTINGS_KEY_SECRET)><code class="break-all select-all">{secret}</code></Alert> })}
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(keys, move |keys| page(keys, create, revoke, &fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn page(keys: Vec<ApiKeyView>, create: ServerAction<CreateKey>, revoke: ServerAction<RevokeKey>, fallback: &FormFallback) -> AnyView {
    let (fault, typed, revoke_fault) = (problem(create, fallback), typed(create, fallback), problem(revoke, fallback));
    let scopes = Permission::API_SCOPES.iter().map(|scope| {
        let scope = scope.as_str();
        view! { <Checkbox label=scope name="scopes[]" value=scope checked=typed.ticked("scopes[]", scope, false)/> }
    });
    let scopes = scopes.collect_view();
    let list = if keys.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_KEYS_EMPTY) body=tr!(ADMIN_SETTINGS_KEYS_EMPTY_BODY) plain=true/> }.into_any()
    } else {
        table(keys, revoke)
    };
    view! {
        <ProblemSummary problem=revoke_fault/>
        <Panel title=tr!(ADMIN_SETTINGS_KEYS) flush=true>{list}</Panel>
        <StaffForm action=create>
            <Panel title=tr!(ADMIN_SETTINGS_KEY_CREATE)>
                <div class="flex flex-col gap-4 max-w-xl">
                    <ProblemSummary problem=fault/>
                    <Field label=tr!(ADMIN_SETTINGS_KEY_NAME) name="name" value=typed.or("name", "") maxlength=100 error=wrong(fault, "name")/>
                    <fieldset>
                        <legend class="font-medium text-sm">{tr!(ADMIN_SETTINGS_KEY_SCOPES)}</legend>
                        <div class="grid md:grid-cols-2">{scopes}</div>
                    </fieldset>
                    <div><Button kind="submit" busy=create.pending()>{tr!(ADMIN_SETTINGS_KEY_CREATE)}</Button></div>
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}

fn table(keys: Vec<ApiKeyView>, revoke: ServerAction<RevokeKey>) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_KEY_NAME)),
        Column::new(tr!(ADMIN_SETTINGS_KEY_SCOPES)),
        Column::new(tr!(ADMIN_ORDERS_COLUMN_DATE)).wide_only(),
        Column::hidden(tr!(ADMIN_SETTINGS_KEY_REVOKE)),
    ];
    let row = move |key: ApiKeyView| {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let scopes = scopes.join(", ");
        let id = key.id.to_string();
        let end = match key.revoked_at {
            Some(at) => view! { <span class="text-quiet">{tr!(ADMIN_SETTINGS_KEY_REVOKED)}" "<When at day=true/></span> }.into_any(),
            None => view! {
                <StaffForm action=revoke>
                    <input type="hidden" name="key" value=id/>
                    <Button kind="submit" size=Size::Small look=Look::Danger>{tr!(ADMIN_SETTINGS_KEY_REVOKE)}</Button>
                </StaffForm>
            }
            .into_any(),
        };
        view! {
            <Row>
                <td class="font-medium">{key.name}</td>
                <td class="text-sm">{scopes}</td>
                <td class="max-md:hidden text-quiet"><When at=key.created_at/></td>
                <td>{end}</td>
            </Row>
        }
    };
    let rows = keys.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_SETTINGS_KEYS) columns>{rows}</Table> }.into_any()
}
