//! Staff: their roles, and who may sign in.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::id::{InvitationId, UserId};
use domain::permission::{Permission, Role};
use domain::view::{InvitationView, StaffView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{
    Alert, Button, Checkbox, Choice, Column, Field, Look, PageHeader, Panel, Row, SelectField, Size, SkeletonRows, StatusBadge, Table,
    Tone, When, role_name, tr,
};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, answer, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

/// The staff, and the roles that must have a second factor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaffPageView {
    pub staff: Vec<StaffView>,
    /// Those that hold.
    pub invitations: Vec<InvitationView>,
    pub factor_roles: Vec<Role>,
}

#[server(endpoint = "admin/staff", output = Answer)]
pub async fn list_staff() -> Result<StaffPageView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteStaff))?, request::shop()?);
    let staff = backend::identity::staff(&shop, &ctx).await.map_err(request::identity_error)?;
    let factor_roles = backend::identity::second_factor_roles(&shop, &ctx).await.map_err(request::identity_error)?;
    let invitations = backend::identity::invitations(&shop, &ctx).await.map_err(request::identity_error)?;
    Ok(StaffPageView { staff, invitations, factor_roles })
}
access!(ListStaff, Access::Staff(Permission::WriteStaff));

/// Invites somebody to the staff. The answer is the link, where the shop sends no mails; otherwise it is empty.
#[server(endpoint = "admin/staff/invite", output = Answer)]
pub async fn invite_staff(name: String, email: String, role: Role) -> Result<String, AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    let contact = domain::view::ContactDetails { name, email, phone: String::new() };
    let shop = request::shop()?;
    let path = backend::identity::invite_staff(&shop, &ctx, request::locale(), contact, role).await.map_err(request::identity_error)?;
    Ok(shown_link(&shop, path))
}
access!(InviteStaff, Access::ConfirmedStaff(Permission::WriteStaff));

#[server(endpoint = "admin/staff/invitation/withdraw", output = Answer)]
pub async fn withdraw_invitation(invitation: InvitationId) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteStaff))?;
    backend::identity::withdraw_invitation(&request::shop()?, &ctx, invitation).await.map_err(request::identity_error)
}
access!(WithdrawInvitation, Access::Staff(Permission::WriteStaff));

#[server(endpoint = "admin/staff/role", output = Answer)]
pub async fn set_staff_role(user: UserId, role: Role) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    backend::identity::set_role(&request::shop()?, &ctx, user, Some(role)).await.map_err(request::identity_error)
}
access!(SetStaffRole, Access::ConfirmedStaff(Permission::WriteStaff));

/// Deactivates or reactivates a member of staff.
#[server(endpoint = "admin/staff/active", output = Answer)]
pub async fn set_staff_active(user: UserId, active: bool) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    backend::identity::set_active(&request::shop()?, &ctx, user, active).await.map_err(request::identity_error)
}
access!(SetStaffActive, Access::ConfirmedStaff(Permission::WriteStaff));

/// The address of a link that is handed over, as it cannot be mailed; empty where it was.
#[cfg(feature = "ssr")]
fn shown_link(shop: &backend::Shop, path: Option<String>) -> String {
    let Some(path) = path else { return String::new() };
    web::request::show();
    format!("{}{path}", shop.config().public_url)
}

/// Takes the second factor of a member of staff away, who lost their phone, with their password. The answer is the link that sets another, where the
/// shop sends no mails; otherwise it is empty.
#[server(endpoint = "admin/staff/second-factor/reset", output = Answer)]
pub async fn reset_staff_factor(user: UserId) -> Result<String, AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    let shop = request::shop()?;
    let path = backend::identity::reset_second_factor(&shop, &ctx, request::locale(), user).await.map_err(request::identity_error)?;
    Ok(shown_link(&shop, path))
}
access!(ResetStaffFactor, Access::ConfirmedStaff(Permission::WriteStaff));

/// Demands a second factor of these roles.
#[server(endpoint = "admin/staff/second-factor/roles", output = Answer)]
pub async fn demand_factor(#[server(default)] roles: Vec<Role>) -> Result<(), AppError> {
    use web::request;
    let ctx = request::authorize(Access::ConfirmedStaff(Permission::WriteStaff))?;
    backend::identity::set_second_factor_roles(&request::shop()?, &ctx, roles).await.map_err(request::identity_error)
}
access!(DemandFactor, Access::ConfirmedStaff(Permission::WriteStaff));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[
    access_of::<ListStaff>(),
    access_of::<InviteStaff>(),
    access_of::<WithdrawInvitation>(),
    access_of::<SetStaffRole>(),
    access_of::<SetStaffActive>(),
    access_of::<ResetStaffFactor>(),
    access_of::<DemandFactor>(),
];

