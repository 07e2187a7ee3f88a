//! Forms with a file: sent by a script without leaving the page, or without one to the page's own address; read in pieces on the
//! server, with a limit.

use std::future::Future;

use leptos::ev::SubmitEvent;
use leptos::prelude::*;
use server_fn::ServerFn;
use server_fn::codec::MultipartData;
use ui::{tr, use_toasts};
use wasm_bindgen::JsCast;
use web::{AppError, FormFallback, TO};
use web_sys::{FormData, HtmlFormElement};

/// The action of a form with a file.
pub type Upload<T> = Action<FormData, Result<T, AppError>>;

/// The action that calls the function with the form's data.
pub fn upload<T, Answered>(call: impl Fn(MultipartData) -> Answered + Copy + 'static) -> Upload<T>
where
    T: 'static,
    Answered: Future<Output = Result<T, AppError>> + 'static,
{
    Action::new_local(move |data: &FormData| {
        let answer = call(MultipartData::from(data.clone()));
        async move {
            let answer = answer.await;
            if answer.is_ok() {
                crate::unsaved::saved_files();
            }
            answer
        }
    })
}

/// Why the upload failed: the latest error of the action, else that of the form fallback.
pub fn upload_problem<F, T>(action: Upload<T>, fallback: &FormFallback) -> Signal<Option<AppError>>
where
    F: ServerFn,
    T: Send + Sync + 'static,
{
    let first = fallback.error.clone().filter(|_| fallback.to == F::PATH);
    Signal::derive(move || {
        if action.version().get() == 0 {
            return first.clone();
        }
        action.value().with(|answer| answer.as_ref().and_then(|answer| answer.as_ref().err().cloned()))
    })
}

/// Shows a toast when the upload is done, and runs `then`.
pub fn on_uploaded<T: Clone + Send + Sync + 'static>(action: Upload<T>, then: impl Fn(T) + Send + Sync + 'static) {
    let (toasts, saved) = (use_toasts(), tr!(COMMON_SAVED));
    Effect::new(move || {
        if action.version().get() > 0
            && let Some(Ok(taken)) = action.value().get_untracked()
        {
            toasts.success(saved);
            then(taken);
        }
    });
}

/// A form with a file, of the function at the address `to`.
#[component]
pub fn FileForm<T>(action: Upload<T>, to: &'static str, #[prop(default = "")] class: &'static str, children: Children) -> impl IntoView
where
    T: Send + Sync + 'static,
{
    let on_submit = move |event: SubmitEvent| {
        if let Some(data) = taken(&event) {
            action.dispatch_local(data);
        }
    };
    view! {
        <form method="post" action="" enctype="multipart/form-data" class=class on:submit=on_submit>
            <input type="hidden" name=TO value=to/>
            {children()}
        </form>
    }
    .into_any()
}

/// The data of a form that is sent by the script instead of the browser.
fn taken(event: &SubmitEvent) -> Option<FormData> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let data = FormData::new_with_form(&form).ok()?;
    // The pressed button is sent as well, as by a browser.
    let pressed = event.submitter().and_then(|button| Some((button.get_attribute("name")?, button.get_attribute("value")?)));
    if let Some((name, value)) = pressed {
        data.append_with_str(&name, &value).ok()?;
    }
    event.prevent_default();
    Some(data)
}

/// The fields and the file of a form.
#[cfg(feature = "ssr")]
#[derive(Debug, Default)]
pub struct Sent {
    fields: Vec<(String, String)>,
    /// The file's bytes, not empty.
    pub file: Vec<u8>,
}

#[cfg(feature = "ssr")]
impl Sent {
    /// The most fields of a form.
    const MAX_FIELDS: usize = 20;

    /// What was typed into a field.
    #[must_use]
    pub fn value(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// Reads a form; `file` is the name of the field with the file.
    ///
    /// # Errors
    /// An error of that field when there is no file, or it is too large; status 400 for any other form.
    pub async fn receive(data: MultipartData, file: &'static str) -> Result<Self, AppError> {
        use web::request;
        let broken = || request::fail(AppError::new(400));
        let Some(mut data) = data.into_inner() else { return Err(broken()) };
        let mut sent = Self::default();
        while let Some(mut field) = data.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != file {
                if sent.fields.len() == Self::MAX_FIELDS {
                    return Err(broken());
                }
                let value = field.text().await.map_err(|_| broken())?;
                sent.fields.push((name, value));
                continue;
            }
            while let Some(piece) = field.chunk().await.map_err(|_| broken())? {
                if sent.file.len() + piece.len() > domain::MAX_UPLOAD_BYTES {
                    let message = ui::file_too_large(request::locale());
                    return Err(request::invalid(vec![(file.to_owned(), message)]));
                }
                sent.file.extend_from_slice(&piece);
            }
        }
        if sent.file.is_empty() {
            let message = ui::t::FIELD_CHOOSE_FILE.text(request::locale()).to_owned();
            return Err(request::invalid(vec![(file.to_owned(), message)]));
        }
        Ok(sent)
    }
}

/// Why a picture was not taken, beside its field: it is none, or its store does not take it. None for any other error.
#[cfg(feature = "ssr")]
#[must_use]
pub fn picture_problem(error: &backend::catalog::CatalogError, field: &str) -> Option<AppError> {
    use backend::catalog::CatalogError;
    use backend::platform::files::FilesError;
    use ui::t;
    use web::request;
    let text = |message: domain::messages::Msg| message.text(request::locale()).to_owned();
    let (status, message) = match error {
        CatalogError::NotAPicture => (422, text(t::ADMIN_PRODUCTS_PICTURE_BAD)),
        CatalogError::TooLarge => (422, ui::file_too_large(request::locale())),
        CatalogError::TooManyPixels => (422, text(t::ADMIN_PRODUCTS_PICTURE_PIXELS)),
        CatalogError::Files(FilesError::Unavailable(_)) => (503, text(t::ADMIN_PRODUCTS_PICTURE_STORE_AWAY)),
        CatalogError::Files(_) => (503, text(t::ADMIN_PRODUCTS_PICTURE_STORE_REFUSES)),
        _ => return None,
    };
    let fields = vec![(field.to_owned(), message)];
    Some(request::fail(AppError { status, ..AppError::fields(fields) }))
}
