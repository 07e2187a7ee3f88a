//! Sealed contacts and addresses, the address book, preferences, on both databases.

use std::path::Path;

use crate::support::outside::owner;
use crate::support::{TestShop, a_cart, a_product, address, both, form, guest, number, postgres, sqlite};
use backend::Shop;
use backend::checkout::place_order;
use backend::contacts::{self, ContactError};
use backend::identity;
use domain::Locale;
use domain::id::ContactId;
use domain::order::{Channel, PaymentMethod};
use domain::view::{Address, CheckoutForm, ContactDetails, ContactForm, Preferences};
use platform::Context;
use platform::db::DbError;

const PASSWORD: &str = "blue gate beside the bakery";

fn person(name: &str) -> ContactDetails {
    ContactDetails {
        name: name.into(),
        email: format!("{}@example.com", name.to_lowercase().replace(' ', ".")),
        phone: "0917 123 4567".into(),
    }
}

/// An account, as it is signed in.
async fn shopper(shop: &Shop, name: &str) -> Context {
    let (user, _) = identity::sign_up(shop, &guest(shop), Locale::En, person(name), PASSWORD).await.unwrap();
    Context::customer(user, guest(shop).request)
}

fn cebu() -> Address {
    Address {
        recipient: "Ana  Reyes ".into(),
        phone: "0917 123 4567".into(),
        country: "PH".into(),
        line1: "12 Mabini Street".into(),
        barangay: "lahug".into(),
        city: "Cebu City".into(),
        region: "Region VII".into(),
        ..Address::default()
    }
}

/// Contacts with an address each, a millisecond after each other.
async fn insert_people(shop: &TestShop, people: &[ContactDetails]) -> Vec<ContactId> {
    let prepare = |person| {
        shop.clock.advance(1);
        contacts::prepare_contact(shop, person, Locale::En)
    };
    let prepared: Vec<_> = people.iter().map(prepare).collect();
    let addresses: Vec<_> = prepared.iter().map(|c| contacts::prepare_address(shop, c.id, &cebu())).collect();
    let ids = prepared.iter().map(|c| c.id).collect();
    shop.db()
        .write(async move |tx| {
            contacts::insert_contacts(tx, &prepared).await?;
            contacts::insert_addresses(tx, &addresses).await
        })
        .await
        .unwrap();
    ids
}

