//! What managers do with the home page: arrange it by hand, add sections, change, date, hide, move and remove them, and have it as every
//! shop has it again.

use domain::id::{HomeSectionId, PictureId};
use domain::messages::t;
use domain::permission::Permission;
use domain::view::{
    HomeSectionDraft, HomeSectionEditView, HomeSectionRowView, LinkKind, LinkTarget, Move, PickedProductView, PictureView, SectionKind,
    SectionState, SectionTexts, TargetState,
};
use domain::{Locale, Timestamp};
use platform::db::{Flag, FromRow, Hex, JsonRows, Tx, hex};
use platform::{Context, request_keys};
use serde::Serialize;
use uuid::Uuid;

use super::events::{HomeArranged, HomeReset, HomeSectionAdded, HomeSectionMoved, HomeSectionRemoved, HomeSectionUpdated};
use super::home::{self, Section, usual_sections};
use super::links::{self, Targets};
use super::{ContentError, HOME, arrangement, section_dates};
use crate::Shop;
use crate::catalog::Checker;

const MAX_TITLE: usize = 120;
/// Characters of a banner's words.
const MAX_WORDS: usize = 400;
/// Characters of a text in Markdown.
const MAX_TEXT: usize = 10_000;
const MAX_ACTION: usize = 60;
const MAX_ALT: usize = 300;
const MAX_SECTIONS: i64 = 30;

/// The sections in order, hidden ones too; none where they are not arranged.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn home_sections(shop: &Shop, ctx: &Context, locale: Locale) -> Result<Option<Vec<HomeSectionRowView>>, ContentError> {
    ctx.require(Permission::ReadContent)?;
    let Some(sections) = home::read(shop.db()).await?.0 else { return Ok(None) };
    let targets = Targets::all(shop, locale, sections.iter().map(|section| &section.link)).await?;
    let now = shop.now();
    let row = |section: &Section| {
        let source = section.category.filter(|_| section.kind == SectionKind::Products).map(LinkTarget::Category);
        let target = source.unwrap_or_else(|| section.link.clone());
        let title = section.text(locale, |texts| &texts.title).to_owned();
        let of_category = || targets.name(&target).filter(|_| section.kind == SectionKind::Products).unwrap_or_default().to_owned();
        Some(HomeSectionRowView {
            id: section.id?,
            kind: section.kind,
            title: if title.is_empty() { of_category() } else { title },
            state: state(section, now),
            visible_from: section.visible_from,
            visible_until: section.visible_until,
            target: targets.state(&target),
        })
    };
    Ok(Some(sections.iter().filter_map(row).collect()))
}

fn state(section: &Section, now: Timestamp) -> SectionState {
    if section.hidden {
        SectionState::Hidden
    } else if section.visible_until.is_some_and(|until| until <= now) {
        SectionState::Ended
    } else if section.is_visible_at(now) {
        SectionState::Shown
    } else {
        SectionState::Planned
    }
}

