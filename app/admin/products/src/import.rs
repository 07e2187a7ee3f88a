//! Import of products from a CSV file: a preview, then a report.

use admin_layout::{FileForm, upload, upload_problem};
use domain::permission::Permission;
use domain::view::{ImportProblem, ImportReport, ImportedProduct};
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::{MultipartData, MultipartFormData};
use ui::{
    Alert, Breadcrumbs, Button, Checkbox, Choice, Column, Facts, FigureCell, FileField, Look, PageHeader, Panel, Row, SelectField, Table,
    Tone, icon, tr, trn, use_locale,
};
use web::{Access, Answer, AppError, ProblemSummary, Title, access, access_of, lazy_page, use_form_fallback, wrong};

/// Ignores the progress: the browser waits for the report.
#[cfg(feature = "ssr")]
const fn ignore_progress(_done: u64, _all: u64) {}

/// Imports products from the file `file` of at most [`domain::MAX_UPLOAD_MB`].
#[server(endpoint = "admin/products/import", input = MultipartFormData, output = Answer)]
pub async fn import_products(data: MultipartData) -> Result<ImportReport, AppError> {
    use backend::catalog::CatalogError;
    use backend::catalog::import::{ImportOptions, Pictures, import_csv};
    use domain::number_input::DecimalMark;
    use web::request;
    let ctx = request::authorize(Access::Staff(Permission::WriteProducts))?;
    let sent = admin_layout::Sent::receive(data, "file").await?;
    let options = ImportOptions {
        pictures: if sent.value("without_pictures").is_empty() { Pictures::Fetch } else { Pictures::LeaveOut },
        decimals: match sent.value("decimals") {
            "comma" => Some(DecimalMark::Comma),
            "point" => Some(DecimalMark::Point),
            _ => None,
        },
        preview: sent.value("do") == "preview",
        locale: request::locale(),
    };
    let report = import_csv(&request::shop()?, &ctx, &sent.file, &options, &ignore_progress).await;
    request::show();
    report.map_err(|error| match error {
        CatalogError::NotAList(message) => request::invalid(vec![("file".into(), message)]),
        CatalogError::AmbiguousDecimalMark { line, column, text } => {
            let parameters = [("line", &*line.to_string()), ("column", &*column), ("text", &*text)];
            request::invalid(vec![("decimals".into(), ui::t::IMPORT_WHICH_DECIMALS.with(request::locale(), &parameters))])
        }
        other => crate::catalog_error(other),
    })
}
access!(ImportProducts, Access::Staff(Permission::WriteProducts));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ImportProducts>()];

/// `/admin/products/import`
#[derive(Debug)]
pub struct Import;

lazy_page!(Import, products, import_page);

fn import_page() -> AnyView {
    let fallback = use_form_fallback();
    let action = upload(import_products);
    let problem = upload_problem::<ImportProducts, _>(action, &fallback);
    let first = fallback.answer_of::<ImportReport>(ImportProducts::PATH);
    let shown = move || if action.version().get() == 0 { first.clone() } else { action.value().get().and_then(Result::ok) };
    let above = vec![("/admin/products".to_owned(), tr!(ADMIN_PRODUCTS).to_owned())];
    view! {
        <Title text=tr!(ADMIN_PRODUCTS_IMPORT)/>
        <div class="flex flex-col gap-5 max-w-4xl">
            <Breadcrumbs above here=tr!(ADMIN_PRODUCTS_IMPORT)/>
            <PageHeader title=tr!(ADMIN_PRODUCTS_IMPORT) detail=tr!(ADMIN_PRODUCTS_IMPORT_HINT)/>
            <FileForm action to=ImportProducts::PATH class="flex flex-col gap-4 max-w-lg">
                <ProblemSummary problem/>
                <FileField label=tr!(ADMIN_PRODUCTS_IMPORT_FILE, mb = domain::MAX_UPLOAD_MB) name="file" accept=".csv,.txt,text/csv" error=wrong(problem, "file")/>
                <SelectField label=tr!(ADMIN_PRODUCTS_IMPORT_DECIMALS) name="decimals" choices=decimals() error=wrong(problem, "decimals")/>
                <Checkbox
                    label=tr!(ADMIN_PRODUCTS_IMPORT_WITHOUT_PICTURES) name="without_pictures" hint=tr!(ADMIN_PRODUCTS_IMPORT_WITHOUT_PICTURES_HINT)
                />
                <div class="flex flex-wrap gap-3">
                    <Button kind="submit" look=Look::Outline busy=action.pending() attr:name="do" attr:value="preview">{tr!(ADMIN_PRODUCTS_IMPORT_PREVIEW)}</Button>
                    <Button kind="submit" icon=icon::UPLOAD busy=action.pending() attr:name="do" attr:value="import">{tr!(ADMIN_PRODUCTS_IMPORT)}</Button>
                </div>
            </FileForm>
            {move || shown().map(report)}
        </div>
    }
    .into_any()
}

