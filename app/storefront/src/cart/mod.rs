//! The cart: kept in the browser, synced to the server when there is one to sync with. What a cart costs is computed here by
//! the same function as on the server; the server's word is final.

mod calls;
mod code;
mod gone;
mod kept;
mod lines;
mod news;
mod page;

use std::time::Duration;

use domain::cart::{PricedLine, Totals, totals};
use domain::id::{CartId, VariantId};
use domain::view::{CartItem, CartLineView, CartNotice, CartView, DiscountRefusal, ProductCardView};
use domain::{Currency, Money, Quantity};
use leptos::prelude::*;
use leptos::task::spawn_local;
use session::{Access, when_hydrated};

use kept::{KEY, Kept};
use news::{cuts, is_news};

pub use calls::*;
pub use code::*;
pub use gone::Gone;
pub use lines::*;
pub use page::CartPage;

/// Server functions of the cart.
pub const ACCESS: &[(&str, Access)] = calls::ACCESS;

/// How long after a change it is told to the server: several presses make one sync.
const SEND_DELAY: Duration = Duration::from_millis(250);

/// The most of one thing in a cart.
pub(crate) const MAX_QUANTITY: u32 = 9_999;

/// A cart with nothing in it.
#[must_use]
pub fn empty() -> CartView {
    let zero = Money::zero(Currency::PHP);
    let totals = Totals {
        lines: Vec::new(),
        subtotal: zero,
        discount: zero,
        shipping: zero,
        tax: zero,
        shipping_tax: zero,
        total: zero,
        weight_g: 0,
    };
    CartView { id: None, version: 0, lines: Vec::new(), totals, discount_code: None, notices: Vec::new() }
}

/// The cart of this browser.
#[derive(Clone, Copy)]
pub struct Cart {
    kept: RwSignal<Kept>,
    /// Has the browser's own cart been read? Before that there is only what the server rendered.
    ready: RwSignal<bool>,
    /// Is the drawer open?
    pub open: RwSignal<bool>,
    /// Is a sync under way?
    syncing: RwSignal<bool>,
    /// The last sync did not reach the server.
    unreached: RwSignal<bool>,
    /// Why it is gone, when another tab ended it while this one showed it.
    gone: RwSignal<Option<Gone>>,
    /// Counts changes, so that an answer to an older state is told apart.
    changes: StoredValue<u64>,
    /// Owns what must outlive a line that is taken out.
    owner: StoredValue<Owner>,
}

/// Makes the cart; called once by the shell.
pub fn provide_cart() -> Cart {
    let cart = Cart {
        kept: RwSignal::new(Kept::default()),
        ready: RwSignal::new(false),
        open: RwSignal::new(false),
        syncing: RwSignal::new(false),
        unreached: RwSignal::new(false),
        gone: RwSignal::new(None),
        changes: StoredValue::new(0),
        owner: StoredValue::new(Owner::current().unwrap_or_default()),
    };
    provide_context(cart);
    when_hydrated(move || untrack(|| cart.wake()));
    cart
}

/// The cart of this browser.
#[must_use]
pub fn use_cart() -> Cart {
    use_context().unwrap_or_else(provide_cart)
}

impl Cart {
    /// The cart as it is shown.
    #[must_use]
    pub fn view(self) -> Signal<CartView> {
        Signal::derive(move || self.kept.with(|kept| kept.view.clone()))
    }

    /// How many things lie in it.
    #[must_use]
    pub fn count(self) -> Signal<u32> {
        Signal::derive(move || {
            let count: i64 = self.kept.with(|kept| kept.view.lines.iter().map(|line| line.quantity.get()).sum());
            u32::try_from(count).unwrap_or(u32::MAX)
        })
    }

    /// Its id on the server.
    #[must_use]
    pub fn id(self) -> Option<CartId> {
        self.kept.with_untracked(|kept| kept.view.id)
    }

    /// Has the browser's own cart been read?
    #[must_use]
    pub fn is_ready(self) -> bool {
        self.ready.get()
    }

    /// Does the server know the cart as it is shown?
    #[must_use]
    pub fn is_settled(self) -> bool {
        self.kept.with(|kept| !kept.dirty && kept.view.id.is_some()) && !self.syncing.get()
    }

    /// Is it only on this device for now?
    #[must_use]
    pub fn is_unreached(self) -> bool {
        self.unreached.get()
    }

    /// Puts something in, and shows it.
    pub fn add(self, line: CartLineView) {
        self.put(line);
        self.open.set(true);
    }

    /// Puts something in.
    pub(crate) fn put(self, line: CartLineView) {
        self.change(|view| {
            if let Some(known) = view.lines.iter_mut().find(|known| known.variant == line.variant) {
                known.quantity = Quantity::clamped(known.quantity.get() + line.quantity.get());
            } else {
                view.lines.push(line);
            }
        });
    }

