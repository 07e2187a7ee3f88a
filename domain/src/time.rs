//! Points in time, and the days and clocks by which people see them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "sqlx", derive(sqlx_macros::Type), sqlx(transparent))]
pub struct Timestamp(i64);

impl Timestamp {
    /// A day in milliseconds.
    pub const DAY: i64 = 86_400_000;

    /// From milliseconds since 1970 UTC; negative before.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970 UTC.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Later by `millis`, saturating.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// In UTC by ISO 8601, for `<time datetime>`: `2026-11-24T02:30:00Z`.
    #[must_use]
    pub fn iso_date_time(self) -> String {
        let (utc, second) = (TimeZone::UTC, self.0.div_euclid(1_000).rem_euclid(60));
        format!("{}T{}:{second:02}Z", utc.date(self), utc.clock(self))
    }
}

/// A time zone whose clocks are ahead of UTC by the same time all year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone {
    name: &'static str,
    offset_millis: i64,
}

impl TimeZone {
    pub const UTC: Self = Self::ahead_by_minutes("UTC", 0);
    /// Philippine time, UTC+8; summer time was last kept in 1990. A shop's where it has chosen no other.
    pub const DEFAULT: Self = Self::ahead_by_minutes("Asia/Manila", 480);
    /// Those that can be chosen, the default first, then from west to east: zones of the IANA time zone database that keep one time
    /// all year.
    pub const NAMED: [Self; 15] = [
        Self::DEFAULT,
        Self::UTC,
        Self::ahead_by_minutes("Asia/Riyadh", 180),
        Self::ahead_by_minutes("Asia/Dubai", 240),
        Self::ahead_by_minutes("Asia/Kolkata", 330),
        Self::ahead_by_minutes("Asia/Bangkok", 420),
        Self::ahead_by_minutes("Asia/Ho_Chi_Minh", 420),
        Self::ahead_by_minutes("Asia/Jakarta", 420),
        Self::ahead_by_minutes("Asia/Hong_Kong", 480),
        Self::ahead_by_minutes("Asia/Kuala_Lumpur", 480),
        Self::ahead_by_minutes("Asia/Shanghai", 480),
        Self::ahead_by_minutes("Asia/Singapore", 480),
        Self::ahead_by_minutes("Asia/Taipei", 480),
        Self::ahead_by_minutes("Asia/Seoul", 540),
        Self::ahead_by_minutes("Asia/Tokyo", 540),
    ];

    const fn ahead_by_minutes(name: &'static str, minutes: i64) -> Self {
        Self { name, offset_millis: minutes * 60_000 }
    }

    /// The zone with this name in the IANA database, when it is one of [`TimeZone::NAMED`].
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::NAMED.into_iter().find(|zone| zone.name == name)
    }

    /// Its name in the IANA database.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// How far its clocks are ahead of UTC, in milliseconds.
    #[must_use]
    pub const fn offset_millis(self) -> i64 {
        self.offset_millis
    }

    /// The day of a moment.
    #[must_use]
    pub const fn date(self, at: Timestamp) -> Date {
        Date { days: self.shown(at).div_euclid(Timestamp::DAY) }
    }

    /// Whole minutes since the day of a moment began: 0 to 1,439.
    #[must_use]
    pub const fn minute_of_day(self, at: Timestamp) -> i64 {
        self.shown(at).rem_euclid(Timestamp::DAY) / 60_000
    }

    /// What a clock shows: `10:30`.
    #[must_use]
    pub fn clock(self, at: Timestamp) -> String {
        let minute = self.minute_of_day(at);
        format!("{:02}:{:02}", minute / 60, minute % 60)
    }

    /// Day and time as spreadsheets read them: `2026-11-24 10:30`.
    #[must_use]
    pub fn iso_minute(self, at: Timestamp) -> String {
        format!("{} {}", self.date(at), self.clock(at))
    }

    /// The first moment of a day.
    #[must_use]
    pub const fn start_of(self, day: Date) -> Timestamp {
        Timestamp(day.days.saturating_mul(Timestamp::DAY).saturating_sub(self.offset_millis))
    }

    /// What calendar and clock show, as milliseconds since 1970.
    const fn shown(self, at: Timestamp) -> i64 {
        at.0.saturating_add(self.offset_millis)
    }
}

/// A day of the Gregorian calendar, which is written by ISO 8601: `2026-11-24`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    days: i64,
}

