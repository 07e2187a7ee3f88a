//! The pictures that a batch of products names.

use std::collections::{HashMap, HashSet};

use domain::Locale;
use domain::id::PictureId;
use domain::view::{ImportProblem, ImportReport};
use futures::StreamExt;

use super::listing::{Image, Listing};
use super::save::Importing;
use super::{Pictures, images, problem};
use crate::catalog::CatalogError;
use crate::catalog::whole::Whole;
use crate::catalog::write::{self, NewPicture};
use crate::platform::Actor;
use crate::platform::db::Rows;

/// Pictures that are fetched at once.
const MAX_CONCURRENT: usize = 8;

/// What was had of the pictures of a batch.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Pictures by their source.
    pub ids: HashMap<String, PictureId>,
    /// Sources of which nothing could be had.
    pub failed: HashSet<String>,
    /// Sources that came in this run for the first time.
    pub new: HashSet<String>,
}

/// A product with what the shop has of it.
pub(super) type Asked<'a> = (&'a Listing, Option<&'a Whole>);

/// A picture whose bytes are kept now: its name, width and height.
type Taken<'a> = (Asked<'a>, &'a Image, Result<images::Kept, String>);

impl Importing<'_> {
    /// Pictures by their source: those of this shop, those that came before, and those that are fetched now. A preview fetches none.
    pub(super) async fn pictures(
        &self,
        asked: &[Asked<'_>],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<Brought, CatalogError> {
        let mut sources = HashSet::new();
        let images = asked.iter().flat_map(|asked| asked.0.images.iter().map(move |image| (*asked, image)));
        let wanted: Vec<_> = images.filter(|(_, image)| sources.insert(image.source.as_str())).collect();
        let mut brought = Brought::default();
        if wanted.is_empty() {
            return Ok(brought);
        }
        let known = self.known_pictures(&wanted).await?;
        let folder = if let Pictures::Folder(folder) = self.options.pictures { Some(folder) } else { None };
        // A file name means another picture in another folder.
        let by_name = |image: &Image| folder.is_some() && !images::is_address(&image.source);
        let (has, missing): (Vec<_>, Vec<_>) =
            wanted.into_iter().partition(|(_, image)| known.contains_key(&image.source) && !by_name(image));
        brought.ids.extend(has.into_iter().filter_map(|(_, image)| Some((image.source.clone(), known.get(&image.source)?.0))));
        if self.options.preview {
            for (asked, image) in missing {
                let hash = match folder.filter(|_| by_name(image)) {
                    Some(folder) => images::name_in(folder, &image.source).await,
                    None => None,
                };
                let same = hash.and_then(|hash| same(asked, image, &hash, &known));
                report.pictures += u64::from(same.is_none());
                brought.ids.insert(image.source.clone(), same.unwrap_or_else(|| PictureId(self.shop.id())));
            }
            return Ok(brought);
        }
        report.pictures += missing.len() as u64;
        let trusted = self.ctx.actor == Actor::System;
        // Collected first: a stream over the closure itself is not `Send`, and a server function must be.
        let bringing: Vec<_> = missing
            .into_iter()
            .map(|(asked, image)| async move {
                (asked, image, images::bring(self.shop, self.options.locale, trusted, folder, &image.source).await)
            })
            .collect();
        let fetched: Vec<Taken<'_>> = futures::stream::iter(bringing).buffer_unordered(MAX_CONCURRENT).collect().await;
        let mut kept = Vec::new();
        for (asked, image, outcome) in fetched {
            let (hash, width, height) = match outcome {
                Ok(kept) => kept,
                Err(reason) => {
                    problems.push(ImportProblem { taken: true, ..problem(image.line, &*image.column, reason) });
                    brought.failed.insert(image.source.clone());
                    continue;
                }
            };
            let same = same(asked, image, &hash, &known);
            let id = same.unwrap_or_else(|| PictureId(self.shop.id()));
            let picture = same.is_none().then(|| {
                let mut alts = image.alts.clone();
                if alts.iter().all(|(code, _)| *code != Locale::En.code()) {
                    alts.insert(0, (Locale::En.code(), asked.0.title().to_owned()));
                }
                NewPicture { id, hash, width, height, alts }
            });
            if picture.is_some() {
                brought.new.insert(image.source.clone());
            }
            brought.ids.insert(image.source.clone(), id);
            kept.push((image.source.clone(), id, picture));
        }
        self.keep(kept).await?;
        Ok(brought)
    }

    /// What is there already: pictures with the names of their files, by source.
    async fn known_pictures(&self, wanted: &[(Asked<'_>, &Image)]) -> Result<HashMap<String, (PictureId, String)>, CatalogError> {
        let mut own: HashMap<PictureId, Vec<&str>> = HashMap::new();
        let (mut sources, mut ids) = (Rows::new(), Rows::new());
        for (_, image) in wanted {
            sources.row(&[&image.source]);
            if let Some(id) = self.own(&image.source) {
                ids.row(&[&id]);
                own.entry(id).or_default().push(&image.source);
            }
        }
        let came: Vec<(String, PictureId, String)> = self
            .shop
            .db()
            .fetch_all(
                "select i.source, i.picture_id, p.hash from (select value->>0 as source from json_each($1)) j
                 join imported_pictures i on i.source = j.source join pictures p on p.id = i.picture_id",
                &[&sources.end()],
            )
            .await?;
        let ours: Vec<(PictureId, String)> = self
            .shop
            .db()
            .fetch_all(
                "select p.id, p.hash from (select unhex(value->>0) as id from json_each($1)) j join pictures p on p.id = j.id",
                &[&ids.end()],
            )
            .await?;
        let mut known: HashMap<_, _> = came.into_iter().map(|(source, id, hash)| (source, (id, hash))).collect();
        for (id, hash) in ours {
            for source in own.get(&id).into_iter().flatten() {
                known.insert((*source).to_owned(), (id, hash.clone()));
            }
        }
        Ok(known)
    }

    /// The picture of this shop that an address leads to.
    fn own(&self, source: &str) -> Option<PictureId> {
        let path = source.strip_prefix(self.shop.config().public_url.as_str())?.strip_prefix("/pictures/")?;
        path.split('/').next()?.parse().ok()
    }

    async fn keep(&self, kept: Vec<(String, PictureId, Option<NewPicture>)>) -> Result<(), CatalogError> {
        if kept.is_empty() {
            return Ok(());
        }
        let own = self.shop.clone();
        self.shop
            .db()
            .write(async move |tx| {
                let pictures: Vec<NewPicture> = kept.iter().filter_map(|(_, _, picture)| picture.clone()).collect();
                write::insert_pictures(tx, own.now(), &pictures).await?;
                let mut rows = Rows::new();
                for (source, id, _) in &kept {
                    rows.row(&[source, id]);
                }
                tx.execute(
                    "insert into imported_pictures (source, picture_id) select value->>0, unhex(value->>1) from json_each($1) where true
                     on conflict (source) do update set picture_id = excluded.picture_id",
                    &[&rows.end()],
                )
                .await
            })
            .await?;
        Ok(())
    }
}

/// The picture of the same bytes that the product has, or that came from there before.
fn same(asked: Asked<'_>, image: &Image, hash: &str, known: &HashMap<String, (PictureId, String)>) -> Option<PictureId> {
    let of_product = asked.1.and_then(|whole| whole.pictures.iter().find(|(_, known)| known.hash == hash)).map(|(id, _)| *id);
    of_product.or_else(|| known.get(&image.source).filter(|(_, known)| known == hash).map(|(id, _)| *id))
}
