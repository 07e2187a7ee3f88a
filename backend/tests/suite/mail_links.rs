//! Links in mails about accounts: a forgotten password, the proof of an address, its change; on both databases.

use crate::support::outside::{World, both_worlds};
use crate::support::{a_product, events_of, guest, number, place};
use backend::identity::{self, ContactSaved, IdentityError};
use backend::{Shop, orders};
use domain::id::UserId;
use domain::view::{ContactDetails, EmailLink};
use domain::{Locale, Timestamp};
use platform::Context;

const PASSWORD: &str = "blue gate beside the bakery";
const OTHER: &str = "green gate behind the market";
const MINUTE: i64 = 60_000;

fn contact(email: &str) -> ContactDetails {
    ContactDetails { name: "Maria Clara Santos".into(), email: email.into(), phone: String::new() }
}

async fn sign_up(world: &World, email: &str) -> (UserId, String) {
    let signed_up = identity::sign_up(world, &guest(world), Locale::En, contact(email), PASSWORD).await.unwrap();
    // Its mail comes before the others.
    world.work().await;
    signed_up
}

async fn signs_in(shop: &Shop, email: &str, password: &str) -> bool {
    identity::sign_in(shop, &guest(shop), Locale::En, email, password).await.is_ok()
}

async fn is_signed_in(world: &World, token: &str) -> bool {
    world.shop.clock.advance(10_000);
    identity::authenticate(world, token).await.unwrap().is_some()
}

async fn forgot(world: &World, email: &str) {
    identity::request_password_reset(world, &guest(world), Locale::En, email).await.unwrap();
    world.work().await;
}

async fn reset(world: &World, token: &str, password: &str) -> Result<(), IdentityError> {
    identity::reset_password(world, &guest(world), Locale::En, token, password).await
}

/// Follows a link while signed in as somebody, or as a guest.
async fn follow(world: &World, user: Option<UserId>, token: &str) -> Result<EmailLink, IdentityError> {
    let ctx = user.map_or_else(|| guest(world), |user| Context::customer(user, guest(world).request));
    identity::follow_email_link(world, &ctx, Locale::En, token, "").await
}

/// The token of the link in the newest mail to an address that has one.
async fn newest(world: &World, email: &str) -> String {
    let (raw, texts) = (world.raw_mails().await, world.mails().await);
    let link = |text: &str| {
        let is_link = |word: &&str| word.contains("/confirm-email/") || word.contains("/reset-password/");
        text.split_whitespace().find(is_link).map(|path| path.rsplit('/').next().unwrap().to_owned())
    };
    let to = |raw: &str| raw.lines().any(|line| line.starts_with("To:") && line.contains(email));
    raw.iter().zip(&texts).filter(|(raw, _)| to(raw)).find_map(|(_, (_, text, _))| link(text)).unwrap()
}

