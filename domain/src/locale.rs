//! Languages, and how they write money, numbers and dates.

use crate::{Date, Money, TimeZone, Timestamp};

/// A language of the shop, with the conventions of the Philippines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Locale {
    #[default]
    En,
    Fil,
}

/// The minus sign of numbers and amounts.
const MINUS: char = '−';

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
            out.push(MINUS);
        }
        push_grouped(&mut out, number.unsigned_abs());
        out
    }

    /// Basis points as percent: `12.5%`.
    #[must_use]
    pub fn percent(self, basis_points: i64) -> String {
        let part = format!("{:02}", basis_points % 100);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        format!("{}{point}{part}%", self.number(basis_points / 100))
    }

    /// An amount with its currency: `₱1,234.50`, `−$5.00`, `KWD 1.250`.
    #[must_use]
    pub fn money(self, money: Money) -> String {
        let mut out = String::new();
        if money.minor < 0 {
            out.push(MINUS);
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

    /// A day: `24 Nov 2026`.
    #[must_use]
    pub fn date(self, at: Timestamp, zone: TimeZone) -> String {
        let day = zone.date(at);
        format!("{} {}", self.day_and_month(day), day.year())
    }

    /// A day and time: `24 Nov 2026, 10:30`.
    #[must_use]
    pub fn date_time(self, at: Timestamp, zone: TimeZone) -> String {
        format!("{}, {}", self.date(at, zone), self.time(at, zone))
    }

    /// A time: `10:30`.
    #[must_use]
    pub fn time(self, at: Timestamp, zone: TimeZone) -> String {
        zone.clock(at)
    }

    /// A day near enough to need no year: `Tue 24 Nov`.
    #[must_use]
    pub fn weekday_date(self, at: Timestamp, zone: TimeZone) -> String {
        let day = zone.date(at);
        format!("{} {}", WEEKDAYS[self as usize][day.weekday()], self.day_and_month(day))
    }

    fn day_and_month(self, day: Date) -> String {
        let (_, month, day) = day.year_month_day();
        format!("{day} {}", MONTHS[self as usize][month - 1])
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
    use super::Locale;
    use crate::{Currency, Money, TimeZone, Timestamp};

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
    fn numbers_are_grouped() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (-1_234_567, "−1,234,567")] {
            assert_eq!(Locale::En.number(number), text);
        }
    }

    #[test]
    fn money_shows_each_digit_of_its_minor_unit() {
        let cases = [
            (123_450, Currency::PHP, "₱1,234.50"),
            (-500, Currency::USD, "−$5.00"),
            (5, Currency::PHP, "₱0.05"),
            (1_250, Currency::JPY, "¥1,250"),
            (1_250, Currency::KWD, "KWD\u{a0}1.250"),
            (i64::MIN, Currency::PHP, "−₱92,233,720,368,547,758.08"),
        ];
        for (minor, currency, text) in cases {
            assert_eq!(Locale::En.money(Money::new(minor, currency)), text);
        }
    }

    #[test]
    fn dates_are_those_of_the_shop() {
        let shop = TimeZone::DEFAULT;
        let at = Timestamp::from_millis(1_795_487_400_000); // 2026-11-24T02:30:00Z
        assert_eq!(at.iso_date_time(), "2026-11-24T02:30:00Z");
        assert_eq!(Locale::En.date_time(at, shop), "24 Nov 2026, 10:30");
        assert_eq!(Locale::Fil.date_time(at, shop), "24 Nob 2026, 10:30");
        assert_eq!(Locale::En.date_time(at, TimeZone::UTC), "24 Nov 2026, 02:30");
        assert_eq!(Locale::En.weekday_date(at, shop), "Tue 24 Nov");
        let new_year = Timestamp::from_millis(1_798_732_800_000); // 2026-12-31T16:00:00Z
        assert_eq!(Locale::En.date(new_year, shop), "1 Jan 2027");
        let leap = Timestamp::from_millis(951_782_400_000); // 2000-02-29T00:00:00Z
        assert_eq!(Locale::En.date(leap, shop), "29 Feb 2000");
        assert_eq!(Locale::En.date(Timestamp::from_millis(-1), shop), "1 Jan 1970");
    }
}
