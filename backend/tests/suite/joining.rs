//! How people come: shoppers who sign up by a link in a mail, and staff by an invitation; on both databases.

use crate::support::outside::{World, both_worlds};
use crate::support::{a_product, guest, number, place};
use backend::identity::{self, IdentityError};
use backend::orders;
use domain::permission::{Permission, Role};
use domain::view::ContactDetails;
use domain::{Locale, Timestamp};
use platform::Context;

const PASSWORD: &str = "blue gate beside the bakery";
const OTHER: &str = "green gate behind the market";

fn contact(email: &str) -> ContactDetails {
    ContactDetails { name: "Maria Clara Santos".into(), email: email.into(), phone: String::new() }
}

async fn ask(world: &World, email: &str) {
    identity::request_sign_up(world, &guest(world), Locale::En, contact(email)).await.unwrap();
    world.work().await;
}

/// The last part of the newest link with this beginning that was mailed.
async fn link(world: &World, beginning: &str) -> String {
    let mails = world.mails().await;
    let mut words = mails.iter().flat_map(|(_, text, _)| text.split_whitespace());
    words.find(|word| word.contains(beginning)).unwrap().rsplit('/').next().unwrap().to_owned()
}

async fn signs_in(world: &World, email: &str, password: &str) -> bool {
    identity::sign_in(world, &guest(world), Locale::En, email, password).await.is_ok()
}

