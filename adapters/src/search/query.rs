//! What a query looks for in which field, and what each find is worth. A product is worth, for each word, the best place that has it; so a
//! word of the name always comes before one of the description, and a whole word before its beginning.

use backend::search::SearchQuery;
use domain::Locale;
use tantivy::Term;
use tantivy::query::{BooleanQuery, ConstScoreQuery, DisjunctionMaxQuery, FuzzyTermQuery, Occur, Query, TermQuery};
use tantivy::schema::{Field, IndexRecordOption};

use super::Fields;
use super::words::{code, respelt, singular};

/// A code as it was typed: before everything else.
const WHOLE_CODE: f32 = 1_000.0;
/// The beginning of what looks like a code.
const BEGUN_CODE: f32 = 50.0;
/// Shorter ones begin too many.
const MIN_CODE: usize = 3;
/// What each word of its name takes from a product, so that of two that are worth the same the one comes first whose name has less besides.
/// All of them together outweigh no better place.
const LONG_NAME: f32 = 0.001;
const MAX_NAME_WORDS: f32 = 60.0;

/// The score of a product whose name has so many words.
pub(super) fn length_penalty(score: f32, words: u64) -> f32 {
    #[allow(clippy::cast_precision_loss, reason = "names have few words")]
    let words = words as f32;
    score - words.min(MAX_NAME_WORDS) * LONG_NAME
}

/// What a query matches, from the strictest step to typos and single words. Each is taken only where the one before found nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchStep {
    /// Names in the language of who types.
    OwnNames,
    /// Names in all languages, and tags.
    AllNames,
    Everything,
    /// Everything, with as many typos in a word.
    Typos(u8),
    /// Some of the words, or what they begin with.
    Nearest,
}

impl MatchStep {
    pub(super) const fn steps(names_only: bool) -> &'static [Self] {
        if names_only {
            &[Self::OwnNames, Self::AllNames, Self::Typos(1)]
        } else {
            &[Self::Everything, Self::Typos(1), Self::Typos(2), Self::Nearest]
        }
    }

    const fn typos(self) -> u8 {
        match self {
            Self::Typos(typos) => typos,
            Self::Nearest => 2,
            Self::OwnNames | Self::AllNames | Self::Everything => 0,
        }
    }
}

/// What a find in a field is worth: the whole word, another form of it, its beginning, with a typo.
struct Place {
    field: Field,
    /// Does it hold singulars of English words?
    is_english: bool,
    whole: f32,
    form: f32,
    beginning: f32,
    typo: f32,
}

/// The places that a step looks at.
fn places(fields: &Fields, query: &SearchQuery, step: MatchStep) -> Vec<Place> {
    let place = |field, is_english, [whole, form, beginning, typo]: [f32; 4]| Place { field, is_english, whole, form, beginning, typo };
    let mut places = Vec::new();
    for locale in Locale::ALL {
        let (name, joined) = (fields.names[locale as usize], fields.joined[locale as usize]);
        let (is_own, is_english) = (locale == query.locale, locale == Locale::En);
        if is_own {
            places.push(place(name, is_english, [10.0, 9.0, 7.0, 1.2]));
            places.push(place(joined, is_english, [9.0, 8.5, 6.5, 1.1]));
        } else if step != MatchStep::OwnNames {
            places.push(place(name, is_english, [8.0, 7.5, 5.0, 1.0]));
            places.push(place(joined, is_english, [7.5, 7.0, 4.5, 0.9]));
        }
        if !query.names_only {
            let worth = if is_own { [4.0, 3.5, 2.0, 0.5] } else { [3.0, 2.5, 1.5, 0.4] };
            places.push(place(fields.texts[locale as usize], is_english, worth));
        }
    }
    if step != MatchStep::OwnNames {
        places.push(place(fields.tags, true, [6.0, 5.5, 3.0, 0.8]));
    }
    places
}

