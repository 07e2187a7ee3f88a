//! Products from a CSV file, with a report of what was done and which rows were left out.

use admin_frame::{FileForm, upload, upload_problem};
use domain::permission::Permission;
use domain::view::ImportReport;
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use session::{Access, Answer, AppError, ProblemSummary, Title, access, lazy_page, stated, use_posted, wrong};
use ui::{
    Alert, Breadcrumbs, Button, Column, Facts, FigureCell, FileField, PageHeader, Panel, Row, Table, Tone, icon, tr, trn, use_locale,
};

/// Nobody is told how far an import is: the browser waits for the report.
#[cfg(feature = "ssr")]
const fn untold(_done: u64, _all: u64) {}

/// Takes products in from the file `file`, at most 15 MB.
#[server(endpoint = "admin/products/import", input = MultipartFormData, output = Answer)]
pub async fn import_products(data: MultipartData) -> Result<ImportReport, AppError> {
    use backend::catalog::CatalogError;
    use session::request;
    let ctx = request::admitted(Access::Staff(Permission::WriteProducts))?;
    let sent = admin_frame::Sent::receive(data, "file").await?;
    let report = backend::catalog::import::import_csv_in(&request::shop()?, &ctx, request::locale(), &sent.file, None, &untold).await;
    request::show();
    report.map_err(|error| match error {
        CatalogError::NotAList(said) => request::invalid(vec![("file".into(), said.to_string())]),
        other => crate::refused(other),
    })
}
access!(ImportProducts, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[stated::<ImportProducts>()];

/// `/admin/products/import`
#[derive(Debug)]
pub struct Import;

lazy_page!(Import, products, import_page);

fn import_page() -> AnyView {
    let posted = use_posted();
    let action = upload(import_products);
    let problem = upload_problem::<ImportProducts, _>(action, &posted);
    let first = posted.answer_of::<ImportReport>(ImportProducts::PATH);
    let shown = move || if action.version().get() == 0 { first.clone() } else { action.value().get().and_then(Result::ok) };
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    view! {
        <Title text=tr!(ADMIN_PRODUCTS_IMPORT)/>
        <div class="flex flex-col gap-5 max-w-4xl">
            <Breadcrumbs above here=tr!(ADMIN_PRODUCTS_IMPORT)/>
            <PageHeader title=tr!(ADMIN_PRODUCTS_IMPORT) detail=tr!(ADMIN_PRODUCTS_IMPORT_HINT)/>
            <FileForm action to=ImportProducts::PATH class="flex flex-col gap-3 max-w-lg">
                <ProblemSummary problem/>
                <FileField label=tr!(ADMIN_PRODUCTS_IMPORT_FILE) name="file" accept=".csv,text/csv" error=wrong(problem, "file")/>
                <div><Button kind="submit" icon=icon::UPLOAD busy=action.pending()>{tr!(ADMIN_PRODUCTS_IMPORT)}</Button></div>
            </FileForm>
            {move || shown().map(report)}
        </div>
    }
    .into_any()
}

fn report(report: ImportReport) -> AnyView {
    let locale = use_locale();
    let number = move |count: u64| locale.number(ui::count(count));
    let tone = if report.problems.is_empty() { Tone::Success } else { Tone::Warning };
    let facts = vec![
        (tr!(ADMIN_PRODUCTS_IMPORT_CREATED).to_owned(), number(report.created)),
        (tr!(ADMIN_PRODUCTS_IMPORT_UPDATED).to_owned(), number(report.updated)),
        (tr!(ADMIN_PRODUCTS_IMPORT_UNCHANGED).to_owned(), number(report.unchanged)),
    ];
    let columns = vec![
        Column::figures(tr!(ADMIN_PRODUCTS_IMPORT_LINE)),
        Column::new(tr!(ADMIN_PRODUCTS_IMPORT_COLUMN)),
        Column::new(tr!(ADMIN_PRODUCTS_IMPORT_REASON)),
    ];
    let said = trn!(ADMIN_PRODUCTS_IMPORT_RESULT, report.rows, bad = report.problems.len());
    let problems = report.problems;
    let any = !problems.is_empty();
    let rows = problems
        .into_iter()
        .map(|problem| view! { <Row><FigureCell>{number(problem.line)}</FigureCell><td>{problem.column}</td><td>{problem.reason}</td></Row> })
        .collect_view();
    view! {
        <Alert tone title=said><Facts facts/></Alert>
        {any.then(|| view! { <Panel title=tr!(ADMIN_PRODUCTS_IMPORT_REASON) flush=true><Table caption=tr!(ADMIN_PRODUCTS_IMPORT_REASON) columns>{rows}</Table></Panel> })}
    }
    .into_any()
}