fn is_dead<T: std::fmt::Debug>(answer: Result<T, IdentityError>) {
    assert!(matches!(answer, Err(IdentityError::Link)), "{answer:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forgotten_password_is_set_once_by_a_link_that_holds_for_half_an_hour() {
    both_worlds(async |world| {
        let (user, session) = sign_up(world, "maria.clara@example.com").await;
        forgot(world, " Maria.Clara@example.com ").await;
        let first = newest(world, "maria.clara@example.com").await;
        // Programs that open links in mails to look at them use nothing up.
        for _ in 0..3 {
            identity::check_reset_link(world, &first).await.unwrap();
        }
        forgot(world, "maria.clara@example.com").await;
        let second = newest(world, "maria.clara@example.com").await;
        let Err(IdentityError::Invalid(wrong)) = reset(world, &second, "short").await else { panic!("too short") };
        assert_eq!(wrong[0].0, "new_password");
        assert!(is_signed_in(world, &session).await);
        reset(world, &second, OTHER).await.unwrap();
        assert!(!is_signed_in(world, &session).await, "all sessions end");
        assert!(signs_in(world, "maria.clara@example.com", OTHER).await && !signs_in(world, "maria.clara@example.com", PASSWORD).await);
        for used in [&first, &second] {
            is_dead(identity::check_reset_link(world, used).await);
            is_dead(reset(world, used, "a third password of hers").await);
        }
        world.work().await;
        assert!(world.mails().await.iter().any(|(subject, ..)| subject == "Your password was changed"));
        let told: Vec<String> = events_of(world, user.0).await.into_iter().map(|event| event.kind).collect();
        assert!(told.contains(&"user.password_reset".to_owned()) && told.contains(&"user.email_proved".to_owned()), "{told:?}");

        forgot(world, "maria.clara@example.com").await;
        let third = newest(world, "maria.clara@example.com").await;
        world.shop.clock.advance(29 * MINUTE - 2_000);
        identity::check_reset_link(world, &third).await.unwrap();
        world.shop.clock.advance(MINUTE);
        is_dead(reset(world, &third, PASSWORD).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_for_a_new_password_is_not_told_whether_there_is_an_account() {
    both_worlds(async |world| {
        sign_up(world, "maria.clara@example.com").await;
        world.work().await;
        let mails = world.mails().await.len();
        let jobs = "select count(*) from jobs";
        for (address, more) in [("nobody@example.com", 0), ("maria.clara@example.com", 1)] {
            let before = number(world, jobs).await;
            identity::request_password_reset(world, &guest(world), Locale::En, address).await.unwrap();
            assert_eq!(number(world, jobs).await - before, 1, "{address}");
            assert_eq!(number(world, "select count(*) from jobs where payload like '%example.com%'").await, 0);
            world.work().await;
            assert_eq!(world.mails().await.len(), mails + more, "{address}");
        }
        let refused = identity::request_password_reset(world, &guest(world), Locale::En, "maria").await;
        assert!(matches!(refused, Err(IdentityError::Invalid(_))), "{refused:?}");
        // Who asks again and again gets the same answer, and no further mail.
        for _ in 0..10 {
            identity::request_password_reset(world, &guest(world), Locale::En, "maria.clara@example.com").await.unwrap();
        }
        world.work().await;
        assert_eq!(world.mails().await.len(), mails + 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_a_guest_joins_the_account_once_its_address_is_proved() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(5).make(world).await;
        let placed = place(world, &[(variant, 1)]).await.unwrap();
        let (user, _) = sign_up(world, "maria.clara@example.com").await;
        let ctx = Context::customer(user, guest(world).request);
        let mine = async || orders::of_customer(world, &ctx, None).await.unwrap().orders.len();
        assert!(identity::is_proof_needed(world, &ctx).await.unwrap());
        assert_eq!(mine().await, 0, "an address that is only typed counts for nothing");
        let token = newest(world, "maria.clara@example.com").await;
        let prove = EmailLink::Prove("maria.clara@example.com".into());
        assert_eq!(identity::email_link(world, &ctx, &token).await.unwrap(), (prove.clone(), false));
        assert_eq!(identity::email_link(world, &guest(world), &token).await.unwrap(), (prove, true));
        // Who signed up with a stranger's address gets nothing when the stranger opens the link.
        let (ben, _) = sign_up(world, "ben@example.com").await;
        for stranger in [None, Some(ben)] {
            assert!(matches!(follow(world, stranger, &token).await, Err(IdentityError::SignedOut)));
        }
        assert_eq!(mine().await, 0);
        follow(world, Some(user), &token).await.unwrap();
        assert!(!identity::is_proof_needed(world, &ctx).await.unwrap());
        assert_eq!(orders::of_customer(world, &ctx, None).await.unwrap().orders[0].id, placed.order);
        // Once more changes nothing.
        follow(world, Some(user), &token).await.unwrap();
        let proved = events_of(world, user.0).await.into_iter().filter(|event| event.kind == "user.email_proved");
        assert_eq!(proved.map(|event| event.data).collect::<Vec<_>>(), ["{\"orders\":1}"]);
        identity::send_proof_again(world, &ctx, Locale::En).await.unwrap();
        let mails = world.mails().await.len();
        world.work().await;
        assert_eq!(world.mails().await.len(), mails, "what is proved is not asked for again");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_taken_once_it_is_proved_and_its_former_owner_undoes_it() {
    both_worlds(async |world| {
        let (user, here) = sign_up(world, "maria.clara@example.com").await;
        let there = identity::sign_in(world, &guest(world), Locale::En, "maria.clara@example.com", PASSWORD).await.unwrap().1;
        let ctx = Context::customer(user, guest(world).request);
        let change = async |email: &str| identity::save_contact(world, &ctx, Locale::En, &here, &contact(email), PASSWORD).await.unwrap();
        let proof = newest(world, "maria.clara@example.com").await;
        follow(world, Some(user), &proof).await.unwrap();
        assert_eq!(change("maria.clara@example.com").await, ContactSaved::Saved);
        assert_eq!(change("clara@example.net").await, ContactSaved::EmailToConfirm);
        assert_eq!(number(world, "select count(*) from jobs where payload like '%clara@%'").await, 0, "the address waits sealed");
        world.work().await;
        let first_change = newest(world, "clara@example.net").await;
        assert!(signs_in(world, "maria.clara@example.com", PASSWORD).await, "until then the account keeps its own");
        assert_eq!(follow(world, Some(user), &first_change).await.unwrap(), EmailLink::Change("clara@example.net".into()));
        assert!(signs_in(world, "clara@example.net", PASSWORD).await && !signs_in(world, "maria.clara@example.com", PASSWORD).await);
        assert!(!is_signed_in(world, &there).await, "other sessions end");
        is_dead(follow(world, Some(user), &first_change).await);
        // Nobody takes the former address while it can come back.
        let taken = identity::sign_up(world, &guest(world), Locale::En, contact("maria.clara@example.com"), PASSWORD).await;
        assert!(matches!(taken, Err(IdentityError::Invalid(_))), "{taken:?}");

        // The former address is told, and undoes it although the thief changed it once more.
        world.work().await;
        let undo = newest(world, "maria.clara@example.com").await;
        assert_ne!(undo, proof);
        change("thief@example.org").await;
        world.work().await;
        let second_change = newest(world, "thief@example.org").await;
        follow(world, Some(user), &second_change).await.unwrap();
        world.work().await;
        let undo_of_thief = newest(world, "clara@example.net").await;
        assert_ne!(undo_of_thief, first_change);
        let theirs = identity::sign_in(world, &guest(world), Locale::En, "thief@example.org", PASSWORD).await.unwrap().1;
        assert_eq!(follow(world, None, &undo).await.unwrap(), EmailLink::Undo("maria.clara@example.com".into()));
        assert!(!is_signed_in(world, &theirs).await);
        for email in ["maria.clara@example.com", "thief@example.org", "clara@example.net"] {
            assert!(!signs_in(world, email, PASSWORD).await, "the password that another knew opens nothing");
        }
        for thiefs in [&undo, &undo_of_thief, &first_change, &second_change] {
            is_dead(follow(world, Some(user), thiefs).await);
        }
        world.work().await;
        let token = newest(world, "maria.clara@example.com").await;
        reset(world, &token, OTHER).await.unwrap();
        assert!(signs_in(world, "maria.clara@example.com", OTHER).await);
    })
    .await;
}

/// A thief who is first at undoing does not keep the owner from it.
#[tokio::test(flavor = "multi_thread")]
async fn of_several_changes_the_first_one_is_undone_whoever_was_quicker() {
    both_worlds(async |world| {
        let (user, session) = sign_up(world, "ana@example.com").await;
        let ctx = Context::customer(user, guest(world).request);
        let proof = newest(world, "ana@example.com").await;
        follow(world, Some(user), &proof).await.unwrap();
        for email in ["one@example.net", "two@example.net"] {
            identity::save_contact(world, &ctx, Locale::En, &session, &contact(email), PASSWORD).await.unwrap();
            world.work().await;
            let link = newest(world, email).await;
            follow(world, Some(user), &link).await.unwrap();
            world.work().await;
        }
        let (owners, thiefs) = (newest(world, "ana@example.com").await, newest(world, "one@example.net").await);
        follow(world, None, &thiefs).await.unwrap();
        let taken = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await;
        assert!(matches!(taken, Err(IdentityError::Invalid(_))), "{taken:?}");
        follow(world, None, &owners).await.unwrap();
        is_dead(follow(world, None, &thiefs).await);
        world.work().await;
        reset(world, &newest(world, "ana@example.com").await, OTHER).await.unwrap();
        assert!(signs_in(world, "ana@example.com", OTHER).await);
        // A mistyped address that nobody proved has no say.
        let (ben, session) = sign_up(world, "ben@exampel.com").await;
        let ctx = Context::customer(ben, guest(world).request);
        identity::save_contact(world, &ctx, Locale::En, &session, &contact("ben@example.com"), PASSWORD).await.unwrap();
        world.work().await;
        let link = newest(world, "ben@example.com").await;
        follow(world, Some(ben), &link).await.unwrap();
        let before = newest(world, "ben@exampel.com").await;
        world.work().await;
        assert_eq!(newest(world, "ben@exampel.com").await, before, "it is told, without a link");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_only_what_it_was_made_for() {
    both_worlds(async |world| {
        let (ana, session) = sign_up(world, "ana@example.com").await;
        sign_up(world, "ben@example.com").await;
        let ctx = Context::customer(ana, guest(world).request);
        forgot(world, "ana@example.com").await;
        let reset_link = newest(world, "ana@example.com").await;
        is_dead(identity::email_link(world, &ctx, &reset_link).await);
        is_dead(follow(world, Some(ana), &reset_link).await);
        for made_up in ["", "x", &reset_link[1..], &format!("{reset_link}A"), &reset_link.replace(reset_link.chars().nth(40).unwrap(), "-")]
        {
            is_dead(identity::check_reset_link(world, made_up).await);
        }
        // A new password ends the links by which the account would be given away.
        identity::save_contact(world, &ctx, Locale::En, &session, &contact("thief@example.org"), PASSWORD).await.unwrap();
        world.work().await;
        let theirs = newest(world, "thief@example.org").await;
        reset(world, &reset_link, PASSWORD).await.unwrap();
        is_dead(follow(world, Some(ana), &theirs).await);
        world.work().await;
        // The link to an address that another account has tells its reader alone.
        let taken = identity::save_contact(world, &ctx, Locale::En, &session, &contact("ben@example.com"), PASSWORD).await.unwrap();
        assert_eq!(taken, ContactSaved::EmailToConfirm);
        world.work().await;
        let token = newest(world, "ben@example.com").await;
        is_dead(reset(world, &token, OTHER).await);
        let Err(IdentityError::Invalid(wrong)) = follow(world, Some(ana), &token).await else { panic!("taken") };
        assert_eq!(wrong[0].0, "email");
        world.shop.clock.advance(3 * Timestamp::DAY);
        is_dead(follow(world, Some(ana), &token).await);
    })
    .await;
}
