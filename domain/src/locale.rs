//! Languages, and how they write money, numbers and dates.

use crate::{Money, Timestamp};

/// A language the shop speaks, with the conventions of the Philippines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Locale {
    /// English.
    #[default]
    En,
    /// Filipino.
    Fil,
}

/// Philippine time is UTC+8 all year; summer time was last kept in 1990.
const SHOP_OFFSET_MILLIS: i64 = 8 * 3_600_000;

const MONTHS: [[&str; 12]; 2] = [
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    ["Ene", "Peb", "Mar", "Abr", "May", "Hun", "Hul", "Ago", "Set", "Okt", "Nob", "Dis"],
];

const WEEKDAYS: [[&str; 7]; 2] = [["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"], ["Lun", "Mar", "Miy", "Huw", "Biy", "Sab", "Lin"]];

impl Locale {
    /// Every language, in the order of the message catalogue.
    pub const ALL: [Self; 2] = [Self::En, Self::Fil];

    /// The language of a code or tag, as in a cookie, a form or a database row: `en`, `fil-PH`, `tl`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let language = text.trim().split(['-', '_']).next()?;
        if language.eq_ignore_ascii_case("en") {
            Some(Self::En)
        } else if language.eq_ignore_ascii_case("fil") || language.eq_ignore_ascii_case("tl") {
            Some(Self::Fil)
        } else {
            None
        }
    }

    /// The supported language that an `Accept-Language` header prefers, else English.
    #[must_use]
    pub fn negotiate(accept_language: &str) -> Self {
        let mut best = (Self::En, 0);
        for item in accept_language.split(',') {
            let mut parts = item.split(';');
            let Some(locale) = parts.next().and_then(Self::parse) else {
                continue;
            };
            let weight = parts.find_map(|part| part.trim().strip_prefix("q=")).map_or(1000, per_mille);
            if weight > best.1 {
                best = (locale, weight);
            }
        }
        best.0
    }

    /// The BCP 47 tag, for `lang` and `hreflang`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en-PH",
            Self::Fil => "fil-PH",
        }
    }

    /// The short code, as stored and as in file names.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Fil => "fil",
        }
    }

    /// The language's own name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Fil => "Filipino",
        }
    }

    /// For the attribute `dir`.
    #[must_use]
    pub const fn dir(self) -> &'static str {
        match self {
            Self::En | Self::Fil => "ltr",
        }
    }

    /// A whole number with its thousands grouped: `12,345`.
    #[must_use]
    pub fn number(self, number: i64) -> String {
        let mut out = String::new();
        if number < 0 {
            out.push('-');
        }
        push_grouped(&mut out, number.unsigned_abs());
        out
    }

    /// An amount with its currency: `₱1,234.50`, `-$5.00`, `KWD 1.250`.
    #[must_use]
    pub fn money(self, money: Money) -> String {
        let mut out = String::new();
        if money.minor < 0 {
            out.push('-');
        }
        let currency = money.currency;
        if let Some(symbol) = symbol(currency.code()) {
            out.push_str(symbol);
        } else {
            out.push_str(currency.code());
            out.push('\u{a0}');
        }
        let digits = currency.exponent();
        let scale = 10_u64.pow(u32::from(digits));
        let minor = money.minor.unsigned_abs();
        push_grouped(&mut out, minor / scale);
        if digits > 0 {
            out.push('.');
            let fraction = (minor % scale + scale).to_string();
            out.push_str(&fraction[1..]);
        }
        out
    }

    /// A day in the shop's time zone: `24 Nov 2026`.
    #[must_use]
    pub fn date(self, at: Timestamp) -> String {
        let local = Local::of(at);
        format!("{} {} {}", local.day, self.month(local), local.year)
    }

    /// A day and time in the shop's time zone: `24 Nov 2026, 10:30`.
    #[must_use]
    pub fn date_time(self, at: Timestamp) -> String {
        format!("{}, {}", self.date(at), self.time(at))
    }

    /// A time in the shop's time zone: `10:30`.
    #[must_use]
    pub fn time(self, at: Timestamp) -> String {
        let local = Local::of(at);
        format!("{:02}:{:02}", local.hour, local.minute)
    }

    /// A day near enough to need no year: `Tue 24 Nov`.
    #[must_use]
    pub fn weekday_date(self, at: Timestamp) -> String {
        let local = Local::of(at);
        format!("{} {} {}", WEEKDAYS[self as usize][local.weekday], local.day, self.month(local))
    }

    fn month(self, local: Local) -> &'static str {
        MONTHS[self as usize][local.month]
    }
}

