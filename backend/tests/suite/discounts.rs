//! Discount codes as managers keep them, on both databases.

use crate::support::{TestShop, a_product, both, buy, guest, items, number};
use backend::cart;
use backend::pricing::{self, PricingError};
use domain::cart::Discount;
use domain::id::{RequestId, UserId, VariantId};
use domain::order::Channel;
use domain::permission::Role;
use domain::view::{CartNotice, CartView, DiscountDraft, DiscountRefusal, OrderQuery, PageAt};
use domain::{Locale, Timestamp};
use platform::Context;

fn staff(shop: &TestShop, role: Role) -> Context {
    Context::staff(UserId(shop.id()), role, RequestId(shop.id()))
}

fn a_draft(code: &str) -> DiscountDraft {
    DiscountDraft {
        is_new: true,
        code: code.to_owned(),
        takes: Discount::Percent(2_500),
        min_subtotal: 0,
        valid_from: None,
        valid_to: None,
        most_uses: None,
        active: true,
    }
}

async fn save(shop: &TestShop, draft: DiscountDraft) -> Result<(), PricingError> {
    pricing::save_discount(shop, &staff(shop, Role::Manager), Locale::En, draft, None).await
}

fn fields(refused: Result<(), PricingError>) -> Vec<String> {
    match refused {
        Err(PricingError::Invalid(fields)) => fields.into_iter().map(|(field, _)| field).collect(),
        other => panic!("expected mistakes, not {other:?}"),
    }
}

async fn cart(shop: &TestShop, variant: VariantId, code: &str) -> CartView {
    cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), Some(code.into())).await.unwrap()
}

