//! Accounts, sessions, staff and keys, on both databases.

use crate::support::{TestShop, both, guest, number};
use backend::Shop;
use backend::identity::{self, IdentityError};
use domain::id::UserId;
use domain::permission::{Permission, Role};
use domain::view::{ContactDetails, DenialKind};
use domain::{Locale, Timestamp};
use platform::Context;

const PASSWORD: &str = "blue gate beside the bakery";

fn person(name: &str) -> ContactDetails {
    ContactDetails {
        name: name.into(),
        email: format!("{}@example.com", name.to_lowercase().replace(' ', ".")),
        phone: "0917 123 4567".into(),
    }
}

async fn sign_up(shop: &Shop, name: &str) -> (UserId, String) {
    identity::sign_up(shop, &guest(shop), Locale::En, person(name), PASSWORD).await.unwrap()
}

async fn sign_in(shop: &Shop, email: &str, password: &str) -> Result<String, IdentityError> {
    identity::sign_in(shop, &guest(shop), Locale::En, email, password).await.map(|(_, token)| token)
}

async fn context(shop: &Shop, token: &str) -> Context {
    identity::authenticate(shop, token).await.unwrap().unwrap().context(guest(shop).request, shop.now())
}

async fn staff(shop: &Shop, name: &str, role: Role) -> UserId {
    identity::create_staff(shop, &shop.system(), Locale::En, person(name), role, PASSWORD).await.unwrap()
}

/// Past the few seconds for which an answer is trusted.
fn later(shop: &TestShop) {
    shop.clock.advance(10_000);
}

