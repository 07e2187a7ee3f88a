//! The index itself.

use std::path::Path;
use std::sync::{Mutex, PoisonError};

use domain::Locale;
use domain::id::ProductId;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::tokenizer::{AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use uuid::Uuid;

use super::SearchError;
use super::store::Goods;

/// Goes up when the fields change: an older index is then left alone and a new one made.
const VERSION: &str = "v1";
/// What the writer may hold in memory, bytes; the least that tantivy takes.
const MEMORY: usize = 15_000_000;
/// More words than people type.
const MAX_WORDS: usize = 12;
/// Words that say nothing about goods.
const SILENT: &[&str] =
    &["a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with", "ang", "at", "mga", "na", "ng", "ni", "para", "sa", "si"];
const ANALYZER: &str = "shop_words";

/// How far the index has followed the events of which database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    pub database: String,
    pub seq: i64,
}

/// What somebody looks for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub text: String,
    pub locale: Locale,
    /// Empty for all.
    pub status: &'static str,
    pub names_only: bool,
    pub from: usize,
    pub most: usize,
}

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    status: Field,
    names: [Field; Locale::ALL.len()],
    words: Field,
}

/// An open index.
pub(super) struct Open {
    index: Index,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    fields: Fields,
    pub(super) cursor: tokio::sync::Mutex<Cursor>,
}

fn failed(error: impl std::fmt::Display) -> SearchError {
    SearchError::Index(error.to_string())
}

fn schema() -> (Schema, Fields) {
    let mut schema = Schema::builder();
    let indexing = TextFieldIndexing::default().set_tokenizer(ANALYZER).set_index_option(IndexRecordOption::WithFreqs);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        id: schema.add_text_field("id", STRING | STORED),
        status: schema.add_text_field("status", STRING),
        names: Locale::ALL.map(|locale| schema.add_text_field(&format!("name_{}", locale.code()), text.clone())),
        words: schema.add_text_field("words", text.clone()),
    };
    (schema.build(), fields)
}

fn analyzer() -> TextAnalyzer {
    TextAnalyzer::builder(SimpleTokenizer::default())
        .filter(RemoveLongFilter::limit(40))
        .filter(LowerCaser)
        .filter(AsciiFoldingFilter)
        .build()
}

impl Open {
    /// Opens the index in this folder; a broken one is thrown away, for it can be made again.
    pub(super) fn at(folder: &Path) -> Result<Self, SearchError> {
        let folder = folder.join(VERSION);
        std::fs::create_dir_all(&folder).map_err(failed)?;
        Self::read(&folder).or_else(|error| {
            if matches!(&error, SearchError::Index(why) if why.contains("LockBusy") || why.contains("Lockfile")) {
                return Err(error);
            }
            tracing::warn!(%error, "the search index cannot be read; it is made anew");
            std::fs::remove_dir_all(&folder).map_err(failed)?;
            std::fs::create_dir_all(&folder).map_err(failed)?;
            Self::read(&folder)
        })
    }

    fn read(folder: &Path) -> Result<Self, SearchError> {
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(failed)?;
        let index = Index::open_or_create(directory, schema).map_err(failed)?;
        index.tokenizers().register(ANALYZER, analyzer());
        let writer = index.writer_with_num_threads(1, MEMORY).map_err(failed)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(failed)?;
        let payload = index.load_metas().map_err(failed)?.payload.unwrap_or_default();
        let cursor = payload
            .split_once(':')
            .and_then(|(database, seq)| Some(Cursor { database: database.to_owned(), seq: seq.parse().ok()? }))
            // An index that nothing was ever put into belongs to no database.
            .unwrap_or_else(|| Cursor { database: "none".into(), seq: 0 });
        Ok(Self { index, reader, writer: Mutex::new(writer), fields, cursor: tokio::sync::Mutex::new(cursor) })
    }

