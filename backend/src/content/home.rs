//! The home page as shoppers see it: sections that are arranged by hand, or those that every shop has until then.

use std::collections::HashMap;
use std::sync::Arc;

use domain::id::{CategoryId, HomeSectionId, PictureId, ProductId};
use domain::messages::{Msg, t};
use domain::permission::Permission;
use domain::view::{HomePageView, HomeSectionDraft, HomeSectionView, LinkTarget, PictureView, SectionKind, SectionTexts, StoryView};
use domain::{Locale, Timestamp};
use platform::Context;
use platform::db::{Db, DbError, Flag, FromRow};
use uuid::Uuid;

use super::links::{self, Targets};
use super::{ContentError, HOME, markdown};
use crate::catalog::Story;
use crate::{Shop, catalog, settings};

/// A section.
#[derive(Clone, Debug)]
pub(super) struct Section {
    /// None of what every shop has.
    pub id: Option<HomeSectionId>,
    /// When it was last saved.
    pub version: Timestamp,
    pub kind: SectionKind,
    pub hidden: bool,
    pub visible_from: Option<Timestamp>,
    pub visible_until: Option<Timestamp>,
    pub category: Option<CategoryId>,
    /// With its width and height in pixels.
    pub picture: Option<(PictureId, u32, u32)>,
    pub link: LinkTarget,
    pub texts: HashMap<Locale, SectionTexts>,
    pub products: Vec<ProductId>,
}

impl Section {
    pub(super) fn of_kind(kind: SectionKind) -> Self {
        Self {
            id: None,
            version: Timestamp::from_millis(0),
            kind,
            hidden: false,
            visible_from: None,
            visible_until: None,
            category: None,
            picture: None,
            link: LinkTarget::Heading,
            texts: HashMap::new(),
            products: Vec::new(),
        }
    }

    fn of_story(story: &Story, category: Option<CategoryId>) -> Self {
        let text = |texts: &HashMap<String, String>, locale: Locale| texts.get(locale.code()).cloned().unwrap_or_default();
        let texts = |locale: Locale| SectionTexts {
            locale: locale.code().to_owned(),
            title: text(&story.title, locale),
            body: text(&story.body, locale),
            action: text(&story.action, locale),
            alt: text(&story.alt, locale),
        };
        Self {
            picture: story.picture,
            link: category.map_or_else(all_products, LinkTarget::Category),
            texts: Locale::ALL.into_iter().map(|locale| (locale, texts(locale))).collect(),
            ..Self::of_kind(SectionKind::Banner)
        }
    }

    /// Can shoppers see it at this moment?
    pub(super) fn is_visible_at(&self, at: Timestamp) -> bool {
        !self.hidden && self.is_dated(at)
    }

    /// Does it begin before, and end after this moment?
    fn is_dated(&self, at: Timestamp) -> bool {
        self.visible_from.is_none_or(|from| from <= at) && self.visible_until.is_none_or(|until| at < until)
    }

    /// One of its texts in this language, or in English where it has none.
    pub(super) fn text(&self, locale: Locale, field: fn(&SectionTexts) -> &String) -> &str {
        let of = |locale: Locale| self.texts.get(&locale).map(field).filter(|text| !text.is_empty());
        of(locale).or_else(|| of(Locale::En)).map_or("", String::as_str)
    }

    fn title_or(&self, locale: Locale, otherwise: &str) -> String {
        let title = self.text(locale, |texts| &texts.title);
        if title.is_empty() { otherwise.to_owned() } else { title.to_owned() }
    }

    /// As it is edited.
    pub(super) fn draft(&self) -> HomeSectionDraft {
        HomeSectionDraft {
            id: self.id,
            version: self.version.millis(),
            kind: self.kind,
            hidden: self.hidden,
            visible_from: self.visible_from,
            visible_until: self.visible_until,
            category: self.category,
            link: self.link.clone(),
            texts: Locale::ALL.into_iter().filter_map(|locale| self.texts.get(&locale).cloned()).collect(),
        }
    }

    /// The same as it is typed.
    fn with(self, draft: &HomeSectionDraft) -> Self {
        let texts = draft.texts.iter().filter_map(|text| Some((Locale::parse(&text.locale)?, text.clone())));
        Self {
            hidden: draft.hidden,
            visible_from: draft.visible_from,
            visible_until: draft.visible_until,
            category: draft.category,
            link: draft.link.clone(),
            texts: texts.collect(),
            ..self
        }
    }
}

fn all_products() -> LinkTarget {
    LinkTarget::Address("/c".to_owned())
}

/// The sections as they are arranged; none where they are not.
#[derive(Debug, Default)]
pub(super) struct Home(pub Option<Vec<Section>>);

