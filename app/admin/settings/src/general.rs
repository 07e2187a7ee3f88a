//! The shop's settings: name, colours, currency, country, time zone, logo, limits.

use admin_layout::{SectionTabs, StaffForm, on_done, shown};
use domain::TimeZone;
use domain::permission::Permission;
use domain::view::ShopSettings;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use session::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};
use ui::{Button, Choice, Field, PageHeader, Panel, SelectField, SkeletonText, tr};

/// The settings, and whether the user may change them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GeneralView {
    pub settings: ShopSettings,
    /// May the user save?
    pub may_write: bool,
}

/// The settings as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct GeneralForm {
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
    use session::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let settings = backend::settings::load(&shop).await.map_err(|error| request::unexpected(&error))?;
    Ok(GeneralView { settings, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ReadSettings, Access::Staff(Permission::ReadSettings));

#[server(endpoint = "admin/settings/save", output = Answer)]
pub async fn save_settings(form: GeneralForm) -> Result<(), AppError> {
    use backend::settings::SettingsError;
    use session::request;
    use ui::t;
    let ctx = request::authorize(Access::Staff(Permission::WriteSettings))?;
    let wrong = |field: &str, message: domain::messages::Msg| {
        request::invalid(vec![(field.to_owned(), message.text(request::locale()).to_owned())])
    };
    let shop = request::shop()?;
    let before = backend::settings::load(&shop).await.map_err(|error| request::unexpected(&error))?;
    let low_stock = domain::number::whole(&form.low_stock).map_err(|error| wrong("low_stock", error.of_whole()))?;
    if low_stock < 0 {
        return Err(wrong("low_stock", t::FIELD_WHOLE_INVALID));
    }
    let new = ShopSettings {
        name: form.name.trim().to_owned(),
        currency: form.currency.trim().to_uppercase(),
        logo: before.logo,
        primary: form.primary.trim().to_lowercase(),
        accent: form.accent.trim().to_lowercase(),
        country: form.country.trim().to_uppercase(),
        time_zone: form.time_zone,
        contact_email: form.contact_email.trim().to_owned(),
        low_stock,
        limits: before.limits,
    };
    backend::settings::save(&shop, &ctx, new).await.map_err(|error| match error {
        SettingsError::Forbidden(_) => request::fail(AppError::new(403)),
        SettingsError::Invalid("name") => wrong("name", t::FIELD_REQUIRED),
        SettingsError::Invalid("contact_email") => wrong("contact_email", t::FIELD_EMAIL_INVALID),
        SettingsError::Invalid("time_zone") => wrong("time_zone", t::FIELD_CHOOSE),
        SettingsError::Invalid("country") => wrong("country", t::FIELD_COUNTRY_CODE),
        SettingsError::Priced => wrong("currency", t::ADMIN_SETTINGS_CURRENCY_PRICED),
        SettingsError::Invalid(field) => wrong(field, t::FIELD_CODE),
        other => request::unexpected(&other),
    })
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
    on_done(save, tr!(COMMON_SAVED), |()| ());
    view! {
        <Title text=tr!(ADMIN_SETTINGS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonText/> }>
                {shown(settings, move |view| page(view, save, &fallback, changed))}
            </Transition>
        </div>
    }
    .into_any()
}

/// The time zones to choose from.
pub(crate) fn time_zones() -> Vec<Choice> {
    TimeZone::NAMED.map(|zone| Choice::new(zone.name(), zone.name())).to_vec()
}

fn page(view: GeneralView, save: ServerAction<SaveSettings>, fallback: &FormFallback, changed: Callback<()>) -> AnyView {
    let (problem, typed) = (problem(save, fallback), typed(save, fallback));
    let GeneralView { settings, may_write } = view;
    let limits = crate::limits::panel(&settings.limits, &settings.currency, may_write, fallback);
    let logo = crate::logo::panel(settings.logo, &settings.name, may_write, fallback, changed);
    view! {
        <StaffForm action=save>
            <Panel title=tr!(ADMIN_SETTINGS_GENERAL)>
                <div class="flex flex-col gap-4 max-w-2xl">
                    <ProblemSummary problem/>
                    <Field label=tr!(ADMIN_SETTINGS_SHOP_NAME) name="form[name]" id="name" value=typed.or("form[name]", settings.name) maxlength=100 error=wrong(problem, "name")/>
                    <div class="grid md:grid-cols-2 gap-4">
                        <Field label=tr!(ADMIN_SETTINGS_CURRENCY) name="form[currency]" id="currency" value=typed.or("form[currency]", settings.currency) maxlength=3 error=wrong(problem, "currency")/>
                        <Field label=tr!(ADMIN_SETTINGS_COUNTRY) name="form[country]" id="country" value=typed.or("form[country]", settings.country) maxlength=2 error=wrong(problem, "country")/>
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
