//! Bulk edits: previewed, done, and undone.

use crate::support::outside::owner;
use crate::support::{TestShop, both, events_of, guest, number};
use backend::catalog::import::{ImportOptions, import_csv};
use backend::catalog::{self, CatalogError};
use backend::{jobs, search};
use domain::id::{BulkEditId, CategoryId, PriceListId, ProductId, RequestId, UserId};
use domain::permission::Role;
use domain::view::{
    BulkChange, BulkEditState, BulkEditView, BulkPartView, BulkProblemKind, BulkRowState, BulkRowView, CategoryChange, CategoryDraft,
    CategoryTexts, ListingQuery, PriceChange, PriceRounding, PriceRule, ProductDraft, ProductTexts, VariantDraft,
};
use domain::{Locale, Money, Timestamp};
use platform::Context;

/// A published product with variants of these prices, named by it and their place: `mug-0`, `mug-1`.
async fn goods(shop: &TestShop, name: &str, prices: &[i64]) -> ProductId {
    let sizes: Vec<(String, Vec<String>)> = (0..prices.len()).map(|n| (format!("s{n}"), vec![format!("S{n}")])).collect();
    let one = prices.len() == 1;
    let option = domain::view::OptionDraft { names: vec!["Size".into()], values: sizes, ..Default::default() };
    let draft = ProductDraft {
        tax_class: "standard".into(),
        tags: vec!["home".into(), "gift".into()],
        texts: vec![ProductTexts { locale: "en".into(), name: name.into(), ..ProductTexts::default() }],
        options: if one { Vec::new() } else { vec![option] },
        variants: prices
            .iter()
            .enumerate()
            .map(|(n, price)| VariantDraft {
                sku: format!("{name}-{n}"),
                values: if one { Vec::new() } else { vec![format!("s{n}")] },
                price: *price,
                stock: 1,
                ..VariantDraft::default()
            })
            .collect(),
        ..ProductDraft::default()
    };
    let id = catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &shop.system(), id, "published").await.unwrap();
    shop.clock.advance(1_000);
    id
}

async fn a_category(shop: &TestShop, name: &str) -> CategoryId {
    let texts = vec![CategoryTexts { locale: "en".into(), name: name.into(), ..CategoryTexts::default() }];
    let draft = CategoryDraft { published: true, texts, ..CategoryDraft::default() };
    catalog::save_category(shop, &shop.system(), Locale::En, draft).await.unwrap()
}

async fn list(shop: &TestShop) -> PriceListId {
    shop.db().fetch_scalar("select id from price_lists where name = 'Shop'", &[]).await.unwrap()
}

async fn by(shop: &TestShop, rule: PriceRule, rounding: PriceRounding) -> BulkChange {
    BulkChange { prices: Some(PriceChange { list: list(shop).await, rule, rounding }), ..BulkChange::default() }
}

async fn plan(shop: &TestShop, products: &[ProductId], change: BulkChange) -> BulkEditId {
    catalog::plan_bulk_edit(shop, &owner(shop), Locale::En, products, change).await.unwrap()
}

async fn seen(shop: &TestShop, id: BulkEditId) -> (BulkEditView, Vec<BulkRowView>) {
    let edit = catalog::bulk_edit(shop, &owner(shop), Locale::En, id).await.unwrap();
    (edit, catalog::bulk_rows(shop, &owner(shop), Locale::En, id, None, 0).await.unwrap().rows)
}

async fn prices(shop: &TestShop, id: ProductId) -> Vec<i64> {
    let draft = catalog::admin_product(shop, &shop.system(), id).await.unwrap().draft;
    draft.variants.iter().map(|variant| variant.price).collect()
}

fn problems(row: &BulkRowView) -> Vec<(BulkProblemKind, &str)> {
    row.problems.iter().map(|problem| (problem.kind, problem.sku.as_str())).collect()
}