/// The sections that every shop has: its stories or one of the program, categories, featured products, promises, newest products.
pub(super) async fn usual_sections(shop: &Shop) -> Result<Vec<Section>, ContentError> {
    let stories = catalog::stories(shop).await?;
    let mut banners = stories.iter().map(|(story, category)| Section::of_story(story, *category));
    let first = match banners.next() {
        Some(first) => first,
        None => own_story(shop).await?,
    };
    let side: Vec<Section> = banners.take(2).collect();
    let mut sections = vec![first];
    sections.extend([SectionKind::Categories, SectionKind::Featured, SectionKind::Promises].map(Section::of_kind));
    sections.extend(side);
    sections.push(Section::of_kind(SectionKind::Newest));
    Ok(sections)
}

/// The banner of a shop without a story, with the picture of its first featured product.
async fn own_story(shop: &Shop) -> Result<Section, ContentError> {
    let (mut texts, mut picture) = (HashMap::new(), None);
    for locale in Locale::ALL {
        let featured = catalog::featured(shop, locale).await?.into_iter().next().and_then(|card| card.picture);
        let text = |message: Msg| message.text(locale).to_owned();
        let own = SectionTexts {
            locale: locale.code().to_owned(),
            title: text(t::HOME_STORY_TITLE),
            body: text(t::HOME_STORY_BODY),
            action: text(t::HOME_STORY_ACTION),
            alt: featured.as_ref().map(|picture| picture.alt.clone()).unwrap_or_default(),
        };
        texts.insert(locale, own);
        picture = picture.or(featured.map(|PictureView { id, width, height, .. }| (id, width, height)));
    }
    Ok(Section { texts, picture, link: all_products(), ..Section::of_kind(SectionKind::Banner) })
}

async fn sections(shop: &Shop) -> Result<Vec<Section>, ContentError> {
    let reading = async { read(shop.db()).await.map(|home| Some(Arc::new(home))) };
    let home = shop.content_cache().home.get_or_read((), reading).await?.unwrap_or_default();
    match &home.0 {
        Some(sections) => Ok(sections.clone()),
        None => usual_sections(shop).await,
    }
}

/// The home page as shoppers see it now.
///
/// # Errors
/// The database's.
pub async fn home(shop: &Shop, locale: Locale) -> Result<HomePageView, ContentError> {
    let mut sections = sections(shop).await?;
    let at = shop.now();
    sections.retain(|section| section.is_visible_at(at));
    page(shop, locale, &sections).await
}

/// The home page for managers as its sections will be at a moment, with those that are hidden where `hidden` is set, and with a section as
/// it is typed. Products, prices and categories are those of now.
///
/// # Errors
/// Not allowed, or the database's.
pub async fn preview_home(
    shop: &Shop,
    ctx: &Context,
    locale: Locale,
    at: Timestamp,
    hidden: bool,
    typed: Option<&HomeSectionDraft>,
) -> Result<HomePageView, ContentError> {
    ctx.require(Permission::ReadContent)?;
    let mut all = match read(shop.db()).await?.0 {
        Some(sections) => sections,
        None => usual_sections(shop).await?,
    };
    if let Some(typed) = typed {
        match all.iter_mut().find(|section| section.id.is_some() && section.id == typed.id) {
            Some(section) => *section = section.clone().with(typed),
            None => all.push(Section::of_kind(typed.kind).with(typed)),
        }
    }
    all.retain(|section| section.is_dated(at) && (hidden || !section.hidden));
    page(shop, locale, &all).await
}

async fn page(shop: &Shop, locale: Locale, sections: &[Section]) -> Result<HomePageView, ContentError> {
    let targets = Targets::shown(shop, locale, sections.iter().map(|section| &section.link)).await?;
    let mut views = Vec::with_capacity(sections.len());
    for section in sections {
        views.extend(view(shop, locale, section, &targets).await?);
    }
    Ok(HomePageView { sections: views })
}

