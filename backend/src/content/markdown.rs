//! Markdown becomes HTML that is safe to show: elements of text, and links to the web, to mail and to telephones.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use pulldown_cmark::{Event, HeadingLevel, Options, Parser, Tag, TagEnd, html};

/// Everything else is taken away, with its content where that is no text. Pictures are not among them: the shop's content policy lets
/// browsers load none from elsewhere.
const ELEMENTS: [&str; 25] = [
    "a",
    "blockquote",
    "br",
    "code",
    "dd",
    "del",
    "dl",
    "dt",
    "em",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "strong",
    "table",
    "tbody",
    "td",
    "th",
    "tr",
];
const MORE_ELEMENTS: [&str; 4] = ["sub", "sup", "thead", "ul"];
const SCHEMES: [&str; 4] = ["http", "https", "mailto", "tel"];

static SANITISER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::default();
    builder
        .tags(ELEMENTS.into_iter().chain(MORE_ELEMENTS).collect())
        .generic_attributes(HashSet::new())
        .tag_attributes(HashMap::from([("a", HashSet::from(["href", "title"])), ("ol", HashSet::from(["start"]))]))
        .tag_attribute_values(HashMap::new())
        .allowed_classes(HashMap::new())
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(UrlRelative::PassThrough);
    builder
});

fn parse(markdown: &str) -> Parser<'_> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// The HTML of a text in Markdown, without anything that a browser would run, load or style. The page's title is its only heading of the
/// first level: those of the text begin with the second, whatever they were written with, and none leaves a level out.
#[must_use]
pub fn to_html(markdown: &str) -> String {
    let written = parse(markdown).filter_map(|event| match event {
        Event::Start(Tag::Heading { level, .. }) => Some(level as usize),
        _ => None,
    });
    let highest = written.min().unwrap_or(1);
    let mut last = 1;
    let level = |number: usize| HeadingLevel::try_from(number).unwrap_or(HeadingLevel::H6);
    let events = parse(markdown).map(|event| match event {
        Event::Start(Tag::Heading { level: written, .. }) => {
            last = (written as usize + 2 - highest).min(last + 1);
            Event::Start(Tag::Heading { level: level(last), id: None, classes: Vec::new(), attrs: Vec::new() })
        }
        Event::End(TagEnd::Heading(_)) => Event::End(TagEnd::Heading(level(last))),
        other => other,
    });
    let mut unsafe_html = String::new();
    html::push_html(&mut unsafe_html, events);
    SANITISER.clean(&unsafe_html).to_string()
}

/// The beginning of a text in Markdown as plain words, of at most so many characters.
pub(super) fn beginning(markdown: &str, most: usize) -> String {
    let mut text = String::new();
    for event in parse(markdown) {
        match event {
            Event::Text(words) | Event::Code(words) => text.push_str(&words),
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough | TagEnd::Link) => {}
            Event::SoftBreak | Event::HardBreak | Event::End(_) => text.push(' '),
            _ => {}
        }
        if text.len() > 4 * most {
            break;
        }
    }
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() <= most {
        return words;
    }
    let cut: String = words.chars().take(most).collect();
    let end = cut.rfind(' ').unwrap_or(cut.len());
    format!("{}…", &cut[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markdown_becomes_text_below_the_title() {
        let html = to_html("# Delivery\n\nWe send *every* day:\n\n1. pack\n2. ship\n\n| to | days |\n|:---|---:|\n| Luzon | 2 |\n");
        for part in ["<h2>Delivery</h2>", "<em>every</em>", "<ol>", "<li>ship</li>", "<th>days</th>", "<td>2</td>"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        let levels = to_html("### One\n\n###### Two\n\n### Three\n\n#### Four");
        assert_eq!(levels.replace('\n', ""), "<h2>One</h2><h3>Two</h3><h2>Three</h2><h3>Four</h3>");
        let link = to_html("[the shop](/c/tableware) and [mail](mailto:ana@example.com)");
        assert!(link.contains("href=\"/c/tableware\"") && link.contains("href=\"mailto:ana@example.com\""), "{link}");
    }

    #[test]
    fn nothing_that_runs_loads_or_styles_is_left() {
        let bad = [
            "<script>steal()</script>",
            "<style>body { display: none }</style>",
            "<p style=\"position:fixed\" class=\"btn\" id=\"content\">words</p>",
            "<p onclick=\"steal()\" onmouseover=steal()>words</p>",
            "[link](javascript:steal())",
            "[link](JaVaScRiPt&colon;steal())",
            "<a href=\" java\nscript:steal()\">link</a>",
            "[link](data:text/html;base64,PHNjcmlwdD4=)",
            "[link](vbscript:steal())",
            "<iframe src=\"https://evil.example\"></iframe>",
            "<object data=\"x.swf\"></object><embed src=\"x.swf\">",
            "<form action=\"https://evil.example\"><input name=\"password\"><button>Go</button></form>",
            "![picture](https://evil.example/pixel.png)",
            "<img src=x onerror=steal()>",
            "<svg onload=steal()><script>steal()</script></svg>",
            "<math><mtext></p><style><img src=x onerror=steal()></style></mtext></math>",
            "<meta http-equiv=\"refresh\" content=\"0;url=https://evil.example\"><base href=\"https://evil.example\"><link rel=stylesheet href=x>",
            "<template><script>steal()</script></template><noscript><img src=x onerror=steal()></noscript>",
        ];
        let html = to_html(&bad.join("\n\n")).to_lowercase();
        // What is left of the rest is text: each element is one that is allowed, and each attribute.
        for tag in html.split('<').skip(1).filter_map(|rest| rest.split('>').next()) {
            let mut words = tag.trim_start_matches('/').split(' ');
            let name = words.next().unwrap_or_default();
            assert!(ELEMENTS.contains(&name) || MORE_ELEMENTS.contains(&name), "<{tag}> in {html}");
            let attributes: Vec<&str> = words.collect();
            let is_plain = attributes.is_empty() || attributes == ["rel=\"noopener", "noreferrer\""];
            assert!(is_plain, "<{tag}> in {html}");
        }
        assert!(!html.contains("display: none") && !html.contains("javascript:"), "{html}");
        assert!(html.contains("words"), "text stays: {html}");
    }

    #[test]
    fn a_description_is_the_beginning_in_whole_words() {
        assert_eq!(beginning("# Delivery\n\nWe send **every** day.", 40), "Delivery We send every day.");
        assert_eq!(beginning("one two three four", 10), "one two…");
    }
}
