//! The delivery options of the checkout: read for the cart and the place, and again whenever one of them changes.

use domain::view::CartView;
use leptos::prelude::*;
use leptos::task::spawn_local;
use web::AppError;

use super::{CheckoutStart, Offer, PlaceOrder, read_offers};
use crate::cart::Cart;

/// Delivery options, which of them is chosen, and the state of loading them.
#[derive(Clone, Copy)]
pub(super) struct Offers {
    pub(super) list: RwSignal<Vec<Offer>>,
    /// The code of the chosen one; empty without options.
    pub(super) code: RwSignal<String>,
    pub(super) loading: RwSignal<bool>,
    pub(super) error: RwSignal<Option<AppError>>,
    /// Counts requests to read them again: the button after an error, and each refused order.
    pub(super) retries: RwSignal<u32>,
}

impl Offers {
    /// From the page as rendered; what was chosen without a script stays chosen.
    pub(super) fn new(start: &CheckoutStart) -> Self {
        let has = |code: &String| start.offers.iter().any(|offer| offer.option.code == *code);
        let first = start.typed.get("delivery").cloned().filter(has);
        let first = first.or_else(|| start.offers.first().map(|offer| offer.option.code.clone()));
        Self {
            list: RwSignal::new(start.offers.clone()),
            code: RwSignal::new(first.unwrap_or_default()),
            loading: RwSignal::new(false),
            error: RwSignal::new(None),
            retries: RwSignal::new(0),
        }
    }

    pub(super) fn chosen(self) -> Memo<Option<Offer>> {
        Memo::new(move |_| self.list.with(|offers| self.code.with(|code| offers.iter().find(|offer| offer.option.code == *code).cloned())))
    }

    /// Reads them for the cart and the place (a country, and in the Philippines the code of a place), now and after each change.
    pub(super) fn follow(self, cart: Cart, view: Signal<CartView>, place: RwSignal<(String, String)>) {
        let newest = StoredValue::new(0_u32);
        let settled = Memo::new(move |_| cart.is_ready() && cart.is_settled());
        let sums = Memo::new(move |_| view.with(|view| (view.id, view.totals.subtotal.minor, view.totals.discount.minor)));
        Effect::new(move |before: Option<_>| {
            let now = (place.get(), sums.get(), settled.get(), self.retries.get());
            let is_current = before.as_ref() == Some(&now) || (before.is_none() && !self.list.with_untracked(Vec::is_empty));
            let ((country, place), (id, ..), is_settled, _) = now.clone();
            if let (false, true, Some(id)) = (is_current, is_settled, id)
                && (country != "PH" || !place.is_empty())
            {
                self.loading.set(true);
                newest.update_value(|number| *number += 1);
                let request = newest.get_value();
                spawn_local(async move {
                    let answer = read_offers(id, country, place).await;
                    // A newer request is under way, or the page was left.
                    if newest.try_get_value() == Some(request) {
                        self.take(answer, cart);
                    }
                });
            }
            now
        });
    }

    fn take(self, answer: Result<Vec<Offer>, AppError>, cart: Cart) {
        self.loading.set(false);
        // The cart was ordered in another tab, or is not this user's: sync the browser's cart again.
        if answer.as_ref().is_err_and(|error| error.status == 422) {
            cart.sync();
        }
        self.error.set(answer.as_ref().err().cloned());
        let Ok(offers) = answer else { return };
        if !offers.iter().any(|offer| self.code.with_untracked(|code| offer.option.code == *code)) {
            self.code.set(offers.first().map(|offer| offer.option.code.clone()).unwrap_or_default());
        }
        self.list.set(offers);
    }

    /// After an order was refused, prices, stock or the discount code may have changed: the cart and the offers are read again, so that
    /// the next press uses the current ones.
    pub(super) fn refresh_after_refusal(self, cart: Cart, action: ServerAction<PlaceOrder>) {
        Effect::new(move || {
            if action.value().with(|answer| matches!(answer, Some(Err(_)))) {
                spawn_local(async move {
                    cart.refresh().await;
                    let _ = self.retries.try_update(|retries| *retries += 1);
                });
            }
        });
    }

    /// The form's problem, without the error of a missing delivery once the first of a new list was chosen automatically.
    pub(super) fn without_stale_error(
        self,
        problem: Signal<Option<AppError>>,
        action: ServerAction<PlaceOrder>,
    ) -> Signal<Option<AppError>> {
        let chosen_after = RwSignal::new(None::<usize>);
        Effect::new(move |before: Option<bool>| {
            let is_open = self.code.with(String::is_empty);
            if before == Some(true) && !is_open {
                chosen_after.set(Some(action.version().get_untracked()));
            }
            is_open
        });
        Signal::derive(move || {
            let mut problem = problem.get()?;
            if problem.fields.is_empty() || chosen_after.get() != Some(action.version().get()) {
                return Some(problem);
            }
            problem.fields.retain(|(field, _)| field != "delivery");
            (!problem.fields.is_empty()).then_some(problem)
        })
    }
}