/// `/admin/settings/staff`
#[derive(Debug)]
pub struct Staff;

lazy_page!(Staff, settings, staff_page);

fn staff_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let changed = move |()| version.update(|times| *times += 1);
    let (add, role, active) =
        (ServerAction::<InviteStaff>::new(), ServerAction::<SetStaffRole>::new(), ServerAction::<SetStaffActive>::new());
    on_done(add, tr!(ADMIN_SETTINGS_INVITED), move |_| changed(()));
    let withdraw = ServerAction::<WithdrawInvitation>::new();
    on_done(withdraw, tr!(COMMON_SAVED), changed);
    on_done(role, tr!(COMMON_SAVED), changed);
    on_done(active, tr!(COMMON_SAVED), changed);
    let (reset, demand) = (ServerAction::<ResetStaffFactor>::new(), ServerAction::<DemandFactor>::new());
    on_done(reset, tr!(COMMON_SAVED), move |_| changed(()));
    on_done(demand, tr!(COMMON_SAVED), changed);
    let (invitation, new_password) = (answer(add, &fallback), answer(reset, &fallback));
    let link = Signal::derive(move || new_password.get().filter(|link| !link.is_empty()).or_else(|| invitation.get()));
    let staff = resource(move || version.get(), |_| list_staff());
    view! {
        <Title text=tr!(ADMIN_SETTINGS_STAFF)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            {move || link.get().filter(|link| !link.is_empty()).map(|link| view! { <Alert tone=Tone::Success title=tr!(ADMIN_SETTINGS_INVITATION_LINK)><code class="break-all select-all">{link}</code></Alert> })}
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(staff, move |staff| page(staff, Actions { add, role, active, reset, demand, withdraw }, &fallback))}
            </Transition>
        </div>
    }
    .into_any()
}

fn roles() -> Vec<Choice> {
    Role::ALL.into_iter().rev().map(|role| Choice::new(role.as_str(), role_name(role))).collect()
}

/// The invitations that hold.
fn invitation_table(invitations: Vec<InvitationView>, action: ServerAction<WithdrawInvitation>) -> AnyView {
    let columns = vec![
        Column::new(tr!(ADDRESS_FULL_NAME)),
        Column::new(tr!(ADDRESS_EMAIL)),
        Column::new(tr!(ADMIN_SETTINGS_ROLE)),
        Column::new(tr!(ADMIN_SETTINGS_INVITATION_UNTIL)),
        Column::hidden(tr!(ADMIN_SETTINGS_INVITATION_WITHDRAW)),
    ];
    let row = move |invitation: InvitationView| {
        let withdrawing = tr!(ADMIN_SETTINGS_INVITATION_WITHDRAW_OF, name = invitation.contact.name);
        view! {
            <Row>
                <td class="font-medium">{invitation.contact.name}</td>
                <td>{invitation.contact.email}</td>
                <td>{role_name(invitation.role)}</td>
                <td><When at=invitation.expires_at/></td>
                <td>
                    <StaffForm action>
                        <input type="hidden" name="invitation" value=invitation.id.to_string()/>
                        <Button kind="submit" size=Size::Small look=Look::Outline attr:aria-label=withdrawing>{tr!(ADMIN_SETTINGS_INVITATION_WITHDRAW)}</Button>
                    </StaffForm>
                </td>
            </Row>
        }
    };
    let rows = invitations.into_iter().map(row).collect_view();
    view! { <Panel title=tr!(ADMIN_SETTINGS_INVITATIONS) flush=true><Table caption=tr!(ADMIN_SETTINGS_INVITATIONS) columns>{rows}</Table></Panel> }.into_any()
}

