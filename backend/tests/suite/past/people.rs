//! Who bought: invented people at real places of the Philippines, some abroad, and the demonstration's own accounts.

use backend::Shop;
use backend::contacts;
use domain::Locale;
use domain::id::UserId;
use domain::view::{Address, ContactDetails};

use super::random::Random;

/// Beside the accounts.
const GUESTS: usize = 400;

const FIRST: [&str; 64] = [
    "Maria", "Jose", "Ana", "Juan", "Liza", "Ramon", "Cristina", "Mark", "Angelica", "Paolo", "Jasmine", "Rafael", "Bea", "Carlo",
    "Divina", "Ernesto", "Fe", "Gabriel", "Hazel", "Ivan", "Joy", "Kristine", "Leo", "Marites", "Noel", "Olivia", "Patrick", "Queenie",
    "Rogelio", "Sheila", "Teresa", "Ulysses", "Vina", "Wilma", "Xavier", "Yolanda", "Zenaida", "Althea", "Benjie", "Cecilia", "Dante",
    "Eloisa", "Francis", "Gemma", "Hector", "Imelda", "Jericho", "Katrina", "Lito", "Mylene", "Nestor", "Ofelia", "Princess", "Renato",
    "Sofia", "Trixie", "Victor", "Winston", "Aileen", "Bong", "Charito", "Dolores", "Emman", "Grace",
];
const LAST: [&str; 72] = [
    "Abad",
    "Agbayani",
    "Alcantara",
    "Almario",
    "Aquino",
    "Araneta",
    "Bautista",
    "Belmonte",
    "Bernardo",
    "Buenaventura",
    "Cabrera",
    "Calderon",
    "Castillo",
    "Catapang",
    "Concepcion",
    "Cordero",
    "Cruz",
    "Dela Peña",
    "De Guzman",
    "Del Rosario",
    "Dimayuga",
    "Domingo",
    "Enriquez",
    "Escalante",
    "Espino",
    "Estrella",
    "Fajardo",
    "Fernandez",
    "Flores",
    "Galang",
    "Gatdula",
    "Gonzales",
    "Gutierrez",
    "Hernandez",
    "Ilagan",
    "Javier",
    "Jimenez",
    "Lacson",
    "Lagman",
    "Lim",
    "Lopez",
    "Macaraeg",
    "Magbanua",
    "Manalo",
    "Mangubat",
    "Marasigan",
    "Medina",
    "Mendoza",
    "Mercado",
    "Natividad",
    "Navarro",
    "Ocampo",
    "Ong",
    "Ortega",
    "Padilla",
    "Panganiban",
    "Pascual",
    "Quiambao",
    "Ramos",
    "Rivera",
    "Robles",
    "Salazar",
    "Salonga",
    "Santiago",
    "Sarmiento",
    "Sison",
    "Tan",
    "Tolentino",
    "Uy",
    "Valdez",
    "Villanueva",
    "Zamora",
];
const STREETS: [&str; 28] = [
    "Sampaguita Street",
    "Mabini Street",
    "Rizal Avenue",
    "Ilang-Ilang Street",
    "Narra Road",
    "Acacia Lane",
    "Bonifacio Street",
    "Kamagong Street",
    "Luna Street",
    "Del Pilar Street",
    "Molave Drive",
    "Waling-Waling Street",
    "Mahogany Street",
    "Santan Street",
    "Camia Street",
    "Aguinaldo Street",
    "Dahlia Street",
    "Orchid Road",
    "Maharlika Street",
    "Pag-asa Street",
    "Jasmin Street",
    "Yakal Road",
    "Burgos Street",
    "Gomez Street",
    "Zamora Street",
    "Quezon Avenue",
    "Bulaklak Street",
    "Everlasting Street",
];
const FLOORS: [&str; 10] =
    ["", "", "", "", "Unit 4B", "Second floor", "Beside the bakery", "Blue gate", "Across the chapel", "Tower 2, unit 1107"];