#[tokio::test]
async fn a_bulk_edit_is_previewed_done_and_undone() {
    both(async |shop| {
        let (kitchen, table) = (a_category(shop, "Kitchen").await, a_category(shop, "Table").await);
        let (mug, bowl) = (goods(shop, "mug", &[10_000, 13_350]).await, goods(shop, "bowl", &[9_900]).await);
        let mut draft = catalog::admin_product(shop, &shop.system(), mug).await.unwrap().draft;
        draft.category = Some(kitchen);
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        let before = [mug, bowl].map(|id| async move { catalog::admin_product(shop, &shop.system(), id).await.unwrap() });
        let [mug_before, bowl_before] = before;
        let (mug_before, bowl_before) = (mug_before.await, bowl_before.await);
        let change = BulkChange {
            status: Some("draft".into()),
            category: Some(CategoryChange::Into(table)),
            add_tags: vec!["Sale ".into(), "gift".into()],
            remove_tags: vec!["home".into()],
            ..by(shop, PriceRule::Percent(1_000), PriceRounding::Whole).await
        };
        let id = plan(shop, &[mug, bowl, mug], change).await;

        // The preview says what each product has and would have, and changes nothing.
        let (edit, rows) = seen(shop, id).await;
        assert_eq!((edit.state, edit.products(), edit.count(BulkRowState::Planned)), (BulkEditState::Planned, 2, 2));
        let php = |minor| Some(Money::new(minor, domain::Currency::PHP));
        let price = |sku: &str, old, new| BulkPartView::Price { sku: sku.into(), old: php(old), new: php(new) };
        let expected = [
            price("mug-0", 10_000, 11_000),
            price("mug-1", 13_350, 14_700),
            BulkPartView::Status { old: "published".into(), new: "draft".into() },
            BulkPartView::Category { old: "Kitchen".into(), new: "Table".into() },
            BulkPartView::Tags { added: vec!["sale".into()], removed: vec!["home".into()] },
        ];
        assert_eq!((rows[0].product, rows[0].name.as_str(), rows[0].parts.as_slice()), (mug, "mug", expected.as_slice()));
        assert_eq!(catalog::admin_product(shop, &shop.system(), mug).await.unwrap(), mug_before);

        // Done once, however often it is sent.
        let boss = owner(shop);
        catalog::do_bulk_edit(shop, &boss, id).await.unwrap();
        catalog::do_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let (edit, rows) = seen(shop, id).await;
        assert_eq!((edit.state, edit.count(BulkRowState::Done)), (BulkEditState::Done, 2));
        assert_eq!(rows[0].parts, expected);
        let now = catalog::admin_product(shop, &shop.system(), mug).await.unwrap();
        assert_eq!((prices(shop, mug).await, prices(shop, bowl).await), (vec![11_000, 14_700], vec![10_900]));
        assert_eq!((now.status.as_str(), now.draft.category, now.draft.tags), ("draft", Some(table), vec!["gift".into(), "sale".into()]));
        assert!(catalog::listing(shop, Locale::En, &ListingQuery::default()).await.unwrap().products.is_empty(), "the lists follow");
        // One version and one event with its actor for what was edited, and one for the status.
        assert_eq!(now.draft.version, mug_before.draft.version + 2);
        let events = events_of(shop, mug.0).await;
        let last: Vec<_> = events.iter().rev().take(2).map(|event| event.kind.as_str()).collect();
        assert_eq!(last, ["product.withdrawn", "product.updated"]);
        assert!(events.iter().rev().take(2).all(|event| event.actor == boss.actor.to_string()), "{events:?}");
        assert!(events[events.len() - 2].data.contains("\"mug-0\":[10000,11000]"), "{events:?}");
        let changes = catalog::changes_since(shop, &owner(shop), mug, mug_before.draft.version).await.unwrap();
        assert_eq!(changes.len(), 2);

        // Undone, all is as before but the version.
        catalog::undo_bulk_edit(shop, &owner(shop), id).await.unwrap();
        catalog::undo_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let (edit, rows) = seen(shop, id).await;
        assert_eq!((edit.state, edit.count(BulkRowState::Undone), rows[0].problems.len()), (BulkEditState::Undone, 2, 0));
        for (id, mut before) in [(mug, mug_before), (bowl, bowl_before)] {
            let now = catalog::admin_product(shop, &shop.system(), id).await.unwrap();
            before.draft.version = now.draft.version;
            assert_eq!(now, before);
        }
        let kinds: Vec<_> = events_of(shop, id.0).await.into_iter().map(|event| event.kind).collect();
        assert_eq!(kinds, ["bulk_edit.begun", "bulk_edit.done", "bulk_edit.undo_begun", "bulk_edit.undone"]);
    })
    .await;
}

