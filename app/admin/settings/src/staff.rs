//! Staff: their roles, and who may sign in.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::id::UserId;
use domain::permission::{Permission, Role};
use domain::view::StaffView;
use leptos::prelude::*;
use session::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};
use ui::{Button, Choice, Column, Field, Look, PageHeader, Panel, Row, SelectField, Size, SkeletonRows, StatusBadge, Table, Tone, tr};

#[server(endpoint = "admin/staff", output = Answer)]
pub async fn list_staff() -> Result<Vec<StaffView>, AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::staff(&request::shop()?, &ctx).await.map_err(crate::identity_error)
}
access!(ListStaff, Access::Staff(Permission::WriteStaff));

#[server(endpoint = "admin/staff/add", output = Answer)]
pub async fn add_staff(name: String, email: String, role: Role, password: String) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    let contact = domain::view::ContactDetails { name, email, phone: String::new() };
    backend::identity::create_staff(&request::shop()?, &ctx, request::locale(), contact, role, &password)
        .await
        .map_err(crate::identity_error)?;
    Ok(())
}
access!(AddStaff, Access::Staff(Permission::WriteStaff));

#[server(endpoint = "admin/staff/role", output = Answer)]
pub async fn set_staff_role(user: UserId, role: Role) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::set_role(&request::shop()?, &ctx, user, Some(role)).await.map_err(crate::identity_error)
}
access!(SetStaffRole, Access::Staff(Permission::WriteStaff));

/// Deactivates or reactivates a member of staff.
#[server(endpoint = "admin/staff/active", output = Answer)]
pub async fn set_staff_active(user: UserId, active: bool) -> Result<(), AppError> {
    use session::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::set_active(&request::shop()?, &ctx, user, active).await.map_err(crate::identity_error)
}
access!(SetStaffActive, Access::Staff(Permission::WriteStaff));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] =
    &[access_of::<ListStaff>(), access_of::<AddStaff>(), access_of::<SetStaffRole>(), access_of::<SetStaffActive>()];

/// `/admin/settings/staff`
#[derive(Debug)]
pub struct Staff;

lazy_page!(Staff, settings, staff_page);

fn staff_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let changed = move |()| version.update(|times| *times += 1);
    let (add, role, active) = (ServerAction::<AddStaff>::new(), ServerAction::<SetStaffRole>::new(), ServerAction::<SetStaffActive>::new());
    on_done(add, tr!(COMMON_SAVED), changed);
    on_done(role, tr!(COMMON_SAVED), changed);
    on_done(active, tr!(COMMON_SAVED), changed);
    let staff = resource(move || version.get(), |_| list_staff());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_STAFF)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(staff, move |staff| page(staff, Actions { add, role, active }, &fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn roles() -> Vec<Choice> {
    let words = |role| match role {
        Role::Owner => tr!(ADMIN_SETTINGS_ROLE_OWNER),
        Role::Manager => tr!(ADMIN_SETTINGS_ROLE_MANAGER),
        Role::Clerk => tr!(ADMIN_SETTINGS_ROLE_CLERK),
    };
    Role::ALL.into_iter().rev().map(|role| Choice::new(role.as_str(), words(role))).collect()
}

#[derive(Clone, Copy)]
struct Actions {
    add: ServerAction<AddStaff>,
    role: ServerAction<SetStaffRole>,
    active: ServerAction<SetStaffActive>,
}

fn page(staff: Vec<StaffView>, actions: Actions, fallback: &FormFallback) -> AnyView {
    let Actions { add, role, active } = actions;
    let (fault, added, chosen) = (problem(add, fallback), typed(add, fallback), typed(role, fallback));
    let (role_fault, active_fault) = (problem(role, fallback), problem(active, fallback));
    let columns = vec![
        Column::new(tr!(ADDRESS_FULL_NAME)),
        Column::new(tr!(ADDRESS_EMAIL)),
        Column::new(tr!(ADMIN_SETTINGS_ROLE)),
        Column::new(tr!(ADMIN_SETTINGS_ACTIVE)),
    ];
    let row = move |person: StaffView| {
        let (id, is_active) = (person.id.to_string(), person.active);
        let selected = chosen.of("user", &id).or("role", person.role.as_str());
        let field = format!("role-{id}");
        let state = if is_active { (Tone::Success, tr!(ADMIN_SETTINGS_ACTIVE)) } else { (Tone::Danger, tr!(ADMIN_SETTINGS_INACTIVE)) };
        let other = id.clone();
        view! {
            <Row>
                <td class="font-medium">
                    {person.contact.name}
                    {person.demo.then(|| view! { <span class="block text-sm text-quiet">{tr!(ADMIN_SETTINGS_DEMO)}</span> })}
                </td>
                <td>{person.contact.email}</td>
                <td>
                    <StaffForm action=role>
                        <input type="hidden" name="user" value=id/>
                        <div class="flex items-end gap-2">
                            <SelectField label=tr!(ADMIN_SETTINGS_ROLE) name="role" id=field choices=roles() selected/>
                            <Button kind="submit" size=Size::Small look=Look::Outline>{tr!(COMMON_SAVE)}</Button>
                        </div>
                    </StaffForm>
                </td>
                <td>
                    <StaffForm action=active>
                        <input type="hidden" name="user" value=other/>
                        <input type="hidden" name="active" value=if is_active { "false" } else { "true" }/>
                        <div class="flex items-center gap-2">
                            <StatusBadge tone=state.0 settled=true text=state.1/>
                            <Button kind="submit" size=Size::Small look=Look::Outline>{if is_active { tr!(ADMIN_SETTINGS_DEACTIVATE) } else { tr!(ADMIN_SETTINGS_ACTIVATE) }}</Button>
                        </div>
                    </StaffForm>
                </td>
            </Row>
        }
    };
    let rows = staff.into_iter().map(row).collect_view();
    view! {
        <ProblemSummary problem=role_fault/>
        <ProblemSummary problem=active_fault/>
        <Panel title=tr!(ADMIN_SETTINGS_STAFF) flush=true><Table caption=tr!(ADMIN_SETTINGS_STAFF) columns>{rows}</Table></Panel>
        <StaffForm action=add>
            <Panel title=tr!(ADMIN_SETTINGS_ADD_STAFF)>
                <div class="flex flex-col gap-4 max-w-xl">
                    <ProblemSummary problem=fault/>
                    <Field label=tr!(ADDRESS_FULL_NAME) name="name" value=added.or("name", "") autocomplete="off" error=wrong(fault, "name")/>
                    <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" value=added.or("email", "") autocomplete="off" error=wrong(fault, "email")/>
                    <SelectField label=tr!(ADMIN_SETTINGS_ROLE) name="role" choices=roles() selected=added.or("role", Role::Clerk.as_str())/>
                    <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="new-password" hint=tr!(ACCOUNT_PASSWORD_HINT) error=wrong(fault, "password")/>
                    <div><Button kind="submit" busy=add.pending()>{tr!(ADMIN_SETTINGS_ADD_STAFF)}</Button></div>
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}
