//! What a browser and its system are called, as far as their `User-Agent` tells: for the list of one's sessions and the mail about a new one.

use domain::view::Device;

/// The mark of each browser, the ones that carry the marks of others as well first.
const BROWSERS: [(&str, &str); 11] = [
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("YaBrowser/", "Yandex"),
    ("FBAV/", "Facebook"),
    ("FxiOS/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Firefox/", "Firefox"),
    ("Chromium/", "Chromium"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// The mark of each system, likewise: Android is a Linux too, and an iPhone says that it is like a Mac.
const SYSTEMS: [(&str, &str); 7] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Macintosh", "Mac"),
    ("Linux", "Linux"),
];

/// The browser and system that call themselves so.
pub(super) fn describe(user_agent: &str) -> Device {
    let of = |marks: &[(&str, &str)]| {
        marks.iter().find(|(mark, _)| user_agent.contains(mark)).map_or_else(String::new, |(_, name)| (*name).to_owned())
    };
    Device { browser: of(&BROWSERS), system: of(&SYSTEMS) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_apart_though_they_carry_the_marks_of_others() {
        let of = |user_agent: &str| {
            let device = describe(user_agent);
            format!("{} on {}", device.browser, device.system)
        };
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        assert_eq!(of(&format!("Mozilla/5.0 (Linux; Android 10; K) {webkit} Chrome/126.0.0.0 Mobile Safari/537.36")), "Chrome on Android");
        assert_eq!(
            of(&format!("Mozilla/5.0 (Windows NT 10.0; Win64; x64) {webkit} Chrome/126.0.0.0 Safari/537.36 Edg/126.0")),
            "Edge on Windows"
        );
        let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)";
        assert_eq!(of(&format!("{iphone} Version/17.5 Mobile/15E148 Safari/604.1")), "Safari on iPhone");
        assert_eq!(of(&format!("{iphone} CriOS/126.0 Mobile/15E148 Safari/604.1")), "Chrome on iPhone");
        assert_eq!(of("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0"), "Firefox on Linux");
        assert_eq!(describe("curl/8.5.0"), Device::default());
    }
}
