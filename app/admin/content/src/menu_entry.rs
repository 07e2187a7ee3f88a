//! An entry of a menu: where it leads, what it is called in each language, what it stands below.

use admin_layout::{Fields, StaffForm, address, on_done, shown};
use domain::Locale;
use domain::id::{MenuEntryId, ProductId};
use domain::permission::Permission;
use domain::view::{LinkKind, LinkTarget, Menu, MenuEntryDraft, MenuEntryEditView, MenuLabel, PickedProductView, TargetState};
use leptos::prelude::*;
use leptos_router::hooks::{use_navigate, use_params_map, use_query_map};
use serde::{Deserialize, Serialize};
use ui::{Breadcrumbs, Button, Choice, Field, LinkButton, Look, PageHeader, Panel, SelectField, Size, SkeletonText, tr};
use web::{
    Access, Answer, AppError, FormFallback, ProblemSummary, Title, Typed, access, access_of, lazy_page, problem, resource, typed,
    use_form_fallback, wrong,
};

use crate::find::{ProductSearch, find_products, found_list};
use crate::menus::{LIST, kind_name, name_of};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryView {
    pub entry: MenuEntryEditView,
    pub kind: LinkKind,
    /// The key of the form that adds it.
    pub key: String,
    pub may_write: bool,
}

/// An entry as typed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EntryForm {
    /// Empty for a new one.
    pub id: String,
    pub version: String,
    /// The code of its menu.
    pub menu: String,
    /// The code of its kind.
    pub kind: String,
    /// The id of the entry that it stands below; empty at the top.
    pub parent: String,
    /// The id of its category, page or product.
    pub target: String,
    /// What is searched for.
    pub words: String,
    pub address: String,
    pub labels: Vec<MenuLabel>,
}

#[cfg(feature = "ssr")]
impl EntryForm {
    /// The entry; none without a target that is an id.
    fn draft(self) -> Option<MenuEntryDraft> {
        let target = match LinkKind::parse(&self.kind)? {
            LinkKind::Heading => LinkTarget::Heading,
            LinkKind::Category => LinkTarget::Category(self.target.parse().ok()?),
            LinkKind::Page => LinkTarget::Page(self.target.parse().ok()?),
            LinkKind::Product => LinkTarget::Product(self.target.parse().ok()?),
            LinkKind::Search => LinkTarget::Search(self.words),
            LinkKind::Address => LinkTarget::Address(self.address),
        };
        Some(MenuEntryDraft {
            id: self.id.parse().ok(),
            version: self.version.parse().unwrap_or_default(),
            menu: Menu::parse(&self.menu)?,
            parent: self.parent.parse().ok(),
            target,
            labels: self.labels,
        })
    }
}

/// An entry, or for `new` a new one of this kind, of a product that was chosen.
#[server(endpoint = "admin/content/menus/entry", output = Answer)]
pub async fn read_menu_entry(menu: String, entry: String, kind: String, product: String) -> Result<EntryView, AppError> {
    use web::request;
    let (ctx, shop, locale) = (request::authorize(Access::Staff(Permission::ReadContent))?, request::shop()?, request::locale());
    let menu = Menu::parse(&menu).ok_or_else(request::not_found)?;
    let mut view = match (entry.as_str(), entry.parse::<MenuEntryId>()) {
        ("new", _) => {
            request::authorize(Access::Staff(Permission::WriteContent))?;
            let kind = LinkKind::parse(&kind).ok_or_else(request::not_found)?;
            let entry = backend::content::new_menu_entry(&shop, &ctx, locale, menu, kind).await.map_err(crate::content_error)?;
            EntryView { entry, kind, key: shop.id().to_string(), may_write: true }
        }
        (_, Ok(id)) => {
            let entry = backend::content::menu_entry_to_edit(&shop, &ctx, locale, menu, id).await.map_err(crate::content_error)?;
            let kind = entry.draft.target.kind();
            EntryView { entry, kind, key: String::new(), may_write: ctx.may(Permission::WriteContent) }
        }
        (_, Err(_)) => return Err(request::not_found()),
    };
    if let Some(chosen) = product.parse::<ProductId>().ok().filter(|_| view.kind == LinkKind::Product) {
        view.entry.draft.target = LinkTarget::Product(chosen);
        view.entry.targets = backend::content::product_choice(&shop, &ctx, locale, chosen).await.map_err(crate::content_error)?;
    }
    Ok(view)
}
access!(ReadMenuEntry, Access::Staff(Permission::ReadContent));

