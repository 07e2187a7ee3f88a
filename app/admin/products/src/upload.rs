//! Files sent by forms: read in pieces on the server, with a limit; sent by a script without leaving the page.

use leptos::ev::SubmitEvent;
use wasm_bindgen::JsCast;
use web_sys::{FormData, HtmlFormElement};

/// The fields of a form that a script is to send in place of the browser.
pub(crate) fn taken(event: &SubmitEvent) -> Option<FormData> {
    let form = event.target()?.dyn_into::<HtmlFormElement>().ok()?;
    let data = FormData::new_with_form(&form).ok()?;
    event.prevent_default();
    Some(data)
}

/// What a form with a file sent.
#[cfg(feature = "ssr")]
#[derive(Debug, Default)]
pub(crate) struct Sent {
    fields: Vec<(String, String)>,
    /// The file's bytes; empty when none was chosen.
    pub file: Vec<u8>,
}

#[cfg(feature = "ssr")]
impl Sent {
    /// The most bytes of a file.
    const MOST: usize = 15 << 20;
    /// The most fields; more is not one of our forms.
    const MOST_FIELDS: usize = 20;

    /// What was typed into a field.
    pub(crate) fn value(&self, field: &str) -> &str {
        self.fields.iter().find(|(name, _)| name == field).map_or("", |(_, value)| value)
    }

    /// Reads what was sent; `file` is the name of the field with the file.
    pub(crate) async fn receive(data: server_fn::codec::MultipartData, file: &'static str) -> Result<Self, session::AppError> {
        use session::{AppError, request};
        let broken = || request::fail(AppError::new(400));
        let Some(mut data) = data.into_inner() else { return Err(broken()) };
        let mut sent = Self::default();
        while let Some(mut field) = data.next_field().await.map_err(|_| broken())? {
            let name = field.name().unwrap_or_default().to_owned();
            if name != file {
                if sent.fields.len() == Self::MOST_FIELDS {
                    return Err(broken());
                }
                let value = field.text().await.map_err(|_| broken())?;
                sent.fields.push((name, value));
                continue;
            }
            while let Some(piece) = field.chunk().await.map_err(|_| broken())? {
                if sent.file.len() + piece.len() > Self::MOST {
                    let said = ui::t::ADMIN_PRODUCTS_PICTURE_TOO_BIG.text(request::locale()).to_owned();
                    return Err(request::invalid(vec![(file.to_owned(), said)]));
                }
                sent.file.extend_from_slice(&piece);
            }
        }
        if sent.file.is_empty() {
            let said = ui::t::FIELD_REQUIRED.text(request::locale()).to_owned();
            return Err(request::invalid(vec![(file.to_owned(), said)]));
        }
        Ok(sent)
    }
}
