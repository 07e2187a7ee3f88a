//! The past of the demonstration shop: three months of trade, made by the shop's own functions (`backend/tests/suite/past/`), kept as plain values in
//! `demo/past.br`, and written into a new shop as if it had been there all along. See `docs/demo.md`.
//!
//! The file holds rows of [`tables`] by the names of their columns. Moments are kept by their distance from the day on which the past ends,
//! people in plain words that are sealed with the key of the shop that they come to, and the past's own ids as numbers ([`id`]).

mod decode;
mod encode;
mod insert;
mod tables;

use domain::{Date, TimeZone, Timestamp};
use uuid::Uuid;

pub(super) use decode::Past;
pub use decode::unpack;
pub use encode::{encode, pack};
pub(super) use insert::insert;

const FILE: &[u8] = include_bytes!("../../../../demo/past.br");

/// On its last day the past ends at 8 in the morning.
pub const ENDS_MS: i64 = 8 * 3_600_000;
/// The past begins so many days before its last.
pub const DAYS: i64 = 91;

/// The first of the past's ids is of this time, 2026-05-01: before every other of the demonstration's.
const FIRST_ID: i64 = 1_777_593_600_000;

/// The id of this number. Those of higher numbers are later, in the order in which they were made.
#[must_use]
pub fn id(number: i64) -> Uuid {
    // SplitMix64, so that ids do not look alike.
    let mut z = number.unsigned_abs().wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let mut random = [0; 10];
    random[..8].copy_from_slice(&z.to_le_bytes());
    uuid::Builder::from_unix_timestamp_millis((FIRST_ID + number).unsigned_abs(), &random).into_uuid()
}

/// The number of one of the past's ids; none for another id.
fn number_of(uuid: Uuid) -> Option<i64> {
    let (high, _) = uuid.as_u64_pair();
    let number = i64::try_from(high >> 16).ok()? - FIRST_ID;
    (0..1_000_000_000).contains(&number).then_some(number).filter(|number| id(*number) == uuid)
}

/// The last day of the past for a shop that is opened now: today, once it is 8 o'clock.
#[must_use]
pub fn last_day(now: Timestamp, zone: TimeZone) -> Date {
    zone.date(now.plus_millis(-ENDS_MS))
}

/// When the demonstration shop opened, for it to have this past: all of its products were there when the past began.
pub(super) fn opened(last_day: Date, zone: TimeZone) -> Timestamp {
    zone.start_of(last_day.plus_days(-DAYS - super::products::CREATED_OVER_DAYS - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_found_again_by_its_number_and_later_ones_are_greater() {
        for number in [0, 1, 70_000] {
            assert_eq!(number_of(id(number)), Some(number));
            assert!(id(number) < id(number + 1));
        }
        assert_eq!((number_of(Uuid::nil()), number_of(Uuid::max())), (None, None));
    }

    #[test]
    fn before_eight_the_past_ended_yesterday() {
        let (zone, day) = (TimeZone::DEFAULT, TimeZone::DEFAULT.date(Timestamp::from_millis(1_795_487_400_000)));
        let morning = zone.start_of(day).plus_millis(ENDS_MS);
        assert_eq!((last_day(morning, zone), last_day(morning.plus_millis(-1), zone)), (day, day.plus_days(-1)));
    }
}
