//! The part of a product's form with its type, and what it states by the fields of that type.

use domain::Locale;
use domain::id::ProductFieldId;
use domain::view::{ProductFact, ProductTypeChoiceView};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, Choice, Look, Panel, SelectField, TextArea, tr};
use web::{AppError, wrong};

use crate::draft::ProductForm;

/// A fact as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FactForm {
    /// The id of its field.
    pub field: String,
    /// `en` or `fil`.
    pub locale: String,
    pub value: String,
}

impl FactForm {
    pub(crate) fn of(fact: &ProductFact) -> Self {
        Self { field: fact.field.to_string(), locale: fact.locale.clone(), value: fact.value.clone() }
    }

    #[cfg(feature = "ssr")]
    pub(crate) fn parsed(&self) -> Option<ProductFact> {
        Some(ProductFact { field: self.field.parse().ok()?, locale: self.locale.clone(), value: self.value.clone() })
    }
}

/// The type, and the fields of the one that is chosen. Without a script a button shows those of another one.
pub(crate) fn type_and_facts(form: &ProductForm, types: Vec<ProductTypeChoiceView>, problem: Signal<Option<AppError>>) -> AnyView {
    let (chosen, selected) = (RwSignal::new(form.product_type.clone()), form.product_type.clone());
    let offered = types.iter().filter(|choice| !choice.archived || choice.id.to_string() == form.product_type);
    let choices: Vec<Choice> = offered.map(|choice| Choice::new(choice.id.to_string(), choice.name.clone())).collect();
    let (types, facts) = (StoredValue::new(types), StoredValue::new(form.facts.clone()));
    let fields = move || {
        let chosen = chosen.get();
        let own = types.with_value(|types| types.iter().find(|choice| choice.id.to_string() == chosen).map(|choice| choice.fields.clone()));
        facts.with_value(|facts| own.map(|own| fields(&own, facts, problem)))
    };
    view! {
        <Panel title=tr!(PRODUCT_CARE_TITLE)>
            <div class="flex flex-col gap-4">
                <div class="flex flex-wrap items-end gap-3">
                    <div class="grow max-w-md">
                        <SelectField label=tr!(ADMIN_TYPES_TYPE) name="form[product_type]" id="product_type" choices selected=selected empty=tr!(COMMON_NONE) hint=tr!(ADMIN_TYPES_TYPE_HINT) error=wrong(problem, "product_type") on_change=Callback::new(move |value| chosen.set(value))/>
                    </div>
                    <div class="without-script"><Button kind="submit" look=Look::Outline attr:name="step" attr:value="look">{tr!(ADMIN_TYPES_SHOW_FIELDS)}</Button></div>
                </div>
                {fields}
            </div>
        </Panel>
    }
    .into_any()
}

fn fields(own: &[(ProductFieldId, String)], facts: &[FactForm], problem: Signal<Option<AppError>>) -> AnyView {
    let each = own.iter().enumerate().flat_map(|(row, (field, label))| {
        Locale::ALL.into_iter().enumerate().map(move |(language, locale)| {
            let (at, field) = (row * Locale::ALL.len() + language, field.to_string());
            let found = facts.iter().find(|fact| fact.field == field && fact.locale == locale.code());
            let value = found.map(|fact| fact.value.clone()).unwrap_or_default();
            let sent = move |name: &str| format!("form[facts][{at}][{name}]");
            let id = format!("fact.{field}.{}", locale.code());
            view! {
                <div>
                    <input type="hidden" name=sent("field") value=field/>
                    <input type="hidden" name=sent("locale") value=locale.code()/>
                    <TextArea lang=locale.tag() label=format!("{label} ({})", locale.name()) name=sent("value") id=id.clone() value rows=2 error=wrong(problem, id) optional=true/>
                </div>
            }
            .into_any()
        })
    });
    let each = each.collect_view();
    view! { <div class="grid md:grid-cols-2 gap-3">{each}</div> }.into_any()
}