#[tokio::test]
async fn what_somebody_changed_after_the_preview_is_left_out_and_after_the_edit_is_kept() {
    both(async |shop| {
        let (mug, bowl, jar) =
            (goods(shop, "mug", &[10_000, 20_000]).await, goods(shop, "bowl", &[10_000]).await, goods(shop, "jar", &[10_000]).await);
        let mut change = by(shop, PriceRule::Amount(-500), PriceRounding::Exact).await;
        change.status = Some("archived".into());
        let id = plan(shop, &[mug, bowl, jar], change).await;
        let save = async |product: ProductId, price: i64| {
            let mut draft = catalog::admin_product(shop, &shop.system(), product).await.unwrap().draft;
            draft.variants[0].price = price;
            catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        };
        save(jar, 7_700).await;
        catalog::do_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let (edit, rows) = seen(shop, id).await;
        assert_eq!((edit.count(BulkRowState::Done), edit.count(BulkRowState::LeftOut)), (2, 1));
        assert_eq!((rows[2].state, problems(&rows[2])), (BulkRowState::LeftOut, vec![(BulkProblemKind::ChangedMeanwhile, "")]));
        assert_eq!(prices(shop, jar).await, [7_700]);

        // One price and one status are changed since: they stay, the rest comes back.
        save(mug, 12_345).await;
        catalog::set_status(shop, &shop.system(), bowl, "draft").await.unwrap();
        catalog::undo_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let (edit, rows) = seen(shop, id).await;
        assert_eq!((edit.count(BulkRowState::Kept), edit.count(BulkRowState::Undone)), (2, 0));
        assert_eq!((problems(&rows[0]), prices(shop, mug).await), (vec![(BulkProblemKind::PriceSince, "mug-0")], vec![12_345, 20_000]));
        assert_eq!((problems(&rows[1]), prices(shop, bowl).await), (vec![(BulkProblemKind::StatusSince, "")], vec![10_000]));
        let status = async |id| catalog::admin_product(shop, &shop.system(), id).await.unwrap().status;
        assert_eq!(
            (status(mug).await.as_str(), status(bowl).await.as_str(), status(jar).await.as_str()),
            ("published", "draft", "published")
        );
    })
    .await;
}

#[tokio::test]
async fn what_cannot_be_changed_is_named_with_its_reason() {
    both(async |shop| {
        let (mug, bowl) = (goods(shop, "mug", &[10_000, 300]).await, goods(shop, "bowl", &[10_000]).await);
        let mut draft = catalog::admin_product(shop, &shop.system(), bowl).await.unwrap().draft;
        draft.variants[0].compare_at = Some(10_500);
        draft.tags = (0..49).map(|n| format!("t{n:02}")).collect();
        catalog::save_product(shop, &shop.system(), Locale::En, draft).await.unwrap();
        let of = async |id| seen(shop, id).await.1;
        let rows = of(plan(shop, &[mug], by(shop, PriceRule::Amount(-400), PriceRounding::Exact).await).await).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Planned, vec![(BulkProblemKind::PriceRange, "mug-1")]));
        assert_eq!(rows[0].parts.len(), 1);
        let rows = of(plan(shop, &[bowl], by(shop, PriceRule::Percent(500), PriceRounding::Exact).await).await).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Refused, vec![(BulkProblemKind::CompareAt, "bowl-0")]));
        let tags = BulkChange { add_tags: vec!["a".into(), "b".into()], ..BulkChange::default() };
        let rows = of(plan(shop, &[bowl, mug], tags).await).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Refused, vec![(BulkProblemKind::TooManyTags, "")]));
        assert_eq!(rows[1].state, BulkRowState::Planned);
        let published = BulkChange { status: Some("published".into()), ..BulkChange::default() };
        assert_eq!(of(plan(shop, &[mug], published.clone()).await).await[0].state, BulkRowState::Unchanged);

        // In another list there is no price yet: none can be raised, but one can be set, and undoing takes it away.
        let (sale, at) = (PriceListId(shop.id()), shop.now());
        shop.db()
            .write(async move |tx| {
                let sql = "insert into price_lists (id, name, currency, position, valid_from) values ($1, 'Sale', 'PHP', 1, $2)";
                tx.execute(sql, &[&sale, &at.plus_millis(Timestamp::DAY)]).await
            })
            .await
            .unwrap();
        let in_sale =
            |rule| BulkChange { prices: Some(PriceChange { list: sale, rule, rounding: PriceRounding::Exact }), ..BulkChange::default() };
        let rows = of(plan(shop, &[bowl], in_sale(PriceRule::Percent(-1_000))).await).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Refused, vec![(BulkProblemKind::NoPrice, "bowl-0")]));
        let id = plan(shop, &[mug, bowl], in_sale(PriceRule::Set(5_000))).await;
        catalog::do_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let of_sale =
            "select count(*) from prices r join price_lists l on l.id = r.price_list_id where l.name = 'Sale' and r.amount = 5000";
        assert_eq!((number(shop, of_sale).await, prices(shop, bowl).await), (3, vec![10_000]));
        catalog::undo_bulk_edit(shop, &owner(shop), id).await.unwrap();
        assert_eq!(number(shop, of_sale).await, 0);

        // Without a price nothing is published.
        shop.db().write(async |tx| tx.execute("delete from prices", &[]).await).await.unwrap();
        catalog::set_status(shop, &shop.system(), mug, "draft").await.unwrap();
        let rows = of(plan(shop, &[mug], published).await).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Refused, vec![(BulkProblemKind::NothingForSale, "")]));
    })
    .await;
}

