//! Every component in its states, for developers: `/ui` in development.

mod admin;
mod shop;

use domain::{Currency, Locale, Money, Timestamp};
use leptos::prelude::*;

pub use self::admin::{GalleryAdmin, GalleryAdminProps};
pub use self::shop::{GalleryShop, GalleryShopProps};
use crate::*;

/// 24 November 2026, 10:30 in Manila.
const A_MOMENT: i64 = 1_795_487_400_000;

fn pesos(minor: i64) -> Money {
    Money::new(minor, Currency::PHP)
}

fn minutes_later(minutes: i64) -> Option<Timestamp> {
    Some(Timestamp::from_millis(A_MOMENT + minutes * 60_000))
}

/// One of the given ids, which may be none.
fn picture(pictures: &[String], at: usize) -> String {
    pictures.get(at % pictures.len().max(1)).cloned().unwrap_or_default()
}

#[component]
fn Part(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <section class="flex flex-col gap-4 min-w-0">
            <h2 class="text-xl border-b border-hairline pb-2">{title}</h2>
            {children()}
        </section>
    }
}

/// All components, by kind.
#[component]
pub fn Gallery(
    /// Ids of existing pictures.
    #[prop(optional)]
    pictures: Vec<String>,
) -> impl IntoView {
    view! {
        <div class="page flex flex-col gap-12 py-8">
            <PageHeader title="ui" detail="Tindahan"/>
            {colours()}
            {buttons()}
            {fields()}
            {choices(&pictures)}
            {states()}
            {messages()}
            {surfaces()}
            {products(&pictures)}
            {order()}
            {lists()}
            {figures()}
            {overlays()}
        </div>
    }
}

fn colours() -> AnyView {
    let swatches = [
        ("bg-base-100 border border-hairline", "base-100"),
        ("bg-base-200", "base-200"),
        ("bg-base-300", "base-300"),
        ("bg-tile", "tile"),
        ("bg-front", "front"),
        ("bg-primary", "primary"),
        ("bg-accent", "accent"),
        ("bg-secondary", "secondary"),
        ("bg-neutral", "neutral"),
        ("bg-success", "success"),
        ("bg-info", "info"),
        ("bg-error", "error"),
    ];
    view! {
        <Part title="Colour, type, ornament">
            <div class="grid grid-cols-4 md:grid-cols-6 xl:grid-cols-12 gap-3">
                {swatches
                    .map(|(class, name)| view! { <div class="text-xs"><div class=format!("h-14 rounded-field {class}")></div>{name}</div> })
                    .collect_view()}
            </div>
            <p class="font-display text-4xl font-semibold">"Good things, made close to home"</p>
            <p class="font-display text-3xl font-semibold">"Dried in Guimaras"</p>
            <p class="font-display text-2xl font-semibold">"Roasted in Batangas, woven in Bicol"</p>
            <p class="prose-line">
                "Body text is Figtree. Lines hold 45 to 75 characters, figures line up: "
                <span class="money">"₱1,111.00"</span> ", " <span class="money">"₱9,870.50"</span> ". "
                <a href="#content" class="link">"A link"</a> " " <span class="text-quiet">"and quiet words."</span>
            </p>
            <Awning/>
            <Awning mango=true/>
            <Banig/>
        </Part>
    }
    .into_any()
}

fn buttons() -> AnyView {
    let looks = [Look::Buy, Look::Primary, Look::Outline, Look::Ghost, Look::Danger];
    view! {
        <Part title="Button, LinkButton, IconButton">
            <div class="flex flex-wrap items-center gap-3">
                {looks.map(|look| view! { <Button look>{tr!(COMMON_SAVE)}</Button> }).collect_view()}
                <LinkButton href="#content" look=Look::Outline icon=icon::ARROW_RIGHT>{tr!(COMMON_CONTINUE)}</LinkButton>
            </div>
            <div class="flex flex-wrap items-center gap-3">
                <Button look=Look::Buy size=Size::Large icon=icon::CART>{tr!(PRODUCT_ADD_TO_CART)}</Button>
                <Button icon=icon::CHECK>{tr!(COMMON_APPLY)}</Button>
                <Button size=Size::Small look=Look::Outline icon=icon::PRINTER>{tr!(COMMON_PRINT)}</Button>
                <Button busy=true>{tr!(CHECKOUT_PLACING)}</Button>
                <Button disabled=true>{tr!(COMMON_SAVE)}</Button>
                <Button disabled=true look=Look::Outline>{tr!(COMMON_SAVE)}</Button>
            </div>
            <div class="flex flex-wrap items-center gap-3">
                <IconButton shape=icon::PENCIL label=tr!(COMMON_EDIT)/>
                <IconButton shape=icon::TRASH label=tr!(COMMON_DELETE) look=Look::Danger/>
                <IconButton shape=icon::COPY label=tr!(COMMON_COPY) look=Look::Outline size=Size::Small/>
                <IconLink shape=icon::EXTERNAL_LINK label=tr!(COMMON_VIEW) href="#content"/>
            </div>
        </Part>
    }
    .into_any()
}

