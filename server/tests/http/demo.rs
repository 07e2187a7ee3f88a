//! The demonstration's accounts, whose passwords are printed.

use crate::program::{Folder, Server, client, stderr, stdout};

/// The status of a sign-in as the owner of the demonstration.
async fn sign_in(server: &Server) -> u16 {
    let fields = [("email", "owner@example.com"), ("password", "demo-owner-2026")];
    client().post(format!("{}/api/sign_in", server.url)).form(&fields).send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn printed_passwords_open_a_demonstration_and_no_real_shop() {
    let demo = Server::start();
    assert_eq!(sign_in(&demo).await, 200);
    let real = Server::start_with(Folder::with_shop(), &[]);
    assert_eq!(sign_in(&real).await, 401);
    assert!(real.log().contains("cannot sign in") && real.log().contains("--demo is not given"), "{}", real.log());
    // A demonstration that others can reach is refused with the reason.
    let open = Server::start_with(Folder::with_shop(), &["--demo", "--trusted-proxies", "127.0.0.1"]);
    assert_eq!(sign_in(&open).await, 401);
    assert!(open.log().contains("others reach this shop"), "{}", open.log());
}

#[test]
fn doctor_reports_the_demonstrations_accounts() {
    let folder = Folder::with_shop();
    let doctor = stdout(&folder.run(&["doctor"]));
    assert!(doctor.contains("3 of staff and 6 of shoppers are the demonstration's"), "{doctor}");
    assert!(doctor.contains("they cannot sign in here") && doctor.contains("BAD   nobody may sign in as owner"), "{doctor}");
    let demo = stdout(&folder.command(&["doctor"]).env("TINDAHAN_DEMO", "true").output().unwrap());
    assert!(demo.contains("they can sign in") && demo.contains("1 owner"), "{demo}");
    let open = folder.command(&["doctor", "--public-url", "https://shop.example"]).env("TINDAHAN_DEMO", "true").output().unwrap();
    assert!(!open.status.success() && stdout(&open).contains("BAD   demo is on"), "{}", stdout(&open));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_programs_that_start_together_fill_one_database_once() {
    let database = crate::program::a_postgres().await;
    let key = Folder::new();
    let key_file = key.0.join("key").display().to_string();
    let starts = [(), ()].map(|()| {
        let (database, key_file) = (database.clone(), key_file.clone());
        tokio::task::spawn_blocking(move || {
            Server::start_with(Folder::new(), &["--demo", "--database", &database, "--key-file", &key_file, "--limit-api", "0"])
        })
    });
    let mut shown = Vec::new();
    for start in starts {
        let server = start.await.unwrap();
        assert_eq!(sign_in(&server).await, 200, "{}", server.log());
        let (_, found) = crate::api::json_of(server.get("/api/v1/products")).await;
        shown.push(found["products"].as_array().unwrap().len());
    }
    assert!(shown[0] > 10 && shown[0] == shown[1], "{shown:?}");
}

#[test]
fn only_an_empty_shop_becomes_a_demonstration() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = Folder::new();
    let mut create = folder.command(&["admin", "create", "--email", "ana@shop.example", "--name", "Ana Reyes"]);
    let mut child = create.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"a long enough secret 4\n").unwrap();
    assert!(child.wait().unwrap().success());
    let refused = folder.run(&["seed"]);
    assert!(!refused.status.success() && stderr(&refused).contains("already has goods, orders or accounts"), "{}", stderr(&refused));
    let mut served = Server::start_with(folder, &["--demo"]);
    served.terminate();
    assert!(served.wait().success());
    let doctor = stdout(&served.folder.run(&["doctor"]));
    assert!(!doctor.contains("demonstration's"), "{doctor}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_demonstration_has_a_past_whose_cards_the_sandbox_knows_after_a_restart_too() {
    let mut server = Server::start_with(Folder::new(), &["--demo"]);
    assert!(server.log().contains("orders of the last three months"), "{}", server.log());
    server.terminate();
    assert!(server.wait().success());
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    let key = folder.run(&["admin", "key", "--name", "Desk", "--scope", "read_orders", "--scope", "refund_payments"]);
    let key = stdout(&key).trim().to_owned();

    let server = Server::start_with(folder, &["--demo", "--limit-api", "0"]);
    let (_, orders) = crate::api::json_of(server.get("/api/v1/orders?payment=paid&fulfilment=fulfilled").bearer_auth(&key)).await;
    let orders = orders["orders"].as_array().unwrap();
    assert_eq!(orders.len(), 50);
    let mut by_card = None;
    for id in orders.iter().map(|order| order["id"].as_str().unwrap()) {
        let (_, order) = crate::api::json_of(server.get(&format!("/api/v1/orders/{id}")).bearer_auth(&key)).await;
        by_card = by_card.or((order["payments"][0]["tender"] == "card").then_some(id));
    }
    let id = by_card.expect("one of fifty is paid by card");
    let refund = serde_json::json!({ "amount": 500, "reason": "A scratch" });
    let refund = server.post(&format!("/api/v1/orders/{id}/refunds"), &refund).bearer_auth(&key).header("idempotency-key", "refund-0001");
    let (status, refund) = crate::api::json_of(refund).await;
    assert_eq!((status, refund["state"].as_str()), (201, Some("done")), "{refund}");

    let bare = Server::start_with(Folder::new(), &["--demo", "--without-past"]);
    assert!(!bare.log().contains("last three months"), "{}", bare.log());
}
