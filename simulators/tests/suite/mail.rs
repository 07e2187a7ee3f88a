//! The mail sink, over SMTP and HTTP.

use serde_json::json;
use simulators::Options;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

use crate::world::{TIMEOUT, World};

struct Client {
    stream: BufReader<TcpStream>,
}

impl Client {
    async fn connect(world: &World) -> Self {
        let mut client = Self { stream: BufReader::new(TcpStream::connect(world.running.smtp).await.unwrap()) };
        assert!(client.reply().await.starts_with("220 "));
        client
    }

    /// One reply, all of its lines.
    async fn reply(&mut self) -> String {
        let mut reply = String::new();
        loop {
            let mut line = String::new();
            timeout(TIMEOUT, self.stream.read_line(&mut line)).await.expect("no reply came").unwrap();
            reply.push_str(&line);
            if line.as_bytes().get(3) != Some(&b'-') {
                return reply;
            }
        }
    }

    async fn say(&mut self, line: &str) -> String {
        self.stream.write_all(format!("{line}\r\n").as_bytes()).await.unwrap();
        self.reply().await
    }

    async fn expect(&mut self, line: &str, code: &str) {
        let reply = self.say(line).await;
        assert!(reply.starts_with(code), "{line} was answered with {reply}");
    }

    /// A whole message; gives the last reply.
    async fn send(&mut self, to: &str, message: &str) -> String {
        self.expect("MAIL FROM:<shop@tindahan.test>", "250").await;
        self.expect(&format!("RCPT TO:<{to}>"), "250").await;
        self.expect("DATA", "354").await;
        self.say(&format!("{message}\r\n.")).await
    }
}

#[tokio::test]
async fn a_mail_is_kept_as_it_was_sent() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let hello = client.say("EHLO shop.test").await;
    assert!(hello.contains("250-8BITMIME\r\n") && hello.contains("250-SIZE 10485760\r\n"), "{hello}");
    client.expect("MAIL FROM:<shop@tindahan.test> SIZE=200 BODY=8BITMIME", "250").await;
    client.expect("RCPT TO:<ana@example.ph>", "250").await;
    client.expect("RCPT TO:<ben@example.ph>", "250").await;
    client.expect("DATA", "354").await;
    client.expect("Subject: =?utf-8?Q?Salamat,_Ni=C3=B1a?=\r\n\r\n..dot\r\nMabuhay, ₱100\r\n.", "250").await;
    client.expect("QUIT", "221").await;

    let list = world.get("/mail").await.json;
    let mail = &list[0];
    assert_eq!(list.as_array().unwrap().len(), 1);
    assert_eq!(mail["from"], "shop@tindahan.test");
    assert_eq!(mail["to"], json!(["ana@example.ph", "ben@example.ph"]));
    assert_eq!(mail["subject"], "Salamat, Niña");
    assert!(mail["at"].as_u64().unwrap() > 1_700_000_000_000);
    let id = mail["id"].as_str().unwrap();
    let raw = world.get(&format!("/mail/{id}")).await;
    assert_eq!(raw.text, "Subject: =?utf-8?Q?Salamat,_Ni=C3=B1a?=\r\n\r\n.dot\r\nMabuhay, ₱100\r\n");
    assert_eq!(world.get(&format!("/mail/{id}/text")).await.text, ".dot\r\nMabuhay, ₱100\r\n");
    assert_eq!(world.get(&format!("/mail/{id}/html")).await.status, 404);
    assert_eq!(world.get("/mail/none").await.status, 404);

    let cleared = world.http.delete(world.url("/mail")).send().await.unwrap();
    assert_eq!(cleared.status().as_u16(), 204);
    assert_eq!(world.get("/mail").await.json, json!([]));
}

