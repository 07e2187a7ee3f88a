//! What was searched for lately in this browser. It is kept there alone, and cleared when somebody asks for it.

use domain::view::SuggestionView;
use gloo_storage::{LocalStorage, Storage};

use crate::query::address;

/// The key in the browser's `localStorage`: a search a line, the latest first.
const KEY: &str = "tindahan.searches";
const MAX: usize = 6;

fn stored() -> Vec<String> {
    let text = LocalStorage::raw().get_item(KEY).ok().flatten().unwrap_or_default();
    text.lines().filter(|line| !line.is_empty()).take(MAX).map(str::to_owned).collect()
}

/// The latest searches, the latest first, as links to their results.
pub fn searches() -> Vec<SuggestionView> {
    let link = |words: String| SuggestionView {
        href: address("/search", [("q", words.as_str())].into_iter()),
        label: words,
        ..SuggestionView::default()
    };
    stored().into_iter().map(link).collect()
}

/// Keeps a search that found something.
pub fn remember(words: &str) {
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut lines = stored();
    lines.retain(|line| line.to_lowercase() != words.to_lowercase());
    lines.insert(0, words);
    lines.truncate(MAX);
    // Without storage nothing is remembered.
    let _ = LocalStorage::raw().set_item(KEY, &lines.join("\n"));
}

pub fn forget() {
    // Without storage there is nothing to forget.
    let _ = LocalStorage::raw().remove_item(KEY);
}