/// Saves an entry; without a script it redirects to the menus.
#[server(endpoint = "admin/content/menus/entry/save", output = Answer)]
pub async fn save_menu_entry(form: EntryForm, #[server(default)] key: String) -> Result<(), AppError> {
    use web::request;
    let (shop, locale) = (request::shop()?, request::locale());
    let ctx = request::authorize(Access::Staff(Permission::WriteContent))?.with_key(&key);
    let Some(draft) = form.draft() else {
        let message = ui::t::FIELD_CHOOSE.text(locale).to_owned();
        return Err(request::invalid(vec![("target".to_owned(), message)]));
    };
    backend::content::save_menu_entry(&shop, &ctx, locale, draft).await.map_err(crate::content_error)?;
    request::redirect(LIST);
    Ok(())
}
access!(SaveMenuEntry, Access::Staff(Permission::WriteContent));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ReadMenuEntry>(), access_of::<SaveMenuEntry>()];

/// `/admin/content/menus/:menu/:entry`
#[derive(Debug)]
pub struct EditMenuEntry;

lazy_page!(EditMenuEntry, settings, edit_entry_page);

/// What of its address the page goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Query {
    menu: String,
    entry: String,
    kind: String,
    /// What products are searched for.
    words: String,
    /// The id of the product that was chosen.
    product: String,
}

impl Query {
    fn page(&self) -> String {
        format!("{LIST}/{}/{}", self.menu, self.entry)
    }
}

fn edit_entry_page() -> AnyView {
    let fallback = use_form_fallback();
    let (params, address_query) = (use_params_map(), use_query_map());
    let query = Memo::new(move |_| {
        let of = |name: &str| address_query.with(|query| query.get(name).unwrap_or_default());
        let part = |name: &str| params.with(|params| params.get(name).unwrap_or_default());
        Query { menu: part("menu"), entry: part("entry"), kind: of("kind"), words: of("q"), product: of("product") }
    });
    let save = ServerAction::<SaveMenuEntry>::new();
    let to_list = use_navigate();
    on_done(save, tr!(COMMON_SAVED), move |()| to_list(LIST, Default::default()));
    let read = resource(
        move || query.get(),
        |Query { menu, entry, kind, words, product }| async move {
            let view = read_menu_entry(menu, entry, kind, product).await?;
            let found = if view.kind == LinkKind::Product { find_products(words).await? } else { Vec::new() };
            Ok((view, found))
        },
    );
    view! {
        <Transition fallback=|| view! { <SkeletonText/> }>
            {shown(read, move |(view, found)| page(view, found, &query.get_untracked(), save, &fallback))}
        </Transition>
    }
    .into_any()
}

fn page(
    view: EntryView,
    found: Vec<PickedProductView>,
    query: &Query,
    save: ServerAction<SaveMenuEntry>,
    fallback: &FormFallback,
) -> AnyView {
    let EntryView { entry, kind, key, may_write } = view;
    let (problem, typed) = (problem(save, fallback), typed(save, fallback));
    let menu = entry.draft.menu;
    let title = if entry.draft.id.is_none() { tr!(ADMIN_CONTENT_ENTRY_NEW) } else { tr!(ADMIN_CONTENT_ENTRY) };
    let above = vec![(LIST.to_owned(), name_of(menu).to_owned())];
    let finder = (kind == LinkKind::Product && may_write).then(|| finder(found, query));
    let is_chosen = kind != LinkKind::Product || matches!(entry.draft.target, LinkTarget::Product(_));
    let form = is_chosen.then(|| form(entry, kind, key, (&typed, problem), save, may_write));
    view! {
        <Title text=title/>
        <div class="flex flex-col gap-5">
            <Breadcrumbs above here=title/>
            <PageHeader title detail=kind_name(kind, menu)/>
            {finder}
            {form}
        </div>
    }
    .into_any()
}

