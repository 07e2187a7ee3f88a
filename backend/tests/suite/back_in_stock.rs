//! Shoppers wait for what is sold out, and are told by mail when it is back; on both databases.

use std::net::IpAddr;

use crate::support::outside::{World, both_worlds, clerk, owner};
use crate::support::{TestShop, a_product, guest, number, place, sqlite};
use backend::back_in_stock::{self, BackInStockError};
use backend::customers::CustomersFile;
use backend::inventory;
use domain::Locale;
use domain::id::{LocationId, VariantId};
use domain::stock::StockReason;
use platform::Context;

const DAY: i64 = 86_400_000;

fn from(world: &World, client: u8) -> Context {
    guest(world).from(Some(IpAddr::from([192, 0, 2, client])))
}

async fn ask(world: &World, variant: VariantId, address: &str) -> Result<(), BackInStockError> {
    back_in_stock::request_mail(world, &guest(world), Locale::En, variant, address).await
}

/// Units come in, or leave.
async fn adjust(world: &World, variant: VariantId, units: i64) {
    let location: LocationId = world.db().fetch_scalar("select id from stock_locations where code = 'WH-1'", &[]).await.unwrap();
    let reason = if units > 0 { StockReason::Received } else { StockReason::Damaged };
    inventory::adjust(world, &owner(world), variant, location, units, reason, "").await.unwrap();
}

/// Follows the events, and does what is due of rounds and mails.
async fn tell(world: &World) {
    let unseen = "select (select coalesce(max(seq), 0) from events)
        - (select coalesce(max(seq), 0) from event_cursors where name = 'back_in_stock')";
    loop {
        back_in_stock::catch_up(world).await.unwrap();
        if number(world, unseen).await == 0 {
            break;
        }
        tokio::task::yield_now().await;
    }
    world.work().await;
    world.work().await;
}

/// To whom mails went, the first one first.
async fn told(world: &World) -> Vec<String> {
    let to = |mail: &String| mail.lines().find_map(|line| line.strip_prefix("To: ")).unwrap_or_default().trim().to_owned();
    world.raw_mails().await.iter().rev().map(to).collect()
}

async fn waiting(world: &World) -> i64 {
    number(world, "select count(*) from back_in_stock_requests").await
}

