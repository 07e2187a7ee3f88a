//! The variants of the product form: a row each and an empty one, which is ignored when it stays empty; all combinations of the
//! options by a button.

use domain::view::PictureView;
use leptos::form::FromFormData;
use leptos::prelude::*;
use ui::{Button, Choice, Field, Look, Panel, SelectField, icon, tr, use_toasts};
use wasm_bindgen::JsCast;
use web::{AppError, wrong};
use web_sys::{FormData, HtmlFormElement};

use crate::draft::{OPTIONS, OptionForm, ProductForm, VariantForm};
use crate::edit::{FORM, SaveProduct};

/// A row: its key over changes, its position in the form, and its values.
#[derive(Clone)]
struct Line {
    key: String,
    at: usize,
    form: VariantForm,
}

/// The current values of the form.
fn typed_now() -> Option<ProductForm> {
    let form = document().get_element_by_id(FORM)?.dyn_into::<HtmlFormElement>().ok()?;
    let data = FormData::new_with_form(&form).ok()?;
    SaveProduct::from_form_data(&data).ok().map(|sent| sent.form)
}

/// The rows of these variants, and an empty one for users who may write.
fn lines(run: &str, variants: Vec<VariantForm>, may_write: bool) -> Vec<Line> {
    let blank = (may_write && !variants.last().is_some_and(VariantForm::is_blank)).then(VariantForm::default);
    let all = variants.into_iter().chain(blank).enumerate();
    all.map(|(at, form)| Line { key: format!("{run}.{at}"), at, form }).collect()
}

/// The data of the page that each row needs.
#[derive(Clone, Copy)]
struct FormContext {
    options: StoredValue<Vec<OptionForm>>,
    pictures: RwSignal<Vec<PictureView>>,
    problem: Signal<Option<AppError>>,
}

pub(crate) fn variants(
    form: &ProductForm,
    pictures: RwSignal<Vec<PictureView>>,
    prices_include_tax: bool,
    may_write: bool,
    problem: Signal<Option<AppError>>,
) -> AnyView {
    let context = FormContext { options: StoredValue::new(form.options.clone()), pictures, problem };
    // Rows of another version are other rows, whatever they hold.
    let version = form.version.clone();
    let rows = RwSignal::new(lines(&version, form.variants.clone(), may_write));
    let (times, toasts) = (StoredValue::new(0_u32), use_toasts());
    let nothing = tr!(ADMIN_PRODUCTS_COMBINE_NONE);
    let combine = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        let Some(mut form) = typed_now() else { return };
        if form.combine() == 0 {
            toasts.info(nothing);
            return;
        }
        times.update_value(|times| *times += 1);
        context.options.set_value(form.options);
        rows.set(lines(&format!("{version}.{}", times.get_value()), form.variants, may_write));
    };
    let add = move |_| {
        rows.update(|rows| {
            let at = rows.len();
            rows.push(Line { key: format!("new.{at}"), at, form: VariantForm::default() });
        });
    };
    let making = may_write.then(|| {
        view! {
            <div class="flex flex-wrap gap-3 mt-3">
                <div class="needs-script"><Button look=Look::Outline icon=icon::PLUS on:click=add>{tr!(ADMIN_PRODUCTS_ADD_VARIANT)}</Button></div>
                <Button kind="submit" look=Look::Outline icon=icon::GRID attr:name="step" attr:value="look:combine" on:click=combine>{tr!(ADMIN_PRODUCTS_COMBINE)}</Button>
            </div>
        }
        .into_any()
    });
    view! {
        <div id="variants">
            <Panel title=tr!(ADMIN_PRODUCTS_VARIANTS)>
                {(!prices_include_tax).then(|| view! { <p class="pb-3 text-sm text-quiet">{tr!(ADMIN_PRODUCTS_PRICES_WITHOUT_TAX)}</p> })}
                <div class="divide-y divide-hairline">
                    <For each=move || rows.get() key=|line| line.key.clone() children=move |line| row(line, context)/>
                </div>
                {making}
            </Panel>
        </div>
    }
    .into_any()
}

