//! The cart as the browser keeps it.

use domain::view::CartView;
use gloo_storage::{LocalStorage, Storage};
use serde::{Deserialize, Serialize};

/// The name under which the browser keeps the cart.
pub(super) const KEY: &str = "tindahan.cart";

/// The form in which it is kept. Whoever changes what a cart is made of changes this too, as a test reminds: a cart is kept
/// longer than a release lasts, and must not be misread.
const FORM: &str = "1";

/// What the browser keeps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// As last told by the server, with the changes since.
    pub(super) view: CartView,
    /// The code that the shopper wants to use.
    pub(super) code: Option<String>,
    /// Something changed since the server last heard of it.
    pub(super) dirty: bool,
}

impl Default for Kept {
    fn default() -> Self {
        Self { view: super::empty(), code: None, dirty: false }
    }
}

impl Kept {
    /// What the browser keeps, when it can be read.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&LocalStorage::raw().get_item(KEY).ok()??)
    }

    /// Has the browser keep it.
    pub(super) fn write(&self) {
        // A browser that keeps nothing (private, or full) still has the cart until the page is closed.
        let _ = LocalStorage::raw().set_item(KEY, &self.text());
    }

    /// Form, whether the server knows it, and the packed cart with a letter for each byte.
    fn text(&self) -> String {
        let packed = postcard::to_allocvec(self).unwrap_or_default();
        let told = if self.dirty { "unsent" } else { "sent" };
        let letters: String = packed.into_iter().map(char::from).collect();
        [FORM, " ", told, " ", &letters].concat()
    }

    fn parse(text: &str) -> Option<Self> {
        let letters = text.strip_prefix(FORM)?.strip_prefix(' ')?.split_once(' ')?.1;
        let packed = letters.chars().map(|letter| u8::try_from(letter).ok()).collect::<Option<Vec<u8>>>()?;
        postcard::from_bytes(&packed).ok()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test may stop at what is not as expected")]

    use domain::id::{PictureId, VariantId};
    use domain::view::{CartLineView, CartNotice};
    use domain::{Currency, Money, Quantity};
    use uuid::Uuid;

    use super::*;

    fn kept() -> Kept {
        let price = Money::new(25_000, Currency::PHP);
        let line = CartLineView {
            variant: VariantId(Uuid::from_u128(7)),
            slug: "mug".into(),
            name: "Añejo mug".into(),
            options: "Large · Blue".into(),
            sku: "MUG-1".into(),
            picture: Some(PictureId(Uuid::from_u128(9))),
            quantity: Quantity::clamped(2),
            unit_price: price,
            total: price,
            tax_rate_bp: 1_200,
            weight_g: 310,
            available: 10,
        };
        let mut kept = Kept { code: Some("WELCOME".into()), dirty: true, ..Kept::default() };
        kept.view.lines.push(line);
        kept.view.notices.push(CartNotice::SoldOut { name: "Fan".into() });
        kept
    }

    #[test]
    fn what_is_kept_is_read_again() {
        assert_eq!(Kept::parse(&kept().text()).unwrap(), kept());
        assert!(kept().text().starts_with("1 unsent ") && Kept::default().text().starts_with("1 sent "));
    }

    #[test]
    fn what_is_of_another_form_or_broken_is_not_read() {
        let text = kept().text();
        assert_eq!(Kept::parse(&text.replacen('1', "0", 1)), None);
        assert_eq!(Kept::parse(&text[..text.len() - 1]), None);
        assert_eq!(Kept::parse("{\"view\":{}}"), None);
    }

    /// A cart of this form as browsers have it. When this fails, [`FORM`] must change, and this text with it.
    #[test]
    fn carts_of_this_form_can_still_be_read() {
        const KEPT: &str = "1 unsent \0\0\u{1}$var_00000000000000000000000000000007\u{3}mug\n\
            A\u{c3}\u{b1}ejo mug\rLarge \u{c2}\u{b7} Blue\u{5}MUG-1\
            \u{1}$pic_00000000000000000000000000000009\u{4}\u{d0}\u{86}\u{3}\u{3}PHP\u{d0}\u{86}\u{3}\u{3}PHP\u{e0}\u{12}\u{ec}\u{4}\u{14}\0\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\0\u{1}\u{2}\u{3}Fan\u{1}\u{7}WELCOME\u{1}";
        assert_eq!(kept().text(), KEPT);
    }
}