    /// Sets how many of a thing are wanted.
    pub fn set_quantity(self, variant: VariantId, count: i64) {
        self.change(|view| {
            if let Some(line) = view.lines.iter_mut().find(|line| line.variant == variant) {
                line.quantity = Quantity::clamped(count);
            }
        });
    }

    /// Makes something that lives as long as the cart, and not only as long as the line that asked for it.
    pub(crate) fn lasting<T>(self, make: impl FnOnce() -> T) -> T {
        self.owner.get_value().with(make)
    }

    /// Takes a thing out.
    pub fn remove(self, variant: VariantId) {
        self.change(|view| {
            view.lines.retain(|line| line.variant != variant);
            view.notices.retain(|notice| is_news(notice, &view.lines));
        });
    }

    /// Uses a discount code, or none.
    pub fn set_code(self, code: Option<String>) {
        self.kept.update(|kept| kept.code = code.filter(|code| !code.trim().is_empty()));
        self.change(|view| {
            view.notices.retain(|notice| !matches!(notice, CartNotice::DiscountRefused { .. }));
            view.discount_code = None;
        });
    }

    /// The reader has seen what changed.
    pub fn dismiss_notices(self) {
        self.kept.update(|kept| kept.view.notices.clear());
        self.keep();
    }

    /// Somebody signed in: their cart is this one from now on, with what the server does not know yet on top of it.
    pub fn enter(self, theirs: Option<CartView>) {
        let unsent = self.kept.get_untracked();
        match (unsent.dirty, theirs) {
            (false, Some(theirs)) => self.adopt(theirs),
            (false, None) => self.forget(),
            (true, theirs) => {
                self.changes.update_value(|changes| *changes += 1);
                let theirs = theirs.unwrap_or_else(empty);
                let code = unsent.code.clone().or_else(|| theirs.discount_code.clone());
                self.kept.set(Kept { view: on_top(theirs, unsent.view.lines), code, dirty: true });
                self.keep();
            }
        }
    }

    /// Why the cart that this tab showed is gone.
    #[must_use]
    pub fn gone(self) -> Option<Gone> {
        self.gone.get()
    }

    /// Forgets the cart, and tells other tabs why.
    pub fn forget_for(self, why: Gone) {
        why.note();
        self.forget();
    }

    fn forget(self) {
        self.changes.update_value(|changes| *changes += 1);
        self.kept.set(Kept::default());
        self.keep();
    }

    /// Takes the server's cart for this one.
    pub fn adopt(self, view: CartView) {
        self.changes.update_value(|changes| *changes += 1);
        self.kept.update(|kept| {
            kept.code.clone_from(&view.discount_code);
            kept.view = view;
            kept.dirty = false;
        });
        self.keep();
    }

    /// Takes in a cart that the server knows this browser by, from presses before the page was hydrated or without a script.
    pub fn meet(self, theirs: &CartView) {
        let (mine, dirty) = self.kept.with_untracked(|kept| (kept.view.clone(), kept.dirty));
        if theirs.id.is_none() || (theirs.id == mine.id && (dirty || theirs.version == mine.version)) {
            return;
        }
        if theirs.id == mine.id || mine.lines.is_empty() {
            self.adopt(theirs.clone());
            return;
        }
        for line in &theirs.lines {
            if mine.lines.iter().all(|known| known.variant != line.variant) {
                self.put(line.clone());
            }
        }
    }

    /// Reads what the browser kept, and follows other tabs and the network.
    fn wake(self) {
        self.read();
        self.ready.set(true);
        let elsewhere = window_event_listener(leptos::ev::storage, move |event| {
            if event.key().is_none_or(|key| key == KEY) {
                let had = self.kept.with_untracked(|kept| !kept.view.lines.is_empty());
                self.changes.update_value(|changes| *changes += 1);
                self.read();
                let has = self.kept.with_untracked(|kept| !kept.view.lines.is_empty() || kept.view.id.is_some());
                if has {
                    self.gone.set(None);
                } else if had {
                    self.gone.set(Gone::noted());
                }
            }
        });
        let online = window_event_listener(leptos::ev::online, move |_| self.tell());
        on_cleanup(move || {
            elsewhere.remove();
            online.remove();
        });
        // Prices and stock may have changed since the page was last open.
        if self.kept.with_untracked(|kept| kept.dirty || !kept.view.lines.is_empty()) {
            self.tell();
        }
    }

    fn read(self) {
        // What cannot be read is from another version of the shop: an empty cart is better than none.
        self.kept.set(Kept::read().unwrap_or_default());
    }