/// The search for a product to lead to; which one is chosen is in the page's address.
fn finder(found: Vec<PickedProductView>, query: &Query) -> AnyView {
    let (page, kind, words) = (query.page(), query.kind.clone(), query.words.clone());
    let choose = {
        let page = page.clone();
        let (kind, words) = (kind.clone(), words.clone());
        move |id: ProductId, name: String| {
            let href = address(&page, &[("kind", &kind), ("q", &words), ("product", &id.to_string())]);
            let label = tr!(ADMIN_CONTENT_CHOOSE_PRODUCT, name = name);
            view! { <LinkButton href look=Look::Outline size=Size::Small attr:aria-label=label>{tr!(ADMIN_CONTENT_CHOOSE)}</LinkButton> }
                .into_any()
        }
    };
    let found = found_list(&words, found, choose);
    let fields = if kind.is_empty() { Vec::new() } else { vec![("kind", kind)] };
    view! {
        <Panel title=tr!(ADMIN_CONTENT_KIND_PRODUCT)>
            <div class="flex flex-col gap-4">
                <ProductSearch page words fields/>
                {found}
            </div>
        </Panel>
    }
    .into_any()
}

fn form(
    entry: MenuEntryEditView,
    kind: LinkKind,
    key: String,
    (typed, problem): (&Typed, Signal<Option<AppError>>),
    save: ServerAction<SaveMenuEntry>,
    may_write: bool,
) -> AnyView {
    let MenuEntryEditView { draft, parents, targets } = entry;
    let choices = targets.into_iter().map(|target| {
        let name = if target.state == TargetState::NotShown { tr!(ADMIN_CONTENT_NAME_NOT_SHOWN, name = target.name) } else { target.name };
        Choice::new(target.id, name)
    });
    let leads = leads_to(&draft, kind, choices.collect(), typed, problem);
    let labels = labels(&draft, kind, typed, problem);
    let below = below(&draft, parents, typed, problem);
    let (id, menu) = (draft.id.map(|id| id.to_string()).unwrap_or_default(), draft.menu);
    let place = below.map(|below| view! { <Panel title=tr!(ADMIN_CONTENT_PLACE)>{below}</Panel> });
    let leads = leads.map(|leads| view! { <Panel title=tr!(ADMIN_CONTENT_LEADS_TO)>{leads}</Panel> });
    view! {
        <StaffForm action=save class="flex flex-col gap-6 max-w-3xl">
            <ProblemSummary problem/>
            <input type="hidden" name="key" value=key autocomplete="off"/>
            <input type="hidden" name="form[id]" value=id autocomplete="off"/>
            // A browser that reloads the page must not restore the former version.
            <input type="hidden" name="form[version]" value=draft.version.to_string() autocomplete="off"/>
            <input type="hidden" name="form[menu]" value=menu.code() autocomplete="off"/>
            <input type="hidden" name="form[kind]" value=kind.code() autocomplete="off"/>
            <Fields may_write>
                {leads}
                <Panel title=tr!(ADMIN_CONTENT_LABEL)>{labels}</Panel>
                {place}
            </Fields>
            {may_write.then(|| view! { <div><Button kind="submit" busy=save.pending()>{tr!(COMMON_SAVE_CHANGES)}</Button></div> })}
        </StaffForm>
    }
    .into_any()
}

