//! The search index: tantivy's, in a folder.

mod query;
mod words;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use backend::search::{Cursor, Fit, IndexError, SearchDocument, SearchIndex, SearchIndexes, SearchQuery, SearchResult};
use domain::Locale;
use domain::id::ProductId;
use tantivy::collector::TopDocs;
use tantivy::schema::{FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{TextAnalyzer, WhitespaceTokenizer};
use tantivy::{DocAddress, DocId, Index, IndexReader, IndexWriter, ReloadPolicy, Score, SegmentReader, TantivyDocument, Term};
use uuid::Uuid;

use query::{MatchStep, query_for};
use words::{code, indexed, joined, query_words};

/// The folder's name. Goes up when the fields change: an older index is then left alone and a new one is built.
const SCHEMA_VERSION: &str = "v2";
/// The least that tantivy accepts.
const WRITER_MEMORY_BYTES: usize = 15_000_000;
const MAX_WORDS: usize = 12;
const ANALYZER: &str = "shop_words";

#[derive(Clone, Copy)]
struct Fields {
    /// By which a product is removed.
    id: Field,
    /// The two halves of the id, as columns, so that thousands of products are named without reading their documents.
    id_halves: [Field; 2],
    status: Field,
    names: [Field; Locale::ALL.len()],
    /// The number of words in the name, as columns.
    name_lengths: [Field; Locale::ALL.len()],
    /// Summary, category and options of each language; in English the vendor too.
    texts: [Field; Locale::ALL.len()],
    tags: Field,
    /// Neighbours in names, written as one word.
    joined: [Field; Locale::ALL.len()],
    /// SKUs and barcodes.
    codes: Field,
}

/// The names of the columns.
const ID_HALVES: [&str; 2] = ["id_high", "id_low"];
const NAME_LENGTHS: [&str; Locale::ALL.len()] = ["name_length_en", "name_length_fil"];

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
    let indexing = TextFieldIndexing::default().set_tokenizer(ANALYZER).set_index_option(IndexRecordOption::Basic).set_fieldnorms(false);
    let text = TextOptions::default().set_indexing_options(indexing);
    let fields = Fields {
        id: schema.add_text_field("id", STRING),
        id_halves: ID_HALVES.map(|half| schema.add_u64_field(half, FAST)),
        status: schema.add_text_field("status", STRING),
        names: Locale::ALL.map(|locale| schema.add_text_field(&format!("name_{}", locale.code()), text.clone())),
        name_lengths: NAME_LENGTHS.map(|length| schema.add_u64_field(length, FAST)),
        texts: Locale::ALL.map(|locale| schema.add_text_field(&format!("text_{}", locale.code()), text.clone())),
        tags: schema.add_text_field("tags", text.clone()),
        joined: Locale::ALL.map(|locale| schema.add_text_field(&format!("joined_{}", locale.code()), text.clone())),
        codes: schema.add_text_field("codes", text.clone()),
    };
    (schema.build(), fields)
}