/// Barangays of the capital by their codes in the PSGC, of the rest of Luzon, of the Visayas and of Mindanao.
const NCR: [&str; 38] = [
    "1381300067",
    "1381300093",
    "1381300137",
    "1381300009",
    "1381300121",
    "1381300065",
    "1381300015",
    "1381300042",
    "1381300030",
    "1380300015",
    "1380300023",
    "1380300011",
    "1380300017",
    "1380300025",
    "1381200004",
    "1381200019",
    "1381200008",
    "1381200001",
    "1381200024",
    "1381500015",
    "1381500028",
    "1381500019",
    "1380500006",
    "1380500025",
    "1380500013",
    "1380700006",
    "1380700013",
    "1380700015",
    "1381000003",
    "1381000016",
    "1381000010",
    "1381600029",
    "1381600009",
    "1380800003",
    "1380800001",
    "1380800007",
    "1380200001",
    "1380200007",
];
const LUZON: [&str; 31] = [
    "1430300144",
    "1430300039",
    "1430300030",
    "0405802008",
    "0405802007",
    "0405802018",
    "0402103034",
    "0402103081",
    "0402103090",
    "0402109085",
    "0402109031",
    "0403405014",
    "0403405060",
    "0403405016",
    "0403428015",
    "0403428010",
    "0401014003",
    "0401014027",
    "0330100029",
    "0330100012",
    "0301410012",
    "0301410019",
    "0500506005",
    "0500506047",
    "0105518013",
    "0105518031",
    "0102934027",
    "0402119001",
    "0431200033",
    "1731500045",
    "1731500010",
];
const VISAYAS: [&str; 16] = [
    "0730600044",
    "0730600051",
    "0730600069",
    "0730600045",
    "0731300006",
    "0731300016",
    "0731100016",
    "0731100024",
    "0631000051",
    "0631000017",
    "0631000076",
    "1830200001",
    "1830200053",
    "0831600010",
    "1804610001",
    "0701242010",
];
const MINDANAO: [&str; 12] = [
    "1130700122",
    "1130700106",
    "1130700110",
    "1130700003",
    "1030500060",
    "1030500003",
    "1230800036",
    "1230800009",
    "0931700092",
    "0931700034",
    "1630400012",
    "1030900018",
];

