//! The whole web app as an Axum router. Kept here, not in `server`, so that the views are instantiated in this crate and an
//! edit of the server process does not compile them again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use backend::Shop;
use backend::platform::Context;
use backend::platform::context::Client;
use domain::Locale;
use domain::id::RequestId;
use domain::permission::{Access, Permission};
use domain::view::DenialKind;
use http::request::Parts;
use http::{Extensions, HeaderName, HeaderValue, StatusCode, header};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use server_fn::error::{FromServerFnError, SERVER_FN_ERROR_HEADER};
use session::request::{DEVICE_COOKIE, PartFiles, SESSION_COOKIES, Visitor, cookie_of, is_inside, signed_out};
use session::{AppError, Brand, Posted};
use storefront::account::{ChangeAccount, ChangeAddresses, SignIn, SignOut, SignUp};
use storefront::cancel::CancelOwnOrder;
use storefront::cart::ChangeCart;
use storefront::checkout::{FinishOrder, PlaceOrder};
use storefront::find_order::FindOrder;
use storefront::place::ChoosePlace;
use ui::{Colour, PREFERENCES_ACTION, Theme, brand_stylesheet};

use crate::{App, SiteFiles, WasmFiles, exports, posted, shell};

/// Tells the layers outside which nonce a render used. They must take it off.
const NONCE: HeaderName = HeaderName::from_static("x-render-nonce");

/// Where pages find their files.
#[derive(Clone, Debug)]
pub struct Frontends {
    /// What Leptos is told.
    pub options: LeptosOptions,
    /// What the site says of its files.
    pub files: SiteFiles,
}

impl From<LeptosOptions> for Frontends {
    /// The files of a development build.
    fn from(options: LeptosOptions) -> Self {
        Self { options, files: SiteFiles::default() }
    }
}

impl Frontends {
    /// The WebAssembly of the page at this path.
    fn wasm(&self, path: &str) -> &WasmFiles {
        if is_admin(path) { &self.files.admin } else { &self.files.shop }
    }
}

/// What every render needs.
#[derive(Clone)]
pub struct Pages {
    shop: Shop,
    frontends: Arc<Frontends>,
    access: Arc<HashMap<&'static str, Access>>,
}

impl Pages {
    /// Puts into context what pages and server functions ask for. The request's parts are there already.
    pub fn provide(&self) {
        let parts = use_context::<Parts>();
        let visitor = parts.as_ref().and_then(|parts| parts.extensions.get::<Visitor>().cloned());
        if let Some(parts) = &parts {
            let (frontends, path) = (self.frontends.clone(), parts.uri.path().to_owned());
            provide_context(PartFiles(Arc::new(move |part| frontends.wasm(&path).files_of(part))));
            provide_context(locale_of(parts));
            provide_context(theme_of(parts));
        }
        provide_context(visitor.unwrap_or_else(|| self.nobody()));
        let settings = backend::settings::shop(&self.shop);
        provide_context(Brand { name: settings.name, origin: self.shop.config().public_url.trim_end_matches('/').to_owned() });
        provide_context(self.shop.clone());
        if let (Some(nonce), Some(answer)) = (use_nonce(), use_context::<ResponseOptions>())
            && let Ok(nonce) = HeaderValue::from_str(nonce.as_inner())
        {
            answer.insert_header(NONCE, nonce);
        }
    }

    pub const fn shop(&self) -> &Shop {
        &self.shop
    }

    /// Does whoever sent this work here?
    pub fn is_staff(&self, extensions: &Extensions) -> bool {
        extensions.get::<Visitor>().is_some_and(|visitor| visitor.context.satisfies(Access::Staff(Permission::ReadDashboard)))
    }

    /// May whoever sent this send files to any of the functions that take them?
    pub fn may_send_files(&self, extensions: &Extensions) -> bool {
        let visitor = extensions.get::<Visitor>();
        let may = |path: &&str| self.access.get(path).is_some_and(|access| visitor.is_some_and(|v| v.context.satisfies(*access)));
        file_functions().any(|path| may(&path))
    }