    /// Forgets everything.
    pub(super) fn clear(&self) -> Result<(), SearchError> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).delete_all_documents().map(drop).map_err(failed)
    }

    /// Takes these out and puts those in.
    pub(super) fn replace(&self, out: &[ProductId], goods: &[Goods]) -> Result<(), SearchError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for id in out {
            writer.delete_term(Term::from_field_text(self.fields.id, &id.0.simple().to_string()));
        }
        for g in goods {
            let mut document = TantivyDocument::default();
            document.add_text(self.fields.id, g.id.0.simple().to_string());
            document.add_text(self.fields.status, &g.status);
            document.add_text(self.fields.names[0], &g.name_en);
            document.add_text(self.fields.names[1], &g.name_fil);
            for words in [&g.name_en, &g.name_fil, &g.vendor, &g.tags, &g.category, &g.values, &g.skus, &g.summary_en, &g.summary_fil] {
                document.add_text(self.fields.words, words);
            }
            writer.add_document(document).map_err(failed)?;
        }
        Ok(())
    }

    /// Makes it last, and lets it be found.
    pub(super) fn commit(&self, cursor: &Cursor) -> Result<(), SearchError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut commit = writer.prepare_commit().map_err(failed)?;
        commit.set_payload(&format!("{}:{}", cursor.database, cursor.seq));
        commit.commit().map_err(failed)?;
        self.reader.reload().map_err(failed)
    }

    fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut analyzer = self.index.tokenizers().get(ANALYZER).unwrap_or_else(analyzer);
        analyzer.token_stream(text).process(&mut |token| words.push(token.text.clone()));
        if words.iter().any(|w| !SILENT.contains(&w.as_str())) {
            words.retain(|w| !SILENT.contains(&w.as_str()));
        }
        words.truncate(MAX_WORDS);
        words
    }

    /// What fits, best first; and whether a typo was forgiven.
    pub(super) fn find(&self, asked: &Asked) -> Result<(Vec<ProductId>, bool), SearchError> {
        let words = self.words(&asked.text);
        if words.is_empty() || asked.most == 0 {
            return Ok((Vec::new(), false));
        }
        let strict = self.run(asked, &words, false)?;
        if !strict.is_empty() || asked.from > 0 && !self.run(&Asked { from: 0, most: 1, ..asked.clone() }, &words, false)?.is_empty() {
            return Ok((strict, false));
        }
        let forgiving = self.run(asked, &words, true)?;
        let corrected = !forgiving.is_empty();
        Ok((forgiving, corrected))
    }

    fn run(&self, asked: &Asked, words: &[String], forgiving: bool) -> Result<Vec<ProductId>, SearchError> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = words.iter().map(|word| (Occur::Must, self.word(asked, word, forgiving))).collect();
        if !asked.status.is_empty() {
            let term = Term::from_field_text(self.fields.status, asked.status);
            let status = TermQuery::new(term, IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(status), 0.0))));
        }
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(asked.most).and_offset(asked.from).order_by_score();
        let found = searcher.search(&BooleanQuery::new(clauses), &top).map_err(failed)?;
        let mut ids = Vec::with_capacity(found.len());
        for (_, address) in found {
            let document: TantivyDocument = searcher.doc(address).map_err(failed)?;
            let id = document.get_first(self.fields.id).and_then(|v| v.as_str()).and_then(|id| Uuid::try_parse(id).ok());
            ids.extend(id.map(ProductId));
        }
        Ok(ids)
    }

    /// One word: whole or begun, in the reader's name first.
    fn word(&self, asked: &Asked, word: &str, forgiving: bool) -> Box<dyn Query> {
        let name = self.fields.names[asked.locale as usize];
        let mut fields = vec![(name, 4.0)];
        if asked.names_only {
            fields.extend(self.fields.names.iter().filter(|f| **f != name).map(|f| (*f, 1.0)));
        } else {
            fields.push((self.fields.words, 1.0));
        }
        let mut ways: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, weight) in fields {
            let term = Term::from_field_text(field, word);
            let whole = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
            ways.push((Occur::Should, Box::new(BoostQuery::new(Box::new(whole), weight))));
            let begun = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
            ways.push((Occur::Should, Box::new(BoostQuery::new(Box::new(begun), weight * 0.5))));
            if forgiving && word.chars().count() >= 3 {
                let near = FuzzyTermQuery::new(term.clone(), 1, true);
                ways.push((Occur::Should, Box::new(BoostQuery::new(Box::new(near), weight * 0.25))));
                if word.chars().count() >= 5 {
                    let near = FuzzyTermQuery::new_prefix(term, 1, true);
                    ways.push((Occur::Should, Box::new(BoostQuery::new(Box::new(near), weight * 0.1))));
                }
            }
        }
        Box::new(BooleanQuery::new(ways))
    }
}