/// Has the home page arranged by hand from now on. It begins with the sections that every shop has. Without effect on one that is arranged.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn arrange_home(shop: &Shop, ctx: &Context) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    let sections = usual_sections(shop).await?;
    shop.write(ctx, async move |tx| {
        if !arrangement::begin(tx, HOME).await? {
            return Ok(());
        }
        for (position, section) in (0_i64..).zip(&sections) {
            let id = HomeSectionId(tx.id());
            let draft = section.draft();
            insert(tx, id, position, &draft, section.picture.map(|(id, ..)| id)).await?;
            insert_texts(tx, id, &draft.texts).await?;
        }
        tx.record(Uuid::nil(), HomeArranged {});
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Removes all sections: the home page has those that every shop has again.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn reset_home(shop: &Shop, ctx: &Context) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        if !arrangement::end(tx, HOME).await? {
            return Ok(());
        }
        tx.execute("delete from home_section_products", &[]).await?;
        tx.execute("delete from home_section_texts", &[]).await?;
        tx.execute("delete from home_sections", &[]).await?;
        tx.record(Uuid::nil(), HomeReset {});
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

async fn edit_view(shop: &Shop, locale: Locale, section: &Section, draft: HomeSectionDraft) -> Result<HomeSectionEditView, ContentError> {
    let targets = Targets::with_products(shop, locale, &section.products).await?;
    let product = |id| {
        let target = LinkTarget::Product(id);
        PickedProductView { id, name: targets.name(&target).unwrap_or_default().to_owned(), state: targets.state(&target) }
    };
    Ok(HomeSectionEditView {
        draft,
        picture: section.picture.map(|(id, width, height)| {
            let alt = section.text(locale, |texts| &texts.alt).to_owned();
            PictureView { id, alt, width, height }
        }),
        products: section.products.iter().copied().map(product).collect(),
        categories: targets.choices(LinkKind::Category),
        pages: targets.choices(LinkKind::Page),
    })
}

/// A new section of this kind, hidden, with what it can be set to.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn new_home_section(shop: &Shop, ctx: &Context, locale: Locale, kind: SectionKind) -> Result<HomeSectionEditView, ContentError> {
    ctx.require(Permission::WriteContent)?;
    let section = Section { hidden: true, ..Section::of_kind(kind) };
    let draft = section.draft();
    edit_view(shop, locale, &section, draft).await
}

/// A section as it is edited.
///
/// # Errors
/// [`ContentError::Unknown`], not allowed, or the database's.
pub async fn home_section_to_edit(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    id: HomeSectionId,
) -> Result<HomeSectionEditView, ContentError> {
    ctx.require(Permission::ReadContent)?;
    let sections = home::read(shop.db()).await?.0.unwrap_or_default();
    let section = sections.iter().find(|section| section.id == Some(id)).ok_or(ContentError::Unknown)?;
    edit_view(shop, locale, section, section.draft()).await
}

/// Saves a section; a new one comes last, and once under one request key. The kind of a known one stays.
///
/// # Errors
/// [`ContentError::Invalid`] by field (`title.en`, `body.fil`, `action.en`, `alt.en`, `category`, `link`, `address`, `visible_until`),
/// [`ContentError::Stale`] when somebody else saved it since, [`ContentError::Unknown`] section, or home page that is not arranged, not
/// allowed.
pub async fn save_home_section(shop: &Shop, ctx: &Context, locale: Locale, draft: HomeSectionDraft) -> Result<HomeSectionId, ContentError> {
    ctx.require(Permission::WriteContent)?;
    let targets = Targets::all(shop, locale, [&draft.link]).await?;
    let draft = check(locale, draft, &targets)?;
    let id = draft.id.unwrap_or_else(|| HomeSectionId(shop.id()));
    let id = shop.write(ctx, async move |tx| write(tx, locale, id, &draft).await).await?;
    shop.content_cache().invalidate();
    Ok(id)
}

fn check(locale: Locale, draft: HomeSectionDraft, targets: &Targets) -> Result<HomeSectionDraft, ContentError> {
    let mut c = Checker { locale, errors: Vec::new() };
    let kind = draft.kind;
    let texts = Locale::ALL.into_iter().map(|text_locale| check_texts(&mut c, kind, text_locale, &draft)).collect();
    let is_gone = |target: &LinkTarget| targets.state(target) == TargetState::Deleted;
    let category = draft.category.filter(|_| kind == SectionKind::Products);
    if kind == SectionKind::Products && category.is_none_or(|id| is_gone(&LinkTarget::Category(id))) {
        c.wrong("category", t::ADMIN_CONTENT_TARGET_DELETED.text(locale));
    }
    let link = if kind == SectionKind::Banner { links::check(&mut c, &draft.link) } else { LinkTarget::Heading };
    if is_gone(&link) {
        c.wrong("link", t::ADMIN_CONTENT_TARGET_DELETED.text(locale));
    }
    if draft.visible_from.is_some_and(|from| draft.visible_until.is_some_and(|until| until <= from)) {
        c.wrong("visible_until", t::ADMIN_CONTENT_UNTIL_INVALID.text(locale));
    }
    if c.errors.is_empty() { Ok(HomeSectionDraft { texts, category, link, ..draft }) } else { Err(ContentError::Invalid(c.errors)) }
}

/// Checks the texts in one language, and leaves out those that a section of this kind does not show.
fn check_texts(c: &mut Checker, kind: SectionKind, locale: Locale, draft: &HomeSectionDraft) -> SectionTexts {
    let code = locale.code();
    let typed = draft.texts.iter().find(|texts| texts.locale == code).cloned().unwrap_or_default();
    let field = |name: &str| format!("{name}.{code}");
    let is_english = locale == Locale::En;
    let mut checked = |name: &str, text: &str, is_needed: bool, most: usize| {
        let text = text.replace("\r\n", "\n");
        if is_needed { c.required(&field(name), &text, most) } else { c.text(&field(name), &text, most) }
    };
    let has_words = kind != SectionKind::Promises;
    let has_title = is_english && matches!(kind, SectionKind::Banner | SectionKind::Picked);
    let mut texts = SectionTexts { locale: code.to_owned(), ..SectionTexts::default() };
    if has_words {
        texts.title = checked("title", &typed.title, has_title, MAX_TITLE);
    }
    match kind {
        SectionKind::Banner => {
            texts.body = checked("body", &typed.body, false, MAX_WORDS);
            texts.action = checked("action", &typed.action, false, MAX_ACTION);
            texts.alt = checked("alt", &typed.alt, false, MAX_ALT);
        }
        SectionKind::Text => texts.body = checked("body", &typed.body, is_english, MAX_TEXT),
        _ => {}
    }
    texts
}

async fn write(tx: &mut Tx, locale: Locale, id: HomeSectionId, draft: &HomeSectionDraft) -> Result<HomeSectionId, ContentError> {
    if !arrangement::lock(tx, HOME).await? {
        return Err(ContentError::Unknown);
    }
    let ctx = tx.ctx().clone();
    let asked = serde_json::to_string(draft).unwrap_or_default();
    if draft.id.is_none()
        && let Some(known) = request_keys::answered(tx, &ctx, "home_section.add", &asked).await?
    {
        return known.parse().map_err(|_| ContentError::Unknown);
    }
    let kind = draft.kind.code().to_owned();
    if draft.id.is_some() {
        let changed = update(tx, id, draft).await?;
        tx.execute("delete from home_section_texts where section_id = $1", &[&id]).await?;
        tx.record(id, HomeSectionUpdated { changed, product: None });
    } else {
        let count: i64 = tx.fetch_scalar("select count(*) from home_sections", &[]).await?;
        if count >= MAX_SECTIONS {
            let message = t::ADMIN_CONTENT_HOME_FULL.with(locale, &[("max", &MAX_SECTIONS.to_string())]);
            return Err(ContentError::Invalid(vec![("title.en".to_owned(), message)]));
        }
        let last: i64 = tx.fetch_scalar("select coalesce(max(position), 0) from home_sections", &[]).await?;
        insert(tx, id, last + 1, draft, None).await?;
        request_keys::keep(tx, &ctx, "home_section.add", &asked, &id.to_string()).await?;
        tx.record(id, HomeSectionAdded { kind });
    }
    insert_texts(tx, id, &draft.texts).await?;
    section_dates::schedule_sections(tx, tx.now()).await?;
    Ok(id)
}

async fn insert(
    tx: &mut Tx,
    id: HomeSectionId,
    position: i64,
    draft: &HomeSectionDraft,
    picture: Option<PictureId>,
) -> Result<(), ContentError> {
    let (link_kind, link, link_address) = links::stored(&draft.link);
    let (from, until) = (&draft.visible_from, &draft.visible_until);
    tx.execute(
        "insert into home_sections (id, position, kind, hidden, visible_from, visible_until, category_id, picture_id, link_kind, link_id,
            link_address, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        &[
            &id,
            &position,
            &draft.kind.code(),
            &draft.hidden,
            from,
            until,
            &draft.category,
            &picture,
            &link_kind,
            &link,
            &link_address,
            &tx.now(),
        ],
    )
    .await?;
    Ok(())
}

/// Writes a section that is known, and returns which parts of it changed; its texts are among them.
async fn update(tx: &mut Tx, id: HomeSectionId, draft: &HomeSectionDraft) -> Result<Vec<String>, ContentError> {
    #[derive(FromRow)]
    struct Before {
        kind: String,
        hidden: Flag,
        visible_from: Option<Timestamp>,
        visible_until: Option<Timestamp>,
        updated_at: Timestamp,
    }
    let sql = "select kind, hidden, visible_from, visible_until, updated_at from home_sections where id = $1";
    let before: Before = tx.fetch_optional(sql, &[&id]).await?.ok_or(ContentError::Unknown)?;
    if before.kind != draft.kind.code() {
        return Err(ContentError::Unknown);
    }
    if before.updated_at.millis() != draft.version {
        return Err(ContentError::Stale);
    }
    // The time is the version, so two saves in one millisecond must differ.
    let at = tx.now().max(before.updated_at.plus_millis(1));
    let (link_kind, link, link_address) = links::stored(&draft.link);
    tx.execute(
        "update home_sections set hidden = $2, visible_from = $3, visible_until = $4, category_id = $5, link_kind = $6, link_id = $7,
            link_address = $8, updated_at = $9
         where id = $1",
        &[&id, &draft.hidden, &draft.visible_from, &draft.visible_until, &draft.category, &link_kind, &link, &link_address, &at],
    )
    .await?;
    let mut changed = vec!["texts".to_owned()];
    if before.hidden.0 != draft.hidden {
        changed.push("hidden".to_owned());
    }
    if (before.visible_from, before.visible_until) != (draft.visible_from, draft.visible_until) {
        changed.push("dates".to_owned());
    }
    Ok(changed)
}

async fn insert_texts(tx: &mut Tx, id: HomeSectionId, texts: &[SectionTexts]) -> Result<(), ContentError> {
    #[derive(Serialize)]
    struct Row<'a> {
        section: Hex<'a>,
        locale: &'a str,
        title: &'a str,
        body: &'a str,
        action: &'a str,
        alt: &'a str,
    }
    let mut rows = JsonRows::new();
    for SectionTexts { locale, title, body, action, alt } in texts {
        rows.push(&Row { section: hex(&id), locale, title, body, action, alt });
    }
    tx.write_rows(
        "insert into home_section_texts (section_id, locale, title, body, action, alt)
         select unhex(value->>'section'), value->>'locale', value->>'title', value->>'body', value->>'action', value->>'alt'
         from json_each($1)",
        rows,
    )
    .await?;
    Ok(())
}