/// The field for where the entry leads; none of a heading.
fn leads_to(
    draft: &MenuEntryDraft,
    kind: LinkKind,
    choices: Vec<Choice>,
    typed: &Typed,
    problem: Signal<Option<AppError>>,
) -> Option<AnyView> {
    let (id, words, address) = match &draft.target {
        LinkTarget::Heading => Default::default(),
        LinkTarget::Category(id) => (id.to_string(), String::new(), String::new()),
        LinkTarget::Page(id) => (id.to_string(), String::new(), String::new()),
        LinkTarget::Product(id) => (id.to_string(), String::new(), String::new()),
        LinkTarget::Search(words) => (String::new(), words.clone(), String::new()),
        LinkTarget::Address(address) => (String::new(), String::new(), address.clone()),
    };
    let error = wrong(problem, "target");
    Some(match kind {
        LinkKind::Heading => return None,
        LinkKind::Category | LinkKind::Page => {
            let label = if kind == LinkKind::Page { tr!(ADMIN_CONTENT_KIND_PAGE) } else { tr!(ADMIN_CONTENT_KIND_CATEGORY) };
            let selected = typed.or("form[target]", id);
            view! { <SelectField label name="form[target]" id="target" choices selected empty=tr!(ADMIN_CONTENT_CHOOSE_ONE) error/> }
                .into_any()
        }
        LinkKind::Product => {
            let name = choices.into_iter().next().map(|choice| choice.label);
            let name = name.unwrap_or_else(|| tr!(ADMIN_CONTENT_TARGET_IS_DELETED).to_owned());
            let message = move || {
                error.get().map(|error| view! { <p id="target-error" class="tone-danger tone-ink text-sm font-medium">{error}</p> })
            };
            view! {
                <input type="hidden" name="form[target]" value=id autocomplete="off"/>
                <p class="wrap-anywhere font-medium" id="target">{name}</p>
                {message}
            }
            .into_any()
        }
        LinkKind::Search => {
            let value = typed.or("form[words]", words);
            view! { <Field label=tr!(ADMIN_CONTENT_WORDS) name="form[words]" id="words" value maxlength=100 hint=tr!(ADMIN_CONTENT_WORDS_HINT) error=wrong(problem, "words")/> }.into_any()
        }
        LinkKind::Address => {
            let value = typed.or("form[address]", address);
            view! { <Field label=tr!(ADMIN_CONTENT_KIND_ADDRESS) name="form[address]" id="address" value maxlength=500 hint=tr!(ADMIN_CONTENT_ADDRESS_HINT) error=wrong(problem, "address")/> }.into_any()
        }
    })
}

fn labels(draft: &MenuEntryDraft, kind: LinkKind, typed: &Typed, problem: Signal<Option<AppError>>) -> AnyView {
    let needs_own = matches!(kind, LinkKind::Heading | LinkKind::Address);
    let each = Locale::ALL.into_iter().enumerate().map(|(at, locale)| {
        let code = locale.code();
        let own = draft.labels.iter().find(|label| label.locale == code).map(|label| label.label.clone()).unwrap_or_default();
        let name = format!("form[labels][{at}][label]");
        let value = typed.or(&name, own);
        let optional = !needs_own || locale != Locale::En;
        let id = format!("label.{code}");
        view! {
            <div>
                <input type="hidden" name=format!("form[labels][{at}][locale]") value=code/>
                <Field lang=locale.tag() label=locale.name() name id=id.clone() value maxlength=60 optional error=wrong(problem, id)/>
            </div>
        }
    });
    let each = each.collect_view();
    let hint = if needs_own { tr!(ADMIN_CONTENT_LABEL_OWN_HINT) } else { tr!(ADMIN_CONTENT_LABEL_HINT) };
    view! {
        <div class="flex flex-col gap-4">
            <p class="text-sm text-quiet">{hint}</p>
            <div class="grid md:grid-cols-2 gap-4 items-start">{each}</div>
        </div>
    }
    .into_any()
}

/// The field for what the entry stands below; none where there is nothing to choose.
fn below(draft: &MenuEntryDraft, parents: Vec<(MenuEntryId, String)>, typed: &Typed, problem: Signal<Option<AppError>>) -> Option<AnyView> {
    if parents.is_empty() {
        return None;
    }
    let choices: Vec<Choice> = parents.into_iter().map(|(id, name)| Choice::new(id.to_string(), name)).collect();
    let selected = typed.or("form[parent]", draft.parent.map(|parent| parent.to_string()).unwrap_or_default());
    let (label, empty) = match draft.menu {
        Menu::Main => (tr!(ADMIN_CONTENT_BELOW), tr!(ADMIN_CONTENT_BELOW_NONE)),
        Menu::Footer => (tr!(ADMIN_CONTENT_KIND_COLUMN), tr!(ADMIN_CONTENT_CHOOSE_ONE)),
    };
    Some(view! { <div class="max-w-md"><SelectField label name="form[parent]" id="parent" choices selected empty error=wrong(problem, "parent")/></div> }.into_any())
}
