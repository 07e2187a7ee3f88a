//! The discount codes, with the inactive ones.

use admin_layout::{SectionTabs, address, page_at, pager, shown};
use domain::cart::Discount;
use domain::permission::Permission;
use domain::view::{DiscountDraft, DiscountListView, DiscountRowView, PageAt};
use domain::{Currency, Locale, Money, Timestamp};
use leptos::prelude::*;
use leptos_router::hooks::use_query_map;
use serde::{Deserialize, Serialize};
use ui::{
    Column, EmptyState, FigureCell, LinkButton, PageHeader, Panel, Row, SkeletonRows, StatusBadge, Table, Tone, When, icon, tr, use_locale,
};
use web::{Access, Answer, AppError, Title, access, access_of, lazy_page, resource};

pub(crate) const LIST: &str = "/admin/settings/discounts";

/// A page of discount codes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscountsView {
    /// The newest first.
    pub list: DiscountListView,
    pub currency: Currency,
    /// When they were read.
    pub now: Timestamp,
    pub may_write: bool,
}

/// A page of discount codes.
#[server(endpoint = "admin/discounts", output = Answer)]
pub async fn list_discounts(#[server(default)] at: PageAt) -> Result<DiscountsView, AppError> {
    use web::request;
    let (ctx, shop) = (request::authorize(Access::Staff(Permission::ReadSettings))?, request::shop()?);
    Ok(DiscountsView {
        list: backend::pricing::discounts(&shop, &ctx, &at).await.map_err(crate::pricing_error)?,
        currency: backend::settings::shop_currency(&shop),
        now: shop.now(),
        may_write: ctx.may(Permission::WriteSettings),
    })
}
access!(ListDiscounts, Access::Staff(Permission::ReadSettings));

/// Server functions of this file.
pub const ACCESS: &[(&str, Access)] = &[access_of::<ListDiscounts>()];

/// `/admin/settings/discounts`
#[derive(Debug)]
pub struct Discounts;

lazy_page!(Discounts, settings, discounts_page);

fn discounts_page() -> AnyView {
    let query = use_query_map();
    let at = Memo::new(move |_| query.with(page_at));
    let codes = resource(move || at.get(), list_discounts);
    view! {
        <Title text=tr!(ADMIN_SETTINGS_DISCOUNTS)/>
        <div class="flex flex-col gap-5">
            <PageHeader title=tr!(ADMIN_SETTINGS)/>
            <SectionTabs section="settings"/>
            <Transition fallback=|| view! { <SkeletonRows/> }>
                {shown(codes, move |view| page(view, &at.get_untracked()))}
            </Transition>
        </div>
    }
    .into_any()
}

fn page(view: DiscountsView, at: &PageAt) -> AnyView {
    let DiscountsView { list, currency, now, may_write } = view;
    let pager = pager(LIST, &[], at, list.previous, list.next);
    let codes = if list.codes.is_empty() {
        view! { <EmptyState title=tr!(ADMIN_SETTINGS_DISCOUNT_EMPTY_TITLE) body=tr!(ADMIN_SETTINGS_DISCOUNT_EMPTY_BODY) plain=true/> }
            .into_any()
    } else {
        table(list.codes, currency, now)
    };
    let new = format!("{LIST}/new");
    view! {
        {may_write.then(|| view! { <div><LinkButton href=new icon=icon::PLUS>{tr!(ADMIN_SETTINGS_DISCOUNT_ADD)}</LinkButton></div> })}
        <Panel title=tr!(ADMIN_SETTINGS_DISCOUNTS) flush=true>{codes}</Panel>
        {pager}
    }
    .into_any()
}

/// The discount in words.
fn discount_text(locale: Locale, takes: Discount, currency: Currency) -> String {
    match takes {
        Discount::Percent(bp) => locale.percent(bp),
        Discount::Amount(minor) => locale.money(Money::new(minor, currency)),
    }
}

