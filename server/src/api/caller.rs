//! Who calls: nobody, or the holder of an API key, which `identity::authenticate_api_key` looks up.

use axum::extract::FromRequestParts;
use backend::Shop;
use backend::platform::Context;
use backend::platform::context::Client;
use domain::id::RequestId;
use domain::permission::{Access, Denied, Permission};
use domain::view::DenialKind;
use http::request::Parts;
use http::{StatusCode, header};
use uuid::Uuid;

use super::Problem;

fn request_id(parts: &Parts) -> RequestId {
    parts.extensions.get().copied().unwrap_or_else(|| RequestId(Uuid::now_v7()))
}

/// The caller: anonymous, or the holder of a key.
pub struct Caller(pub Context);

impl FromRequestParts<Shop> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, shop: &Shop) -> Result<Self, Problem> {
        let request = request_id(parts);
        let client = parts.extensions.get::<Client>().map(|client| client.0);
        let Some(authorization) = parts.headers.get(header::AUTHORIZATION) else {
            return Ok(Self(Context::nobody(request).from(client)));
        };
        let refused =
            || Problem::new(StatusCode::UNAUTHORIZED, "unauthorised", "This key is not valid. Keys are made in the admin, under settings.");
        let secret =
            authorization.to_str().ok().and_then(|text| text.split_once(' ')).filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"));
        let Some((_, secret)) = secret else { return Err(refused()) };
        match backend::identity::authenticate_api_key(shop, secret.trim()).await {
            Ok(Some((id, scopes))) => {
                tracing::Span::current().record("account", tracing::field::display(id));
                Ok(Self(Context::api_key(id, scopes, request).from(client)))
            }
            Ok(None) => {
                backend::identity::record_denial(shop, &Context::nobody(request).from(client), DenialKind::Key, None).await;
                Err(refused())
            }
            Err(error) => Err(super::errors::identity(error, request)),
        }
    }
}

impl Caller {
    /// The caller, when they hold a key with this scope.
    ///
    /// # Errors
    /// 401 without a key, 403 without the scope.
    pub async fn with_scope(self, shop: &Shop, scope: Permission) -> Result<Context, Problem> {
        let name = scope.as_str();
        match self.0.authorize(Access::Staff(scope)) {
            Ok(()) => Ok(self.0),
            // Keys are not asked for a second factor, nor to confirm.
            Err(Denied::Forbidden | Denied::NoSecondFactor | Denied::Unconfirmed) => {
                backend::identity::record_denial(shop, &self.0, DenialKind::Key, None).await;
                Err(Problem::new(StatusCode::FORBIDDEN, "forbidden", format!("This key lacks the scope {name}.")))
            }
            Err(Denied::SignedOut) => Err(Problem::new(
                StatusCode::UNAUTHORIZED,
                "unauthorised",
                format!("This needs a key with the scope {name}: send it as “Authorization: Bearer tdh_…”."),
            )),
        }
    }
}
