//! The main menu and the footer as shoppers see them: arranged by hand, or made of categories and pages until then.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::MenuEntryId;
use domain::messages::{Msg, t};
use domain::view::{LinkTarget, Menu, MenuEntryView, MenuLinkView, MenusView};
use domain::{Locale, Timestamp};
use platform::db::{Db, DbError, FromRow};
use uuid::Uuid;

use super::links::{self, Targets};
use super::{ContentError, published};
use crate::{Shop, catalog};

/// An entry with those below it.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// None of what the shop makes by itself.
    pub id: Option<MenuEntryId>,
    /// When it was last saved.
    pub version: Timestamp,
    pub target: LinkTarget,
    pub labels: HashMap<Locale, String>,
    pub below: Vec<Entry>,
}

impl Entry {
    fn generated(target: LinkTarget, label: Option<Msg>, below: Vec<Self>) -> Self {
        let labels = label.map(|label| Locale::ALL.into_iter().map(|locale| (locale, label.text(locale).to_owned())).collect());
        Self { id: None, version: Timestamp::from_millis(0), target, labels: labels.unwrap_or_default(), below }
    }

    /// What it is called: by its own label, else as its target, else by its English label.
    pub(super) fn name(&self, locale: Locale, targets: &Targets) -> String {
        let own = self.labels.get(&locale).map(String::as_str).or_else(|| targets.name(&self.target));
        own.or_else(|| self.labels.get(&Locale::En).map(String::as_str)).unwrap_or_default().to_owned()
    }

    /// As shoppers see it; none of what leads nowhere.
    fn view(&self, locale: Locale, targets: &Targets) -> Option<MenuEntryView> {
        let href = targets.href(&self.target)?;
        let below = self.below.iter().filter_map(|entry| {
            let href = targets.href(&entry.target).filter(|href| !href.is_empty())?;
            Some(MenuLinkView { name: entry.name(locale, targets), href })
        });
        let below: Vec<MenuLinkView> = below.collect();
        let is_something = !href.is_empty() || !below.is_empty();
        is_something.then(|| MenuEntryView { name: self.name(locale, targets), href, below })
    }
}

pub(super) fn views(entries: &[Entry], locale: Locale, targets: &Targets) -> Vec<MenuEntryView> {
    entries.iter().filter_map(|entry| entry.view(locale, targets)).collect()
}

/// The targets of entries and of those below them.
pub(super) fn targets_of(entries: &[Entry]) -> impl Iterator<Item = &LinkTarget> {
    entries.iter().flat_map(|entry| std::iter::once(&entry.target).chain(entry.below.iter().map(|entry| &entry.target)))
}

/// The menus as they are arranged; none of one that is not.
#[derive(Debug, Default)]
pub(super) struct Menus {
    main: Option<Vec<Entry>>,
    footer: Option<Vec<Entry>>,
}

impl Menus {
    pub(super) const fn of(&self, menu: Menu) -> Option<&Vec<Entry>> {
        match menu {
            Menu::Main => self.main.as_ref(),
            Menu::Footer => self.footer.as_ref(),
        }
    }
}

/// What a menu is while it is not arranged: the categories; in the footer these in a column, and columns of help and of pages.
pub(super) async fn generated(shop: &Shop, menu: Menu) -> Result<Vec<Entry>, ContentError> {
    let locale = Locale::default();
    let categories = catalog::published_categories(shop, locale).await?.into_iter();
    let categories = categories.map(|(id, _)| Entry::generated(LinkTarget::Category(id), None, Vec::new())).collect();
    if menu == Menu::Main {
        return Ok(categories);
    }
    let address = |path: &str, label: Msg| Entry::generated(LinkTarget::Address(path.to_owned()), Some(label), Vec::new());
    let help = vec![
        address("/orders/find", t::SHELL_FOOTER_TRACK),
        address("/categories", t::SHELL_ALL_CATEGORIES),
        address("/search", t::COMMON_SEARCH),
    ];
    let pages = published::links(shop, locale).await?.into_iter();
    let pages: Vec<Entry> = pages.map(|(id, _)| Entry::generated(LinkTarget::Page(id), None, Vec::new())).collect();
    let column = |title: Msg, below: Vec<Entry>| Entry::generated(LinkTarget::Heading, Some(title), below);
    let columns = [column(t::SHELL_FOOTER_SHOP, categories), column(t::SHELL_FOOTER_HELP, help), column(t::SHELL_FOOTER_PAGES, pages)];
    Ok(columns.into_iter().filter(|column| !column.below.is_empty()).collect())
}

