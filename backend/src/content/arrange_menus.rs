//! What managers do with menus: arrange one by hand, add entries, change, move and remove them, and have the shop make it by itself again.

use domain::id::{MenuEntryId, ProductId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{
    LinkKind, LinkTarget, Menu, MenuEntryDraft, MenuEntryEditView, MenuLabel, MenuRowView, MenuView, Move, TargetChoice, TargetState,
};
use domain::{Locale, Timestamp};
use platform::db::{FromRow, Hex, JsonRows, Tx, hex};
use platform::{Context, request_keys};
use serde::Serialize;
use uuid::Uuid;

use super::events::{MenuArranged, MenuEntryAdded, MenuEntryMoved, MenuEntryRemoved, MenuEntryUpdated, MenuReset};
use super::links::{self, Targets};
use super::menus::{self, Entry, generated, targets_of, views};
use super::{ContentError, arrangement};
use crate::Shop;
use crate::catalog::Checker;

/// Characters of a label.
const MAX_LABEL: usize = 60;
/// Entries of a menu, those below others included.
const MAX_ENTRIES: i64 = 100;

/// A menu as it is arranged, with what shoppers do not see marked.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn menu(shop: &Shop, ctx: &Context, locale: Locale, menu: Menu) -> Result<MenuView, ContentError> {
    ctx.require(Permission::ReadContent)?;
    let arranged = menus::read(shop.db()).await?;
    let Some(entries) = arranged.of(menu) else {
        let entries = generated(shop, menu).await?;
        let targets = Targets::shown(shop, locale, targets_of(&entries)).await?;
        return Ok(MenuView { menu, generated: views(&entries, locale, &targets), ..MenuView::default() });
    };
    let targets = Targets::all(shop, locale, targets_of(entries)).await?;
    Ok(MenuView { menu, is_arranged: true, rows: rows(entries, locale, &targets), generated: Vec::new() })
}

fn rows(entries: &[Entry], locale: Locale, targets: &Targets) -> Vec<MenuRowView> {
    let row = |entry: &Entry| {
        Some(MenuRowView {
            id: entry.id?,
            name: entry.name(locale, targets),
            target: entry.target.clone(),
            state: targets.state(&entry.target),
            below: rows(&entry.below, locale, targets),
        })
    };
    entries.iter().filter_map(row).collect()
}