/// The moment in UTC by ISO 8601, for `<time datetime>`: `2026-11-24T02:30:00Z`.
#[must_use]
pub fn iso_date_time(at: Timestamp) -> String {
    let moment = Local::at_offset(at, 0);
    format!("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", moment.year, moment.month + 1, moment.day, moment.hour, moment.minute, moment.second)
}

/// The moment in the shop's time zone as spreadsheets read it: `2026-11-24 10:30`.
#[must_use]
pub fn iso_minute(at: Timestamp) -> String {
    let moment = Local::of(at);
    format!("{:04}-{:02}-{:02} {:02}:{:02}", moment.year, moment.month + 1, moment.day, moment.hour, moment.minute)
}

/// The day of a moment in the shop's time zone as fields for dates hold it: `2026-11-24`.
#[must_use]
pub fn iso_day(at: Timestamp) -> String {
    let day = Local::of(at);
    format!("{:04}-{:02}-{:02}", day.year, day.month + 1, day.day)
}

/// Whole minutes since the day began in the shop's time zone: 0 to 1,439.
#[must_use]
pub fn minute_of_day(at: Timestamp) -> i64 {
    let local = Local::of(at);
    local.hour * 60 + local.minute
}

/// The first moment in the shop's time zone of the day of a moment.
#[must_use]
pub fn day_of(at: Timestamp) -> Timestamp {
    let day = at.millis().saturating_add(SHOP_OFFSET_MILLIS).div_euclid(Timestamp::DAY);
    Timestamp::from_millis(day * Timestamp::DAY - SHOP_OFFSET_MILLIS)
}