    /// A server function by its address, when whoever sent this may call it; else the status that says why not.
    pub fn may_call(&self, path: &str, parts: &Parts) -> Result<&'static str, StatusCode> {
        let visitor = parts.extensions.get::<Visitor>();
        match self.access.get_key_value(path) {
            Some((path, access)) if visitor.is_some_and(|visitor| visitor.context.satisfies(*access)) => Ok(path),
            Some(_) if visitor.is_none_or(|visitor| visitor.me.is_none()) => Err(StatusCode::UNAUTHORIZED),
            Some(_) => {
                if let Some(visitor) = visitor {
                    backend::identity::record_denial_in_background(&self.shop, &visitor.context, DenialKind::Permission);
                }
                Err(StatusCode::FORBIDDEN)
            }
            None => Err(StatusCode::BAD_REQUEST),
        }
    }

    fn nobody(&self) -> Visitor {
        Visitor { me: None, token: None, context: Context::nobody(RequestId(self.shop.id())), secure: self.is_secure() }
    }

    fn is_secure(&self) -> bool {
        self.shop.config().public_url.starts_with("https://")
    }

    /// The document around the page of the request that is in the context.
    fn document(&self) -> impl Fn() -> AnyView + Clone + Send + Sync + use<> {
        let frontends = self.frontends.clone();
        move || {
            let wasm = use_context::<Parts>().map_or(&frontends.files.shop, |parts| frontends.wasm(parts.uri.path()));
            shell(frontends.options.clone(), frontends.files.css.clone(), wasm.clone()).into_any()
        }
    }

    /// Renders the page that a request asks for, with what was sent to it.
    pub async fn render(&self, request: Request, posted: Option<Posted>) -> Response {
        let (pages, document) = (self.clone(), self.document());
        let context = move || {
            pages.provide();
            if let Some(posted) = &posted {
                provide_context(posted.clone());
            }
        };
        leptos_axum::render_app_async_with_context(context, document)(request).await
    }
}

impl axum::extract::FromRef<Pages> for LeptosOptions {
    fn from_ref(pages: &Pages) -> Self {
        pages.frontends.options.clone()
    }
}

/// Is it a page of the admin's?
fn is_admin(path: &str) -> bool {
    path == "/admin" || path.starts_with("/admin/")
}

/// The server functions that take files.
fn file_functions() -> impl Iterator<Item = &'static str> {
    admin_products::FILES.into_iter().chain(admin_settings::FILES)
}

/// May files be sent here? To the functions that take them, and to the admin's pages, whose plain forms name such a function. Both
/// find out who asks before they read.
#[must_use]
pub fn takes_files(path: &str) -> bool {
    file_functions().any(|function| function == path) || path.starts_with("/admin/")
}

/// The reader's language: what they chose, else what their browser asks for.
pub fn locale_of(parts: &Parts) -> Locale {
    let asked = || parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).map_or(Locale::En, Locale::negotiate);
    cookie_of(parts, "lang").and_then(|code| Locale::parse(&code)).unwrap_or_else(asked)
}

fn theme_of(parts: &Parts) -> Theme {
    cookie_of(parts, "theme").and_then(|code| Theme::parse(&code)).unwrap_or_default()
}

