//! The fields of an address in its country's format. In the Philippines the places are chosen level by level: with a script
//! each choice loads the next list, without one the button beside it does.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Locale;
use domain::view::{Address, AddressField, AddressFormat, Place};
use leptos::prelude::*;
use leptos::task::spawn_local;
use serde::{Deserialize, Serialize};
use server_fn::codec::GetUrl;
use ui::{Button, Choice, Field, Look, SelectField, t, tr, use_locale};
use web::{Access, Answer, AppError, access, access_of, wrong};

use crate::place_search::PlaceSearch;

#[cfg(feature = "ssr")]
use web::request;

/// The fields of a form by name.
pub type Fields = BTreeMap<String, String>;

/// A list of places and the chosen one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub places: Vec<Place>,
    /// The chosen place's code; empty for none.
    pub chosen: String,
}

/// The initial state of an address form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressStart {
    pub address: Address,
    pub format: AddressFormat,
    /// Philippine places, from the region down; empty elsewhere.
    pub levels: Vec<Level>,
}

/// The places within a place of the Philippines; the regions without one.
#[server(endpoint = "read_places", input = GetUrl, output = Answer)]
pub async fn read_places(above: String) -> Result<Vec<Place>, AppError> {
    Ok(backend::contacts::address_tree::children(Some(above.as_str()).filter(|code| !code.is_empty())))
}
access!(ReadPlaces, Access::Public);

/// A country's address format, with its first list of places if it has any.
#[server(endpoint = "read_address_form", input = GetUrl, output = Answer)]
pub async fn read_address_form(country: String) -> Result<AddressStart, AppError> {
    start(Address { country, ..Address::default() })
}
access!(ReadAddressForm, Access::Public);

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadPlaces>(), access_of::<ReadAddressForm>()];

/// The form for an address, complete or not.
#[cfg(feature = "ssr")]
pub(crate) fn start(mut address: Address) -> Result<AddressStart, AppError> {
    if address.country.is_empty() {
        address.country = "PH".into();
    }
    let format = backend::contacts::address_format(request::locale(), &address.country).ok_or_else(request::not_found)?;
    let chain = chain(&address.place);
    let levels = if address.country == "PH" { levels(&chain) } else { Vec::new() };
    Ok(AddressStart { address, format, levels })
}

/// The codes of a place and of those that it is in, as the lists choose them, from the region down.
#[cfg(feature = "ssr")]
pub(crate) fn chain(place: &str) -> Vec<String> {
    let path = backend::contacts::address_tree::path(place);
    path.into_iter().filter(|place| place.kind != "district").map(|place| place.code).collect()
}

/// An address with only the chosen delivery place.
#[cfg(feature = "ssr")]
pub(crate) fn of_chosen_place() -> Address {
    match crate::delivery_place::chosen() {
        Some(place) if place.code.len() == 2 => Address { country: place.code, ..Address::default() },
        Some(place) => Address { country: "PH".into(), place: place.code, ..Address::default() },
        None => Address::default(),
    }
}

/// The lists from the regions down to the first without a chosen place.
#[cfg(feature = "ssr")]
pub(crate) fn levels(codes: &[String]) -> Vec<Level> {
    let mut levels = Vec::new();
    let mut above: Option<String> = None;
    for at in 0..=MAX_LEVELS {
        let places = backend::contacts::address_tree::children(above.as_deref());
        if places.is_empty() {
            break;
        }
        let chosen = codes.get(at).filter(|code| places.iter().any(|place| place.code == **code)).cloned().unwrap_or_default();
        let stop = chosen.is_empty();
        above = Some(chosen.clone());
        levels.push(Level { places, chosen });
        if stop {
            break;
        }
    }
    levels
}

/// Region, province, city, barangay.
#[cfg(feature = "ssr")]
const MAX_LEVELS: usize = 4;

/// The address in a form. Names of Philippine places come from their codes.
#[cfg(feature = "ssr")]
pub(crate) fn read(fields: &Fields, prefix: &str) -> Address {
    let field = |name: &str| fields.get(&format!("{prefix}{name}")).map(|text| text.trim().to_owned()).unwrap_or_default();
    let mut address = Address {
        recipient: field("recipient"),
        phone: field("phone"),
        country: field("country").to_uppercase(),
        line1: field("line1"),
        line2: field("line2"),
        barangay: field("barangay"),
        city: field("city"),
        province: field("province"),
        region: field("region"),
        postal_code: field("postal_code"),
        place: String::new(),
    };
    if address.country == "PH" {
        let codes: Vec<String> = (1..=MAX_LEVELS).map(|level| field(&format!("place_{level}"))).collect();
        for level in levels(&codes) {
            let Some(place) = level.places.into_iter().find(|place| place.code == level.chosen) else { break };
            let name = match place.kind.as_str() {
                "region" => &mut address.region,
                "province" => &mut address.province,
                "city" | "municipality" => &mut address.city,
                _ => &mut address.barangay,
            };
            *name = place.name;
            address.place = place.code;
        }
    }
    address
}

