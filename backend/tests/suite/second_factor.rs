//! The second factor of signing in: codes of an app, recovery codes, the way back without either, and roles that demand it; on both databases.

use crate::support::outside::{World, both_worlds};
use crate::support::{guest, number};
use backend::identity::{self, IdentityError, Proof, RemovalLink};
use domain::permission::{Access, Denied, Permission, Role};
use domain::view::{ContactDetails, Me, SecondFactorView};
use domain::{Locale, Timestamp};
use platform::Context;
use totp_rs::{Builder, Secret, Totp};

const PASSWORD: &str = "blue gate beside the bakery";
const MINUTE: i64 = 60_000;

fn contact(email: &str) -> ContactDetails {
    ContactDetails { name: "Maria Clara Santos".into(), email: email.into(), phone: String::new() }
}

async fn context(world: &World, token: &str) -> Context {
    world.shop.clock.advance(10_000);
    identity::authenticate(world, token).await.unwrap().unwrap().context(guest(world).request, world.now())
}

/// Who is signed in by a token.
#[derive(Clone)]
struct SignedIn {
    token: String,
    ctx: Context,
}

async fn signed_in(world: &World, token: String) -> SignedIn {
    SignedIn { ctx: context(world, &token).await, token }
}

async fn sign_up(world: &World, email: &str) -> SignedIn {
    let token = identity::sign_up(world, &guest(world), Locale::En, contact(email), PASSWORD).await.unwrap().1;
    signed_in(world, token).await
}

/// Gives an account a second factor, or another; `code` is of the one that it has. The answer is the app, and its recovery codes.
async fn protect(world: &World, who: &SignedIn, code: &str) -> (App, Vec<String>) {
    identity::set_up_authenticator(world, &who.ctx, &who.token).await.unwrap();
    let setup = view(world, who).await.setup.unwrap();
    let app = App::new(&setup.secret);
    let typed = app.code(world.now());
    let typed = format!("{} {}", &typed[..3], &typed[3..]);
    let proof = Proof { password: PASSWORD, code };
    identity::confirm_authenticator(world, &who.ctx, Locale::En, &who.token, &typed, proof).await.unwrap();
    world.shop.clock.advance(MINUTE);
    (app, setup.codes)
}

async fn view(world: &World, who: &SignedIn) -> SecondFactorView {
    identity::second_factor(world, &who.ctx, &who.token).await.unwrap()
}

async fn a_shopper(world: &World) -> (SignedIn, App, Vec<String>) {
    let ana = sign_up(world, "ana@example.com").await;
    let (app, codes) = protect(world, &ana, "").await;
    (ana, app, codes)
}

fn field(error: IdentityError) -> String {
    match error {
        IdentityError::Invalid(fields) => fields[0].0.clone(),
        other => other.to_string(),
    }
}

struct App(Totp);

impl App {
    fn new(secret: &str) -> Self {
        Self(Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).with_account_name("a").build().unwrap())
    }

    fn code(&self, at: Timestamp) -> String {
        self.0.generate(u64::try_from(at.millis() / 1_000).unwrap()).to_string()
    }
}

async fn password(world: &World) -> Result<(Me, String), IdentityError> {
    identity::sign_in(world, &guest(world), Locale::En, "ana@example.com", PASSWORD).await
}

/// The ticket of the right password.
async fn ticket(world: &World) -> String {
    match password(world).await {
        Err(IdentityError::CodeNeeded(ticket)) => ticket,
        other => panic!("{other:?}"),
    }
}

