//! The OpenAPI document: what each operation takes, and every status that it answers with.

use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

use super::problem::{CODES, FieldProblem, Problem};

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "Tindahan",
        version = "1",
        description = "The shop's HTTP API: products and search, carts, checkout, orders and stock.\n\n\
            Amounts are minor units beside a currency; times are milliseconds since 1970 UTC. Send `Accept-Language: fil` for texts in Filipino. \
            Errors are problem documents (RFC 9457) with a stable `code`. Fields may be added to answers; none is taken away.",
        license(name = "AGPL-3.0-or-later", identifier = "AGPL-3.0-or-later"),
    ),
    servers((url = "/", description = "This shop")),
    tags(
        (name = "products", description = "What is sold."),
        (name = "carts", description = "From a cart to an order."),
        (name = "orders", description = "What was bought, and where it is."),
        (name = "stock", description = "What there is."),
    ),
    components(schemas(Problem, FieldProblem)),
)]
struct Head;

/// The document of the operations below `/api/v1`.
pub fn document(operations: OpenApi) -> OpenApi {
    let mut document = <Head as utoipa::OpenApi>::openapi().nest("/api/v1", operations);
    add_common_parts(&mut document);
    document
}

/// Adds what all operations have in common: the key, and their failures.
fn add_common_parts(document: &mut OpenApi) {
    let key = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A key from the admin's settings, `tdh_…`, with scopes."))
        .build();
    if let Some(components) = &mut document.components {
        components.add_security_scheme("key", SecurityScheme::Http(key));
    }
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.post, &mut item.put, &mut item.delete];
        operations.into_iter().flatten().for_each(add_failures);
    }
}

/// Adds the failures that the operation does not name itself.
fn add_failures(operation: &mut Operation) {
    let has_path_parameter = operation
        .parameters
        .iter()
        .flatten()
        .any(|parameter| matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Path));
    let has_body = operation.request_body.is_some();
    let needs_key = operation.security.is_some();
    let applies = |status: u16| match status {
        403 => needs_key,
        404 => has_path_parameter,
        413 | 415 => has_body,
        405 | 409 => false,
        _ => true,
    };
    let mut statuses: Vec<u16> = CODES.iter().map(|(_, status, _)| *status).filter(|status| applies(*status)).collect();
    statuses.dedup();
    for status in statuses {
        let codes: Vec<_> = CODES.iter().filter(|(_, of, _)| *of == status).map(|(code, ..)| format!("`{code}`")).collect();
        let content = ContentBuilder::new().schema(Some(RefOr::Ref(Ref::from_schema_name("Problem")))).build();
        let response = ResponseBuilder::new().description(codes.join(" or ")).content("application/problem+json", content).build();
        operation.responses.responses.entry(status.to_string()).or_insert(RefOr::T(response));
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_call_documents_its_errors() {
        let api = serde_json::to_value(crate::api::operations().1).unwrap();
        let paths = api["paths"].as_object().unwrap();
        assert!(paths.len() >= 12, "{}", paths.len());
        for (path, item) in paths {
            for (method, operation) in item.as_object().unwrap() {
                let responses = operation["responses"].as_object().unwrap();
                for status in ["400", "401", "422", "429", "500", "503"] {
                    assert!(responses.contains_key(status), "{method} {path} lacks {status}");
                }
                assert!(!path.contains('{') || responses.contains_key("404"), "{method} {path}");
            }
        }
        let checkout = &api["paths"]["/api/v1/carts/{cart}/checkout"]["post"]["responses"];
        assert!(checkout["409"]["content"]["application/problem+json"].is_object() && checkout["201"].is_object());
        assert_eq!(api["components"]["schemas"]["NewLine"]["additionalProperties"], false);
    }
}
