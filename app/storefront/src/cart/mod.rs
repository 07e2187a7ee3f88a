//! The cart: stored in the browser, synced to the server when it can be reached. What a cart costs is computed here by
//! the same function as on the server; the server's result is final.

mod browser_cart;
mod calls;
mod code;
mod drawer;
mod lines;
mod lost_cart;
mod notices;
mod page;

use std::time::Duration;

use domain::cart::{PricedLine, Totals, totals};
use domain::id::{CartId, VariantId};
use domain::view::{CartItem, CartLineView, CartNotice, CartView, DiscountRefusal, ProductCardView};
use domain::{Currency, Money, Quantity};
use leptos::prelude::*;
use leptos::task::spawn_local;
use web::{Access, when_hydrated};

use browser_cart::{BrowserCart, KEY};
use notices::{cuts, still_applies};

pub use calls::*;
pub use code::*;
pub use drawer::CartDrawer;
pub use lines::*;
pub use lost_cart::CartGone;
pub(crate) use notices::notice_text;
pub use notices::{NoticeList, Notices, general_notices};
pub use page::CartPage;

/// Server functions of the cart.
pub const ACCESS: &[(&str, Access)] = calls::ACCESS;

/// The delay from a change to the sync: several presses make one sync.
const SEND_DELAY: Duration = Duration::from_millis(250);

/// The most units on a line.
pub(crate) const MAX_QUANTITY: u32 = 9_999;

#[must_use]
pub fn empty() -> CartView {
    let zero = Money::zero(Currency::PHP);
    let totals = Totals {
        lines: Vec::new(),
        subtotal: zero,
        discount: zero,
        delivery_fee: zero,
        tax: zero,
        delivery_tax: zero,
        total: zero,
        weight_g: 0,
    };
    CartView { id: None, version: 0, lines: Vec::new(), totals, discount_code: None, notices: Vec::new() }
}

#[derive(Clone, Copy)]
pub struct Cart {
    stored: RwSignal<BrowserCart>,
    /// Has the stored cart been read? Before that there is only what the server rendered.
    ready: RwSignal<bool>,
    pub open: RwSignal<bool>,
    syncing: RwSignal<bool>,
    /// Did the last sync not reach the server?
    unreached: RwSignal<bool>,
    /// Why it is gone, when another tab removed it while this one showed it.
    gone: RwSignal<Option<CartGone>>,
    /// Counts changes, so that an answer to an older state is recognised.
    changes: StoredValue<u64>,
    /// Owns what must outlive a removed line.
    owner: StoredValue<Owner>,
}

/// Called once by the layout.
pub fn provide_cart() -> Cart {
    let cart = Cart {
        stored: RwSignal::new(BrowserCart::default()),
        ready: RwSignal::new(false),
        open: RwSignal::new(false),
        syncing: RwSignal::new(false),
        unreached: RwSignal::new(false),
        gone: RwSignal::new(None),
        changes: StoredValue::new(0),
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
    };
    provide_context(cart);
    when_hydrated(move || untrack(|| cart.start()));
    cart
}

#[must_use]
pub fn use_cart() -> Cart {
    use_context().unwrap_or_else(provide_cart)
}

impl Cart {
    #[must_use]
    pub fn view(self) -> Signal<CartView> {
        Signal::derive(move || self.stored.with(|stored| stored.view.clone()))
    }

    /// The number of units.
    #[must_use]
    pub fn count(self) -> Signal<u32> {
        Signal::derive(move || {
            let count: i64 = self.stored.with(|stored| stored.view.lines.iter().map(|line| line.quantity.get()).sum());
            u32::try_from(count).unwrap_or(u32::MAX)
        })
    }

    #[must_use]
    pub fn id(self) -> Option<CartId> {
        self.stored.with_untracked(|stored| stored.view.id)
    }

    /// Has the stored cart been read?
    #[must_use]
    pub fn is_ready(self) -> bool {
        self.ready.get()
    }