/// The address for the backend's check: without a code that is not a barangay's yet, so that the missing levels are found.
#[cfg(feature = "ssr")]
pub(crate) fn as_chosen(mut address: Address) -> Address {
    if address.country == "PH" && address.barangay.is_empty() {
        address.place.clear();
    }
    address
}

/// Renames errors about a kind of place to the list that is to be chosen from next.
#[cfg(feature = "ssr")]
pub(crate) fn at_fields(errors: domain::view::FieldErrors, address: &Address, prefix: &str) -> domain::view::FieldErrors {
    let chain = chain(&address.place);
    let chosen = chain.len();
    let level = if address.barangay.is_empty() { chosen + 1 } else { chosen.max(1) };
    let kinds = ["region", "province", "city", "barangay"];
    // The message for the list that is to be chosen from next.
    let open = levels(&chain).into_iter().nth(level - 1).filter(|level| level.chosen.is_empty());
    let choose = open.map(|level| kind_of(&level.places).words(request::locale()).1);
    let mut out: domain::view::FieldErrors = Vec::new();
    for (field, message) in errors {
        let bare = field.strip_prefix(prefix).unwrap_or(&field);
        let is_list = address.country == "PH" && kinds.contains(&bare);
        let message = choose.map(str::to_owned).filter(|_| is_list).unwrap_or(message);
        let field = if is_list { format!("{prefix}place_{level}") } else { field };
        // Several missing kinds are one error: at the next list.
        if out.iter().all(|(name, _)| *name != field) {
            out.push((field, message));
        }
    }
    out
}

/// What is chosen of an address's places, in a form.
#[derive(Clone, Copy)]
pub(crate) struct ChosenPlace {
    /// The lists, from the regions down to the first without a choice.
    pub levels: RwSignal<Vec<Level>>,
    pub postal_code: RwSignal<String>,
    /// What was filled in last and not typed; replaced with the next place.
    filled: StoredValue<String>,
}

impl ChosenPlace {
    /// The code of the deepest chosen place; empty for none.
    pub(crate) fn code(self) -> String {
        self.levels.with_untracked(|levels| {
            levels.iter().rev().find(|level| !level.chosen.is_empty()).map(|level| level.chosen.clone()).unwrap_or_default()
        })
    }

    /// Takes away the postal code that a place filled in, as in another country it means nothing.
    fn forget_filled(self) {
        if self.filled.with_value(|filled| !filled.is_empty() && *filled == self.postal_code.get_untracked()) {
            self.postal_code.set(String::new());
        }
    }

    /// Fills in the postal code of the chosen place, unless another one was typed.
    pub(crate) fn fill_postal_code(self, postal_code: String) {
        let typed = self.postal_code.get_untracked();
        if !postal_code.is_empty() && (typed.trim().is_empty() || self.filled.with_value(|filled| *filled == typed)) {
            self.filled.set_value(postal_code.clone());
            self.postal_code.set(postal_code);
        }
    }
}

