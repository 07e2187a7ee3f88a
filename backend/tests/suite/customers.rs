//! Customers as staff see them: who is one person, the list and the search, notes, tags, and one customer of two; on both databases.

use crate::export::read;
use crate::support::outside::{clerk, owner};
use crate::support::{TestShop, a_product, both, events_of, form, guest, items, number};
use backend::customers::{self, CustomerError, CustomersFile};
use backend::{Shop, checkout, fulfilment, identity, order_management, payments};
use domain::Locale;
use domain::id::{ContactId, OrderId, UserId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::Role;
use domain::view::{ContactDetails, CustomerListView, CustomerQuery, CustomerView, PageAt, Placed};
use platform::Context;
use platform::db::Tx;
use uuid::Uuid;

const PASSWORD: &str = "blue gate beside the bakery";

fn person(name: &str) -> ContactDetails {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    ContactDetails { name: name.into(), email, phone: String::new() }
}

async fn sign_up(shop: &Shop, name: &str) -> UserId {
    identity::sign_up(shop, &guest(shop), Locale::En, person(name), PASSWORD).await.unwrap().0
}

/// Orders a unit as this caller, under this name.
async fn order_as(shop: &TestShop, ctx: &Context, variant: VariantId, who: ContactDetails) -> Placed {
    shop.clock.advance(1_000);
    let cart = backend::cart::sync(shop, ctx, Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), None).await.unwrap();
    let mut form = form(cart.id.unwrap(), PaymentMethod::Cash);
    form.contact = who;
    checkout::place_order(shop, ctx, Locale::En, Channel::Web, &Uuid::new_v4().to_string(), form).await.unwrap()
}

async fn order(shop: &TestShop, variant: VariantId, name: &str) -> Placed {
    order_as(shop, &guest(shop), variant, person(name)).await
}

async fn all(shop: &Shop) -> CustomerListView {
    customers::list(shop, &owner(shop), &CustomerQuery::default()).await.unwrap()
}

async fn search(shop: &Shop, words: &str) -> Vec<String> {
    let query = CustomerQuery { search: words.into(), ..CustomerQuery::default() };
    names(&customers::list(shop, &owner(shop), &query).await.unwrap())
}

fn names(list: &CustomerListView) -> Vec<String> {
    list.customers.iter().map(|row| row.contact.name.clone()).collect()
}

/// The contact by which the only customer of this name is found.
async fn contact(shop: &Shop, name: &str) -> ContactId {
    let query = CustomerQuery { search: name.into(), ..CustomerQuery::default() };
    let found = customers::list(shop, &owner(shop), &query).await.unwrap().customers;
    assert_eq!(found.len(), 1, "{name}: {found:?}");
    found[0].id
}

async fn see(shop: &Shop, customer: ContactId) -> CustomerView {
    customers::view(shop, &owner(shop), Locale::En, customer, &PageAt::default()).await.unwrap()
}

fn orders_of(view: &CustomerView) -> Vec<OrderId> {
    view.list.orders.iter().map(|order| order.id).collect()
}

