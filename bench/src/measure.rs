use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::client::Client;
use crate::load::{self, Seen};
use crate::nginx::Nginx;
use crate::purchases::purchases;
use crate::server::{Folder, Server, seed, stock_one_product};
use crate::{Options, Trouble};

/// The shop and nginx are loaded in turns, since a machine may be faster in one minute than in the next.
const ROUNDS: usize = 5;
const BROTLI: &str = "accept-encoding: br\r\n";

pub fn row(what: &str, figure: &str) {
    println!("| {what} | {figure} |");
}

fn sqlite(folder: &Folder) -> String {
    format!("sqlite:{}", folder.path().join("shop.db").display())
}

static PHOTOGRAPHS: OnceCell<Folder> = OnceCell::const_new();

/// Removes what the measurements shared.
pub fn tidy() {
    if let Some(folder) = PHOTOGRAPHS.get() {
        let _ = std::fs::remove_dir_all(folder.path());
    }
}

/// A shop whose first start is behind it, started again and at rest. The first one's pictures serve the others.
async fn rested(folder: &Folder, database: &str) -> Result<Server, Trouble> {
    let files = folder.path().join("files");
    if let Some(made) = PHOTOGRAPHS.get() {
        Folder::link(made.path(), &files)?;
    }
    let first = Server::start(folder, database).await?;
    first.settled().await?;
    first.stop().await?;
    let keep = async || {
        let kept = Folder::new()?;
        Folder::link(&files, kept.path())?;
        Ok::<_, Trouble>(kept)
    };
    PHOTOGRAPHS.get_or_try_init(keep).await?;
    let server = Server::start(folder, database).await?;
    server.settled().await?;
    Ok(server)
}

/// Pages, memory, cold start, first visit.
pub async fn pages(options: &Options) -> Result<(), Trouble> {
    let folder = Folder::new()?;
    let took = seed(&folder, &sqlite(&folder), options.products).await?;
    row(&format!("seed of {} products", options.products), &format!("{:.1} s", took.as_secs_f64()));
    let server = rested(&folder, &sqlite(&folder)).await?;
    row(&format!("cold start, {} products", options.products), &format!("{:.0} ms", server.started.as_secs_f64() * 1_000.0));
    row("resident memory at rest", &format!("{:.0} MB", server.memory()?));

    let listed: Value = serde_json::from_slice(&server.get("/api/v1/products", "").await?.body)?;
    let slug = listed.pointer("/products/0/slug").and_then(Value::as_str).ok_or("the shop lists no product")?.to_owned();
    let path = format!("/p/{slug}");
    first_visit(&server, &path).await?;

    let page = server.get(&path, BROTLI).await?;
    let load = async |address: &str, path: &str| load::repeat(address, path, BROTLI, options.connections, options.seconds).await;
    let nginx = Nginx::start(&folder, &page).await?;
    let (mut cached, mut same) = (Seen::default(), Seen::default());
    for _ in 0..ROUNDS {
        cached.add(load(&server.address, &path).await?);
        if let Some(nginx) = &nginx {
            same.add(load(&nginx.address, "/page").await?);
        }
    }
    row("product page from the cache", &cached.cell());
    if let Some(nginx) = nginx {
        row(&format!("nginx, the same {} bytes from a file, with the same headers", page.body.len()), &same.cell());
        row("cached page, times nginx", &format!("{:.2}", cached.rate() / same.rate()));
        nginx.stop().await?;
    }
    // For a signed-in visitor each page is rendered anew.
    let shopper = format!("{BROTLI}cookie: {}\r\n", sign_up(&server).await?);
    let fresh = load::repeat(&server.address, &path, &shopper, options.connections, options.seconds).await?;
    row("product page rendered afresh, for a shopper who is signed in", &fresh.cell());
    row("resident memory after the load", &format!("{:.0} MB", server.memory()?));
    server.stop().await
}

