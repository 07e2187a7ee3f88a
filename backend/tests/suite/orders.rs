//! Finding and showing orders, on both databases.

use crate::support::outside::{assert_sound, clerk, owner};
use crate::support::{Folder, TestShop, a_cart, a_product, both, form, guest, number, open, place, postgres_url_with};
use backend::order_management::{self, OrderChangeError};
use backend::orders::{self, OrderError};
use backend::{dashboard, fulfilment};
use domain::Locale;
use domain::id::RequestId;
use domain::order::{Channel, PaymentMethod, PaymentState};
use domain::permission::Role;
use domain::view::OrderQuery;
use platform::Context;

#[tokio::test(flavor = "multi_thread")]
async fn part_of_an_order_number_finds_the_order_where_letters_are_sorted_by_a_language() {
    let url = postgres_url_with("template template0 locale_provider icu icu_locale 'en'").await;
    let shop = open(url, Folder::new(), |_| {}).await;
    let variant = a_product().with_stock(1).make(&shop).await;
    let placed = place(&shop, &[(variant, 1)]).await.unwrap();
    for length in 2..=placed.number.len() {
        assert_eq!(found(&shop, &placed.number[..length]).await, 1, "{}", &placed.number[..length]);
    }
    shop.shop.close().await;
}

async fn found(shop: &TestShop, search: &str) -> usize {
    let query = OrderQuery { search: search.into(), ..OrderQuery::default() };
    orders::list(shop, &clerk(shop), &query).await.unwrap().orders.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_number_mail_phone_name_and_sku() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let mut other = form(a_cart(shop, &[(variant, 1)]).await, PaymentMethod::Cash);
        other.contact.name = "Juan dela Cruz".into();
        other.contact.email = "juan@example.com".into();
        other.contact.phone = "+639180000000".into();
        backend::checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, "another-buyer", other).await.unwrap();

        assert_eq!(found(shop, "").await, 2);
        assert_eq!(found(shop, &placed.number).await, 1);
        assert_eq!(found(shop, &placed.number.to_lowercase().replace('-', "")).await, 1);
        assert_eq!(found(shop, &placed.number[..7]).await, 1);
        assert_eq!(found(shop, "maria.clara@example.com").await, 1);
        assert_eq!(found(shop, "0917 123 4567").await, 1);
        assert_eq!(found(shop, "cruz").await, 1);
        assert_eq!((found(shop, "cruz juan").await, found(shop, "cruz maria").await), (1, 0));
        let sku: String = shop.db().fetch_scalar("select sku from variants", &[]).await.unwrap();
        assert_eq!(found(shop, &sku).await, 2);
        assert_eq!(found(shop, "nobody at all").await, 0);
        assert!(matches!(orders::list(shop, &guest(shop), &OrderQuery::default()).await, Err(OrderError::Forbidden(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_a_sku_in_any_case_and_two_that_differ_by_case_are_told_apart() {
    both(async |shop| {
        let (upper, lower) = (a_product().with_stock(5).make(shop).await, a_product().with_stock(5).make(shop).await);
        for (variant, sku) in [(upper, "MANGO-1"), (lower, "Ube-2")] {
            let sql = "update variants set sku = $2 where id = $1";
            shop.db().write(async move |tx| tx.execute(sql, &[&variant, &sku]).await).await.unwrap();
        }
        let of = async |variant, units| place(shop, &[(variant, units)]).await.unwrap().order;
        let (mango, ube) = (of(upper, 1).await, of(lower, 1).await);
        let ids = async |search: &str| {
            let query = OrderQuery { search: search.into(), ..OrderQuery::default() };
            let found = orders::list(shop, &clerk(shop), &query).await.unwrap().orders;
            found.into_iter().map(|order| order.id).collect::<Vec<_>>()
        };
        for search in ["MANGO-1", "mango-1", " Mango-1 "] {
            assert_eq!(ids(search).await, [mango], "{search}");
        }
        assert_eq!(ids("UBE-2").await, [ube]);
        assert!(ids("mango-").await.is_empty());
        shop.db().write(async move |tx| tx.execute("update variants set sku = 'mango-1' where id = $1", &[&lower]).await).await.unwrap();
        assert_eq!((ids("MANGO-1").await, ids("mango-1").await), (vec![mango], vec![ube]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_orders_follow_each_other_without_gap_or_repeat() {
    both(async |shop| {
        let variant = a_product().with_stock(200).make(shop).await;
        for _ in 0..53 {
            place(shop, &[(variant, 1)]).await.unwrap();
        }
        let mut query = OrderQuery { payment: "pending".into(), fulfilment: "unfulfilled".into(), ..OrderQuery::default() };
        let first = orders::list(shop, &clerk(shop), &query).await.unwrap();
        query.after = first.next.clone().unwrap();
        let second = orders::list(shop, &clerk(shop), &query).await.unwrap();
        assert_eq!((first.orders.len(), second.orders.len(), second.next), (50, 3, None));
        let all: std::collections::HashSet<_> = first.orders.iter().chain(&second.orders).map(|o| o.id).collect();
        assert_eq!(all.len(), 53);
        assert_eq!((first.orders[0].customer.as_deref(), first.orders[0].units), (Some("Maria Clara Santos"), 1));
        query.after = "nonsense".into();
        assert_eq!(orders::list(shop, &clerk(shop), &query).await.unwrap().orders.len(), 50);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_search_by_sku_or_by_the_beginning_of_a_number_follow_each_other_without_gap_or_repeat() {
    both(async |shop| {
        let variant = a_product().with_stock(200).make(shop).await;
        for _ in 0..53 {
            place(shop, &[(variant, 1)]).await.unwrap();
        }
        let sql = "update orders set number = 'TAA' || substr(number, 4)";
        shop.db().write(async move |tx| tx.execute(sql, &[]).await).await.unwrap();
        let sku: String = shop.db().fetch_scalar("select sku from variants", &[]).await.unwrap();
        for search in [sku.as_str(), "taa"] {
            let mut query = OrderQuery { search: search.into(), ..OrderQuery::default() };
            let first = orders::list(shop, &clerk(shop), &query).await.unwrap();
            query.after = first.next.clone().unwrap();
            let second = orders::list(shop, &clerk(shop), &query).await.unwrap();
            assert_eq!((first.orders.len(), second.orders.len(), second.next), (50, 3, None), "{search}");
            let all: std::collections::HashSet<_> = first.orders.iter().chain(&second.orders).map(|o| o.id).collect();
            assert_eq!(all.len(), 53, "{search}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signed_link_shows_its_own_order_and_no_other() {
    both(async |shop| {
        let variant = a_product().with_stock(5).make(shop).await;
        let (one, other) = (place(shop, &[(variant, 1)]).await.unwrap(), place(shop, &[(variant, 2)]).await.unwrap());
        let token = one.link.rsplit('/').next().unwrap().to_owned();
        let view = order_management::by_link(shop, Locale::En, &token).await.unwrap();
        assert_eq!((view.id, view.contact.as_ref().unwrap().name.as_str()), (one.order, "Maria Clara Santos"));
        assert_eq!((view.total, view.lines.len()), (one.total, 1));
        assert!(view.timeline.iter().all(|entry| entry.actor.is_empty()));
        let signature = token.split_once('.').unwrap().1;
        for forged in [format!("{}.{signature}", other.order), one.order.to_string(), format!("{}.", one.order), "x".into(), String::new()]
        {
            assert!(matches!(order_management::by_link(shop, Locale::En, &forged).await, Err(OrderError::Link)), "{forged}");
        }
        assert!(matches!(order_management::view(shop, &guest(shop), Locale::En, one.order).await, Err(OrderError::Unknown)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shopper_sees_their_own_orders_only() {
    both(async |shop| {
        let details = |email: &str| domain::view::ContactDetails { name: "Ana Reyes".into(), email: email.into(), phone: String::new() };
        let mut users = Vec::new();
        for email in ["ana@example.com", "ben@example.com"] {
            let (user, _) =
                backend::identity::sign_up(shop, &guest(shop), Locale::En, details(email), "correct horse battery").await.unwrap();
            users.push(Context::customer(user, RequestId(shop.id())));
        }
        let variant = a_product().with_stock(5).make(shop).await;
        let items = crate::support::items(&[(variant, 1)]);
        let cart = backend::cart::sync(shop, &users[0], Locale::En, Channel::Web, None, 0, items, None).await.unwrap().id.unwrap();
        let order = form(cart, PaymentMethod::Cash);
        let placed = backend::checkout::place_order(shop, &users[0], Locale::En, Channel::Web, "the-key-of-ana", order).await.unwrap();
        assert_eq!(orders::of_customer(shop, &users[0], None).await.unwrap().orders.len(), 1);
        assert!(order_management::view(shop, &users[0], Locale::En, placed.order).await.is_ok());
        assert_eq!(orders::of_customer(shop, &users[1], None).await.unwrap().orders.len(), 0);
        assert!(matches!(order_management::view(shop, &users[1], Locale::En, placed.order).await, Err(OrderError::Unknown)));
        assert!(orders::of_customer(shop, &guest(shop), None).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_reverses_the_sale_in_the_books_and_releases_the_stock_once() {
    both(async |shop| {
        let variant = a_product().at(11_200).with_stock(5).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        assert!(matches!(order_management::cancel(shop, &clerk(shop), placed.order, "x").await, Err(OrderChangeError::Forbidden(_))));
        assert!(matches!(order_management::cancel(shop, &owner(shop), placed.order, "  ").await, Err(OrderChangeError::Reason)));
        for _ in 0..2 {
            order_management::cancel(shop, &owner(shop), placed.order, "the shopper called").await.unwrap();
        }
        let order = order_management::view(shop, &owner(shop), Locale::En, placed.order).await.unwrap();
        assert_eq!((order.payment, order.cancelled.map(|c| c.1).as_deref()), (PaymentState::Voided, Some("the shopper called")));
        assert_eq!(number(shop, "select count(*) from (select account from postings where account not like 'inventory%' group by account having sum(amount) <> 0) a").await, 0);
        assert_eq!(number(shop, "select available from stock").await, 5);
        assert_eq!(number(shop, "select count(*) from events where kind = 'order.cancelled'").await, 1);
        assert_sound(shop).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_keep_their_own_filters_and_are_named_in_timelines() {
    both(async |shop| {
        let contact = domain::view::ContactDetails { name: "Lola".into(), email: "lola@example.com".into(), phone: String::new() };
        let user = backend::identity::create_staff(shop, &shop.system(), Locale::En, contact, Role::Manager, "correct horse battery")
            .await
            .unwrap();
        let ctx = Context::staff(user, Role::Manager, RequestId(shop.id()));
        let id = orders::save_filter(shop, &ctx, "To pack", "fulfilment=unfulfilled").await.unwrap();
        assert_eq!(orders::save_filter(shop, &ctx, "To pack", "fulfilment=partial").await.unwrap(), id);
        let filters = orders::saved_filters(shop, &ctx).await.unwrap();
        assert_eq!((filters.len(), filters[0].name.as_str(), filters[0].query.as_str()), (1, "To pack", "fulfilment=partial"));
        let kept: Vec<u8> = shop.db().fetch_scalar("select sealed from saved_filters", &[]).await.unwrap();
        assert!(!kept.windows(7).any(|part| part == b"partial"), "a filter is kept as it was typed");
        assert!(matches!(orders::save_filter(shop, &ctx, " ", "").await, Err(OrderError::FilterName)));
        assert!(matches!(orders::delete_filter(shop, &owner(shop), id).await, Err(OrderError::Unknown)));
        // The timeline shows staff the name of who changed an order.
        let variant = a_product().with_stock(5).make(shop).await;
        let placed = place(shop, &[(variant, 1)]).await.unwrap();
        order_management::cancel(shop, &ctx, placed.order, "test").await.unwrap();
        let order = order_management::view(shop, &ctx, Locale::En, placed.order).await.unwrap();
        let actors: Vec<&str> = order.timeline.iter().map(|e| e.actor.as_str()).collect();
        assert_eq!(actors, ["The shopper", "Lola", "Lola"]);
        orders::delete_filter(shop, &ctx, id).await.unwrap();
        assert!(orders::saved_filters(shop, &ctx).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_begins_at_midnight_in_manila() {
    both(async |shop| {
        let variant = a_product().with_stock(6).make(shop).await;
        place(shop, &[(variant, 1)]).await.unwrap(); // 10:30 in Manila
        shop.clock.advance(13 * 3_600_000); // 23:30
        let last = place(shop, &[(variant, 1)]).await.unwrap();
        let today = dashboard::today(shop, &clerk(shop), Locale::En).await.unwrap();
        assert_eq!((today.orders, today.sales.minor, today.queues.to_pack), (2, 2 * last.total.minor, 2));
        assert_eq!(today.last_days.len(), 14);
        shop.clock.advance(3_600_000); // 00:30
        place(shop, &[(variant, 1)]).await.unwrap();
        order_management::cancel(shop, &owner(shop), last.order, "late").await.unwrap();
        let today = dashboard::today(shop, &clerk(shop), Locale::En).await.unwrap();
        assert_eq!((today.orders, today.sales.minor, today.queues.to_pack), (1, last.total.minor, 2));
        assert_eq!(today.last_days[12].1, last.total.minor);
        assert_eq!((today.latest.len(), today.low_stock.len()), (3, 1));
        assert!(matches!(dashboard::today(shop, &guest(shop), Locale::En).await, Err(OrderError::Forbidden(_))));
        shop.clock.advance((6 * 24 + 9) * 3_600_000); // 09:30 a week after the first
        let week_ago = async || dashboard::today(shop, &clerk(shop), Locale::En).await.unwrap().week_ago;
        assert_eq!(week_ago().await, (0, 0));
        shop.clock.advance(2 * 3_600_000);
        assert_eq!(week_ago().await, (1, last.total.minor));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_found_by_the_tracking_number_of_any_of_its_parcels() {
    both(async |shop| {
        let variant = a_product().with_stock_in("WH-1", 1).with_stock_in("WH-2", 1).make(shop).await;
        let placed = place(shop, &[(variant, 2)]).await.unwrap();
        let other = place(shop, &[(a_product().with_stock(1).make(shop).await, 1)]).await.unwrap();
        for (order, tracking) in [(placed.order, "0917-1234567"), (other.order, "T1234567")] {
            for parcel in fulfilment::pick(shop, &clerk(shop), order).await.unwrap() {
                fulfilment::pack(shop, &clerk(shop), parcel).await.unwrap();
                fulfilment::ship(shop, &clerk(shop), parcel, "LBC", tracking).await.unwrap();
            }
        }
        // Two parcels of one order have the first number. The second looks like an order's.
        for (tracking, order) in [("0917-1234567", placed.order), (" T1234567 ", other.order)] {
            let query = OrderQuery { search: tracking.into(), ..OrderQuery::default() };
            let ids: Vec<_> = orders::list(shop, &clerk(shop), &query).await.unwrap().orders.into_iter().map(|order| order.id).collect();
            assert_eq!(ids, [order], "{tracking}");
        }
        assert_eq!((found(shop, "0917-123").await, found(shop, "1234567").await), (0, 0), "only the whole number");
        let query = OrderQuery { search: "0917-1234567".into(), payment: "paid".into(), ..OrderQuery::default() };
        assert!(orders::list(shop, &clerk(shop), &query).await.unwrap().orders.is_empty());
    })
    .await;
}
