//! The admin's pages as the server renders them.

use std::collections::BTreeSet;

use axum::body::{Body, to_bytes};
use backend::Shop;
use domain::Locale;
use domain::id::RequestId;
use domain::permission::{Permission, Role};
use domain::view::ContactDetails;
use http::{Request, StatusCode, header};
use leptos::config::LeptosOptions;
use tower::ServiceExt;

use crate::{PASSWORD, a_shop};

pub(super) async fn token(shop: &Shop, role: Role) -> String {
    let email = format!("{}@example.com", role.as_str());
    let contact = ContactDetails { name: role.as_str().into(), email: email.clone(), phone: String::new() };
    backend::identity::create_staff(shop, &shop.system(), Locale::En, contact, role, PASSWORD).await.unwrap();
    let nobody = backend::platform::Context::nobody(RequestId(shop.id()));
    backend::identity::sign_in(shop, &nobody, Locale::En, &email, PASSWORD).await.unwrap().1
}

pub(super) async fn get(router: &axum::Router, address: &str, token: &str) -> (StatusCode, String, String) {
    let request = Request::get(address).header(header::ACCEPT, "text/html").header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::empty()).unwrap()).await
}

/// A form as a browser without a script sends it to its own page.
pub(super) async fn post(router: &axum::Router, address: &str, token: &str, fields: &[(&str, &str)]) -> (StatusCode, String, String) {
    let pairs: Vec<String> = fields.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
    let request = Request::post(address)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::from(pairs.join("&"))).unwrap()).await
}

