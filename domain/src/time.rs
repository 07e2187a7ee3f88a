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

/// A Sunday of a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sunday {
    /// From 1.
    Nth(i64),
    Last,
}

/// When clocks are changed in a year: the month, the Sunday of it, and minutes of that day.
type Change = (i64, Sunday, i64);

/// A rule of summer time, during which clocks are an hour further ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Summer {
    /// In minutes of UTC where `in_utc`, otherwise of standard time, also for the end.
    begins: Change,
    ends: Change,
    in_utc: bool,
}

/// The European Union, the United Kingdom, Switzerland, Norway; since 1996.
const EUROPE: Option<Summer> = Some(Summer { begins: (3, Sunday::Last, 60), ends: (10, Sunday::Last, 60), in_utc: true });
/// The United States and Canada; since 2007.
const NORTH_AMERICA: Option<Summer> = Some(Summer { begins: (3, Sunday::Nth(2), 120), ends: (11, Sunday::Nth(1), 60), in_utc: false });
/// New South Wales, Victoria, South Australia; since 2008.
const AUSTRALIA: Option<Summer> = Some(Summer { begins: (10, Sunday::Nth(1), 120), ends: (4, Sunday::Nth(1), 120), in_utc: false });
/// Since 2007.
const NEW_ZEALAND: Option<Summer> = Some(Summer { begins: (9, Sunday::Last, 120), ends: (4, Sunday::Nth(1), 120), in_utc: false });

const HOUR: i64 = 3_600_000;

impl Summer {
    /// Its first moment in a year, and that after its last. `ahead` is how far standard time is ahead of UTC.
    fn of_year(self, year: i64, ahead: i64) -> (Timestamp, Timestamp) {
        let moment = |(month, sunday, minute): Change| {
            let day = match sunday {
                Sunday::Nth(n) => Date::from_year_month_day(year, month, 1).next_sunday().plus_days(7 * (n - 1)),
                // One of the seven days that end with the last of the month.
                Sunday::Last => Date::from_year_month_day(year, month + 1, 1).plus_days(-7).next_sunday(),
            };
            let shown = day.days.saturating_mul(Timestamp::DAY).saturating_add(minute * 60_000);
            Timestamp(shown.saturating_sub(if self.in_utc { 0 } else { ahead }))
        };
        (moment(self.begins), moment(self.ends))
    }
}

/// A time zone: how far its clocks are ahead of UTC, and whether they keep summer time.
///
/// The rules are those in force when the program was made. Rules before the years that they name, and what a country changes later, are not
/// known to it; pages in the browser know what the program knows, without its being sent a database of zones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeZone {
    name: &'static str,
    /// In standard time.
    ahead_millis: i64,
    summer: Option<Summer>,
}

