//! A full disk: orders are refused, earlier ones are kept, and the shop continues when there is room again.

use crate::api::try_to_buy_one;
use crate::program::{Folder, Server, stderr, stdout};

#[tokio::test]
async fn a_full_disk_refuses_orders_and_loses_none() {
    let mut server = Server::start_on_a_small_disk(Folder::with_shop(), 1_200_000);
    let (mut promised, mut refused) = (Vec::new(), Vec::new());
    for _ in 0..400 {
        match try_to_buy_one(&server).await {
            (201, placed) => promised.push(placed["number"].as_str().unwrap().to_owned()),
            other => refused.push(other),
        }
        if refused.len() == 3 {
            break;
        }
    }
    assert_eq!(refused.len(), 3, "the disk never became full: {} orders", promised.len());
    for (status, problem) in &refused {
        assert_eq!((*status, problem["code"].as_str()), (507, Some("storage_full")), "{problem}");
    }
    let ready = server.get("/health/ready").send().await.unwrap();
    assert_eq!(ready.status(), 503);
    assert_eq!(ready.json::<serde_json::Value>().await.unwrap()["reason"], "storage_full");
    // Pages that only read are still served.
    for path in ["/", "/p/dried-mango", "/health/live", "/api/v1/products"] {
        assert_eq!(server.get(path).send().await.unwrap().status(), 200, "{path}");
    }
    server.terminate();
    server.wait();

    // There is room again.
    let folder = std::mem::replace(&mut server.folder, Folder::new());
    let mut server = Server::start_with(folder, &["--limit-api", "0", "--limit-checkout", "0"]);
    assert_eq!(server.get("/health/ready").send().await.unwrap().status(), 200);
    let (status, placed) = try_to_buy_one(&server).await;
    assert_eq!(status, 201, "{placed}");
    server.terminate();
    server.wait();
    let audit = server.folder.run(&["audit"]);
    assert!(audit.status.success(), "{}{}", stdout(&audit), stderr(&audit));
    let orders = sqlx::query_scalar::<_, String>("select number from orders")
        .fetch_all(
            &mut <sqlx::SqliteConnection as sqlx::Connection>::connect(&format!("sqlite:{}", server.folder.0.join("shop.db").display()))
                .await
                .unwrap(),
        )
        .await
        .unwrap();
    let lost: Vec<_> = promised.iter().filter(|number| !orders.contains(number)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
