//! The pictures that a batch of products names.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use domain::Locale;
use domain::id::PictureId;
use domain::view::{ImportProblem, ImportReport};
use futures::StreamExt;
use platform::Actor;
use platform::db::{FromRow, Hex, JsonRows, hex, json_ids, json_texts};
use serde::Serialize;

use super::importer::{Candidate, Importer};
use super::model::FileImage;
use super::{Pictures, fetch, problem};
use crate::catalog::CatalogError;
use crate::catalog::pictures::StoredPicture;
use crate::catalog::write::{self, NewPicture};

const MAX_CONCURRENT_FETCHES: usize = 8;

/// What became of the pictures of a batch.
#[derive(Debug, Default)]
pub(super) struct ImportedPictures {
    /// Pictures by their source.
    pub ids: HashMap<String, PictureId>,
    /// Sources that could not be fetched.
    pub failed: HashSet<String>,
    /// Sources of pictures that this run created.
    pub new: HashSet<String>,
}

/// A picture with the product that names it first.
type NamedImage<'a> = (Candidate<'a>, &'a FileImage);

/// Pictures that the shop has already, with their hashes, by source.
type ExistingPictures = HashMap<String, (PictureId, String)>;

/// A picture that is in the shop now, and what is to be written of it.
struct FetchedPicture {
    source: String,
    id: PictureId,
    /// None for one that the shop had already.
    new: Option<NewPicture>,
}