/// The first moment of a day in the shop's time zone, from `2026-11-24`. None for what is no day.
#[must_use]
pub fn day_start(text: &str) -> Option<Timestamp> {
    let mut parts = text.split('-');
    let mut part = |digits: usize| parts.next().filter(|part| part.len() == digits)?.parse::<i64>().ok();
    let (year, month, day) = (part(4)?, part(2)?, part(2)?);
    // Days from civil, after Howard Hinnant as below.
    let shifted = year - i64::from(month <= 2);
    let (era, year_of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let days = era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468;
    let start = Timestamp::from_millis(days * Timestamp::DAY - SHOP_OFFSET_MILLIS);
    (iso_day(start) == text).then_some(start)
}

/// A moment on the calendar and the clock. Months count from 0, weekdays from Monday.
#[derive(Clone, Copy)]
struct Local {
    year: i64,
    month: usize,
    day: i64,
    weekday: usize,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Local {
    fn of(at: Timestamp) -> Self {
        Self::at_offset(at, SHOP_OFFSET_MILLIS)
    }

    /// Civil date from a day count, after Howard Hinnant, "chrono-compatible low-level date algorithms".
    fn at_offset(at: Timestamp, offset_millis: i64) -> Self {
        let seconds = at.millis().saturating_add(offset_millis).div_euclid(1000);
        let (days, second_of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let since_march_0000 = days + 719_468;
        let era = since_march_0000.div_euclid(146_097);
        let day_of_era = since_march_0000.rem_euclid(146_097);
        let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let months_from_march = (5 * day_of_year + 2) / 153;
        let month = (months_from_march + 2) % 12;
        Self {
            year: year_of_era + era * 400 + i64::from(months_from_march >= 10),
            month: usize::try_from(month).unwrap_or_default(),
            day: day_of_year - (153 * months_from_march + 2) / 5 + 1,
            weekday: usize::try_from((days + 3).rem_euclid(7)).unwrap_or_default(),
            hour: second_of_day / 3_600,
            minute: second_of_day / 60 % 60,
            second: second_of_day % 60,
        }
    }
}

fn push_grouped(out: &mut String, number: u64) {
    let digits = number.to_string();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
}

/// Symbols that stand for one currency only in the Philippines; other currencies are written by their code.
fn symbol(code: &str) -> Option<&'static str> {
    Some(match code {
        "PHP" => "₱",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "JPY" => "¥",
        "SGD" => "S$",
        "AUD" => "A$",
        "HKD" => "HK$",
        _ => return None,
    })
}

/// A quality value (`0.8`) in thousandths; 0 for an invalid one.
fn per_mille(quality: &str) -> u32 {
    let (whole, fraction) = quality.trim().split_once('.').unwrap_or((quality.trim(), ""));
    if !fraction.bytes().all(|digit| digit.is_ascii_digit()) {
        return 0;
    }
    match whole {
        "1" => 1000,
        "0" => format!("{fraction:0<3}").get(..3).and_then(|digits| digits.parse().ok()).unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::{Locale, day_of, day_start, iso_date_time, iso_day, minute_of_day};
    use crate::{Currency, Money, Timestamp};

    #[test]
    fn the_preferred_language_is_taken() {
        assert_eq!(Locale::negotiate("fil-PH,fil;q=0.9,en;q=0.8"), Locale::Fil);
        assert_eq!(Locale::negotiate("de,en;q=0.5,tl;q=0.7"), Locale::Fil);
        assert_eq!(Locale::negotiate("en, fil;q=0"), Locale::En);
        assert_eq!(Locale::negotiate("fil;q=0"), Locale::En);
        assert_eq!(Locale::negotiate("*;q=x,,;"), Locale::En);
        assert_eq!(Locale::negotiate(""), Locale::En);
    }

    #[test]
    fn codes_and_tags_are_read_back() {
        for locale in Locale::ALL {
            assert_eq!(Locale::parse(locale.code()), Some(locale));
            assert_eq!(Locale::parse(locale.tag()), Some(locale));
        }
        assert_eq!(Locale::parse("xx"), None);
    }

    #[test]
    fn a_day_begins_where_the_shop_is_and_is_read_as_it_is_written() {
        assert_eq!(day_start("2026-11-24").map(Timestamp::millis), Some(1_795_449_600_000));
        for day in ["1970-01-01", "2024-02-29", "2026-12-31", "2100-03-01"] {
            assert_eq!(day_start(day).map(iso_day).as_deref(), Some(day));
        }
        for nonsense in ["", "2026-02-29", "2026-13-01", "2026-1-1", "2026-00-10", "24.11.2026", "2026-11-24-1"] {
            assert_eq!(day_start(nonsense), None, "{nonsense}");
        }
    }

    #[test]
    fn a_cut_off_is_by_the_clock_of_the_shop() {
        // 2026-11-24T02:59:59Z is 10:59:59 in Manila.
        let before = Timestamp::from_millis(1_795_489_199_000);
        assert_eq!((Locale::En.time(before).as_str(), minute_of_day(before)), ("10:59", 659));
        assert_eq!(minute_of_day(before.plus_millis(1_000)), 660);
        assert_eq!(iso_date_time(day_of(before)), "2026-11-23T16:00:00Z");
        assert_eq!(day_of(day_of(before)), day_of(before));
    }

    #[test]
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "-1,234,567")] {
            assert_eq!(Locale::En.number(number), text);
        }
    }

    #[test]
    fn money_shows_each_digit_of_its_minor_unit() {
        let cases = [
            (123_450, Currency::PHP, "₱1,234.50"),
            (-500, Currency::USD, "-$5.00"),
            (5, Currency::PHP, "₱0.05"),
            (1_250, Currency::JPY, "¥1,250"),
            (1_250, Currency::KWD, "KWD\u{a0}1.250"),
            (i64::MIN, Currency::PHP, "-₱92,233,720,368,547,758.08"),
        ];
        for (minor, currency, text) in cases {
            assert_eq!(Locale::En.money(Money::new(minor, currency)), text);
        }
    }

    #[test]
    fn dates_are_those_of_the_shop() {
        let at = Timestamp::from_millis(1_795_487_400_000); // 2026-11-24T02:30:00Z
        assert_eq!(iso_date_time(at), "2026-11-24T02:30:00Z");
        assert_eq!(Locale::En.date_time(at), "24 Nov 2026, 10:30");
        assert_eq!(Locale::Fil.date_time(at), "24 Nob 2026, 10:30");
        assert_eq!(Locale::En.weekday_date(at), "Tue 24 Nov");
        let new_year = Timestamp::from_millis(1_798_732_800_000); // 2026-12-31T16:00:00Z
        assert_eq!(Locale::En.date(new_year), "1 Jan 2027");
        let leap = Timestamp::from_millis(951_782_400_000); // 2000-02-29T00:00:00Z
        assert_eq!(Locale::En.date(leap), "29 Feb 2000");
        assert_eq!(Locale::En.date(Timestamp::from_millis(-1)), "1 Jan 1970");
    }
}