/// Texts come as words with spaces between them, see `words.rs`.
fn analyzer() -> TextAnalyzer {
    TextAnalyzer::from(WhitespaceTokenizer::default())
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
        let damaged = index.validate_checksum().map_err(index_error)?;
        if !damaged.is_empty() {
            return Err(index_error(format!("these files are damaged: {damaged:?}")));
        }
        let writer = index.writer_with_num_threads(1, WRITER_MEMORY_BYTES).map_err(index_error)?;
        let reader = index.reader_builder().reload_policy(ReloadPolicy::Manual).try_into().map_err(index_error)?;
        let payload = index.load_metas().map_err(index_error)?.payload.unwrap_or_default();
        let cursor = payload
            .split_once(':')
            .and_then(|(event, seq)| Some(Cursor { event: event.to_owned(), seq: seq.parse().ok()? }))
            // A new index is of no event that there is.
            .unwrap_or_else(|| Cursor { event: "none".into(), seq: 0 });
        Ok(Self { reader, writer: Mutex::new(writer), fields, cursor: Mutex::new(cursor) })
    }

    fn run(&self, query: &SearchQuery, words: &[String], step: MatchStep) -> Result<Vec<ProductId>, IndexError> {
        let searcher = self.reader.searcher();
        let length = NAME_LENGTHS[query.locale as usize];
        let top = TopDocs::with_limit(query.limit).tweak_score(move |segment: &SegmentReader| {
            let lengths = segment.fast_fields().u64(length).ok();
            move |document: DocId, score: Score| {
                query::length_penalty(score, lengths.as_ref().and_then(|all| all.first(document)).unwrap_or(0))
            }
        });
        let found = searcher.search(&query_for(&self.fields, query, words, step), &top).map_err(index_error)?;
        let mut halves = Vec::new();
        for segment in searcher.segment_readers() {
            let columns = segment.fast_fields();
            halves.push((columns.u64(ID_HALVES[0]).map_err(index_error)?, columns.u64(ID_HALVES[1]).map_err(index_error)?));
        }
        let id = |address: DocAddress| {
            let (high, low) = halves.get(address.segment_ord as usize)?;
            Some(ProductId(Uuid::from_u64_pair(high.first(address.doc_id)?, low.first(address.doc_id)?)))
        };
        Ok(found.into_iter().filter_map(|(_, address)| id(address)).collect())
    }

    fn document(&self, product: &SearchDocument) -> TantivyDocument {
        let mut document = TantivyDocument::default();
        let fields = &self.fields;
        document.add_text(fields.id, product.id.0.simple().to_string());
        let (high, low) = product.id.0.as_u64_pair();
        document.add_u64(fields.id_halves[0], high);
        document.add_u64(fields.id_halves[1], low);
        document.add_text(fields.status, &product.status);
        let names = [&product.name_en, &product.name_fil];
        let texts = [
            [&product.summary_en, &product.category_en, &product.option_values_en, &product.vendor].map(String::as_str).join(" "),
            [&product.summary_fil, &product.category_fil, &product.option_values_fil].map(String::as_str).join(" "),
        ];
        for locale in Locale::ALL {
            let (at, is_english) = (locale as usize, locale == Locale::En);
            let named = if names[at].is_empty() { names[0] } else { names[at] };
            document.add_u64(fields.name_lengths[at], words::words(named).len() as u64);
            document.add_text(fields.names[at], indexed(names[at], is_english));
            document.add_text(fields.joined[at], joined(names[at], is_english));
            document.add_text(fields.texts[at], indexed(&texts[at], is_english));
            document.add_text(fields.texts[at], joined(&texts[at], is_english));
        }
        document.add_text(fields.tags, indexed(&product.tags, true));
        document.add_text(fields.tags, joined(&product.tags, true));
        for line in product.codes.lines().filter(|line| !line.is_empty()) {
            document.add_text(fields.codes, code(line));
        }
        document
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
            writer.add_document(self.document(product)).map_err(index_error)?;
        }
        Ok(())
    }

    fn commit(&self, cursor: &Cursor) -> Result<(), IndexError> {
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let mut commit = writer.prepare_commit().map_err(index_error)?;
        commit.set_payload(&format!("{}:{}", cursor.event, cursor.seq));
        commit.commit().map_err(index_error)?;
        self.cursor.lock().unwrap_or_else(PoisonError::into_inner).clone_from(cursor);
        self.reader.reload().map_err(index_error)
    }

    fn find(&self, query: &SearchQuery) -> Result<SearchResult, IndexError> {
        let words = query_words(&query.text, MAX_WORDS);
        if words.is_empty() || query.limit == 0 {
            return Ok(SearchResult::default());
        }
        for step in MatchStep::steps(query.names_only) {
            let ids = self.run(query, &words, *step)?;
            if !ids.is_empty() {
                let fit = match step {
                    MatchStep::OwnNames | MatchStep::AllNames | MatchStep::Everything => Fit::Exact,
                    MatchStep::Typos(_) => Fit::Corrected,
                    MatchStep::Nearest => Fit::Nearest,
                };
                return Ok(SearchResult { ids, fit });
            }
        }
        Ok(SearchResult::default())
    }
}