impl TimeZone {
    pub const UTC: Self = Self::ahead_by_minutes("UTC", 0);
    /// Philippine time, UTC+8; summer time was last kept in 1990. A shop's where it has chosen no other.
    pub const DEFAULT: Self = Self::ahead_by_minutes("Asia/Manila", 480);
    /// Those that can be chosen, the default first, then from west to east: zones of the IANA time zone database whose clocks are never
    /// changed at midnight, so that each day has a beginning that they show.
    pub const NAMED: [Self; 53] = [
        Self::DEFAULT,
        Self::ahead_by_minutes("Pacific/Honolulu", -600),
        Self::ahead_by_minutes("America/Anchorage", -540).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Los_Angeles", -480).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Phoenix", -420),
        Self::ahead_by_minutes("America/Denver", -420).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Mexico_City", -360),
        Self::ahead_by_minutes("America/Chicago", -360).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Bogota", -300),
        Self::ahead_by_minutes("America/Lima", -300),
        Self::ahead_by_minutes("America/New_York", -300).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Toronto", -300).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Halifax", -240).with(NORTH_AMERICA),
        Self::ahead_by_minutes("America/Sao_Paulo", -180),
        Self::UTC,
        Self::ahead_by_minutes("Europe/Lisbon", 0).with(EUROPE),
        Self::ahead_by_minutes("Europe/London", 0).with(EUROPE),
        Self::ahead_by_minutes("Africa/Lagos", 60),
        Self::ahead_by_minutes("Europe/Amsterdam", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Berlin", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Madrid", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Oslo", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Paris", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Prague", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Rome", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Stockholm", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Vienna", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Warsaw", 60).with(EUROPE),
        Self::ahead_by_minutes("Europe/Zurich", 60).with(EUROPE),
        Self::ahead_by_minutes("Africa/Johannesburg", 120),
        Self::ahead_by_minutes("Europe/Athens", 120).with(EUROPE),
        Self::ahead_by_minutes("Europe/Helsinki", 120).with(EUROPE),
        Self::ahead_by_minutes("Africa/Nairobi", 180),
        Self::ahead_by_minutes("Asia/Riyadh", 180),
        Self::ahead_by_minutes("Europe/Istanbul", 180),
        Self::ahead_by_minutes("Asia/Dubai", 240),
        Self::ahead_by_minutes("Asia/Karachi", 300),
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
        Self::ahead_by_minutes("Australia/Adelaide", 570).with(AUSTRALIA),
        Self::ahead_by_minutes("Australia/Brisbane", 600),
        Self::ahead_by_minutes("Australia/Melbourne", 600).with(AUSTRALIA),
        Self::ahead_by_minutes("Australia/Sydney", 600).with(AUSTRALIA),
        Self::ahead_by_minutes("Pacific/Auckland", 720).with(NEW_ZEALAND),
    ];

    const fn ahead_by_minutes(name: &'static str, minutes: i64) -> Self {
        Self { name, ahead_millis: minutes * 60_000, summer: None }
    }

    const fn with(self, summer: Option<Summer>) -> Self {
        Self { summer, ..self }
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

    /// How far its clocks are ahead of UTC in standard time, in milliseconds.
    #[must_use]
    pub const fn standard_offset_millis(self) -> i64 {
        self.ahead_millis
    }

    /// How far its clocks are ahead of UTC at a moment, in milliseconds.
    #[must_use]
    pub fn offset_millis(self, at: Timestamp) -> i64 {
        self.ahead_millis + if self.is_summer(at) { HOUR } else { 0 }
    }

    /// The first moment after this one from which its clocks are ahead by another time; none where they keep one time all year.
    #[must_use]
    pub fn next_change(self, at: Timestamp) -> Option<Timestamp> {
        let (summer, year) = (self.summer?, self.standard_year(at));
        let changes = [year, year + 1].map(|year| summer.of_year(year, self.ahead_millis));
        changes.into_iter().flat_map(|(begins, ends)| [begins, ends]).filter(|change| *change > at).min()
    }

    fn is_summer(self, at: Timestamp) -> bool {
        let Some(summer) = self.summer else { return false };
        let (begins, ends) = summer.of_year(self.standard_year(at), self.ahead_millis);
        // South of the equator it ends before it begins.
        if begins < ends { begins <= at && at < ends } else { at < ends || begins <= at }
    }

    fn standard_year(self, at: Timestamp) -> i64 {
        Date { days: at.0.saturating_add(self.ahead_millis).div_euclid(Timestamp::DAY) }.year()
    }

    /// The day of a moment.
    #[must_use]
    pub fn date(self, at: Timestamp) -> Date {
        Date { days: self.shown(at).div_euclid(Timestamp::DAY) }
    }

    /// Minutes that a clock shows beyond midnight: 0 to 1,439.
    #[must_use]
    pub fn minute_of_day(self, at: Timestamp) -> i64 {
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
    pub fn start_of(self, day: Date) -> Timestamp {
        self.moment(day, 0)
    }

    /// When a clock shows so many minutes beyond midnight of a day: the first time where it does twice, and an hour later than it would where
    /// it never does.
    #[must_use]
    pub fn moment(self, day: Date, minute: i64) -> Timestamp {
        let shown = day.days.saturating_mul(Timestamp::DAY).saturating_add(minute * 60_000);
        let standard = Timestamp(shown.saturating_sub(self.ahead_millis));
        let summer = standard.plus_millis(-HOUR);
        if self.is_summer(summer) { summer } else { standard }
    }

    /// So many days later by the calendar, at the same time of the day.
    #[must_use]
    pub fn plus_days(self, at: Timestamp, days: i64) -> Timestamp {
        if days == 0 {
            return at;
        }
        self.moment(self.date(at).plus_days(days), self.minute_of_day(at)).plus_millis(self.shown(at).rem_euclid(60_000))
    }

    /// What calendar and clock show, as milliseconds since 1970.
    fn shown(self, at: Timestamp) -> i64 {
        at.0.saturating_add(self.offset_millis(at))
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

    /// This day if it is a Sunday, else the next that is.
    fn next_sunday(self) -> Self {
        self.plus_days(6 - i64::try_from(self.weekday()).unwrap_or_default())
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

    #[test]
    fn clocks_are_changed_when_the_country_changes_them() {
        let at = |text: &str| {
            let (day, time) = text.split_once('T').unwrap();
            let (hour, minute) = time.split_once(':').unwrap();
            let minute = hour.parse::<i64>().unwrap() * 60 + minute.parse::<i64>().unwrap();
            TimeZone::UTC.moment(Date::parse(day).unwrap(), minute)
        };
        // The last minute before a change and the first after it, in UTC and as the clocks show them.
        for (zone, change, before, after) in [
            ("Europe/Berlin", "2026-03-29T01:00", "2026-03-29 01:59", "2026-03-29 03:00"),
            ("Europe/Berlin", "2026-10-25T01:00", "2026-10-25 02:59", "2026-10-25 02:00"),
            ("Europe/London", "2027-03-28T01:00", "2027-03-28 00:59", "2027-03-28 02:00"),
            ("Europe/Athens", "2030-10-27T01:00", "2030-10-27 03:59", "2030-10-27 03:00"),
            ("America/New_York", "2026-03-08T07:00", "2026-03-08 01:59", "2026-03-08 03:00"),
            ("America/New_York", "2026-11-01T06:00", "2026-11-01 01:59", "2026-11-01 01:00"),
            ("America/Los_Angeles", "2028-03-12T10:00", "2028-03-12 01:59", "2028-03-12 03:00"),
            ("Australia/Sydney", "2026-04-04T16:00", "2026-04-05 02:59", "2026-04-05 02:00"),
            ("Australia/Sydney", "2026-10-03T16:00", "2026-10-04 01:59", "2026-10-04 03:00"),
            ("Australia/Adelaide", "2027-10-02T16:30", "2027-10-03 01:59", "2027-10-03 03:00"),
            ("Pacific/Auckland", "2026-04-04T14:00", "2026-04-05 02:59", "2026-04-05 02:00"),
            ("Pacific/Auckland", "2026-09-26T14:00", "2026-09-27 01:59", "2026-09-27 03:00"),
        ] {
            let (named, change) = (TimeZone::named(zone).unwrap(), at(change));
            let shown = (named.iso_minute(change.plus_millis(-1)), named.iso_minute(change));
            assert_eq!((shown.0.as_str(), shown.1.as_str()), (before, after), "{zone}");
            assert_eq!(named.next_change(change.plus_millis(-1)), Some(change), "{zone}");
        }
        assert_eq!(TimeZone::DEFAULT.next_change(at("2026-03-29T01:00")), None);
    }

    #[test]
    fn days_of_23_and_25_hours_begin_at_midnight_and_dates_and_cut_offs_are_by_the_clock() {
        let berlin = TimeZone::named("Europe/Berlin").unwrap();
        let day = |text: &str| Date::parse(text).unwrap();
        let hours = |text: &str| (berlin.start_of(day(text).plus_days(1)).millis() - berlin.start_of(day(text)).millis()) / HOUR;
        assert_eq!((hours("2026-03-28"), hours("2026-03-29"), hours("2026-10-25"), hours("2026-10-26")), (24, 23, 25, 24));
        assert_eq!(berlin.iso_minute(berlin.moment(day("2026-03-29"), 11 * 60)), "2026-03-29 11:00");
        assert_eq!(berlin.iso_minute(berlin.moment(day("2026-03-29"), 150)), "2026-03-29 03:30", "half past two is left out");
        assert_eq!(berlin.moment(day("2026-10-25"), 150).iso_date_time(), "2026-10-25T00:30:00Z", "the first of two");
        // Half past eleven in the evening, and two days later.
        let evening = berlin.moment(day("2026-03-27"), 23 * 60 + 30);
        assert_eq!(berlin.iso_minute(berlin.plus_days(evening, 2)), "2026-03-29 23:30");
        let second_of_two = Timestamp(berlin.moment(day("2026-10-25"), 150).0 + HOUR + 12_345);
        assert_eq!(berlin.plus_days(second_of_two, 0), second_of_two);
        assert_eq!(berlin.plus_days(second_of_two, 1).iso_date_time(), "2026-10-26T01:30:12Z");
        let names: std::collections::BTreeSet<_> = TimeZone::NAMED.iter().map(|zone| zone.name()).collect();
        assert_eq!(names.len(), TimeZone::NAMED.len());
        let offsets: Vec<i64> = TimeZone::NAMED.iter().skip(1).map(|zone| zone.standard_offset_millis()).collect();
        assert!(offsets.is_sorted());
    }

    proptest! {
        #[test]
        fn a_moment_of_any_zone_is_within_its_day(millis in 0_i64..4_000_000_000_000, n in 0..TimeZone::NAMED.len()) {
            let (at, zone) = (Timestamp(millis), TimeZone::NAMED[n]);
            let day = zone.date(at);
            prop_assert!(zone.start_of(day) <= at && at < zone.start_of(day.plus_days(1)));
            prop_assert_eq!((zone.minute_of_day(zone.start_of(day)), zone.date(zone.start_of(day))), (0, day));
            // The clock shows a time twice where it is put back.
            let again = zone.moment(day, zone.minute_of_day(at));
            prop_assert!(again <= at && [0, HOUR].contains(&((at.millis() - again.millis()) / 60_000 * 60_000)));
        }

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