fn fields() -> AnyView {
    let problem = Signal::stored(Some(tr!(FIELD_EMAIL_INVALID).to_owned()));
    view! {
        <Part title="Field, TextArea, SelectField, FileField, SearchBox">
            <ErrorSummary problems=vec![("bad-email".to_owned(), tr!(FIELD_EMAIL_INVALID).to_owned())]/>
            <div class="grid md:grid-cols-2 gap-x-6 gap-y-5 items-start">
                <Field label=tr!(ADDRESS_FULL_NAME) name="full-name" autocomplete="name" required=true/>
                <Field label=tr!(ADDRESS_EMAIL) name="bad-email" kind="email" autocomplete="email" value="maria@" error=problem hint=tr!(ADDRESS_EMAIL_HINT)/>
                <Field label=tr!(ADDRESS_PHONE) name="phone" kind="tel" inputmode="tel" autocomplete="tel" hint=tr!(ADDRESS_PHONE_HINT) placeholder="0917 123 4567"/>
                <Field label=tr!(ACCOUNT_PASSWORD) name="password" kind="password" autocomplete="new-password" hint=tr!(ACCOUNT_PASSWORD_HINT)/>
                <Field label=tr!(ADMIN_PRODUCTS_PRICE) name="price" inputmode="decimal" prefix="₱" value="450.00"/>
                <Field label=tr!(ADMIN_PRODUCTS_WEIGHT_GRAMS) name="weight" kind="number" suffix="g" value="200" optional=true/>
                <SelectField
                    label=tr!(ADDRESS_REGION)
                    name="region"
                    empty=tr!(ADDRESS_CHOOSE_REGION)
                    choices=vec![Choice::new("06", "Western Visayas"), Choice::new("13", "Metro Manila")]
                />
                <SelectField label=tr!(ADDRESS_PROVINCE) name="province" empty=tr!(ADDRESS_CHOOSE_PROVINCE) choices=Vec::new() disabled=true/>
                <TextArea label=tr!(ADDRESS_NOTES) name="notes" hint=tr!(ADDRESS_NOTES_HINT) optional=true/>
                <FileField label=tr!(ADMIN_PRODUCTS_ADD_PICTURE) name="picture" accept="image/png,image/jpeg"/>
            </div>
            <SearchBox id="gallery-search"/>
        </Part>
    }
    .into_any()
}