/// Moves a section. Without effect at an end.
///
/// # Errors
/// [`ContentError::Unknown`] for one that is not there, not allowed, or the database's.
pub async fn move_home_section(shop: &Shop, ctx: &Context, id: HomeSectionId, way: Move) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        arrangement::lock(tx, HOME).await?;
        let mut order: Vec<HomeSectionId> = tx.fetch_scalars("select id from home_sections order by position, id", &[]).await?;
        let at = order.iter().position(|other| *other == id).ok_or(ContentError::Unknown)?;
        match way {
            Move::Up if at > 0 => order.swap(at, at - 1),
            Move::Down if at + 1 < order.len() => order.swap(at, at + 1),
            _ => return Ok(()),
        }
        for (position, id) in (0_i64..).zip(&order) {
            tx.execute("update home_sections set position = $2 where id = $1 and position <> $2", &[id, &position]).await?;
        }
        tx.record(id, HomeSectionMoved { way });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Removes a section.
///
/// # Errors
/// [`ContentError::Unknown`] for one that is not there, not allowed, or the database's.
pub async fn remove_home_section(shop: &Shop, ctx: &Context, id: HomeSectionId) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        arrangement::lock(tx, HOME).await?;
        let kind: Option<String> = tx.fetch_optional_scalar("select kind from home_sections where id = $1", &[&id]).await?;
        let kind = kind.ok_or(ContentError::Unknown)?;
        tx.execute("delete from home_section_products where section_id = $1", &[&id]).await?;
        tx.execute("delete from home_section_texts where section_id = $1", &[&id]).await?;
        tx.execute("delete from home_sections where id = $1", &[&id]).await?;
        tx.record(id, HomeSectionRemoved { kind });
        Ok::<_, ContentError>(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}

/// Gives a banner a picture that is stored, or none.
///
/// # Errors
/// [`ContentError::Unknown`] banner or picture, not allowed, or the database's.
pub async fn set_section_picture(shop: &Shop, ctx: &Context, id: HomeSectionId, picture: Option<PictureId>) -> Result<(), ContentError> {
    ctx.require(Permission::WriteContent)?;
    shop.write(ctx, async move |tx| {
        let sql = "update home_sections set picture_id = $2
            where id = $1 and kind = 'banner' and ($2 is null or exists (select 1 from pictures where id = $2))";
        if tx.execute(sql, &[&id, &picture]).await? == 0 {
            return Err(ContentError::Unknown);
        }
        tx.record(id, HomeSectionUpdated { changed: vec!["picture".to_owned()], product: None });
        Ok(())
    })
    .await?;
    shop.content_cache().invalidate();
    Ok(())
}
