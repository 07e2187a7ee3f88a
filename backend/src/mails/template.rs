//! The layout of a mail, as text and as HTML. The HTML has tables, inline styles and no pictures, for old mail programs; those that know
//! style sheets follow the reader's light or dark theme.

use std::fmt::Write;

use domain::colour::DARK_BACKGROUND;
use domain::messages::t;
use domain::{Colour, Locale};
use maud::{DOCTYPE, Markup, PreEscaped, html};

/// Letters of a first name in a greeting, at most.
const MAX_NAME_CHARS: usize = 24;
/// In scripts that write without spaces, where more may be a sentence.
const MAX_NAME_CHARS_WITHOUT_SPACES: usize = 6;

/// Does its script put no spaces between words? Those of Thailand, Laos, Burma, Cambodia and East Asia.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..)
}

/// The first line of a mail. The buyer gave the name and the address, which may be a stranger's: only a first name of nothing but letters
/// is used, so that the shop cannot be made to send other people's texts or links.
pub(crate) fn greeting(locale: Locale, name: &str) -> String {
    let first = name.split_whitespace().next().unwrap_or_default();
    let plain = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-');
    // Signs of links or markup anywhere, and the first word is not used either.
    let is_name = !name.chars().any(|c| matches!(c, '/' | ':' | '@' | '<' | '>') || c.is_control());
    let longest = if first.chars().any(is_unspaced) { MAX_NAME_CHARS_WITHOUT_SPACES } else { MAX_NAME_CHARS };
    let fits = first.chars().any(char::is_alphabetic) && first.chars().all(plain) && first.chars().count() <= longest;
    if is_name && fits { t::MAIL_CONFIRM_GREETING.with(locale, &[("name", first)]) } else { t::MAIL_GREETING.text(locale).to_owned() }
}

/// The parts of a mail.
#[derive(Clone, Debug)]
pub(crate) struct MailContent {
    pub locale: Locale,
    pub shop: String,
    pub subject: String,
    pub greeting: String,
    pub body: String,
    pub title: String,
    /// What is known of an order, such as when it was placed: label and value.
    pub facts: Vec<(String, String)>,
    /// Lines of an order or a list: what, and its price or number.
    pub rows: Vec<(String, String)>,
    /// Label and amount of each sum, the total last.
    pub sums: Vec<(String, String)>,
    /// A line below the sums, such as the tax in them; empty for none.
    pub note: String,
    /// Text and address of the button.
    pub action: (String, String),
    pub footer: String,
}

/// The shop's colour where its owner has chosen none.
const DEFAULT_PRIMARY: &str = "#0f5c4a";
const BUTTON: &str = "display:inline-block;padding:12px 20px;border-radius:8px;text-decoration:none;font-weight:bold;";
const CELL: &str = "padding:6px 0;border-bottom:1px solid #e7e0d8";
const QUIET: &str = "font-size:13px;color:#5d5650";
/// Inline styles give way to it only by `!important`.
const DARK: &str = "body,.ground{background:#121a17!important;color:#f3efe8!important}.sheet{background:#1d2723!important}\
.quiet{color:#b9c2bc!important}td{border-color:#35423c!important}";

impl MailContent {
    pub(crate) fn text(&self) -> String {
        let mut out = format!("{}\n\n{}\n\n{}\n", self.greeting, self.body, self.title);
        // Writing to a string cannot fail.
        for (label, value) in &self.facts {
            let _ = writeln!(out, "{label}: {value}");
        }
        for (what, price) in &self.rows {
            let _ = writeln!(out, "  {what}: {price}");
        }
        if !self.sums.is_empty() {
            out.push('\n');
        }
        for (what, price) in &self.sums {
            let _ = writeln!(out, "  {what}: {price}");
        }
        if !self.note.is_empty() {
            let _ = writeln!(out, "  {}", self.note);
        }
        let (action, link) = &self.action;
        let _ = write!(out, "\n{action}:\n{link}\n\n-- \n{}\n{}\n", self.shop, self.footer);
        out
    }

