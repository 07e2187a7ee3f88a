//! The search index: tantivy's, in a folder.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use backend::search::{Cursor, IndexError, SearchDocument, SearchIndex, SearchIndexes, SearchQuery, SearchResult};
use domain::Locale;
use domain::id::ProductId;
use tantivy::collector::TopDocs;
use tantivy::query::{BooleanQuery, BoostQuery, ConstScoreQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption, STORED, STRING, Schema, TextFieldIndexing, TextOptions, Value};
use tantivy::tokenizer::{AsciiFoldingFilter, LowerCaser, RemoveLongFilter, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};
use uuid::Uuid;

/// The folder's name. Goes up when the fields change: an older index is then left alone and a new one is built.
const SCHEMA_VERSION: &str = "v1";
/// The least that tantivy accepts.
const WRITER_MEMORY_BYTES: usize = 15_000_000;
const MAX_WORDS: usize = 12;
const STOP_WORDS: &[&str] =
    &["a", "an", "and", "for", "in", "of", "on", "or", "the", "to", "with", "ang", "at", "mga", "na", "ng", "ni", "para", "sa", "si"];
const ANALYZER: &str = "shop_words";

#[derive(Clone, Copy)]
struct Fields {
    id: Field,
    status: Field,
    names: [Field; Locale::ALL.len()],
    words: Field,
}

/// Where the index is.
pub(crate) struct SearchFolder(PathBuf);

impl SearchFolder {
    /// The index in this folder; its files are read by `open`.
    pub(crate) const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

impl SearchIndexes for SearchFolder {
    fn open(&self) -> Result<Arc<dyn SearchIndex>, IndexError> {
        Ok(Arc::new(TantivyIndex::open(&self.0)?))
    }
}

struct TantivyIndex {
    index: Index,
    reader: IndexReader,
    writer: Mutex<IndexWriter>,
    fields: Fields,
    /// Of the last commit when it was opened.
    cursor: Mutex<Cursor>,
}

fn index_error(error: impl std::fmt::Display) -> IndexError {
    IndexError(error.to_string())
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

impl TantivyIndex {
    /// Opens the index in this folder. A broken one is deleted, for it can be built again.
    fn open(folder: &Path) -> Result<Self, IndexError> {
        let folder = folder.join(SCHEMA_VERSION);
        std::fs::create_dir_all(&folder).map_err(index_error)?;
        Self::read(&folder).or_else(|error| {
            if ["LockBusy", "Lockfile"].iter().any(|lock| error.0.contains(lock)) {
                return Err(error);
            }
            tracing::warn!(%error, "the search index cannot be read; it is rebuilt");
            std::fs::remove_dir_all(&folder).map_err(index_error)?;
            std::fs::create_dir_all(&folder).map_err(index_error)?;
            Self::read(&folder)
        })
    }

    fn read(folder: &Path) -> Result<Self, IndexError> {
        let (schema, fields) = schema();
        let directory = tantivy::directory::MmapDirectory::open(folder).map_err(index_error)?;
        let index = Index::open_or_create(directory, schema).map_err(index_error)?;
        index.tokenizers().register(ANALYZER, analyzer());
        let writer = index.writer_with_num_threads(1, WRITER_MEMORY_BYTES).map_err(index_error)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(index_error)?;
        let payload = index.load_metas().map_err(index_error)?.payload.unwrap_or_default();
        let cursor = payload
            .split_once(':')
            .and_then(|(database, seq)| Some(Cursor { database: database.to_owned(), seq: seq.parse().ok()? }))
            // A new index belongs to no database.
            .unwrap_or_else(|| Cursor { database: "none".into(), seq: 0 });
        Ok(Self { index, reader, writer: Mutex::new(writer), fields, cursor: Mutex::new(cursor) })
    }

    fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        let mut analyzer = self.index.tokenizers().get(ANALYZER).unwrap_or_else(analyzer);
        analyzer.token_stream(text).process(&mut |token| words.push(token.text.clone()));
        if words.iter().any(|w| !STOP_WORDS.contains(&w.as_str())) {
            words.retain(|w| !STOP_WORDS.contains(&w.as_str()));
        }
        words.truncate(MAX_WORDS);
        words
    }

    fn run(&self, query: &SearchQuery, words: &[String], fuzzy: bool) -> Result<Vec<ProductId>, IndexError> {
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = words.iter().map(|word| (Occur::Must, self.word(query, word, fuzzy))).collect();
        if !query.status.is_empty() {
            let term = Term::from_field_text(self.fields.status, query.status);
            let status = TermQuery::new(term, IndexRecordOption::Basic);
            clauses.push((Occur::Must, Box::new(ConstScoreQuery::new(Box::new(status), 0.0))));
        }
        let searcher = self.reader.searcher();
        let top = TopDocs::with_limit(query.limit).and_offset(query.offset).order_by_score();
        let found = searcher.search(&BooleanQuery::new(clauses), &top).map_err(index_error)?;
        let mut ids = Vec::with_capacity(found.len());
        for (_, address) in found {
            let document: TantivyDocument = searcher.doc(address).map_err(index_error)?;
            let id = document.get_first(self.fields.id).and_then(|v| v.as_str()).and_then(|id| Uuid::try_parse(id).ok());
            ids.extend(id.map(ProductId));
        }
        Ok(ids)
    }

    /// One word or its beginning, preferably in the name in the query's language. A fuzzy search forgives one typo.
    fn word(&self, query: &SearchQuery, word: &str, fuzzy: bool) -> Box<dyn Query> {
        let name = self.fields.names[query.locale as usize];
        let mut fields = vec![(name, 4.0)];
        if query.names_only {
            fields.extend(self.fields.names.iter().filter(|f| **f != name).map(|f| (*f, 1.0)));
        } else {
            fields.push((self.fields.words, 1.0));
        }
        let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
        for (field, weight) in fields {
            let term = Term::from_field_text(field, word);
            let whole = TermQuery::new(term.clone(), IndexRecordOption::WithFreqs);
            clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(whole), weight))));
            let prefix = FuzzyTermQuery::new_prefix(term.clone(), 0, true);
            clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(prefix), weight * 0.5))));
            if fuzzy && word.chars().count() >= 3 {
                let near = FuzzyTermQuery::new(term.clone(), 1, true);
                clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(near), weight * 0.25))));
                if word.chars().count() >= 5 {
                    let near = FuzzyTermQuery::new_prefix(term, 1, true);
                    clauses.push((Occur::Should, Box::new(BoostQuery::new(Box::new(near), weight * 0.1))));
                }
            }
        }
        Box::new(BooleanQuery::new(clauses))
    }
}