async fn code(world: &World, ticket: &str, code: &str) -> Result<(Me, String), IdentityError> {
    identity::sign_in_with_code(world, &guest(world), Locale::En, ticket, code).await
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_second_factor_a_password_alone_signs_nobody_in_and_a_code_works_once() {
    both_worlds(async |world| {
        let (ana, app, _) = a_shopper(world).await;
        let view = view(world, &ana).await;
        assert!(view.since.is_some() && view.setup.is_none() && view.recovery_left == 10);
        let now = app.code(world.now());
        let held = ticket(world).await;
        assert!(matches!(code(world, &held, "000000").await, Err(IdentityError::WrongCode)));
        let (me, token) = code(world, &held, &format!("{} {}", &now[..3], &now[3..])).await.unwrap();
        assert_eq!(me.contact.email, "ana@example.com");
        assert!(identity::authenticate(world, &token).await.unwrap().is_some());
        // Who looked over the shoulder cannot use it again, with the ticket of another password or the same.
        assert!(matches!(code(world, &held, &now).await, Err(IdentityError::WrongCode)));
        assert!(matches!(code(world, &ticket(world).await, &now).await, Err(IdentityError::WrongCode)));
        // A clock half a minute wrong is no matter, one of two minutes is.
        world.shop.clock.advance(2 * MINUTE);
        let (late, too_late) = (app.code(world.now().plus_millis(-30_000)), app.code(world.now().plus_millis(-120_000)));
        assert!(matches!(code(world, &held, &too_late).await, Err(IdentityError::WrongCode)));
        code(world, &held, &late).await.unwrap();
        // The ticket holds ten minutes.
        world.shop.clock.advance(10 * MINUTE);
        assert!(matches!(code(world, &held, &app.code(world.now())).await, Err(IdentityError::TicketOver)));
        assert!(matches!(code(world, "not-a-ticket", &app.code(world.now())).await, Err(IdentityError::TicketOver)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_two_type_at_once_signs_one_of_them_in() {
    both_worlds(async |world| {
        let (_, app, codes) = a_shopper(world).await;
        for typed in [app.code(world.now()), codes[0].clone()] {
            let held = ticket(world).await;
            let tries = (0..6).map(|_| {
                let (shop, held, typed) = (world.shop.clone(), held.clone(), typed.clone());
                tokio::spawn(async move { identity::sign_in_with_code(&shop, &guest(&shop), Locale::En, &held, &typed).await.is_ok() })
            });
            let mut entered = 0;
            for attempt in tries.collect::<Vec<_>>() {
                entered += i32::from(attempt.await.unwrap());
            }
            assert_eq!(entered, 1);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_works_once_and_new_ones_take_the_place_of_all() {
    both_worlds(async |world| {
        let (ana, app, codes) = a_shopper(world).await;
        world.work().await;
        let typed = codes[3].to_lowercase().replace('-', " ");
        code(world, &ticket(world).await, &typed).await.unwrap();
        world.work().await;
        assert!(world.mails().await.iter().any(|(subject, text, _)| subject == "A recovery code was used" && text.contains('9')));
        assert!(matches!(code(world, &ticket(world).await, &codes[3]).await, Err(IdentityError::WrongCode)));
        assert_eq!(view(world, &ana).await.recovery_left, 9);
        // Another account's code opens nothing here.
        let ben = sign_up(world, "ben@example.com").await;
        let (_, others) = protect(world, &ben, "").await;
        assert!(matches!(code(world, &ticket(world).await, &others[0]).await, Err(IdentityError::WrongCode)));
        identity::set_up_recovery_codes(world, &ana.ctx, &ana.token).await.unwrap();
        let new = view(world, &ana).await.new_codes.unwrap().codes;
        code(world, &ticket(world).await, &codes[4]).await.expect("the former ones hold until the new ones are confirmed");
        let confirm = async |code: &str| {
            let proof = Proof { password: PASSWORD, code };
            identity::confirm_recovery_codes(world, &ana.ctx, Locale::En, &ana.token, proof).await
        };
        assert_eq!(field(confirm("000000").await.unwrap_err()), "code", "the password alone does not make new ones");
        confirm(&app.code(world.now())).await.unwrap();
        assert!(matches!(code(world, &ticket(world).await, &codes[5]).await, Err(IdentityError::WrongCode)));
        code(world, &ticket(world).await, &new[0]).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_guessed_are_slowed_and_do_not_lock_a_known_device_out() {
    both_worlds(async |world| {
        let (ana, app, _) = a_shopper(world).await;
        let held = ticket(world).await;
        let mut answers = Vec::new();
        for guess in 0..12 {
            answers.push(code(world, &held, &format!("{guess:06}")).await.unwrap_err());
        }
        assert!(matches!(answers.last(), Some(IdentityError::TooManyAttempts)), "{answers:?}");
        let device = identity::device_token(world, ana.ctx.user().unwrap(), None);
        let known = Context { device: Some(device), ..guest(world) };
        identity::sign_in_with_code(world, &known, Locale::En, &held, &app.code(world.now())).await.unwrap();
        // Whoever guesses on has the password: its owner is told, and after a hundred no code is looked at until there is another.
        world.shop.clock.advance(2 * 3_600_000);
        let mut wrong = 0;
        while wrong < 100 {
            let held = ticket(world).await;
            wrong += i32::from(matches!(code(world, &held, "000000").await, Err(IdentityError::WrongCode)));
            world.shop.clock.advance(20 * MINUTE);
        }
        let answer = code(world, &ticket(world).await, &app.code(world.now())).await;
        assert!(matches!(answer, Err(IdentityError::TooManyAttempts)), "{answer:?}");
        world.work().await;
        assert_eq!(world.mails().await.iter().filter(|(subject, ..)| subject == "Wrong codes for your account").count(), 11);
        world.shop.clock.advance(2 * 3_600_000);
        let proof = Proof { password: PASSWORD, code: &app.code(world.now()) };
        let here = signed_in(world, ana.token.clone()).await;
        identity::change_password(world, &here.ctx, Locale::En, &here.token, proof, "green gate behind the market").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_factor_is_changed_with_the_password_and_its_own_code_and_told_by_mail() {
    both_worlds(async |world| {
        let ana = sign_up(world, "ana@example.com").await;
        let confirm = async |code: &str, password: &str| {
            identity::confirm_authenticator(world, &ana.ctx, Locale::En, &ana.token, code, Proof { password, code: "" }).await
        };
        assert!(matches!(confirm("123456", PASSWORD).await, Err(IdentityError::SetupOver)), "nothing was set up");
        identity::set_up_authenticator(world, &ana.ctx, &ana.token).await.unwrap();
        assert_eq!(field(confirm("123456", PASSWORD).await.unwrap_err()), "new_code");
        // Another session of the account, which may be a thief's, does not see what is set up here.
        let there = signed_in(world, password(world).await.unwrap().1).await;
        assert_eq!(view(world, &there).await.setup, None);
        assert!(view(world, &ana).await.setup.is_some());
        identity::cancel_set_up(world, &ana.ctx).await.unwrap();
        assert_eq!(view(world, &ana).await.setup, None);
        assert!(password(world).await.is_ok(), "it is not on yet");
        let (app, _) = protect(world, &ana, "").await;
        // Another telephone. Password and session alone do not replace the second factor.
        identity::set_up_authenticator(world, &ana.ctx, &ana.token).await.unwrap();
        let thief = App::new(&view(world, &ana).await.setup.unwrap().secret);
        assert_eq!(field(confirm(&thief.code(world.now()), PASSWORD).await.unwrap_err()), "code");
        let (other, _) = protect(world, &ana, &app.code(world.now())).await;
        assert!(matches!(code(world, &ticket(world).await, &app.code(world.now())).await, Err(IdentityError::WrongCode)));
        code(world, &ticket(world).await, &other.code(world.now())).await.unwrap();
        world.shop.clock.advance(MINUTE);
        let off = async |password: &str, code: &str| {
            identity::switch_off_second_factor(world, &ana.ctx, Locale::En, Proof { password, code }).await
        };
        assert_eq!(field(off("not my password", &other.code(world.now())).await.unwrap_err()), "password");
        assert_eq!(field(off(PASSWORD, "000000").await.unwrap_err()), "code");
        // Nor do they change the password or the address.
        let change = identity::change_password(world, &ana.ctx, Locale::En, &ana.token, PASSWORD, "green gate behind the market").await;
        assert_eq!(field(change.unwrap_err()), "code");
        let moved = identity::save_contact(world, &ana.ctx, Locale::En, &ana.token, &contact("thief@example.org"), PASSWORD).await;
        assert_eq!(field(moved.unwrap_err()), "code");
        off(PASSWORD, &other.code(world.now())).await.unwrap();
        password(world).await.unwrap();
        world.work().await;
        let subjects: Vec<_> = world.mails().await.into_iter().map(|(subject, ..)| subject).collect();
        for subject in ["The second factor of your account is on", "The second factor of your account is off"] {
            assert!(subjects.iter().any(|other| other == subject), "{subjects:?}");
        }
        // What was being set up is over after an hour, and deleted.
        identity::set_up_authenticator(world, &ana.ctx, &ana.token).await.unwrap();
        world.shop.clock.advance(61 * MINUTE);
        assert_eq!(view(world, &ana).await.setup, None);
        identity::delete_expired(world).await.unwrap();
        assert_eq!(number(world, "select count(*) from authenticators").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_the_phone_waits_three_days_and_the_owner_ends_it_by_signing_in() {
    both_worlds(async |world| {
        let (_, app, _) = a_shopper(world).await;
        let link = async |world: &World| {
            identity::request_removal(world, &guest(world), Locale::En, &ticket(world).await).await.unwrap();
            world.work().await;
            let (_, text, _) = world.mails().await.remove(0);
            text.split_whitespace().find(|word| word.contains("/sign-in/lost/")).unwrap().rsplit('/').next().unwrap().to_owned()
        };
        let follow = async |token: &str| identity::follow_removal_link(world, &guest(world), Locale::En, token).await;
        let first = link(world).await;
        assert!(matches!(identity::removal_link(world, &first).await.unwrap(), RemovalLink::From(_)));
        assert!(matches!(follow(&first).await, Err(IdentityError::Link)), "not before three days are over");
        // The owner is there: they sign in with a code, and the link is void.
        world.shop.clock.advance(Timestamp::DAY);
        code(world, &ticket(world).await, &app.code(world.now())).await.unwrap();
        world.shop.clock.advance(3 * Timestamp::DAY);
        assert!(matches!(follow(&first).await, Err(IdentityError::Link)));
        // Really lost.
        let second = link(world).await;
        world.shop.clock.advance(3 * Timestamp::DAY - 20 * MINUTE);
        assert!(matches!(follow(&second).await, Err(IdentityError::Link)));
        world.shop.clock.advance(20 * MINUTE);
        assert_eq!(identity::removal_link(world, &second).await.unwrap(), RemovalLink::Ready);
        follow(&second).await.unwrap();
        password(world).await.unwrap();
        assert!(matches!(follow(&second).await, Err(IdentityError::Link)), "it works once");
        assert_eq!(number(world, "select count(*) from events where kind = 'user.second_factor_off'").await, 1);
        let stranger = identity::request_removal(world, &guest(world), Locale::En, "not-a-ticket").await;
        assert!(matches!(stranger, Err(IdentityError::TicketOver)), "the password comes first");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_role_that_must_have_a_second_factor_can_do_nothing_before_it_is_set_up() {
    both_worlds(async |world| {
        for (email, role) in [("owner@example.com", Role::Owner), ("clerk@example.com", Role::Clerk)] {
            identity::create_staff(world, &world.system(), Locale::En, contact(email), role, PASSWORD).await.unwrap();
        }
        let sign_in = async |email: &str| identity::sign_in(world, &guest(world), Locale::En, email, PASSWORD).await;
        let token = async |email: &str| sign_in(email).await.unwrap().1;
        let (owner, clerk) = (token("owner@example.com").await, token("clerk@example.com").await);
        let ctx = context(world, &owner).await;
        let own = identity::set_second_factor_roles(world, &ctx, vec![Role::Owner, Role::Clerk]).await;
        assert!(matches!(own, Err(IdentityError::FactorFirst)), "the owner would lock themselves out");
        identity::set_second_factor_roles(world, &ctx, vec![Role::Clerk]).await.unwrap();
        world.work().await;
        assert!(world.mails().await.iter().any(|(subject, ..)| subject == "Set up a second factor"), "nobody is surprised");
        let orders = Access::Staff(Permission::ReadOrders);
        let ben = signed_in(world, clerk.clone()).await;
        assert_eq!(ben.ctx.authorize(orders), Err(Denied::NoSecondFactor));
        assert!(backend::orders::list(world, &ben.ctx, &<_>::default()).await.is_err());
        let (app, _) = protect(world, &ben, "").await;
        let ben = signed_in(world, clerk.clone()).await;
        assert_eq!(ben.ctx.authorize(orders), Ok(()));
        let proof = Proof { password: PASSWORD, code: &app.code(world.now()) };
        let off = identity::switch_off_second_factor(world, &ben.ctx, Locale::En, proof).await;
        assert!(matches!(off, Err(IdentityError::FactorDemanded)));
        // Nor by a link, for which a mailbox would do; they ask the owner.
        let Err(IdentityError::CodeNeeded(held)) = sign_in("clerk@example.com").await else { panic!("a code is asked") };
        let lost = identity::request_removal(world, &guest(world), Locale::En, &held).await;
        assert!(matches!(lost, Err(IdentityError::FactorDemanded)));
        let clerk_id = ben.ctx.user().unwrap();
        assert!(identity::reset_second_factor(world, &ben.ctx, Locale::En, clerk_id).await.is_err());
        let own = identity::reset_second_factor(world, &ctx, Locale::En, ctx.user().unwrap()).await;
        assert!(matches!(own, Err(IdentityError::OwnFactor)));
        assert_eq!(identity::reset_second_factor(world, &ctx, Locale::En, clerk_id).await.unwrap(), None, "the link is mailed");
        assert_eq!(identity::authenticate(world, &clerk).await.unwrap(), None, "their sessions end");
        assert!(
            matches!(sign_in("clerk@example.com").await, Err(IdentityError::WrongCredentials)),
            "whoever knew the password is out, too"
        );
        world.work().await;
        let mails = world.mails().await;
        let link = mails.iter().flat_map(|(_, text, _)| text.split_whitespace()).find(|word| word.contains("/reset-password/")).unwrap();
        let link = link.rsplit('/').next().unwrap();
        identity::reset_password(world, &guest(world), Locale::En, link, PASSWORD).await.unwrap();
        let again = context(world, &token("clerk@example.com").await).await;
        assert_eq!(again.authorize(orders), Err(Denied::NoSecondFactor));
    })
    .await;
}
