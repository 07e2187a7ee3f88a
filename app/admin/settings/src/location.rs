//! A stock location's edit page.

use admin_layout::{SEEN, ShowSaved, StaffForm, split_conflict};
use domain::order::{Channel, LocationKind};
use domain::permission::Permission;
use domain::view::LocationDraft;
use leptos::prelude::*;
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Checkbox, Choice, Field, PageHeader, Panel, SelectField, tr};
use web::{Access, Answer, AppError, FormFallback, ProblemSummary, Title, access, access_of, lazy_page, problem, typed, wrong};

use crate::edit_page::{code_field, edit_page};
use crate::locations::kind_name;

const LIST: &str = "/admin/settings/locations";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationView {
    /// The location, or the initial values of a new one.
    pub location: LocationDraft,
    /// The location as it is saved, for the form; empty for a new one.
    pub seen: String,
    pub may_write: bool,
}

/// A location as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct LocationForm {
    /// Not empty for a new one.
    pub is_new: String,
    /// The location as it was saved when the form was rendered.
    pub seen: String,
    pub code: String,
    pub name: String,
    pub kind: String,
    /// Its position in the list.
    pub position: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub province: String,
    pub postal_code: String,
    /// ISO 3166-1 alpha-2; may be empty.
    pub country: String,
    pub time_zone: String,
    /// The channels that it serves.
    pub channels: Vec<String>,
    /// Not empty when orders get something from it.
    pub active: String,
}

#[cfg(feature = "ssr")]
impl LocationForm {
    /// The location as far as it can be read, and what cannot.
    fn draft(self, locale: domain::Locale) -> (LocationDraft, domain::view::FieldErrors) {
        use domain::messages::t;
        let mut errors = domain::view::FieldErrors::new();
        let position = domain::number_input::whole(&self.position).unwrap_or_else(|error| {
            errors.push(("position".to_owned(), error.of_whole().text(locale).to_owned()));
            0
        });
        let kind = self.kind.parse().unwrap_or_else(|_| {
            errors.push(("kind".to_owned(), t::FIELD_CHOOSE.text(locale).to_owned()));
            LocationKind::Warehouse
        });
        // Its address would be that of the page for a new one.
        if self.code.trim() == "new" {
            errors.push(("code".to_owned(), t::ADMIN_SETTINGS_LOCATION_TAKEN.text(locale).to_owned()));
        }
        let draft = LocationDraft {
            is_new: !self.is_new.is_empty(),
            code: self.code,
            name: self.name,
            kind,
            address: domain::view::LocationAddress {
                line1: self.line1,
                line2: self.line2,
                city: self.city,
                province: self.province,
                postal_code: self.postal_code,
                country: self.country.trim().to_uppercase(),
            },
            time_zone: self.time_zone,
            active: !self.active.is_empty(),
            position,
            channels: self.channels.iter().filter_map(|channel| channel.parse().ok()).collect(),
        };
        (draft, errors)
    }
}

/// A location, or the initial values of a new one for `new`.
#[server(endpoint = "admin/locations/location", output = Answer)]
pub async fn read_location(code: String) -> Result<LocationView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    let mut locations = backend::inventory::locations(&shop, &ctx).await.map_err(crate::pricing_error)?;
    let last = locations.iter().map(|location| location.position).max().unwrap_or_default();
    let location = match locations.iter().position(|location| location.code == code) {
        Some(at) => locations.swap_remove(at),
        None if code == "new" => LocationDraft::new(last + 1),
        None => return Err(request::not_found()),
    };
    let seen = if location.is_new { String::new() } else { admin_layout::seen(&location) };
    Ok(LocationView { location, seen, may_write: ctx.may(Permission::WriteSettings) })
}
access!(ReadLocation, Access::Staff(Permission::ReadSettings));

/// Saves a location; without a script it redirects to the list.
#[server(endpoint = "admin/locations/save", output = Answer)]
pub async fn save_location(form: LocationForm) -> Result<(), AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::WriteSettings))?, request::shop()?, request::locale());
    let seen: Option<LocationDraft> = admin_layout::read_seen(&form.seen);
    let (draft, unread) = form.draft(locale);
    crate::all_wrong(unread, backend::inventory::check_location(locale, &draft))?;
    let saved = backend::inventory::save_location(&shop, &ctx, locale, draft.clone(), seen.clone()).await;
    if let (Err(backend::pricing::PricingError::Stale), Some(seen)) = (&saved, seen) {
        let locations = backend::inventory::locations(&shop, &ctx).await.map_err(crate::pricing_error)?;
        let saved = locations.into_iter().find(|location| location.code == seen.code).ok_or_else(request::not_found)?;
        let stale = admin_layout::Stale { seen: &seen, typed: &draft, saved: &saved };
        return Err(stale.refused(&shop, None, |path, value| crate::saved::location(locale, path, value)).await);
    }
    saved.map_err(crate::pricing_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(SaveLocation, Access::Staff(Permission::WriteSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadLocation>(), access_of::<SaveLocation>()];

/// `/admin/settings/locations/:code`
#[derive(Debug)]
pub struct EditLocation;

lazy_page!(EditLocation, settings, edit_location_page);

fn edit_location_page() -> AnyView {
    edit_page(LIST, read_location, page)
}

/// Where an order comes from, in words.
pub(crate) fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Web => tr!(ADMIN_SETTINGS_CHANNEL_WEB),
        Channel::Api => tr!(ADMIN_SETTINGS_CHANNEL_API),
        Channel::Till => tr!(ADMIN_SETTINGS_CHANNEL_TILL),
        Channel::Marketplace => tr!(ADMIN_SETTINGS_CHANNEL_MARKETPLACE),
    }
}