/// Every page, every server function, and the plain forms.
pub fn router(frontends: impl Into<Frontends>, shop: Shop) -> Router {
    let pages = Pages { shop, frontends: Arc::new(frontends.into()), access: Arc::new(crate::access().into_iter().collect()) };
    let routes = generate_route_list(App);
    let provide = {
        let pages = pages.clone();
        move || pages.provide()
    };
    let document = pages.document();
    // Managers' pages have many forms, each of which names its function.
    let staff = routes.iter().map(|route| route.path().to_owned()).filter(|path| is_admin(path));
    let staff: BTreeSet<String> = staff.collect();
    let forms = staff.iter().fold(Router::new(), |router, path| router.route(path, post(named_form)));
    Router::new()
        .merge(forms)
        .route("/brand.css", get(brand))
        .route("/admin/orders.csv", get(exports::orders))
        .route("/admin/customers.csv", get(exports::customers))
        .route("/admin/products.csv", get(exports::products))
        .route(PREFERENCES_ACTION, post(prefer))
        .route("/place", form::<ChoosePlace>())
        .route("/cart", form::<ChangeCart>())
        .route("/checkout", form::<PlaceOrder>())
        .route("/orders/follow/{token}", form::<FinishOrder>())
        .route("/orders/follow/{token}/cancel", form::<CancelOwnOrder>())
        .route("/orders/find", form::<FindOrder>())
        .route("/sign-in", form::<SignIn>())
        .route("/sign-up", form::<SignUp>())
        .route("/account", form::<SignOut>())
        .route("/account/addresses", form::<ChangeAddresses>())
        .route("/account/preferences", form::<ChangeAccount>())
        .leptos_routes_with_context(&pages, routes, provide, document)
        .fallback(missing)
        .layer(from_fn_with_state(pages.clone(), know))
        .with_state(pages)
}

/// The plain form of a page.
fn form<F>() -> MethodRouter<Pages>
where
    F: ServerFn<Error = AppError> + DeserializeOwned + Send + 'static,
{
    post(|State(pages): State<Pages>, request: Request| posted::answer::<F>(pages, request))
}

/// A plain form of a page with several.
async fn named_form(State(pages): State<Pages>, request: Request) -> Response {
    posted::answer_named(pages, request).await
}

/// An address that leads nowhere.
async fn missing(State(pages): State<Pages>, request: Request) -> Response {
    let mut answer = pages.render(request, None).await;
    if answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer
}

/// Finds out who asks, once a request, and turns away whoever may not call the server function they call. What no list states
/// cannot be called at all.
async fn know(State(pages): State<Pages>, request: Request, next: Next) -> Response {
    let (mut parts, body) = request.into_parts();
    let id = parts.extensions.get::<RequestId>().copied().unwrap_or_else(|| RequestId(pages.shop.id()));
    let client = parts.extensions.get::<Client>().map(|client| client.0);
    let mut visitor = Visitor { context: Context::nobody(id).from(client), ..pages.nobody() };
    visitor.context.device = cookie_of(&parts, DEVICE_COOKIE);
    let token = SESSION_COOKIES
        .iter()
        .filter(|name| **name == SESSION_COOKIES[usize::from(!visitor.secure)])
        .find_map(|name| cookie_of(&parts, name));
    if let Some(token) = token.filter(|token| !token.is_empty()) {
        match backend::identity::authenticate(&pages.shop, &token).await {
            Ok(Some(me)) => {
                visitor.context = backend::identity::context_of(&me, id).from(client);
                visitor.me = Some(me);
                visitor.token = Some(token);
            }
            Ok(None) => {}
            // Nobody is taken for a stranger because the database does not answer.
            Err(error) => {
                tracing::warn!(%error, request = %id, "a session was not read");
                return busy();
            }
        }
    }
    if let Some(refused) = refusal(&pages, &parts, &visitor) {
        if refused.status() == StatusCode::FORBIDDEN {
            backend::identity::record_denial_in_background(&pages.shop, &visitor.context, DenialKind::Permission);
        }
        return refused;
    }
    if visitor.me.is_some() {
        tracing::Span::current().record("account", tracing::field::display(visitor.context.actor));
    }
    parts.extensions.insert(visitor);
    let is_called = parts.uri.path().starts_with("/api/");
    let answer = next.run(Request::from_parts(parts, body)).await;
    if is_called { with_status(answer).await } else { answer }
}

