//! Pictures in a bucket: shared by nodes, moved there and back, and a bucket in trouble.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use backend::platform::files::Files;

use crate::buckets::Buckets;
use crate::program::{Folder, Server, a_postgres, client, owner, stderr, stdout};
use crate::wire::Wire;

/// Lets programs that start in this folder keep pictures in the bucket `shop` of a service.
fn configure(folder: &Folder, buckets: &Buckets, endpoint: &str, rest: &str) {
    let (access, secret) = (&buckets.access_key, &buckets.secret_key);
    let text = format!(
        "files = \"s3://shop/files\"\n\
         files-endpoint = \"{endpoint}\"\nfiles-access-key = \"{access}\"\nfiles-secret-key = \"{secret}\"\n{rest}"
    );
    std::fs::write(folder.0.join("tindahan.toml"), text).unwrap();
}

/// Sends a new logo from the settings' page, as a browser without a script does.
async fn send_logo(server: &Server, session: &str, picture: &[u8]) -> reqwest::Response {
    let field = |name: &str, of: &str| format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{of}\r\n\r\n").into_bytes();
    let body =
        [&field("to", "")[..], b"/api/admin/settings/logo\r\n", &field("logo", "; filename=\"a\""), picture, b"\r\n--edge--\r\n"].concat();
    let form = client().post(format!("{}/admin/settings", server.url)).header("cookie", session).header("accept", "text/html");
    form.header("content-type", "multipart/form-data; boundary=edge").body(body).send().await.unwrap()
}

/// The addresses of pictures on a page, each once.
async fn pictures(server: &Server, page: &str) -> Vec<String> {
    let page = server.get(page).header("accept", "text/html").send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    let mut found: Vec<_> = page
        .split("/pictures/")
        .skip(1)
        .filter_map(|rest| rest.split_once('/'))
        .map(|(id, _)| format!("/pictures/{id}/160.webp"))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

async fn read(server: &Server, path: &str) -> (u16, Vec<u8>) {
    let answer = server.get(path).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

/// Each file below a folder, by its path there.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for part in std::fs::read_dir(folder).unwrap().flatten() {
        for file in std::fs::read_dir(part.path()).unwrap().flatten() {
            let name = format!("{}/{}", part.file_name().to_string_lossy(), file.file_name().to_string_lossy());
            found.insert(name, std::fs::read(file.path()).unwrap());
        }
    }
    found
}

/// A picture of the demonstration, as somebody would upload it.
fn an_original(files: &Path) -> Vec<u8> {
    contents(files).into_iter().find(|(name, _)| Files::is_original(&name[3..])).unwrap().1
}

async fn until<T>(what: &str, server: &Server, ask: impl AsyncFn() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}: {}", server.log());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nodes_share_the_pictures_of_a_bucket_and_the_shop_goes_on_without_it() {
    let (database, buckets, first, second) = (a_postgres().await, Buckets::start().await, Folder::new(), Folder::new());
    let seeded = first.run(&["seed", "--database", &database]);
    assert!(seeded.status.success(), "{}", stderr(&seeded));
    std::fs::copy(first.0.join("tindahan.key"), second.0.join("tindahan.key")).unwrap();
    let wire = Wire::to(buckets.socket()).await;
    let endpoint = format!("http://{}", wire.address);
    for folder in [&first, &second] {
        // Each picture is asked of the bucket.
        configure(folder, &buckets, &endpoint, &format!("files-cache-mb = 0\ndatabase = \"{database}\"\n"));
    }
    let (before, logo) = (contents(&first.0.join("files")), an_original(&first.0.join("files")));

    // Moved out of the folder of one.
    let copied = first.run(&["files", "copy", "--from", "folder", "--to", "s3://shop/files"]);
    assert!(copied.status.success(), "{}{}", stdout(&copied), stderr(&copied));
    assert!(stdout(&copied).starts_with(&format!("{} files copied", before.len())), "{}", stdout(&copied));
    let a = Server::start_with(first, &["--demo"]);
    let b = Server::start_with(second, &["--demo"]);
    let session = owner(&a).await;
    let shown = pictures(&b, "/").await;
    assert!(shown.len() > 3, "{shown:?}");
    for path in &shown {
        let (status, picture) = read(&b, path).await;
        assert_eq!((status, read(&a, path).await), (200, (200, picture)), "{path}");
    }

    // Taken by one, served by the other, and after a restart.
    assert_eq!(send_logo(&a, &session, &logo).await.status(), 303);
    let new = until("no logo", &b, async || pictures(&b, "/").await.into_iter().find(|path| !shown.contains(path))).await;
    let (status, picture) = read(&b, &new).await;
    assert_eq!(status, 200);
    a.terminate();
    let mut a = a;
    a.wait();
    let a = Server::start_with(std::mem::replace(&mut a.folder, Folder::new()), &["--demo"]);
    assert_eq!(read(&a, &new).await, (200, picture.clone()));

    goes_on_without_its_bucket(&wire, [&a, &b], &session, &new).await;
    let answered = until("not used again", &b, async || Some(read(&b, &new).await).filter(|(status, _)| *status == 200)).await;
    assert_eq!(answered.1, picture);

    // And back again: what it was, and the logo's forms besides.
    let returned = a.folder.run(&["files", "copy", "--from", "s3://shop/files", "--to", "folder:back", "--compare"]);
    assert!(returned.status.success(), "{}{}", stdout(&returned), stderr(&returned));
    let back = contents(&a.folder.0.join("back"));
    for (name, bytes) in &before {
        assert!(back.get(name) == Some(bytes), "{name} is not what it was");
    }
}