#[component]
pub fn AddressFields(
    start: AddressStart,
    /// Code and name of each.
    countries: Vec<(String, String)>,
    /// The prefix of each field's name: empty, or `billing_`.
    #[prop(default = "")]
    prefix: &'static str,
    /// A billing address, for autofill.
    #[prop(optional)]
    billing: bool,
    problem: Signal<Option<AppError>>,
    /// Called with the country and the place whenever they change.
    #[prop(optional)]
    on_place: Option<Callback<(String, String)>>,
) -> impl IntoView {
    // What is typed stays when another country is chosen, whose form may come while somebody types.
    let texts: Texts = TYPED.map(|name| (name, RwSignal::new(start.address.field(name).to_owned())));
    let text = move |name: &str| texts.iter().find(|(text, _)| *text == name).map_or_else(RwSignal::default, |(_, text)| *text);
    let place = ChosenPlace {
        levels: RwSignal::new(start.levels.clone()),
        postal_code: text("postal_code"),
        filled: StoredValue::new(String::new()),
    };
    let initial = StoredValue::new(start.address.clone());
    let asked = StoredValue::new(start.address.country.clone());
    let form = RwSignal::new(start.format);
    let choices: Vec<_> = countries.into_iter().map(|(code, name)| Choice::new(code, name)).collect();
    let report_place = move |country: String, place: String| {
        if let Some(on_place) = on_place {
            on_place.run((country, place));
        }
    };
    let on_country = Callback::new(move |country: String| {
        asked.set_value(country.clone());
        read_again(
            READ_TIMES,
            move || read_address_form(country.clone()),
            move |next| {
                if asked.try_with_value(|asked| *asked == next.format.country) != Some(true) {
                    return;
                }
                let country = next.format.country.clone();
                place.forget_filled();
                place.levels.set(next.levels);
                form.set(next.format);
                report_place(country, String::new());
            },
        );
    });
    let country = form.with_untracked(|form| form.country.clone());
    let row = move |row: Row| match row {
        Row::Places => {
            let on_change = Callback::new(move |place| report_place("PH".into(), place));
            view! {
                <PlaceSearch place prefix on_change/>
                <Places place prefix problem on_change/>
            }
            .into_any()
        }
        Row::Field(field) => {
            let value = initial.with_value(|address| address.field(&field.name).to_owned());
            let bind = text(&field.name);
            view! { <AddressInput field value bind prefix billing problem/> }.into_any()
        }
    };
    view! {
        <div class="grid gap-4">
            <div class="flex gap-2 items-end">
                <div class="grow min-w-0"><SelectField
                    label=tr!(ADDRESS_COUNTRY)
                    name=format!("{prefix}country")
                    choices
                    selected=country
                    autocomplete=if billing { "billing country" } else { "shipping country" }
                    error=wrong(problem, format!("{prefix}country"))
                    on_change=on_country
                /></div>
                <span class="without-script"><Button kind="submit" look=Look::Outline attr:name="step" attr:value="look">{tr!(COMMON_CHANGE)}</Button></span>
            </div>
            <div class="grid sm:grid-cols-2 gap-x-4 gap-y-4 items-start">
                <For each=move || form.with(rows) key=Clone::clone let:each>{row(each)}</For>
            </div>
        </div>
    }
    .into_any()
}

/// The fields that are typed, where a country has no list for them.
const TYPED: [&str; 7] = ["line1", "line2", "barangay", "city", "province", "region", "postal_code"];

/// What is typed in each.
type Texts = [(&'static str, RwSignal<String>); TYPED.len()];

/// A row of the form. One that two countries have in common stays as it is when the country is changed, with the focus in it.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Row {
    Field(AddressField),
    /// The lists of Philippine places, instead of the fields for them.
    Places,
}

fn rows(format: &AddressFormat) -> Vec<Row> {
    let mut rows = Vec::new();
    for field in &format.fields {
        let is_place = matches!(field.name.as_str(), "region" | "province" | "city" | "barangay");
        let row = if format.country == "PH" && is_place { Row::Places } else { Row::Field(field.clone()) };
        if row != Row::Places || !rows.contains(&row) {
            rows.push(row);
        }
    }
    rows
}

/// A text field, or a country's own list.
#[component]
fn AddressInput(
    field: AddressField,
    value: String,
    bind: RwSignal<String>,
    prefix: &'static str,
    billing: bool,
    problem: Signal<Option<AppError>>,
) -> impl IntoView {
    let name = format!("{prefix}{}", field.name);
    let error = wrong(problem, name.clone());
    let autocomplete = token(&field.name, billing);
    let optional = !field.required && field.name != "postal_code";
    if field.options.is_empty() {
        let wide = field.name == "line1" || field.name == "line2";
        view! {
            <div class=if wide { "sm:col-span-2" } else { "" }>
                <Field label=field.label name bind error autocomplete optional maxlength=120/>
            </div>
        }
        .into_any()
    } else {
        let choices: Vec<_> = field.options.into_iter().map(|(code, name)| Choice::new(code, name)).collect();
        view! { <SelectField label=field.label name choices selected=value empty=tr!(FIELD_CHOOSE) error autocomplete optional/> }
            .into_any()
    }
}

/// The autofill token of a field.
fn token(field: &str, billing: bool) -> &'static str {
    match (field, billing) {
        ("line1", false) => "shipping address-line1",
        ("line1", true) => "billing address-line1",
        ("line2", false) => "shipping address-line2",
        ("line2", true) => "billing address-line2",
        ("city", false) => "shipping address-level2",
        ("city", true) => "billing address-level2",
        ("province", false) => "shipping address-level1",
        ("province", true) => "billing address-level1",
        ("barangay", false) => "shipping address-level3",
        ("barangay", true) => "billing address-level3",
        ("postal_code", false) => "shipping postal-code",
        ("postal_code", true) => "billing postal-code",
        _ => "off",
    }
}