    /// `primary` is the shop's own colour, `#rrggbb` or empty.
    pub(crate) fn html(&self, primary: &str) -> String {
        let colours = Colours::of(primary);
        let (action, link) = &self.action;
        let page = html! {
            (DOCTYPE)
            html lang=(self.locale.tag()) dir=(self.locale.dir()) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta name="color-scheme" content="light dark";
                    meta name="supported-color-schemes" content="light dark";
                    title { (self.subject) }
                    style { (PreEscaped(colours.stylesheet())) }
                }
                body style="margin:0;background:#faf7f2;color:#2b2320;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5" {
                    table role="presentation" width="100%" cellspacing="0" class="ground" {
                        tr {
                            td align="center" style="padding:24px 12px" {
                                table role="presentation" width="100%" cellspacing="0" class="sheet"
                                    style="max-width:560px;background:#ffffff;border-radius:12px;overflow:hidden" {
                                    tr {
                                        td class="brand" style=(format!("padding:16px 28px;font-size:20px;font-weight:bold;{}", colours.by_day())) {
                                            (self.shop)
                                        }
                                    }
                                    tr {
                                        td style="padding:24px 28px 28px" { (self.content(&colours, action, link)) }
                                    }
                                }
                                p class="quiet" style=(format!("max-width:560px;margin:16px auto 0;{QUIET}")) { (self.footer) }
                            }
                        }
                    }
                }
            }
        };
        page.into_string()
    }

    fn content(&self, colours: &Colours, action: &str, link: &str) -> Markup {
        let button = format!("{BUTTON}{}", colours.by_day());
        html! {
            p style="margin:0 0 12px" { (self.greeting) }
            p style="margin:0 0 20px;white-space:pre-line" { (self.body) }
            h1 style="margin:0 0 12px;font-size:18px" { (self.title) }
            @for (label, value) in &self.facts {
                p style="margin:0 0 4px" { span class="quiet" style=(QUIET) { (label) ": " } (value) }
            }
            @if !self.facts.is_empty() { div style="height:12px" {} }
            (self.list())
            @if !self.note.is_empty() { p class="quiet" style=(format!("margin:8px 0 0;{QUIET}")) { (self.note) } }
            p style="margin:24px 0 0" { a class="brand" href=(link) style=(button) { (action) } }
        }
    }

    /// Rows and sums, the total in bold.
    fn list(&self) -> Markup {
        let last = self.sums.len().saturating_sub(1);
        let rows = self.rows.iter().map(|row| (row, false));
        let sums = self.sums.iter().enumerate().map(|(at, sum)| (sum, at == last));
        let lines = rows.chain(sums).map(|((what, price), is_total)| {
            let weight = if is_total { ";font-weight:bold" } else { "" };
            html! {
                tr {
                    td style=(format!("{CELL}{weight}")) { (what) }
                    td align="right" style=(format!("{CELL}{weight};white-space:nowrap")) { (price) }
                }
            }
        });
        html! {
            @if !self.rows.is_empty() || !self.sums.is_empty() {
                table role="presentation" width="100%" cellspacing="0" style="border-collapse:collapse" {
                    @for line in lines { (line) }
                }
            }
        }
    }
}

/// The shop's colour and the text on it, by day and by night.
struct Colours {
    day: Option<Colour>,
    night: Option<Colour>,
}

impl Colours {
    fn of(primary: &str) -> Self {
        let colour = Colour::parse(primary).or_else(|| Colour::parse(DEFAULT_PRIMARY));
        Self { day: colour, night: colour.map(|colour| colour.readable_on(DARK_BACKGROUND)) }
    }

    fn by_day(&self) -> String {
        self.day.map(|colour| format!("background:{};color:{}", colour.hex(), colour.text_colour().hex())).unwrap_or_default()
    }

    fn stylesheet(&self) -> String {
        let night = self
            .night
            .map(|colour| format!(".brand{{background:{}!important;color:{}!important}}", colour.hex(), colour.text_colour().hex()));
        format!(":root{{color-scheme:light dark}}@media (prefers-color-scheme:dark){{{DARK}{}}}", night.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_uses_a_first_name_and_no_other_text() {
        for (name, greeted) in [
            ("Maria Clara Santos", "Hello Maria,"),
            ("Ma. Teresa Cruz", "Hello,"),
            ("Niño", "Hello Niño,"),
            ("D'Angelo Reyes-Cruz", "Hello D'Angelo,"),
            ("You won! Visit evil.example", "Hello You,"),
            ("Win http://evil.example", "Hello,"),
            ("evil.example", "Hello,"),
            ("ana@evil.example", "Hello,"),
            ("Ana\r\nBcc: x", "Hello,"),
            ("<b>Ana</b>", "Hello,"),
            ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Hello,"),
            ("恭喜您中奖请加微信领取一百万", "Hello,"),
            ("佐藤さくら", "Hello 佐藤さくら,"),
            ("", "Hello,"),
        ] {
            assert_eq!(greeting(Locale::En, name), greeted, "{name}");
        }
    }

    #[test]
    fn a_name_with_signs_of_html_stays_a_name() {
        let template = MailContent {
            locale: Locale::En,
            shop: "A & B".into(),
            subject: "S".into(),
            greeting: "Hello <b>Ana</b>,".into(),
            body: "Body".into(),
            title: "Order".into(),
            facts: vec![("Placed".into(), "<today>".into())],
            rows: vec![("1 × Mug".into(), "₱5.00".into())],
            sums: vec![("Total".into(), "₱5.00".into())],
            note: String::new(),
            action: ("Follow".into(), "http://127.0.0.1/orders/follow/x?a=\"b\"".into()),
            footer: "F".into(),
        };
        let html = template.html("");
        assert!(html.contains("Hello &lt;b&gt;Ana&lt;/b&gt;,") && html.contains("A &amp; B") && html.contains("a=&quot;b&quot;"));
        assert!(html.contains("&lt;today&gt;"));
        let text = template.text();
        assert!(text.contains("1 × Mug: ₱5.00") && text.contains("Placed: <today>"));
    }

    #[test]
    fn the_shops_colour_has_text_that_can_be_read_by_day_and_by_night() {
        for (primary, day) in
            [("", "background:#0f5c4a;color:#fbf8f3"), ("#f2e21d", "background:#f2e21d;color:#1c2321"), ("red;}", "#0f5c4a")]
        {
            let colours = Colours::of(primary);
            assert!(colours.by_day().contains(day), "{primary}: {}", colours.by_day());
            let night = colours.night.unwrap();
            assert!(night.contrast(night.text_colour()) >= 4.0 && colours.stylesheet().contains(&night.hex()), "{primary}");
        }
    }
}
