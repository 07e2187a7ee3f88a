//! The shop's settings: name, colours, currency, country, time zone, logo, limits.

use admin_layout::{SEEN, SectionTabs, ShowSaved, StaffForm, on_done, shown, split_conflict};
use domain::TimeZone;
use domain::permission::Permission;
use domain::view::ShopSettings;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Button, Choice, Field, PageHeader, Panel, SelectField, SkeletonText, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

/// The settings, and whether the user may change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneralView {
    pub settings: ShopSettings,
    /// Code and name of each.
    pub countries: Vec<(String, String)>,
    /// The settings as they are saved, for the forms.
    pub seen: String,
    pub may_write: bool,
}

/// The settings as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GeneralForm {
    /// The settings as they were saved when the form was rendered.
    pub seen: String,
    pub name: String,
    pub currency: String,
    /// `#rrggbb` or empty.
    pub primary: String,
    /// `#rrggbb` or empty.
    pub accent: String,
    pub country: String,
    /// The name of a time zone.
    pub time_zone: String,
    /// The address that customers write to.
    pub contact_email: String,
    /// At this many units or fewer a variant is low in stock.
    pub low_stock: String,
}

#[server(endpoint = "admin/settings", output = Answer)]
pub async fn read_settings() -> Result<GeneralView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let settings = backend::settings::load(&shop).await.map_err(|error| request::unexpected(&error))?;
    let countries = backend::contacts::countries(request::locale());
    let seen = admin_layout::seen(&settings);
    Ok(GeneralView { settings, countries, seen, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ReadSettings, Access::Staff(Permission::ReadSettings));

/// Saves a part of the settings over what was seen of it; the answer is what is saved, for the form.
#[cfg(feature = "ssr")]
pub(crate) async fn save_part(
    part: backend::settings::SettingsPart,
    seen: &str,
    new: ShopSettings,
    other: impl FnOnce(backend::settings::SettingsError) -> AppError,
) -> Result<String, AppError> {
    use backend::settings::{SettingsError, last_change, load};
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?);
    let failed = |error: backend::platform::db::DbError| request::unexpected(&error);
    let now = load(&shop).await.map_err(failed)?;
    // A form that does not say what it was rendered from is one of what there is.
    let seen = admin_layout::read_seen(seen).unwrap_or(now);
    match backend::settings::save_part(&shop, &ctx, part, seen.clone(), new.clone()).await {
        Ok(()) => Ok(admin_layout::seen(&load(&shop).await.map_err(failed)?)),
        Err(SettingsError::Stale) => {
            let saved = load(&shop).await.map_err(failed)?;
            // What belongs to other forms is not typed in this one.
            let (seen, typed) = (part.of(&seen, &saved), part.of(&new, &saved));
            let stale = admin_layout::Stale { seen: &seen, typed: &typed, saved: &saved };
            let (locale, currency) = (request::locale(), saved.currency.parse().unwrap_or(domain::Currency::PHP));
            let last = last_change(&shop).await.map_err(failed)?;
            Err(stale.refused(&shop, last, |path, value| crate::saved::settings(locale, currency, path, value)).await)
        }
        Err(error) => Err(other(error)),
    }
}

/// Saves the settings; the answer is the address of the style sheet with the colours, and what is saved, for the form.
#[server(endpoint = "admin/settings/save", output = Answer)]
pub async fn save_settings(form: GeneralForm) -> Result<(String, String), AppError> {
    use backend::settings::{SettingsError, SettingsPart};
    use ui::t;
    use web::request;
    request::authorize(Access::Staff(Permission::WriteSettings))?;
    let wrong = |field: &str, message: domain::messages::Msg| {
        request::invalid(vec![(field.to_owned(), message.text(request::locale()).to_owned())])
    };
    let low_stock = domain::number_input::whole(&form.low_stock).map_err(|error| wrong("low_stock", error.of_whole()))?;
    if !backend::contacts::countries(request::locale()).iter().any(|(code, _)| *code == form.country) {
        return Err(wrong("country", t::FIELD_CHOOSE));
    }
    if low_stock < 0 {
        return Err(wrong("low_stock", t::FIELD_WHOLE_INVALID));
    }
    let new = ShopSettings {
        name: form.name.trim().to_owned(),
        currency: form.currency.trim().to_uppercase(),
        primary: form.primary.trim().to_lowercase(),
        accent: form.accent.trim().to_lowercase(),
        country: form.country,
        time_zone: form.time_zone,
        contact_email: form.contact_email.trim().to_owned(),
        low_stock,
        ..ShopSettings::default()
    };
    let sheet = ui::brand_stylesheet(domain::Colour::parse(&new.primary), domain::Colour::parse(&new.accent));
    let saved = save_part(SettingsPart::General, &form.seen, new, |error| match error {
        SettingsError::Forbidden(_) => request::fail(AppError::new(403)),
        SettingsError::Invalid("name") => wrong("name", t::FIELD_REQUIRED),
        SettingsError::Invalid("contact_email") => wrong("contact_email", t::FIELD_EMAIL_INVALID),
        SettingsError::Invalid("time_zone") => wrong("time_zone", t::FIELD_CHOOSE),
        SettingsError::Priced => wrong("currency", t::ADMIN_SETTINGS_CURRENCY_PRICED),
        SettingsError::Invalid(field) => wrong(field, t::FIELD_CODE),
        other => request::unexpected(&other),
    });
    Ok((ui::brand_address(&sheet), saved.await?))
}
access!(SaveSettings, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadSettings>(), access_of::<SaveSettings>()];