    /// Is the cart as it is shown synced?
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.stored.with(|stored| !stored.dirty && stored.view.id.is_some()) && !self.syncing.get()
    }

    /// Is it only on this device for now, because the server cannot be reached?
    #[must_use]
    pub fn is_unreached(self) -> bool {
        self.unreached.get()
    }

    /// Adds a line, and opens the drawer.
    pub fn add(self, line: CartLineView) {
        self.put(line);
        self.open.set(true);
    }

    /// Adds a line, without opening the drawer.
    pub(crate) fn put(self, line: CartLineView) {
        self.change(|view| {
            if let Some(existing) = view.lines.iter_mut().find(|existing| existing.variant == line.variant) {
                existing.quantity = Quantity::clamped(existing.quantity.get() + line.quantity.get());
            } else {
                view.lines.push(line);
            }
        });
    }

    pub fn set_quantity(self, variant: VariantId, count: i64) {
        self.change(|view| {
            if let Some(line) = view.lines.iter_mut().find(|line| line.variant == variant) {
                line.quantity = Quantity::clamped(count);
            }
        });
    }

    /// Runs `make` in the cart's reactive owner: the result lives as long as the cart, not only as long as a line.
    pub(crate) fn in_own_scope<T>(self, make: impl FnOnce() -> T) -> T {
        self.owner.get_value().with(make)
    }

    pub fn remove(self, variant: VariantId) {
        self.change(|view| {
            view.lines.retain(|line| line.variant != variant);
            view.notices.retain(|notice| still_applies(notice, &view.lines));
        });
    }

    /// Sets the discount code, or removes it.
    pub fn set_code(self, code: Option<String>) {
        self.stored.update(|stored| stored.code = code.filter(|code| !code.trim().is_empty()));
        self.change(|view| {
            view.notices.retain(|notice| !matches!(notice, CartNotice::DiscountRefused { .. }));
            view.discount_code = None;
        });
    }

    pub fn dismiss_notices(self) {
        self.stored.update(|stored| stored.view.notices.clear());
        self.store();
    }

    /// After signing in: the account's cart replaces this one, with the lines that were not synced yet.
    pub fn sign_in(self, theirs: Option<CartView>) {
        let unsent = self.stored.get_untracked();
        match (unsent.dirty, theirs) {
            (false, Some(theirs)) => self.adopt(theirs),
            (false, None) => self.forget(),
            (true, theirs) => {
                self.changes.update_value(|changes| *changes += 1);
                let theirs = theirs.unwrap_or_else(empty);
                let code = unsent.code.clone().or_else(|| theirs.discount_code.clone());
                self.stored.set(BrowserCart { view: merged(theirs, unsent.view.lines), code, dirty: true });
                self.store();
            }
        }
    }

    /// Why the cart of this tab is gone.
    #[must_use]
    pub fn gone(self) -> Option<CartGone> {
        self.gone.get()
    }

    /// Empties the cart, and stores the reason for other tabs.
    pub fn forget_for(self, why: CartGone) {
        why.note();
        self.forget();
    }

    fn forget(self) {
        self.changes.update_value(|changes| *changes += 1);
        self.stored.set(BrowserCart::default());
        self.store();
    }

    /// Replaces this cart by the server's.
    pub fn adopt(self, view: CartView) {
        self.changes.update_value(|changes| *changes += 1);
        self.stored.update(|stored| {
            stored.code.clone_from(&view.discount_code);
            stored.view = view;
            stored.dirty = false;
        });
        self.store();
    }

    /// Merges the cart of this browser's cookie: lines added before the page was hydrated, or without a script.
    pub fn merge(self, theirs: &CartView) {
        let (mine, dirty) = self.stored.with_untracked(|stored| (stored.view.clone(), stored.dirty));
        if theirs.id.is_none() || (theirs.id == mine.id && (dirty || theirs.version == mine.version)) {
            return;
        }
        if theirs.id == mine.id || mine.lines.is_empty() {
            self.adopt(theirs.clone());
            return;
        }
        for line in &theirs.lines {
            if mine.lines.iter().all(|own| own.variant != line.variant) {
                self.put(line.clone());
            }
        }
    }

    /// Reads the stored cart, and listens to other tabs and the network.
    fn start(self) {
        self.read();
        self.ready.set(true);
        let other_tabs = window_event_listener(leptos::ev::storage, move |event| {
            if event.key().is_none_or(|key| key == KEY) {
                let had = self.stored.with_untracked(|stored| !stored.view.lines.is_empty());
                self.changes.update_value(|changes| *changes += 1);
                self.read();
                let has = self.stored.with_untracked(|stored| !stored.view.lines.is_empty() || stored.view.id.is_some());
                if has {
                    self.gone.set(None);
                } else if had {
                    self.gone.set(CartGone::noted());
                }
            }
        });
        let online = window_event_listener(leptos::ev::online, move |_| self.sync());
        on_cleanup(move || {
            other_tabs.remove();
            online.remove();
        });
        // Prices and stock may have changed since the last visit.
        if self.stored.with_untracked(|stored| stored.dirty || !stored.view.lines.is_empty()) {
            self.sync();
        }
    }

    fn read(self) {
        // An unreadable cart is of another format: begin with an empty one.
        self.stored.set(BrowserCart::read().unwrap_or_default());
    }

    fn store(self) {
        self.stored.with_untracked(BrowserCart::write);
    }

    fn change(self, change: impl FnOnce(&mut CartView)) {
        self.gone.set(None);
        self.stored.update(|stored| {
            change(&mut stored.view);
            add_up(&mut stored.view);
            stored.dirty = true;
        });
        self.store();
        self.changes.update_value(|changes| *changes += 1);
        let mine = self.changes.get_value();
        set_timeout(
            move || {
                if self.changes.try_get_value() == Some(mine) {
                    self.sync();
                }
            },
            SEND_DELAY,
        );
    }

    /// After an order was refused: replaces the cart by the server's, with notices of reduced quantities. Changes that are
    /// not synced yet are still sent.
    pub(crate) async fn refresh(self) {
        let at_request = self.changes.get_value();
        let synced = self.stored.with_untracked(|stored| stored.view.id.filter(|_| !stored.dirty));
        if let Some(id) = synced
            && let Ok(Some(mut theirs)) = read_cart(Some(id)).await
            && self.changes.try_get_value() == Some(at_request)
        {
            let fewer = self.stored.with_untracked(|stored| cuts(&stored.view, &theirs));
            theirs.notices.extend(fewer);
            // A code that was only typed was used with the order.
            self.stored.update(|stored| stored.code = theirs.discount_code.clone().or_else(|| stored.code.take()));
            self.apply(theirs);
        }
        self.sync();
    }

    /// Sends the cart to the server, and applies the prices and stock of the answer.
    pub fn sync(self) {
        let Some(stored) = self.stored.try_get_untracked() else { return };
        let at_request = self.changes.get_value();
        self.syncing.set(true);
        spawn_local(async move {
            let items = stored
                .view
                .lines
                .iter()
                .map(|line| CartItem { variant: line.variant, quantity: line.quantity, seen_price: line.unit_price.minor })
                .collect();
            let sent_id = stored.view.id;
            let answer = sync_cart(sent_id, stored.view.version, items, stored.code.clone()).await;
            if self.changes.try_get_value().is_none() {
                return;
            }
            self.syncing.set(false);
            match answer {
                // It belongs to an account that this browser is signed out of.
                Ok(view) if view.id.is_none() && self.changes.get_value() == at_request => {
                    self.forget_for(CartGone::SignedOut);
                    self.gone.set(Some(CartGone::SignedOut));
                }
                Ok(view) if self.changes.get_value() == at_request => self.apply(view),
                // The cart changed meanwhile: take only its id and version, and send the newer state.
                Ok(view) => {
                    self.unreached.set(false);
                    // After signing in or out there is nothing to send.
                    if !self.stored.with_untracked(|stored| stored.dirty) {
                        return;
                    }
                    // After signing in it is another cart, and this answer does not apply.
                    if view.id.is_some() && self.id() == sent_id {
                        self.stored.update(|stored| {
                            stored.view.id = view.id;
                            stored.view.version = view.version;
                        });
                        self.store();
                    }
                    self.sync();
                }
                Err(error) => self.unreached.set(error.is_offline() || error.status >= 500),
            }
        });
    }

    fn apply(self, mut view: CartView) {
        self.unreached.set(false);
        self.stored.update(|stored| {
            // Notices stay until dismissed; the server sends each once.
            let refused = |notice: &CartNotice| matches!(notice, CartNotice::DiscountRefused { .. } | CartNotice::SoldOut { .. });
            let older = stored.view.notices.drain(..).filter(|notice| !refused(notice) && still_applies(notice, &view.lines));
            let mut notices: Vec<_> = older.collect();
            for notice in view.notices.drain(..) {
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            }
            view.notices = notices;
            // A code that no cart can satisfy is not sent again.
            let is_final = |notice: &CartNotice| {
                matches!(notice, CartNotice::DiscountRefused { reason, .. } if !matches!(reason, DiscountRefusal::BelowMinimum(_)))
            };
            if view.notices.iter().any(is_final) {
                stored.code = None;
            }
            stored.view = view;
            stored.dirty = false;
        });
        self.store();
    }
}

