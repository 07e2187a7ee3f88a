//! An unreachable database: requests that need it fail at once, others succeed, and it is used again once it is back.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::api::{json_of, order, try_to_buy_one};
use crate::program::{Folder, Server, a_postgres, client, owner, stderr};
use crate::wire::Wire;

/// How long an answer may take while there is no database: it is given at once, where it once came after 5 to 10 seconds. The rest is
/// for other tests on the same machine.
const SOON: Duration = Duration::from_secs(3);

#[tokio::test(flavor = "multi_thread")]
async fn without_its_database_the_shop_answers_within_a_second_and_recovers_by_itself() {
    let database = a_postgres().await;
    let folder = Folder::new();
    let seeded = folder.run(&["seed", "--database", &database]);
    assert!(seeded.status.success(), "{}", stderr(&seeded));
    let (wire, database) = Wire::to_postgres(&database).await;
    let server = Server::start_with(folder, &["--demo", "--database", &database, "--limit-api", "0", "--limit-checkout", "0"]);
    let session = owner(&server).await;
    let cached = server.get("/").send().await.unwrap().text().await.unwrap();
    let (_, cart) = json_of(server.post("/api/v1/carts", &json!({ "lines": [] }))).await;
    let checkout = format!("/api/v1/carts/{}/checkout", cart["id"].as_str().unwrap());
    // A second without a change in the shop, after which kept pages stay.
    tokio::time::sleep(Duration::from_secs(2)).await;
    server.get("/").send().await.unwrap();

    wire.cut();
    let page = |path: &str| server.get(path).header("accept", "text/html");
    let requests = [
        ("an uncached page", page("/search?q=mango")),
        ("a page of one's own", page("/account").header("cookie", session.clone())),
        ("an admin page", page("/admin/orders").header("cookie", session.clone())),
        ("the API", server.get("/api/v1/products?in_stock=true")),
        ("a checkout", server.post(&checkout, &order("standard-ncr")).header("idempotency-key", "away-key-1")),
        (
            "a function",
            client().post(format!("{}/api/sign_in", server.url)).form(&[("email", "owner@example.com"), ("password", "demo-owner-2026")]),
        ),
        ("readiness", server.get("/health/ready")),
    ];
    for (what, request) in requests {
        let begun = Instant::now();
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 503, "{what}: {}", server.log());
        assert!(begun.elapsed() < SOON, "{what} took {:?}", begun.elapsed());
        if what != "readiness" {
            assert!(answer.headers().contains_key("retry-after"), "{what}");
        }
    }
    let kept = server.get("/").send().await.unwrap();
    assert_eq!((kept.status().as_u16(), kept.text().await.unwrap() == cached), (200, true), "a kept page stays");
    assert_eq!(server.get("/health/live").send().await.unwrap().status(), 200);

    wire.mend();
    let begun = Instant::now();
    while server.get("/health/ready").send().await.unwrap().status() != 200 {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not recover: {}", server.log());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(page("/search?q=mango").send().await.unwrap().status(), 200);
    assert_eq!(page("/admin/orders").header("cookie", session).send().await.unwrap().status(), 200);
    assert_eq!(try_to_buy_one(&server).await.0, 201);
}
