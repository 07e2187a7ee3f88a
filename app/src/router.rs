//! The whole web app as an Axum router. It is here, not in `server`, so that the views are instantiated in this crate and an
//! edit of the server process does not compile them again.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};
use backend::Shop;
use backend::platform::Context;
use domain::id::RequestId;
use domain::permission::{Access, Denied, Permission};
use domain::view::ShopSettings;
use domain::{Colour, Locale};
use http::request::Parts;
use http::{Extensions, HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use leptos::nonce::use_nonce;
use leptos::prelude::*;
use leptos_axum::{LeptosRoutes, ResponseOptions, generate_route_list};
use serde::de::DeserializeOwned;
use server_fn::ServerFn;
use storefront::account::{
    AcceptInvitation, ChangeAccount, ChangeAddresses, ChangeSecurity, FinishSignUp, FollowEmailLink, FollowRemovalLink,
    RequestPasswordReset, RequestRemoval, ResetPassword, SignIn, SignInCode, SignOut, SignUp,
};
use storefront::back_in_stock::{AskWhenBack, WithdrawBackInStock};
use storefront::cancel::CancelOwnOrder;
use storefront::cart::ChangeCart;
use storefront::checkout::{FinishOrder, PlaceOrder};
use storefront::content::SendMessage;
use storefront::delivery_place::ChoosePlace;
use storefront::find_order::FindOrder;
use storefront::preview::PreviewHome;
use ui::{PREFERENCES_ACTION, Theme, brand_address, brand_stylesheet};
use web::cookies::{self, NewCookie};
use web::language::page_locale;
use web::request::{PartFiles, Visitor, is_inside};
use web::{AppError, Brand, FormFallback};

use crate::{App, SiteFiles, WasmFiles, calendar, exports, for_crawlers, form_fallback, shell};

/// Carries the nonce of a render to the outer layers, which must remove it.
const NONCE: HeaderName = HeaderName::from_static("x-render-nonce");

#[derive(Clone, Debug)]
pub struct Frontends {
    pub options: LeptosOptions,
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
    pub(crate) shop: Shop,
    frontends: Arc<Frontends>,
    pub(crate) access: Arc<HashMap<&'static str, Access>>,
}

impl Pages {
    /// Provides the context of pages and server functions, besides the request's parts.
    pub fn provide(&self) {
        let parts = use_context::<Parts>();
        let visitor = parts.as_ref().and_then(|parts| parts.extensions.get::<Visitor>().cloned());
        if let Some(parts) = &parts {
            let (frontends, path) = (self.frontends.clone(), parts.uri.path().to_owned());
            provide_context(PartFiles(Arc::new(move |part| frontends.wasm(&path).files_of(part))));
            provide_context(page_locale(parts));
            provide_context(theme_of(parts));
        }
        provide_context(visitor.unwrap_or_else(|| self.nobody()));
        let settings = backend::settings::shop(&self.shop);
        provide_context(settings.zone());
        let stylesheet = brand_address(&brand_sheet(&settings));
        provide_context(Brand { name: settings.name, origin: self.shop.config().public_url.to_string(), stylesheet });
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

    /// Is the caller on the staff?
    pub fn is_staff(&self, extensions: &Extensions) -> bool {
        extensions.get::<Visitor>().is_some_and(|visitor| visitor.context.authorize(Access::Staff(Permission::ReadDashboard)).is_ok())
    }

    /// May the caller call any of the functions that take files?
    pub fn may_send_files(&self, extensions: &Extensions) -> bool {
        let Some(visitor) = extensions.get::<Visitor>() else { return false };
        file_functions().filter_map(|path| self.access.get(path)).any(|access| visitor.context.authorize(*access).is_ok())
    }

    /// A server function by its address, and the error's status where the caller may not call it.
    pub fn may_call(&self, path: &str, parts: &Parts) -> (&'static str, Result<(), StatusCode>) {
        let Some((path, access)) = self.access.get_key_value(path) else { return ("", Err(StatusCode::BAD_REQUEST)) };
        let visitor = parts.extensions.get::<Visitor>().ok_or(StatusCode::UNAUTHORIZED);
        (path, visitor.and_then(|visitor| visitor.authorize(&self.shop, *access).map_err(status_of)))
    }

    pub(crate) fn nobody(&self) -> Visitor {
        Visitor { me: None, token: None, context: Context::nobody(RequestId(self.shop.id())), secure: self.is_secure() }
    }

    fn is_secure(&self) -> bool {
        self.shop.config().public_url.is_https()
    }

    /// The document around the page of the current request.
    fn document(&self) -> impl Fn() -> AnyView + Clone + Send + Sync + use<> {
        let frontends = self.frontends.clone();
        move || {
            let wasm = use_context::<Parts>().map_or(&frontends.files.shop, |parts| frontends.wasm(parts.uri.path()));
            shell(frontends.options.clone(), frontends.files.css.clone(), wasm.clone()).into_any()
        }
    }

    /// Renders the page of a request, with the form that was sent to it.
    pub async fn render(&self, request: Request, fallback: Option<FormFallback>) -> Response {
        let (pages, document) = (self.clone(), self.document());
        let context = move || {
            pages.provide();
            if let Some(fallback) = &fallback {
                provide_context(fallback.clone());
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

/// Is it an admin page?
fn is_admin(path: &str) -> bool {
    path == "/admin" || path.starts_with("/admin/")
}

/// The server functions that take files.
pub(crate) fn file_functions() -> impl Iterator<Item = &'static str> {
    admin_products::FILES.into_iter().chain(admin_settings::FILES).chain(admin_content::FILES)
}

/// May files be sent to this path: a function that takes them, or an admin page, whose forms without a script name such a function? Both
/// authenticate the caller before they read.
#[must_use]
pub fn takes_files(path: &str) -> bool {
    file_functions().any(|function| function == path) || path.starts_with("/admin/")
}

pub fn status_of(denied: Denied) -> StatusCode {
    StatusCode::from_u16(denied.status()).unwrap_or(StatusCode::FORBIDDEN)
}

fn theme_of(parts: &Parts) -> Theme {
    cookies::find(&parts.headers, cookies::THEME).and_then(Theme::parse).unwrap_or_default()
}

/// Every page, every server function, and the forms without a script.
pub fn router(frontends: impl Into<Frontends>, shop: Shop) -> Router {
    let pages = Pages { shop, frontends: Arc::new(frontends.into()), access: Arc::new(crate::access().into_iter().collect()) };
    let routes = generate_route_list(App);
    let provide = {
        let pages = pages.clone();
        move || pages.provide()
    };
    let document = pages.document();
    // Admin pages have several forms, each of which names its function.
    let staff = routes.iter().map(|route| route.path().to_owned()).filter(|path| is_admin(path));
    let staff: BTreeSet<String> = staff.collect();
    let forms = staff.iter().fold(Router::new(), |router, path| router.route(path, post(named_form)));
    Router::new()
        .merge(forms)
        .route("/brand.css", get(brand))
        .route("/robots.txt", get(for_crawlers::robots))
        .route("/sitemap.xml", get(for_crawlers::sitemap))
        .route("/admin/orders.csv", get(exports::orders))
        .route("/admin/customers.csv", get(exports::customers))
        .route("/admin/products.csv", get(exports::products))
        .route(PREFERENCES_ACTION, post(set_language_and_theme))
        .route("/delivery-place", form::<ChoosePlace>())
        .route("/pages/{slug}", form::<SendMessage>())
        .route("/preview/home", form::<PreviewHome>())
        .route("/p/{slug}", form::<AskWhenBack>())
        .route("/back-in-stock/{token}", form::<WithdrawBackInStock>())
        .route("/cart", form::<ChangeCart>())
        .route("/cart/add/{slug}", form::<ChangeCart>())
        .route("/checkout", form::<PlaceOrder>())
        .route("/checkout/return", post(back_from_bank))
        .route("/orders/follow/{token}", form::<FinishOrder>())
        .route("/orders/follow/{token}/arrival.ics", get(calendar::arrival))
        .route("/orders/follow/{token}/cancel", form::<CancelOwnOrder>())
        .route("/orders/find", form::<FindOrder>())
        .route("/sign-in", form::<SignIn>())
        .route("/sign-in/code", form::<SignInCode>())
        .route("/sign-in/lost", form::<RequestRemoval>())
        .route("/sign-in/lost/{token}", form::<FollowRemovalLink>())
        .route("/sign-up", form::<SignUp>())
        .route("/sign-up/{token}", form::<FinishSignUp>())
        .route("/join/{token}", form::<AcceptInvitation>())
        .route("/forgot-password", form::<RequestPasswordReset>())
        .route("/reset-password/{token}", form::<ResetPassword>())
        .route("/confirm-email/{token}", form::<FollowEmailLink>())
        .route("/account", form::<SignOut>())
        .route("/account/addresses", form::<ChangeAddresses>())
        .route("/account/preferences", form::<ChangeAccount>())
        .route("/account/security", form::<ChangeSecurity>())
        .leptos_routes_with_context(&pages, routes, provide, document)
        .fallback(missing)
        .layer(from_fn_with_state(pages.clone(), crate::authenticate::authenticate))
        .with_state(pages)
}

fn form<F>() -> MethodRouter<Pages>
where
    F: ServerFn<Error = AppError> + DeserializeOwned + Send + 'static,
{
    post(|State(pages): State<Pages>, request: Request| form_fallback::answer::<F>(pages, request))
}

/// A bank that leads its customer back by a form: on to the page after the bank's.
async fn back_from_bank(address: Uri) -> Response {
    let here = address.path_and_query().and_then(|here| HeaderValue::from_str(here.as_str()).ok());
    (StatusCode::SEE_OTHER, [(header::LOCATION, here.unwrap_or(HeaderValue::from_static("/checkout/return")))]).into_response()
}

/// The form fallback of a page with several forms.
async fn named_form(State(pages): State<Pages>, request: Request) -> Response {
    form_fallback::answer_named(pages, request).await
}

/// The page of what is not there. An address with a slash at its end leads to the one without.
async fn missing(State(pages): State<Pages>, request: Request) -> Response {
    if let Some(address) = without_last_slash(request.method(), request.uri()) {
        return (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, address)]).into_response();
    }
    let mut answer = pages.render(request, None).await;
    if answer.status() == StatusCode::OK {
        *answer.status_mut() = StatusCode::NOT_FOUND;
    }
    answer
}

fn without_last_slash(method: &Method, address: &Uri) -> Option<HeaderValue> {
    let path = address.path().trim_end_matches('/');
    if !matches!(*method, Method::GET | Method::HEAD) || !address.path().ends_with('/') || !is_inside(path) {
        return None;
    }
    let query = address.query().map(|query| format!("?{query}")).unwrap_or_default();
    HeaderValue::from_str(&format!("{path}{query}")).ok()
}

fn brand_sheet(settings: &ShopSettings) -> String {
    brand_stylesheet(Colour::parse(&settings.primary), Colour::parse(&settings.accent))
}

/// The style sheet with the owner's colours. Under the address of what it holds it is kept for long.
async fn brand(State(pages): State<Pages>, address: Uri) -> impl IntoResponse {
    let sheet = brand_sheet(&backend::settings::shop(&pages.shop));
    let is_own = address.path_and_query().is_some_and(|asked| asked.as_str() == brand_address(&sheet));
    let kept = if is_own { "public, max-age=31536000, immutable" } else { "public, max-age=300" };
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), (header::CACHE_CONTROL, kept)], sheet)
}

