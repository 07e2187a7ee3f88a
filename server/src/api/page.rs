//! The API's description as a page for people: made from the OpenAPI document once, without a script.

use std::fmt::Write;

use serde_json::Value;
use utoipa::openapi::OpenApi;

use super::problem::CODES;

const METHODS: [&str; 4] = ["get", "post", "put", "delete"];

/// The page's HTML.
pub fn write(api: &OpenApi) -> String {
    let api = serde_json::to_value(api).unwrap_or_default();
    let mut html = String::with_capacity(64 * 1024);
    let page = Page { api: &api };
    // Writing into a string does not fail.
    let _ = page.write(&mut html);
    html
}

struct Page<'a> {
    api: &'a Value,
}

type Done = std::fmt::Result;

impl Page<'_> {
    fn write(&self, out: &mut String) -> Done {
        let info = &self.api["info"];
        let title = escaped(text(&info["title"]));
        write!(
            out,
            "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>{title} API</title>\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><link rel=\"stylesheet\" href=\"/api/page.css\">\
             <link rel=\"icon\" href=\"/icons/icon.svg\"></head><body><header><p><a href=\"/\">{title}</a></p><h1>HTTP API</h1></header>"
        )?;
        out.push_str("<nav aria-label=\"Contents\"><ul>");
        for tag in list(&self.api["tags"]) {
            let name = escaped(text(&tag["name"]));
            write!(out, "<li><a href=\"#{name}\">{name}</a></li>")?;
        }
        out.push_str("<li><a href=\"#problems\">problems</a></li><li><a href=\"#schemas\">schemas</a></li>");
        out.push_str("<li><a href=\"/api/openapi.json\">OpenAPI document</a></li></ul></nav><main>");
        paragraphs(out, text(&info["description"]))?;
        for tag in list(&self.api["tags"]) {
            let name = text(&tag["name"]);
            write!(out, "<section><h2 id=\"{0}\">{0}</h2>", escaped(name))?;
            paragraphs(out, text(&tag["description"]))?;
            for (path, item) in entries(&self.api["paths"]) {
                for method in METHODS {
                    let operation = &item[method];
                    if list(&operation["tags"]).any(|of| text(of) == name) {
                        self.operation(out, method, path, operation)?;
                    }
                }
            }
            out.push_str("</section>");
        }
        out.push_str("<section><h2 id=\"problems\">problems</h2><table><thead><tr><th scope=\"col\">code</th><th scope=\"col\">status</th><th scope=\"col\">meaning</th></tr></thead><tbody>");
        for (code, status, meaning) in CODES {
            write!(out, "<tr id=\"problem-{code}\"><td><code>{code}</code></td><td>{status}</td><td>{}</td></tr>", marked(meaning))?;
        }
        out.push_str("</tbody></table></section><section><h2 id=\"schemas\">schemas</h2>");
        for (name, schema) in entries(&self.api["components"]["schemas"]) {
            self.schema(out, name, schema)?;
        }
        out.push_str("</section></main></body></html>");
        Ok(())
    }

    fn operation(&self, out: &mut String, method: &str, path: &str, operation: &Value) -> Done {
        let id = escaped(text(&operation["operationId"]));
        write!(out, "<article id=\"{id}\"><h3>{}</h3>", escaped(text(&operation["summary"])))?;
        write!(out, "<p><code><b>{}</b> {}</code></p>", method.to_uppercase(), escaped(path))?;
        paragraphs(out, text(&operation["description"]))?;
        let parameters: Vec<_> = list(&operation["parameters"]).collect();
        if !parameters.is_empty() {
            out.push_str("<table><thead><tr><th scope=\"col\">parameter</th><th scope=\"col\">in</th><th scope=\"col\">type</th><th scope=\"col\">meaning</th></tr></thead><tbody>");
            for parameter in parameters {
                let needed = if parameter["required"] == true { ", required" } else { "" };
                write!(
                    out,
                    "<tr><td><code>{}</code></td><td>{}{needed}</td><td>{}</td><td>{}</td></tr>",
                    escaped(text(&parameter["name"])),
                    escaped(text(&parameter["in"])),
                    kind(&parameter["schema"]),
                    marked(text(&parameter["description"]))
                )?;
            }
            out.push_str("</tbody></table>");
        }
        let body = &operation["requestBody"]["content"]["application/json"]["schema"];
        if !body.is_null() {
            write!(out, "<p>Body: {}</p>", kind(body))?;
        }
        out.push_str(
            "<table><thead><tr><th scope=\"col\">status</th><th scope=\"col\">meaning</th><th scope=\"col\">body</th></tr></thead><tbody>",
        );
        for (status, response) in entries(&operation["responses"]) {
            let body = entries(&response["content"]).next().map(|(_, content)| kind(&content["schema"])).unwrap_or_default();
            write!(out, "<tr><td>{}</td><td>{}</td><td>{body}</td></tr>", escaped(status), marked(text(&response["description"])))?;
        }
        out.push_str("</tbody></table></article>");
        Ok(())
    }

    fn schema(&self, out: &mut String, name: &str, schema: &Value) -> Done {
        let name = escaped(name);
        write!(out, "<article><h3 id=\"schema-{name}\">{name}</h3>")?;
        paragraphs(out, text(&schema["description"]))?;
        let values: Vec<_> = list(&schema["enum"]).map(|value| format!("<code>{}</code>", escaped(text(value)))).collect();
        if !values.is_empty() {
            write!(out, "<p>{}</p>", values.join(" or "))?;
        }
        let required: Vec<_> = list(&schema["required"]).map(text).collect();
        if schema["properties"].is_object() {
            out.push_str("<table><thead><tr><th scope=\"col\">field</th><th scope=\"col\">type</th><th scope=\"col\">meaning</th></tr></thead><tbody>");
            for (field, about) in entries(&schema["properties"]) {
                let optional = if required.contains(&field.as_str()) { "" } else { ", optional" };
                write!(
                    out,
                    "<tr><td><code>{}</code></td><td>{}{optional}</td><td>{}</td></tr>",
                    escaped(field),
                    kind(about),
                    marked(text(&about["description"]))
                )?;
            }
            out.push_str("</tbody></table>");
        }
        out.push_str("</article>");
        Ok(())
    }
}