/// Has a menu arranged by hand from now on. It begins with what the shop made by itself. Without effect on one that is arranged.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn arrange_menu(shop: &Shop, ctx: &Context, menu: Menu) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    let entries = generated(shop, menu).await?;
    shop.write(ctx, async move |tx| {
        if !arrangement::begin(tx, menu.code()).await? {
            return Ok(());
        }
        insert_generated(tx, menu, &entries).await?;
        tx.record(Uuid::nil(), MenuArranged { menu });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

#[derive(Serialize)]
struct EntryRow {
    id: String,
    menu: &'static str,
    parent: Option<String>,
    position: usize,
    kind: &'static str,
    target: Option<String>,
    address: String,
    at: Timestamp,
}

#[derive(Serialize)]
struct LabelRow {
    entry: String,
    locale: &'static str,
    label: String,
}

async fn insert_generated(tx: &mut Tx, menu: Menu, entries: &[Entry]) -> Result<(), ContentError> {
    let (mut top, mut below, mut labels) = (JsonRows::new(), JsonRows::new(), JsonRows::new());
    for (position, entry) in entries.iter().enumerate() {
        let id = push(tx, menu, None, position, entry, (&mut top, &mut labels));
        for (position, entry) in entry.below.iter().enumerate() {
            push(tx, menu, Some(id), position, entry, (&mut below, &mut labels));
        }
    }
    // Those at the top first, which the others refer to.
    for rows in [top, below] {
        tx.write_rows(
            "insert into menu_entries (id, menu, parent_id, position, kind, target_id, address, updated_at)
             select unhex(value->>'id'), value->>'menu', unhex(value->>'parent'), cast(value->>'position' as bigint), value->>'kind',
                unhex(value->>'target'), value->>'address', cast(value->>'at' as bigint)
             from json_each($1)",
            rows,
        )
        .await?;
    }
    insert_labels(tx, labels).await
}

fn push(
    tx: &Tx,
    menu: Menu,
    parent: Option<MenuEntryId>,
    position: usize,
    entry: &Entry,
    (rows, labels): (&mut JsonRows, &mut JsonRows),
) -> MenuEntryId {
    let id = MenuEntryId(tx.id());
    let (kind, target, address) = links::stored(&entry.target);
    let as_hex = |id: Uuid| id.simple().to_string();
    rows.push(&EntryRow {
        id: as_hex(id.0),
        menu: menu.code(),
        parent: parent.map(|parent| as_hex(parent.0)),
        position,
        kind,
        target: target.map(as_hex),
        address,
        at: tx.now(),
    });
    for (locale, label) in &entry.labels {
        labels.push(&LabelRow { entry: as_hex(id.0), locale: locale.code(), label: label.clone() });
    }
    id
}

async fn insert_labels(tx: &mut Tx, labels: JsonRows) -> Result<(), ContentError> {
    tx.write_rows(
        "insert into menu_labels (entry_id, locale, label)
         select unhex(value->>'entry'), value->>'locale', value->>'label' from json_each($1)",
        labels,
    )
    .await?;
    Ok(())
}

/// Removes all entries of a menu, which the shop makes by itself again.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn reset_menu(shop: &Shop, ctx: &Context, menu: Menu) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        if !arrangement::end(tx, menu.code()).await? {
            return Ok(());
        }
        let code = menu.code();
        tx.execute("delete from menu_labels where entry_id in (select id from menu_entries where menu = $1)", &[&code]).await?;
        tx.execute("delete from menu_entries where menu = $1 and parent_id is not null", &[&code]).await?;
        tx.execute("delete from menu_entries where menu = $1", &[&code]).await?;
        tx.record(Uuid::nil(), MenuReset { menu });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// A new entry of this kind, with what it can be set to. In the footer a heading is a column.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn new_menu_entry(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    menu: Menu,
    kind: LinkKind,
) -> Result<MenuEntryEditView, ContentError> {
    ctx.require(Permission::WriteContent)?;
    let arranged = menus::read(shop.db()).await?;
    let entries = arranged.of(menu).ok_or(ContentError::Unknown)?;
    let targets = Targets::all(shop, locale, targets_of(entries)).await?;
    let draft = MenuEntryDraft { menu, ..MenuEntryDraft::default() };
    let targets_of_kind = if kind == LinkKind::Product { Vec::new() } else { targets.choices(kind) };
    Ok(MenuEntryEditView { draft, parents: parents(entries, None, kind, locale, &targets), targets: targets_of_kind })
}

/// An entry as it is edited.
///
/// # Errors
/// [`ContentError::Unknown`], not allowed, or the database's.
pub async fn menu_entry_to_edit(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    menu: Menu,
    id: MenuEntryId,
) -> Result<MenuEntryEditView, ContentError> {
    ctx.require(Permission::ReadContent)?;
    let arranged = menus::read(shop.db()).await?;
    let entries = arranged.of(menu).ok_or(ContentError::Unknown)?;
    let (parent, entry) = find(entries, id).ok_or(ContentError::Unknown)?;
    let targets = Targets::all(shop, locale, targets_of(entries)).await?;
    let labels = Locale::ALL
        .into_iter()
        .filter_map(|locale| Some(MenuLabel { locale: locale.code().to_owned(), label: entry.labels.get(&locale)?.clone() }));
    let kind = entry.target.kind();
    let mut choices = targets.choices(kind);
    if let LinkTarget::Product(product) = &entry.target {
        choices.retain(|choice| choice.id == product.to_string());
    }
    let draft = MenuEntryDraft {
        id: Some(id),
        version: entry.version.millis(),
        menu,
        parent: parent.and_then(|parent| parent.id),
        target: entry.target.clone(),
        labels: labels.collect(),
    };
    Ok(MenuEntryEditView { draft, parents: parents(entries, Some(entry), kind, locale, &targets), targets: choices })
}

