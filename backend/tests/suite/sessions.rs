//! Sessions: the devices that are signed in, how long, and what is asked again; on both databases.

use crate::support::outside::{World, both_worlds};
use crate::support::{guest, number};
use backend::Shop;
use backend::identity::{self, IdentityError};
use domain::permission::{Access, Denied, Permission, Role};
use domain::view::{ContactDetails, Device};
use domain::{Locale, Timestamp};
use platform::Context;

const PASSWORD: &str = "blue gate beside the bakery";
const ANDROID: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36";

fn contact(email: &str) -> ContactDetails {
    ContactDetails { name: "Maria Clara Santos".into(), email: email.into(), phone: String::new() }
}

/// A guest with a browser at an address.
fn at(shop: &Shop, user_agent: &str, address: &str) -> Context {
    Context { user_agent: Some(user_agent.into()), ..guest(shop).from(Some(address.parse().unwrap())) }
}

async fn context(shop: &Shop, token: &str) -> Context {
    identity::authenticate(shop, token).await.unwrap().unwrap().context(guest(shop).request, shop.now())
}

async fn is_signed_in(world: &World, token: &str) -> bool {
    // Past the few seconds for which an answer is trusted.
    world.shop.clock.advance(10_000);
    identity::authenticate(world, token).await.unwrap().is_some()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_says_which_device_it_is_and_all_others_are_ended_at_once() {
    both_worlds(async |world| {
        let (_, here) =
            identity::sign_up(world, &at(world, ANDROID, "203.0.113.7"), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        let there =
            identity::sign_in(world, &at(world, "curl/8.5.0", "198.51.100.9"), Locale::En, "ana@example.com", PASSWORD).await.unwrap().1;
        let (_, stranger) = identity::sign_up(world, &guest(world), Locale::En, contact("ben@example.com"), PASSWORD).await.unwrap();
        let ctx = context(world, &here).await;
        let mut sessions = identity::sessions(world, &ctx, &here).await.unwrap();
        sessions.sort_by_key(|session| !session.current);
        let said: Vec<_> = sessions.iter().map(|session| (session.device.clone(), session.address.as_str())).collect();
        let phone = Device { browser: "Chrome".into(), system: "Android".into() };
        assert_eq!(said, [(phone, "203.0.113.7"), (Device::default(), "198.51.100.9")]);
        assert_eq!(identity::revoke_other_sessions(world, &ctx, &here).await.unwrap(), 1);
        assert_eq!(
            [is_signed_in(world, &here).await, is_signed_in(world, &there).await, is_signed_in(world, &stranger).await],
            [true, false, true]
        );
        assert_eq!(number(world, "select count(*) from events where kind = 'session.ended'").await, 1);
        // Once more nothing is ended, and nothing recorded.
        assert_eq!(identity::revoke_other_sessions(world, &ctx, &here).await.unwrap(), 0);
        assert_eq!(number(world, "select count(*) from events where kind = 'session.ended'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_ends_after_a_time_however_it_is_used() {
    both_worlds(async |world| {
        let (_, shopper) = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        identity::create_staff(world, &world.system(), Locale::En, contact("ben@example.com"), Role::Owner, PASSWORD).await.unwrap();
        let owner = identity::sign_in(world, &guest(world), Locale::En, "ben@example.com", PASSWORD).await.unwrap().1;
        for _ in 0..16 {
            world.shop.clock.advance(10 * 3_600_000);
            assert!(is_signed_in(world, &owner).await);
        }
        // Its seventh day ends in ten hours, though it was used just now.
        world.shop.clock.advance(9 * 3_600_000);
        assert!(!is_signed_in(world, &owner).await);
        for _ in 0..8 {
            world.shop.clock.advance(20 * Timestamp::DAY);
            assert!(is_signed_in(world, &shopper).await);
        }
        world.shop.clock.advance(20 * Timestamp::DAY);
        assert!(!is_signed_in(world, &shopper).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_hour_after_signing_in_a_refund_asks_for_the_password_again() {
    both_worlds(async |world| {
        identity::create_staff(world, &world.system(), Locale::En, contact("ben@example.com"), Role::Owner, PASSWORD).await.unwrap();
        let token = identity::sign_in(world, &guest(world), Locale::En, "ben@example.com", PASSWORD).await.unwrap().1;
        let refund = Access::ConfirmedStaff(Permission::RefundPayments);
        let may = async |token: &str| context(world, token).await.authorize(refund);
        assert_eq!(may(&token).await, Ok(()), "who just signed in is not asked");
        world.shop.clock.advance(3_600_000 + 10_000);
        assert_eq!(may(&token).await, Err(Denied::Unconfirmed));
        let ctx = context(world, &token).await;
        assert_eq!(ctx.authorize(Access::Staff(Permission::ReadOrders)), Ok(()), "everything else goes on");
        let wrong = identity::confirm(world, &ctx, Locale::En, &token, "not my password").await.unwrap_err();
        assert!(matches!(&wrong, IdentityError::Invalid(fields) if fields[0].0 == "password"), "{wrong}");
        assert_eq!(may(&token).await, Err(Denied::Unconfirmed));
        let confirmed = identity::confirm(world, &ctx, Locale::En, &token, PASSWORD).await.unwrap();
        assert_eq!(may(&confirmed).await, Ok(()));
        assert_eq!(identity::authenticate(world, &token).await.unwrap(), None, "a copy of the former cookie opens nothing");
        assert_eq!(number(world, "select count(*) from events where kind = 'session.confirmed'").await, 1);
        // It holds for this session alone.
        let other = identity::sign_in(world, &guest(world), Locale::En, "ben@example.com", PASSWORD).await.unwrap().1;
        world.shop.clock.advance(3_600_000 - 60_000);
        let confirmed = identity::confirm(world, &ctx, Locale::En, &confirmed, PASSWORD).await.unwrap();
        world.shop.clock.advance(120_000);
        assert_eq!(may(&other).await, Err(Denied::Unconfirmed));
        assert_eq!(may(&confirmed).await, Ok(()));
        // Guesses are limited, as at the door: an open session does not help to find the password.
        let mut answers = Vec::new();
        for _ in 0..12 {
            answers.push(identity::confirm(world, &ctx, Locale::En, &confirmed, "not my password").await.unwrap_err());
        }
        assert!(matches!(answers.last(), Some(IdentityError::TooManyAttempts)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_device_is_told_by_mail_and_a_known_one_is_not() {
    both_worlds(async |world| {
        let (user, _) = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        world.work().await;
        let count = async || world.mails().await.len();
        let before = count().await;
        let known = Context { device: Some(identity::device_token(world, user, None)), ..at(world, ANDROID, "203.0.113.7") };
        identity::sign_in(world, &known, Locale::En, "ana@example.com", PASSWORD).await.unwrap();
        world.work().await;
        assert_eq!(count().await, before);
        // A device that is known to another account is new to this one.
        let (other, _) = identity::sign_up(world, &guest(world), Locale::En, contact("ben@example.com"), PASSWORD).await.unwrap();
        world.work().await;
        let before = count().await;
        let strange = Context { device: Some(identity::device_token(world, other, None)), ..at(world, ANDROID, "203.0.113.7") };
        identity::sign_in(world, &strange, Locale::Fil, "ana@example.com", PASSWORD).await.unwrap();
        world.work().await;
        assert_eq!(count().await, before + 1);
        let (_, text, _) = world.mails().await.remove(0);
        for word in ["Chrome sa Android", "203.0.113.7", "/account/security"] {
            assert!(text.contains(word), "{word}: {text}");
        }
        // A wrong password tells nobody.
        identity::sign_in(world, &strange, Locale::En, "ana@example.com", "not my password").await.unwrap_err();
        world.work().await;
        assert_eq!(count().await, before + 1);
    })
    .await;
}