impl Importer<'_> {
    /// Pictures by their source: those of this shop, those of earlier imports, and those that are fetched now. A preview fetches none.
    pub(super) async fn pictures(
        &self,
        candidates: &[Candidate<'_>],
        report: &mut ImportReport,
        problems: &mut Vec<ImportProblem>,
    ) -> Result<ImportedPictures, CatalogError> {
        let mut sources = HashSet::new();
        let images = candidates.iter().flat_map(|candidate| candidate.file.images.iter().map(move |image| (*candidate, image)));
        let images: Vec<NamedImage<'_>> = images.filter(|(_, image)| sources.insert(image.source.as_str())).collect();
        let mut pictures = ImportedPictures::default();
        if images.is_empty() {
            return Ok(pictures);
        }
        let existing = self.existing_pictures(&images).await?;
        let folder = if let Pictures::Folder(folder) = self.options.pictures { Some(folder) } else { None };
        // The same file name may mean another picture in another folder.
        let is_file = |image: &FileImage| folder.is_some() && !fetch::is_address(&image.source);
        let (has, missing): (Vec<_>, Vec<_>) =
            images.into_iter().partition(|(_, image)| existing.contains_key(&image.source) && !is_file(image));
        pictures.ids.extend(has.into_iter().filter_map(|(_, image)| Some((image.source.clone(), existing.get(&image.source)?.0))));
        if self.options.preview {
            for (candidate, image) in missing {
                let hash = match folder.filter(|_| is_file(image)) {
                    Some(folder) => fetch::hash_in_folder(folder, &image.source).await,
                    None => None,
                };
                let same = hash.and_then(|hash| same_picture(candidate, image, &hash, &existing));
                report.pictures += u64::from(same.is_none());
                pictures.ids.insert(image.source.clone(), same.unwrap_or_else(|| PictureId(self.shop.id())));
            }
            return Ok(pictures);
        }
        report.pictures += missing.len() as u64;
        let fetched = self.fetch_all(missing, folder, &existing, &mut pictures, problems).await;
        self.write_pictures(fetched).await?;
        Ok(pictures)
    }

    /// Fetches and stores pictures; notes those that fail.
    async fn fetch_all(
        &self,
        images: Vec<NamedImage<'_>>,
        folder: Option<&Path>,
        existing: &ExistingPictures,
        pictures: &mut ImportedPictures,
        problems: &mut Vec<ImportProblem>,
    ) -> Vec<FetchedPicture> {
        let trusted = self.ctx.actor == Actor::System;
        // Collected first: a stream over the closure itself is not `Send`, and a server function must be.
        let fetches: Vec<_> = images
            .into_iter()
            .map(|(candidate, image)| async move {
                (candidate, image, fetch::fetch_picture(self.shop, self.options.locale, trusted, folder, &image.source).await)
            })
            .collect();
        let outcomes: Vec<(Candidate<'_>, &FileImage, Result<StoredPicture, String>)> =
            futures::stream::iter(fetches).buffer_unordered(MAX_CONCURRENT_FETCHES).collect().await;
        let mut fetched = Vec::with_capacity(outcomes.len());
        for (candidate, image, outcome) in outcomes {
            let StoredPicture { hash, width, height } = match outcome {
                Ok(stored) => stored,
                Err(reason) => {
                    problems.push(ImportProblem { taken: true, ..problem(image.line, &*image.column, reason) });
                    pictures.failed.insert(image.source.clone());
                    continue;
                }
            };
            let same = same_picture(candidate, image, &hash, existing);
            let id = same.unwrap_or_else(|| PictureId(self.shop.id()));
            let new = same.is_none().then(|| {
                let mut alts = image.alts.clone();
                if alts.iter().all(|(code, _)| *code != Locale::En.code()) {
                    alts.insert(0, (Locale::En.code(), candidate.file.title().to_owned()));
                }
                NewPicture { id, hash, width, height, alts }
            });
            if new.is_some() {
                pictures.new.insert(image.source.clone());
            }
            pictures.ids.insert(image.source.clone(), id);
            fetched.push(FetchedPicture { source: image.source.clone(), id, new });
        }
        fetched
    }

    async fn existing_pictures(&self, images: &[NamedImage<'_>]) -> Result<ExistingPictures, CatalogError> {
        #[derive(FromRow)]
        struct ImportedRow {
            source: String,
            picture: PictureId,
            hash: String,
        }
        #[derive(FromRow)]
        struct OwnRow {
            id: PictureId,
            hash: String,
        }
        let mut sources_by_id: HashMap<PictureId, Vec<&str>> = HashMap::new();
        for (_, image) in images {
            if let Some(id) = self.picture_of_address(&image.source) {
                sources_by_id.entry(id).or_default().push(&image.source);
            }
        }
        let db = self.shop.db();
        let imported: Vec<ImportedRow> = db
            .fetch_all(
                "select i.source, i.picture_id as picture, p.hash from (select value->>'text' as source from json_each($1)) j
                 join imported_pictures i on i.source = j.source join pictures p on p.id = i.picture_id",
                &[&json_texts(images.iter().map(|(_, image)| &image.source))],
            )
            .await?;
        let own: Vec<OwnRow> = db
            .fetch_all(
                "select p.id, p.hash from (select unhex(value->>'id') as id from json_each($1)) j join pictures p on p.id = j.id",
                &[&json_ids(sources_by_id.keys())],
            )
            .await?;
        let mut existing: ExistingPictures = imported.into_iter().map(|row| (row.source, (row.picture, row.hash))).collect();
        for row in own {
            for source in sources_by_id.get(&row.id).into_iter().flatten() {
                existing.insert((*source).to_owned(), (row.id, row.hash.clone()));
            }
        }
        Ok(existing)
    }

    /// For an address under which this shop serves a picture.
    fn picture_of_address(&self, source: &str) -> Option<PictureId> {
        let path = source.strip_prefix(self.shop.config().public_url.as_str())?.strip_prefix("/pictures/")?;
        path.split('/').next()?.parse().ok()
    }

    async fn write_pictures(&self, fetched: Vec<FetchedPicture>) -> Result<(), CatalogError> {
        if fetched.is_empty() {
            return Ok(());
        }
        self.shop
            .write(self.ctx, async move |tx| {
                #[derive(Serialize)]
                struct Row<'a> {
                    source: &'a str,
                    picture: Hex<'a>,
                }
                let pictures: Vec<NewPicture> = fetched.iter().filter_map(|picture| picture.new.clone()).collect();
                write::insert_pictures(tx, tx.now(), &pictures).await?;
                let rows: JsonRows = fetched.iter().map(|p| Row { source: &p.source, picture: hex(&p.id) }).collect();
                tx.write_rows(
                    "insert into imported_pictures (source, picture_id)
                     select value->>'source', unhex(value->>'picture') from json_each($1) where true
                     on conflict (source) do update set picture_id = excluded.picture_id",
                    rows,
                )
                .await
            })
            .await?;
        Ok(())
    }
}

/// The picture with the same bytes that the product has, or that was imported from this source before.
fn same_picture(candidate: Candidate<'_>, image: &FileImage, hash: &str, existing: &ExistingPictures) -> Option<PictureId> {
    let of_product = candidate.existing.and_then(|full| full.pictures.iter().find(|(_, picture)| picture.hash == hash)).map(|(id, _)| *id);
    of_product.or_else(|| existing.get(&image.source).filter(|(_, known)| known == hash).map(|(id, _)| *id))
}
