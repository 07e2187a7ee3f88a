//! Dead jobs, with a button to retry.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::id::JobId;
use domain::permission::Permission;
use domain::view::DeadJobView;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, Column, EmptyState, Look, PageHeader, Panel, Row, Size, SkeletonRows, Table, When, tr};
use web::{Access, Answer, AppError, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, use_form_fallback};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobsView {
    /// The latest first.
    pub jobs: Vec<DeadJobView>,
    pub may_write: bool,
}

#[cfg(feature = "ssr")]
fn to_app_error(error: backend::jobs::JobsError) -> AppError {
    use backend::jobs::JobsError;
    use web::request;
    match error {
        JobsError::Forbidden(_) => request::fail(AppError::new(403)),
        JobsError::Db(error) => request::unexpected(&error),
    }
}

#[server(endpoint = "admin/jobs", output = Answer)]
pub async fn list_dead_jobs() -> Result<JobsView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let jobs = backend::jobs::dead(&shop, &ctx).await.map_err(to_app_error)?;
    Ok(JobsView { jobs, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ListDeadJobs, Access::Staff(Permission::ReadSettings));

#[server(endpoint = "admin/jobs/retry", output = Answer)]
pub async fn retry_job(job: JobId) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?);
    let exists = backend::jobs::retry(&shop, &ctx, job).await.map_err(to_app_error)?;
    if exists { Ok(()) } else { Err(request::not_found()) }
}
access!(RetryJob, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListDeadJobs>(), access_of::<RetryJob>()];

/// `/admin/settings/jobs`
#[derive(Debug)]
pub struct Jobs;

lazy_page!(Jobs, settings, jobs_page);

fn jobs_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let retry = ServerAction::<RetryJob>::new();
    on_done(retry, tr!(ADMIN_SETTINGS_JOBS_RETRIED), move |()| version.update(|times| *times += 1));
    let jobs = resource(move || version.get(), |_| list_dead_jobs());
    let fault = problem(retry, &fallback);
    view! {
        <Title text=tr!(ADMIN_SETTINGS_JOBS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <ProblemSummary problem=fault/>
            <Transition fallback=|| view! { <SkeletonRows/> }>{shown(jobs, move |view| page(view, retry))}</Transition>
        </div>
    }
    .into_any()
}

fn page(view: JobsView, retry: ServerAction<RetryJob>) -> AnyView {
    let JobsView { jobs, may_write } = view;
    if jobs.is_empty() {
        return view! { <EmptyState title=tr!(ADMIN_SETTINGS_JOBS_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_JOBS_EMPTY_BODY)/> }.into_any();
    }
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_JOBS_WHAT)),
        Column::new(tr!(ADMIN_SETTINGS_JOBS_WHY)),
        Column::new(tr!(ADMIN_SETTINGS_JOBS_SINCE)).wide_only(),
        Column::hidden(tr!(ADMIN_SETTINGS_JOBS_RETRY)),
    ];
    let row = move |job: DeadJobView| {
        let id = job.id.to_string();
        let again = may_write.then(|| {
            view! {
                <StaffForm action=retry>
                    <input type="hidden" name="job" value=id/>
                    <Button kind="submit" size=Size::Small look=Look::Outline>{tr!(ADMIN_SETTINGS_JOBS_RETRY)}</Button>
                </StaffForm>
            }
        });
        view! {
            <Row>
                <td>
                    <span class="font-medium">{job.kind}</span>
                    <code class="block text-sm text-quiet break-all">{job.about}</code>
                </td>
                <td class="text-sm break-words">{job.why}</td>
                <td class="max-md:hidden"><When at=job.since/></td>
                <td>{again}</td>
            </Row>
        }
    };
    let rows = jobs.into_iter().map(row).collect_view();
    view! { <Panel title=tr!(ADMIN_SETTINGS_JOBS) flush=true><Table caption=tr!(ADMIN_SETTINGS_JOBS) columns>{rows}</Table></Panel> }
        .into_any()
}
