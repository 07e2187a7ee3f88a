//! The past of the demonstration shop is made here, by the shop's own functions with a simulated clock, and kept in `demo/past.br`:
//!
//! `make past`
//!
//! The same story is told each time: chance is seeded, ids are numbered, one thing happens after the other. See `docs/demo.md`.

mod gateway;
mod loading;
mod people;
mod random;
mod selling;
mod sending;
mod stocking;
mod world;

use std::path::{Path, PathBuf};

use backend::seed::past;
use serde_json::Value;

use crate::support::outside::assert_sound;
use world::World;

/// The days that are told again in every run of the tests; all of them in the long mode.
const FIRST_DAYS: i64 = 7;

fn file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../demo/past.br")
}

/// The story as far as the first moment of a day, as the file has it.
async fn told_until(day: Option<i64>) -> String {
    let mut world = World::new(past::DAYS).await;
    world.live(day).await;
    assert_sound(&world.shop).await;
    let text = past::encode(&world.shop, world.begin(), world.last_day, &world.accounts).await.unwrap();
    world.shop.close().await;
    text
}

fn kept() -> String {
    past::unpack(&std::fs::read(file()).unwrap()).unwrap()
}

/// Is this the beginning of that, all lists in it being as long or shorter?
fn begins(this: &Value, that: &Value) -> bool {
    match (this, that) {
        (Value::Array(this), Value::Array(that)) => this.len() <= that.len() && this == &that[..this.len()],
        (Value::Object(this), Value::Object(that)) => this.iter().all(|(key, value)| key == "rows" || begins(value, &that[key])),
        _ => this == that,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_past_that_is_kept_is_the_one_that_the_shop_makes() {
    let again = "the shop does other things now than when its past was made: run `make past`, and commit demo/past.br";
    if std::env::var_os("TINDAHAN_KEEP_PAST").is_some() {
        std::fs::write(file(), past::pack(&told_until(None).await).unwrap()).unwrap();
    } else if std::env::var_os("TINDAHAN_LONG").is_some() {
        assert!(told_until(None).await == kept(), "{again}");
    } else {
        // Rows change as the story goes on, but not its events.
        let (told, kept) = (told_until(Some(FIRST_DAYS - past::DAYS)).await, kept());
        for (told, kept) in told.lines().zip(kept.lines()).take(2) {
            let (told, kept): (Value, Value) = (serde_json::from_str(told).unwrap(), serde_json::from_str(kept).unwrap());
            assert!(kept["others"].is_array() || kept["table"] == "events");
            if kept["table"] == "events" {
                assert!(told["rows"].as_i64().unwrap() > 500, "{}", told["rows"]);
                assert!(begins(&told, &kept), "{again}");
            }
        }
    }
}