/// Its state now, as tone and text.
fn state(row: &DiscountRowView, now: Timestamp) -> (Tone, &'static str) {
    let DiscountDraft { active, valid_from, valid_to, most_uses, .. } = &row.draft;
    if !active {
        (Tone::Neutral, tr!(ADMIN_SETTINGS_DISCOUNT_OFF))
    } else if valid_to.is_some_and(|to| to <= now) {
        (Tone::Neutral, tr!(ADMIN_SETTINGS_DISCOUNT_ENDED))
    } else if most_uses.is_some_and(|most| row.uses >= most) {
        (Tone::Neutral, tr!(ADMIN_SETTINGS_DISCOUNT_USED_UP))
    } else if valid_from.is_some_and(|from| from > now) {
        (Tone::Info, tr!(ADMIN_SETTINGS_DISCOUNT_PLANNED))
    } else {
        (Tone::Success, tr!(ADMIN_SETTINGS_DISCOUNT_USABLE))
    }
}

fn table(codes: Vec<DiscountRowView>, currency: Currency, now: Timestamp) -> AnyView {
    let locale = use_locale();
    let columns = vec![
        Column::new(tr!(ADMIN_SETTINGS_DISCOUNT_CODE)),
        Column::figures(tr!(ADMIN_SETTINGS_DISCOUNT_VALUE)),
        Column::new(tr!(ADMIN_SETTINGS_DISCOUNT_FROM)).wide_only(),
        Column::new(tr!(ADMIN_SETTINGS_DISCOUNT_UNTIL)).wide_only(),
        Column::figures(tr!(ADMIN_SETTINGS_DISCOUNT_USES)),
        Column::new(tr!(COMMON_STATUS)),
    ];
    let row = move |row: DiscountRowView| {
        let (tone, words) = state(&row, now);
        let DiscountRowView { draft, uses } = row;
        let minimum = (draft.min_subtotal > 0).then(|| {
            let amount = locale.money(Money::new(draft.min_subtotal, currency));
            format!("{} {amount}", tr!(ADMIN_SETTINGS_DISCOUNT_MINIMUM))
        });
        let most = draft.most_uses.map(|most| format!(" / {}", locale.number(most)));
        let used = if uses > 0 {
            let orders = address("/admin/orders", &[("q", &draft.code)]);
            view! { <a class="underline underline-offset-4" href=orders>{locale.number(uses)}</a> }.into_any()
        } else {
            locale.number(uses).into_any()
        };
        view! {
            <Row>
                <td>
                    <a class="font-medium hover:underline underline-offset-4" href=format!("{LIST}/{}", draft.code)>{draft.code.clone()}</a>
                    {minimum.map(|minimum| view! { <span class="block text-sm text-quiet">{minimum}</span> })}
                </td>
                <FigureCell>{discount_text(locale, draft.takes, currency)}</FigureCell>
                <td class="max-md:hidden">{draft.valid_from.map(|from| view! { <When at=first_day(from) day=true/> })}</td>
                <td class="max-md:hidden">{draft.valid_to.map(|to| view! { <When at=last_day(to) day=true/> })}</td>
                <FigureCell>{used}{most}</FigureCell>
                <td><StatusBadge tone settled=true text=words/></td>
            </Row>
        }
    };
    let rows = codes.into_iter().map(row).collect_view();
    view! { <Table caption=tr!(ADMIN_SETTINGS_DISCOUNTS) columns>{rows}</Table> }.into_any()
}

/// The shop's time zone may be another than when a day was chosen, by less than this.
const HALF_A_DAY: i64 = Timestamp::DAY / 2;

/// A moment in the day that begins at `start`, in any time zone that the shop may have.
pub(crate) const fn first_day(start: Timestamp) -> Timestamp {
    start.plus_millis(HALF_A_DAY)
}

/// A moment in the last day before `end`, in any time zone that the shop may have.
pub(crate) const fn last_day(end: Timestamp) -> Timestamp {
    end.plus_millis(-HALF_A_DAY)
}