#[tokio::test(flavor = "multi_thread")]
async fn people_are_found_by_e_mail_phone_and_words_of_their_name() {
    both(async |shop| {
        let mut people = vec![person("María Clara Santos"), person("Ana Santos"), person("Ben Cruz")];
        people[0].email = "maria.clara@example.com".into();
        people[2].phone = "+65 6123 4567".into();
        let ids = insert_people(shop, &people).await;
        let found = async |text: &str| contacts::find_contacts(shop, text).await.unwrap();
        assert_eq!(found("MARIA.CLARA@example.com").await, [ids[0]]);
        assert_eq!(found("+6561234567").await, [ids[2]]);
        assert_eq!(found("0917-123-4567").await, [ids[1], ids[0]]);
        assert_eq!(found("santos").await, [ids[1], ids[0]]);
        assert_eq!(found("Santos Maria").await, [ids[0]]);
        for nobody in ["", "—", "santo", "nobody@example.com", "Santos Cruz"] {
            assert!(found(nobody).await.is_empty(), "{nobody}");
        }
        let opened = contacts::open_contacts(shop, &ids).await.unwrap();
        assert_eq!(opened[&ids[0]].name, "María Clara Santos");
        assert_eq!(opened[&ids[2]].phone, "+6561234567");
        let unknown = contacts::open_contact(shop, ContactId(shop.id())).await;
        assert!(matches!(unknown, Err(ContactError::Unknown)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sealed_record_that_was_moved_to_another_row_does_not_open() {
    both(async |shop| {
        let ids = insert_people(shop, &[person("Ana Reyes"), person("Ben Cruz")]).await;
        let (from, to) = (ids[0], ids[1]);
        shop.db()
            .write(async move |tx| {
                tx.execute("update contacts set sealed = (select sealed from contacts where id = $1) where id = $2", &[&from, &to]).await
            })
            .await
            .map_err(|e: DbError| e)
            .unwrap();
        assert!(contacts::open_contact(shop, from).await.is_ok());
        assert!(matches!(contacts::open_contact(shop, to).await, Err(ContactError::Sealed)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_book_is_kept_corrected_and_emptied() {
    both(async |shop| {
        let ana = shopper(shop, "Ana Reyes").await;
        assert!(contacts::address_book(shop, &ana).await.unwrap().is_empty());
        let home = contacts::save_address(shop, &ana, Locale::En, None, &cebu(), false).await.unwrap();
        shop.clock.advance(1);
        let work = contacts::save_address(shop, &ana, Locale::En, None, &address(), false).await.unwrap();
        let book = contacts::address_book(shop, &ana).await.unwrap();
        assert_eq!(book.iter().map(|a| (a.id, a.is_default)).collect::<Vec<_>>(), [(home, true), (work, false)]);
        let saved = &book[0].address;
        assert_eq!((saved.recipient.as_str(), saved.phone.as_str(), saved.postal_code.as_str()), ("Ana Reyes", "+639171234567", "6000"));
        assert_eq!(contacts::address_tree::island_group(saved), Some("Visayas"));

        let moved = Address { line1: "7 Rizal Avenue".into(), ..cebu() };
        assert_eq!(contacts::save_address(shop, &ana, Locale::En, Some(work), &moved, true).await.unwrap(), work);
        let book = contacts::address_book(shop, &ana).await.unwrap();
        assert_eq!((book[0].id, book[0].is_default, book[0].address.line1.as_str()), (work, true, "7 Rizal Avenue"));
        assert_eq!(book.iter().filter(|a| a.is_default).count(), 1);

        contacts::set_default_address(shop, &ana, home).await.unwrap();
        contacts::delete_address(shop, &ana, home).await.unwrap();
        let book = contacts::address_book(shop, &ana).await.unwrap();
        assert_eq!(book.iter().map(|a| (a.id, a.is_default)).collect::<Vec<_>>(), [(work, true)]);
        assert!(contacts::open_address(shop, home).await.is_err(), "what it said is gone");
        let again = contacts::delete_address(shop, &ana, home).await;
        assert!(matches!(again, Err(ContactError::Unknown)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_book_is_open_to_its_own_shopper_only() {
    both(async |shop| {
        let (ana, ben) = (shopper(shop, "Ana Reyes").await, shopper(shop, "Ben Cruz").await);
        let home = contacts::save_address(shop, &ana, Locale::En, None, &cebu(), true).await.unwrap();
        let changed = contacts::save_address(shop, &ben, Locale::En, Some(home), &address(), false).await;
        assert!(matches!(changed, Err(ContactError::Unknown)));
        assert!(matches!(contacts::delete_address(shop, &ben, home).await, Err(ContactError::Unknown)));
        assert!(matches!(contacts::set_default_address(shop, &ben, home).await, Err(ContactError::Unknown)));
        assert!(contacts::address_book(shop, &ben).await.unwrap().is_empty());
        assert!(matches!(contacts::address_book(shop, &guest(shop)).await, Err(ContactError::SignedOut)));
        let book = contacts::address_book(shop, &ana).await.unwrap();
        assert_eq!((book.len(), book[0].address.line1.as_str(), book[0].is_default), (1, "12 Mabini Street", true));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_takes_fifty_addresses_and_none_that_is_wrong() {
    both(async |shop| {
        let ana = shopper(shop, "Ana Reyes").await;
        let wrong = Address { barangay: "Nowhere".into(), ..cebu() };
        let refused = contacts::save_address(shop, &ana, Locale::Fil, None, &wrong, false).await;
        let Err(ContactError::Invalid(fields)) = refused else { panic!("{refused:?}") };
        assert_eq!(fields[0].0, "barangay");
        for _ in 0..50 {
            contacts::save_address(shop, &ana, Locale::En, None, &cebu(), false).await.unwrap();
        }
        let full = contacts::save_address(shop, &ana, Locale::En, None, &cebu(), false).await;
        assert!(matches!(full, Err(ContactError::Full(50))));
        assert_eq!(number(shop, "select count(*) from addresses where is_default = 1").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preferences_are_kept_and_newsletters_are_off_by_default() {
    both(async |shop| {
        let ana = shopper(shop, "Ana Reyes").await;
        assert_eq!(contacts::preferences(shop, &ana).await.unwrap(), Preferences::default());
        let wanted = Preferences { locale: "tl".into(), marketing: true };
        contacts::save_preferences(shop, &ana, &wanted).await.unwrap();
        let kept = contacts::preferences(shop, &ana).await.unwrap();
        assert_eq!((kept.locale.as_str(), kept.marketing), ("fil", true));
        assert!(matches!(contacts::preferences(shop, &guest(shop)).await, Err(ContactError::SignedOut)));
    })
    .await;
}

/// Texts that must not be in the database in the open. None of them occurs in the program's own names.
const SECRETS: [&str; 13] = [
    "Estrellita",
    "Magbanua",
    "estrellita.magbanua@example.com",
    "Clara Santos",
    "maria.clara@example.com",
    "9171234567",
    "Mabini",
    "Keong Saik",
    "the parcel at the sari-sari store",
    "Kumare",
    "Benedicta",
    "the lid of the teapot",
    "Happy birthday, Lola",
];

/// Sign-up, address book, a change of details, an order, a search and the mails' jobs.
async fn a_busy_day(shop: &TestShop) {
    let ana = shopper(shop, "Estrellita Magbanua").await;
    let home = contacts::save_address(shop, &ana, Locale::En, None, &cebu(), true).await.unwrap();
    contacts::save_address(shop, &ana, Locale::En, Some(home), &Address { line2: "Estrellita's".into(), ..cebu() }, true).await.unwrap();
    contacts::save_preferences(shop, &ana, &Preferences::default()).await.unwrap();
    identity::save_contact(shop, &ana, Locale::En, "", &person("Estrellita Magbanua"), "").await.unwrap();
    let variant = a_product().with_stock(3).make(shop).await;
    let cart = a_cart(shop, &[(variant, 1)]).await;
    let gift = CheckoutForm { gift_note: "Happy birthday, Lola!".into(), ..form(cart, PaymentMethod::Cash) };
    place_order(shop, &guest(shop), Locale::En, Channel::Web, "a-gift-for-lola", gift).await.unwrap();
    backend::notifications::catch_up(shop).await.unwrap();
    let contact = contacts::find_contacts(shop, "magbanua").await.unwrap()[0];
    let staff = owner(shop).with_key("a-form-with-a-note");
    backend::customers::add_note(shop, &staff, contact, "Leave the parcel at the sari-sari store").await.unwrap();
    backend::customers::add_tag(shop, &staff, contact, "Kumare").await.unwrap();
    let form = ContactForm {
        name: "Benedicta".into(),
        email: "benedicta@example.com".into(),
        order_number: String::new(),
        message: "I miss the lid of the teapot".into(),
    };
    crate::content::publish_contact(shop).await;
    backend::content::receive(shop, &guest(shop), Locale::En, &form).await.unwrap();
    assert!(!contacts::find_contacts(shop, "magbanua").await.unwrap().is_empty());
}

fn holds(text: &[u8], secret: &str) -> bool {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    [secret, &hex].iter().any(|form| text.windows(form.len()).any(|part| part.eq_ignore_ascii_case(form.as_bytes())))
}

fn files(folder: &Path, into: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        if entry.path().is_dir() { files(&entry.path(), into) } else { into.push(entry.path()) }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_database_file_and_its_log_hold_no_personal_data() {
    let shop = sqlite().await;
    a_busy_day(&shop).await;
    // With the write-ahead log still beside it, and again when it is closed.
    for _ in 0..2 {
        let mut all = Vec::new();
        files(shop.folder.path(), &mut all);
        let mut finds_open_text = false;
        for file in all {
            let bytes = std::fs::read(&file).unwrap();
            finds_open_text |= holds(&bytes, "Dried mango");
            for secret in SECRETS {
                assert!(!holds(&bytes, secret), "“{secret}” in {}", file.display());
            }
        }
        assert!(finds_open_text, "what is in the open can be read, so the search works");
        shop.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_tables_in_postgres_hold_no_personal_data() {
    let shop = postgres().await;
    a_busy_day(&shop).await;
    let tables: Vec<String> = shop
        .db()
        .fetch_scalars("select cast(table_name as text) from information_schema.tables where table_schema = 'public'", &[])
        .await
        .unwrap();
    assert!(tables.len() > 20);
    let admin = std::env::var("TINDAHAN_TEST_POSTGRES").unwrap();
    let name = shop.db().url().rsplit('/').next().unwrap().to_owned();
    let url = format!("{}/{name}", admin.rsplit_once('/').unwrap().0);
    let mut connection = <sqlx::PgConnection as sqlx::Connection>::connect(&url).await.unwrap();
    let mut finds_open_text = false;
    for table in tables {
        // Bytes are written in hex.
        let sql = sqlx::AssertSqlSafe(format!("select cast(t as text) from {table} t"));
        let texts: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut connection).await.unwrap();
        finds_open_text |= texts.iter().any(|text| holds(text.as_bytes(), "Dried mango"));
        for secret in SECRETS {
            assert!(texts.iter().all(|text| !holds(text.as_bytes(), secret)), "“{secret}” in {table}");
        }
    }
    assert!(finds_open_text, "what is in the open can be read, so the search works");
    shop.close().await;
}