fn field(error: IdentityError) -> String {
    match error {
        IdentityError::Invalid(fields) => fields[0].0.clone(),
        other => other.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_made_by_the_link_that_is_mailed_and_has_a_proved_address() {
    both_worlds(async |world| {
        let variant = a_product().with_stock(5).make(world).await;
        let order = place(world, &[(variant, 1)]).await.unwrap().order;
        ask(world, "maria.clara@example.com").await;
        assert_eq!(number(world, "select count(*) from users").await, 0, "nothing is stored before");
        let token = link(world, "/sign-up/").await;
        assert_eq!(identity::sign_up_link(world, &token).await.unwrap(), "maria.clara@example.com");
        let weak = identity::finish_sign_up(world, &guest(world), Locale::En, &token, "short").await;
        assert_eq!(field(weak.unwrap_err()), "password");
        let session = identity::finish_sign_up(world, &guest(world), Locale::En, &token, PASSWORD).await.unwrap();
        let me = identity::authenticate(world, &session).await.unwrap().unwrap().me;
        let ctx = Context::customer(me.id, guest(world).request);
        assert!(!identity::is_proof_needed(world, &ctx).await.unwrap());
        let own = orders::of_customer(world, &ctx, None).await.unwrap();
        assert_eq!(own.orders.iter().map(|order| order.id).collect::<Vec<_>>(), [order], "what was ordered as a guest is there");
        let again = identity::finish_sign_up(world, &guest(world), Locale::En, &token, OTHER).await;
        assert!(matches!(again, Err(IdentityError::Link)), "once");
        assert!(identity::sign_up_link(world, &token).await.is_err(), "and Back shows nothing of it");
        assert!(signs_in(world, "maria.clara@example.com", PASSWORD).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_up_is_not_told_whether_there_is_an_account() {
    both_worlds(async |world| {
        identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        world.work().await;
        let jobs = async || number(world, "select count(*) from jobs").await;
        let before = jobs().await;
        identity::request_sign_up(world, &guest(world), Locale::En, contact("ana@example.com")).await.unwrap();
        let with = jobs().await - before;
        identity::request_sign_up(world, &guest(world), Locale::En, contact("nobody@example.com")).await.unwrap();
        assert_eq!((with, jobs().await - before - with), (1, 1), "both queue one job");
        world.work().await;
        let subjects: Vec<_> = world.mails().await.into_iter().map(|(subject, ..)| subject).collect();
        assert!(subjects.iter().any(|subject| subject == "You have an account"), "{subjects:?}");
        assert!(subjects.iter().any(|subject| subject == "Make your account"), "{subjects:?}");
        // One address is not flooded by one client.
        for _ in 0..8 {
            identity::request_sign_up(world, &guest(world), Locale::En, contact("nobody@example.com")).await.unwrap();
        }
        world.work().await;
        assert!(world.mails().await.len() <= subjects.len() + 5);
        identity::delete_expired(world).await.unwrap();
        assert_eq!(number(world, "select count(*) from jobs where kind = 'sign_up_mail.send'").await, 0);
        // What is wrong is said, as it tells nothing.
        let wrong = identity::request_sign_up(world, &guest(world), Locale::En, contact("nobody")).await;
        assert_eq!(field(wrong.unwrap_err()), "email");
        world.shop.clock.advance(3 * Timestamp::DAY);
        assert!(matches!(identity::sign_up_link(world, &link(world, "/sign-up/").await).await, Err(IdentityError::Link)), "too old");
    })
    .await;
}

async fn owner(world: &World) -> Context {
    let owner =
        identity::create_staff(world, &world.system(), Locale::En, contact("owner@example.com"), Role::Owner, PASSWORD).await.unwrap();
    Context::staff(owner, Role::Owner, guest(world).request)
}

async fn invite(world: &World, ctx: &Context, email: &str, role: Role) -> String {
    assert_eq!(
        identity::invite_staff(world, ctx, Locale::En, contact(email), role).await.unwrap(),
        None,
        "the owner does not see the link"
    );
    world.work().await;
    link(world, "/join/").await
}

async fn accept(world: &World, token: &str, password: &str) -> Result<(), IdentityError> {
    identity::accept_invitation(world, &guest(world), Locale::En, token, "Ben Cruz", password).await
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_join_by_an_invitation_that_works_once_and_can_be_withdrawn() {
    both_worlds(async |world| {
        let ctx = owner(world).await;
        let clerk = Context::staff(ctx.user().unwrap(), Role::Clerk, ctx.request);
        assert!(identity::invite_staff(world, &clerk, Locale::En, contact("ben@example.com"), Role::Owner).await.is_err());
        let first = invite(world, &ctx, "ben@example.com", Role::Owner).await;
        let second = invite(world, &ctx, "ben@example.com", Role::Clerk).await;
        assert!(matches!(identity::invitation(world, &first).await, Err(IdentityError::Link)), "the newer one counts");
        let invited = identity::invitation(world, &second).await.unwrap();
        assert_eq!((invited.email.as_str(), invited.role, invited.has_account), ("ben@example.com", Role::Clerk, false));
        assert_eq!(identity::invitations(world, &ctx).await.unwrap().len(), 1);
        assert_eq!(field(accept(world, &second, "short").await.unwrap_err()), "password");
        let tries = (0..4).map(|_| {
            let (shop, token) = (world.shop.clone(), second.clone());
            tokio::spawn(
                async move { identity::accept_invitation(&shop, &guest(&shop), Locale::En, &token, "Ben Cruz", OTHER).await.is_ok() },
            )
        });
        let mut joined = 0;
        for attempt in tries.collect::<Vec<_>>() {
            joined += i32::from(attempt.await.unwrap());
        }
        assert_eq!(joined, 1, "once, also at one moment");
        let me = identity::sign_in(world, &guest(world), Locale::En, "ben@example.com", OTHER).await.unwrap().0;
        assert_eq!((me.role, me.contact.name.as_str()), (Some(Role::Clerk), "Ben Cruz"));
        assert!(identity::invitations(world, &ctx).await.unwrap().is_empty());
        let twice = identity::invite_staff(world, &ctx, Locale::En, contact("ben@example.com"), Role::Owner).await;
        assert_eq!(field(twice.unwrap_err()), "email");

        let third = invite(world, &ctx, "lia@example.com", Role::Manager).await;
        let open = identity::invitations(world, &ctx).await.unwrap().remove(0).id;
        assert!(identity::withdraw_invitation(world, &clerk, open).await.is_err());
        identity::withdraw_invitation(world, &ctx, open).await.unwrap();
        assert!(matches!(accept(world, &third, PASSWORD).await, Err(IdentityError::Link)));
        let fourth = invite(world, &ctx, "lia@example.com", Role::Manager).await;
        world.shop.clock.advance(7 * Timestamp::DAY);
        assert!(matches!(accept(world, &fourth, PASSWORD).await, Err(IdentityError::Link)), "a week");
        assert_eq!(number(world, "select count(*) from events where kind = 'invitation.accepted'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invited_shopper_gets_the_role_with_the_password_of_their_account() {
    both_worlds(async |world| {
        let ctx = owner(world).await;
        let (user, session) = identity::sign_up(world, &guest(world), Locale::En, contact("ana@example.com"), PASSWORD).await.unwrap();
        world.work().await;
        let token = invite(world, &ctx, "ana@example.com", Role::Manager).await;
        assert!(identity::invitation(world, &token).await.unwrap().has_account);
        assert_eq!(field(accept(world, &token, OTHER).await.unwrap_err()), "password");
        accept(world, &token, PASSWORD).await.unwrap();
        world.shop.clock.advance(10_000);
        assert_eq!(identity::authenticate(world, &session).await.unwrap(), None, "a new role begins with a new session");
        let me = identity::sign_in(world, &guest(world), Locale::En, "ana@example.com", PASSWORD).await.unwrap().0;
        assert_eq!((me.id, me.role), (user, Some(Role::Manager)));
        assert!(identity::context_of(&me, ctx.request).may(Permission::ReadOrders));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_owner_who_is_locked_out_is_let_in_from_the_machine() {
    both_worlds(async |world| {
        owner(world).await;
        let session = identity::sign_in(world, &guest(world), Locale::En, "owner@example.com", PASSWORD).await.unwrap().1;
        let nobody = identity::rescue(world, &world.system(), Locale::En, "nobody@example.com").await;
        assert!(matches!(nobody, Err(IdentityError::Unknown)));
        assert!(identity::rescue(world, &guest(world), Locale::En, "owner@example.com").await.is_err());
        let path = identity::rescue(world, &world.system(), Locale::En, "owner@example.com").await.unwrap();
        world.shop.clock.advance(10_000);
        assert_eq!(identity::authenticate(world, &session).await.unwrap(), None);
        assert!(!signs_in(world, "owner@example.com", PASSWORD).await, "whoever knew the password is out, too");
        let token = path.strip_prefix("/reset-password/").unwrap();
        identity::reset_password(world, &guest(world), Locale::En, token, OTHER).await.unwrap();
        assert!(signs_in(world, "owner@example.com", OTHER).await);
    })
    .await;
}
