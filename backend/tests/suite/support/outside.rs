//! A shop with the outside services it needs: the card gateway and the mail server of the simulators, and the webhooks between them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use backend::jobs;
use backend::{GatewayConfig, Shop, checkout, notifications, payments};
use domain::Locale;
use domain::id::{OrderId, RequestId, UserId, VariantId};
use domain::order::{Channel, PaymentMethod};
use domain::permission::Role;
use domain::view::{OrderView, Placed};
use platform::Context;
use platform::clock::{Clock, SystemClock};
use serde_json::{Value, json};
use simulators::{Options, Running};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::support::{Folder, TestShop, a_cart, form, guest, open, postgres_url};

pub const VISA: &str = "4242424242424242";
pub const DECLINED: &str = "4000000000000002";
pub const ASKS: &str = "4000002500003155";
pub const WEBHOOK_SECRET: &str = "whsec_test";

/// A shop and what is around it.
pub struct World {
    pub shop: TestShop,
    pub running: Running,
    pub http: reqwest::Client,
    /// Webhooks that were taken.
    pub taken: Arc<AtomicUsize>,
}

impl std::ops::Deref for World {
    type Target = Shop;
    fn deref(&self) -> &Shop {
        &self.shop
    }
}

/// Runs a test in a world of each database.
pub async fn both_worlds(test: impl AsyncFn(&World)) {
    let folder = Folder::new();
    let url = format!("sqlite:{}", folder.path().join("shop.db").display());
    run(url, folder, &test).await;
    run(postgres_url().await, Folder::new(), &test).await;
}

async fn run(url: String, folder: Folder, test: &impl AsyncFn(&World)) {
    let running = simulators::start(Options::default()).await.unwrap();
    let (gateway, smtp) = (running.url().to_owned(), running.smtp);
    let shop = open(url, folder, |config| {
        config.smtp = Some(format!("smtp://{smtp}"));
        config.mail_from = Some("orders@shop.example".into());
        config.gateway = Some(GatewayConfig {
            url: gateway.clone(),
            secret_key: "sk_test_sandbox".into(),
            webhook_secret: WEBHOOK_SECRET.into(),
            pay_page: format!("{gateway}/pay/{{intent}}"),
        });
    })
    .await;
    // Orders to Singapore, where the shoppers of the tests live, are taxed too.
    let rate = shop.id();
    shop.db()
        .write(async move |tx| {
            let sql =
                "insert into tax_rates (id, class, country, rate_bp, valid_from, source) values ($1, 'standard', 'SG', 1200, 0, 'test')";
            tx.execute(sql, &[&rate]).await
        })
        .await
        .unwrap();
    // The simulators live in the present: signatures of webhooks are minutes old at most.
    shop.clock.advance(SystemClock.now().millis() - shop.now().millis());
    let http = platform::http::client().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let world = World { shop, running, http, taken: Arc::default() };
    test(&world).await;
    world.shop.close().await;
}

impl World {
    /// Places an order as a guest, to be paid by card.
    pub async fn card_order(&self, of: &[(VariantId, i64)]) -> Placed {
        let cart = a_cart(self, of).await;
        let (key, form) = (Uuid::new_v4().to_string(), form(cart, PaymentMethod::Card));
        checkout::place_order(self, &guest(self), Locale::En, Channel::Web, &key, form).await.unwrap()
    }

    /// Types a card number on the hosted page and returns the address that the page redirects to, if any.
    pub async fn pay(&self, page: &str, card: &str) -> Option<String> {
        let answer = self.http.post(page).form(&[("number", card)]).send().await.unwrap();
        answer.headers().get("location").map(|l| l.to_str().unwrap().to_owned())
    }

    /// Approves or fails on the bank's page.
    pub async fn at_the_bank(&self, page: &str, outcome: &str) {
        let page = if page.starts_with('/') { format!("{}{page}", self.running.url()) } else { page.to_owned() };
        self.http.post(page).form(&[("outcome", outcome)]).send().await.unwrap();
    }

    pub async fn control(&self, path: &str, body: Value) {
        let answer = self.http.post(format!("{}{path}", self.running.url())).json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{}", answer.status());
    }

    pub async fn read(&self, path: &str) -> Value {
        self.http.get(format!("{}{path}", self.running.url())).send().await.unwrap().json().await.unwrap()
    }