fn row(line: Line, context: FormContext) -> AnyView {
    let Line { at, form, .. } = line;
    let FormContext { options, pictures, problem } = context;
    let is_new = form.id.is_empty();
    let sent = move |field: &str| format!("form[variants][{at}][{field}]");
    let id = move |field: &str| format!("{field}.{at}");
    let fault = move |field: &str| wrong(problem, format!("{field}.{at}"));
    let label = |position: usize| {
        let name = options.with_value(|options| options.get(position).and_then(|option| option.names.first().cloned()));
        name.filter(|name| !name.trim().is_empty()).unwrap_or_else(|| tr!(ADMIN_PRODUCTS_OPTION_VALUE, number = position + 1))
    };
    // One more than there are options, for an option that is being added.
    let named =
        options.with_value(|options| options.iter().rposition(|option| option.names.first().is_some_and(|name| !name.trim().is_empty())));
    let columns = named.map_or(OPTIONS, |last| last + 2).max(form.values.len()).min(OPTIONS);
    let values = (0..columns).map(|position| {
        let value = form.values.get(position).cloned().unwrap_or_default();
        let own = if position == 0 { id("values") } else { format!("values.{at}.{position}") };
        let wrong = if position == 0 { fault("values") } else { Signal::derive(|| None) };
        view! { <Field label=label(position) name=format!("form[variants][{at}][values][{position}]") id=own value error=wrong/> }
    });
    let values = values.collect_view();
    let choices = Signal::derive(move || {
        let each = pictures.get().into_iter().enumerate();
        each.map(|(at, picture)| Choice::new(picture.id.to_string(), format!("{}. {}", at + 1, picture.alt))).collect::<Vec<_>>()
    });
    let picture = RwSignal::new(form.picture);
    let any = move || pictures.with(|pictures| !pictures.is_empty());
    let chosen = move || {
        if any() {
            let on_change = Callback::new(move |id| picture.set(id));
            view! { <SelectField label=tr!(ADMIN_PRODUCTS_VARIANT_PICTURE) name=sent("picture") id=id("picture") choices selected=picture empty=tr!(ADMIN_PRODUCTS_VARIANT_PICTURE_FIRST) on_change/> }.into_any()
        } else {
            ().into_any()
        }
    };
    view! {
        <fieldset class="py-4 first:pt-0">
            <input type="hidden" name=sent("id") value=form.id autocomplete="off"/>
            <div class="grid grid-cols-2 md:grid-cols-4 gap-3">
                <Field label=tr!(ADMIN_PRODUCTS_SKU) name=sent("sku") id=id("sku") value=form.sku error=fault("sku")/>
                {values}
                <Field label=tr!(ADMIN_PRODUCTS_PRICE) name=sent("price") id=id("price") value=form.price inputmode="decimal" error=fault("price")/>
                <Field label=tr!(ADMIN_PRODUCTS_COMPARE_AT) name=sent("compare_at") id=id("compare_at") value=form.compare_at inputmode="decimal" error=fault("compare_at")/>
                <Field label=tr!(ADMIN_PRODUCTS_COST) name=sent("cost") id=id("cost") value=form.cost inputmode="decimal" hint=tr!(ADMIN_PRODUCTS_COST_HINT) error=fault("cost")/>
                <Field label=tr!(ADMIN_PRODUCTS_WEIGHT_GRAMS) name=sent("weight_g") id=id("weight_g") value=form.weight_g inputmode="numeric" error=fault("weight_g")/>
                <Field label=tr!(ADMIN_PRODUCTS_BARCODE) name=sent("barcode") id=id("barcode") value=form.barcode inputmode="numeric" error=fault("barcode")/>
                {is_new.then(|| view! { <Field label=tr!(ADMIN_PRODUCTS_STOCK_START) name=sent("stock") id=id("stock") value=form.stock inputmode="numeric" error=fault("stock")/> })}
                {chosen}
            </div>
        </fieldset>
    }
    .into_any()
}