/// A cart with the lines of another; for a variant in both the larger quantity, as when the server merges two carts.
fn merged(mut theirs: CartView, lines: Vec<CartLineView>) -> CartView {
    for line in lines {
        match theirs.lines.iter_mut().find(|existing| existing.variant == line.variant) {
            Some(existing) => existing.quantity = existing.quantity.max(line.quantity),
            None => theirs.lines.push(line),
        }
    }
    add_up(&mut theirs);
    theirs
}

/// Computes the sums in the browser; a discount stays as the server last sent it.
fn add_up(view: &mut CartView) {
    let currency = view.lines.first().map_or(view.totals.total.currency, |line| line.unit_price.currency);
    let priced: Vec<_> = view
        .lines
        .iter_mut()
        .map(|line| {
            line.total = line.unit_price.times(line.quantity.get()).unwrap_or(line.total);
            PricedLine {
                unit_price: line.unit_price.minor,
                quantity: line.quantity,
                tax_rate_bp: line.tax_rate_bp,
                weight_g: line.weight_g,
            }
        })
        .collect();
    let discount = (view.totals.discount.minor > 0 && view.discount_code.is_some())
        .then_some(domain::cart::Discount::Amount(view.totals.discount.minor));
    let Ok(sums) = totals(currency, &priced, discount, None) else { return };
    view.totals = sums;
}