/// What two nodes say while the bucket of their pictures is away, which is then there again.
async fn goes_on_without_its_bucket(wire: &Wire, [a, b]: [&Server; 2], session: &str, picture: &str) {
    wire.cut();
    let begun = Instant::now();
    let answer = b.get(picture).send().await.unwrap();
    assert_eq!((answer.status().as_u16(), answer.headers()["retry-after"].to_str().unwrap()), (503, "2"));
    assert_eq!(answer.headers()["cache-control"], "no-store");
    assert!(begun.elapsed() < Duration::from_secs(6), "{:?}", begun.elapsed());
    assert_eq!(b.get("/search?q=mango").header("accept", "text/html").send().await.unwrap().status(), 200);
    let refused = send_logo(a, session, &an_other_picture()).await;
    assert_eq!(refused.status(), 503);
    let page = refused.text().await.unwrap();
    assert!(page.contains("id=\"logo-error\"") && page.contains("does not answer. Nothing was saved"), "{page}");
    assert!(pictures(a, "/").await.contains(&picture.to_owned()), "the former logo stays");
    wire.mend();
}

/// A picture that the demonstration does not have: a black dot (PNG).
fn an_other_picture() -> Vec<u8> {
    const DOT: &[u8] = &[
        0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00, 0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00,
        0x00, 0x01, 0x08, 0x00, 0x00, 0x00, 0x00, 0x3a, 0x7e, 0x9b, 0x55, 0x00, 0x00, 0x00, 0x0a, 0x49, 0x44, 0x41, 0x54, 0x78, 0x9c, 0x63,
        0x60, 0x00, 0x00, 0x00, 0x02, 0x00, 0x01, 0x48, 0xaf, 0xa4, 0x71, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60,
        0x82,
    ];
    DOT.to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn doctor_tries_the_bucket_out_and_names_the_setting_that_is_wrong() {
    let (buckets, folder) = (Buckets::start().await, Folder::new());
    let secret = buckets.secret_key.clone();
    let doctor = |flags: &[&str]| {
        let output = folder.run(&[&["doctor"], flags].concat());
        let all = format!("{}{}", stdout(&output), stderr(&output));
        assert!(!all.contains(&secret), "{all}");
        all
    };
    assert!(doctor(&[]).contains("note  the folder of pictures"), "{}", doctor(&[]));
    configure(&folder, &buckets, &buckets.endpoint, "");
    let good = format!("ok    pictures in s3://shop/files at {}", buckets.endpoint);
    assert!(doctor(&[]).contains(&good), "{}", doctor(&[]));
    for (flags, says) in [
        (["--files-access-key", "AKIAUNKNOWN"], "BAD   a file cannot be written: s3://shop/files at "),
        (["--files-access-key", "AKIAUNKNOWN"], "correct files-access-key"),
        (["--files-secret-key", "wrong"], "correct files-secret-key"),
        (["--files", "s3://elsewhere"], "there is no bucket “elsewhere”; make it, or correct files"),
        (["--files-endpoint", "http://127.0.0.1:9"], "cannot be reached: "),
    ] {
        let all = doctor(&flags);
        assert!(all.contains(says), "{flags:?}: {all}");
    }
    // What is not even tried.
    for (flags, says) in [
        (["--files", "bucket"], "write folder, folder:PATH or s3://BUCKET/PREFIX"),
        (["--files", "s3://Shop/x"], "write folder, folder:PATH or s3://BUCKET/PREFIX"),
        (["--files-secret-key", ""], "a bucket needs the secret key"),
        (["--files-access-key", ""], "a bucket needs its access key"),
        (["--files-endpoint", ""], "a bucket of Amazon's needs its region"),
        (["--files-endpoint", "s3.example"], "an address that begins with http:// or https://"),
        (["--files-path-style", "maybe"], "write true or false"),
        (["--files-region", "a b"], "write the bucket's region"),
    ] {
        let all = doctor(&flags);
        assert!(all.contains(says), "{flags:?}: {all}");
    }
    let shown = stdout(&folder.run(&["config"]));
    assert!(shown.contains("files-secret-key") && shown.contains("(hidden)") && !shown.contains(&secret), "{shown}");
}