/// The query for these words.
pub(super) fn query_for(fields: &Fields, query: &SearchQuery, words: &[String], step: MatchStep) -> Box<dyn Query> {
    let places = places(fields, query, step);
    let each = if step == MatchStep::Nearest { Occur::Should } else { Occur::Must };
    let all = (0..words.len()).map(|at| (each, word(&places, words, at, step))).collect();
    let mut ways: Vec<Box<dyn Query>> = vec![Box::new(BooleanQuery::new(all))];
    if matches!(step, MatchStep::OwnNames | MatchStep::Everything) {
        ways.extend(codes(fields.codes, &query.text));
    }
    let mut must: Vec<(Occur, Box<dyn Query>)> = vec![(Occur::Must, Box::new(DisjunctionMaxQuery::new(ways)))];
    if !query.status.is_empty() {
        must.push((Occur::Must, with_score(whole(fields.status, query.status), 0.0)));
    }
    Box::new(BooleanQuery::new(must))
}

/// A SKU or barcode: what was typed as a whole, or as its beginning where it looks like one.
fn codes(field: Field, text: &str) -> Vec<Box<dyn Query>> {
    let typed = code(text);
    if typed.len() < MIN_CODE {
        return Vec::new();
    }
    let looks_like_one = text.contains('-') || typed.bytes().any(|b| b.is_ascii_digit());
    let begun = if looks_like_one { BEGUN_CODE } else { 1.0 };
    vec![with_score(whole(field, &typed), WHOLE_CODE), with_score(beginning(field, &typed, 0), begun)]
}

/// One word of the query, in the best place that has it. It may be one word with the word before or after it.
fn word(places: &[Place], words: &[String], at: usize, step: MatchStep) -> Box<dyn Query> {
    let word = &words[at];
    let letters = word.chars().count();
    let together = |from: usize| words.get(from..from + 2).map(<[String]>::concat);
    let forms: Vec<String> = [respelt(word), at.checked_sub(1).and_then(together), together(at)].into_iter().flatten().collect();
    let typos = match letters {
        _ if word.bytes().any(|b| b.is_ascii_digit()) => 0,
        0..4 => 0,
        4..7 => step.typos().min(1),
        _ => step.typos(),
    };
    let mut ways = Vec::new();
    for place in places {
        let field = place.field;
        ways.push(with_score(whole(field, word), place.whole));
        ways.extend(forms.iter().map(|form| with_score(whole(field, form), place.form)));
        if place.is_english {
            ways.extend([word].into_iter().chain(&forms).map(|form| with_score(whole(field, &singular(form)), place.form)));
        }
        if letters > 1 || words.len() == 1 {
            ways.push(with_score(beginning(field, word, 0), place.beginning));
        }
        if typos > 0 {
            let near = FuzzyTermQuery::new(Term::from_field_text(field, word), typos, true);
            ways.push(with_score(Box::new(near), place.typo));
            if letters > 4 && place.typo >= 1.0 {
                ways.push(with_score(beginning(field, word, 1), place.typo / 2.0));
            }
        }
        if step == MatchStep::Nearest && letters > 5 {
            let begin: String = word.chars().take((letters * 2 / 3).max(4)).collect();
            ways.push(with_score(beginning(field, &begin, 0), place.typo / 4.0));
        }
    }
    Box::new(DisjunctionMaxQuery::new(ways))
}

fn whole(field: Field, word: &str) -> Box<dyn Query> {
    Box::new(TermQuery::new(Term::from_field_text(field, word), IndexRecordOption::Basic))
}

fn beginning(field: Field, word: &str, typos: u8) -> Box<dyn Query> {
    Box::new(FuzzyTermQuery::new_prefix(Term::from_field_text(field, word), typos, true))
}

fn with_score(query: Box<dyn Query>, score: f32) -> Box<dyn Query> {
    Box::new(ConstScoreQuery::new(query, score))
}