/// Opens an account; the answer is the cookie of its session.
async fn sign_up(server: &Server) -> Result<String, Trouble> {
    let mut client = Client::connect(&server.address).await?;
    let form = "name=Ana+Reyes&email=ana%40example.com&password=a+long+way+to+Vigan";
    let request = client.request("POST", "/api/sign_up", "content-type: application/x-www-form-urlencoded\r\n", form);
    let answer = client.send(&request).await?;
    let cookie = answer.cookie().filter(|cookie| cookie.starts_with("session="));
    cookie.map(str::to_owned).ok_or_else(|| format!("no account was opened: {}", answer.status).into())
}

/// The style sheets, scripts and WebAssembly that a text names.
fn named_files(text: &str, beginning: &str) -> BTreeSet<String> {
    let is_file = |name: &&str| name.starts_with(beginning) && [".css", ".js", ".wasm"].iter().any(|end| name.ends_with(end));
    text.split(['"', '\'']).filter(is_file).map(str::to_owned).collect()
}

/// What a first visit to a product page loads, in brotli, pictures apart.
async fn first_visit(server: &Server, path: &str) -> Result<(), Trouble> {
    let html = String::from_utf8(server.get(path, "").await?.body)?;
    let mut assets = named_files(&html, "/");
    // A script loads what it imports.
    for script in assets.clone().iter().filter(|name| name.ends_with(".js")) {
        let text = String::from_utf8(server.get(script, "").await?.body)?;
        let folder = script.rsplit_once('/').map_or("", |(folder, _)| folder);
        assets.extend(named_files(&text, "./").iter().filter(|name| name.ends_with(".js")).map(|name| format!("{folder}/{}", &name[2..])));
    }
    let mut sizes = vec![("HTML", server.get(path, BROTLI).await?.body.len())];
    let (mut css, mut js, mut wasm) = (0, 0, 0);
    for asset in assets {
        let Ok(answer) = server.get(&asset, BROTLI).await else { continue };
        match asset.rsplit('.').next() {
            Some("css") => css += answer.body.len(),
            Some("js") => js += answer.body.len(),
            Some("wasm") => wasm += answer.body.len(),
            _ => {}
        }
    }
    sizes.extend([("CSS", css), ("JS", js), ("WASM", wasm)]);
    let all: usize = sizes.iter().map(|s| s.1).sum();
    let parts: Vec<_> = sizes.iter().map(|(name, bytes)| format!("{name} {:.1}", *bytes as f64 / 1_000.0)).collect();
    row("first visit to a product page, kB in brotli", &format!("{:.1} ({})", all as f64 / 1_000.0, parts.join(", ")));
    Ok(())
}

/// Purchases and checkouts on one database, as far as they are wanted.
pub async fn orders(options: &Options, name: &str, postgres: Option<String>, wanted: impl Fn(&str) -> bool) -> Result<(), Trouble> {
    let (folder, is_postgres) = (Folder::new()?, postgres.is_some());
    let database = postgres.unwrap_or_else(|| sqlite(&folder));
    seed(&folder, &database, options.products).await?;
    let hot = stock_one_product(&folder, &database, options.orders).await?;
    let server = rested(&folder, &database).await?;
    if wanted("purchases") {
        purchases(options, name, &server, is_postgres).await?;
    }
    if wanted("checkouts") {
        checkouts(options, name, &server, hot).await?;
    }
    server.stop().await
}

/// Checkouts through the API, durable, spread over the catalogue and all of one product.
async fn checkouts(options: &Options, name: &str, server: &Server, hot: &str) -> Result<(), Trouble> {
    let spread = variants(server, options.orders / 4).await?;
    let hot = variant_of(server, hot).await?;
    for (case, variants) in [("spread", spread), ("one hot product", vec![hot])] {
        let carts = (0..options.orders).map(|n| {
            let line = json!({ "variant": variants[n % variants.len()], "quantity": 1 });
            ("/api/v1/carts".to_owned(), String::new(), json!({ "lines": [line] }).to_string())
        });
        let (_, answers) = load::each(&server.address, carts.collect(), options.connections).await?;
        let carts: Vec<String> =
            answers.iter().filter_map(|a| Some(serde_json::from_str::<Value>(a).ok()?.get("id")?.as_str()?.to_owned())).collect();
        let Some(first) = carts.first() else { return Err(format!("no cart was made: {:?}", answers.first()).into()) };
        let delivery = delivery(server, first).await?;
        let orders = carts.iter().enumerate().map(|(n, cart)| {
            let key = format!("idempotency-key: {}-{n:08}\r\n", case.replace(' ', "-"));
            (format!("/api/v1/carts/{cart}/checkout"), key, order(&delivery).to_string())
        });
        let (seen, answers) = load::each(&server.address, orders.collect(), options.connections).await?;
        row(&format!("checkouts, {name}, {case}"), &seen.cell());
        if seen.bad > 0
            && let Some(why) = answers.iter().find(|a| a.contains("\"code\"") && a.contains("\"status\""))
        {
            eprintln!("a refused checkout: {}", why.chars().take(300).collect::<String>());
        }
    }
    Ok(())
}

