//! Markup in what people type stays text, on every page that shows it: in the head, in attributes, in data for other programs, and in
//! forms that come back.

use backend::platform::Context;
use backend::{Shop, catalog, checkout, contacts, content, identity, inventory, order_management, orders, pricing, settings};
use domain::id::{CategoryId, OrderId, ProductId, RequestId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::{Permission, Role};
use domain::stock::StockReason;
use domain::view::{
    Address, CartItem, CategoryDraft, CategoryTexts, CheckoutForm, ContactDetails, ContactForm, DeliveryMethodDraft, OptionDraft,
    PageDraft, PageTexts, ProductDraft, ProductTexts, ShopSettings, TaxRateDraft, VariantDraft,
};
use domain::{Locale, Quantity};

use crate::browser::{escaped, get, pages, post, token};
use crate::content::publish_contact;
use crate::{PASSWORD, a_shop};

/// Ends a title, a script, an attribute in either quotes and a template, and begins what a browser would run.
const MARKUP: &str = "</title></textarea></script>\"'><img src=x onerror=i()>{{7}}";

/// No page may hold these: each would be read as markup.
const RAW: [&str; 4] = ["</title></textarea>", "</textarea></script>", "<img src=x", "'><img"];

/// Asserts that a page holds the text as text.
fn is_text(address: &str, body: &str) {
    for raw in RAW {
        if let Some(at) = body.find(raw) {
            let begin = (0..=at.saturating_sub(200)).rev().find(|at| body.is_char_boundary(*at)).unwrap_or_default();
            let around: String = body[begin..].chars().take(400).collect();
            assert!(body.is_empty(), "{address} holds {raw}: …{around}…");
        }
    }
    // There is one title element: the text has not closed it.
    let head = body.split("</head>").next().unwrap_or_default();
    assert!(head.matches("<title").count() <= 1 && head.matches("</title>").count() <= 1, "{address}: {head}");
    for data in body.split("<script type=\"application/ld+json\"").skip(1) {
        let data = data.split_once('>').unwrap().1.split("</script>").next().unwrap();
        assert!(data.starts_with('{') && data.ends_with('}') && data.contains("\"@context\""), "{address}: {data}");
    }
}

/// The same, and that it was shown at all.
fn shows(address: &str, body: &str) {
    is_text(address, body);
    assert!(body.contains("&lt;img src=x onerror=i()&gt;"), "{address} does not show it: {body}");
}

fn both(text: &str) -> Vec<String> {
    vec![text.to_owned(), text.to_owned()]
}

/// Everything that a manager can name.
async fn named(shop: &Shop) -> (CategoryId, ProductId, VariantId) {
    let system = shop.system();
    let before = settings::load(shop).await.unwrap();
    settings::save(shop, &system, ShopSettings { name: MARKUP.into(), ..before }).await.unwrap();
    let texts = |slug: &str| CategoryTexts { locale: "en".into(), name: MARKUP.into(), slug: slug.into(), blurb: MARKUP.into() };
    let category = CategoryDraft { published: true, texts: vec![texts("marked")], ..CategoryDraft::default() };
    let category = catalog::save_category(shop, &system, Locale::En, category).await.unwrap();
    let text = ProductTexts {
        locale: "en".into(),
        name: MARKUP.into(),
        slug: "marked".into(),
        summary: MARKUP.into(),
        description: format!("{MARKUP}\n\n{MARKUP}"),
        seo_title: MARKUP.into(),
        seo_description: MARKUP.into(),
    };
    let variant = VariantDraft { sku: "M-1".into(), values: vec!["one".into()], price: 100, stock: 9, ..VariantDraft::default() };
    let draft = ProductDraft {
        category: Some(category),
        vendor: MARKUP.into(),
        tax_class: "standard".into(),
        tags: vec![MARKUP.into()],
        texts: vec![text],
        options: vec![OptionDraft { key: "kind".into(), names: both(MARKUP), values: vec![("one".into(), both(MARKUP))] }],
        variants: vec![variant],
        featured: Some(1),
        ..ProductDraft::default()
    };
    let product = catalog::save_product(shop, &system, Locale::En, draft).await.unwrap();
    catalog::set_status(shop, &system, product, "published").await.unwrap();
    let method = DeliveryMethodDraft {
        is_new: true,
        code: "marked".into(),
        names: both(MARKUP),
        descriptions: both(MARKUP),
        regions: vec!["*".into()],
        collects_cash: true,
        active: true,
        ..DeliveryMethodDraft::default()
    };
    pricing::save_delivery_method(shop, &system, Locale::En, method, None).await.unwrap();
    let rate =
        TaxRateDraft { country: "SG".into(), class: "standard".into(), rate_bp: 900, source: MARKUP.into(), ..TaxRateDraft::default() };
    pricing::save_tax_rate(shop, &system, Locale::En, rate).await.unwrap();
    let text =
        PageTexts { locale: "en".into(), slug: "marked".into(), title: MARKUP.into(), body: MARKUP.into(), description: MARKUP.into() };
    let page = PageDraft { published: true, texts: vec![text], ..PageDraft::default() };
    content::save_page(shop, &system, Locale::En, page).await.unwrap();
    let form = ContactForm { name: MARKUP.into(), email: "ana@example.com".into(), order_number: String::new(), message: MARKUP.into() };
    publish_contact(shop).await;
    content::receive(shop, &system, Locale::En, &form).await.unwrap();
    identity::create_api_key(shop, &system, Locale::En, MARKUP, &[Permission::ReadOrders]).await.unwrap();
    let variant = catalog::admin_product(shop, &system, product).await.unwrap().draft.variants[0].id.unwrap();
    (category, product, variant)
}

fn person(email: &str) -> ContactDetails {
    ContactDetails { name: MARKUP.into(), email: email.into(), phone: String::new() }
}

fn address() -> Address {
    Address {
        recipient: MARKUP.into(),
        country: "SG".into(),
        line1: MARKUP.into(),
        line2: MARKUP.into(),
        postal_code: "089119".into(),
        ..Address::default()
    }
}

/// An account, its address, and an order that was cancelled.
async fn bought(shop: &Shop, variant: VariantId) -> (String, OrderId, String) {
    let nobody = Context::nobody(RequestId(shop.id()));
    let (user, session) = identity::sign_up(shop, &nobody, Locale::En, person("ana@example.com"), PASSWORD).await.unwrap();
    let ana = Context::customer(user, nobody.request);
    contacts::save_address(shop, &ana, Locale::En, None, &address(), true).await.unwrap();
    let line = CartItem { variant, quantity: Quantity::ONE, seen_price: 0 };
    let cart = backend::cart::sync(shop, &ana, Locale::En, Channel::Web, None, 0, vec![line], None).await.unwrap();
    let form = CheckoutForm {
        cart: cart.id.unwrap(),
        contact: person("ana@example.com"),
        delivery_address: address(),
        billing_address: Some(address()),
        delivery: "marked".into(),
        gift_note: String::new(),
        payment: PaymentMethod::Cash,
        seen_total: None,
    };
    let placed = checkout::place_order(shop, &ana, Locale::En, Channel::Web, "an-order-of-markup", form).await.unwrap();
    order_management::cancel(shop, &shop.system(), placed.order, MARKUP).await.unwrap();
    (session, placed.order, placed.link)
}

/// The managers' pages that show something whose name is markup, or what was searched for.
fn admin_pages(order: &str, customer: &str, category: &str, product: &str, variant: &str) -> Vec<String> {
    let typed = escaped(MARKUP);
    vec![
        "/admin/orders".to_owned(),
        format!("/admin/orders/{order}"),
        format!("/admin/orders?search={typed}&payment={typed}"),
        "/admin/customers".to_owned(),
        format!("/admin/customers/{customer}"),
        format!("/admin/customers/{customer}/merge?q={typed}"),
        "/admin/products".to_owned(),
        format!("/admin/products?search={typed}"),
        format!("/admin/products/{product}"),
        "/admin/categories".to_owned(),
        format!("/admin/categories/{category}"),
        "/admin/stock".to_owned(),
        format!("/admin/stock?search={typed}"),
        format!("/admin/stock/{variant}"),
        "/admin/content".to_owned(),
        "/admin/content/messages".to_owned(),
        "/admin/settings".to_owned(),
        "/admin/settings/taxes".to_owned(),
        "/admin/settings/delivery".to_owned(),
        "/admin/settings/delivery/marked".to_owned(),
        "/admin/settings/staff".to_owned(),
        "/admin/settings/api-keys".to_owned(),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_stays_text_on_every_page() {
    let (shop, _folder) = a_shop().await;
    let (category, product, variant) = named(&shop).await;
    let (ana, order, link) = bought(&shop, variant).await;
    let owner = token(&shop, Role::Owner).await;
    identity::create_staff(&shop, &shop.system(), Locale::En, person("clerk@example.com"), Role::Clerk, PASSWORD).await.unwrap();
    let me = identity::authenticate(&shop, &owner).await.unwrap().unwrap().me;
    let boss = identity::context_of(&me, RequestId(shop.id()));
    orders::save_filter(&shop, &boss, "<img src=x onerror=i()>", &format!("search={}", escaped(MARKUP))).await.unwrap();
    let place = inventory::list(&shop, &boss, Locale::En, "", &domain::view::PageAt::default()).await.unwrap().rows[0].location;
    inventory::adjust(&shop, &boss, variant, place, 1, StockReason::Found, MARKUP).await.unwrap();
    let router = pages(&shop);
    let typed = escaped(MARKUP);

    for page in ["/", "/c", "/categories", "/c/marked", "/p/marked", "/pages/marked", "/cart", &format!("/search?q={typed}")] {
        shows(page, &get(&router, page, "").await.2);
    }
    for page in [
        format!("/c?option={typed}&min={typed}&max={typed}&sort={typed}&after={typed}"),
        format!("/c/{typed}"),
        format!("/p/{typed}"),
        format!("/{typed}"),
        format!("/nowhere?{typed}={typed}"),
        format!("/p/marked?{typed}={typed}"),
        format!("/sign-in?back={typed}"),
        format!("/sign-up?back=/{typed}"),
        format!("/checkout/return?order={typed}"),
        format!("/orders/follow/{typed}"),
        format!("/account/preferences?saved={typed}"),
        format!("/orders/find?number={typed}&email={typed}"),
    ] {
        is_text(&page, &get(&router, &page, "").await.2);
    }
    // Cookies hold text as well.
    for page in ["/", "/p/marked", "/cart", "/checkout"] {
        let cookies = format!("; delivery_place={MARKUP}; cart={typed}; lang={typed}; theme={typed}; order={typed}");
        is_text(page, &get(&router, page, &cookies).await.2);
    }
    for page in ["/account", "/account/orders", "/account/addresses", "/account/preferences", &format!("/account/orders/{order}"), &link] {
        shows(page, &get(&router, page, &ana).await.2);
    }
    let customer = backend::customers::find(&shop, &boss, "ana@example.com", 1).await.unwrap()[0].id;
    backend::customers::add_note(&shop, &boss, customer, MARKUP).await.unwrap();
    let customer_page = customer.to_string();
    for page in admin_pages(&order.to_string(), &customer_page, &category.to_string(), &product.to_string(), &variant.to_string()) {
        shows(&page, &get(&router, &page, &owner).await.2);
    }
    for page in ["/admin", "/admin/orders/pick-list", "/admin/settings/discounts", "/admin/settings/denials", "/admin/settings/jobs"] {
        is_text(page, &get(&router, page, &owner).await.2);
    }
    for page in [
        format!("/admin/{typed}"),
        format!("/admin/orders/{typed}"),
        format!("/admin/products/{typed}"),
        format!("/admin/settings/discounts/{typed}"),
        format!("/admin/orders/pick-list?orders={typed}"),
    ] {
        is_text(&page, &get(&router, &page, &owner).await.2);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn markup_in_a_returned_form_stays_text() {
    let (shop, _folder) = a_shop().await;
    named(&shop).await;
    let owner = token(&shop, Role::Owner).await;
    let (_, ana) = {
        let nobody = Context::nobody(RequestId(shop.id()));
        identity::sign_up(&shop, &nobody, Locale::En, person("ana@example.com"), PASSWORD).await.unwrap()
    };
    let router = pages(&shop);
    let fields = |names: &[&'static str]| names.iter().map(|name| (*name, MARKUP)).collect::<Vec<_>>();
    let everywhere = [
        ("/sign-in", "", fields(&["email", "password", "back", "cart"])),
        ("/sign-up", "", fields(&["name", "email", "phone", "password", "back"])),
        ("/cart", "", fields(&["code", "step", "variant", "quantity"])),
        ("/cart/add/marked", "", [fields(&["choice[size]", "quantity"]), vec![("step", "add"), ("product", "marked")]].concat()),
        (
            "/checkout",
            "",
            fields(&["name", "email", "phone", "country", "line1", "line2", "city", "postal_code", "delivery", "payment", "key", "cart"]),
        ),
        (
            "/account/addresses",
            &ana,
            [fields(&["recipient", "phone", "line1", "city"]), vec![("step", "save"), ("country", "SG")]].concat(),
        ),
        ("/account/preferences", &ana, [fields(&["name", "email", "phone", "password"]), vec![("step", "contact")]].concat()),
        (
            "/admin/settings",
            &owner,
            [fields(&["form[name]", "form[currency]", "form[primary]", "form[country]"]), vec![("to", "/api/admin/settings/save")]]
                .concat(),
        ),
        ("/admin/settings", &owner, [fields(&["form[cash_total]", "form[lines]"]), vec![("to", "/api/admin/settings/limits")]].concat()),
        (
            "/admin/settings/discounts/new",
            &owner,
            [fields(&["form[code]", "form[value]", "form[from]"]), vec![("to", "/api/admin/discounts/save")]].concat(),
        ),
        (
            "/admin/settings/staff",
            &owner,
            [fields(&["name", "email"]), vec![("role", "clerk"), ("to", "/api/admin/staff/invite")]].concat(),
        ),
        ("/orders/find", "", fields(&["number", "email"])),
        ("/pages/marked", "", fields(&["name", "email", "order_number", "message"])),
        ("/admin/orders", &owner, fields(&["to", "name", "query"])),
    ];
    for (page, session, form) in everywhere {
        let (_, _, body) = post(&router, page, session, &form).await;
        is_text(page, &body);
    }
    // Line breaks are not written into a header.
    for wrong in ["Ana\r\nBcc: x@evil.example", "Ana\nReyes"] {
        let before = settings::load(&shop).await.unwrap();
        assert!(settings::save(&shop, &shop.system(), ShopSettings { name: wrong.into(), ..before }).await.is_err());
        let contact = ContactDetails { name: wrong.into(), ..person("ben@example.com") };
        let nobody = Context::nobody(RequestId(shop.id()));
        assert!(identity::sign_up(&shop, &nobody, Locale::En, contact, PASSWORD).await.is_err());
    }
    let back = post(&router, "/sign-in", "", &[("email", "ana@example.com"), ("password", PASSWORD), ("back", "/a\r\nx-evil: 1")]).await;
    assert_eq!(back.1, "/account");
}
