//! How a mail looks: as text, and as HTML that every mail program shows (tables, styles on the elements, no pictures).

use std::fmt::Write;

use domain::Locale;
use domain::messages::t;

/// Letters of a first name, at most.
const MAX_NAME_CHARS: usize = 24;
/// The same in scripts that write without spaces, in which so many letters may be a sentence.
const MAX_NAME_CHARS_WITHOUT_SPACES: usize = 6;

/// Of a script that puts no spaces between words: those of Thailand, Laos, Burma and Cambodia, and all of East Asia.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..)
}

/// How a mail begins. Whoever ordered gave name and address, and the address may be a stranger's: of the name only a first word
/// that is nothing but letters is taken, so that nobody has the shop send their words or links.
pub(super) fn greeting(locale: Locale, name: &str) -> String {
    let first = name.split_whitespace().next().unwrap_or_default();
    let plain = |c: char| c.is_alphabetic() || matches!(c, '\'' | '’' | '-');
    // A name that says more than a name elsewhere is none.
    let is_name = !name.chars().any(|c| matches!(c, '/' | ':' | '@' | '<' | '>') || c.is_control());
    let longest = if first.chars().any(is_unspaced) { MAX_NAME_CHARS_WITHOUT_SPACES } else { MAX_NAME_CHARS };
    let fits = first.chars().any(char::is_alphabetic) && first.chars().all(plain) && first.chars().count() <= longest;
    if is_name && fits { t::MAIL_CONFIRM_GREETING.with(locale, &[("name", first)]) } else { t::MAIL_GREETING.text(locale).to_owned() }
}

/// A mail to a shopper, in its parts.
#[derive(Clone, Debug)]
pub(super) struct Template {
    pub locale: Locale,
    pub shop: String,
    pub subject: String,
    pub greeting: String,
    pub body: String,
    pub title: String,
    /// What was bought, with prices.
    pub rows: Vec<(String, String)>,
    /// Sums, the total last.
    pub sums: Vec<(String, String)>,
    /// What the button says and where it leads.
    pub action: (String, String),
    pub footer: String,
}

/// The colour of the button without a shop's own.
const PRIMARY: &str = "#7a3b1d";

impl Template {
    pub(super) fn text(&self) -> String {
        let mut out = format!("{}\n\n{}\n\n{}\n", self.greeting, self.body, self.title);
        // Writing to a text cannot fail.
        for (what, price) in &self.rows {
            let _ = writeln!(out, "  {what}: {price}");
        }
        if !self.sums.is_empty() {
            out.push('\n');
        }
        for (what, price) in &self.sums {
            let _ = writeln!(out, "  {what}: {price}");
        }
        let (action, link) = &self.action;
        let _ = write!(out, "\n{action}:\n{link}\n\n-- \n{}\n{}\n", self.shop, self.footer);
        out
    }

    pub(super) fn html(&self, primary: &str) -> String {
        let primary = if primary.is_empty() { PRIMARY } else { primary };
        let cell = "padding:6px 0;border-bottom:1px solid #e7e0d8";
        let mut table = String::new();
        let last = self.sums.len().saturating_sub(1);
        let rows = self.rows.iter().map(|pair| (pair, false));
        let sums = self.sums.iter().enumerate().map(|(i, pair)| (pair, i == last));
        for ((what, price), strong) in rows.chain(sums) {
            let weight = if strong { ";font-weight:bold" } else { "" };
            let _ = write!(
                table,
                "<tr><td style=\"{cell}{weight}\">{}</td><td align=\"right\" style=\"{cell}{weight};white-space:nowrap\">{}</td></tr>",
                escape(what),
                escape(price)
            );
        }
        if !table.is_empty() {
            table =
                format!("<table role=\"presentation\" width=\"100%\" cellspacing=\"0\" style=\"border-collapse:collapse\">{table}</table>");
        }
        let (action, link) = &self.action;
        format!(
            "<!doctype html><html lang=\"{lang}\" dir=\"{dir}\"><head><meta charset=\"utf-8\"><title>{subject}</title></head>\
             <body style=\"margin:0;background:#faf7f2;color:#2b2320;font-family:Arial,Helvetica,sans-serif;font-size:16px;line-height:1.5\">\
             <table role=\"presentation\" width=\"100%\" cellspacing=\"0\"><tr><td align=\"center\" style=\"padding:24px 12px\">\
             <table role=\"presentation\" width=\"100%\" cellspacing=\"0\" style=\"max-width:560px;background:#ffffff;border-radius:12px\">\
             <tr><td style=\"padding:28px\"><p style=\"margin:0 0 20px;font-size:20px;font-weight:bold\">{shop}</p>\
             <p style=\"margin:0 0 12px\">{greeting}</p><p style=\"margin:0 0 20px\">{body}</p>\
             <h1 style=\"margin:0 0 12px;font-size:18px\">{title}</h1>{table}\
             <p style=\"margin:24px 0 0\"><a href=\"{link}\" style=\"display:inline-block;padding:12px 20px;border-radius:8px;\
             background:{primary};color:#ffffff;text-decoration:none;font-weight:bold\">{action}</a></p></td></tr></table>\
             <p style=\"max-width:560px;margin:16px auto 0;font-size:13px;color:#6b5f58\">{footer}</p></td></tr></table></body></html>",
            lang = self.locale.tag(),
            dir = self.locale.dir(),
            subject = escape(&self.subject),
            shop = escape(&self.shop),
            greeting = escape(&self.greeting),
            body = escape(&self.body),
            title = escape(&self.title),
            link = escape(link),
            primary = escape(primary),
            action = escape(action),
            footer = escape(&self.footer),
        )
    }
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_greeting_carries_no_words_but_a_first_name() {
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
        let template = Template {
            locale: Locale::En,
            shop: "A & B".into(),
            subject: "S".into(),
            greeting: "Hello <b>Ana</b>,".into(),
            body: "Body".into(),
            title: "Order".into(),
            rows: vec![("1 × Mug".into(), "₱5.00".into())],
            sums: vec![("Total".into(), "₱5.00".into())],
            action: ("Follow".into(), "http://127.0.0.1/orders/follow/x?a=\"b\"".into()),
            footer: "F".into(),
        };
        let html = template.html("");
        assert!(html.contains("Hello &lt;b&gt;Ana&lt;/b&gt;,") && html.contains("A &amp; B") && html.contains("a=&quot;b&quot;"));
        assert!(template.text().contains("1 × Mug: ₱5.00"));
    }
}