pub fn address() -> Value {
    json!({ "recipient": "Ana Reyes", "phone": "+639171234567", "country": "PH", "line1": "12 Mabini Street", "place": "1381300009", "postal_code": "1105" })
}

pub fn order(delivery: &str) -> Value {
    json!({
        "contact": { "name": "Ana Reyes", "email": "ana@example.com", "phone": "+639171234567" },
        "delivery_address": address(), "delivery": delivery, "payment": "cod",
    })
}

async fn delivery(server: &Server, cart: &str) -> Result<String, Trouble> {
    let request = (format!("/api/v1/carts/{cart}/delivery-options"), String::new(), address().to_string());
    let (_, answers) = load::each(&server.address, vec![request], 1).await?;
    let answer = answers.first().map(String::as_str).unwrap_or_default();
    let code = answer.split("\"code\":\"").nth(1).and_then(|rest| rest.split('"').next());
    code.map(str::to_owned).ok_or_else(|| format!("no delivery: {answer}").into())
}

/// Variants that can be bought, one a product.
pub async fn variants(server: &Server, most: usize) -> Result<Vec<String>, Trouble> {
    let (mut found, mut after) = (Vec::new(), String::new());
    while found.len() < most {
        let page: Value = serde_json::from_slice(&server.get(&format!("/api/v1/products?in_stock=true{after}"), "").await?.body)?;
        let products = page.get("products").and_then(Value::as_array).cloned().unwrap_or_default();
        for slug in products.iter().filter_map(|p| p.get("slug")?.as_str()) {
            found.push(variant_of(server, slug).await?);
        }
        match page.get("next").and_then(Value::as_str) {
            Some(next) => after = format!("&after={next}"),
            None => break,
        }
    }
    Ok(found)
}

async fn variant_of(server: &Server, slug: &str) -> Result<String, Trouble> {
    let product: Value = serde_json::from_slice(&server.get(&format!("/api/v1/products/{slug}"), "").await?.body)?;
    let variants = product.get("variants").and_then(Value::as_array).cloned().unwrap_or_default();
    let most = variants.iter().max_by_key(|v| v.get("available").and_then(Value::as_i64).unwrap_or(0));
    most.and_then(|v| v.get("id")?.as_str().map(str::to_owned)).ok_or_else(|| format!("{slug} has no variant").into())
}

/// Lists and search at a size of catalogue, one visitor at a time.
pub async fn lists(options: &Options, size: usize) -> Result<(), Trouble> {
    let folder = Folder::new()?;
    let took = seed(&folder, &sqlite(&folder), size).await?;
    let server = Server::start(&folder, &sqlite(&folder)).await?;
    row(
        &format!("{size} products: seed, start"),
        &format!("{:.1} s, {:.0} ms", took.as_secs_f64(), server.started.as_secs_f64() * 1_000.0),
    );
    for (what, path) in [
        ("list, newest", "/api/v1/products"),
        ("list of a category by price, in stock", "/api/v1/products?category=coffee-and-cacao&sort=price_up&in_stock=true"),
        ("search", "/api/v1/search?q=mango"),
        ("search with a typo", "/api/v1/search?q=mangp"),
    ] {
        load::repeat(&server.address, path, "", 1, 1).await?;
        let seen = load::repeat(&server.address, path, "", 1, options.seconds).await?;
        row(&format!("{size} products: {what}"), &seen.cell());
    }
    row(&format!("{size} products: resident memory"), &format!("{:.0} MB", server.memory()?));
    server.stop().await
}
