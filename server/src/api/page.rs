//! The OpenAPI document as a page for people, rendered once, without a script.

use maud::{DOCTYPE, Markup, html};
use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::problem::CODES;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

pub fn render(api: &OpenApi) -> Markup {
    let api = serde_json::to_value(api).unwrap_or_default();
    let info = &api["info"];
    let title = text(&info["title"]);
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                title { (title) " API" }
                meta name="viewport" content="width=device-width, initial-scale=1";
                link rel="stylesheet" href="/api/page.css";
                link rel="icon" href="/icons/icon.svg";
            }
            body {
                header {
                    p { a href="/" { (title) } }
                    h1 { "HTTP API" }
                }
                nav aria-label="Contents" {
                    ul {
                        @for tag in list(&api["tags"]) {
                            @let name = text(&tag["name"]);
                            li { a href={ "#" (name) } { (name) } }
                        }
                        li { a href="#problems" { "problems" } }
                        li { a href="#schemas" { "schemas" } }
                        li { a href="/api/openapi.json" { "OpenAPI document" } }
                    }
                }
                main {
                    (paragraphs(text(&info["description"])))
                    @for tag in list(&api["tags"]) {
                        (operations_of(&api, tag))
                    }
                    section {
                        h2 id="problems" { "problems" }
                        (problems())
                    }
                    section {
                        h2 id="schemas" { "schemas" }
                        @for (name, schema) in entries(&api["components"]["schemas"]) {
                            (schema_article(name, schema))
                        }
                    }
                }
            }
        }
    }
}

fn operations_of(api: &Value, tag: &Value) -> Markup {
    let name = text(&tag["name"]);
    html! {
        section {
            h2 id=(name) { (name) }
            (paragraphs(text(&tag["description"])))
            @for (path, item) in entries(&api["paths"]) {
                @for method in METHODS {
                    @if list(&item[method]["tags"]).any(|of| text(of) == name) {
                        (operation_article(method, path, &item[method]))
                    }
                }
            }
        }
    }
}

fn operation_article(method: &str, path: &str, operation: &Value) -> Markup {
    let body = &operation["requestBody"]["content"]["application/json"]["schema"];
    let parameters = html! {
        @for parameter in list(&operation["parameters"]) {
            tr {
                td { code { (text(&parameter["name"])) } }
                td { (text(&parameter["in"])) @if parameter["required"] == true { ", required" } }
                td { (type_of(&parameter["schema"])) }
                td { (marked(text(&parameter["description"]))) }
            }
        }
    };
    let responses = html! {
        @for (status, response) in entries(&operation["responses"]) {
            tr {
                td { (status) }
                td { (marked(text(&response["description"]))) }
                td { @if let Some((_, content)) = entries(&response["content"]).next() { (type_of(&content["schema"])) } }
            }
        }
    };
    html! {
        article id=(text(&operation["operationId"])) {
            h3 { (text(&operation["summary"])) }
            p { code { b { (method.to_uppercase()) } " " (path) } }
            (paragraphs(text(&operation["description"])))
            @if list(&operation["parameters"]).next().is_some() {
                (table(&["parameter", "in", "type", "meaning"], &parameters))
            }
            @if !body.is_null() {
                p { "Body: " (type_of(body)) }
            }
            (table(&["status", "meaning", "body"], &responses))
        }
    }
}

fn problems() -> Markup {
    let rows = html! {
        @for (code, status, meaning) in CODES {
            tr id={ "problem-" (code) } {
                td { code { (code) } }
                td { (status) }
                td { (marked(meaning)) }
            }
        }
    };
    table(&["code", "status", "meaning"], &rows)
}

fn schema_article(name: &str, schema: &Value) -> Markup {
    let required: Vec<_> = list(&schema["required"]).map(text).collect();
    let values = list(&schema["enum"]).map(|value| html! { code { (text(value)) } });
    let fields = html! {
        @for (field, about) in entries(&schema["properties"]) {
            tr {
                td { code { (field) } }
                td { (type_of(about)) @if !required.contains(&field.as_str()) { ", optional" } }
                td { (marked(text(&about["description"]))) }
            }
        }
    };
    html! {
        article {
            h3 id={ "schema-" (name) } { (name) }
            (paragraphs(text(&schema["description"])))
            @if list(&schema["enum"]).next().is_some() {
                p { (alternatives(values)) }
            }
            @if schema["properties"].is_object() {
                (table(&["field", "type", "meaning"], &fields))
            }
        }
    }
}

fn table(columns: &[&str], rows: &Markup) -> Markup {
    html! {
        table {
            thead { tr { @for column in columns { th scope="col" { (column) } } } }
            tbody { (rows) }
        }
    }
}

fn alternatives(parts: impl Iterator<Item = Markup>) -> Markup {
    html! { @for (index, part) in parts.enumerate() { @if index > 0 { " or " } (part) } }
}

/// A type in a few words, with a link to its schema.
fn type_of(schema: &Value) -> Markup {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        return html! { a href={ "#schema-" (name) } { (name) } };
    }
    if list(&schema["oneOf"]).next().is_some() {
        return alternatives(list(&schema["oneOf"]).map(type_of));
    }
    let base = match &schema["type"] {
        Value::String(one) if one == "array" => html! { "list of " (type_of(&schema["items"])) },
        Value::String(one) => html! { (one) },
        Value::Array(many) if many.iter().any(|one| one == "array") => html! { "list of " (type_of(&schema["items"])) },
        Value::Array(many) => alternatives(many.iter().map(|one| html! { (text(one)) })),
        _ => html! { "anything" },
    };
    let bounds: Vec<_> = [
        ("minimum", "at least"),
        ("maximum", "at most"),
        ("minLength", "characters, at least"),
        ("maxLength", "characters, at most"),
        ("pattern", "like"),
    ]
    .into_iter()
    .filter(|(key, _)| !schema[*key].is_null())
    .map(|(key, words)| format!("{words} {}", schema[key].as_str().map_or_else(|| schema[key].to_string(), str::to_owned)))
    .collect();
    html! { (base) @if !bounds.is_empty() { " " small { "(" (bounds.join(", ")) ")" } } }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn paragraphs(text: &str) -> Markup {
    html! { @for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) { p { (marked(paragraph)) } } }
}

/// Text with `code` in it.
fn marked(text: &str) -> Markup {
    html! {
        @for (index, part) in text.split('`').enumerate() {
            @if index % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_and_every_problem_is_on_the_page() {
        let api = crate::api::operations().1;
        let page = render(&api).into_string();
        for path in api.paths.paths.keys() {
            assert!(page.contains(&html! { (path) }.into_string()), "{path}");
        }
        for (code, ..) in CODES {
            assert!(page.contains(&format!("id=\"problem-{code}\"")), "{code}");
        }
        assert!(!page.contains("<script") && !page.contains("style="));
    }

    #[test]
    fn descriptions_are_escaped_on_the_page() {
        assert_eq!(marked("a `<b>` & c").into_string(), "a <code>&lt;b&gt;</code> &amp; c");
    }
}