/// The form that demands a second factor of roles.
fn factor_demand(demanded: &[Role], action: ServerAction<DemandFactor>, fallback: &FormFallback) -> AnyView {
    let (fault, typed) = (problem(action, fallback), typed(action, fallback));
    let boxes = Role::ALL.into_iter().rev().map(|role| {
        let (id, value) = (format!("factor-{role}"), role.as_str());
        let is_demanded = typed.ticked("roles[]", value, demanded.contains(&role));
        view! { <Checkbox label=role_name(role) name="roles[]" id value checked=is_demanded/> }
    });
    let boxes = boxes.collect_view();
    view! {
        <StaffForm action>
            <Panel title=tr!(ADMIN_SETTINGS_FACTOR)>
                <div class="flex flex-col gap-4 max-w-xl">
                    <ProblemSummary problem=fault/>
                    <p>{tr!(ADMIN_SETTINGS_FACTOR_BODY)}</p>
                    <fieldset class="flex flex-col gap-1">
                        <legend class="font-medium mb-1">{tr!(ADMIN_SETTINGS_FACTOR_ROLES)}</legend>
                        {boxes}
                    </fieldset>
                    <div><Button kind="submit" busy=action.pending()>{tr!(COMMON_SAVE)}</Button></div>
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}

#[derive(Clone, Copy)]
struct Actions {
    add: ServerAction<InviteStaff>,
    role: ServerAction<SetStaffRole>,
    active: ServerAction<SetStaffActive>,
    reset: ServerAction<ResetStaffFactor>,
    demand: ServerAction<DemandFactor>,
    withdraw: ServerAction<WithdrawInvitation>,
}

fn page(StaffPageView { staff, invitations, factor_roles }: StaffPageView, actions: Actions, fallback: &FormFallback) -> AnyView {
    let Actions { add, role, active, reset, demand, withdraw } = actions;
    let (fault, added, chosen) = (problem(add, fallback), typed(add, fallback), typed(role, fallback));
    let (role_fault, active_fault, reset_fault) = (problem(role, fallback), problem(active, fallback), problem(reset, fallback));
    let columns = vec![
        Column::new(tr!(ADDRESS_FULL_NAME)),
        Column::new(tr!(ADDRESS_EMAIL)),
        Column::new(tr!(ADMIN_SETTINGS_ROLE)),
        Column::new(tr!(ADMIN_SETTINGS_ACTIVE)),
        Column::new(tr!(ADMIN_SETTINGS_FACTOR)),
    ];
    let row = move |person: StaffView| {
        let (id, is_active) = (person.id.to_string(), person.active);
        let selected = chosen.of("user", &id).or("role", person.role.as_str());
        let field = format!("role-{id}");
        let state = if is_active { (Tone::Success, tr!(ADMIN_SETTINGS_ACTIVE)) } else { (Tone::Danger, tr!(ADMIN_SETTINGS_INACTIVE)) };
        let (other, third) = (id.clone(), id.clone());
        let resetting = tr!(ADMIN_SETTINGS_FACTOR_RESET_OF, name = person.contact.name);
        let factor = if person.has_second_factor {
            view! {
                <StaffForm action=reset>
                    <input type="hidden" name="user" value=third/>
                    <div class="flex items-center gap-2">
                        <StatusBadge tone=Tone::Success settled=true text=tr!(ACCOUNT_FACTOR_ON)/>
                        <Button kind="submit" size=Size::Small look=Look::Outline attr:aria-label=resetting>{tr!(ADMIN_SETTINGS_FACTOR_RESET)}</Button>
                    </div>
                </StaffForm>
            }
            .into_any()
        } else {
            view! { <span class="text-quiet">"–"</span> }.into_any()
        };
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
                <td>{factor}</td>
            </Row>
        }
    };
    let rows = staff.into_iter().map(row).collect_view();
    view! {
        <ProblemSummary problem=role_fault/>
        <ProblemSummary problem=active_fault/>
        <ProblemSummary problem=reset_fault/>
        <ProblemSummary problem=problem(withdraw, fallback)/>
        <Panel title=tr!(ADMIN_SETTINGS_STAFF) flush=true><Table caption=tr!(ADMIN_SETTINGS_STAFF) columns>{rows}</Table></Panel>
        {(!invitations.is_empty()).then(|| invitation_table(invitations, withdraw))}
        {factor_demand(&factor_roles, demand, fallback)}
        <StaffForm action=add>
            <Panel title=tr!(ADMIN_SETTINGS_ADD_STAFF)>
                <div class="flex flex-col gap-4 max-w-xl">
                    <ProblemSummary problem=fault/>
                    <Field label=tr!(ADDRESS_FULL_NAME) name="name" value=added.or("name", "") autocomplete="off" error=wrong(fault, "name")/>
                    <Field label=tr!(ADDRESS_EMAIL) name="email" kind="email" value=added.or("email", "") autocomplete="off" error=wrong(fault, "email")/>
                    <SelectField label=tr!(ADMIN_SETTINGS_ROLE) name="role" choices=roles() selected=added.or("role", Role::Clerk.as_str())/>
                    <p class="text-quiet">{tr!(ADMIN_SETTINGS_INVITE_BODY)}</p>
                    <div><Button kind="submit" busy=add.pending()>{tr!(ADMIN_SETTINGS_ADD_STAFF)}</Button></div>
                </div>
            </Panel>
        </StaffForm>
    }
    .into_any()
}