/// A product that an entry may lead to, as a choice; none where it is deleted.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn product_choice(shop: &Shop, ctx: &Context, locale: Locale, product: ProductId) -> Result<Vec<TargetChoice>, ContentError> {
    ctx.require(Permission::ReadContent)?;
    Ok(Targets::with_products(shop, locale, &[product]).await?.choices(LinkKind::Product))
}

/// An entry with the one that it stands below.
fn find(entries: &[Entry], id: MenuEntryId) -> Option<(Option<&Entry>, &Entry)> {
    let is_it = |entry: &&Entry| entry.id == Some(id);
    let below = || entries.iter().find_map(|above| Some((Some(above), above.below.iter().find(is_it)?)));
    entries.iter().find(is_it).map(|entry| (None, entry)).or_else(below)
}

/// What an entry of this kind can stand below.
fn parents(entries: &[Entry], entry: Option<&Entry>, kind: LinkKind, locale: Locale, targets: &Targets) -> Vec<(MenuEntryId, String)> {
    if kind == LinkKind::Heading || entry.is_some_and(|entry| !entry.below.is_empty()) {
        return Vec::new();
    }
    let own = entry.and_then(|entry| entry.id);
    let others = entries.iter().filter(|other| other.id != own);
    others.filter_map(|other| Some((other.id?, other.name(locale, targets)))).collect()
}

/// Saves an entry; a new one comes behind those beside it, and once under one request key. The kind of a known one stays.
///
/// # Errors
/// [`ContentError::Invalid`] by field (`label.en`, `target`, `words`, `address`, `parent`), [`ContentError::Stale`] when somebody else
/// saved it since, [`ContentError::Unknown`] entry, or menu that is not arranged, not allowed.
pub async fn save_menu_entry(shop: &Shop, ctx: &Context, locale: Locale, draft: MenuEntryDraft) -> Result<MenuEntryId, ContentError> {
    ctx.require(Permission::WriteContent)?;
    let targets = Targets::all(shop, locale, [&draft.target]).await?;
    let draft = check(locale, draft, &targets)?;
    let id = draft.id.unwrap_or_else(|| MenuEntryId(shop.id()));
    let id = shop.write(ctx, async move |tx| write(tx, locale, id, &draft).await).await?;
    shop.content_cache().invalidate();
    Ok(id)
}

fn check(locale: Locale, draft: MenuEntryDraft, targets: &Targets) -> Result<MenuEntryDraft, ContentError> {
    let mut c = Checker { locale, errors: Vec::new() };
    let target = links::check(&mut c, &draft.target);
    if targets.state(&target) == TargetState::Deleted {
        c.wrong("target", t::ADMIN_CONTENT_TARGET_DELETED.text(locale));
    }
    let kind = target.kind();
    let mut labels = Vec::new();
    for label_locale in Locale::ALL {
        let (code, none) = (label_locale.code(), String::new());
        let typed = draft.labels.iter().find(|label| label.locale == code).map_or(&none, |label| &label.label);
        let field = format!("label.{code}");
        // What has no name of its own needs one, in English for all.
        let is_needed = label_locale == Locale::En && matches!(kind, LinkKind::Heading | LinkKind::Address);
        let label = if is_needed { c.required(&field, typed, MAX_LABEL) } else { c.text(&field, typed, MAX_LABEL) };
        if !label.is_empty() {
            labels.push(MenuLabel { locale: code.to_owned(), label });
        }
    }
    if draft.menu == Menu::Footer && draft.parent.is_none() && kind != LinkKind::Heading {
        c.wrong("parent", t::FIELD_REQUIRED.text(locale));
    }
    if c.errors.is_empty() { Ok(MenuEntryDraft { target, labels, ..draft }) } else { Err(ContentError::Invalid(c.errors)) }
}