impl Date {
    /// Reads a day of the years 0000 to 9999; none for what is no day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let mut part = |digits: usize| parts.next().filter(|part| part.len() == digits)?.parse::<i64>().ok();
        let day = Self::from_year_month_day(part(4)?, part(2)?, part(2)?);
        (day.to_string() == text).then_some(day)
    }

    /// Days since 1970-01-01; negative before.
    #[must_use]
    pub const fn days(self) -> i64 {
        self.days
    }

    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        Self { days: self.days.saturating_add(days) }
    }

    /// Days since a Monday: 0 to 6.
    #[must_use]
    pub fn weekday(self) -> usize {
        usize::try_from((self.days + 3).rem_euclid(7)).unwrap_or_default()
    }

    #[must_use]
    pub fn year(self) -> i64 {
        self.year_month_day().0
    }

    /// Year, month (1 to 12) and day of the month (1 to 31). Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms",
    /// `civil_from_days`.
    #[must_use]
    pub fn year_month_day(self) -> (i64, usize, i64) {
        let since_march_0000 = self.days + 719_468;
        let (era, day_of_era) = (since_march_0000.div_euclid(146_097), since_march_0000.rem_euclid(146_097));
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_from_march = (5 * day_of_year + 2) / 153;
        let month = (months_from_march + 2) % 12 + 1;
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        (year, usize::try_from(month).unwrap_or(1), day_of_year - (153 * months_from_march + 2) / 5 + 1)
    }

    /// The same the other way round, `days_from_year_month_day`. A month or day out of range gives another date.
    fn from_year_month_day(year: i64, month: i64, day: i64) -> Self {
        let march_year = year - i64::from(month <= 2);
        let (era, year_of_era) = (march_year.div_euclid(400), march_year.rem_euclid(400));
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        Self { days: era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468 }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.year_month_day();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MANILA: TimeZone = TimeZone::DEFAULT;

    fn start_of(text: &str) -> Option<i64> {
        Date::parse(text).map(|day| MANILA.start_of(day).millis())
    }

    #[test]
    fn a_day_begins_where_the_shop_is_and_is_read_as_it_is_written() {
        assert_eq!(start_of("2026-11-24"), Some(1_795_449_600_000));
        assert_eq!(start_of("1970-01-02"), Some(16 * 3_600_000));
        assert_eq!(start_of("2006-02-01"), Some(1_138_723_200_000));
        for day in ["0000-01-01", "1969-12-31", "1970-01-01", "2000-02-29", "2024-02-29", "2026-12-31", "2100-03-01", "9999-12-31"] {
            assert_eq!(Date::parse(day).map(|day| MANILA.date(MANILA.start_of(day)).to_string()).as_deref(), Some(day));
        }
        let nonsense =
            ["", "soon", "2026-02-29", "2100-02-29", "2026-13-01", "2026-1-1", "2026-00-10", "24.11.2026", "2026-11-24-1", "-026-11-24"];
        for text in nonsense {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_cut_off_is_by_the_clock_of_the_shop() {
        // 2026-11-24T02:59:59Z is 10:59:59 in Manila.
        let before = Timestamp::from_millis(1_795_489_199_000);
        assert_eq!((MANILA.clock(before).as_str(), MANILA.minute_of_day(before)), ("10:59", 659));
        assert_eq!(MANILA.minute_of_day(before.plus_millis(1_000)), 660);
        let midnight = MANILA.start_of(MANILA.date(before));
        assert_eq!(midnight.iso_date_time(), "2026-11-23T16:00:00Z");
        assert_eq!(MANILA.start_of(MANILA.date(midnight)), midnight);
    }

    #[test]
    fn a_day_begins_at_midnight_in_manila() {
        // 2026-11-24T15:59:59Z is 23:59:59 in Manila, a second later the next day begins.
        let before = Timestamp::from_millis(1_795_535_999_000);
        let after = before.plus_millis(1_000);
        assert_eq!(MANILA.date(before).plus_days(1), MANILA.date(after));
        assert_eq!(MANILA.start_of(MANILA.date(after)), after);
    }

    #[test]
    fn dates_that_are_known_have_their_day_of_the_week() {
        for (text, days, weekday) in [
            ("1970-01-01", 0, 3),
            ("1969-12-31", -1, 2),
            ("1600-02-29", -135_081, 1),
            ("2000-02-29", 11_016, 1),
            ("2000-03-01", 11_017, 2),
            ("2024-02-29", 19_782, 3),
            ("2026-11-24", 20_781, 1),
            ("2100-03-01", 47_541, 0),
        ] {
            let day = Date::parse(text).unwrap();
            assert_eq!((day.days(), day.weekday()), (days, weekday), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_day_is_read_as_it_is_written(days in -719_528_i64..=2_932_896) {
            let day = Date { days };
            prop_assert_eq!(Date::parse(&day.to_string()), Some(day));
        }

        #[test]
        fn a_moment_is_within_its_day(millis in -62_000_000_000_000_i64..250_000_000_000_000, hours in -12_i64..=14) {
            let (at, zone) = (Timestamp(millis), TimeZone::ahead_by_minutes("", hours * 60));
            let start = zone.start_of(zone.date(at));
            prop_assert!(start <= at && at < zone.start_of(zone.date(at).plus_days(1)));
            prop_assert_eq!(zone.minute_of_day(at), (millis - start.millis()) / 60_000);
            prop_assert_eq!(zone.date(start), zone.date(at));
        }

        #[test]
        fn no_moment_is_out_of_range(millis in any::<i64>()) {
            let at = Timestamp(millis);
            prop_assert!(MANILA.start_of(MANILA.date(at)) <= at);
            prop_assert!(at.iso_date_time().ends_with('Z'));
        }
    }
}
