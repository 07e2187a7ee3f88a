//! Whose a cart is, on both databases.

use crate::support::{a_cart, a_product, both, form, guest, items, number};
use backend::cart::{self, CartError};
use backend::{Shop, identity};
use domain::Locale;
use domain::id::{CartId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::view::{CartView, ContactDetails};
use platform::Context;

/// An account, as it is signed in.
async fn shopper(shop: &Shop, email: &str) -> Context {
    let contact = ContactDetails { name: "Ana Reyes".into(), email: email.into(), phone: String::new() };
    let (user, _) = identity::sign_up(shop, &guest(shop), Locale::En, contact, "correct horse battery").await.unwrap();
    Context::customer(user, guest(shop).request)
}

async fn sync(shop: &Shop, ctx: &Context, id: Option<CartId>, of: &[(VariantId, i64)]) -> Result<CartView, CartError> {
    cart::sync(shop, ctx, Locale::En, Channel::Web, id, 1, items(of), None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_that_arrives_after_sign_out_leaves_no_guest_cart_with_the_shoppers_items() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let (ana, ben) = (shopper(shop, "ana@example.com").await, shopper(shop, "ben@example.com").await);
        let of_ana = sync(shop, &ana, None, &[(variant, 1)]).await.unwrap().id.unwrap();
        for caller in [&guest(shop), &ben] {
            let late = sync(shop, caller, Some(of_ana), &[(variant, 3)]).await;
            assert!(matches!(late, Err(CartError::OfAccount)), "{late:?}");
        }
        assert_eq!(number(shop, "select count(*) from carts").await, 1);
        // She finds it as she left it.
        let kept = cart::merge_on_sign_in(shop, &ana, Locale::En, Channel::Web, Some(of_ana)).await.unwrap().unwrap();
        assert_eq!((kept.id, kept.lines[0].quantity.get()), (Some(of_ana), 1));
        // Nor does one that she ordered become a stranger's.
        let order = form(of_ana, PaymentMethod::Cash);
        backend::checkout::place_order(shop, &ana, Locale::En, Channel::Web, "an-order-of-ana", order).await.unwrap();
        assert!(matches!(sync(shop, &guest(shop), Some(of_ana), &[(variant, 3)]).await, Err(CartError::OfAccount)));
        let beyond = sync(shop, &ana, Some(of_ana), &[(variant, 3)]).await.unwrap();
        assert_eq!((beyond.id == Some(of_ana), beyond.lines[0].quantity.get()), (false, 2));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guests_cart_is_the_shoppers_after_sign_in_and_a_removed_one_begins_anew() {
    both(async |shop| {
        let variant = a_product().with_stock(9).make(shop).await;
        let of_guest = a_cart(shop, &[(variant, 1)]).await;
        let ana = shopper(shop, "ana@example.com").await;
        let own = cart::merge_on_sign_in(shop, &ana, Locale::En, Channel::Web, Some(of_guest)).await.unwrap().unwrap();
        assert_eq!(own.id, Some(of_guest));
        assert!(matches!(sync(shop, &guest(shop), Some(of_guest), &[(variant, 1)]).await, Err(CartError::OfAccount)));
        let removed = CartId(shop.id());
        let anew = sync(shop, &guest(shop), Some(removed), &[(variant, 2)]).await.unwrap();
        assert!(anew.id.is_some_and(|id| id != removed && id != of_guest));
        assert_eq!(anew.lines[0].quantity.get(), 2);
    })
    .await;
}