/// A type in a few words, with a link to its schema.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|reference| reference.rsplit('/').next()) {
        let name = escaped(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let choices: Vec<_> = list(&schema["oneOf"]).map(kind).collect();
    if !choices.is_empty() {
        return choices.join(" or ");
    }
    let base = match &schema["type"] {
        Value::String(one) if one == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(one) => escaped(one),
        Value::Array(many) if many.iter().any(|one| one == "array") => format!("list of {}", kind(&schema["items"])),
        Value::Array(many) => many.iter().map(|one| escaped(text(one))).collect::<Vec<_>>().join(" or "),
        _ => "anything".to_owned(),
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
    .map(|(key, words)| format!("{words} {}", escaped(&schema[key].as_str().map_or_else(|| schema[key].to_string(), str::to_owned))))
    .collect();
    if bounds.is_empty() { base } else { format!("{base} <small>({})</small>", bounds.join(", ")) }
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

fn paragraphs(out: &mut String, text: &str) -> Done {
    for paragraph in text.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
        write!(out, "<p>{}</p>", marked(paragraph))?;
    }
    Ok(())
}

/// Text with `code` in it.
fn marked(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + 16);
    for (i, part) in text.split('`').enumerate() {
        if i % 2 == 1 {
            html.push_str("<code>");
            html.push_str(&escaped(part));
            html.push_str("</code>");
        } else {
            html.push_str(&escaped(part));
        }
    }
    html
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::OpenApi;

    #[test]
    fn every_call_and_every_problem_is_on_the_page() {
        let api = super::super::openapi::Description::openapi();
        let html = write(&api);
        for path in api.paths.paths.keys() {
            assert!(html.contains(&escaped(path)), "{path}");
        }
        for (code, ..) in CODES {
            assert!(html.contains(&format!("id=\"problem-{code}\"")), "{code}");
        }
        assert!(!html.contains("<script") && !html.contains("style="));
    }

    #[test]
    fn what_is_written_cannot_break_the_page() {
        assert_eq!(marked("a `<b>` & c"), "a <code>&lt;b&gt;</code> &amp; c");
    }
}
