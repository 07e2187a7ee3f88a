//! The list of orders by days, sorted, and paged both ways.

use crate::support::outside::owner;
use crate::support::{START, TestShop, a_product, both, place};
use backend::{dashboard, order_management, orders};
use domain::id::OrderId;
use domain::view::{OrderListView, OrderQuery, OrderSort};
use domain::{Date, Locale, TimeZone, Timestamp};

const HOUR: i64 = 3_600_000;

async fn listed(shop: &TestShop, query: &OrderQuery) -> OrderListView {
    orders::list(shop, &owner(shop), query).await.unwrap()
}

async fn ids(shop: &TestShop, query: &OrderQuery) -> Vec<OrderId> {
    listed(shop, query).await.orders.into_iter().map(|order| order.id).collect()
}

/// The clock at a time of a day in Manila.
fn set_clock(shop: &TestShop, day: Date, hour: i64) {
    let at = TimeZone::DEFAULT.start_of(day).millis() + hour * HOUR;
    shop.clock.advance(at - shop.now().millis());
}

fn days(from: &str, to: &str) -> OrderQuery {
    OrderQuery { from: from.into(), to: to.into(), ..OrderQuery::default() }
}

#[tokio::test]
async fn orders_are_listed_by_days_of_the_shops_calendar() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        let today = TimeZone::DEFAULT.date(START).plus_days(40);
        let mut placed = Vec::new();
        // The last hour of a day and the first of the next one, in Manila; both are one day in London.
        for (ago, hour) in [(30, 23), (29, 0), (7, 23), (6, 0), (1, 23), (0, 0), (0, 9)] {
            set_clock(shop, today.plus_days(-ago), hour);
            placed.push(place(shop, &[(variant, 1)]).await.unwrap().order);
        }
        let newest_first = |from: usize| placed[from..].iter().rev().copied().collect::<Vec<_>>();
        let period = |period: &str| OrderQuery { period: period.into(), ..OrderQuery::default() };
        assert_eq!(ids(shop, &period("today")).await, newest_first(5));
        assert_eq!(ids(shop, &period("7d")).await, newest_first(3));
        assert_eq!(ids(shop, &period("30d")).await, newest_first(1));
        assert_eq!(ids(shop, &period("")).await, newest_first(0));
        let day = |ago: i64| today.plus_days(-ago).to_string();
        assert_eq!(ids(shop, &days(&day(7), &day(6))).await, [placed[3], placed[2]]);
        assert_eq!(ids(shop, &days(&day(6), &day(6))).await, [placed[3]]);
        assert_eq!(ids(shop, &days("", &day(29))).await, [placed[1], placed[0]]);
        assert_eq!(ids(shop, &days(&day(0), &day(1))).await, Vec::<OrderId>::new(), "the last day is before the first");
        // With a search, a state or a queue as well; a short beginning of a number says nothing then.
        let number = &listed(shop, &period("today")).await.orders[0].number;
        let search = |words: &str| OrderQuery { search: words.into(), ..days(&day(7), &day(1)) };
        assert_eq!(ids(shop, &search("maria clara")).await, [placed[4], placed[3], placed[2]]);
        assert_eq!(ids(shop, &search(number)).await, Vec::<OrderId>::new());
        let sku: String = shop.db().fetch_scalar("select sku from variants", &[]).await.unwrap();
        assert_eq!(ids(shop, &OrderQuery { sort: "oldest".into(), ..search(&sku) }).await, [placed[2], placed[3], placed[4]]);
        let queue = OrderQuery { queue: "to_pack".into(), ..days(&day(1), "") };
        assert_eq!(ids(shop, &queue).await, newest_first(4));
        let payment = OrderQuery { payment: "pending".into(), fulfilment: "unfulfilled".into(), ..days("", &day(7)) };
        assert_eq!(ids(shop, &payment).await, [placed[2], placed[1], placed[0]]);
    })
    .await;
}

#[tokio::test]
async fn the_days_figure_opens_the_orders_that_it_is_made_of() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        let yesterday = place(shop, &[(variant, 1)]).await.unwrap().order;
        shop.clock.advance(Timestamp::DAY);
        let (sold, cancelled) = (place(shop, &[(variant, 2)]).await.unwrap().order, place(shop, &[(variant, 1)]).await.unwrap().order);
        order_management::cancel(shop, &owner(shop), cancelled, "changed mind").await.unwrap();
        let today = dashboard::today(shop, &owner(shop), Locale::En).await.unwrap();
        let sales = OrderQuery { sales: "1".into(), ..OrderQuery::default() };
        let of_today = listed(shop, &OrderQuery { period: "today".into(), ..sales.clone() }).await.orders;
        assert_eq!((of_today.iter().map(|order| order.id).collect::<Vec<_>>(), today.orders), (vec![sold], 1));
        assert_eq!(of_today.iter().map(|order| order.price().minor).sum::<i64>(), today.sales.minor);
        assert_eq!(ids(shop, &sales).await, [sold, yesterday]);
        assert_eq!(ids(shop, &OrderQuery { fulfilment: "cancelled".into(), ..sales }).await, Vec::<OrderId>::new());
    })
    .await;
}