fn choices(pictures: &[String]) -> AnyView {
    let quantity = RwSignal::new(2);
    let cards = vec![
        RadioCard {
            value: "cod".into(),
            title: tr!(CHECKOUT_PAYMENT_ON_DELIVERY).into(),
            detail: Some(tr!(CHECKOUT_PAYMENT_ON_DELIVERY_HINT, amount = "₱930.00")),
            icon: Some(icon::BANKNOTE),
            ..RadioCard::default()
        },
        RadioCard {
            value: "card".into(),
            title: tr!(CHECKOUT_PAYMENT_CARD).into(),
            detail: Some(tr!(CHECKOUT_PAYMENT_CARD_HINT).into()),
            icon: Some(icon::CREDIT_CARD),
            ..RadioCard::default()
        },
        RadioCard {
            value: "express".into(),
            title: tr!(DELIVERY_EXPRESS).into(),
            detail: Some(tr!(DELIVERY_ARRIVES_ON, date = "Tue 24 Nov")),
            aside: Some("₱150.00".into()),
            icon: Some(icon::TRUCK),
            ..RadioCard::default()
        },
        RadioCard {
            value: "pickup".into(),
            title: tr!(DELIVERY_PICKUP).into(),
            detail: Some(tr!(DELIVERY_NONE_FOR_ADDRESS).into()),
            aside: Some(tr!(CART_DELIVERY_FREE).into()),
            icon: Some(icon::STORE),
            disabled: true,
        },
    ];
    let sizes = ["36", "37", "38", "39"]
        .into_iter()
        .map(|size| Chip { value: size.into(), label: size.into(), available: size != "38", ..Chip::default() })
        .collect::<Vec<_>>();
    let colours = [("palm", 0), ("clay", 1), ("oat", 2)]
        .into_iter()
        .map(|(name, at)| Chip {
            value: name.into(),
            label: name.into(),
            picture: Some(picture(pictures, at)),
            available: true,
            ..Chip::default()
        })
        .collect::<Vec<_>>();
    view! {
        <Part title="RadioCards, RadioChips, Checkbox, QuantityStepper">
            <div class="grid lg:grid-cols-2 gap-8">
                <RadioCards legend=tr!(CHECKOUT_PAYMENT_TITLE) name="method" cards selected="cod".to_owned()/>
                <div class="flex flex-col gap-5">
                    <RadioChips legend=tr!(ADMIN_PRODUCTS_OPTIONS) name="size" chips=sizes selected="37".to_owned()/>
                    <RadioChips legend=tr!(ADMIN_PRODUCTS_OPTIONS) name="colour" chips=colours selected="palm".to_owned() chosen_name="palm".to_owned()/>
                    <QuantityStepper name="quantity" value=quantity/>
                    <Checkbox label=tr!(LISTING_IN_STOCK_ONLY) name="stock" checked=true/>
                    <Checkbox label=tr!(ADDRESS_SAVE_FOR_LATER) name="save" hint=tr!(ADDRESS_NONE_BODY)/>
                    <div class="flex flex-wrap gap-2">
                        <CheckChip label="38" name="sizes" value="38" id="sizes-38" checked=true count="12" swatch=None::<String>/>
                        <CheckChip label="Palm green" name="colours" value="palm" id="colours-palm" checked=false count="4" swatch="#2f7d4f".to_owned()/>
                    </div>
                    <div class="flex flex-wrap gap-2">
                        <FilterChip label=tr!(LISTING_IN_STOCK_ONLY) href="#content"/>
                        <FilterChip label="Stoneware" href="#content"/>
                    </div>
                </div>
            </div>
        </Part>
    }
    .into_any()
}

fn states() -> AnyView {
    let tones = [Tone::Neutral, Tone::Info, Tone::Success, Tone::Warning, Tone::Danger, Tone::Accent, Tone::Sale];
    view! {
        <Part title="Badge, StatusBadge, Tabs, Breadcrumbs">
            <div class="flex flex-wrap gap-2">{tones.map(|tone| view! { <Badge tone>{tr!(PRODUCT_NEW_BADGE)}</Badge> }).collect_view()}</div>
            <div class="flex flex-wrap gap-2">{tones.map(|tone| view! { <Badge tone full=true>{tr!(PRODUCT_SALE_BADGE)}</Badge> }).collect_view()}</div>
            <div class="flex flex-wrap gap-2">
                <StatusBadge text=tr!(ORDER_STATE_PENDING)/>
                <StatusBadge tone=Tone::Warning text=tr!(ORDER_STATE_UNFULFILLED)/>
                <StatusBadge tone=Tone::Info text=tr!(ORDER_STATE_IN_TRANSIT)/>
                <StatusBadge tone=Tone::Success settled=true text=tr!(ORDER_STATE_DELIVERED)/>
                <StatusBadge tone=Tone::Danger settled=true text=tr!(ORDER_STATE_CANCELLED)/>
                <StatusBadge tone=Tone::Success settled=true text=tr!(ORDER_STATE_PAID)/>
            </div>
            {order_tabs()}
            <Breadcrumbs above=vec![("/".into(), tr!(SHELL_HOME).into()), ("#content".into(), "Coffee and chocolate".into())] here="Barako coffee"/>
        </Part>
    }
    .into_any()
}

fn order_tabs() -> AnyView {
    let tab = |name: &str, count, current| Tab { href: "#content".into(), name: name.into(), count, current };
    let tabs = vec![
        tab(tr!(ADMIN_ORDERS_FILTER_ALL), None, false),
        tab(tr!(ADMIN_ORDERS_FILTER_TO_PACK), Some(12), true),
        tab(tr!(ADMIN_ORDERS_FILTER_TO_SHIP), Some(4), false),
        tab(tr!(ADMIN_ORDERS_FILTER_UNPAID), Some(0), false),
    ];
    view! { <Tabs label=tr!(ADMIN_ORDERS_SAVED_FILTERS) tabs/> }.into_any()
}

