//! Forms of the admin, sent without a script.

use domain::permission::Role;
use http::StatusCode;

use crate::a_shop;
use crate::browser::{get, holds, pages, post, token};

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
    assert!(missing.contains(r#"id="commands""#), "within the admin's layout");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_location_is_made_and_changed_without_a_script() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = vec![
        ("to", "/api/admin/locations/save"),
        ("form[is_new]", "true"),
        ("form[code]", "kiosk"),
        ("form[name]", ""),
        ("form[kind]", "store"),
        ("form[time_zone]", "Asia/Tokyo"),
        ("form[position]", "3"),
        ("form[city]", "Osaka"),
        ("form[country]", "jp"),
        ("form[channels][2]", "till"),
        ("form[active]", "true"),
    ];
    let (status, _, body) = post(&router, "/admin/settings/locations/new", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"name-error\"") && holds(&body, "form[city]", "Osaka"), "{body}");
    form[3].1 = "Osaka kiosk";
    let (status, location, _) = post(&router, "/admin/settings/locations/new", &owner, &form).await;
    assert_eq!((status, location.as_str()), (StatusCode::SEE_OTHER, "/admin/settings/locations"));
    let (_, _, body) = get(&router, &location, &owner).await;
    assert!(
        body.contains("Osaka kiosk") && body.contains("The counter") && body.contains("href=\"/admin/settings/locations/kiosk\""),
        "{body}"
    );
    let (_, _, body) = get(&router, "/admin/settings/locations/kiosk", &owner).await;
    assert!(holds(&body, "form[country]", "JP") && holds(&body, "form[position]", "3"), "{body}");
    let ticked = |channel: &str| {
        let input = body.split("<input").find(|input| input.contains("form[channels]") && input.contains(&format!("value=\"{channel}\"")));
        input.unwrap().split('>').next().unwrap().contains("checked")
    };
    assert_eq!((ticked("till"), ticked("web")), (true, false));
    assert_eq!(get(&router, "/admin/settings/locations/none", &owner).await.0, StatusCode::NOT_FOUND);
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
async fn a_form_whose_permission_is_missing_is_refused() {
    let (shop, _folder) = a_shop().await;
    let clerk = token(&shop, Role::Clerk).await;
    let router = pages(&shop);
    let form = [
        ("to", "/api/admin/taxes/save"),
        ("form[country]", "PH"),
        ("form[province]", ""),
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
async fn staff_that_cannot_be_invited_come_back_as_they_were_typed_and_the_link_is_shown_where_no_mails_are_sent() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let form = [("to", "/api/admin/staff/invite"), ("name", "Ana Reyes"), ("email", "ana"), ("role", "manager")];
    let (status, _, body) = post(&router, "/admin/settings/staff", &owner, &form).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"email-error\"") && holds(&body, "name", "Ana Reyes") && holds(&body, "email", "ana"), "{body}");
    let form = form.map(|(name, value)| (name, if name == "email" { "ana@example.com" } else { value }));
    let (status, _, body) = post(&router, "/admin/settings/staff", &owner, &form).await;
    assert!(status == StatusCode::OK && body.contains("/join/"), "{status} {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_time_zone_is_chosen_without_a_script_and_pages_show_it() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let page = "/admin/settings";
    let form = |zone: &'static str| {
        [
            ("to", "/api/admin/settings/save"),
            ("form[name]", "Tindahan"),
            ("form[currency]", "PHP"),
            ("form[primary]", ""),
            ("form[accent]", ""),
            ("form[country]", "PH"),
            ("form[time_zone]", zone),
            ("form[contact_email]", ""),
            ("form[low_stock]", "5"),
        ]
    };
    let (_, _, body) = get(&router, page, &owner).await;
    assert!(body.contains("data-time-zone=\"Asia/Manila\""), "{body}");
    let (status, _, body) = post(&router, page, &owner, &form("Europe/Atlantis")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"time_zone-error\""), "{body}");
    let (status, _, _) = post(&router, page, &owner, &form("Asia/Tokyo")).await;
    assert_eq!((status, backend::settings::time_zone(&shop).name()), (StatusCode::SEE_OTHER, "Asia/Tokyo"));
    let (_, _, body) = get(&router, page, &owner).await;
    assert!(body.contains("data-time-zone=\"Asia/Tokyo\""), "{body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_a_form_is_said_at_once() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let location = [
        ("to", "/api/admin/locations/save"),
        ("form[is_new]", "true"),
        ("form[code]", "two words"),
        ("form[name]", ""),
        ("form[kind]", "store"),
        ("form[time_zone]", "Asia/Manila"),
        ("form[position]", "first"),
        ("form[country]", "Philippines"),
    ];
    let discount = [
        ("to", "/api/admin/discounts/save"),
        ("form[is_new]", "true"),
        ("form[code]", "two words"),
        ("form[kind]", "percent"),
        ("form[value]", "12.345678"),
        ("form[valid_from]", "2026-12-31"),
        ("form[valid_to]", "2026-12-01"),
    ];
    let method = [
        ("to", "/api/admin/delivery/save"),
        ("form[is_new]", "true"),
        ("form[code]", "Two words"),
        ("form[position]", "1"),
        ("form[names][0]", ""),
        ("form[fee]", "much"),
        ("form[regions]", "Atlantis"),
        ("form[days_min]", "2"),
        ("form[days_max]", "5"),
    ];
    type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a [&'a str]);
    let cases: [Case<'_>; 3] = [
        ("locations", &location, &["code", "name", "position", "country"]),
        ("discounts", &discount, &["code", "value", "valid_to"]),
        ("delivery", &method, &["code", "name.en", "fee", "regions"]),
    ];
    for (page, form, wrong) in cases {
        let (status, _, body) = post(&router, &format!("/admin/settings/{page}/new"), &owner, form).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{page}");
        for field in wrong {
            assert_eq!(body.matches(&format!("id=\"{field}-error\"")).count(), 1, "{page}: {field}: {body}");
        }
        assert!(page != "discounts" || body.contains("at most two decimals"), "{body}");
    }
}