impl SearchIndex for TantivyIndex {
    fn cursor(&self) -> Cursor {
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn clear(&self) -> Result<(), IndexError> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner).delete_all_documents().map(drop).map_err(index_error)
    }

    fn replace(&self, removed: &[ProductId], added: &[SearchDocument]) -> Result<(), IndexError> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        for id in removed {
            writer.delete_term(Term::from_field_text(self.fields.id, &id.0.simple().to_string()));
        }
        for product in added {
            let mut document = TantivyDocument::default();
            document.add_text(self.fields.id, product.id.0.simple().to_string());
            document.add_text(self.fields.status, &product.status);
            document.add_text(self.fields.names[0], &product.name_en);
            document.add_text(self.fields.names[1], &product.name_fil);
            for words in [
                &product.name_en,
                &product.name_fil,
                &product.vendor,
                &product.tags,
                &product.category,
                &product.option_values,
                &product.skus,
                &product.summary_en,
                &product.summary_fil,
            ] {
                document.add_text(self.fields.words, words);
            }
            writer.add_document(document).map_err(index_error)?;
        }
        Ok(())
    }

    fn commit(&self, cursor: &Cursor) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut commit = writer.prepare_commit().map_err(index_error)?;
        commit.set_payload(&format!("{}:{}", cursor.database, cursor.seq));
        commit.commit().map_err(index_error)?;
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone_from(cursor);
        self.reader.reload().map_err(index_error)
    }

    fn find(&self, query: &SearchQuery) -> Result<SearchResult, IndexError> {
        let words = self.words(&query.text);
        if words.is_empty() || query.limit == 0 {
            return Ok(SearchResult::default());
        }
        let exact = self.run(query, &words, false)?;
        let first = SearchQuery { offset: 0, limit: 1, ..query.clone() };
        if !exact.is_empty() || query.offset > 0 && !self.run(&first, &words, false)?.is_empty() {
            return Ok(SearchResult { ids: exact, corrected: false });
        }
        let ids = self.run(query, &words, true)?;
        Ok(SearchResult { corrected: !ids.is_empty(), ids })
    }
}