#[tokio::test]
async fn a_category_that_goes_meanwhile_is_said_and_the_rest_is_done() {
    both(async |shop| {
        let (old, new) = (a_category(shop, "Old").await, a_category(shop, "New").await);
        let mug = goods(shop, "mug", &[10_000]).await;
        let into = |category| BulkChange { category: Some(CategoryChange::Into(category)), ..BulkChange::default() };
        let first = plan(shop, &[mug], into(old)).await;
        catalog::do_bulk_edit(shop, &owner(shop), first).await.unwrap();
        let mut change = into(new);
        change.add_tags = vec!["sale".into()];
        let id = plan(shop, &[mug], change).await;
        catalog::remove_category(shop, &shop.system(), new).await.unwrap();
        catalog::do_bulk_edit(shop, &owner(shop), id).await.unwrap();
        let (_, rows) = seen(shop, id).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Done, vec![(BulkProblemKind::NoCategory, "")]));
        let draft = catalog::admin_product(shop, &shop.system(), mug).await.unwrap().draft;
        assert_eq!((draft.category, draft.tags.contains(&"sale".to_owned())), (Some(old), true));
        // Out of it; then it is removed, so undoing cannot put it back.
        let out = plan(shop, &[mug], BulkChange { category: Some(CategoryChange::Out), ..BulkChange::default() }).await;
        catalog::do_bulk_edit(shop, &owner(shop), out).await.unwrap();
        catalog::remove_category(shop, &shop.system(), old).await.unwrap();
        catalog::undo_bulk_edit(shop, &owner(shop), out).await.unwrap();
        let (_, rows) = seen(shop, out).await;
        assert_eq!((rows[0].state, problems(&rows[0])), (BulkRowState::Kept, vec![(BulkProblemKind::NoCategory, "")]));
    })
    .await;
}

#[tokio::test]
async fn a_thousand_products_are_changed_by_a_job_that_may_begin_again() {
    both(async |shop| {
        let mut file = "Handle,Title,Variant SKU,Variant Price,Status,Tags\n".to_owned();
        for n in 0..1_000 {
            file.push_str(&format!("cup-{n:04},Cup {n},CUP-{n:04},{}.00,active,cup\n", 100 + n));
        }
        let report = import_csv(shop, &shop.system(), file.as_bytes(), &ImportOptions::default(), &|_, _| {}).await.unwrap();
        assert_eq!(report.created, 1_000);
        let all = search::admin_matches(shop, &owner(shop), "", "published", None, BulkChange::MOST_PRODUCTS).await.unwrap();
        let found = search::admin_matches(shop, &owner(shop), "cup", "", None, BulkChange::MOST_PRODUCTS).await.unwrap();
        assert_eq!((all.len(), found.len()), (1_000, 1_000));
        let sum = "select cast(sum(amount) as bigint) from prices";
        let before = number(shop, sum).await;
        let id = plan(shop, &all, by(shop, PriceRule::Amount(100), PriceRounding::Exact).await).await;
        catalog::do_bulk_edit(shop, &owner(shop), id).await.unwrap();
        assert_eq!((seen(shop, id).await.0.state, number(shop, sum).await), (BulkEditState::Running, before), "the job does it");
        jobs::run_due(shop, &jobs::handlers()).await.unwrap();
        let edit = seen(shop, id).await.0;
        assert_eq!((edit.state, edit.count(BulkRowState::Done), number(shop, sum).await), (BulkEditState::Done, 1_000, before + 100_000));
        // Each is on one page of the answer, there and back.
        let page = async |from| catalog::bulk_rows(shop, &owner(shop), Locale::En, id, Some(BulkRowState::Done), from).await.unwrap();
        let (mut shown, mut at) = (0, Some(0));
        while let Some(from) = at {
            let rows = page(from).await;
            assert_eq!(rows.previous, (from > 0).then_some(from - 100));
            shown += rows.rows.len();
            at = rows.next;
        }
        assert_eq!(shown, 1_000);
        let named =
            number(shop, "select count(distinct subject) from events where kind = 'product.updated' and actor like 'staff:%'").await;
        assert_eq!(named, 1_000);

        catalog::undo_bulk_edit(shop, &owner(shop), id).await.unwrap();
        // A worker that was given up and the one in its place do nothing twice.
        let handlers = jobs::handlers();
        let again = catalog::resume_bulk_edit(shop, id);
        let (one, two) = tokio::join!(jobs::run_due(shop, &handlers), again);
        one.unwrap();
        two.unwrap();
        let edit = seen(shop, id).await.0;
        assert_eq!((edit.state, edit.count(BulkRowState::Undone), number(shop, sum).await), (BulkEditState::Undone, 1_000, before));
    })
    .await;
}