async fn write(tx: &mut Tx, locale: Locale, id: MenuEntryId, draft: &MenuEntryDraft) -> Result<MenuEntryId, ContentError> {
    if !arrangement::lock(tx, draft.menu.code()).await? {
        return Err(ContentError::Unknown);
    }
    let ctx = tx.ctx().clone();
    let asked = serde_json::to_string(draft).unwrap_or_default();
    if draft.id.is_none()
        && let Some(known) = request_keys::answered(tx, &ctx, "menu_entry.add", &asked).await?
    {
        return known.parse().map_err(|_| ContentError::Unknown);
    }
    check_parent(tx, locale, id, draft).await?;
    let (menu, label) = (draft.menu, draft.labels.iter().find(|label| label.locale == Locale::En.code()));
    let label = label.map(|label| label.label.clone()).unwrap_or_default();
    if draft.id.is_some() {
        update(tx, id, draft).await?;
        tx.execute("delete from menu_labels where entry_id = $1", &[&id]).await?;
        tx.record(id, MenuEntryUpdated { menu, label });
    } else {
        insert(tx, locale, id, draft).await?;
        request_keys::keep(tx, &ctx, "menu_entry.add", &asked, &id.to_string()).await?;
        tx.record(id, MenuEntryAdded { menu, label });
    }
    #[derive(Serialize)]
    struct Row<'a> {
        entry: Hex<'a>,
        locale: &'a str,
        label: &'a str,
    }
    let rows: JsonRows = draft.labels.iter().map(|MenuLabel { locale, label }| Row { entry: hex(&id), locale, label }).collect();
    insert_labels(tx, rows).await?;
    Ok(id)
}

/// What an entry stands below is one at the top of its menu, and nothing stands below the entry itself.
async fn check_parent(tx: &mut Tx, locale: Locale, id: MenuEntryId, draft: &MenuEntryDraft) -> Result<(), ContentError> {
    let Some(parent) = draft.parent else { return Ok(()) };
    let sql = "select id from menu_entries where id = $1 and menu = $2 and parent_id is null and id <> $3
        and not exists (select 1 from menu_entries b where b.parent_id = $3)";
    let found: Option<MenuEntryId> = tx.fetch_optional_scalar(sql, &[&parent, &draft.menu.code(), &id]).await?;
    if found.is_none() || draft.target == LinkTarget::Heading {
        let message = t::ADMIN_CONTENT_PARENT_INVALID.text(locale).to_owned();
        return Err(ContentError::Invalid(vec![("parent".to_owned(), message)]));
    }
    Ok(())
}

#[derive(FromRow)]
struct Place {
    menu: String,
    parent_id: Option<MenuEntryId>,
    kind: String,
    updated_at: Timestamp,
}

/// Where an entry is.
async fn place(tx: &mut Tx, id: MenuEntryId) -> Result<(Menu, Place), ContentError> {
    let sql = "select menu, parent_id, kind, updated_at from menu_entries where id = $1";
    let place: Place = tx.fetch_optional(sql, &[&id]).await?.ok_or(ContentError::Unknown)?;
    Ok((Menu::parse(&place.menu).ok_or(ContentError::Unknown)?, place))
}

/// The entries beside each other, in order: at the top, or below one.
async fn siblings(tx: &mut Tx, menu: Menu, parent: Option<MenuEntryId>) -> Result<Vec<MenuEntryId>, ContentError> {
    let ids = match parent {
        Some(parent) => tx.fetch_scalars("select id from menu_entries where parent_id = $1 order by position, id", &[&parent]).await?,
        None => {
            let sql = "select id from menu_entries where menu = $1 and parent_id is null order by position, id";
            tx.fetch_scalars(sql, &[&menu.code()]).await?
        }
    };
    Ok(ids)
}

/// Writes the order of entries that stand beside each other.
async fn put_in_order(tx: &mut Tx, ids: &[MenuEntryId]) -> Result<(), ContentError> {
    for (position, id) in ids.iter().enumerate() {
        let position = i64::try_from(position).unwrap_or_default();
        tx.execute("update menu_entries set position = $2 where id = $1 and position <> $2", &[id, &position]).await?;
    }
    Ok(())
}

async fn update(tx: &mut Tx, id: MenuEntryId, draft: &MenuEntryDraft) -> Result<(), ContentError> {
    let (menu, place) = place(tx, id).await?;
    let (kind, target, address) = links::stored(&draft.target);
    if menu != draft.menu || place.kind != kind {
        return Err(ContentError::Unknown);
    }
    if place.updated_at.millis() != draft.version {
        return Err(ContentError::Stale);
    }
    // The time is the version, so two saves in one millisecond must differ.
    let at = tx.now().max(place.updated_at.plus_millis(1));
    let sql = "update menu_entries set target_id = $2, address = $3, updated_at = $4 where id = $1";
    tx.execute(sql, &[&id, &target, &address, &at]).await?;
    if place.parent_id != draft.parent {
        put_last(tx, menu, id, draft.parent).await?;
    }
    Ok(())
}