fn fields(error: IdentityError) -> Vec<String> {
    let IdentityError::Invalid(fields) = error else { panic!("{error}") };
    fields.into_iter().map(|(field, _)| field).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_token_is_valid_from_sign_up_to_sign_out() {
    both(async |shop| {
        let (user, token) = sign_up(shop, "Ana Reyes").await;
        let me = identity::authenticate(shop, &token).await.unwrap().unwrap().me;
        assert_eq!((me.id, me.role, me.contact.name.as_str()), (user, None, "Ana Reyes"));
        assert_eq!(me.contact.phone, "+639171234567");
        assert_eq!(identity::authenticate(shop, "somebody-elses-token").await.unwrap(), None);
        identity::sign_out(shop, &token).await.unwrap();
        assert_eq!(identity::authenticate(shop, &token).await.unwrap(), None);
        let again = sign_in(shop, " ANA.reyes@Example.com", PASSWORD).await.unwrap();
        assert_eq!(identity::authenticate(shop, &again).await.unwrap().unwrap().me.id, user);
        assert_eq!(number(shop, "select count(*) from events where kind in ('user.created', 'user.signed_in')").await, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_field_of_a_sign_up_that_is_wrong_is_named_and_nothing_is_kept() {
    both(async |shop| {
        let nobody = ContactDetails { name: String::new(), email: "ana".into(), phone: "12".into() };
        let refused = identity::sign_up(shop, &guest(shop), Locale::Fil, nobody, "short").await.unwrap_err();
        assert_eq!(fields(refused), ["name", "email", "phone", "password"]);
        sign_up(shop, "Ana Reyes").await;
        let mut twin = person("Ana Reyes");
        twin.email = "Ana.Reyes@EXAMPLE.com".into();
        let refused = identity::sign_up(shop, &guest(shop), Locale::En, twin, PASSWORD).await.unwrap_err();
        assert_eq!(fields(refused), ["email"]);
        for table in ["select count(*) from users", "select count(*) from contacts", "select count(*) from sessions"] {
            assert_eq!(number(shop, table).await, 1, "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_sign_ups_at_once_with_one_e_mail_make_one_account() {
    both(async |shop| {
        let tries = (0..8).map(|_| {
            let shop = shop.shop.clone();
            tokio::spawn(async move { identity::sign_up(&shop, &guest(&shop), Locale::En, person("Ana Reyes"), PASSWORD).await })
        });
        let mut created = 0;
        for one in futures::future::join_all(tries).await {
            match one.unwrap() {
                Ok(_) => created += 1,
                Err(refused) => assert_eq!(fields(refused), ["email"]),
            }
        }
        assert_eq!((created, number(shop, "select count(*) from users").await), (1, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_unknown_e_mail_are_answered_alike() {
    both(async |shop| {
        sign_up(shop, "Ana Reyes").await;
        for (email, password) in
            [("ana.reyes@example.com", "a wrong password"), ("nobody@example.com", PASSWORD), ("no e-mail", PASSWORD), ("", "")]
        {
            let refused = sign_in(shop, email, password).await.unwrap_err();
            assert!(matches!(refused, IdentityError::WrongCredentials), "{email}: {refused}");
        }
        // For an unknown e-mail the wait begins after ten tries too.
        for email in ["ana.reyes@example.com", "nobody@example.com"] {
            for _ in 0..9 {
                assert!(matches!(sign_in(shop, email, "guess after guess").await, Err(IdentityError::WrongCredentials)));
            }
            assert!(matches!(sign_in(shop, email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
        }
        shop.clock.advance(60_000);
        sign_in(shop, "ana.reyes@example.com", PASSWORD).await.unwrap();
        // A right password clears the client's count, and so does an hour without a try.
        for pause in [0, 60 * 60_000] {
            shop.clock.advance(pause);
            for _ in 0..10 {
                assert!(matches!(sign_in(shop, "ana.reyes@example.com", "guess").await, Err(IdentityError::WrongCredentials)));
            }
            assert!(matches!(sign_in(shop, "ana.reyes@example.com", "guess").await, Err(IdentityError::TooManyAttempts)));
        }
    })
    .await;
}

/// Signs in from an address, with what the browser keeps.
async fn sign_in_from(shop: &Shop, client: [u8; 4], device: Option<&str>, email: &str, password: &str) -> Result<String, IdentityError> {
    let mut ctx = guest(shop).from(Some(client.into()));
    ctx.device = device.map(str::to_owned);
    identity::sign_in(shop, &ctx, Locale::En, email, password).await.map(|(_, token)| token)
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_a_password_blocks_the_guesser_and_not_the_owner() {
    both(async |shop| {
        let owner = staff(shop, "Olga Lim", Role::Owner).await;
        let email = "olga.lim@example.com";
        let mallory = [203, 0, 113, 9];
        for _ in 0..10 {
            assert!(matches!(sign_in_from(shop, mallory, None, email, "guess").await, Err(IdentityError::WrongCredentials)));
        }
        assert!(matches!(sign_in_from(shop, mallory, None, email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
        sign_in_from(shop, [203, 0, 113, 10], None, email, PASSWORD).await.unwrap();
        // Attempts on other accounts do not clear the count.
        for n in 0..300 {
            let _ = sign_in_from(shop, mallory, None, &format!("nobody{n}@example.com"), "guess").await;
        }
        assert!(matches!(sign_in_from(shop, mallory, None, email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
        // Many clients guessing together are limited together, and the owner's own browser can still sign in.
        let device = identity::device_token(shop, owner, None);
        for n in 0..=255 {
            let _ = sign_in_from(shop, [198, 51, 100, n], None, email, "guess").await;
        }
        assert!(matches!(sign_in_from(shop, [192, 0, 2, 1], None, email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
        assert!(matches!(sign_in_from(shop, [192, 0, 2, 1], Some("made.up"), email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
        sign_in_from(shop, [192, 0, 2, 1], Some(&device), email, PASSWORD).await.unwrap();
        assert_eq!(identity::device_token(shop, owner, Some(&device)), device, "what is known stays");
        let other = UserId(shop.id());
        assert_ne!(identity::device_token(shop, other, Some(&device)), device, "another account gets its own");
        // Guessing on the owner's own browser blocks that browser only.
        for _ in 0..10 {
            assert!(matches!(
                sign_in_from(shop, [192, 0, 2, 1], Some(&device), email, "guess").await,
                Err(IdentityError::WrongCredentials)
            ));
        }
        assert!(matches!(sign_in_from(shop, [192, 0, 2, 1], Some(&device), email, PASSWORD).await, Err(IdentityError::TooManyAttempts)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_shared_by_the_nodes_of_one_database() {
    let one = crate::support::postgres().await;
    let two = one.open_again().await;
    sign_up(&one, "Ana Reyes").await;
    for node in [&*one, &two].into_iter().cycle().take(10) {
        assert!(matches!(sign_in(node, "ana.reyes@example.com", "guess").await, Err(IdentityError::WrongCredentials)));
    }
    for node in [&*one, &two] {
        assert!(matches!(sign_in(node, "ana.reyes@example.com", PASSWORD).await, Err(IdentityError::TooManyAttempts)));
    }
    two.close().await;
    one.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_guesses_at_once_count_as_a_hundred() {
    both(async |shop| {
        sign_up(shop, "Ana Reyes").await;
        let guesses = (0..100).map(|n| {
            let shop = shop.shop.clone();
            tokio::spawn(async move { sign_in(&shop, "ana.reyes@example.com", &format!("guess number {n}")).await })
        });
        let answers = futures::future::join_all(guesses).await;
        let tried = answers.into_iter().filter(|a| matches!(a, Ok(Err(IdentityError::WrongCredentials)))).count();
        assert_eq!(tried, 10);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn denied_accesses_are_listed_for_managers_and_bounded_in_number() {
    both(async |shop| {
        let (ana, token) = sign_up(shop, "Ana Reyes").await;
        for _ in 0..12 {
            let _ = sign_in_from(shop, [203, 0, 113, 9], None, "ana.reyes@example.com", "guess").await;
        }
        let ctx = context(shop, &token).await.from(Some([203, 0, 113, 7].into()));
        assert!(matches!(identity::denials(shop, &ctx).await, Err(IdentityError::Forbidden(_))));
        identity::record_denial(shop, &ctx, DenialKind::Permission, None).await;
        let seen = identity::denials(shop, &shop.system()).await.unwrap();
        let of = |kind| {
            let one: Vec<_> = seen.iter().filter(|refusal| refusal.kind == kind).collect();
            assert_eq!(one.len(), 1, "{seen:?}");
            (one[0].count, one[0].account.clone().unwrap(), one[0].client.clone().unwrap())
        };
        assert_eq!(of(DenialKind::SignIn), (10, "Ana Reyes".into(), "203.0.113.9".into()));
        assert_eq!(of(DenialKind::Throttled), (2, "Ana Reyes".into(), "203.0.113.9".into()));
        assert_eq!(of(DenialKind::Permission), (1, "Ana Reyes".into(), "203.0.113.7".into()));
        let events = "select count(*) from events where kind in ('sign_in.failed', 'sign_in.waiting', 'permission.refused')";
        assert_eq!(number(shop, events).await, 3, "an event each, however often");
        let subject: UserId = shop.db().fetch_scalar("select subject from events where kind = 'sign_in.failed'", &[]).await.unwrap();
        assert_eq!(subject, ana);
        // A thousand clients in an hour leave no more than an hour's rows.
        for n in 0..1_000_u32 {
            let [_, _, c, d] = n.to_be_bytes();
            identity::record_denial(shop, &guest(shop).from(Some([198, 51, c, d].into())), DenialKind::Key, None).await;
        }
        assert!(number(shop, "select count(*) from denials").await <= 501);
        assert_eq!(number(shop, "select cast(sum(count) as bigint) from denials where kind = 'key'").await, 1_000);
        assert!(number(shop, "select count(*) from events").await < 520);
        shop.clock.advance(31 * Timestamp::DAY);
        identity::delete_expired(shop).await.unwrap();
        assert_eq!(number(shop, "select count(*) from denials").await + number(shop, "select count(*) from throttle_counters").await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_extended_by_use_and_expires_without() {
    both(async |shop| {
        let (_, token) = sign_up(shop, "Ana Reyes").await;
        for _ in 0..3 {
            shop.clock.advance(29 * Timestamp::DAY);
            assert!(identity::authenticate(shop, &token).await.unwrap().is_some());
        }
        shop.clock.advance(30 * Timestamp::DAY + 1);
        assert_eq!(identity::authenticate(shop, &token).await.unwrap(), None);

        staff(shop, "Ben Cruz", Role::Clerk).await;
        let clerk = sign_in(shop, "ben.cruz@example.com", PASSWORD).await.unwrap();
        shop.clock.advance(11 * 3_600_000);
        assert!(identity::authenticate(shop, &clerk).await.unwrap().is_some());
        shop.clock.advance(12 * 3_600_000 + 1);
        assert_eq!(identity::authenticate(shop, &clerk).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_password_ends_the_other_sessions() {
    both(async |shop| {
        let (_, here) = sign_up(shop, "Ana Reyes").await;
        let there = sign_in(shop, "ana.reyes@example.com", PASSWORD).await.unwrap();
        assert!(identity::authenticate(shop, &there).await.unwrap().is_some());
        let ctx = context(shop, &here).await;
        let wrong = identity::change_password(shop, &ctx, Locale::En, &here, "not my password", "yellow jeepney at noon").await;
        assert_eq!(fields(wrong.unwrap_err()), ["current_password"]);
        let weak = identity::change_password(shop, &ctx, Locale::En, &here, PASSWORD, "password123").await;
        assert_eq!(fields(weak.unwrap_err()), ["new_password"]);
        identity::change_password(shop, &ctx, Locale::En, &here, PASSWORD, "yellow jeepney at noon").await.unwrap();
        assert_eq!(identity::authenticate(shop, &there).await.unwrap(), None);
        assert!(identity::authenticate(shop, &here).await.unwrap().is_some());
        assert!(matches!(sign_in(shop, "ana.reyes@example.com", PASSWORD).await, Err(IdentityError::WrongCredentials)));
        sign_in(shop, "ana.reyes@example.com", "yellow jeepney at noon").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_listed_and_only_ones_own_can_be_ended() {
    both(async |shop| {
        let (_, here) = sign_up(shop, "Ana Reyes").await;
        let there = sign_in(shop, "ana.reyes@example.com", PASSWORD).await.unwrap();
        let (_, other) = sign_up(shop, "Ben Cruz").await;
        let (ana, ben) = (context(shop, &here).await, context(shop, &other).await);
        let sessions = identity::sessions(shop, &ana, &here).await.unwrap();
        assert_eq!((sessions.len(), sessions.iter().filter(|s| s.current).count()), (2, 1));
        let second = sessions.iter().find(|s| !s.current).unwrap().id;
        let stranger = identity::revoke_session(shop, &ben, second).await;
        assert!(matches!(stranger, Err(IdentityError::Unknown)));
        identity::revoke_session(shop, &ana, second).await.unwrap();
        assert_eq!(identity::authenticate(shop, &there).await.unwrap(), None);
        assert!(identity::authenticate(shop, &here).await.unwrap().is_some());
        assert!(matches!(identity::sessions(shop, &guest(shop), "").await, Err(IdentityError::SignedOut)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_at_most_fifty_sessions_and_the_oldest_is_ended() {
    both(async |shop| {
        let (_, first) = sign_up(shop, "Ana Reyes").await;
        let mut last = String::new();
        for _ in 0..50 {
            shop.clock.advance(1_000);
            last = sign_in(shop, "ana.reyes@example.com", PASSWORD).await.unwrap();
        }
        later(shop);
        assert_eq!(number(shop, "select count(*) from sessions").await, 50);
        assert_eq!(identity::authenticate(shop, &first).await.unwrap(), None);
        assert!(identity::authenticate(shop, &last).await.unwrap().is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_an_account_are_limited_and_the_same_password_is_no_change() {
    both(async |shop| {
        let (_, token) = sign_up(shop, "Ana Reyes").await;
        let ctx = context(shop, &token).await;
        let change = async |from: &str, to: &str| identity::change_password(shop, &ctx, Locale::En, &token, from, to).await;
        for _ in 0..20 {
            assert_eq!(fields(change(PASSWORD, PASSWORD).await.unwrap_err()), ["new_password"]);
        }
        let other = "yellow jeepney at noon";
        for n in 0..10 {
            let (from, to) = if n % 2 == 0 { (PASSWORD, other) } else { (other, PASSWORD) };
            change(from, to).await.unwrap();
        }
        assert!(matches!(change(PASSWORD, other).await, Err(IdentityError::TooManyAttempts)));
        // Neither is the count of wrong sign-ins cleared by it.
        for _ in 0..10 {
            assert!(matches!(sign_in(shop, "ana.reyes@example.com", "guess").await, Err(IdentityError::WrongCredentials)));
        }
        assert_eq!(fields(change(PASSWORD, PASSWORD).await.unwrap_err()), ["new_password"]);
        assert!(matches!(sign_in(shop, "ana.reyes@example.com", PASSWORD).await, Err(IdentityError::TooManyAttempts)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ones_details_can_be_corrected_but_not_to_anothers_e_mail() {
    both(async |shop| {
        let (user, token) = sign_up(shop, "Ana Reyes").await;
        sign_up(shop, "Ben Cruz").await;
        let ctx = context(shop, &token).await;
        let save = async |contact: &ContactDetails, password: &str| {
            identity::save_contact(shop, &ctx, Locale::En, &token, contact, password).await
        };
        let mut taken = person("Ana Reyes");
        taken.email = "ben.cruz@example.com".into();
        // Without the password the answer does not reveal that the e-mail is taken.
        assert_eq!(fields(save(&taken, "").await.unwrap_err()), ["password"]);
        assert_eq!(fields(save(&taken, "no password of mine").await.unwrap_err()), ["password"]);
        assert_eq!(fields(save(&taken, PASSWORD).await.unwrap_err()), ["email"]);
        let there = sign_in(shop, "ana.reyes@example.com", PASSWORD).await.unwrap();
        let mut named = person("Ana Dizon");
        named.email = "ana.reyes@example.com".into();
        save(&named, "").await.unwrap();
        assert!(identity::authenticate(shop, &there).await.unwrap().is_some(), "a name changes nothing else");
        save(&person("Ana Dizon"), PASSWORD).await.unwrap();
        let me = identity::authenticate(shop, &token).await.unwrap().unwrap().me;
        assert_eq!((me.id, me.contact.name.as_str()), (user, "Ana Dizon"));
        assert_eq!(identity::authenticate(shop, &there).await.unwrap(), None, "another e-mail ends the other sessions");
        assert!(sign_in(shop, "ana.reyes@example.com", PASSWORD).await.is_err());
        sign_in(shop, "ana.dizon@example.com", PASSWORD).await.unwrap();
        assert_eq!(backend::contacts::find_contacts(shop, "dizon").await.unwrap().len(), 1);
        assert!(backend::contacts::find_contacts(shop, "reyes").await.unwrap().is_empty());
        // The answer does not reveal which addresses have an account.
        let mut answers = Vec::new();
        for _ in 0..10 {
            answers.push(save(&taken, PASSWORD).await);
        }
        assert!(matches!(answers.pop(), Some(Err(IdentityError::TooManyAttempts))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_are_given_by_owners_and_the_last_owner_stays() {
    both(async |shop| {
        let owner = staff(shop, "Olga Lim", Role::Owner).await;
        later(shop);
        let clerk = staff(shop, "Ben Cruz", Role::Clerk).await;
        let token = sign_in(shop, "ben.cruz@example.com", PASSWORD).await.unwrap();
        let ben = context(shop, &token).await;
        assert!(ben.may(Permission::FulfilOrders) && !ben.may(Permission::RefundPayments));
        let boss = Context::staff(owner, Role::Owner, guest(shop).request);
        for refused in [
            identity::set_role(shop, &ben, clerk, Some(Role::Owner)).await,
            identity::set_active(shop, &ben, owner, false).await,
            identity::staff(shop, &ben).await.map(drop),
            identity::create_staff(shop, &ben, Locale::En, person("Eve"), Role::Owner, PASSWORD).await.map(drop),
            identity::create_api_key(shop, &ben, Locale::En, "mine", &[Permission::ReadStock]).await.map(drop),
        ] {
            assert!(matches!(refused, Err(IdentityError::Forbidden(_))), "{refused:?}");
        }
        for refused in
            [identity::set_role(shop, &boss, owner, Some(Role::Clerk)).await, identity::set_active(shop, &boss, owner, false).await]
        {
            assert!(matches!(refused, Err(IdentityError::LastOwner)), "{refused:?}");
        }
        identity::set_role(shop, &boss, clerk, Some(Role::Manager)).await.unwrap();
        assert_eq!(identity::authenticate(shop, &token).await.unwrap(), None, "a new role begins with a new session");
        let token = sign_in(shop, "ben.cruz@example.com", PASSWORD).await.unwrap();
        assert!(context(shop, &token).await.may(Permission::RefundPayments));
        identity::set_active(shop, &boss, clerk, false).await.unwrap();
        assert_eq!(identity::authenticate(shop, &token).await.unwrap(), None);
        assert!(matches!(sign_in(shop, "ben.cruz@example.com", PASSWORD).await, Err(IdentityError::WrongCredentials)));
        let list = identity::staff(shop, &boss).await.unwrap();
        assert_eq!(list.iter().map(|s| (s.role, s.active)).collect::<Vec<_>>(), [(Role::Owner, true), (Role::Manager, false)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_who_remove_each_other_leave_one() {
    both(async |shop| {
        let (a, b) = (staff(shop, "Olga Lim", Role::Owner).await, staff(shop, "Otto Uy", Role::Owner).await);
        let remove = |by: UserId, whom: UserId| {
            let shop = shop.shop.clone();
            tokio::spawn(async move {
                let ctx = Context::staff(by, Role::Owner, guest(&shop).request);
                identity::set_role(&shop, &ctx, whom, Some(Role::Clerk)).await
            })
        };
        let (one, two) = (remove(a, b), remove(b, a));
        let done = [one.await.unwrap().is_ok(), two.await.unwrap().is_ok()];
        assert_eq!(done.iter().filter(|ok| **ok).count(), 1);
        assert_eq!(number(shop, "select count(*) from users where role = 'owner'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_key_is_valid_for_its_scopes_until_it_is_revoked() {
    both(async |shop| {
        let boss = shop.system();
        let scopes = [Permission::ReadStock, Permission::ReadOrders, Permission::ReadStock];
        let (id, secret) = identity::create_api_key(shop, &boss, Locale::En, "Warehouse", &scopes).await.unwrap();
        assert!(secret.starts_with("tdh_") && secret.len() == 47);
        let (found, granted) = identity::authenticate_api_key(shop, &secret).await.unwrap().unwrap();
        assert_eq!((found, granted), (id, vec![Permission::ReadOrders, Permission::ReadStock]));
        for wrong in ["", "tdh_", "tdh_guess", &secret[4..], &format!("{secret}x")] {
            assert_eq!(identity::authenticate_api_key(shop, wrong).await.unwrap(), None, "{wrong}");
        }
        let listed = identity::api_keys(shop, &boss).await.unwrap();
        assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].revoked_at), (1, "Warehouse", None));
        identity::revoke_api_key(shop, &boss, id).await.unwrap();
        assert_eq!(identity::authenticate_api_key(shop, &secret).await.unwrap(), None);
        assert!(matches!(identity::revoke_api_key(shop, &boss, id).await, Err(IdentityError::Unknown)));
        let nameless = identity::create_api_key(shop, &boss, Locale::En, " ", &scopes).await.unwrap_err();
        assert_eq!(fields(nameless), ["name"]);
        let needless = identity::create_api_key(shop, &boss, Locale::En, "Books", &[Permission::ReadBooks]).await.unwrap_err();
        assert!(matches!(needless, IdentityError::Invalid(errors) if errors[0].0 == "scopes"), "no call asks for it");
        let idle = identity::create_api_key(shop, &boss, Locale::En, "Idle", &[]).await.unwrap_err();
        assert_eq!(fields(idle), ["scopes"]);
    })
    .await;
}