#[tokio::test]
async fn a_preview_is_kept_for_a_day_and_a_bulk_edit_can_be_undone_for_thirty() {
    both(async |shop| {
        let mug = goods(shop, "mug", &[10_000]).await;
        let change = by(shop, PriceRule::Amount(100), PriceRounding::Exact).await;
        let (idle, late, done) =
            (plan(shop, &[mug], change.clone()).await, plan(shop, &[mug], change.clone()).await, plan(shop, &[mug], change).await);
        catalog::do_bulk_edit(shop, &owner(shop), done).await.unwrap();
        let until = seen(shop, done).await.0.undo_until.unwrap();
        assert_eq!(until.millis(), shop.now().millis() + BulkChange::UNDO_DAYS * Timestamp::DAY);
        shop.clock.advance(Timestamp::DAY + 1);
        catalog::delete_old_bulk_edits(shop).await.unwrap();
        for gone in [idle, late] {
            assert!(matches!(catalog::do_bulk_edit(shop, &owner(shop), gone).await, Err(CatalogError::Unknown)));
        }
        shop.clock.advance((BulkChange::UNDO_DAYS - 1) * Timestamp::DAY);
        assert!(matches!(catalog::undo_bulk_edit(shop, &owner(shop), done).await, Err(CatalogError::TooLate)));
        assert_eq!(prices(shop, mug).await, [10_100]);
        catalog::delete_old_bulk_edits(shop).await.unwrap();
        assert_eq!(number(shop, "select (select count(*) from bulk_edits) + (select count(*) from bulk_edit_products)").await, 0);
    })
    .await;
}

#[tokio::test]
async fn only_who_may_write_products_makes_a_bulk_edit_and_nonsense_names_its_field() {
    both(async |shop| {
        let mug = goods(shop, "mug", &[10_000]).await;
        let change = by(shop, PriceRule::Amount(100), PriceRounding::Exact).await;
        let id = plan(shop, &[mug], change.clone()).await;
        let clerk = Context::staff(UserId(shop.id()), Role::Clerk, RequestId(shop.id()));
        for ctx in [clerk, guest(shop)] {
            assert!(matches!(
                catalog::plan_bulk_edit(shop, &ctx, Locale::En, &[mug], change.clone()).await,
                Err(CatalogError::Forbidden(_))
            ));
            assert!(matches!(catalog::do_bulk_edit(shop, &ctx, id).await, Err(CatalogError::Forbidden(_))));
            assert!(matches!(catalog::undo_bulk_edit(shop, &ctx, id).await, Err(CatalogError::Forbidden(_))));
        }
        let wrong = async |products: &[ProductId], change: BulkChange| match catalog::plan_bulk_edit(
            shop,
            &owner(shop),
            Locale::En,
            products,
            change,
        )
        .await
        {
            Err(CatalogError::Invalid(fields)) => fields.into_iter().map(|(field, _)| field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(wrong(&[], change.clone()).await, ["products"]);
        assert_eq!(wrong(&[ProductId(shop.id())], change.clone()).await, ["products"]);
        assert_eq!(wrong(&vec![mug; BulkChange::MOST_PRODUCTS + 1], change).await, ["products"]);
        assert_eq!(wrong(&[mug], BulkChange::default()).await, ["price"]);
        for rule in [PriceRule::Amount(0), PriceRule::Set(-1), PriceRule::Percent(-10_000), PriceRule::Percent(100_001)] {
            assert_eq!(wrong(&[mug], by(shop, rule, PriceRounding::Exact).await).await, ["amount"], "{rule:?}");
        }
        let nowhere = PriceChange { list: PriceListId(shop.id()), rule: PriceRule::Set(1), rounding: PriceRounding::Exact };
        assert_eq!(wrong(&[mug], BulkChange { prices: Some(nowhere), ..BulkChange::default() }).await, ["list"]);
        let nonsense = BulkChange {
            status: Some("sold".into()),
            category: Some(CategoryChange::Into(CategoryId(shop.id()))),
            add_tags: vec!["x".repeat(61), "both".into()],
            remove_tags: vec!["Both".into()],
            ..BulkChange::default()
        };
        assert_eq!(wrong(&[mug], nonsense).await, ["status", "category", "add_tags", "remove_tags"]);
    })
    .await;
}