fn page(view: LocationView, save: ServerAction<SaveLocation>, fallback: &FormFallback) -> AnyView {
    let LocationView { location, seen, may_write } = view;
    let typed = typed(save, fallback);
    let (problem, seen) = split_conflict(problem(save, fallback), SEEN, Signal::stored(typed.or("form[seen]", seen)));
    let is_new = location.is_new;
    let title = if location.is_new { tr!(ADMIN_SETTINGS_LOCATION_ADD).to_owned() } else { location.name.clone() };
    let above =
        vec![("/admin/settings".to_owned(), tr!(ADMIN_SETTINGS).to_owned()), (LIST.to_owned(), tr!(ADMIN_SETTINGS_LOCATIONS).to_owned())];
    let code_words = (tr!(ADMIN_SETTINGS_LOCATION_CODE), tr!(ADMIN_SETTINGS_LOCATION_CODE_HINT));
    let code = code_field(&location.code, is_new, code_words, &typed, problem);
    let kinds = LocationKind::ALL.map(|kind| Choice::new(kind.as_str(), kind_name(kind))).to_vec();
    let zones = crate::general::time_zones();
    let address = [
        (tr!(ADMIN_SETTINGS_LOCATION_LINE1), "line1", location.address.line1),
        (tr!(ADMIN_SETTINGS_LOCATION_LINE2), "line2", location.address.line2),
        (tr!(ADMIN_SETTINGS_LOCATION_CITY), "city", location.address.city),
        (tr!(ADMIN_SETTINGS_LOCATION_PROVINCE), "province", location.address.province),
        (tr!(ADMIN_SETTINGS_LOCATION_POSTAL_CODE), "postal_code", location.address.postal_code),
        (tr!(ADMIN_SETTINGS_COUNTRY), "country", location.address.country),
    ];
    let address = address.map(|(label, field, own)| {
        let name = format!("form[{field}]");
        let value = typed.or(&name, own);
        view! { <Field label name id=field value maxlength=120 optional=true error=wrong(problem, field)/> }
    });
    let channels = Channel::ALL.into_iter().enumerate().map(|(at, channel)| {
        let name = format!("form[channels][{at}]");
        let checked = typed.ticked(&name, channel.as_str(), location.channels.contains(&channel));
        view! { <Checkbox label=channel_name(channel) name value=channel.as_str() checked/> }
    });
    let channels = channels.collect_view();
    let active = typed.ticked("form[active]", "true", location.active);
    view! {
        <Title text=title.clone()/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title.clone()/>
            <PageHeader title/>
            <StaffForm action=save class="flex flex-col gap-5 max-w-3xl">
                <ProblemSummary problem/>
                <ShowSaved problem/>
                <input type="hidden" name="form[seen]" value=move || seen.get() autocomplete="off"/>
                <Panel title=tr!(COMMON_DETAILS)>
                    <div class="grid md:grid-cols-2 gap-4 items-start">
                        {code}
                        <Field label=tr!(ADMIN_SETTINGS_LOCATION_NAME) name="form[name]" id="name" value=typed.or("form[name]", location.name) maxlength=80 error=wrong(problem, "name")/>
                        <SelectField label=tr!(ADMIN_SETTINGS_LOCATION_KIND) name="form[kind]" id="kind" choices=kinds selected=typed.or("form[kind]", location.kind.as_str()) error=wrong(problem, "kind")/>
                        <SelectField label=tr!(ADMIN_SETTINGS_TIME_ZONE) name="form[time_zone]" id="time_zone" choices=zones selected=typed.or("form[time_zone]", location.time_zone) error=wrong(problem, "time_zone")/>
                        <Field label=tr!(ADMIN_SETTINGS_LOCATION_POSITION) name="form[position]" id="position" value=typed.or("form[position]", location.position.to_string()) inputmode="numeric" hint=tr!(ADMIN_SETTINGS_LOCATION_POSITION_HINT) error=wrong(problem, "position")/>
                    </div>
                </Panel>
                <Panel title=tr!(ADMIN_SETTINGS_LOCATION_ADDRESS)>
                    <div class="grid md:grid-cols-2 gap-4 items-start">{address.collect_view()}</div>
                </Panel>
                <Panel title=tr!(ADMIN_SETTINGS_LOCATION_SERVES)>
                    <div class="flex flex-col gap-4">
                        <fieldset>
                            <legend class="font-medium text-sm">{tr!(ADMIN_SETTINGS_LOCATION_CHANNELS)}</legend>
                            <p class="text-sm text-quiet">{tr!(ADMIN_SETTINGS_LOCATION_CHANNELS_HINT)}</p>
                            <div class="grid md:grid-cols-2">{channels}</div>
                        </fieldset>
                        <Checkbox label=tr!(ADMIN_SETTINGS_LOCATION_ACTIVE) name="form[active]" checked=active hint=tr!(ADMIN_SETTINGS_LOCATION_ACTIVE_HINT)/>
                    </div>
                </Panel>
                {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{if is_new { tr!(ADMIN_SETTINGS_LOCATION_ADD) } else { tr!(COMMON_SAVE_CHANGES) }}</Button></div> })}
            </StaffForm>
        </div>
    }
    .into_any()
}
