//! The cart in the browser's storage.

use domain::view::CartView;
use gloo_storage::{LocalStorage, Storage};
use serde::{Deserialize, Serialize};

/// The key in the browser's `localStorage`.
pub(super) const KEY: &str = "tindahan.cart";

/// The format's version. A change of the types within a cart must change it too, as a test reminds: a cart is stored
/// for longer than a release lasts, and must not be misread.
const FORMAT: &str = "1";

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BrowserCart {
    /// As the server last sent it, with the changes since.
    pub(super) view: CartView,
    /// The discount code that the shopper entered.
    pub(super) code: Option<String>,
    /// Has it changed since the last sync?
    pub(super) dirty: bool,
}

impl Default for BrowserCart {
    fn default() -> Self {
        Self { view: super::empty(), code: None, dirty: false }
    }
}

impl BrowserCart {
    /// None if nothing is stored, or it cannot be read.
    pub(super) fn read() -> Option<Self> {
        Self::parse(&LocalStorage::raw().get_item(KEY).ok()??)
    }

    pub(super) fn write(&self) {
        // Without storage (private, or full) the cart lives until the page is closed.
        let _ = LocalStorage::raw().set_item(KEY, &self.text());
    }

    /// The format, whether it is synced, and the packed cart with a character for each byte.
    fn text(&self) -> String {
        let packed = postcard::to_allocvec(self).unwrap_or_default();
        let synced = if self.dirty { "unsent" } else { "sent" };
        let letters: String = packed.into_iter().map(char::from).collect();
        [FORMAT, " ", synced, " ", &letters].concat()
    }

    fn parse(text: &str) -> Option<Self> {
        let letters = text.strip_prefix(FORMAT)?.strip_prefix(' ')?.split_once(' ')?.1;
        let packed = letters.chars().map(|letter| u8::try_from(letter).ok()).collect::<Option<Vec<u8>>>()?;
        postcard::from_bytes(&packed).ok()
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{PictureId, VariantId};
    use domain::view::{CartLineView, CartNotice};
    use domain::{Currency, Money, Quantity};
    use uuid::Uuid;

    use super::*;

    fn sample() -> BrowserCart {
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
        let mut stored = BrowserCart { code: Some("WELCOME".into()), dirty: true, ..BrowserCart::default() };
        stored.view.lines.push(line);
        stored.view.notices.push(CartNotice::SoldOut { name: "Fan".into() });
        stored
    }

    #[test]
    fn a_browser_cart_is_read_back() {
        assert_eq!(BrowserCart::parse(&sample().text()).unwrap(), sample());
        assert!(sample().text().starts_with("1 unsent ") && BrowserCart::default().text().starts_with("1 sent "));
    }

    #[test]
    fn a_browser_cart_of_another_format_or_a_broken_one_is_ignored() {
        let text = sample().text();
        assert_eq!(BrowserCart::parse(&text.replacen('1', "0", 1)), None);
        assert_eq!(BrowserCart::parse(&text[..text.len() - 1]), None);
        assert_eq!(BrowserCart::parse("{\"view\":{}}"), None);
    }

    /// A stored cart of this format. When this fails, [`FORMAT`] must change, and this text with it.
    #[test]
    fn carts_of_this_format_can_still_be_read() {
        const STORED: &str = "1 unsent \0\0\u{1}$var_00000000000000000000000000000007\u{3}mug\n\
            A\u{c3}\u{b1}ejo mug\rLarge \u{c2}\u{b7} Blue\u{5}MUG-1\
            \u{1}$pic_00000000000000000000000000000009\u{4}\u{d0}\u{86}\u{3}\u{3}PHP\u{d0}\u{86}\u{3}\u{3}PHP\u{e0}\u{12}\u{ec}\u{4}\u{14}\0\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\u{3}PHP\0\0\u{1}\u{2}\u{3}Fan\u{1}\u{7}WELCOME\u{1}";
        assert_eq!(sample().text(), STORED);
    }
}
