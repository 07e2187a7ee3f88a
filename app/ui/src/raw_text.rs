//! Text inside `<title>` and `<textarea>`.

/// Escapes a text for an element whose children the server does not escape: `<title>` (`leptos_meta` 0.8.7) and `<textarea>`
/// (`tachys` 0.2.19, `ESCAPE_CHILDREN`). Browsers read character references there, but no elements, so markup is escaped on the server;
/// in the browser it is set as text.
#[must_use]
pub fn raw_text(text: String) -> String {
    #[cfg(feature = "ssr")]
    return text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    #[cfg(not(feature = "ssr"))]
    text
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod tests {
    #[test]
    fn markup_stays_text() {
        assert_eq!(
            super::raw_text("Salt & <Pepper></title></textarea>".into()),
            "Salt &amp; &lt;Pepper&gt;&lt;/title&gt;&lt;/textarea&gt;"
        );
    }
}