async fn cached(shop: &Shop) -> Result<Arc<Menus>, DbError> {
    let reading = async { read(shop.db()).await.map(|menus| Some(Arc::new(menus))) };
    Ok(shop.content_cache().menus.get_or_read((), reading).await?.unwrap_or_default())
}

/// The menus as shoppers see them, from memory. What leads to something that they cannot see is left out, with what is below it.
///
/// # Errors
/// The database's.
pub async fn menus(shop: &Shop, locale: Locale) -> Result<MenusView, ContentError> {
    let arranged = cached(shop).await?;
    let (mut main, mut footer) = (arranged.main.clone(), arranged.footer.clone());
    if main.is_none() {
        main = Some(generated(shop, Menu::Main).await?);
    }
    if footer.is_none() {
        footer = Some(generated(shop, Menu::Footer).await?);
    }
    let (main, footer) = (main.unwrap_or_default(), footer.unwrap_or_default());
    let targets = Targets::shown(shop, locale, targets_of(&main).chain(targets_of(&footer))).await?;
    Ok(MenusView {
        main: views(&main, locale, &targets),
        is_main_arranged: arranged.main.is_some(),
        footer: views(&footer, locale, &targets),
    })
}

/// Reads the menus as they are arranged.
pub(super) async fn read(db: &Db) -> Result<Menus, DbError> {
    #[derive(FromRow)]
    struct Row {
        id: MenuEntryId,
        menu: String,
        parent_id: Option<MenuEntryId>,
        kind: String,
        target_id: Option<Uuid>,
        address: String,
        updated_at: Timestamp,
    }
    #[derive(FromRow)]
    struct Label {
        entry_id: MenuEntryId,
        locale: String,
        label: String,
    }
    let arranged: Vec<String> = db.fetch_scalars("select name from arrangements", &[]).await?;
    if arranged.is_empty() {
        return Ok(Menus::default());
    }
    let rows: Vec<Row> = db
        .fetch_all(
            "select id, menu, parent_id, kind, target_id, address, updated_at from menu_entries
             order by case when parent_id is null then 0 else 1 end, position, id",
            &[],
        )
        .await?;
    let mut labels: HashMap<MenuEntryId, HashMap<Locale, String>> = HashMap::new();
    for Label { entry_id, locale, label } in db.fetch_all("select entry_id, locale, label from menu_labels", &[]).await? {
        if let Some(locale) = Locale::parse(&locale) {
            labels.entry(entry_id).or_default().insert(locale, label);
        }
    }
    let mut of: HashMap<Menu, Vec<Entry>> = HashMap::new();
    // Those at the top come first.
    for row in rows {
        let (Some(menu), Some(target)) = (Menu::parse(&row.menu), links::target(&row.kind, row.target_id, row.address)) else { continue };
        let labels = labels.remove(&row.id).unwrap_or_default();
        let entry = Entry { id: Some(row.id), version: row.updated_at, target, labels, below: Vec::new() };
        let entries = of.entry(menu).or_default();
        match row.parent_id {
            None => entries.push(entry),
            Some(parent) => {
                if let Some(above) = entries.iter_mut().find(|above| above.id == Some(parent)) {
                    above.below.push(entry);
                }
            }
        }
    }
    let mut menu = |menu: Menu| arranged.iter().any(|name| name == menu.code()).then(|| of.remove(&menu).unwrap_or_default());
    Ok(Menus { main: menu(Menu::Main), footer: menu(Menu::Footer) })
}