const YEAR_SECONDS: i64 = 365 * 86_400;

/// Stores the user's language or theme in a cookie, and redirects back.
async fn set_language_and_theme(State(pages): State<Pages>, request: Request<Body>) -> Response {
    let Ok(bytes) = axum::body::to_bytes(request.into_body(), 4_096).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let fields = storefront::query::pairs(&String::from_utf8_lossy(&bytes));
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut answer = StatusCode::SEE_OTHER.into_response();
    let language = field("language").and_then(Locale::parse).map(|locale| (cookies::LANGUAGE, locale.code()));
    let theme = field("theme").and_then(Theme::parse).map(|theme| (cookies::THEME, theme.code()));
    for (name, value) in language.into_iter().chain(theme) {
        // `Auto` is the default: no cookie.
        let max_age_seconds = if value == Theme::Auto.code() { 0 } else { YEAR_SECONDS };
        let cookie = NewCookie { name, value, path: "/", max_age_seconds, is_readable: true, is_secure: pages.is_secure() };
        if let Some(cookie) = cookie.header() {
            answer.headers_mut().append(header::SET_COOKIE, cookie);
        }
    }
    let back = field("back").filter(|back| is_inside(back)).and_then(|back| HeaderValue::from_str(back).ok());
    answer.headers_mut().insert(header::LOCATION, back.unwrap_or(HeaderValue::from_static("/")));
    answer
}