    fn keep(self) {
        self.kept.with_untracked(Kept::write);
    }

    fn change(self, change: impl FnOnce(&mut CartView)) {
        self.gone.set(None);
        self.kept.update(|kept| {
            change(&mut kept.view);
            add_up(&mut kept.view);
            kept.dirty = true;
        });
        self.keep();
        self.changes.update_value(|changes| *changes += 1);
        let mine = self.changes.get_value();
        set_timeout(
            move || {
                if self.changes.try_get_value() == Some(mine) {
                    self.tell();
                }
            },
            SEND_DELAY,
        );
    }

    /// After an order was refused: takes the cart as the server has it now, in place of this one, and says what became fewer.
    /// What was not told yet is told all the same.
    pub(crate) async fn refresh(self) {
        let asked = self.changes.get_value();
        let known = self.kept.with_untracked(|kept| kept.view.id.filter(|_| !kept.dirty));
        if let Some(id) = known
            && let Ok(Some(mut theirs)) = read_cart(Some(id)).await
            && self.changes.try_get_value() == Some(asked)
        {
            let fewer = self.kept.with_untracked(|kept| cuts(&kept.view, &theirs));
            theirs.notices.extend(fewer);
            // A code that was typed and not used was used with the order.
            self.kept.update(|kept| kept.code = theirs.discount_code.clone().or_else(|| kept.code.take()));
            self.take(theirs);
        }
        self.tell();
    }

    /// Tells the server, and takes its word for prices and stock.
    pub fn tell(self) {
        let Some(kept) = self.kept.try_get_untracked() else { return };
        let asked = self.changes.get_value();
        self.syncing.set(true);
        spawn_local(async move {
            let items = kept
                .view
                .lines
                .iter()
                .map(|line| CartItem { variant: line.variant, quantity: line.quantity, seen_price: line.unit_price.minor })
                .collect();
            let named = kept.view.id;
            let answer = sync_cart(named, kept.view.version, items, kept.code.clone()).await;
            if self.changes.try_get_value().is_none() {
                return;
            }
            self.syncing.set(false);
            match answer {
                Ok(view) if self.changes.get_value() == asked => self.take(view),
                // Something was changed meanwhile: only what names the cart is taken, and the newer state is told.
                Ok(view) => {
                    // After signing in it is another cart, of which this answer says nothing.
                    if self.id() == named {
                        self.kept.update(|kept| {
                            kept.view.id = view.id;
                            kept.view.version = view.version;
                        });
                    }
                    self.keep();
                    self.unreached.set(false);
                    self.tell();
                }
                Err(error) => self.unreached.set(error.is_offline() || error.status >= 500),
            }
        });
    }

    fn take(self, mut view: CartView) {
        self.unreached.set(false);
        self.kept.update(|kept| {
            // News stays until it is read; the server tells it once.
            let refused = |notice: &CartNotice| matches!(notice, CartNotice::DiscountRefused { .. } | CartNotice::SoldOut { .. });
            let older = kept.view.notices.drain(..).filter(|notice| !refused(notice) && is_news(notice, &view.lines));
            let mut notices: Vec<_> = older.collect();
            for notice in view.notices.drain(..) {
                if !notices.contains(&notice) {
                    notices.push(notice);
                }
            }
            view.notices = notices;
            // Which no cart makes right is not tried again at each look.
            let for_good = |notice: &CartNotice| {
                matches!(notice, CartNotice::DiscountRefused { reason, .. } if !matches!(reason, DiscountRefusal::BelowMinimum(_)))
            };
            if view.notices.iter().any(for_good) {
                kept.code = None;
            }
            kept.view = view;
            kept.dirty = false;
        });
        self.keep();
    }
}

/// A cart with the lines of another; of what is in both the larger quantity is meant, as when the server makes two carts one.
fn on_top(mut theirs: CartView, lines: Vec<CartLineView>) -> CartView {
    for line in lines {
        match theirs.lines.iter_mut().find(|known| known.variant == line.variant) {
            Some(known) => known.quantity = known.quantity.max(line.quantity),
            None => theirs.lines.push(line),
        }
    }
    add_up(&mut theirs);
    theirs
}

/// Adds a cart up as far as the browser knows; a discount stays what the server last said.
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

/// A line for a product of a list that has nothing to choose.
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
        let both = on_top(theirs, vec![line(10_000, 2), line(5_000, 4), line(7_000, 1)]);
        let quantities: Vec<_> = both.lines.iter().map(|line| line.quantity.get()).collect();
        assert_eq!((both.version, quantities, both.totals.total.minor), (7, vec![3, 4, 1], 57_000));
    }
}