/// The line for a product card with a single variant.
#[must_use]
pub fn line_of_card(card: &ProductCardView) -> Option<CartLineView> {
    Some(CartLineView {
        variant: card.only_variant?,
        slug: card.slug.clone(),
        name: card.name.clone(),
        options: String::new(),
        sku: String::new(),
        picture: card.picture.as_ref().map(|picture| picture.id),
        quantity: Quantity::ONE,
        unit_price: card.price_from,
        total: card.price_from,
        tax_rate_bp: 0,
        weight_g: 0,
        available: 10,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    pub(super) fn line(price: i64, quantity: i64) -> CartLineView {
        let money = Money::new(price, Currency::PHP);
        CartLineView {
            variant: VariantId(Uuid::from_u128(u128::from(price.unsigned_abs()))),
            slug: "mug".into(),
            name: "Mug".into(),
            options: String::new(),
            sku: "M".into(),
            picture: None,
            quantity: Quantity::clamped(quantity),
            unit_price: money,
            total: money,
            tax_rate_bp: 1_200,
            weight_g: 100,
            available: 10,
        }
    }

    #[test]
    fn the_browser_adds_up_like_the_server() {
        let mut view = empty();
        view.lines = vec![line(10_000, 2), line(5_000, 1)];
        add_up(&mut view);
        assert_eq!((view.totals.subtotal.minor, view.totals.total.minor), (25_000, 25_000));
        assert_eq!(view.lines[0].total.minor, 20_000);
    }

    #[test]
    fn unsent_lines_lie_on_top_of_the_account_s_cart() {
        let mut theirs = empty();
        (theirs.version, theirs.lines) = (7, vec![line(10_000, 3), line(5_000, 1)]);
        let both = merged(theirs, vec![line(10_000, 2), line(5_000, 4), line(7_000, 1)]);
        let quantities: Vec<_> = both.lines.iter().map(|line| line.quantity.get()).collect();
        assert_eq!((both.version, quantities, both.totals.total.minor), (7, vec![3, 4, 1], 57_000));
    }
}
