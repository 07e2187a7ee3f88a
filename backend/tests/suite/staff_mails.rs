//! Mails to staff, through SMTP into the simulator's sink.

use crate::support::outside::{VISA, World, both_worlds};
use crate::support::{a_product, number, place};
use backend::payments::{capture, sync};
use backend::{identity, inventory, notifications};
use domain::Locale;
use domain::id::{LocationId, RequestId};
use domain::permission::Role;
use domain::stock::StockReason;
use domain::view::{ContactDetails, StaffNotice};
use platform::Context;

async fn somebody(world: &World, name: &str, role: Role, locale: Locale) -> Context {
    let contact = ContactDetails { name: name.into(), email: format!("{}@shop.example", name.to_lowercase()), phone: String::new() };
    let user = identity::create_staff(world, &world.system(), locale, contact, role, "correct horse battery").await.unwrap();
    Context::staff(user, role, RequestId(world.id()))
}

/// Lets so much time pass that collected mails are sent.
async fn send_staff_mails(world: &World) {
    world.send_mails().await;
    for _ in 0..2 {
        world.shop.clock.advance(5 * 60_000);
        world.work().await;
    }
}

/// The mails to staff, oldest first: recipient, subject, text.
async fn staff_mails(world: &World) -> Vec<(String, String, String)> {
    let (raw, mails) = (world.raw_mails().await, world.mails().await);
    let to = |mail: &str| mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default().to_owned();
    let all = raw.iter().zip(mails).map(|(raw, (subject, text, _))| (to(raw), subject, text));
    let mut all: Vec<_> = all.filter(|(to, ..)| to.contains("@shop.example")).collect();
    all.reverse();
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn subscribed_staff_get_new_orders_in_one_mail_in_their_language() {
    both_worlds(async |world| {
        let (lola, ben) = (somebody(world, "Lola", Role::Owner, Locale::Fil).await, somebody(world, "Ben", Role::Clerk, Locale::En).await);
        let variant = a_product().with_stock(99).make(world).await;
        notifications::save_staff_notices(world, &lola, &[StaffNotice::Order]).await.unwrap();
        let (first, second) = (place(world, &[(variant, 1)]).await.unwrap(), place(world, &[(variant, 2)]).await.unwrap());
        let unpaid = world.card_order(&[(variant, 1)]).await;
        let paid = world.card_order(&[(variant, 1)]).await;
        world.pay(paid.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, paid.order).await.unwrap();
        send_staff_mails(world).await;
        let mails = staff_mails(world).await;
        assert_eq!(mails.len(), 1, "{mails:?}");
        let (to, subject, text) = &mails[0];
        assert!(to.contains("lola@shop.example"), "{to}");
        assert_eq!(subject, "3 bagong order");
        for order in [&first, &second, &paid] {
            assert!(text.contains(&order.number), "{text}");
        }
        assert!(!text.contains(&unpaid.number) && !text.contains("Maria") && text.contains("/admin/preferences"), "{text}");

        // A capture days later is no new order, and staff who switched the notice off get no mail.
        capture(world, &lola, paid.order, None).await.unwrap();
        send_staff_mails(world).await;
        assert_eq!(staff_mails(world).await.len(), 1);
        notifications::save_staff_notices(world, &lola, &[]).await.unwrap();
        notifications::save_staff_notices(world, &ben, &[StaffNotice::Order]).await.unwrap();
        let third = place(world, &[(variant, 1)]).await.unwrap();
        send_staff_mails(world).await;
        let mails = staff_mails(world).await;
        assert_eq!((mails.len(), mails[1].1.as_str()), (2, "1 new order"));
        assert!(mails[1].0.contains("ben@shop.example") && mails[1].2.contains(&format!("/admin/orders/{}", third.order)), "{mails:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_variant_low_in_stock_sends_one_mail_until_it_is_filled_again() {
    both_worlds(async |world| {
        let lola = somebody(world, "Lola", Role::Owner, Locale::En).await;
        notifications::save_staff_notices(world, &lola, &[StaffNotice::LowStock]).await.unwrap();
        let variant = a_product().named("Mug").with_stock(7).make(world).await;
        place(world, &[(variant, 1)]).await.unwrap();
        send_staff_mails(world).await;
        assert!(staff_mails(world).await.is_empty());
        // Three sales below the threshold are one report.
        for _ in 0..3 {
            place(world, &[(variant, 1)]).await.unwrap();
            send_staff_mails(world).await;
        }
        let mails = staff_mails(world).await;
        assert_eq!((mails.len(), mails[0].1.as_str()), (1, "1 item runs low"), "{mails:?}");
        assert!(mails[0].2.contains("Mug: 5"), "{}", mails[0].2);
        let location: LocationId = world.db().fetch_scalar("select location_id from stock where available > 0", &[]).await.unwrap();
        inventory::adjust(world, &lola, variant, location, 20, StockReason::Received, "").await.unwrap();
        send_staff_mails(world).await;
        assert_eq!(number(world, "select count(*) from low_stock").await, 0);
        inventory::adjust(world, &lola, variant, location, -20, StockReason::Damaged, "").await.unwrap();
        send_staff_mails(world).await;
        assert_eq!(staff_mails(world).await.len(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_choose_their_own_notices_within_their_permissions() {
    both_worlds(async |world| {
        let (lola, ben) = (somebody(world, "Lola", Role::Owner, Locale::En).await, somebody(world, "Ben", Role::Clerk, Locale::En).await);
        let of = async |ctx: &Context| notifications::staff_notices(world, ctx).await.unwrap();
        // Refusals cost money: owners get these mails unless they switch them off.
        let all = |order, refused, low| vec![(StaffNotice::Order, order), (StaffNotice::Refused, refused), (StaffNotice::LowStock, low)];
        assert_eq!((of(&lola).await.notices, of(&ben).await.notices), (all(false, true, false), all(false, false, false)));
        assert_eq!((of(&lola).await.email.as_str(), of(&lola).await.mail_works), ("lola@shop.example", true));
        notifications::save_staff_notices(world, &lola, &[StaffNotice::LowStock]).await.unwrap();
        assert_eq!((of(&lola).await.notices, of(&ben).await.notices), (all(false, false, true), all(false, false, false)));
        assert!(notifications::staff_notices(world, &crate::support::guest(world)).await.is_err());
        assert_eq!(number(world, "select count(*) from events where kind = 'user.notices_changed'").await, 1);
        // Staff whose role was removed get no mails.
        identity::set_active(world, &world.system(), ben.user().unwrap(), false).await.unwrap();
        notifications::save_staff_notices(world, &ben, &[StaffNotice::Order]).await.unwrap();
        let variant = a_product().with_stock(9).make(world).await;
        place(world, &[(variant, 1)]).await.unwrap();
        send_staff_mails(world).await;
        assert!(staff_mails(world).await.iter().all(|(to, ..)| !to.contains("ben@")));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_sends_a_mail_with_its_order_and_a_refused_mail_to_staff_sends_none() {
    both_worlds(async |world| {
        let lola = somebody(world, "Lola", Role::Owner, Locale::En).await;
        let variant = a_product().with_stock(9).make(world).await;
        let placed = world.card_order(&[(variant, 1)]).await;
        world.pay(placed.pay_at.as_deref().unwrap(), VISA).await.unwrap();
        sync(world, placed.order).await.unwrap();
        world.control("/_control/gateway", serde_json::json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &lola, placed.order, None).await.is_err());
        send_staff_mails(world).await;
        let mails = staff_mails(world).await;
        assert_eq!((mails.len(), mails[0].1.as_str()), (1, "1 thing was refused and needs you"), "{mails:?}");
        assert!(mails[0].2.contains(&placed.number), "{}", mails[0].2);
        // Refused once more, after the row was settled; and this time the mail to the owner is refused as well.
        let row = backend::refusals::open(world, &lola).await.unwrap().remove(0);
        backend::order_management::refusals::dismiss(world, &lola, row.id, "asked again by hand").await.unwrap();
        world.control("/_control/gateway", serde_json::json!({ "decline_captures": 1 })).await;
        assert!(capture(world, &lola, placed.order, None).await.is_err());
        world.control("/_control/mail", serde_json::json!({ "fail_next": 1, "code": 550 })).await;
        send_staff_mails(world).await;
        send_staff_mails(world).await;
        assert_eq!(staff_mails(world).await.len(), 1);
        let open = backend::refusals::open(world, &lola).await.unwrap();
        assert_eq!(open.len(), 2, "the capture, and the mail: {open:?}");
    })
    .await;
}
