//! Orders and customers leave the shop as CSV, on both databases.

use crate::support::outside::{clerk, owner};
use crate::support::{TestShop, a_cart, a_product, both, form, guest, place};
use backend::customers::{CUSTOMER_COLUMNS, CustomersFile};
use backend::order_management;
use backend::orders::{ORDER_COLUMNS, OrderError, OrdersFile};
use domain::Locale;
use domain::order::{Channel, PaymentMethod};
use domain::view::OrderQuery;
use platform::events::RecordedEvent;
use serde_json::Value;

pub(crate) async fn orders_file(shop: &TestShop, query: OrderQuery) -> String {
    let mut file = OrdersFile::begin(shop, &owner(shop), query).await.unwrap();
    let mut all = Vec::new();
    while let Some(part) = file.next().await.unwrap() {
        all.extend(part);
    }
    String::from_utf8(all).unwrap()
}

/// Rows by column, read as a spreadsheet does.
pub(crate) fn read(file: &str) -> Vec<std::collections::HashMap<String, String>> {
    let plain = file.strip_prefix('\u{feff}').expect("the file begins with its mark");
    let mut reader = csv::Reader::from_reader(plain.as_bytes());
    reader.deserialize().map(Result::unwrap).collect()
}

/// The events of files that left: kind, actor and details.
async fn recorded(shop: &TestShop) -> Vec<(String, String, Value)> {
    let sql = "select seq, id, kind, subject, actor, data, at from events where kind like '%export%' order by seq";
    let events: Vec<RecordedEvent> = shop.db().fetch_all(sql, &[]).await.unwrap();
    events.into_iter().map(|event| (event.kind, event.actor, serde_json::from_str(&event.data).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_are_exported_with_their_lines_as_filtered_and_the_export_is_recorded() {
    both(async |shop| {
        let (mug, bowl) = (a_product().named("Mug, \"blue\"").with_stock(99).make(shop).await, a_product().with_stock(99).make(shop).await);
        let mut evil = form(a_cart(shop, &[(mug, 2), (bowl, 1)]).await, PaymentMethod::Cash);
        evil.contact.name = "=HYPERLINK(\"http://evil.example\")".into();
        let first = backend::checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, "an-evil-buyer", evil).await.unwrap();
        let cancelled = place(shop, &[(bowl, 1)]).await.unwrap();
        order_management::cancel(shop, &owner(shop), cancelled.order, "they called").await.unwrap();

        let refused = OrdersFile::begin(shop, &clerk(shop), OrderQuery::default()).await;
        assert!(matches!(refused.err(), Some(OrderError::Forbidden(_))));
        let file = orders_file(shop, OrderQuery { fulfilment: "unfulfilled".into(), ..OrderQuery::default() }).await;
        assert!(file.contains("\r\n") && file.starts_with('\u{feff}'));
        let rows = read(&file);
        assert_eq!((rows.len(), rows[0].len()), (2, ORDER_COLUMNS.len()));
        assert_eq!(rows.iter().map(|row| row["order"].as_str()).collect::<Vec<_>>(), [&first.number, &first.number]);
        // A cell that a spreadsheet would run as a formula has an apostrophe before it; a telephone number with its sign too.
        assert_eq!(rows[0]["name"], "'=HYPERLINK(\"http://evil.example\")");
        assert_eq!((rows[0]["phone"].as_str(), rows[0]["placed_at"].as_str()), ("'+639171234567", "2026-11-24 10:30"));
        assert_eq!(
            (rows[0]["product"].as_str(), rows[0]["quantity"].as_str(), rows[0]["unit_price"].as_str()),
            ("Mug, \"blue\"", "2", "100.00")
        );
        assert_eq!((rows[0]["total"].as_str(), rows[0]["delivery_country"].as_str()), (first.total.decimal().as_str(), "SG"));
        // A sum over the column counts an order once.
        assert_eq!((rows[1]["total"].as_str(), rows[1]["quantity"].as_str()), ("", "1"));
        let all = read(&orders_file(shop, OrderQuery::default()).await);
        assert_eq!(all.len(), 3);

        let noted = recorded(shop).await;
        assert_eq!(noted.len(), 4);
        assert_eq!((noted[0].0.as_str(), noted[1].0.as_str()), ("orders.export_begun", "orders.exported"));
        assert!(noted.iter().all(|(_, actor, _)| actor.starts_with("staff:")));
        assert_eq!((&noted[1].2["rows"], &noted[3].2["rows"], &noted[3].2["complete"]), (&1.into(), &2.into(), &true.into()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_of_many_pages_has_each_order_once_and_a_broken_export_is_recorded() {
    both(async |shop| {
        let variant = a_product().with_stock(200).make(shop).await;
        for _ in 0..53 {
            place(shop, &[(variant, 1)]).await.unwrap();
        }
        let rows = read(&orders_file(shop, OrderQuery { queue: "to_pack".into(), ..OrderQuery::default() }).await);
        let numbers: std::collections::HashSet<&str> = rows.iter().map(|row| row["order"].as_str()).collect();
        assert_eq!((rows.len(), numbers.len()), (53, 53));
        let mut file = OrdersFile::begin(shop, &owner(shop), OrderQuery::default()).await.unwrap();
        file.next().await.unwrap().unwrap();
        drop(file);
        // The reader disconnected after the first page: that is recorded by a task of its own.
        let broken = loop {
            let noted = recorded(shop).await;
            if noted.len() == 4 {
                break noted.into_iter().next_back().unwrap();
            }
            tokio::task::yield_now().await;
        };
        assert_eq!((broken.0.as_str(), &broken.2["rows"], &broken.2["complete"]), ("orders.exported", &50.into(), &false.into()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_currency_that_orders_were_placed_in_has_a_column_of_what_customers_spent() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        for currency in ["PHP", "USD", "EUR", "USD"] {
            let placed = place(shop, &[(variant, 1)]).await.unwrap();
            shop.db()
                .write(async move |tx| tx.execute("update orders set currency = $2 where id = $1", &[&placed.order, &currency]).await)
                .await
                .unwrap();
        }
        let mut file = CustomersFile::begin(shop, &owner(shop)).await.unwrap();
        let first = String::from_utf8(file.next().await.unwrap().unwrap()).unwrap();
        assert!(first.contains(",orders,spent_php,spent_eur,spent_usd,first_order,"), "{first}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn customers_are_exported_once_by_e_mail_with_what_they_spent_and_without_staff() {
    both(async |shop| {
        let variant = a_product().with_stock(50).make(shop).await;
        let (one, two) = (place(shop, &[(variant, 1)]).await.unwrap(), place(shop, &[(variant, 2)]).await.unwrap());
        let gone = place(shop, &[(variant, 1)]).await.unwrap();
        order_management::cancel(shop, &owner(shop), gone.order, "they called").await.unwrap();
        // Bea left the bank's page without paying: an unpaid card order does not count among her orders.
        let mut card = form(a_cart(shop, &[(variant, 1)]).await, PaymentMethod::Card);
        card.contact.name = "Bea Ramos".into();
        card.contact.email = "bea@example.com".into();
        backend::checkout::place_order(shop, &guest(shop), Locale::En, Channel::Web, "left-the-bank", card).await.unwrap();
        let person = |name: &str| domain::view::ContactDetails {
            name: name.into(),
            email: format!("{}@example.com", name.to_lowercase()),
            phone: String::new(),
        };
        backend::identity::sign_up(shop, &guest(shop), Locale::Fil, person("Ana"), "correct horse battery").await.unwrap();
        let role = domain::permission::Role::Clerk;
        backend::identity::create_staff(shop, &shop.system(), Locale::En, person("Lola"), role, "correct horse battery").await.unwrap();
        assert!(CustomersFile::begin(shop, &clerk(shop)).await.is_err());
        let mut file = CustomersFile::begin(shop, &owner(shop)).await.unwrap();
        let mut all = Vec::new();
        while let Some(part) = file.next().await.unwrap() {
            all.extend(part);
        }
        let mut rows = read(&String::from_utf8(all).unwrap());
        rows.sort_by(|a, b| a["name"].cmp(&b["name"]));
        assert_eq!((rows.len(), rows[0].len()), (3, CUSTOMER_COLUMNS.len()));
        let (ana, bea, maria) = (&rows[0], &rows[1], &rows[2]);
        assert_eq!((bea["orders"].as_str(), bea["spent_php"].as_str(), bea["last_order"].as_str()), ("0", "0.00", ""));
        assert_eq!(
            (ana["name"].as_str(), ana["account"].as_str(), ana["orders"].as_str(), ana["language"].as_str()),
            ("Ana", "yes", "0", "fil")
        );
        let spent = one.total.plus(two.total).unwrap().decimal();
        assert_eq!((maria["email"].as_str(), maria["orders"].as_str()), ("maria.clara@example.com", "2"));
        assert_eq!((maria["spent_php"].as_str(), maria["line1"].as_str()), (spent.as_str(), "12 Keong Saik Road"));
        assert_eq!(recorded(shop).await.last().unwrap().2["rows"], 3);
    })
    .await;
}