async fn insert(tx: &mut Tx, locale: Locale, id: MenuEntryId, draft: &MenuEntryDraft) -> Result<(), ContentError> {
    let code = draft.menu.code();
    let count: i64 = tx.fetch_scalar("select count(*) from menu_entries where menu = $1", &[&code]).await?;
    if count >= MAX_ENTRIES {
        let message = t::ADMIN_CONTENT_MENU_FULL.with(locale, &[("max", &MAX_ENTRIES.to_string())]);
        return Err(ContentError::Invalid(vec![("label.en".to_owned(), message)]));
    }
    let (kind, target, address) = links::stored(&draft.target);
    tx.execute(
        "insert into menu_entries (id, menu, position, kind, target_id, address, updated_at) values ($1, $2, $3, $4, $5, $6, $7)",
        &[&id, &code, &MAX_ENTRIES, &kind, &target, &address, &tx.now()],
    )
    .await?;
    put_last(tx, draft.menu, id, draft.parent).await
}

/// Puts an entry behind all others at the top, or below another.
async fn put_last(tx: &mut Tx, menu: Menu, id: MenuEntryId, parent: Option<MenuEntryId>) -> Result<(), ContentError> {
    let mut order = siblings(tx, menu, parent).await?;
    order.retain(|other| *other != id);
    order.push(id);
    tx.execute("update menu_entries set parent_id = $2 where id = $1", &[&id, &parent]).await?;
    put_in_order(tx, &order).await
}

/// Moves an entry. Without effect where it cannot be moved so, as at an end.
///
/// # Errors
/// [`ContentError::Unknown`] for one that is not there, not allowed, or the database's.
pub async fn move_menu_entry(shop: &Shop, ctx: &Context, id: MenuEntryId, way: Move) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let (menu, _) = place(tx, id).await?;
        arrangement::lock(tx, menu.code()).await?;
        // Where it is now that nobody else moves it.
        let (menu, Place { parent_id: parent, kind, .. }) = place(tx, id).await?;
        let mut order = siblings(tx, menu, parent).await?;
        let at = order.iter().position(|other| *other == id).unwrap_or_default();
        match (way, parent) {
            (Move::Up, _) if at > 0 => order.swap(at, at - 1),
            (Move::Down, _) if at + 1 < order.len() => order.swap(at, at + 1),
            (Move::In, None) if at > 0 && menu == Menu::Main && kind != LinkKind::Heading.code() => {
                if !siblings(tx, menu, Some(id)).await?.is_empty() {
                    return Ok(());
                }
                put_last(tx, menu, id, Some(order[at - 1])).await?;
                order.remove(at);
            }
            (Move::Out, Some(parent)) if menu == Menu::Main => {
                order = siblings(tx, menu, None).await?;
                let behind = order.iter().position(|other| *other == parent).map_or(order.len(), |at| at + 1);
                order.insert(behind, id);
                tx.execute("update menu_entries set parent_id = null where id = $1", &[&id]).await?;
            }
            _ => return Ok(()),
        }
        put_in_order(tx, &order).await?;
        tx.record(id, MenuEntryMoved { way });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Removes an entry with those below it.
///
/// # Errors
/// [`ContentError::Unknown`] for one that is not there, not allowed, or the database's.
pub async fn remove_menu_entry(shop: &Shop, ctx: &Context, id: MenuEntryId) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let (menu, _) = place(tx, id).await?;
        arrangement::lock(tx, menu.code()).await?;
        let (menu, _) = place(tx, id).await?;
        let sql = "delete from menu_labels where entry_id in (select id from menu_entries where id = $1 or parent_id = $1)";
        tx.execute(sql, &[&id]).await?;
        tx.execute("delete from menu_entries where parent_id = $1", &[&id]).await?;
        tx.execute("delete from menu_entries where id = $1", &[&id]).await?;
        tx.record(id, MenuEntryRemoved { menu });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}