#[tokio::test]
async fn a_browser_gets_an_inbox_to_read_and_a_mail_runs_no_script() {
    let world = World::start().await;
    let shown = async |path: &str| {
        let answer = world.http.get(world.url(path)).header("accept", "text/html,*/*;q=0.8").send().await.unwrap();
        (answer.status().as_u16(), answer.headers()["content-security-policy"].to_str().unwrap().to_owned(), answer.text().await.unwrap())
    };
    let (status, policy, empty) = shown("/mail").await;
    assert!(status == 200 && policy.starts_with("default-src 'none'") && empty.contains("No mail yet"), "{empty}");
    let mut client = Client::connect(&world).await;
    client.expect("HELO shop.test", "250").await;
    let message = "From: Tindahan <shop@tindahan.test>\r\nSubject: Order <1>\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\
        <html><head></head><body><script>alert(1)</script><a href=\"http://shop.test/o\">Follow</a></body></html>";
    assert!(client.send("ana@example.ph", message).await.starts_with("250"));
    let id = world.get("/mail").await.json[0]["id"].as_str().unwrap().to_owned();
    let (_, _, list) = shown("/mail").await;
    assert!(list.contains("Order &lt;1&gt;") && list.contains("ana@example.ph") && list.contains(&format!("/mail/{id}")), "{list}");
    assert!(!shown("/mail?to=ben@example.ph").await.2.contains("Order &lt;1&gt;"));
    let (_, policy, mail) = shown(&format!("/mail/{id}")).await;
    assert!(policy.starts_with("default-src 'none'") && mail.contains("Tindahan &lt;shop@tindahan.test&gt;"), "{mail}");
    // The mail is text of an attribute, in a frame that may run nothing.
    assert!(mail.contains("sandbox=\"allow-top-navigation-by-user-activation\"") && !mail.contains("<script>"), "{mail}");
    assert_eq!(shown("/mail/none").await.0, 404);
    assert!(world.get(&format!("/mail/{id}/raw")).await.text.starts_with("From: Tindahan"));
}

#[tokio::test]
async fn the_text_of_a_mail_with_parts_is_decoded() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.expect("HELO shop.test", "250").await;
    let message = "Subject: Order\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n\
        --b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Follow it: http://shop.test/o?t=3Dab=\r\nc =E2=82=B1\r\n\
        --b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\nPHA+4oKxPC9wPg==\r\n--b--";
    assert!(client.send("ana@example.ph", message).await.starts_with("250"));
    let id = world.get("/mail").await.json[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(world.get(&format!("/mail/{id}/text")).await.text, "Follow it: http://shop.test/o?t=abc ₱");
    assert_eq!(world.get(&format!("/mail/{id}/html")).await.text, "<p>₱</p>");
}

#[tokio::test]
async fn mail_is_listed_newest_first_and_by_recipient() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.expect("EHLO shop.test", "250").await;
    for (to, subject) in [("ana@example.ph", "one"), ("ben@example.ph", "two"), ("ana@example.ph", "three")] {
        client.send(to, &format!("Subject: {subject}\r\n\r\nHi")).await;
    }
    let subjects = |list: serde_json::Value| -> Vec<String> {
        list.as_array().unwrap().iter().map(|mail| mail["subject"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(subjects(world.get("/mail").await.json), ["three", "two", "one"]);
    assert_eq!(subjects(world.get("/mail?to=ANA@example.ph").await.json), ["three", "one"]);
}

#[tokio::test]
async fn only_the_last_thousand_mails_are_kept() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.expect("EHLO shop.test", "250").await;
    for number in 0..1_001 {
        client.send("ana@example.ph", &format!("Subject: {number}\r\n\r\nHi")).await;
    }
    let list = world.get("/mail").await.json;
    assert_eq!(list.as_array().unwrap().len(), 1_000);
    assert_eq!((&list[0]["subject"], &list[999]["subject"]), (&json!("1000"), &json!("1")));
}

#[tokio::test]
async fn commands_out_of_turn_are_refused() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.expect("MAIL FROM:<a@b.ph>", "503").await;
    client.expect("EHLO shop.test", "250").await;
    client.expect("RCPT TO:<a@b.ph>", "503").await;
    client.expect("DATA", "503").await;
    client.expect("MAIL FROM:a@b.ph", "501").await;
    client.expect("MAIL FROM:<a@b.ph>", "250").await;
    client.expect("MAIL FROM:<a@b.ph>", "503").await;
    client.expect("DATA", "503").await;
    client.expect("RCPT TO:<>", "501").await;
    client.expect("RCPT TO:<c@d.ph>", "250").await;
    client.expect("RSET", "250").await;
    client.expect("DATA", "503").await;
    client.expect("NOOP", "250").await;
    client.expect("TURN", "500").await;
    client.expect(&"X".repeat(5_000), "500").await;
    client.expect("NOOP", "250").await;
    client.expect("quit", "221").await;
}

