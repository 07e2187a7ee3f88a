//! Several values in one field, separated by commas. A value with a comma is quoted, as in a CSV file.

/// Joins values for the field.
pub(crate) fn joined<T: AsRef<str>>(parts: impl IntoIterator<Item = T>) -> String {
    let shown = |part: T| {
        let part = part.as_ref();
        if part.contains(',') || part.starts_with('"') { format!("\"{}\"", part.replace('"', "\"\"")) } else { part.to_owned() }
    };
    parts.into_iter().map(shown).collect::<Vec<_>>().join(", ")
}

/// The values that were typed. A quote that is not closed goes to the end.
pub(crate) fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut is_quoted, mut rest) = (false, text.chars().peekable());
    while let Some(c) = rest.next() {
        match c {
            '"' if is_quoted && rest.peek() == Some(&'"') => part.extend(rest.next()),
            '"' if is_quoted => is_quoted = false,
            '"' if part.trim().is_empty() => is_quoted = true,
            ',' if !is_quoted => parts.push(std::mem::take(&mut part)),
            c => part.push(c),
        }
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_separated_list_is_parsed_back_to_the_same_values() {
        for values in [
            vec!["Small", "Large"],
            vec!["Coarse, for French press", "Fine"],
            vec!["12\" pan", "\"Grand\", the large one", "\"", ",", "\"\""],
            vec![],
        ] {
            assert_eq!(parts(&joined(&values)), values, "{}", joined(&values));
        }
    }

    #[test]
    fn separated_lists_are_parsed_with_spaces_quotes_and_empty_parts() {
        for (typed, read) in [
            ("Small,Large", vec!["Small", "Large"]),
            (" Small , , Large, ", vec!["Small", "Large"]),
            ("12\" pan, 10\" pan", vec!["12\" pan", "10\" pan"]),
            ("\"55, 56\", 57", vec!["55, 56", "57"]),
            ("\"not closed, 57", vec!["not closed, 57"]),
            ("", vec![]),
        ] {
            assert_eq!(parts(typed), read, "{typed}");
        }
    }
}