fn messages() -> AnyView {
    view! {
        <Part title="Alert, EmptyState, Skeletons">
            <div class="grid md:grid-cols-2 gap-3">
                <Alert>{tr!(CHECKOUT_PAYMENT_PENDING)}</Alert>
                <Alert tone=Tone::Success title=tr!(COMMON_SAVED)>{tr!(SHELL_ONLINE_AGAIN)}</Alert>
                <Alert tone=Tone::Warning title=tr!(CART_WHAT_CHANGED)>{tr!(CART_SOLD_OUT, name = "Ube halaya")}</Alert>
                <Alert tone=Tone::Danger title=tr!(ERROR_UNEXPECTED_TITLE)>{tr!(ERROR_UNEXPECTED_BODY)}</Alert>
            </div>
            <div class="border border-hairline rounded-card">
                <EmptyState title=tr!(CART_EMPTY_TITLE) body=tr!(CART_EMPTY_BODY)>
                    <LinkButton href="#content">{tr!(CART_EMPTY_ACTION)}</LinkButton>
                </EmptyState>
            </div>
            <div class="grid md:grid-cols-2 gap-6">
                <SkeletonText lines=4/>
                <SkeletonRows rows=3/>
            </div>
            <SkeletonCards count=3/>
        </Part>
    }
    .into_any()
}

fn surfaces() -> AnyView {
    view! {
        <Part title="Panel, Card, Facts, PostalLabel, Disclosure, Step">
            <div class="grid lg:grid-cols-2 gap-6 items-start">
                <Panel
                    title=tr!(ORDER_DELIVER_TO)
                    actions=|| view! { <Button size=Size::Small look=Look::Ghost icon=icon::PENCIL>{tr!(COMMON_EDIT)}</Button> }
                >
                    <Facts facts=vec![
                        (tr!(ADDRESS_FULL_NAME).into(), "Maria Santos".into()),
                        (tr!(ADDRESS_BARANGAY).into(), "San Miguel".into()),
                        (tr!(ADDRESS_CITY).into(), "Jordan, Guimaras".into()),
                    ]/>
                    <PostalLabel lines=["Maria Santos", "12 Mabini St", "San Miguel, Jordan", "5045 Guimaras"].map(String::from).to_vec()/>
                </Panel>
                <Card>
                    <dl class="flex flex-col gap-2">
                        <SumLine label=tr!(CART_SUBTOTAL) amount="₱780.00".to_owned()/>
                        <SumLine label=tr!(CART_DELIVERY_FEE) amount="₱150.00".to_owned()/>
                        <SumLine label=tr!(CART_TOTAL) amount="₱930.00".to_owned() total=true/>
                    </dl>
                </Card>
                <div>
                    <Disclosure title=tr!(PRODUCT_DESCRIPTION_TITLE) open=true>{tr!(HOME_STORY_BODY)}</Disclosure>
                    <Disclosure title=tr!(PRODUCT_CARE_TITLE)>{tr!(HOME_RETURNS_BODY)}</Disclosure>
                </div>
                <div>
                    <Step number=1 title=tr!(CHECKOUT_CONTACT_TITLE) done=true>{tr!(CHECKOUT_GUEST_HINT)}</Step>
                    <Step number=2 title=tr!(CHECKOUT_DELIVERY_TITLE)>{tr!(DELIVERY_CHOOSE)}</Step>
                </div>
            </div>
        </Part>
    }
    .into_any()
}

fn products(pictures: &[String]) -> AnyView {
    let pictures = pictures.to_vec();
    view! {
        <Part title="ProductCard, CategoryTile, Price">
            <div class="flex flex-wrap items-baseline gap-6">
                <Price amount=pesos(45_000) compare_at=None/>
                <Price amount=pesos(39_000) compare_at=Some(pesos(45_000)) class="text-2xl"/>
                <Price amount=pesos(45_000) compare_at=None from=true/>
            </div>
            <div class="product-grid">
                <ProductCard href="#content" name="Dried mango" picture=picture(&pictures, 3) price=pesos(18_000) note=Some("Guimaras".into()) new=true/>
                <ProductCard href="#content" name="Barako coffee" picture=picture(&pictures, 4) price=pesos(32_000) compare_at=Some(pesos(39_000)) few_left=Some(3)/>
                <ProductCard href="#content" name="Bayong tote, handwoven with two colours of strips" picture=picture(&pictures, 5) price=pesos(89_000) from=true/>
                <ProductCard href="#content" name="Ube halaya" picture=picture(&pictures, 6) price=pesos(24_000) sold_out=true/>
            </div>
            <div class="grid grid-cols-3 md:grid-cols-6 gap-4">
                <CategoryTile href="#content" name="Coffee and chocolate" picture=picture(&pictures, 4)/>
                <CategoryTile href="#content" name="Home and tableware" picture=picture(&pictures, 0)/>
            </div>
        </Part>
    }
    .into_any()
}

