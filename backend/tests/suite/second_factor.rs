//! The second step of signing in: codes of an app, recovery codes, the way back without either, and roles that demand it; on both databases.

use crate::support::outside::{World, both_worlds};
use crate::support::{guest, number};
use backend::identity::{self, IdentityError, RemovalLink};
use domain::permission::{Access, Denied, Permission, Role};
use domain::view::{ContactDetails, Me};
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

/// An account with a second step: its context, its app and its recovery codes.
async fn protected(world: &World, ctx: Context) -> (Context, App, Vec<String>) {
    identity::set_up_authenticator(world, &ctx).await.unwrap();
    let setup = identity::second_factor(world, &ctx).await.unwrap().setup.unwrap();
    let app = App(Builder::new().with_secret(Secret::try_from_base32(&setup.secret).unwrap()).with_account_name("a").build().unwrap());
    identity::confirm_authenticator(world, &ctx, Locale::En, &app.code(world.now()), PASSWORD).await.unwrap();
    world.shop.clock.advance(MINUTE);
    (ctx, app, setup.codes)
}

async fn a_shopper(world: &World) -> (Context, App, Vec<String>) {
    let (_, token) = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
    protected(world, context(world, &token).await).await
}

struct App(Totp);

impl App {
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
async fn with_a_second_step_a_password_alone_signs_nobody_in_and_a_code_works_once() {
    both_worlds(async |world| {
        let (ctx, app, _) = a_shopper(world).await;
        let view = identity::second_factor(world, &ctx).await.unwrap();
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
        let (ctx, _, codes) = a_shopper(world).await;
        world.work().await;
        let typed = codes[3].to_lowercase().replace('-', " ");
        code(world, &ticket(world).await, &typed).await.unwrap();
        world.work().await;
        assert!(world.mails().await.iter().any(|(subject, text, _)| subject == "A recovery code was used" && text.contains('9')));
        assert!(matches!(code(world, &ticket(world).await, &codes[3]).await, Err(IdentityError::WrongCode)));
        assert_eq!(identity::second_factor(world, &ctx).await.unwrap().recovery_left, 9);
        // Another account's code opens nothing here.
        let (_, token) = identity::sign_up(world, &guest(world), Locale::En, contact("ben@example.com"), PASSWORD).await.unwrap();
        let (_, _, others) = protected(world, context(world, &token).await).await;
        assert!(matches!(code(world, &ticket(world).await, &others[0]).await, Err(IdentityError::WrongCode)));
        identity::set_up_recovery_codes(world, &ctx).await.unwrap();
        let new = identity::second_factor(world, &ctx).await.unwrap().new_codes.unwrap().codes;
        code(world, &ticket(world).await, &codes[4]).await.expect("the former ones hold until the new ones are confirmed");
        identity::confirm_recovery_codes(world, &ctx, Locale::En, PASSWORD).await.unwrap();
        assert!(matches!(code(world, &ticket(world).await, &codes[5]).await, Err(IdentityError::WrongCode)));
        code(world, &ticket(world).await, &new[0]).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_that_are_guessed_are_slowed_and_do_not_lock_a_known_device_out() {
    both_worlds(async |world| {
        let (ctx, app, _) = a_shopper(world).await;
        let held = ticket(world).await;
        let mut answers = Vec::new();
        for guess in 0..12 {
            answers.push(code(world, &held, &format!("{guess:06}")).await.unwrap_err());
        }
        assert!(matches!(answers.last(), Some(IdentityError::TooManyAttempts)), "{answers:?}");
        let device = identity::device_token(world, ctx.user().unwrap(), None);
        let known = Context { device: Some(device), ..guest(world) };
        identity::sign_in_with_code(world, &known, Locale::En, &held, &app.code(world.now())).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_switched_on_and_off_with_the_password_and_told_by_mail() {
    both_worlds(async |world| {
        let (_, token) = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        let ctx = context(world, &token).await;
        let none = identity::confirm_authenticator(world, &ctx, Locale::En, "123456", PASSWORD).await;
        assert!(matches!(none, Err(IdentityError::Unknown)), "nothing was set up");
        identity::set_up_authenticator(world, &ctx).await.unwrap();
        let field = |error: IdentityError| match error {
            IdentityError::Invalid(fields) => fields[0].0.clone(),
            other => other.to_string(),
        };
        let wrong = identity::confirm_authenticator(world, &ctx, Locale::En, "123456", "not my password").await;
        assert_eq!(field(wrong.unwrap_err()), "password");
        let wrong = identity::confirm_authenticator(world, &ctx, Locale::En, "123456", PASSWORD).await;
        assert_eq!(field(wrong.unwrap_err()), "code");
        assert!(password(world).await.is_ok(), "it is not on yet");
        let (ctx, app, _) = protected(world, ctx).await;
        // Another telephone: the former one's codes hold until the new one has shown its own, and no longer.
        let (ctx, other, _) = {
            ticket(world).await;
            protected(world, ctx).await
        };
        assert!(matches!(code(world, &ticket(world).await, &app.code(world.now())).await, Err(IdentityError::WrongCode)));
        code(world, &ticket(world).await, &other.code(world.now())).await.unwrap();
        let wrong = identity::switch_off_second_factor(world, &ctx, Locale::En, "not my password").await;
        assert_eq!(field(wrong.unwrap_err()), "password");
        identity::switch_off_second_factor(world, &ctx, Locale::En, PASSWORD).await.unwrap();
        password(world).await.unwrap();
        world.work().await;
        let subjects: Vec<_> = world.mails().await.into_iter().map(|(subject, ..)| subject).collect();
        for subject in ["The second step of your account is on", "The second step of your account is off"] {
            assert!(subjects.iter().any(|other| other == subject), "{subjects:?}");
        }
        // What was being set up is over after an hour.
        identity::set_up_authenticator(world, &ctx).await.unwrap();
        world.shop.clock.advance(61 * MINUTE);
        assert_eq!(identity::second_factor(world, &ctx).await.unwrap().setup, None);
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
async fn a_role_that_must_have_a_second_step_can_do_nothing_before_it_is_set_up() {
    both_worlds(async |world| {
        for (email, role) in [("owner@example.com", Role::Owner), ("clerk@example.com", Role::Clerk)] {
            identity::create_staff(world, &world.system(), Locale::En, contact(email), role, PASSWORD).await.unwrap();
        }
        let sign_in = async |email: &str| identity::sign_in(world, &guest(world), Locale::En, email, PASSWORD).await.unwrap().1;
        let (owner, clerk) = (sign_in("owner@example.com").await, sign_in("clerk@example.com").await);
        let ctx = context(world, &owner).await;
        let own = identity::set_second_factor_roles(world, &ctx, vec![Role::Owner, Role::Clerk]).await;
        assert!(matches!(own, Err(IdentityError::FactorFirst)), "the owner would lock themselves out");
        identity::set_second_factor_roles(world, &ctx, vec![Role::Clerk]).await.unwrap();
        world.work().await;
        assert!(world.mails().await.iter().any(|(subject, ..)| subject == "Set up a second step"), "nobody is surprised");
        let orders = Access::Staff(Permission::ReadOrders);
        let locked = context(world, &clerk).await;
        assert_eq!(locked.authorize(orders), Err(Denied::NoSecondFactor));
        assert!(backend::orders::list(world, &locked, &<_>::default()).await.is_err());
        let (_, app, _) = protected(world, locked).await;
        let ctx_of_clerk = context(world, &clerk).await;
        assert_eq!(ctx_of_clerk.authorize(orders), Ok(()));
        let off = identity::switch_off_second_factor(world, &ctx_of_clerk, Locale::En, PASSWORD).await;
        assert!(matches!(off, Err(IdentityError::FactorDemanded)));
        // A clerk without their telephone asks the owner.
        let clerk_id = ctx_of_clerk.user().unwrap();
        assert!(identity::reset_second_factor(world, &ctx_of_clerk, Locale::En, clerk_id).await.is_err());
        identity::reset_second_factor(world, &ctx, Locale::En, clerk_id).await.unwrap();
        assert_eq!(identity::authenticate(world, &clerk).await.unwrap(), None, "their sessions end");
        let again = context(world, &sign_in("clerk@example.com").await).await;
        assert_eq!(again.authorize(orders), Err(Denied::NoSecondFactor));
        drop(app);
    })
    .await;
}