/// A section as shoppers see it; none of one that has nothing to show.
async fn view(shop: &Shop, locale: Locale, section: &Section, targets: &Targets) -> Result<Option<HomeSectionView>, ContentError> {
    let row = |title: String, link: String, products: Vec<_>| {
        (!products.is_empty()).then_some(HomeSectionView::Products { title, link, products })
    };
    Ok(match section.kind {
        SectionKind::Banner => Some(HomeSectionView::Banner(banner(section, locale, targets))),
        SectionKind::Products => match section.category {
            Some(category) => catalog::newest_of(shop, locale, category)
                .await?
                .and_then(|(category, products)| row(section.title_or(locale, &category.name), format!("/c/{}", category.slug), products)),
            None => None,
        },
        SectionKind::Newest => {
            row(section.title_or(locale, t::HOME_NEW_TITLE.text(locale)), "/c".to_owned(), catalog::newest(shop, locale).await?)
        }
        SectionKind::Featured => {
            row(section.title_or(locale, t::HOME_POPULAR_TITLE.text(locale)), "/c".to_owned(), catalog::featured(shop, locale).await?)
        }
        SectionKind::Picked => {
            row(section.title_or(locale, ""), String::new(), catalog::cards_by_ids(shop, locale, &section.products).await?)
        }
        SectionKind::Text => {
            let html = markdown::to_html(section.text(locale, |texts| &texts.body));
            (!html.is_empty()).then(|| HomeSectionView::Text { title: section.title_or(locale, ""), html })
        }
        SectionKind::Categories => {
            let categories: Vec<_> = catalog::categories(shop, locale).await?;
            let title = section.title_or(locale, t::HOME_CATEGORIES_TITLE.text(locale));
            (!categories.is_empty()).then_some(HomeSectionView::Categories { title, categories })
        }
        SectionKind::Promises => Some(HomeSectionView::Promises { cash: settings::shop(shop).limits.cash }),
    })
}

fn banner(section: &Section, locale: Locale, targets: &Targets) -> StoryView {
    let link = targets.href(&section.link).unwrap_or_default();
    let action = section.text(locale, |texts| &texts.action);
    let action = if action.is_empty() { targets.name(&section.link).unwrap_or_else(|| t::COMMON_SEE_ALL.text(locale)) } else { action };
    let alt = section.text(locale, |texts| &texts.alt).to_owned();
    StoryView {
        title: section.title_or(locale, ""),
        body: section.text(locale, |texts| &texts.body).to_owned(),
        action: action.to_owned(),
        link,
        picture: section.picture.map(|(id, width, height)| PictureView { id, alt, width, height }),
    }
}

#[derive(FromRow)]
struct SectionRow {
    id: HomeSectionId,
    kind: String,
    hidden: Flag,
    visible_from: Option<Timestamp>,
    visible_until: Option<Timestamp>,
    category_id: Option<CategoryId>,
    picture: Option<PictureId>,
    width: Option<i64>,
    height: Option<i64>,
    link_kind: String,
    link_id: Option<Uuid>,
    link_address: String,
    updated_at: Timestamp,
}

impl SectionRow {
    fn section(self) -> Option<Section> {
        let pixels = |n: Option<i64>| u32::try_from(n.unwrap_or_default()).unwrap_or_default();
        Some(Section {
            id: Some(self.id),
            version: self.updated_at,
            kind: SectionKind::parse(&self.kind)?,
            hidden: self.hidden.0,
            visible_from: self.visible_from,
            visible_until: self.visible_until,
            category: self.category_id,
            picture: self.picture.map(|id| (id, pixels(self.width), pixels(self.height))),
            link: links::target(&self.link_kind, self.link_id, self.link_address)?,
            texts: HashMap::new(),
            products: Vec::new(),
        })
    }
}

/// Reads the sections as they are arranged.
pub(super) async fn read(db: &Db) -> Result<Home, DbError> {
    #[derive(FromRow)]
    struct TextRow {
        section_id: HomeSectionId,
        locale: String,
        title: String,
        body: String,
        action: String,
        alt: String,
    }
    #[derive(FromRow)]
    struct ProductRow {
        section_id: HomeSectionId,
        product_id: ProductId,
    }
    let arranged: Option<String> = db.fetch_optional_scalar("select name from arrangements where name = $1", &[&HOME]).await?;
    if arranged.is_none() {
        return Ok(Home::default());
    }
    let rows: Vec<SectionRow> = db
        .fetch_all(
            "select s.id, s.kind, s.hidden, s.visible_from, s.visible_until, s.category_id, p.id as picture, p.width, p.height, s.link_kind,
                s.link_id, s.link_address, s.updated_at
             from home_sections s left join pictures p on p.id = s.picture_id order by s.position, s.id",
            &[],
        )
        .await?;
    let mut sections: Vec<Section> = rows.into_iter().filter_map(SectionRow::section).collect();
    let texts: Vec<TextRow> = db.fetch_all("select section_id, locale, title, body, action, alt from home_section_texts", &[]).await?;
    for TextRow { section_id, locale: code, title, body, action, alt } in texts {
        let section = sections.iter_mut().find(|section| section.id == Some(section_id));
        if let (Some(section), Some(locale)) = (section, Locale::parse(&code)) {
            section.texts.insert(locale, SectionTexts { locale: code, title, body, action, alt });
        }
    }
    let sql = "select section_id, product_id from home_section_products order by position, product_id";
    let products: Vec<ProductRow> = db.fetch_all(sql, &[]).await?;
    for ProductRow { section_id, product_id } in products {
        if let Some(section) = sections.iter_mut().find(|section| section.id == Some(section_id)) {
            section.products.push(product_id);
        }
    }
    Ok(Home(Some(sections)))
}