fn at_email(error: BackInStockError) -> String {
    match error {
        BackInStockError::Invalid(fields) if fields.len() == 1 && fields[0].0 == "email" => fields[0].1.clone(),
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_waits_is_mailed_once_in_their_language_and_the_address_is_deleted() {
    both_worlds(async |world| {
        let variant = a_product().named("Capiz lamp").make(world).await;
        back_in_stock::request_mail(world, &guest(world), Locale::Fil, variant, " Estrella@Example.com ").await.unwrap();
        let sealed: Vec<Vec<u8>> = world.db().fetch_scalars("select sealed from back_in_stock_requests", &[]).await.unwrap();
        assert!(sealed.iter().all(|bytes| !bytes.windows(8).any(|part| part.eq_ignore_ascii_case(b"estrella"))));
        tell(world).await;
        assert!(world.mails().await.is_empty(), "nothing came in yet");

        adjust(world, variant, 5).await;
        tell(world).await;
        let mails = world.mails().await;
        assert_eq!((mails.len(), told(world).await), (1, vec!["Estrella@example.com".to_owned()]));
        let (subject, text, html) = &mails[0];
        assert_eq!(subject, "Mayroon na ulit ng Capiz lamp");
        assert!(text.contains("http://127.0.0.1:3000/p/") && html.contains("lang=\"fil-PH\""), "{text}");
        assert_eq!((waiting(world).await, number(world, "select count(*) from back_in_stock_mails").await), (0, 1));
        let sql = "select kind from events where kind like 'back_in_stock.%' order by seq";
        let events: Vec<String> = world.db().fetch_scalars(sql, &[]).await.unwrap();
        assert_eq!(events, ["back_in_stock.requested", "back_in_stock.mailed"]);

        // Told once: more units and further days bring no second mail.
        adjust(world, variant, 5).await;
        tell(world).await;
        world.shop.clock.advance(2 * DAY);
        back_in_stock::mail_those_who_wait(world).await.unwrap();
        world.work().await;
        assert_eq!(world.mails().await.len(), 1);
        assert_eq!(number(world, "select count(*) from jobs where payload like '%strella%'").await, 0, "jobs hold no address");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn as_many_are_mailed_as_there_are_units_and_the_next_a_day_later() {
    both_worlds(async |world| {
        let variant = a_product().make(world).await;
        for n in 1..=5 {
            back_in_stock::request_mail(world, &from(world, n), Locale::En, variant, &format!("a{n}@example.com")).await.unwrap();
            world.shop.clock.advance(1_000);
        }
        adjust(world, variant, 2).await;
        tell(world).await;
        let sorted = async || {
            let mut told = told(world).await;
            told.sort();
            told
        };
        assert_eq!(sorted().await, ["a1@example.com", "a2@example.com"], "those who asked first");
        // A change of the stock is no reason for further mails, as long as the units are spoken for.
        adjust(world, variant, -1).await;
        adjust(world, variant, 1).await;
        tell(world).await;
        assert_eq!(sorted().await.len(), 2);
        // One more unit is one more mail.
        adjust(world, variant, 1).await;
        tell(world).await;
        assert_eq!(sorted().await, ["a1@example.com", "a2@example.com", "a3@example.com"]);
        world.shop.clock.advance(DAY);
        back_in_stock::mail_those_who_wait(world).await.unwrap();
        world.work().await;
        assert_eq!((sorted().await.len(), waiting(world).await), (5, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sold_out_again_before_the_mail_waits_again() {
    both_worlds(async |world| {
        let variant = a_product().make(world).await;
        ask(world, variant, "ana@example.com").await.unwrap();
        adjust(world, variant, 1).await;
        back_in_stock::mail_those_who_wait(world).await.unwrap();
        adjust(world, variant, -1).await;
        world.work().await;
        assert_eq!((world.mails().await.len(), waiting(world).await), (0, 1));
        adjust(world, variant, 1).await;
        tell(world).await;
        assert_eq!((world.mails().await.len(), waiting(world).await), (1, 0));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_told_of_when_it_is_published_again() {
    both_worlds(async |world| {
        let variant = a_product().make(world).await;
        ask(world, variant, "ana@example.com").await.unwrap();
        let set = async |status: &'static str| {
            let sql = "update products set status = $2 where id = (select product_id from variants where id = $1)";
            world.db().write(async move |tx| tx.execute(sql, &[&variant, &status]).await).await.unwrap();
        };
        set("draft").await;
        adjust(world, variant, 3).await;
        tell(world).await;
        assert!(world.mails().await.is_empty());
        set("published").await;
        back_in_stock::mail_those_who_wait(world).await.unwrap();
        world.work().await;
        assert_eq!(told(world).await, ["ana@example.com"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_waits_once_for_a_variant_and_for_twenty_of_them() {
    both_worlds(async |world| {
        let variant = a_product().make(world).await;
        ask(world, variant, "ana@example.com").await.unwrap();
        ask(world, variant, "ANA@example.com").await.unwrap();
        assert_eq!(waiting(world).await, 1, "the answer is the same, and so is the request");
        for bad in ["", "ana", "ana@example"] {
            at_email(ask(world, variant, bad).await.unwrap_err());
        }
        for n in 0..19 {
            let other = a_product().make(world).await;
            back_in_stock::request_mail(world, &from(world, n), Locale::En, other, "ana@example.com").await.unwrap();
        }
        let one_more = a_product().make(world).await;
        let words =
            at_email(back_in_stock::request_mail(world, &from(world, 50), Locale::En, one_more, "ana@example.com").await.unwrap_err());
        assert!(words.contains("20"), "{words}");
        back_in_stock::request_mail(world, &from(world, 50), Locale::En, variant, "ana@example.com").await.unwrap();
        assert_eq!(waiting(world).await, 20);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_asks_twenty_times_and_only_for_what_is_sold_out_and_for_sale() {
    both_worlds(async |world| {
        let (gone, there) = (a_product().make(world).await, a_product().with_stock(1).make(world).await);
        assert!(matches!(ask(world, there, "ana@example.com").await, Err(BackInStockError::Available)));
        assert!(matches!(ask(world, VariantId(world.id()), "ana@example.com").await, Err(BackInStockError::Unknown)));
        for n in 0..20 {
            back_in_stock::request_mail(world, &from(world, 1), Locale::En, gone, &format!("a{n}@example.com")).await.unwrap();
        }
        let more = back_in_stock::request_mail(world, &from(world, 1), Locale::En, gone, "b@example.com").await;
        assert!(matches!(more, Err(BackInStockError::Throttled)), "{more:?}");
        back_in_stock::request_mail(world, &from(world, 2), Locale::En, gone, "b@example.com").await.unwrap();
        world.db().write(async |tx| tx.execute("update products set status = 'archived'", &[]).await).await.unwrap();
        assert!(matches!(
            back_in_stock::request_mail(world, &from(world, 3), Locale::En, gone, "c@example.com").await,
            Err(BackInStockError::Unknown)
        ));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_a_mail_leads_to_what_its_recipient_waits_for_and_deletes_it() {
    both_worlds(async |world| {
        let (lamp, mug, bowl) = (
            a_product().named("Capiz lamp").make(world).await,
            a_product().named("Mug").make(world).await,
            a_product().named("Bowl").make(world).await,
        );
        for variant in [lamp, mug, bowl] {
            ask(world, variant, "ana@example.com").await.unwrap();
            world.shop.clock.advance(1_000);
        }
        ask(world, mug, "bea@example.com").await.unwrap();
        adjust(world, lamp, 1).await;
        tell(world).await;
        let (_, text, _) = world.mails().await.remove(0);
        let token = text.split("/back-in-stock/").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        let list = async || back_in_stock::requests_of_link(world, Locale::En, &token).await.unwrap();
        let names: Vec<String> = list().await.into_iter().map(|request| request.name).collect();
        assert_eq!(names, ["Bowl", "Mug"], "that of the lamp is deleted already");

        let mugs = list().await[1].id;
        back_in_stock::withdraw(world, &guest(world), &token, Some(mugs)).await.unwrap();
        back_in_stock::withdraw(world, &guest(world), &token, Some(mugs)).await.unwrap();
        assert_eq!(list().await.len(), 1);
        back_in_stock::withdraw(world, &guest(world), &token, None).await.unwrap();
        assert!(list().await.is_empty());
        assert_eq!(
            (waiting(world).await, number(world, "select count(*) from events where kind = 'back_in_stock.withdrawn'").await),
            (1, 2)
        );

        let (hash, signature) = token.split_once('.').unwrap();
        for forged in [hash.to_owned(), format!("{hash}.{}", &signature[1..]), format!("{}.{signature}", hash.replace(['0', '1'], "2a"))] {
            assert!(matches!(back_in_stock::requests_of_link(world, Locale::En, &forged).await, Err(BackInStockError::Link)), "{forged}");
            assert!(matches!(back_in_stock::withdraw(world, &guest(world), &forged, None).await, Err(BackInStockError::Link)));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_see_how_many_wait_and_the_file_of_customers_says_for_what() {
    both_worlds(async |world| {
        let (gone, there) = (a_product().make(world).await, a_product().with_stock(3).make(world).await);
        place(world, &[(there, 1)]).await.unwrap();
        for address in ["maria.clara@example.com", "bea@example.com"] {
            ask(world, gone, address).await.unwrap();
        }
        let counted = back_in_stock::waiting(world, &clerk(world), [gone, there]).await.unwrap();
        assert_eq!((counted.get(&gone), counted.get(&there)), (Some(&2), None));
        assert!(matches!(back_in_stock::waiting(world, &guest(world), [gone]).await, Err(BackInStockError::Forbidden(_))));
        let mut file = CustomersFile::begin(world, &owner(world)).await.unwrap();
        let mut all = Vec::new();
        while let Some(part) = file.next().await.unwrap() {
            all.extend(part);
        }
        let rows = crate::export::read(&String::from_utf8(all).unwrap());
        let sku: String = world.db().fetch_scalar("select sku from variants where id = $1", &[&gone]).await.unwrap();
        assert_eq!((rows.len(), rows[0]["waits_for"].as_str()), (1, sku.as_str()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_deleted_half_a_year_later() {
    both_worlds(async |world| {
        let variant = a_product().make(world).await;
        ask(world, variant, "ana@example.com").await.unwrap();
        world.shop.clock.advance(180 * DAY - 1);
        assert_eq!(back_in_stock::delete_expired(world).await.unwrap(), 0);
        world.shop.clock.advance(1);
        assert_eq!(back_in_stock::delete_expired(world).await.unwrap(), 1);
        assert_eq!(waiting(world).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_without_a_mail_server_offers_no_mail() {
    let shop: TestShop = sqlite().await;
    let variant = a_product().make(&shop).await;
    assert!(!back_in_stock::is_offered(&shop));
    let asked = back_in_stock::request_mail(&shop, &guest(&shop), Locale::En, variant, "ana@example.com").await;
    assert!(matches!(asked, Err(BackInStockError::Unknown)), "{asked:?}");
    shop.close().await;
}