/// A form with a file, as a browser without a script sends it.
async fn post_file(
    router: &axum::Router,
    address: &str,
    token: &str,
    fields: &[(&str, &str)],
    file: (&str, &[u8]),
) -> (StatusCode, String, String) {
    let mut body = Vec::new();
    for (name, value) in fields {
        body.extend(format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").into_bytes());
    }
    body.extend(
        format!(
            "--edge\r\nContent-Disposition: form-data; name=\"{}\"; filename=\"a\"\r\nContent-Type: application/octet-stream\r\n\r\n",
            file.0
        )
        .into_bytes(),
    );
    body.extend(file.1);
    body.extend(b"\r\n--edge--\r\n");
    let request = Request::post(address)
        .header(header::ACCEPT, "text/html")
        .header(header::CONTENT_TYPE, "multipart/form-data; boundary=edge")
        .header(header::COOKIE, format!("session={token}"));
    answered(router, request.body(Body::from(body)).unwrap()).await
}

pub(super) fn escaped(text: &str) -> String {
    text.bytes().map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

async fn answered(router: &axum::Router, request: Request<Body>) -> (StatusCode, String, String) {
    let answer = router.clone().oneshot(request).await.unwrap();
    let status = answer.status();
    let location = answer.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned()).unwrap_or_default();
    let body = to_bytes(answer.into_body(), 1 << 22).await.unwrap();
    (status, location, String::from_utf8(body.to_vec()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_opens_for_the_owner_and_reads_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let pages = [
        ("/admin", "Sales today"),
        ("/admin/orders", "No orders here"),
        ("/admin/orders/pick-list", "Pick list"),
        ("/admin/products", "No products yet"),
        ("/admin/products/new", "Save changes"),
        ("/admin/products/import", "Import from CSV"),
        ("/admin/categories", "No categories yet"),
        ("/admin/categories/new", "Save changes"),
        ("/admin/stock", "No stock here"),
        ("/admin/settings", "Shop name"),
        ("/admin/settings/taxes", "No tax rates yet"),
        ("/admin/settings/delivery", "No delivery methods yet"),
        ("/admin/settings/delivery/new", "Save changes"),
        ("/admin/settings/jobs", "No failed jobs"),
        ("/admin/settings/discounts", "No discount codes yet"),
        ("/admin/settings/discounts/new", "Save changes"),
        ("/admin/settings/staff", "owner@example.com"),
        ("/admin/settings/keys", "Make a key"),
        ("/admin/preferences", "Mails to you"),
        ("/admin/settings/denials", "Nothing was denied"),
    ];
    for (address, words) in pages {
        let (status, _, body) = get(&router, address, &owner).await;
        assert_eq!(status, StatusCode::OK, "{address}");
        assert!(body.contains(words), "{address} says {words}: {body}");
        assert!(body.contains("aria-label=\"Admin menu\""), "{address} has its frame");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_to_sign_in_and_a_clerk_is_refused_the_settings() {
    let (shop, _folder) = a_shop().await;
    let clerk = token(&shop, Role::Clerk).await;
    let router = app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone());
    let (status, location, _) = get(&router, "/admin/orders", "").await;
    assert_eq!((status, location.as_str()), (StatusCode::FOUND, "/sign-in?back=%2Fadmin%2Forders"));
    // A form that would be refused is not offered.
    for page in ["/admin/settings", "/admin/products/import", "/admin/products/new", "/admin/categories/new"] {
        let (status, _, body) = get(&router, page, &clerk).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{page}");
        assert!(body.contains("This is not for you to open") && !body.contains("Save changes"), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_opens_for_each_role_that_may_open_it_and_for_no_other() {
    let (shop, _folder) = a_shop().await;
    let router = pages(&shop);
    for role in Role::ALL {
        let token = token(&shop, role).await;
        for (address, needs) in app::admin_pages() {
            let one = address.split('/').map(|part| if part.starts_with(':') { "none" } else { part }).collect::<Vec<_>>().join("/");
            let (status, _, body) = get(&router, &one, &token).await;
            let expected = match (role.may(needs), one == address) {
                (false, _) => StatusCode::FORBIDDEN,
                (true, true) => StatusCode::OK,
                (true, false) => StatusCode::NOT_FOUND,
            };
            assert_eq!(status, expected, "{one} for {role:?}: {body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_navigation_and_the_tabs_on_a_page_lead_to_pages_that_open() {
    let (shop, _folder) = a_shop().await;
    let router = pages(&shop);
    for role in Role::ALL {
        let token = token(&shop, role).await;
        let first = if role.may(Permission::ReadSettings) { "/admin/settings" } else { "/admin/stock" };
        let (_, _, body) = get(&router, first, &token).await;
        let links: BTreeSet<&str> = body.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
        let links: Vec<&str> = links.into_iter().filter(|link| link.starts_with("/admin")).collect();
        let offered =
            app::admin_pages().into_iter().filter(|(address, needs)| role.may(*needs) && links.contains(&address.as_str())).count();
        assert!(offered >= if role == Role::Clerk { 4 } else { 10 }, "{role:?} is offered {links:?}");
        for link in links {
            assert_eq!(get(&router, link, &token).await.0, StatusCode::OK, "{link} for {role:?}");
        }
    }
}

pub(super) fn pages(shop: &Shop) -> axum::Router {
    app::router(LeptosOptions::builder().output_name("tindahan").build(), shop.clone())
}

/// Does a field of a page hold this value?
fn holds(body: &str, name: &str, value: &str) -> bool {
    body.split("<input").any(|input| {
        let input = input.split('>').next().unwrap_or_default();
        input.contains(&format!("name=\"{name}\"")) && input.contains(&format!("value=\"{value}\""))
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tax_rate_with_a_mistake_comes_back_as_typed_and_a_good_one_is_in_force() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let page = "/admin/settings/taxes";
    let form = |rate: &'static str, from: &'static str| {
        [
            ("to", "/api/admin/taxes/save"),
            ("form[country]", "SG"),
            ("form[class]", "standard"),
            ("form[rate]", rate),
            ("form[valid_from]", from),
            ("form[source]", "GST Act"),
        ]
    };
    let (status, _, body) = post(&router, page, &owner, &form("nine", "2001-02-03")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"rate-error\"") && body.contains("Enter a number."), "{body}");
    assert!(
        holds(&body, "form[rate]", "nine") && holds(&body, "form[valid_from]", "2001-02-03") && holds(&body, "form[source]", "GST Act")
    );
    let (_, _, body) = post(&router, page, &owner, &form("9", "2001-02-03")).await;
    assert!(body.contains("id=\"valid_from-error\"") && holds(&body, "form[rate]", "9"));
    let (status, location, _) = post(&router, page, &owner, &form("9", "")).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, page));
    let (_, _, body) = get(&router, page, &owner).await;
    assert!(body.contains("9%") && body.contains("In force") && body.contains("GST Act"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_delivery_method_is_made_and_changed_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = vec![
        ("to", "/api/admin/delivery/save"),
        ("form[is_new]", "true"),
        ("form[code]", "boat"),
        ("form[position]", "1"),
        ("form[names][0]", "Slow boat"),
        ("form[names][1]", ""),
        ("form[descriptions][0]", ""),
        ("form[descriptions][1]", ""),
        ("form[fee]", "50"),
        ("form[per_kg_fee]", ""),
        ("form[free_from]", ""),
        ("form[regions]", "PH, Atlantis"),
        ("form[days_min]", "2"),
        ("form[days_max]", "5"),
    ];
    let (status, _, body) = post(&router, "/admin/settings/delivery/new", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("id=\"regions-error\"")
            && holds(&body, "form[regions]", "PH, Atlantis")
            && holds(&body, "form[names][0]", "Slow boat"),
        "{body}"
    );
    let active = body.split("<input").find(|input| input.contains("form[active]")).unwrap().split('>').next().unwrap();
    assert!(!active.contains("checked"), "a box that was not ticked stays so: {active}");
    form[11].1 = "PH, *";
    form.push(("form[active]", "true"));
    let (status, location, _) = post(&router, "/admin/settings/delivery/new", &owner, &form).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/admin/settings/delivery"));
    let (_, _, body) = get(&router, &location, &owner).await;
    assert!(body.contains("Slow boat") && body.contains("href=\"/admin/settings/delivery/boat\"") && body.contains("₱50.00"), "{body}");
    let (_, _, body) = get(&router, "/admin/settings/delivery/boat", &owner).await;
    assert!(holds(&body, "form[fee]", "50.00") && holds(&body, "form[regions]", "PH, *"), "{body}");
    assert_eq!(get(&router, "/admin/settings/delivery/none", &owner).await.0, StatusCode::NOT_FOUND);
    let (status, _, missing) = get(&router, "/admin/no-such-page", &owner).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    assert!(missing.contains(r#"id="commands""#), "within the admin's frame");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_discount_code_is_made_and_changed_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = vec![
        ("to", "/api/admin/discounts/save"),
        ("form[is_new]", "true"),
        ("form[code]", "piyesta"),
        ("form[kind]", "percent"),
        ("form[value]", "12,5"),
        ("form[min_subtotal]", "500"),
        ("form[valid_from]", "2026-12-01"),
        ("form[valid_to]", "2026-12-31"),
        ("form[most_uses]", "many"),
    ];
    let (status, _, body) = post(&router, "/admin/settings/discounts/new", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("id=\"value-error\"") && body.contains("id=\"most_uses-error\"") && holds(&body, "form[code]", "piyesta"),
        "{body}"
    );
    (form[4].1, form[8].1) = ("12.5", "");
    form.push(("form[active]", "true"));
    let (status, location, _) = post(&router, "/admin/settings/discounts/new", &owner, &form).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/admin/settings/discounts"));
    let (_, _, body) = get(&router, &location, &owner).await;
    assert!(body.contains("href=\"/admin/settings/discounts/PIYESTA\"") && body.contains("12.5%") && body.contains("₱500.00"), "{body}");
    let (_, _, body) = get(&router, "/admin/settings/discounts/PIYESTA", &owner).await;
    assert!(holds(&body, "form[value]", "12.5") && holds(&body, "form[valid_to]", "2026-12-31"), "{body}");
    assert_eq!(get(&router, "/admin/settings/discounts/NONE", &owner).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_is_made_hidden_and_removed_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = vec![
        ("to", "/api/admin/category/save"),
        ("form[id]", ""),
        ("form[version]", "0"),
        ("form[position]", "first"),
        ("form[texts][0][locale]", "en"),
        ("form[texts][0][name]", "Lamps"),
        ("form[texts][0][slug]", ""),
        ("form[texts][0][blurb]", "Light for every room."),
        ("form[texts][1][locale]", "fil"),
        ("form[texts][1][name]", "Mga lampara"),
        ("form[texts][1][slug]", ""),
        ("form[texts][1][blurb]", ""),
        ("form[published]", "true"),
    ];
    let (status, _, body) = post(&router, "/admin/categories/new", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"position-error\"") && holds(&body, "form[texts][0][name]", "Lamps"), "{body}");
    form[3].1 = "1";
    let (status, page, _) = post(&router, "/admin/categories/new", &owner, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(page.starts_with("/admin/categories/cat_"), "{page}");
    let (_, _, body) = get(&router, &page, &owner).await;
    assert!(holds(&body, "form[texts][1][slug]", "mga-lampara") && body.contains("Remove category"), "{body}");
    let (_, _, body) = get(&router, "/", "").await;
    assert!(body.contains("href=\"/c/lamps\""), "it is in the menu");
    // A form of an older version is refused, and what was typed stays.
    let id = page.rsplit('/').next().unwrap();
    form[1].1 = id;
    form[5].1 = "Lights";
    let (status, _, body) = post(&router, &page, &owner, &form).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Someone else changed this") && holds(&body, "form[texts][0][name]", "Lights"), "{body}");
    let (status, location, _) = post(&router, &page, &owner, &[("to", "/api/admin/category/remove"), ("category", id)]).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/admin/categories"));
    let (_, _, body) = get(&router, &location, &owner).await;
    assert!(body.contains("No categories yet"), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_with_all_combinations_and_its_pictures_are_put_in_order() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = vec![
        ("to", "/api/admin/product/save"),
        ("form[id]", ""),
        ("form[version]", "0"),
        ("form[tax_class]", "standard"),
        ("form[texts][0][locale]", "en"),
        ("form[texts][0][name]", "Malong"),
        ("form[texts][1][locale]", "fil"),
        ("form[texts][1][name]", ""),
        ("form[options][0][names][0]", "Size"),
        ("form[options][0][values][0]", "S, M"),
        ("form[options][1][names][0]", "Colour"),
        ("form[options][1][values][0]", "Red, Blue"),
        ("form[variants][0][sku]", "MAL-1"),
        ("form[variants][0][price]", "499.00"),
        ("form[variants][0][stock]", "3"),
    ];
    let look = [form.as_slice(), &[("step", "look:combine")]].concat();
    let (status, _, body) = post(&router, "/admin/products/new", &owner, &look).await;
    assert_eq!(status, StatusCode::OK);
    assert!(holds(&body, "form[variants][0][sku]", "MAL-1") && holds(&body, "form[variants][0][values][1]", "Red"), "{body}");
    assert!(holds(&body, "form[variants][3][sku]", "MALONG-M-BLUE") && holds(&body, "form[variants][3][price]", "499.00"), "{body}");
    // An error in one row is shown beside it, and nothing that was typed is lost.
    form.extend([("step", "save"), ("form[variants][0][values][0]", "XXL"), ("form[variants][0][values][1]", "Red")]);
    let (status, _, body) = post(&router, "/admin/products/new", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        body.contains("id=\"values.0-error\"")
            && holds(&body, "form[variants][0][values][0]", "XXL")
            && holds(&body, "form[options][1][values][0]", "Red, Blue"),
        "{body}"
    );
    form.retain(|(name, value)| !(*name == "form[variants][0][values][0]" && *value == "XXL"));
    form.push(("form[variants][0][values][0]", "M"));
    let (status, product, _) = post(&router, "/admin/products/new", &owner, &form).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert!(product.starts_with("/admin/products/prod_"), "{product}");

    let id: domain::id::ProductId = product.rsplit('/').next().unwrap().parse().unwrap();
    let mut pictures = Vec::new();
    for shade in [10, 200] {
        let alts = vec![(Locale::En, format!("Shade {shade}"))];
        pictures.push(backend::catalog::add_picture(&shop, &shop.system(), Some(id), a_picture(shade), alts).await.unwrap().id.to_string());
    }
    let version = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft.version.to_string();
    let own = id.to_string();
    let mut edit: Vec<(&str, &str)> =
        form.iter().copied().filter(|(name, _)| !["form[id]", "form[version]", "step"].contains(name)).collect();
    let variant = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft.variants[0].id.unwrap().to_string();
    edit.extend([("form[id]", own.as_str()), ("form[version]", version.as_str()), ("form[variants][0][id]", variant.as_str())]);
    edit.extend([("form[pictures][0]", pictures[0].as_str()), ("form[pictures][1]", pictures[1].as_str())]);
    let later = format!("look:later:{}", pictures[0]);
    let (_, _, body) = post(&router, &product, &owner, &[edit.as_slice(), &[("step", later.as_str())]].concat()).await;
    assert!(holds(&body, "form[pictures][0]", &pictures[1]) && holds(&body, "form[pictures][1]", &pictures[0]), "{body}");
    let saved = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft;
    assert_eq!(saved.pictures[0].to_string(), pictures[0], "nothing is kept before it is saved");
    // Removed, and the other one given to the variant.
    edit.retain(|(name, _)| !name.starts_with("form[pictures]"));
    edit.extend([("form[pictures][0]", pictures[1].as_str()), ("form[variants][0][picture]", pictures[1].as_str()), ("step", "save")]);
    let (status, _, body) = post(&router, &product, &owner, &edit).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let saved = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft;
    assert_eq!(saved.pictures.iter().map(ToString::to_string).collect::<Vec<_>>(), [pictures[1].clone()]);
    assert_eq!(saved.variants[0].picture.map(|id| id.to_string()), Some(pictures[1].clone()));
    // A form of another version is refused, and comes back as typed.
    let (status, _, body) = post(&router, &product, &owner, &edit).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Someone else changed this in the meantime") && holds(&body, "form[variants][0][sku]", "MAL-1"), "{body}");
}

/// A small picture in one grey (PNG, stored without compression).
fn a_picture(shade: u8) -> Vec<u8> {
    fn checksum(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(!0_u32, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| if sum & 1 == 1 { (sum >> 1) ^ 0xedb8_8320 } else { sum >> 1 })
        })
    }
    fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let body = [kind.as_slice(), data].concat();
        [&u32::try_from(data.len()).unwrap().to_be_bytes()[..], &body, &checksum(&body).to_be_bytes()].concat()
    }
    const SIDE: usize = 64;
    let rows: Vec<u8> = (0..SIDE).flat_map(|_| std::iter::once(0).chain([shade; SIDE])).collect();
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in &rows {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let length = u16::try_from(rows.len()).unwrap();
    let data = [&[0x78, 0x01, 0x01][..], &length.to_le_bytes(), &(!length).to_le_bytes(), &rows, &((b << 16) | a).to_be_bytes()].concat();
    let side = u32::try_from(SIDE).unwrap().to_be_bytes();
    let head = [&side[..], &side, &[8, 0, 0, 0, 0]].concat();
    [&b"\x89PNG\r\n\x1a\n"[..], &chunk(b"IHDR", &head), &chunk(b"IDAT", &data), &chunk(b"IEND", &[])].concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_sent_and_their_answers_shown_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let logo = [("to", "/api/admin/settings/logo")];
    let (status, _, body) = post_file(&router, "/admin/settings", &owner, &logo, ("logo", b"no picture")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"logo-error\""), "{body}");
    let (status, _, body) = post_file(&router, "/admin/settings", &owner, &logo, ("logo", &vec![0; 17 << 20])).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(body.contains("larger than 15 MB") && body.contains("Shop name"), "{body}");
    let (status, location, body) = post_file(&router, "/admin/settings", &owner, &logo, ("logo", &a_picture(90))).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/admin/settings"), "{body}");
    assert!(backend::settings::shop(&shop).logo.is_some());
    let (_, _, body) = get(&router, "/admin/settings", &owner).await;
    assert!(body.contains("Remove the logo"));
    let logo = backend::settings::shop(&shop).logo.unwrap();
    let home = get(&router, "/", "").await.2;
    assert!(home.contains(&format!("/pictures/{logo}/")), "it stands on the shop's front");
    let (status, _, _) = post(&router, "/admin/settings", &owner, &[("to", "/api/admin/settings/logo/remove")]).await;
    assert_eq!((status, backend::settings::shop(&shop).logo), (StatusCode::SEE_OTHER, None));

    let list = b"Handle,Title,Option1 Name,Option1 Value,Variant SKU,Variant Price,Variant Inventory Qty,Status\nmalong,Malong,Title,Default Title,MAL-1,499.00,3,active\n";
    for (button, words) in
        [("preview", "1 row read. Nothing is written yet"), ("import", "1 row read<"), ("preview", "MAL-1: ₱499.00 → ₱500.00")]
    {
        let price = if words.contains("500") { "500.00" } else { "499.00" };
        let list = String::from_utf8_lossy(list).replace("499.00", price).into_bytes();
        let fields = [("to", "/api/admin/products/import"), ("do", button)];
        let (status, _, body) = post_file(&router, "/admin/products/import", &owner, &fields, ("file", &list)).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body.contains(words), "{words}: {body}");
    }
    let odd = b"Handle,Title,Variant Price\nodd,Odd,1.290\n";
    let (status, _, body) =
        post_file(&router, "/admin/products/import", &owner, &[("to", "/api/admin/products/import")], ("file", odd)).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"decimals-error\"") && body.contains("1.290"), "{body}");

    let key = [("to", "/api/admin/keys/create"), ("name", "Partner"), ("scopes[]", "read_orders")];
    let (status, _, body) = post(&router, "/admin/settings/keys", &owner, &key).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("tdh_"), "the key is told this once: {body}");
    assert!(!get(&router, "/admin/settings/keys", &owner).await.2.contains("tdh_"));
    let (status, _, body) =
        post(&router, "/admin/settings/keys", &owner, &[("to", "/api/admin/keys/create"), ("name", "Half"), ("scopes[]", "nonsense")])
            .await;
    assert!(status.is_client_error() && holds(&body, "name", "Half"), "{status}: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_somebody_else_is_not_done() {
    let (shop, _folder) = a_shop().await;
    let clerk = token(&shop, Role::Clerk).await;
    let router = pages(&shop);
    let form = [
        ("to", "/api/admin/taxes/save"),
        ("form[country]", "PH"),
        ("form[class]", "standard"),
        ("form[rate]", "12"),
        ("form[valid_from]", ""),
        ("form[source]", "NIRC"),
    ];
    assert_eq!(post(&router, "/admin/settings/taxes", &clerk, &form).await.0, StatusCode::FORBIDDEN);
    // Nor from a page that they may open, nor for an unknown function.
    assert_eq!(post(&router, "/admin/stock", &clerk, &form).await.0, StatusCode::FORBIDDEN);
    assert_eq!(post(&router, "/admin/stock", &clerk, &[("to", "/api/none")]).await.0, StatusCode::BAD_REQUEST);
    let (status, location, _) = post(&router, "/admin/settings/taxes", "", &form).await;
    assert_eq!((status, location.as_str()), (StatusCode::FOUND, "/sign-in?back=%2Fadmin%2Fsettings%2Ftaxes"));
    assert!(backend::pricing::tax_rates(&shop, &shop.system()).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn staff_that_cannot_be_added_come_back_without_their_password() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let form = [
        ("to", "/api/admin/staff/add"),
        ("name", "Ana Reyes"),
        ("email", "ana"),
        ("role", "manager"),
        ("password", "mangoes dry in the sun"),
    ];
    let (status, _, body) = post(&router, "/admin/settings/staff", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"email-error\"") && holds(&body, "name", "Ana Reyes") && holds(&body, "email", "ana"), "{body}");
    assert!(!body.contains("mangoes dry"));
}