/// `/admin/settings`
#[derive(Debug)]
pub struct General;

lazy_page!(General, settings, general_page);

fn general_page() -> AnyView {
    let fallback = use_form_fallback();
    let version = RwSignal::new(0_u32);
    let changed = Callback::new(move |()| version.update(|times| *times += 1));
    let settings = resource(move || version.get(), |_| read_settings());
    let save = ServerAction::<SaveSettings>::new();
    // What was saved last by this page; empty before.
    let saved = RwSignal::new(String::new());
    on_done(save, tr!(COMMON_SAVED), move |(stylesheet, seen): (String, String)| {
        show_colours(&stylesheet);
        saved.set(seen);
    });
    view! {
        <Title text=tr!(ADMIN_SETTINGS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonText/> }>
                {shown(settings, move |view| page(view, save, saved, &fallback, changed))}
            </Transition>
        </div>
    }
    .into_any()
}

/// Shows the saved colours in the page that is open.
fn show_colours(stylesheet: &str) {
    if let Some(link) = document().get_element_by_id("brand") {
        // Fails for no attribute's name that is valid. Without it the next page has them.
        let _ = link.set_attribute("href", stylesheet);
    }
}

pub(crate) fn time_zones() -> Vec<Choice> {
    TimeZone::NAMED.map(|zone| Choice::new(zone.name(), zone.name())).to_vec()
}

/// What a form is based on: what this page saved last, or what was saved when it was read.
pub(crate) fn based_on(saved: RwSignal<String>, read: String) -> Signal<String> {
    Signal::derive(move || saved.with(|saved| if saved.is_empty() { read.clone() } else { saved.clone() }))
}

fn page(
    view: GeneralView,
    save: ServerAction<SaveSettings>,
    saved: RwSignal<String>,
    fallback: &FormFallback,
    changed: Callback<()>,
) -> AnyView {
    let GeneralView { settings, countries, seen, may_write } = view;
    let typed = typed(save, fallback);
    let own = based_on(saved, typed.or("form[seen]", seen.clone()));
    let (problem, based_on) = split_conflict(problem(save, fallback), SEEN, own);
    let countries: Vec<_> = countries.into_iter().map(|(code, name)| Choice::new(code, name)).collect();
    let limits = crate::limits::panel(&settings.limits, &settings.currency, seen, may_write, fallback);
    let logo = crate::logo::panel(settings.logo, &settings.name, may_write, fallback, changed);
    view! {
        <StaffForm action=save>
            <Panel title=tr!(ADMIN_SETTINGS_GENERAL)>
                <div class="flex flex-col gap-4 max-w-2xl">
                    <ProblemSummary problem/>
                    <ShowSaved problem/>
                    <input type="hidden" name="form[seen]" value=move || based_on.get() autocomplete="off"/>
                    <Field label=tr!(ADMIN_SETTINGS_SHOP_NAME) name="form[name]" id="name" value=typed.or("form[name]", settings.name) maxlength=100 error=wrong(problem, "name")/>
                    <div class="grid md:grid-cols-2 gap-4">
                        <Field label=tr!(ADMIN_SETTINGS_CURRENCY) name="form[currency]" id="currency" value=typed.or("form[currency]", settings.currency) maxlength=3 error=wrong(problem, "currency")/>
                        <SelectField label=tr!(ADMIN_SETTINGS_COUNTRY) name="form[country]" id="country" choices=countries selected=typed.or("form[country]", settings.country) error=wrong(problem, "country")/>
                        <SelectField label=tr!(ADMIN_SETTINGS_TIME_ZONE) name="form[time_zone]" id="time_zone" choices=time_zones() selected=typed.or("form[time_zone]", settings.time_zone) hint=tr!(ADMIN_SETTINGS_TIME_ZONE_HINT) error=wrong(problem, "time_zone")/>
                        <Field label=tr!(ADMIN_SETTINGS_PRIMARY) name="form[primary]" id="primary" value=typed.or("form[primary]", settings.primary) hint=tr!(ADMIN_SETTINGS_COLOUR_HINT) error=wrong(problem, "primary")/>
                        <Field label=tr!(ADMIN_SETTINGS_ACCENT) name="form[accent]" id="accent" value=typed.or("form[accent]", settings.accent) hint=tr!(ADMIN_SETTINGS_COLOUR_HINT) error=wrong(problem, "accent")/>
                        <Field label=tr!(ADMIN_SETTINGS_CONTACT_EMAIL) name="form[contact_email]" id="contact_email" kind="email" value=typed.or("form[contact_email]", settings.contact_email) error=wrong(problem, "contact_email")/>
                        <Field label=tr!(ADMIN_SETTINGS_LOW_STOCK) name="form[low_stock]" id="low_stock" inputmode="numeric" value=typed.or("form[low_stock]", settings.low_stock.to_string()) error=wrong(problem, "low_stock")/>
                    </div>
                    {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
                </div>
            </Panel>
        </StaffForm>
        {limits}
        {logo}
    }
    .into_any()
}
