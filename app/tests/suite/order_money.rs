//! The money of an order on its pages: what is due for a parcel, what came short, what is handed back; and a cart that is nobody's.

use axum::body::Body;
use backend::platform::Context;
use backend::{Shop, catalog, checkout, fulfilment, order_management, payments, pricing};
use domain::id::{OrderId, ParcelId, RequestId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::Role;
use domain::view::{
    Address, CartItem, CheckoutForm, ContactDetails, DeliveryMethodDraft, OrderView, ProductDraft, ProductTexts, VariantDraft,
};
use domain::{Locale, Quantity};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use crate::a_shop;
use crate::browser::{get, holds, pages, post, token};

/// A product at 100.00, and a delivery method without a fee.
async fn a_mug(shop: &Shop) -> VariantId {
    let system = shop.system();
    let text = ProductTexts { locale: "en".into(), name: "Mug".into(), ..ProductTexts::default() };
    let variant = VariantDraft { sku: "MUG".into(), price: 10_000, stock: 9, ..VariantDraft::default() };
    let draft = ProductDraft { tax_class: "standard".into(), texts: vec![text], variants: vec![variant], ..ProductDraft::default() };
    let product = catalog::save_product(shop, &system, Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &system, product, "published").await.unwrap();
    let boat = || vec!["Boat".to_owned(), "Boat".to_owned()];
    let method = DeliveryMethodDraft {
        is_new: true,
        code: "boat".into(),
        names: boat(),
        descriptions: boat(),
        regions: vec!["*".into()],
        collects_cash: true,
        active: true,
        ..DeliveryMethodDraft::default()
    };
    pricing::save_delivery_method(shop, &system, Locale::En, method, None).await.unwrap();
    catalog::admin_product(shop, &system, product).await.unwrap().draft.variants[0].id.unwrap()
}

/// A cash order of two mugs whose parcel is on its way, and the link to follow it.
async fn on_its_way(shop: &Shop, variant: VariantId) -> (OrderId, ParcelId, String) {
    let (guest, system) = (Context::nobody(RequestId(shop.id())), shop.system());
    let line = CartItem { variant, quantity: Quantity::new(2).unwrap(), seen_price: 0 };
    let cart = backend::cart::sync(shop, &guest, Locale::En, Channel::Web, None, 0, vec![line], None).await.unwrap();
    let address = Address {
        recipient: "Ana Reyes".into(),
        phone: "+639171234567".into(),
        country: "SG".into(),
        line1: "12 Keong Saik Road".into(),
        postal_code: "089119".into(),
        ..Address::default()
    };
    let form = CheckoutForm {
        cart: cart.id.unwrap(),
        contact: ContactDetails { name: "Ana Reyes".into(), email: "ana@example.com".into(), phone: "+639171234567".into() },
        delivery_address: address,
        billing_address: None,
        delivery: "boat".into(),
        gift_note: String::new(),
        payment: PaymentMethod::Cash,
        seen_total: None,
    };
    let placed = checkout::place_order(shop, &guest, Locale::En, Channel::Web, &shop.id().to_string(), form).await.unwrap();
    let parcel = fulfilment::pick(shop, &system, placed.order).await.unwrap()[0];
    fulfilment::pack(shop, &system, parcel).await.unwrap();
    fulfilment::ship(shop, &system, parcel, "LBC", "").await.unwrap();
    (placed.order, parcel, placed.link)
}

async fn see(shop: &Shop, order: OrderId) -> OrderView {
    order_management::view(shop, &shop.system(), Locale::En, order).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blank_cash_field_books_what_the_page_showed_as_due_and_a_part_is_told_to_the_shopper() {
    let (shop, _folder) = a_shop().await;
    let (owner, router, variant) = (token(&shop, Role::Owner).await, pages(&shop), a_mug(&shop).await);
    let deliver = async |order: OrderId, parcel: ParcelId, due: &str| {
        let parcel = parcel.to_string();
        let form = [("to", "/api/admin/parcels/deliver"), ("parcel", parcel.as_str()), ("received", ""), ("due", due)];
        let (status, _, body) = post(&router, &format!("/admin/orders/{order}"), &owner, &form).await;
        assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
        see(&shop, order).await.captured.minor
    };
    let (order, parcel, link) = on_its_way(&shop, variant).await;
    let (_, _, body) = get(&router, &format!("/admin/orders/{order}"), &owner).await;
    assert!(holds(&body, "due", "200.00") && holds(&body, "received", "200.00") && body.contains("Empty means all ₱200.00"), "{body}");
    assert_eq!(deliver(order, parcel, "150.00").await, 15_000);
    let (_, _, body) = get(&router, &link, "").await;
    assert!(body.contains("Partly paid"), "{body}");
    let (_, _, body) = get(&router, &link, "; lang=fil").await;
    assert!(body.contains("Bahagyang bayad"), "{body}");
    // A page that was loaded while another parcel was on its way too asked for nothing.
    let (order, parcel, _) = on_its_way(&shop, variant).await;
    assert_eq!(deliver(order, parcel, "").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn cash_that_goes_back_is_said_to_be_handed_over_on_the_orders_page() {
    let (shop, _folder) = a_shop().await;
    let (owner, router, variant) = (token(&shop, Role::Owner).await, pages(&shop), a_mug(&shop).await);
    let (order, parcel, _) = on_its_way(&shop, variant).await;
    fulfilment::deliver(&shop, &shop.system(), parcel).await.unwrap();
    payments::refund(&shop, &shop.system(), order, 500, "a scratch").await.unwrap();
    let page = format!("/admin/orders/{order}");
    let (_, _, body) = get(&router, &page, &owner).await;
    assert!(body.contains("Handed over or transferred") && body.contains("by you: no bank does it"), "{body}");
    let refund = see(&shop, order).await.refunds[0].id.to_string();
    let form = [("to", "/api/admin/order/refund/handed-over"), ("refund", refund.as_str())];
    let (status, location, body) = post(&router, &page, &owner, &form).await;
    assert_eq!((status, location), (StatusCode::SEE_OTHER, page.clone()), "{body}");
    let (_, _, body) = get(&router, &page, &owner).await;
    assert!(body.contains("Handed over: owner") && !body.contains("by you: no bank does it"), "{body}");
    assert!(body.contains("₱5.00 was handed over or transferred"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn items_that_are_sent_while_their_shopper_signs_out_make_no_cart() {
    let (shop, _folder) = a_shop().await;
    let (router, variant) = (pages(&shop), a_mug(&shop).await);
    let carts_after = async |session: &str| {
        let body = format!("version=0&items[0][variant]={variant}&items[0][quantity]=1&items[0][seen_price]=0");
        let request = Request::post("/api/sync_cart")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::COOKIE, format!("session={session}"));
        let answer = router.clone().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        let cookies: Vec<_> = answer.headers().get_all(header::SET_COOKIE).iter().map(|cookie| cookie.to_str().unwrap()).collect();
        let ends_session = cookies.iter().any(|cookie| cookie.starts_with("session=;"));
        (shop.db().fetch_scalar::<i64>("select count(*) from carts", &[]).await.unwrap(), cookies.len(), ends_session)
    };
    assert_eq!(carts_after("of-a-session-that-has-ended").await, (0, 1, true));
    let (carts, cookies, ends_session) = carts_after("").await;
    assert!(carts == 1 && cookies > 1 && !ends_session, "a guest's own items make one: {carts} {cookies}");
}
