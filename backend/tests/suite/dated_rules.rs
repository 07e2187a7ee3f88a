//! What is to cost something else from a moment on, and what pages, carts and the API show before and after it.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{START, TestShop, a_cart, both, buy, guest, items, number, place, postgres, sqlite};
use backend::catalog::{self, price_list_changed};
use backend::pricing::PricingError;
use backend::{Shop, caches, cart, jobs, pricing, settings};
use domain::id::{PriceListId, ProductId, RequestId, UserId, VariantId};
use domain::order::Channel;
use domain::permission::Role;
use domain::view::{ListingQuery, ProductDraft, ProductTexts, ShopSettings, TaxRateDraft, VariantDraft};
use domain::{Locale, TimeZone, Timestamp};
use platform::Context;
use platform::db::{DbError, Tx};
use platform::events;
use tokio::sync::Notify;

const DAY: i64 = Timestamp::DAY;

/// The next midnight in Manila.
fn midnight() -> Timestamp {
    TimeZone::DEFAULT.start_of(TimeZone::DEFAULT.date(START)).plus_millis(DAY)
}

/// A published product; its name is its address.
async fn a_published(shop: &Shop, name: &str, price: i64) -> VariantId {
    let draft = ProductDraft {
        tax_class: "standard".into(),
        vendor: "Tala".into(),
        texts: vec![ProductTexts { locale: "en".into(), name: name.into(), ..ProductTexts::default() }],
        variants: vec![VariantDraft { sku: name.to_uppercase(), price, stock: 5, cost: 40, weight_g: 100, ..VariantDraft::default() }],
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    shop.db().fetch_scalar("select id from variants where product_id = $1", &[&id]).await.unwrap()
}

/// A price list before the ordinary one.
struct Sale {
    channel: Option<&'static str>,
    position: i64,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
}

const A_SALE: Sale = Sale { channel: None, position: 1, from: None, to: None };

impl Sale {
    async fn make(self, shop: &Shop, prices: &[(VariantId, i64)]) -> PriceListId {
        let (list, prices) = (PriceListId(shop.id()), prices.to_vec());
        shop.db()
            .write(async move |tx| {
                let name = list.0.simple().to_string();
                tx.execute(
                    "insert into price_lists (id, name, currency, channel, position, valid_from, valid_to) values ($1, $2, 'PHP', $3, $4, $5, $6)",
                    &[&list, &name, &self.channel, &self.position, &self.from, &self.to],
                )
                .await?;
                for (variant, amount) in &prices {
                    let sql = "insert into prices (variant_id, price_list_id, amount) values ($1, $2, $3)";
                    tx.execute(sql, &[variant, &list, amount]).await?;
                }
                price_list_changed(tx, list).await
            })
            .await
            .unwrap();
        list
    }
}

async fn change_dates(shop: &Shop, list: PriceListId, from: Option<Timestamp>, to: Option<Timestamp>) {
    shop.db()
        .write(async move |tx: &mut Tx| {
            tx.execute("update price_lists set valid_from = $2, valid_to = $3 where id = $1", &[&list, &from, &to]).await?;
            price_list_changed(tx, list).await
        })
        .await
        .unwrap();
}

/// What a product costs in the listing, on its page, and in a cart; 0 where it is not shown.
async fn shown(shop: &Shop, slug: &str, variant: VariantId) -> [i64; 3] {
    let listing = catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap();
    let card = listing.products.iter().find(|card| card.slug == slug).map_or(0, |card| card.price_from.minor);
    let page = catalog::product(shop, Locale::En, slug).await.unwrap().map_or(0, |page| page.variants[0].price.minor);
    let cart = cart::sync(shop, &guest(shop), Locale::En, Channel::Web, None, 0, items(&[(variant, 1)]), None).await.unwrap();
    [card, page, cart.totals.subtotal.minor]
}

async fn run_due(shop: &Shop) -> u64 {
    jobs::run_due(shop, &jobs::handlers()).await.unwrap()
}

async fn price_events(shop: &TestShop) -> i64 {
    number(shop, "select count(*) from events where kind = 'prices.changed'").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_price_list_begins_and_ends_everywhere_at_its_moments() {
    both(async |shop| {
        let variant = a_published(shop, "mug", 300).await;
        let other = a_published(shop, "vase", 250).await;
        Sale { from: Some(midnight()), to: Some(midnight().plus_millis(DAY)), ..A_SALE }.make(shop, &[(variant, 200)]).await;
        run_due(shop).await;
        shop.clock.set(midnight().plus_millis(-1));
        assert_eq!(run_due(shop).await, 0);
        assert_eq!(shown(shop, "mug", variant).await, [300; 3]);
        shop.clock.set(midnight().plus_millis(2_000));
        assert_eq!(run_due(shop).await, 1);
        assert_eq!((shown(shop, "mug", variant).await, shown(shop, "vase", other).await), ([200; 3], [250; 3]));
        let cheap = ListingQuery { price_max: Some(220), ..ListingQuery::default() };
        assert_eq!(catalog::listing(shop, Locale::En, &cheap).await.unwrap().products.len(), 1);
        shop.clock.set(midnight().plus_millis(DAY));
        assert_eq!(run_due(shop).await, 1);
        assert_eq!(shown(shop, "mug", variant).await, [300; 3]);
        assert_eq!(run_due(shop).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_came_while_the_shop_was_closed_is_made_up_for() {
    both(async |shop| {
        let variant = a_published(shop, "mug", 300).await;
        Sale { from: Some(midnight()), ..A_SALE }.make(shop, &[(variant, 200)]).await;
        run_due(shop).await;
        shop.close().await;
        shop.clock.set(midnight().plus_millis(8 * 3_600_000));
        let again = shop.open_again().await;
        assert_eq!(run_due(&again).await, 1);
        assert_eq!(shown(&again, "mug", variant).await, [200; 3]);
        again.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rules_that_were_written_by_hand_are_found() {
    both(async |shop| {
        let variant = a_published(shop, "mug", 300).await;
        let [begun, ahead] = [-3_600_000, DAY].map(|millis| START.plus_millis(millis));
        for (from, amount) in [(begun, 200), (ahead, 100)] {
            let list = shop.id();
            shop.db()
                .write(async move |tx: &mut Tx| {
                    let name = list.simple().to_string();
                    let sql = "insert into price_lists (id, name, currency, position, valid_from) values ($1, $2, 'PHP', $3, $4)";
                    tx.execute(sql, &[&list, &name, &(amount / 100), &from]).await?;
                    let sql = "insert into prices (variant_id, price_list_id, amount) values ($1, $2, $3)";
                    tx.execute(sql, &[&variant, &list, &amount]).await
                })
                .await
                .unwrap();
        }
        for _ in 0..2 {
            jobs::schedule_dated_rules(shop).await.unwrap();
        }
        assert_eq!(run_due(shop).await, 1);
        assert_eq!(shown(shop, "mug", variant).await, [200; 3]);
        shop.clock.set(ahead);
        assert_eq!(run_due(shop).await, 1);
        assert_eq!(shown(shop, "mug", variant).await, [100; 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_moment_takes_the_place_of_the_one_before_it() {
    both(async |shop| {
        let variant = a_published(shop, "mug", 300).await;
        let [first, later, never] = [1, 2, 3].map(|days| midnight().plus_millis(days * DAY));
        let list = Sale { from: Some(first), to: Some(never), ..A_SALE }.make(shop, &[(variant, 200)]).await;
        change_dates(shop, list, Some(later), None).await;
        run_due(shop).await;
        let before = price_events(shop).await;
        shop.clock.set(first);
        run_due(shop).await;
        assert_eq!((shown(shop, "mug", variant).await, price_events(shop).await), ([300; 3], before));
        shop.clock.set(later);
        run_due(shop).await;
        assert_eq!((shown(shop, "mug", variant).await, price_events(shop).await), ([200; 3], before + 1));
        shop.clock.set(never);
        run_due(shop).await;
        assert_eq!((shown(shop, "mug", variant).await, price_events(shop).await), ([200; 3], before + 1));
        // A list in force that is put off.
        change_dates(shop, list, Some(never.plus_millis(DAY)), None).await;
        run_due(shop).await;
        assert_eq!(shown(shop, "mug", variant).await, [300; 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_that_changes_no_price_of_the_shop_is_no_event() {
    both(async |shop| {
        let (variant, draft) = (a_published(shop, "mug", 300).await, a_published(shop, "vase", 250).await);
        let product: ProductId = shop.db().fetch_scalar("select product_id from variants where id = $1", &[&draft]).await.unwrap();
        catalog::set_status(shop, &shop.system(), product, "draft").await.unwrap();
        Sale { position: 0, ..A_SALE }.make(shop, &[(variant, 200)]).await;
        run_due(shop).await;
        let before = price_events(shop).await;
        let from = Some(midnight());
        // For partners alone; behind another list; of a product that is not published.
        Sale { channel: Some("api"), position: -1, from, ..A_SALE }.make(shop, &[(variant, 100)]).await;
        Sale { from, ..A_SALE }.make(shop, &[(variant, 150)]).await;
        Sale { from, ..A_SALE }.make(shop, &[(draft, 150)]).await;
        shop.clock.set(midnight());
        assert_eq!(run_due(shop).await, 6);
        assert_eq!(price_events(shop).await, before);
        assert_eq!(shown(shop, "mug", variant).await, [200; 3]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_price_list_takes_effect_in_steps() {
    both(async |shop| {
        const COUNT: i64 = 5_300;
        let ids: Vec<_> = (0..COUNT).map(|_| shop.id().simple().to_string()).collect();
        let ids = platform::db::json_texts(&ids);
        let list = PriceListId(shop.id());
        shop.db()
            .write(async move |tx: &mut Tx| {
                tx.execute("insert into price_lists (id, name, currency, position, valid_from) values ($1, 'Sale', 'PHP', 1, $2)", &[&list, &midnight()])
                    .await?;
                for sql in [
                    "insert into products (id, handle, vendor, tax_class, status, created_at, updated_at)
                     select unhex(value->>'text'), value->>'text', 'Test', 'standard', 'published', 0, 0 from json_each($1)",
                    "insert into variants (id, product_id, sku, position, weight_g, cost_currency, created_at)
                     select id, id, handle, 1, 100, 'PHP', 0 from products where $1 <> ''",
                    "insert into prices (variant_id, price_list_id, amount)
                     select v.id, l.id, case when l.name = 'Sale' then 200 else 300 end from variants v cross join price_lists l where $1 <> ''",
                ] {
                    tx.execute(sql, &[&ids]).await?;
                }
                price_list_changed(tx, list).await
            })
            .await
            .unwrap();
        let cards = async |price: i64| -> i64 {
            shop.db().fetch_scalar("select count(*) from product_cards where price_from = $1", &[&price]).await.unwrap()
        };
        assert_eq!((run_due(shop).await, cards(300).await), (2, COUNT));
        shop.clock.set(midnight());
        assert_eq!((run_due(shop).await, cards(200).await, cards(300).await), (2, COUNT, 0));
        assert_eq!(price_events(shop).await, 22);
        assert_eq!(number(shop, "select count(*) from events where length(data) > 30000").await, 0);
    })
    .await;
}

fn a_rate(rate_bp: i64, from: Timestamp, country: &str) -> TaxRateDraft {
    let (class, country, province, source) = ("standard".into(), country.into(), String::new(), "A law of tomorrow".into());
    TaxRateDraft { class, country, province, rate_bp, valid_from: Some(from), source }
}

fn a_manager(shop: &Shop) -> Context {
    Context::staff(UserId(shop.id()), Role::Manager, RequestId(shop.id()))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_rate_takes_effect_at_its_moment() {
    both(async |shop| {
        a_published(shop, "mug", 300).await;
        pricing::save_tax_rate(shop, &a_manager(shop), Locale::En, a_rate(1_000, midnight(), "PH")).await.unwrap();
        // The same once more from later on changes nothing.
        pricing::save_tax_rate(shop, &a_manager(shop), Locale::En, a_rate(1_000, midnight().plus_millis(DAY), "PH")).await.unwrap();
        let rate = async || catalog::product(shop, Locale::En, "mug").await.unwrap().unwrap().tax_rate_bp;
        shop.clock.set(midnight().plus_millis(-1));
        assert_eq!((run_due(shop).await, rate().await), (0, 1_200));
        shop.clock.set(midnight().plus_millis(2_000));
        assert_eq!((run_due(shop).await, rate().await), (1, 1_000));
        shop.clock.set(midnight().plus_millis(DAY));
        assert_eq!((run_due(shop).await, rate().await), (1, 1_000));
        assert_eq!(number(shop, "select count(*) from events where kind = 'tax.took_effect'").await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn prices_without_tax_are_shown_with_it_and_follow_its_rate() {
    both(async |shop| {
        let (mug, rice) = (a_published(shop, "mug", 305).await, a_published(shop, "rice", 305).await);
        let sql = "update products set tax_class = 'exempt' where handle = 'rice'";
        shop.db().write(async move |tx: &mut Tx| tx.execute(sql, &[]).await).await.unwrap();
        let manager = a_manager(shop);
        let list = catalog::price_lists(shop, &manager).await.unwrap().remove(0);
        assert!(list.includes_tax);
        assert!(matches!(catalog::set_includes_tax(shop, &guest(shop), list.id, false).await, Err(PricingError::Forbidden(_))));
        let unknown = catalog::set_includes_tax(shop, &manager, PriceListId(shop.id()), false).await;
        assert!(matches!(unknown, Err(PricingError::Unknown)), "{unknown:?}");
        for _ in 0..2 {
            catalog::set_includes_tax(shop, &manager, list.id, false).await.unwrap();
        }
        assert_eq!(number(shop, "select count(*) from events where kind = 'price_list.changed'").await, 1);
        run_due(shop).await;
        let all = async || (shown(shop, "mug", mug).await, shown(shop, "rice", rice).await);
        assert_eq!(all().await, ([342; 3], [305; 3]));
        pricing::save_tax_rate(shop, &manager, Locale::En, a_rate(1_000, midnight(), "PH")).await.unwrap();
        let follow = async || {
            // The rate begins, the catalogue hears of it, the cards follow.
            run_due(shop).await;
            catalog::catch_up(shop).await.unwrap();
            run_due(shop).await;
        };
        shop.clock.set(midnight().plus_millis(-1));
        follow().await;
        assert_eq!(all().await, ([342; 3], [305; 3]));
        shop.clock.set(midnight().plus_millis(2_000));
        follow().await;
        // 30.5 centavos of tax.
        assert_eq!(all().await, ([336; 3], [305; 3]));
        catalog::set_includes_tax(shop, &manager, list.id, true).await.unwrap();
        run_due(shop).await;
        assert_eq!(all().await, ([305; 3], [305; 3]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_nodes_show_the_new_price_two_seconds_after_midnight() {
    let first = postgres().await;
    let second = first.open_again().await;
    let variant = a_published(&first, "mug", 300).await;
    Sale { from: Some(midnight()), ..A_SALE }.make(&first, &[(variant, 200)]).await;
    pricing::save_tax_rate(&first, &a_manager(&first), Locale::En, a_rate(1_000, midnight(), "PH")).await.unwrap();
    let nodes = [&first.shop, &second];
    let invalidate = |node: &Shop| {
        let shop = node.clone();
        events::watch(node.db(), || {}, move |events| caches::invalidate(&shop, events))
    };
    let running: Vec<_> = nodes.iter().flat_map(|node| [jobs::run(node), catalog::follow(node), invalidate(node)]).collect();
    let all = async || {
        let mut all = Vec::new();
        for node in nodes {
            let tax = catalog::product(node, Locale::En, "mug").await.unwrap().unwrap().tax_rate_bp;
            all.push((shown(node, "mug", variant).await, tax));
        }
        all
    };
    first.clock.set(midnight().plus_millis(-1));
    assert_eq!(all().await, [([300; 3], 1_200); 2]);
    first.clock.set(midnight().plus_millis(2_000));
    let waited = tokio::time::timeout(Duration::from_secs(10), async {
        while all().await != [([200; 3], 1_000); 2] {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "{:?}", all().await);
    for task in running {
        task.abort();
    }
    second.close().await;
    first.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_whose_turn_comes_after_the_end_of_a_sale_is_charged_the_price_of_then() {
    let shop = sqlite().await;
    let variant = a_published(&shop, "mug", 300).await;
    Sale { to: Some(midnight()), ..A_SALE }.make(&shop, &[(variant, 200)]).await;
    let usual = place(&shop, &[(variant, 1)]).await.unwrap().total.minor;
    let cart = a_cart(&shop, &[(variant, 1)]).await;
    // SQLite has one writer, and this transaction has it.
    let (begun, end) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let writing = {
        let (shop, begun, end) = (shop.shop.clone(), begun.clone(), end.clone());
        tokio::spawn(async move {
            let write = async move |_: &mut Tx| {
                begun.notify_one();
                end.notified().await;
                Ok::<(), DbError>(())
            };
            shop.db().write(write).await.unwrap();
        })
    };
    begun.notified().await;
    let ordering = {
        let shop = shop.shop.clone();
        tokio::spawn(async move { buy(&shop, cart, "waits-for-its-turn").await.unwrap() })
    };
    // Until it is in the queue.
    tokio::time::sleep(Duration::from_millis(300)).await;
    shop.clock.set(midnight());
    end.notify_one();
    writing.await.unwrap();
    assert_eq!(ordering.await.unwrap().total.minor, usual + 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_first_tax_rates_made_at_once_one_ends_where_the_other_begins() {
    let first = postgres().await;
    let second = first.open_again().await;
    for country in ["AU", "BR", "CA", "DE", "ES", "FR", "GB", "IT", "JP", "KR", "MY", "NL", "NZ", "SE", "TH", "VN"] {
        let manager = a_manager(&first);
        let [one, other] = [1, 2].map(|day| a_rate(500 * day, START.plus_millis(day * DAY), country));
        let (one, other) = tokio::join!(
            pricing::save_tax_rate(&first, &manager, Locale::En, one),
            pricing::save_tax_rate(&second, &manager, Locale::En, other)
        );
        one.unwrap();
        other.unwrap();
    }
    assert_eq!(number(&first, "select count(*) from tax_rates where country not in ('PH', 'SG') and valid_to is null").await, 16);
    second.close().await;
    first.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_another_country_has_cards_computed_anew_and_many_saves_at_once_do_it_once() {
    both(async |shop| {
        let manager = a_manager(shop);
        let mug = a_published(shop, "mug", 305).await;
        let list = catalog::price_lists(shop, &manager).await.unwrap().remove(0);
        catalog::set_includes_tax(shop, &manager, list.id, false).await.unwrap();
        run_due(shop).await;
        catalog::catch_up(shop).await.unwrap();
        run_due(shop).await;
        assert_eq!(shown(shop, "mug", mug).await, [342; 3]);
        let waiting = async || number(shop, "select count(*) from jobs where kind = 'price.update' and state = 'waiting'").await;
        let save = async |name: &str, country: &str| {
            let now = settings::load(shop).await.unwrap();
            let new = ShopSettings { name: name.into(), country: country.into(), ..now };
            settings::save(shop, &manager, new).await.unwrap();
        };
        for n in 0..10 {
            save(&format!("Shop {n}"), "PH").await;
        }
        catalog::catch_up(shop).await.unwrap();
        assert_eq!(waiting().await, 0, "nothing that taxes depend on was changed");
        for country in ["SG", "PH", "SG", "PH", "SG", "PH", "SG", "PH", "SG", "DE"] {
            save("Shop", country).await;
            catalog::catch_up(shop).await.unwrap();
        }
        assert_eq!(waiting().await, 1);
        run_due(shop).await;
        assert_eq!((waiting().await, shown(shop, "mug", mug).await[0]), (0, 305), "no tax is known of that country");
        save("Shop", "PH").await;
        catalog::catch_up(shop).await.unwrap();
        run_due(shop).await;
        assert_eq!(shown(shop, "mug", mug).await, [342; 3], "and again after the first was done");
    })
    .await;
}