async fn contact_of(shop: &Shop, order: OrderId) -> ContactId {
    shop.db().fetch_scalar("select contact_id from orders where id = $1", &[&order]).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_customer_is_an_account_with_its_orders_or_a_guest_by_e_mail_and_listed_once() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        let first = order(shop, variant, "Bea Ramos").await;
        let ana = sign_up(shop, "Ana Reyes").await;
        let signed_in = Context::customer(ana, guest(shop).request);
        let at_work = ContactDetails { name: "Ana at work".into(), email: "office@example.com".into(), phone: String::new() };
        let own = order_as(shop, &signed_in, variant, at_work.clone()).await;
        let office = order_as(shop, &guest(shop), variant, ContactDetails { name: "The office".into(), ..at_work }).await;
        let as_guest = order(shop, variant, "Ana Reyes").await;
        identity::create_staff(shop, &shop.system(), Locale::En, person("Lola"), Role::Clerk, PASSWORD).await.unwrap();
        assert_eq!(names(&all(shop).await), ["Ana Reyes", "The office", "Bea Ramos"]);
        let again = order(shop, variant, "Bea Ramos").await;
        let list = all(shop).await;
        assert_eq!(names(&list), ["Bea Ramos", "Ana Reyes", "The office"]);
        assert_eq!(list.customers.iter().map(|row| row.account).collect::<Vec<_>>(), [false, true, false]);

        let bea = see(shop, list.customers[0].id).await;
        assert_eq!(orders_of(&bea), [again.order, first.order]);
        let ana = see(shop, contact_of(shop, own.order).await).await;
        assert_eq!((ana.contact.name.as_str(), orders_of(&ana)), ("Ana Reyes", vec![as_guest.order, own.order]));
        assert_eq!(ana.others.iter().map(|other| other.name.as_str()).collect::<Vec<_>>(), ["Ana at work"]);
        assert_eq!(orders_of(&see(shop, contact_of(shop, office.order).await).await), [office.order]);

        // Whoever ordered as a guest and signs up is one customer.
        sign_up(shop, "Bea Ramos").await;
        let list = all(shop).await;
        assert_eq!((names(&list), list.customers[0].account), (vec!["Bea Ramos".into(), "Ana Reyes".into(), "The office".into()], true));
        let unknown = customers::view(shop, &owner(shop), Locale::En, ContactId(shop.id()), &PageAt::default()).await;
        assert!(matches!(unknown, Err(CustomerError::Unknown)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_found_by_name_mail_telephone_order_number_and_tag() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        let who = ContactDetails { phone: "0917 555 0101".into(), ..person("Carla Ocampo") };
        let placed = order_as(shop, &guest(shop), variant, who).await;
        order(shop, variant, "Carla Ocampo").await;
        order(shop, variant, "Dan Ocampo").await;
        customers::add_tag(shop, &owner(shop), contact(shop, "dan").await, "Wholesale").await.unwrap();
        assert_eq!(search(shop, "ocampo").await, ["Dan Ocampo", "Carla Ocampo"]);
        for words in ["Ocampo Carla", "CARLA.OCAMPO@example.com", "+639175550101", &placed.number, &placed.number[..8].to_lowercase()] {
            assert_eq!(search(shop, words).await, ["Carla Ocampo"], "{words}");
        }
        assert_eq!(search(shop, "wholesale").await, ["Dan Ocampo"]);
        assert!(search(shop, "nobody").await.is_empty());
        let found = customers::find(shop, &owner(shop), "ocampo", 1).await.unwrap();
        assert_eq!(found.len(), 1);
        for denied in [
            customers::list(shop, &clerk(shop), &CustomerQuery::default()).await.map(drop),
            customers::find(shop, &clerk(shop), "ocampo", 5).await.map(drop),
            customers::view(shop, &clerk(shop), Locale::En, found[0].id, &PageAt::default()).await.map(drop),
            customers::add_tag(shop, &clerk(shop), found[0].id, "x").await,
            customers::add_note(shop, &clerk(shop), found[0].id, "x").await,
            customers::merge(shop, &clerk(shop), found[0].id, found[0].id).await,
        ] {
            assert!(matches!(denied, Err(CustomerError::Forbidden(_))), "{denied:?}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_of_many_pages_has_each_customer_once() {
    both(async |shop| {
        let variant = a_product().with_stock(500).make(shop).await;
        for n in 0..130 {
            order(shop, variant, &format!("Shopper {}", n % 65)).await;
        }
        let mut query = CustomerQuery::default();
        let (mut seen, mut pages) = (Vec::new(), Vec::new());
        let last = loop {
            let page = customers::list(shop, &owner(shop), &query).await.unwrap();
            seen.extend(names(&page));
            pages.push(names(&page));
            let Some(next) = page.next.clone() else { break page };
            query.at = PageAt::after(next);
        };
        // And back.
        let mut previous = last.previous;
        while let Some(before) = previous {
            pages.pop();
            query.at = PageAt::before(before);
            let page = customers::list(shop, &owner(shop), &query).await.unwrap();
            assert_eq!(Some(&names(&page)), pages.last());
            previous = page.previous;
        }
        assert_eq!(pages.len(), 1);
        let expected: Vec<String> = (0..65).rev().map(|n| format!("Shopper {n}")).collect();
        assert_eq!(seen, expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_customer_spent_is_what_they_bought_less_what_went_back() {
    both(async |shop| {
        let (variant, staff) = (a_product().with_stock(50).make(shop).await, owner(shop));
        let kept = order(shop, variant, "Ana Reyes").await;
        let refunded = order(shop, variant, "Ana Reyes").await;
        let cancelled = order(shop, variant, "Ana Reyes").await;
        let parcel = fulfilment::pick(shop, &staff, refunded.order).await.unwrap()[0];
        fulfilment::pack(shop, &staff, parcel).await.unwrap();
        fulfilment::ship(shop, &staff, parcel, "LBC", "T-1").await.unwrap();
        fulfilment::deliver(shop, &staff, parcel).await.unwrap();
        payments::refund(shop, &staff, refunded.order, 2_501, "a scratch").await.unwrap();
        order_management::cancel(shop, &staff, cancelled.order, "they called").await.unwrap();
        let view = see(shop, contact(shop, "ana").await).await;
        assert_eq!((view.orders, view.spent.len()), (3, 1));
        let net = kept.total.minor + refunded.total.minor - 2_501;
        assert_eq!((view.spent[0].orders, view.spent[0].total.minor, view.spent[0].average.minor), (2, net, (net + 1) / 2));
        assert_eq!(view.last_order, Some(shop.now()));
        assert_eq!(view.addresses.len(), 1, "one address of three orders: {:?}", view.addresses);
        assert_eq!(orders_of(&view), [cancelled.order, refunded.order, kept.order]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn notes_and_tags_are_kept_with_their_actor_once_and_leave_with_the_export() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        order(shop, variant, "Ana Reyes").await;
        let ana = contact(shop, "ana").await;
        let lola = identity::create_staff(shop, &shop.system(), Locale::En, person("Lola Cruz"), Role::Manager, PASSWORD).await.unwrap();
        let staff = Context::staff(lola, Role::Manager, guest(shop).request);
        for wrong in ["", "  ", &"x".repeat(customers::MAX_NOTE + 1)] {
            assert!(matches!(customers::add_note(shop, &staff, ana, wrong).await, Err(CustomerError::Note)));
        }
        for wrong in ["", "two\nlines and\u{7}", &"x".repeat(customers::MAX_TAG + 1)] {
            assert!(matches!(customers::add_tag(shop, &staff, ana, wrong).await, Err(CustomerError::Tag)), "{wrong}");
        }
        let pressed = staff.clone().with_key("a-form");
        let [one, two] = [pressed.clone(), pressed.clone()];
        let (a, b) = tokio::join!(customers::add_note(shop, &one, ana, "Rings twice"), customers::add_note(shop, &two, ana, "Rings twice"));
        assert!(a.is_ok() || b.is_ok(), "{a:?} {b:?}");
        customers::add_note(shop, &pressed, ana, "Rings twice").await.unwrap();
        assert!(matches!(customers::add_note(shop, &pressed, ana, "Something else").await, Err(CustomerError::Reused)));
        shop.clock.advance(1_000);
        customers::add_note(shop, &staff, ana, "Wants paper bags,\r\nno plastic").await.unwrap();
        for tag in ["Wholesale", " wholesale ", "Suki"] {
            shop.clock.advance(1);
            customers::add_tag(shop, &staff, ana, tag).await.unwrap();
        }
        let view = see(shop, ana).await;
        assert_eq!(view.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["Wants paper bags,\nno plastic", "Rings twice"]);
        assert_eq!((view.notes[0].author.as_str(), view.tags), ("Lola Cruz", vec!["Wholesale".to_owned(), "Suki".to_owned()]));

        let mut file = CustomersFile::begin(shop, &owner(shop)).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(part) = file.next().await.unwrap() {
            bytes.extend(part);
        }
        let rows = read(&String::from_utf8(bytes).unwrap());
        assert_eq!((rows.len(), rows[0]["tags"].as_str()), (1, "Wholesale, Suki"));
        assert_eq!(rows[0]["notes"], "Wants paper bags,\nno plastic\n\nRings twice");

        customers::delete_note(shop, &staff, view.notes[1].id).await.unwrap();
        assert!(matches!(customers::delete_note(shop, &staff, view.notes[1].id).await, Err(CustomerError::Unknown)));
        customers::remove_tag(shop, &staff, ana, "SUKI").await.unwrap();
        customers::remove_tag(shop, &staff, ana, "SUKI").await.unwrap();
        let view = see(shop, ana).await;
        assert_eq!((view.notes.len(), view.tags), (1, vec!["Wholesale".to_owned()]));
        let customer: Uuid = shop.db().fetch_scalar("select id from customers", &[]).await.unwrap();
        let events = events_of(shop, customer).await;
        assert!(events.iter().all(|event| event.actor == staff.actor.to_string()));
        let kinds: Vec<&str> = events.iter().map(|event| event.kind.as_str()).collect();
        let [note, tag] = ["customer.note_added", "customer.tag_added"];
        assert_eq!(kinds, [note, note, tag, tag, "customer.note_deleted", "customer.tag_removed"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_customers_become_one_with_all_they_have_and_what_they_order_later() {
    both(async |shop| {
        let (variant, staff) = (a_product().with_stock(50).make(shop).await, owner(shop));
        let user = sign_up(shop, "Ana Reyes").await;
        let own = order_as(shop, &Context::customer(user, guest(shop).request), variant, person("Ana Reyes")).await;
        let other = order(shop, variant, "Anna R").await;
        let (ana, anna) = (contact(shop, "reyes").await, contact(shop, "anna").await);
        customers::add_note(shop, &staff, ana, "First").await.unwrap();
        shop.clock.advance(1_000);
        customers::add_note(shop, &staff, anna, "Second").await.unwrap();
        for (customer, tag) in [(ana, "Suki"), (anna, "Suki"), (anna, "Wholesale")] {
            shop.clock.advance(1);
            customers::add_tag(shop, &staff, customer, tag).await.unwrap();
        }
        let asked = customers::merge_view(shop, &staff, ana, "anna", Some(anna)).await.unwrap();
        assert_eq!((asked.found.len(), asked.refused), (1, false));
        assert_eq!(asked.chosen.map(|(row, orders)| (row.id, orders)), Some((anna, 1)));

        // Pressed twice at once, and once more.
        let (a, b) = tokio::join!(customers::merge(shop, &staff, ana, anna), customers::merge(shop, &staff, ana, anna));
        a.unwrap();
        b.unwrap();
        customers::merge(shop, &staff, ana, anna).await.unwrap();
        assert_eq!(number(shop, "select count(*) from events where kind = 'customers.merged'").await, 1);
        let later = order(shop, variant, "Anna R").await;
        for id in [ana, anna, contact_of(shop, later.order).await] {
            let view = see(shop, id).await;
            assert_eq!((view.contact.name.as_str(), orders_of(&view)), ("Ana Reyes", vec![later.order, other.order, own.order]));
            assert_eq!(view.notes.iter().map(|note| note.text.as_str()).collect::<Vec<_>>(), ["Second", "First"]);
            assert_eq!(view.tags, ["Suki", "Wholesale"]);
        }
        assert_eq!((names(&all(shop).await), search(shop, "anna").await), (vec!["Ana Reyes".to_owned()], vec!["Ana Reyes".to_owned()]));
        let shopper = Context::customer(user, guest(shop).request);
        let theirs = backend::orders::of_customer(shop, &shopper, None).await.unwrap().orders;
        assert_eq!(theirs.iter().map(|order| order.id).collect::<Vec<_>>(), [own.order], "who may see an order stays as it was");

        let customer: Uuid = shop.db().fetch_scalar("select id from customers where merged_into is null", &[]).await.unwrap();
        let merged: Vec<_> = events_of(shop, customer).await.into_iter().filter(|event| event.kind == "customers.merged").collect();
        assert_eq!(merged[0].actor, staff.actor.to_string());

        let mut file = CustomersFile::begin(shop, &owner(shop)).await.unwrap();
        let mut bytes = Vec::new();
        while let Some(part) = file.next().await.unwrap() {
            bytes.extend(part);
        }
        let rows = read(&String::from_utf8(bytes).unwrap());
        assert_eq!((rows.len(), rows[0]["orders"].as_str(), rows[0]["email"].as_str()), (1, "3", "ana.reyes@example.com"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_who_can_both_sign_in_stay_two() {
    both(async |shop| {
        let staff = owner(shop);
        let [ana, bea] = [sign_up(shop, "Ana Reyes").await, sign_up(shop, "Bea Ramos").await];
        let (first, second) = (contact(shop, "ana").await, contact(shop, "bea").await);
        assert!(customers::merge_view(shop, &staff, first, "", Some(second)).await.unwrap().refused);
        assert!(matches!(customers::merge(shop, &staff, first, second).await, Err(CustomerError::TwoAccounts)));
        assert_eq!(number(shop, "select count(*) from customers").await, 0, "nothing is kept of what was refused");
        let locked = "update users set active = 0 where id = $1";
        shop.db().write(async move |tx: &mut Tx| tx.execute(locked, &[&bea]).await).await.unwrap();
        customers::merge(shop, &staff, first, second).await.unwrap();
        let view = see(shop, second).await;
        assert_eq!((view.contact.name.as_str(), view.accounts.len()), ("Ana Reyes", 2));
        // An account that changes its e-mail keeps what was written about it.
        customers::add_note(shop, &staff, first, "Rings twice").await.unwrap();
        let renamed = ContactDetails { email: "ana.new@example.com".into(), ..person("Ana Reyes") };
        let shopper = Context::customer(ana, guest(shop).request);
        identity::save_contact(shop, &shopper, Locale::En, "", &renamed, PASSWORD).await.unwrap();
        let view = see(shop, first).await;
        assert_eq!((view.contact.email.as_str(), view.notes.len()), ("ana.new@example.com", 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_is_placed_while_two_become_one_is_not_lost() {
    both(async |shop| {
        let (variant, staff) = (a_product().with_stock(200).make(shop).await, owner(shop));
        for round in 0..5 {
            let [one, two] = [format!("Una{round} Santos"), format!("Dos{round} Santos")];
            let mut placed = vec![order(shop, variant, &one).await.order, order(shop, variant, &two).await.order];
            let (to, from) = (contact(shop, &one).await, contact(shop, &two).await);
            let rivals = async {
                let mut placed = Vec::new();
                for name in [&two, &one, &two, &two] {
                    placed.push(order(shop, variant, name).await.order);
                }
                placed
            };
            // In both directions at once, with orders and a note meanwhile.
            let (there, back, noted, more) = tokio::join!(
                customers::merge(shop, &staff, to, from),
                customers::merge(shop, &staff, from, to),
                customers::add_note(shop, &staff, from, "Meanwhile"),
                rivals
            );
            there.unwrap();
            back.unwrap();
            noted.unwrap();
            placed.extend(more);
            for id in [to, from] {
                let view = see(shop, id).await;
                let mut found = orders_of(&view);
                found.sort();
                placed.sort();
                assert_eq!((found, view.notes.len()), (placed.clone(), 1));
            }
        }
        assert_eq!(number(shop, "select count(*) from events where kind = 'customers.merged'").await, 5);
        assert_eq!(all(shop).await.customers.len(), 5);
    })
    .await;
}