    /// What really moved at the gateway: captured and given back.
    pub async fn moved(&self) -> (i64, i64) {
        let ledger = self.read("/_control/ledger").await;
        let sum = |kind: &str| {
            let lines = ledger["movements"].as_array().unwrap().iter();
            lines.filter(|l| l["kind"] == kind).map(|l| l["amount"].as_i64().unwrap()).sum()
        };
        (sum("capture"), sum("refund"))
    }

    /// Does all jobs that are due, and those of the next minutes.
    pub async fn work(&self) {
        self.shop.clock.advance(60_000);
        jobs::run_due(self, &jobs::handlers()).await.unwrap();
    }

    /// Follows the events and sends the mails.
    pub async fn send_mails(&self) {
        // On Postgres an event waits for older transactions of the whole server, and other tests run beside this one.
        let unseen = "select (select coalesce(max(seq), 0) from events)
            - (select coalesce(max(seq), 0) from event_cursors where name = 'notifications')";
        loop {
            notifications::catch_up(self).await.unwrap();
            if crate::support::number(self, unseen).await == 0 {
                break;
            }
            tokio::task::yield_now().await;
        }
        self.work().await;
    }

    /// The mails that came, newest first: subject, text and HTML.
    pub async fn mails(&self) -> Vec<(String, String, String)> {
        let list = self.read("/mail").await;
        let mut mails = Vec::new();
        for mail in list.as_array().unwrap() {
            let part = async |kind: &str| {
                let url = format!("{}/mail/{}/{kind}", self.running.url(), mail["id"].as_str().unwrap());
                self.http.get(url).send().await.unwrap().text().await.unwrap()
            };
            mails.push((mail["subject"].as_str().unwrap().to_owned(), part("text").await, part("html").await));
        }
        mails
    }

    /// The mails as they came, newest first.
    pub async fn raw_mails(&self) -> Vec<String> {
        let list = self.read("/mail").await;
        let mut mails = Vec::new();
        for mail in list.as_array().unwrap() {
            let url = format!("{}/mail/{}", self.running.url(), mail["id"].as_str().unwrap());
            mails.push(self.http.get(url).send().await.unwrap().text().await.unwrap());
        }
        mails
    }

    /// Takes the gateway's webhooks, as the server would.
    pub async fn open_webhooks(&self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (shop, taken) = (self.shop.shop.clone(), Arc::clone(&self.taken));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, shop.clone(), Arc::clone(&taken)));
            }
        });
        let url = format!("http://{address}/webhooks/stripe");
        self.control("/_control/webhook", json!({ "url": url, "secret": WEBHOOK_SECRET })).await;
    }

    /// Waits until every webhook was delivered or failed for good.
    pub async fn quiet(&self) {
        while self.read("/_control/webhooks").await["open"].as_u64() != Some(0) {
            tokio::task::yield_now().await;
        }
    }

    /// The order's page for the owner.
    pub async fn order(&self, order: OrderId) -> OrderView {
        backend::order_management::view(self, &owner(self), Locale::En, order).await.unwrap()
    }

    /// Fails with what the audit finds.
    pub async fn assert_sound(&self) {
        assert_sound(self).await;
    }
}

/// Fails with what the audit finds.
pub async fn assert_sound(shop: &Shop) {
    for check in backend::audit::run(shop, &|_, _| {}).await.unwrap() {
        assert!(check.failures.is_empty(), "{}: {:?}", check.name, check.failures);
    }
}

pub fn owner(shop: &Shop) -> Context {
    Context::staff(UserId(shop.id()), Role::Owner, RequestId(shop.id()))
}

pub fn clerk(shop: &Shop) -> Context {
    Context::staff(UserId(shop.id()), Role::Clerk, RequestId(shop.id()))
}

/// One request of HTTP/1.1, answered with the status of [`payments::webhook`].
async fn take(mut stream: TcpStream, shop: Shop, taken: Arc<AtomicUsize>) {
    let mut request = Vec::new();
    let (head, body_at) = loop {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
        if let Some(at) = request.windows(4).position(|w| w == b"\r\n\r\n") {
            break (String::from_utf8_lossy(&request[..at]).into_owned(), at + 4);
        }
    };
    let header = |name: &str| {
        head.lines().filter_map(|l| l.split_once(": ")).find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
    };
    let length: usize = header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    while request.len() < body_at + length {
        if stream.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let status = payments::accept_webhook(&shop, header("stripe-signature").as_deref(), &request[body_at..]).await;
    taken.fetch_add(usize::from(status == 200), Ordering::SeqCst);
    let _ = stream.write_all(format!("HTTP/1.1 {status} \r\ncontent-length: 0\r\nconnection: close\r\n\r\n").as_bytes()).await;
}