/// How often a form or its places are read where the network fails, and the pause in between.
const READ_TIMES: u32 = 4;
const READ_PAUSE: Duration = Duration::from_secs(1);

/// Reads, again where the network fails. When it fails each time the form stays as it is; placing the order reports what is missing.
fn read_again<T, F>(times: u32, read: impl Fn() -> F + 'static, show: impl FnOnce(T) + 'static)
where
    T: 'static,
    F: Future<Output = Result<T, AppError>> + 'static,
{
    spawn_local(async move {
        match read().await {
            Ok(answer) => show(answer),
            Err(_) if times > 1 => set_timeout(move || read_again(times - 1, read, show), READ_PAUSE),
            Err(_) => {}
        }
    });
}

#[component]
fn Places(
    place: ChosenPlace,
    prefix: &'static str,
    problem: Signal<Option<AppError>>,
    /// Called with the code of the deepest chosen place.
    on_change: Callback<String>,
) -> impl IntoView {
    let levels = place.levels;
    let choose = move |at: usize, code: String| {
        levels.update(|levels| {
            levels.truncate(at + 1);
            if let Some(level) = levels.get_mut(at) {
                level.chosen.clone_from(&code);
            }
        });
        on_change.run(place.code());
        let postal_code = levels.with_untracked(|levels| {
            let places = levels.get(at).map(|level| level.places.as_slice()).unwrap_or_default();
            places.iter().find(|place| place.code == code).map(|place| place.postal_code.clone()).unwrap_or_default()
        });
        place.fill_postal_code(postal_code);
        if code.is_empty() {
            return;
        }
        let above = code.clone();
        read_again(
            READ_TIMES,
            move || read_places(code.clone()),
            move |places| {
                let _ = levels.try_update(|levels| {
                    let still = levels.len() == at + 1 && levels.get(at).is_some_and(|level| level.chosen == above);
                    if still && !places.is_empty() {
                        levels.push(Level { places, chosen: String::new() });
                    }
                });
            },
        );
    };
    let level = move |at: usize| {
        let choices = Signal::derive(move || {
            levels.with(|levels| {
                levels
                    .get(at)
                    .map(|level| level.places.iter().map(|place| Choice::new(place.code.clone(), place.name.clone())).collect())
                    .unwrap_or_else(Vec::new)
            })
        });
        let selected = Signal::derive(move || levels.with(|levels| levels.get(at).map(|level| level.chosen.clone()).unwrap_or_default()));
        let kind = levels.with_untracked(|levels| levels.get(at).map(|level| kind_of(&level.places)).unwrap_or_default());
        let (label, empty) = kind.words(use_locale());
        let name = format!("{prefix}place_{}", at + 1);
        let error = wrong(problem, name.clone());
        view! { <SelectField label name choices selected empty error on_change=Callback::new(move |code| choose(at, code))/> }
    };
    view! {
        <For each=move || 0..levels.with(Vec::len) key=move |at| (*at, levels.with_untracked(|levels| levels.get(*at).map(|level| kind_of(&level.places)))) let:at>
            {level(at)}
        </For>
        <div class="without-script self-end"><Button kind="submit" look=Look::Outline attr:name="step" attr:value="look">{tr!(ADDRESS_NEXT_LEVEL)}</Button></div>
    }
    .into_any()
}

/// The kind of places in a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
enum Kind {
    #[default]
    Region,
    Province,
    City,
    Barangay,
}

impl Kind {
    /// The label of such a list, and its empty choice.
    fn words(self, locale: Locale) -> (&'static str, &'static str) {
        let (name, choose) = match self {
            Self::Region => (t::ADDRESS_REGION, t::ADDRESS_CHOOSE_REGION),
            Self::Province => (t::ADDRESS_PROVINCE, t::ADDRESS_CHOOSE_PROVINCE),
            Self::City => (t::ADDRESS_CITY, t::ADDRESS_CHOOSE_CITY),
            Self::Barangay => (t::ADDRESS_BARANGAY, t::ADDRESS_CHOOSE_BARANGAY),
        };
        (name.text(locale), choose.text(locale))
    }
}

fn kind_of(places: &[Place]) -> Kind {
    let has = |kind: &str| places.iter().any(|place| place.kind == kind);
    if has("region") {
        Kind::Region
    } else if has("province") {
        Kind::Province
    } else if has("barangay") {
        Kind::Barangay
    } else {
        Kind::City
    }
}
