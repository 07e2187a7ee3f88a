//! Products and their files, sent without a script.

use domain::Locale;
use domain::permission::Role;
use domain::view::{LocationDraft, ProductDraft, ProductTexts, VariantDraft};
use http::StatusCode;

use crate::a_shop;
use crate::browser::{get, holds, pages, post, post_file, token};

/// The form of a new product with two options, of whose combinations one is typed.
fn a_malong() -> Vec<(&'static str, &'static str)> {
    vec![
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
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_product_is_made_with_all_combinations_and_its_pictures_are_put_in_order() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let mut form = a_malong();
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
    // What is saved is beside the field that would be replaced, and the form now is of the saved version: sent again it is taken.
    for (name, value) in &mut edit {
        match *name {
            "form[texts][0][name]" => *value = "Malong of Basilan",
            "form[variants][0][price]" => *value = "510.00",
            _ => {}
        }
    }
    let mut other = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft;
    let seen = other.version;
    other.texts[0].name = "Malong of Sulu".into();
    backend::catalog::save_product(&shop, &shop.system(), Locale::En, other).await.unwrap();
    let with = |version: i64| {
        let fields = edit.iter().filter(|(name, _)| *name != "form[version]").map(|(name, value)| (*name, (*value).to_owned()));
        fields.chain([("form[version]", version.to_string())]).collect::<Vec<_>>()
    };
    let send = async |version| {
        let fields = with(version);
        post(&router, &product, &owner, &fields.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()).await
    };
    let (status, _, body) = send(seen).await;
    assert_eq!(status, StatusCode::CONFLICT);
    assert!(body.contains("Saved meanwhile: “Malong of Sulu”") && body.contains("id=\"name.en-error\""), "{body}");
    assert!(!body.contains("id=\"price.0-error\""), "the price is the user's own change");
    assert!(holds(&body, "form[texts][0][name]", "Malong of Basilan") && holds(&body, "form[version]", &(seen + 1).to_string()), "{body}");
    let (status, _, body) = send(seen + 1).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    let saved = backend::catalog::admin_product(&shop, &shop.system(), id).await.unwrap().draft;
    assert_eq!((saved.texts[0].name.as_str(), saved.variants[0].price), ("Malong of Basilan", 51_000));
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
    let (status, _, body) = post(&router, "/admin/settings/api-keys", &owner, &key).await;
    assert_eq!(status, StatusCode::OK);
    assert!(body.contains("tdh_"), "the key is told this once: {body}");
    assert!(!get(&router, "/admin/settings/api-keys", &owner).await.2.contains("tdh_"));
    let (status, _, body) =
        post(&router, "/admin/settings/api-keys", &owner, &[("to", "/api/admin/keys/create"), ("name", "Half"), ("scopes[]", "nonsense")])
            .await;
    assert!(status.is_client_error() && holds(&body, "name", "Half"), "{status}: {body}");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_is_adjusted_at_every_location_and_its_movements_say_why_in_the_readers_words() {
    let (shop, _folder) = a_shop().await;
    let owner = token(&shop, Role::Owner).await;
    let router = pages(&shop);
    let system = shop.system();
    let text = ProductTexts { locale: "en".into(), name: "Malong".into(), ..ProductTexts::default() };
    let variant = VariantDraft { sku: "MAL-1".into(), price: 49_900, cost: 20_000, stock: 3, ..VariantDraft::default() };
    let draft = ProductDraft { tax_class: "standard".into(), texts: vec![text], variants: vec![variant], ..ProductDraft::default() };
    let product = backend::catalog::save_product(&shop, &system, Locale::En, draft).await.unwrap();
    backend::catalog::set_status(&shop, &system, product, "published").await.unwrap();
    let annex = LocationDraft { code: "annex".into(), name: "Annex".into(), ..LocationDraft::new(9) };
    backend::inventory::save_location(&shop, &system, Locale::En, annex, None).await.unwrap();
    let (_, _, body) = get(&router, "/admin/stock", &owner).await;
    // What all of it is worth is read where somebody asks.
    assert!(body.contains("Annex") && body.contains("/admin/stock?value=1") && !body.contains("₱600.00 together"), "{body}");
    let (_, _, body) = get(&router, "/admin/stock?value=1", &owner).await;
    assert!(body.contains("Worth ₱600.00 together"), "{body}");

    let variant = backend::inventory::list(&shop, &system, Locale::En, "", &domain::view::PageAt::default()).await.unwrap().rows[0]
        .variant
        .to_string();
    let choices = backend::inventory::location_choices(&shop, &system).await.unwrap();
    let annex = choices.iter().find(|choice| choice.name == "Annex").unwrap().location.to_string();
    let form = |delta: &'static str| {
        [
            ("to", "/api/admin/stock/adjust"),
            ("variant", variant.as_str()),
            ("location", annex.as_str()),
            ("reason", "damaged"),
            ("delta", delta),
            ("note", "wet"),
        ]
    };
    let (status, _, body) = post(&router, "/admin/stock", &owner, &form("1")).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(body.contains("id=\"delta-error\"") && body.contains("below 0") && holds(&body, "note", "wet"), "{body}");
    let mut found = form("2");
    found[3].1 = "found";
    let (status, _, body) = post(&router, "/admin/stock", &owner, &found).await;
    assert_eq!(status, StatusCode::SEE_OTHER, "{body}");
    assert_eq!(post(&router, "/admin/stock", &owner, &form("−1")).await.0, StatusCode::SEE_OTHER);
    let page = format!("/admin/stock/{variant}");
    let (_, _, body) = get(&router, &page, &owner).await;
    for words in ["Stock to begin with", "Found", "Damaged", ": wet", "Annex", "−1", "−₱200.00"] {
        assert!(body.contains(words), "{words}: {body}");
    }
    let (_, _, body) = get(&router, "/admin/stock?low=true", &owner).await;
    assert!(body.contains("MAL-1") && body.contains("Annex"), "{body}");
}