/// A problem that the layers outside make a page or an answer for a script of.
fn busy() -> Response {
    let problem = r##"{"type":"/api#problem-busy","title":"Service Unavailable","status":503,"code":"busy","detail":"The shop is busy. Try again in a moment."}"##;
    let headers = [(header::CONTENT_TYPE, "application/problem+json"), (header::CACHE_CONTROL, "no-store"), (header::RETRY_AFTER, "1")];
    (StatusCode::SERVICE_UNAVAILABLE, headers, problem).into_response()
}

/// The most that a function says of what went wrong.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// An error that a function did not make itself, but what reads its arguments, has status 500 whatever it says. It gets its own.
async fn with_status(answer: Response) -> Response {
    if answer.status() != StatusCode::INTERNAL_SERVER_ERROR || !answer.headers().contains_key(SERVER_FN_ERROR_HEADER) {
        return answer;
    }
    let (mut head, body) = answer.into_parts();
    let Ok(bytes) = axum::body::to_bytes(body, MAX_ERROR_BYTES).await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    if let Ok(status) = StatusCode::from_u16(AppError::de(bytes.clone()).status)
        && (status.is_client_error() || status.is_server_error())
    {
        head.status = status;
    }
    Response::from_parts(head, Body::from(bytes))
}

/// Is it a form with files, that can be told apart?
fn has_files(parts: &Parts) -> bool {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.starts_with("multipart/form-data") && kind.contains("boundary=")
}

fn refusal(pages: &Pages, parts: &Parts, visitor: &Visitor) -> Option<Response> {
    let path = parts.uri.path();
    if !path.starts_with("/api/") {
        return None;
    }
    let status = match pages.access.get(path) {
        Some(access) if visitor.context.satisfies(*access) => {
            if !file_functions().any(|function| function == path) || has_files(parts) {
                return None;
            }
            StatusCode::UNSUPPORTED_MEDIA_TYPE
        }
        Some(_) if visitor.me.is_none() => StatusCode::UNAUTHORIZED,
        Some(_) => StatusCode::FORBIDDEN,
        None => StatusCode::NOT_FOUND,
    };
    let error = match status {
        StatusCode::UNAUTHORIZED => signed_out(Some(parts), locale_of(parts)),
        other => AppError::new(other.as_u16()),
    };
    Some((status, [(header::CONTENT_TYPE, "application/octet-stream")], error.ser()).into_response())
}

/// The owner's colours over the theme's own.
async fn brand(State(pages): State<Pages>) -> impl IntoResponse {
    let settings = backend::settings::shop(&pages.shop);
    let sheet = brand_stylesheet(Colour::parse(&settings.primary), Colour::parse(&settings.accent));
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, "public, max-age=300")], sheet)
}

/// Keeps the reader's language or colours, and goes back to where they were.
async fn prefer(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), 4_096).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fields = storefront::query::pairs(&String::from_utf8_lossy(&bytes));
    let field = |name: &str| fields.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let mut answer = StatusCode::SEE_OTHER.into_response();
    let secure = if pages.is_secure() { "; Secure" } else { "" };
    let language = field("language").and_then(Locale::parse).map(|locale| ("lang", locale.code()));
    let theme = field("theme").and_then(Theme::parse).map(|theme| ("theme", theme.code()));
    for (name, value) in language.into_iter().chain(theme) {
        // As on the device is what it is without a cookie.
        let age = if value == Theme::Auto.code() { 0 } else { 31_536_000 };
        if let Ok(cookie) = HeaderValue::from_str(&format!("{name}={value}; Path=/; SameSite=Lax; Max-Age={age}{secure}")) {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    let back = field("back").filter(|back| is_inside(back)).and_then(|back| HeaderValue::from_str(back).ok());
    answer.headers_mut().insert(header::LOCATION, back.unwrap_or(HeaderValue::from_static("/")));
    answer
}