#[tokio::test]
async fn a_mail_that_is_too_big_is_refused() {
    let world = World::with(Options { mail_limit: 1_000, ..Options::default() }).await;
    let mut client = Client::connect(&world).await;
    assert!(client.say("EHLO shop.test").await.contains("250-SIZE 1000\r\n"));
    client.expect("MAIL FROM:<a@b.ph> SIZE=1001", "552").await;
    assert!(client.send("ana@example.ph", &"line\r\n".repeat(200)).await.starts_with("552"));
    assert!(client.send("ana@example.ph", &"x".repeat(9_000)).await.starts_with("552"));
    assert!(client.send("ana@example.ph", "Subject: small\r\n\r\nHi").await.starts_with("250"));
    assert_eq!(world.get("/mail").await.json.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn ordered_failures_refuse_the_next_mails() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    client.expect("EHLO shop.test", "250").await;
    world.control("/_control/mail", json!({ "fail_next": 2, "code": 451 })).await;
    for code in ["451", "451", "250"] {
        assert!(client.send("ana@example.ph", "Subject: x\r\n\r\nHi").await.starts_with(code));
    }
    world.control("/_control/mail", json!({ "fail_next": 1, "code": 550 })).await;
    assert!(client.send("ana@example.ph", "Subject: x\r\n\r\nHi").await.starts_with("550"));
    assert_eq!(world.get("/mail").await.json.as_array().unwrap().len(), 1);
    assert_eq!(world.control("/_control/mail", json!({ "fail_next": 1, "code": 250 })).await.status, 400);
}

#[tokio::test]
async fn commands_sent_in_one_go_are_answered_in_turn() {
    let world = World::start().await;
    let mut client = Client::connect(&world).await;
    let all = "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<ana@example.ph>\r\nDATA\r\nSubject: bounce\r\n\r\nHi\r\n.";
    assert!(client.say(all).await.starts_with("250-localhost"));
    for code in ["250", "250", "354", "250"] {
        assert!(client.reply().await.starts_with(code));
    }
    assert_eq!(world.get("/mail").await.json[0]["from"], "");
}

#[tokio::test]
async fn received_mail_is_also_written_to_a_folder() {
    let folder = std::env::temp_dir().join(format!("simulators-{}", std::process::id()));
    let world = World::with(Options { mail_folder: Some(folder.join("mail")), ..Options::default() }).await;
    let mut client = Client::connect(&world).await;
    client.expect("EHLO shop.test", "250").await;
    client.send("ana@example.ph", "Subject: kept\r\n\r\nHi").await;
    let id = world.get("/mail").await.json[0]["id"].as_str().unwrap().to_owned();
    let written = std::fs::read_to_string(folder.join("mail").join(format!("{id}.eml"))).unwrap();
    assert_eq!(written, "Subject: kept\r\n\r\nHi\r\n");
    std::fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn stopping_frees_the_ports_and_a_taken_port_is_named() {
    let world = World::start().await;
    let (gateway, smtp) = (world.running.gateway, world.running.smtp);
    let taken = Options { gateway, ..Options::default() };
    let error = simulators::start(taken.clone()).await.unwrap_err();
    assert!(error.to_string().contains(&gateway.to_string()), "{error}");
    let World { running, http } = world;
    drop(http);
    running.shutdown().await;
    assert!(TcpStream::connect(gateway).await.is_err());
    assert!(TcpStream::connect(smtp).await.is_err());
}