/// The pages of a list from the first to the last, and back from there.
async fn there_and_back(shop: &TestShop, query: &OrderQuery) -> [Vec<Vec<OrderId>>; 2] {
    let page = async |query: OrderQuery| {
        let page = listed(shop, &query).await;
        (page.orders.iter().map(|order| order.id).collect::<Vec<_>>(), page.previous, page.next)
    };
    let (mut shown, mut previous, mut next) = page(query.clone()).await;
    assert_eq!(previous, None);
    let mut there = vec![shown.clone()];
    while let Some(after) = next {
        (shown, previous, next) = page(OrderQuery { after, ..query.clone() }).await;
        there.push(shown.clone());
    }
    let mut back = vec![shown];
    while let Some(before) = previous {
        (shown, previous, next) = page(OrderQuery { before, ..query.clone() }).await;
        assert!(next.is_some());
        back.push(shown.clone());
    }
    back.reverse();
    [there, back]
}

#[tokio::test]
async fn orders_are_sorted_by_time_and_by_total_and_paged_both_ways() {
    both(async |shop| {
        let variant = a_product().with_stock(900).make(shop).await;
        let mut placed = Vec::new();
        for n in 0..120 {
            // Several at one moment, and several at one price.
            shop.clock.advance(n % 3);
            let units = 1 + n * 7 % 11;
            placed.push((place(shop, &[(variant, units)]).await.unwrap().order, units));
        }
        let sku: String = shop.db().fetch_scalar("select sku from variants", &[]).await.unwrap();
        let base = OrderQuery::default();
        let ranges = [
            base.clone(),
            OrderQuery { payment: "pending".into(), ..base.clone() },
            OrderQuery { fulfilment: "unfulfilled".into(), ..base.clone() },
            OrderQuery { payment: "pending".into(), fulfilment: "unfulfilled".into(), sales: "1".into(), ..base.clone() },
            OrderQuery { queue: "to_pack".into(), ..base.clone() },
            OrderQuery { period: "7d".into(), ..base.clone() },
            OrderQuery { from: "2020-01-01".into(), ..base.clone() },
            OrderQuery { search: "maria".into(), ..base.clone() },
            OrderQuery { search: sku, ..base },
        ];
        for query in ranges {
            for sort in OrderSort::ALL {
                let query = OrderQuery { sort: sort.as_str().into(), ..query.clone() };
                let [there, back] = there_and_back(shop, &query).await;
                assert_eq!(there.iter().map(Vec::len).collect::<Vec<_>>(), [50, 50, 20], "{query:?}");
                assert_eq!(there, back, "{query:?}");
                let units: Vec<i64> = there.concat().iter().map(|id| placed.iter().find(|(order, _)| order == id).unwrap().1).collect();
                let at: Vec<usize> = there.concat().iter().map(|id| placed.iter().position(|(order, _)| order == id).unwrap()).collect();
                match query.order() {
                    OrderSort::TotalUp => assert!(units.is_sorted(), "{query:?}: {units:?}"),
                    OrderSort::TotalDown => assert!(units.iter().rev().is_sorted(), "{query:?}: {units:?}"),
                    // Those of one moment are in the order of their ids.
                    OrderSort::Oldest => assert!(at[0] < 3 && at[119] > 116, "{query:?}: {at:?}"),
                    OrderSort::Newest => assert!(at[0] > 116 && at[119] < 3, "{query:?}: {at:?}"),
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_file_of_orders_has_the_days_and_the_order_of_the_list() {
    both(async |shop| {
        let variant = a_product().with_stock(100).make(shop).await;
        let mut numbers = Vec::new();
        for units in [2, 5, 1, 4] {
            numbers.push(place(shop, &[(variant, units)]).await.unwrap().number);
            shop.clock.advance(Timestamp::DAY);
        }
        let file = crate::export::orders_file(shop, OrderQuery { period: "7d".into(), sort: "total_up".into(), ..days("", "") }).await;
        let of = |file: &str| {
            let mut found: Vec<(usize, usize)> =
                numbers.iter().enumerate().filter_map(|(at, number)| Some((file.find(number.as_str())?, at))).collect();
            found.sort_unstable();
            found.into_iter().map(|(_, at)| at).collect::<Vec<_>>()
        };
        assert_eq!(of(&file), [2, 0, 3, 1]);
        let second = TimeZone::DEFAULT.date(START).plus_days(1).to_string();
        let file = crate::export::orders_file(shop, OrderQuery { sort: "oldest".into(), ..days(&second, "") }).await;
        assert_eq!(of(&file), [1, 2, 3]);
    })
    .await;
}