/// Name, telephone number, country, street, city, state, postal code.
const ABROAD: [[&str; 7]; 16] = [
    ["Tan Wei Ling", "+6591230145", "SG", "18 Jalan Merpati", "", "", "380018"],
    ["Rowena Castro", "+6591230178", "SG", "402 Choa Lane", "", "", "680402"],
    ["Farah Al Amin", "+971501230111", "AE", "Villa 9, Palm Row", "", "Dubai", ""],
    ["Edgar Manansala", "+971501230112", "AE", "Flat 31, Creek House", "", "Abu Dhabi", ""],
    ["Sophie Turnbull", "+61491570110", "AU", "27 Banksia Street", "Brunswick", "VIC", "3056"],
    ["Jerome Villareal", "+61491570157", "AU", "5 Wattle Avenue", "Blacktown", "NSW", "2148"],
    ["Emily Carter", "+12025550143", "US", "1180 Juniper Court", "Daly City", "CA", "94015"],
    ["Melissa Pangilinan", "+12025550162", "US", "64 Orchard Lane", "Jersey City", "NJ", "07305"],
    ["Daniel Brooks", "+12025550119", "US", "932 Cedar Bend", "Austin", "TX", "78704"],
    ["Claire Dubois", "+16135550142", "CA", "77 Maple Crescent", "Toronto", "ON", "M5V 2T6"],
    ["Arnel Macatangay", "+16135550187", "CA", "1402 Prairie Way", "Winnipeg", "MB", "R3C 0V8"],
    ["Hannah Whitfield", "+447700900142", "GB", "9 Tanner Row", "London", "", "E14 9SH"],
    ["Cherry Ann Pineda", "+447700900187", "GB", "31 Mill Street", "Leeds", "", "LS1 4AP"],
    ["Kenji Morita", "+819012345678", "JP", "2-14-6 Sakuradai", "", "Tokyo", "176-0002"],
    ["Marivic Tanaka", "+819012345679", "JP", "1-8-3 Minami", "", "Aichi", "460-0008"],
    ["Lukas Bergmann", "+61491570156", "AU", "140 Harbour Road", "Fremantle", "WA", "6160"],
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Where {
    Ncr,
    Luzon,
    Visayas,
    Mindanao,
    Abroad,
}

#[derive(Clone, Debug)]
pub struct Shopper {
    pub contact: ContactDetails,
    pub address: Address,
    pub billing: Option<Address>,
    pub lives: Where,
    pub locale: Locale,
    pub user: Option<UserId>,
    /// How often, beside the others.
    pub weight: i64,
    /// Orders so far.
    pub orders: usize,
}

/// Accounts of the demonstration's shoppers, with how often each buys.
const ACCOUNTS: [(&str, Where, i64); 6] = [
    ("lorna.santos@example.com", Where::Ncr, 26),
    ("miguel.reyes@example.com", Where::Ncr, 14),
    ("ana.katigbak@example.com", Where::Luzon, 10),
    ("jun.abellana@example.com", Where::Visayas, 9),
    ("farida.macarambon@example.com", Where::Mindanao, 7),
    ("grace.nguyen@example.com", Where::Abroad, 4),
];

/// Everybody who buys, the accounts first. Each address passes the shop's own checks.
pub async fn shoppers(shop: &Shop, accounts: &[(UserId, &str)], random: &mut Random) -> Vec<Shopper> {
    let mut all = Vec::new();
    for (email, lives, weight) in ACCOUNTS {
        let user = accounts.iter().find(|(_, of)| *of == email).unwrap().0;
        let ctx = platform::Context::customer(user, domain::id::RequestId(shop.id()));
        let address = contacts::address_book(shop, &ctx).await.unwrap().remove(0).address;
        let contact = ContactDetails { name: address.recipient.clone(), email: email.to_owned(), phone: address.phone.clone() };
        all.push(Shopper { contact, address, billing: None, lives, locale: Locale::En, user: Some(user), weight, orders: 0 });
    }
    for n in 0..GUESTS {
        all.push(if n < 2 * ABROAD.len() && n % 2 == 0 { abroad(n / 2) } else { at_home(n, random) });
    }
    for Shopper { contact, address, .. } in &all {
        let wrong = (contacts::check_contact(Locale::En, contact), contacts::check_address(Locale::En, address));
        assert!(wrong.0.is_empty() && wrong.1.is_empty(), "{contact:?} {address:?}: {wrong:?}");
    }
    all
}

fn abroad(n: usize) -> Shopper {
    let [name, phone, country, line1, city, province, postal_code] = ABROAD[n].map(str::to_owned);
    let contact = ContactDetails { email: email(&name, n, "example.net"), name: name.clone(), phone: phone.clone() };
    let address = Address { recipient: name, phone, country, line1, city, province, postal_code, ..Address::default() };
    let address = contacts::normalize_address(&address);
    Shopper { contact, address, billing: None, lives: Where::Abroad, locale: Locale::En, user: None, weight: 3, orders: 0 }
}

fn at_home(n: usize, random: &mut Random) -> Shopper {
    let name = format!("{} {}", random.pick(&FIRST), random.pick(&LAST));
    let phone = format!("+63998{:07}", 1_000_000 + n * 7_919);
    let lives = [Where::Ncr, Where::Luzon, Where::Visayas, Where::Mindanao][random.weighted(&[50, 25, 14, 11])];
    let domain = *random.pick(&["example.com", "example.com", "example.com", "example.net", "example.org"]);
    let contact = ContactDetails { email: email(&name, n, domain), name: name.clone(), phone: phone.clone() };
    let address = home(&name, &phone, lives, random);
    let billing = random.chance(60).then(|| home(&name, &phone, Where::Ncr, random));
    let locale = if random.chance(380) { Locale::Fil } else { Locale::En };
    // A few buy again and again.
    let weight = if random.chance(120) { 12 } else { random.range(2, 5) };
    Shopper { contact, address, billing, lives, locale, user: None, weight, orders: 0 }
}

fn home(name: &str, phone: &str, lives: Where, random: &mut Random) -> Address {
    let place = match lives {
        Where::Ncr | Where::Abroad => *random.pick(&NCR),
        Where::Luzon => *random.pick(&LUZON),
        Where::Visayas => *random.pick(&VISAYAS),
        Where::Mindanao => *random.pick(&MINDANAO),
    };
    contacts::normalize_address(&Address {
        recipient: name.to_owned(),
        phone: phone.to_owned(),
        country: "PH".to_owned(),
        line1: format!("{} {}", random.range(2, 240), random.pick(&STREETS)),
        line2: (*random.pick(&FLOORS)).to_owned(),
        place: place.to_owned(),
        ..Address::default()
    })
}

fn email(name: &str, n: usize, domain: &str) -> String {
    format!("{}{n}@{domain}", domain::slug::slug(name).replace('-', "."))
}