fn order() -> AnyView {
    let moment = |title: &str, shape, reached, at, detail: Option<&str>| Moment {
        title: title.into(),
        at,
        detail: detail.map(Into::into),
        shape,
        reached,
    };
    let moments = vec![
        moment(tr!(ORDER_EVENT_PLACED), icon::RECEIPT, Reached::Past, minutes_later(0), None),
        moment(tr!(ORDER_EVENT_PACKED), icon::PACKAGE, Reached::Past, minutes_later(95), None),
        moment(&tr!(ORDER_EVENT_SHIPPED, courier = "J&T"), icon::TRUCK, Reached::Now, minutes_later(300), Some("JT 4471 0098 2265")),
        moment(tr!(ORDER_EVENT_DELIVERED), icon::PACKAGE_CHECK, Reached::Ahead, None, Some(&tr!(DELIVERY_ARRIVES_ON, date = "Fri 27 Nov"))),
    ];
    view! { <Part title="Timeline"><Timeline moments/></Part> }.into_any()
}

fn lists() -> AnyView {
    view! {
        <Part title="Table, Pager">
            <Panel title=tr!(ADMIN_ORDERS) flush=true>{admin::orders_table()}</Panel>
            <Pager previous="#content" next="#content" first="#content"/>
        </Part>
    }
    .into_any()
}

fn figures() -> AnyView {
    let locale = use_locale();
    let values = vec![12, 18, 9, 22, 31, 28, 40];
    let bars = (18..=24)
        .zip(&values)
        .map(|(day, value)| Bar { label: format!("{day} Nov"), value: *value, shown: locale.money(pesos(*value * 10_000)), href: None })
        .collect();
    view! {
        <Part title="StatTile, Sparkline, BarChart">
            <div class="grid md:grid-cols-3 gap-4">
                <StatTile label=tr!(ADMIN_HOME_SALES_TODAY) value="₱48,210.00".to_owned() href="#content" beside=Signal::stored("A week ago until now: ₱44,100.00".to_owned())>
                    <Sparkline title=tr!(ADMIN_HOME_SALES_TODAY) values first="₱12,000.00" last="₱40,000.00"/>
                </StatTile>
                <StatTile label=tr!(ADMIN_HOME_ORDERS_TODAY) value="37".to_owned() href="#content"/>
                <StatTile label=tr!(ADMIN_HOME_TO_PACK) value="12".to_owned() href="#content" />
            </div>
            <Card><BarChart title=tr!(ADMIN_HOME_SOLD) summary="₱1,600.00" bars/></Card>
        </Part>
    }
    .into_any()
}

fn overlays() -> AnyView {
    let middle = RwSignal::new(false);
    let side = RwSignal::new(false);
    let toasts = use_toasts();
    view! {
        <Part title="Dialog, drawer, toasts, preferences">
            <div class="flex flex-wrap gap-3">
                <Button look=Look::Outline on:click=move |_| middle.set(true)>"Dialog"</Button>
                <Button look=Look::Outline on:click=move |_| side.set(true)>{tr!(LISTING_FILTERS)}</Button>
                <Button look=Look::Outline on:click=move |_| toasts.success(tr!(COMMON_SAVED))>"Toast"</Button>
                <LanguageSwitcher back="/ui".to_owned()/>
                <ThemeSwitch back="/ui".to_owned()/>
            </div>
            <Dialog id="gallery-dialog" title=tr!(ADMIN_ORDERS_ACTION_CANCEL) open=middle foot=|| view! { <Button look=Look::Danger>{tr!(ADMIN_ORDERS_ACTION_CANCEL)}</Button> }>
                <Checkbox name="restock" label=tr!(ADMIN_ORDERS_CANCEL_RESTOCK) checked=true/>
            </Dialog>
            <Dialog id="gallery-drawer" title=tr!(LISTING_FILTERS) open=side placement=Placement::Sheet foot=|| view! { <Button wide=true>{tr!(LISTING_SHOW_RESULTS)}</Button> }>
                <Disclosure title=tr!(LISTING_AVAILABILITY) open=true><Checkbox name="in-stock" label=tr!(LISTING_IN_STOCK_ONLY)/></Disclosure>
                <Disclosure title=tr!(LISTING_PRICE) open=true><Field name="max" label=tr!(LISTING_PRICE_TO) prefix="₱" inputmode="numeric"/></Disclosure>
            </Dialog>
            <p class="text-quiet">{Locale::ALL.map(Locale::tag).join(" ")}</p>
        </Part>
    }
    .into_any()
}