async fn why_not(shop: &TestShop, variant: VariantId, code: &str) -> Option<DiscountRefusal> {
    cart(shop, variant, code).await.notices.into_iter().find_map(|notice| match notice {
        CartNotice::DiscountRefused { reason, .. } => Some(reason),
        _ => None,
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_made_used_changed_and_switched_off() {
    both(async |shop| {
        let manager = staff(shop, Role::Manager);
        let variant = a_product().with_stock(9).make(shop).await;
        assert_eq!(why_not(shop, variant, "fiesta-25").await, Some(DiscountRefusal::Unknown));
        save(shop, a_draft(" fiesta-25 ")).await.unwrap();
        let view = cart(shop, variant, "Fiesta-25").await;
        assert_eq!(view.totals.discount.minor, 2_500);
        let order = buy(shop, view.id.unwrap(), "the-first-buyer").await.unwrap();

        let known = pricing::discount(shop, &manager, "FIESTA-25").await.unwrap();
        assert_eq!((known.uses, known.draft.takes), (1, Discount::Percent(2_500)));
        save(shop, DiscountDraft { takes: Discount::Amount(700), ..known.draft.clone() }).await.unwrap();
        assert_eq!(cart(shop, variant, "FIESTA-25").await.totals.discount.minor, 700);
        let sql = "select data from events where kind = 'discount.changed' order by seq desc limit 1";
        let data: String = shop.db().fetch_scalar(sql, &[]).await.unwrap();
        assert!(data.contains("takes") && !data.contains("min_subtotal"), "{data}");

        // The number of uses leads to the orders it counts.
        let query = OrderQuery { search: "fiesta-25".into(), ..OrderQuery::default() };
        let found = backend::orders::list(shop, &manager, &query).await.unwrap().orders;
        assert_eq!(found.into_iter().map(|o| o.id).collect::<Vec<_>>(), [order.order]);

        save(shop, DiscountDraft { active: false, ..known.draft }).await.unwrap();
        assert_eq!(why_not(shop, variant, "FIESTA-25").await, Some(DiscountRefusal::Unknown));
        assert_eq!(pricing::discount(shop, &manager, "FIESTA-25").await.unwrap().uses, 1, "a change keeps the count");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_code_begins_ends_and_is_used_up() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let after = |days: i64| Some(Timestamp::from_millis(shop.now().millis() + days * Timestamp::DAY));
        save(shop, DiscountDraft { valid_from: after(1), valid_to: after(2), most_uses: Some(1), ..a_draft("DAY") }).await.unwrap();
        assert_eq!(why_not(shop, variant, "DAY").await, Some(DiscountRefusal::NotYet(after(1).unwrap())));
        shop.clock.advance(Timestamp::DAY * 3 / 2);
        let (one, other) = (cart(shop, variant, "DAY").await, cart(shop, variant, "DAY").await);
        assert_eq!((one.totals.discount.minor, other.totals.discount.minor), (2_500, 2_500));
        assert_eq!(buy(shop, one.id.unwrap(), "the-first-buyer").await.unwrap().total.minor, 17_500);
        assert_eq!(why_not(shop, variant, "DAY").await, Some(DiscountRefusal::UsedUp));
        // Fewer uses than there were cannot be allowed, the same number can.
        let known = pricing::discount(shop, &staff(shop, Role::Manager), "DAY").await.unwrap().draft;
        save(shop, DiscountDraft { most_uses: Some(1), ..known.clone() }).await.unwrap();
        save(shop, DiscountDraft { most_uses: Some(2), ..known.clone() }).await.unwrap();
        buy(shop, other.id.unwrap(), "the-other-buyer").await.unwrap();
        assert_eq!(fields(save(shop, DiscountDraft { most_uses: Some(1), ..known }).await), ["most_uses"]);
        shop.clock.advance(Timestamp::DAY);
        assert_eq!(why_not(shop, variant, "DAY").await, Some(DiscountRefusal::Ended));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_with_mistakes_names_each_field_and_is_not_kept() {
    both(async |shop| {
        let takes = |takes| DiscountDraft { takes, ..a_draft("OK") };
        let now = Some(shop.now());
        let wrong = [
            (a_draft(""), "code"),
            (a_draft("two words"), "code"),
            (a_draft(&"X".repeat(41)), "code"),
            (takes(Discount::Percent(0)), "value"),
            (takes(Discount::Percent(10_001)), "value"),
            (takes(Discount::Amount(0)), "value"),
            (takes(Discount::Amount(i64::MAX)), "value"),
            (DiscountDraft { min_subtotal: -1, ..a_draft("OK") }, "min_subtotal"),
            (DiscountDraft { valid_from: now, valid_to: now, ..a_draft("OK") }, "valid_to"),
            (DiscountDraft { most_uses: Some(0), ..a_draft("OK") }, "most_uses"),
            (a_draft("ten"), "code"),
        ];
        for (draft, field) in wrong {
            assert_eq!(fields(save(shop, draft.clone()).await), [field], "{draft:?}");
        }
        let unknown = DiscountDraft { is_new: false, ..a_draft("NOBODY") };
        assert!(matches!(save(shop, unknown).await, Err(PricingError::Unknown)));
        assert_eq!(number(shop, "select count(*) from discount_codes").await, 1);
        assert_eq!(number(shop, "select count(*) from events where kind = 'discount.changed'").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discount_codes_are_listed_by_page_and_only_with_the_permission() {
    both(async |shop| {
        for n in 0..60 {
            shop.clock.advance(1);
            save(shop, a_draft(&format!("CODE-{n:02}"))).await.unwrap();
        }
        let manager = staff(shop, Role::Manager);
        let first = pricing::discounts(shop, &manager, &PageAt::default()).await.unwrap();
        assert_eq!((first.codes.len(), first.codes[0].draft.code.as_str()), (50, "CODE-59"));
        let second = pricing::discounts(shop, &manager, &PageAt::after(first.next.unwrap())).await.unwrap();
        let codes: Vec<_> = second.codes.iter().map(|row| row.draft.code.as_str()).collect();
        assert_eq!((codes.len(), codes[0], codes[10], second.next), (11, "CODE-09", "TEN", None));
        for ctx in [staff(shop, Role::Clerk), guest(shop)] {
            assert!(matches!(pricing::discounts(shop, &ctx, &PageAt::default()).await, Err(PricingError::Forbidden(_))));
            assert!(matches!(pricing::discount(shop, &ctx, "TEN").await, Err(PricingError::Forbidden(_))));
            let saved = pricing::save_discount(shop, &ctx, Locale::En, a_draft("MINE"), None).await;
            assert!(matches!(saved, Err(PricingError::Forbidden(_))));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_discount_codes_is_limited() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let from = |last: u8| guest(shop).from(Some([203, 0, 113, last].into()));
        let sync = async |ctx: &Context, id, version, code: &str| {
            cart::sync(shop, ctx, Locale::En, Channel::Web, id, version, items(&[(variant, 1)]), Some(code.into())).await.unwrap()
        };
        let refusal = |view: &CartView| {
            view.notices.iter().find_map(|notice| match notice {
                CartNotice::DiscountRefused { reason, .. } => Some(reason.clone()),
                _ => None,
            })
        };
        let own = sync(&from(1), None, 0, "TEN").await;
        assert_eq!(own.discount_code.as_deref(), Some("TEN"));
        // A code that exists is no guess, however often; neither is one that the cart has.
        for _ in 0..40 {
            assert_eq!(refusal(&sync(&from(1), None, 0, "ten").await), None);
        }
        let wrong = sync(&from(2), None, 0, "NOSUCH").await;
        for n in 0..40 {
            let same = sync(&from(2), wrong.id, wrong.version, "NOSUCH").await;
            assert_eq!(refusal(&same), Some(DiscountRefusal::Unknown), "{n}");
        }
        // A new cart for each guess changes nothing.
        let guesses = (0..60).map(|n| (shop.shop.clone(), from(3), format!("GUESS{n}"))).map(|(shop, ctx, code)| {
            tokio::spawn(async move {
                cart::sync(&shop, &ctx, Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), Some(code)).await.unwrap()
            })
        });
        let answers = futures::future::join_all(guesses).await;
        let unknown = answers.iter().filter(|view| refusal(view.as_ref().unwrap()) == Some(DiscountRefusal::Unknown)).count();
        assert_eq!(unknown, 30);
        let hit = sync(&from(3), None, 0, "TEN").await;
        assert_eq!((refusal(&hit), hit.discount_code), (Some(DiscountRefusal::TooMany), None), "a right guess says nothing either");
        // The code that the cart has stays, and other clients are not limited.
        let kept = sync(&from(3), own.id, own.version, "OTHER").await;
        assert_eq!((refusal(&kept), kept.discount_code.as_deref()), (Some(DiscountRefusal::TooMany), Some("TEN")));
        assert_eq!(refusal(&sync(&from(4), None, 0, "TEN").await), None);
        shop.clock.advance(60 * 60_000);
        assert_eq!(refusal(&sync(&from(3), None, 0, "TEN").await), None);
    })
    .await;
}