fn decimals() -> Vec<Choice> {
    vec![
        Choice::new("", tr!(ADMIN_PRODUCTS_IMPORT_DECIMALS_ASK)),
        Choice::new("point", tr!(ADMIN_PRODUCTS_IMPORT_DECIMALS_POINT)),
        Choice::new("comma", tr!(ADMIN_PRODUCTS_IMPORT_DECIMALS_COMMA)),
    ]
}

/// The report of an import, or of its preview.
fn report(report: ImportReport) -> AnyView {
    let locale = use_locale();
    let number = move |count: u64| locale.number(ui::count(count));
    let tone = match (report.left_out, report.preview) {
        (0, false) => Tone::Success,
        (0, true) => Tone::Info,
        _ => Tone::Warning,
    };
    let mut facts = vec![
        (tr!(ADMIN_PRODUCTS_IMPORT_CREATED).to_owned(), number(report.created)),
        (tr!(ADMIN_PRODUCTS_IMPORT_UPDATED).to_owned(), number(report.updated)),
        (tr!(ADMIN_PRODUCTS_IMPORT_UNCHANGED).to_owned(), number(report.unchanged)),
        (tr!(ADMIN_PRODUCTS_IMPORT_LEFT_OUT).to_owned(), number(report.left_out)),
    ];
    if report.preview {
        facts.push((tr!(ADMIN_PRODUCTS_IMPORT_PICTURES).to_owned(), number(report.pictures)));
    }
    let read = trn!(ADMIN_PRODUCTS_IMPORT_RESULT, report.rows);
    let title = if report.preview { tr!(ADMIN_PRODUCTS_IMPORT_PREVIEWED, read = read) } else { read };
    let named = report.products.len() as u64;
    let more = (report.created + report.updated).saturating_sub(named);
    let (refused, notices): (Vec<_>, Vec<_>) = report.problems.into_iter().partition(|problem| !problem.taken);
    let unnamed = report.more_problems;
    let more_problems = (unnamed > 0).then(|| view! { <p class="text-sm text-quiet">{trn!(ADMIN_PRODUCTS_IMPORT_MORE_ROWS, unnamed)}</p> });
    let products = (named > 0).then(|| products(report.products, more));
    view! {
        <div class="flex flex-col gap-5">
            <Alert tone title><Facts facts/></Alert>
            {problems(tr!(ADMIN_PRODUCTS_IMPORT_REFUSED), refused)}
            {problems(tr!(ADMIN_PRODUCTS_IMPORT_NOTICES), notices)}
            {more_problems}
            {products}
        </div>
    }
    .into_any()
}

/// The table of rows with a reason each.
fn problems(title: &'static str, problems: Vec<ImportProblem>) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::figures(tr!(ADMIN_PRODUCTS_IMPORT_LINE)),
        Column::new(tr!(ADMIN_PRODUCTS_IMPORT_COLUMN)),
        Column::new(tr!(ADMIN_PRODUCTS_IMPORT_REASON)),
    ];
    if problems.is_empty() {
        return ().into_any();
    }
    let row = |problem: ImportProblem| {
        let line = locale.number(ui::count(problem.line));
        view! { <Row><FigureCell>{line}</FigureCell><td>{problem.column}</td><td>{problem.reason}</td></Row> }
    };
    let rows = problems.into_iter().map(row).collect_view();
    view! { <Panel title flush=true><Table caption=title columns>{rows}</Table></Panel> }.into_any()
}

/// The table of created and changed products, and how many more there are.
fn products(products: Vec<ImportedProduct>, more: u64) -> AnyView {
    let locale = use_locale();
    let title = tr!(ADMIN_PRODUCTS);
    let columns = vec![
        Column::figures(tr!(ADMIN_PRODUCTS_IMPORT_LINE)),
        Column::new(tr!(ADMIN_PRODUCTS_NAME)),
        Column::new(tr!(ADMIN_PRODUCTS_IMPORT_CHANGES)),
    ];
    let row = |product: ImportedProduct| {
        let line = locale.number(ui::count(product.line));
        let what = if product.created { tr!(ADMIN_PRODUCTS_IMPORT_CREATED).to_owned() } else { product.changes.join(" · ") };
        view! { <Row><FigureCell>{line}</FigureCell><td class="font-medium">{product.title}</td><td>{what}</td></Row> }
    };
    let rows = products.into_iter().map(row).collect_view();
    let more = (more > 0).then(|| view! { <p class="px-4 py-3 text-sm text-quiet">{trn!(ADMIN_PRODUCTS_IMPORT_MORE, more)}</p> });
    view! { <Panel title flush=true><Table caption=title columns>{rows}</Table>{more}</Panel> }.into_any()
}
