//! Files in a folder and in a bucket: kept whole, read by other nodes, copied from one to the other, and what happens when a bucket is in
//! trouble.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use backend::catalog::{self, CatalogError};
use bytes::Bytes;
use platform::files::{self, Access, Files, FilesAddress, FilesError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::buckets::Buckets;
use crate::support::wire::Wire;
use crate::support::{Folder, number, open};

fn opened(address: &FilesAddress) -> Files {
    adapters::open_files(address).unwrap()
}

fn folder(path: &Path) -> Files {
    opened(&FilesAddress::Folder(path.to_owned()))
}

/// A bucket with made-up keys, on a service at this address.
fn bucket_at(endpoint: &str) -> Files {
    let access = Access {
        endpoint: Some(endpoint.to_owned()),
        region: "us-east-1".to_owned(),
        access_key: "key".to_owned(),
        secret_key: "secret".to_owned(),
        path_style: true,
        cache_bytes: 0,
    };
    opened(&FilesAddress::parse("s3://shop/files", Path::new("unused"), &access).unwrap())
}

/// Runs a test with two nodes' files in a shared folder, then in a bucket.
async fn both_kinds(test: impl AsyncFn(&Files, &Files)) {
    let shared = Folder::new();
    test(&folder(&shared.path().join("files")), &folder(&shared.path().join("files"))).await;
    let buckets = Buckets::start().await;
    test(&opened(&buckets.address()), &opened(&buckets.address())).await;
}

async fn names(files: &Files, begin: &str) -> Vec<(String, u64)> {
    let mut names: Vec<_> = files.list(begin).await.unwrap().into_iter().map(|file| (file.name, file.size)).collect();
    names.sort_unstable();
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_one_node_keeps_is_read_by_another() {
    both_kinds(async |one, other| {
        let bytes = Bytes::from(vec![7; 300_000]);
        let name = Files::name(&bytes);
        let form = format!("{name}-160.webp");
        assert_eq!(other.get(&name).await, Err(FilesError::Missing));
        assert!(names(other, &name[..2]).await.is_empty());
        one.put(&name, bytes.clone()).await.unwrap();
        one.put(&form, Bytes::from_static(b"half")).await.unwrap();
        assert_eq!(other.get(&name).await, Ok(bytes));
        one.put(&form, Bytes::from_static(b"whole")).await.unwrap();
        one.put(&form, Bytes::from_static(b"whole")).await.unwrap();
        assert_eq!(other.get(&form).await, Ok(Bytes::from_static(b"whole")), "the later one is in its place");
        assert_eq!(names(other, &name[..2]).await, [(name.clone(), 300_000), (form, 5)]);
        for nowhere in [
            "../key",
            "..",
            "",
            "ab",
            ".hidden",
            "a/b/c",
            "a\0b",
            "/etc/passwd",
            "tindahan.key",
            &name.to_uppercase(),
            &format!("{name}/../../x"),
        ] {
            assert_eq!(one.get(nowhere).await, Err(FilesError::Missing), "{nowhere}");
            assert_eq!(one.put(nowhere, Bytes::new()).await, Err(FilesError::Missing), "{nowhere}");
        }
        other.probe().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_cut_short_by_a_crash_is_no_file() {
    let shared = Folder::new();
    let files = folder(shared.path());
    let bytes = Bytes::from_static(b"mango");
    let name = Files::name(&bytes);
    let part = shared.path().join(&name[..2]);
    std::fs::create_dir_all(&part).unwrap();
    // What programs of now and before leave of a file that they were writing.
    std::fs::write(part.join(format!("{name}#1")), b"man").unwrap();
    std::fs::write(part.join(format!(".{name}.0199")), b"man").unwrap();
    assert_eq!(files.get(&name).await, Err(FilesError::Missing));
    assert!(names(&files, &name[..2]).await.is_empty());
    files.put(&name, bytes.clone()).await.unwrap();
    assert_eq!(files.get(&name).await, Ok(bytes));
    assert_eq!(names(&files, &name[..2]).await, [(name, 5)]);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_copied_into_a_bucket_and_back_are_the_same() {
    let (here, back, buckets) = (Folder::new(), Folder::new(), Buckets::start().await);
    let (from, to, again) = (folder(here.path()), opened(&buckets.address()), folder(back.path()));
    let mut kept = Vec::new();
    for n in 0..12_u8 {
        let bytes = Bytes::from(vec![n; 1_000 + usize::from(n)]);
        let name = Files::name(&bytes);
        kept.extend([(format!("{name}-160.webp"), Bytes::from(vec![n; 10])), (name, bytes)]);
    }
    for (name, bytes) in &kept {
        from.put(name, bytes.clone()).await.unwrap();
    }
    let copied = files::copy(&from, &to, false, &|_, _| {}).await.unwrap();
    assert_eq!((copied.copied, copied.present, copied.damaged), (24, 0, 0), "{copied:?}");
    assert_eq!(copied.copied_bytes, kept.iter().map(|(_, bytes)| bytes.len() as u64).sum::<u64>());
    // Again: it goes on with what is missing or has another size, and compares the rest when asked to.
    to.put(&kept[0].0, Bytes::from_static(b"cut")).await.unwrap();
    let resumed = files::copy(&from, &to, false, &|_, _| {}).await.unwrap();
    assert_eq!((resumed.copied, resumed.present), (1, 23));
    to.put(&kept[2].0, Bytes::from(vec![99; 10])).await.unwrap();
    assert_eq!(files::copy(&from, &to, false, &|_, _| {}).await.unwrap().copied, 0, "of the same size");
    assert_eq!(files::copy(&from, &to, true, &|_, _| {}).await.unwrap().copied, 1);
    // Damaged at the source: named, and not copied.
    let (broken, _) = &kept[5];
    let damaged_file = here.path().join(&broken[..2]).join(broken);
    let size = std::fs::metadata(&damaged_file).unwrap().len();
    std::fs::write(&damaged_file, vec![0; usize::try_from(size).unwrap()]).unwrap();
    let third = Folder::new();
    let damaged = files::copy(&from, &folder(third.path()), false, &|_, _| {}).await.unwrap();
    assert_eq!((damaged.copied, damaged.damaged, &damaged.damaged_names), (23, 1, &vec![broken.clone()]));

    let returned = files::copy(&to, &again, true, &|_, _| {}).await.unwrap();
    assert_eq!((returned.copied, returned.damaged), (24, 0));
    for (name, bytes) in &kept {
        assert_eq!(again.get(name).await.as_ref(), Ok(bytes), "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_keeps_a_bucket_from_working_is_named_with_its_setting() {
    let buckets = Buckets::start().await;
    let good = buckets.access(&buckets.endpoint);
    let at = |address: &str, access: &Access| FilesAddress::parse(address, Path::new("unused"), access).unwrap();
    let (key, secret) = ("AKIAUNKNOWNUNKNOWN00".to_owned(), "wrong".to_owned());
    for (address, says) in [
        (at("s3://shop/files", &Access { access_key: key, ..good.clone() }), "correct files-access-key"),
        (at("s3://shop/files", &Access { secret_key: secret, ..good.clone() }), "correct files-secret-key"),
        (at("s3://elsewhere/files", &good), "there is no bucket “elsewhere”; make it, or correct files"),
    ] {
        let files = opened(&address);
        let (what, error) = files.probe().await.unwrap_err();
        assert_eq!(what, "written");
        let FilesError::Refused(why) = &error else { panic!("{error:?}") };
        assert!(why.contains(says) && !why.contains(&good.secret_key), "{why}");
        // Reading says the same, rather than that the file is not there.
        assert_eq!(files.get(&Files::name(b"x")).await, Err(error));
    }
    let (region, _) = stand_in(&[
        "HTTP/1.1 400 Bad Request\r\n\r\n\
         <Error><Code>AuthorizationHeaderMalformed</Code><Message>wrong</Message><Region>eu-west-1</Region></Error>",
        "HTTP/1.1 301 Moved Permanently\r\ncontent-length: 0\r\n\r\n",
    ])
    .await;
    for says in
        ["not in the region “us-east-1”, in “eu-west-1”; correct files-region", "not in the region “us-east-1”; correct files-region"]
    {
        let refused = bucket_at(&region).get(&Files::name(b"x")).await.unwrap_err();
        assert!(matches!(&refused, FilesError::Refused(why) if why.contains(says)), "{refused:?}");
    }
    let away = bucket_at("http://127.0.0.1:9").probe().await.unwrap_err();
    assert!(matches!(&away, ("written", FilesError::Unavailable(why)) if why.contains("cannot be reached")), "{away:?}");
}

/// A service that gives these answers, one a connection, the last one again and again. Its address, and how many were asked for.
async fn stand_in(answers: &'static [&'static str]) -> (String, std::sync::Arc<std::sync::atomic::AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counted = asked.clone();
    tokio::spawn(async move {
        loop {
            let (mut socket, _) = listener.accept().await.unwrap();
            let at = counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let answer = answers[at.min(answers.len() - 1)];
            tokio::spawn(async move {
                let mut request = Vec::new();
                while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                    if socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                if answer.is_empty() {
                    // It never answers.
                    return std::future::pending::<()>().await;
                }
                let _ = socket.write_all(answer.replacen("\r\n", "\r\nconnection: close\r\n", 1).as_bytes()).await;
                let _ = socket.shutdown().await;
                // Until the client has read it.
                let _ = socket.read_to_end(&mut request).await;
            });
        }
    });
    (format!("http://{address}"), asked)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_fails_twice_is_asked_a_third_time_and_no_more() {
    const MANGO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\netag: \"1\"\r\nlast-modified: Tue, 24 Nov 2026 10:00:00 GMT\r\n\r\nmango";
    const BROKEN: &str = "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n";
    const BUSY: &str = "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\n\r\n";
    let name = Files::name(b"mango");
    let (endpoint, _) = stand_in(&[BROKEN, BUSY, MANGO]).await;
    assert_eq!(bucket_at(&endpoint).get(&name).await, Ok(Bytes::from_static(b"mango")));
    let (endpoint, asked) = stand_in(&[BROKEN, BUSY, BROKEN]).await;
    let begun = Instant::now();
    let failed = bucket_at(&endpoint).get(&name).await.unwrap_err();
    assert!(matches!(&failed, FilesError::Unavailable(why) if why.contains("status 500")), "{failed:?}");
    assert!(begun.elapsed() < Duration::from_secs(3), "{:?}", begun.elapsed());
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_never_answers_is_given_up_and_left_alone_for_a_while() {
    let (endpoint, asked) = stand_in(&[""]).await;
    let files = bucket_at(&endpoint);
    let name = Files::name(b"mango");
    let begun = Instant::now();
    let failed = futures::future::join_all((0..24).map(|_| files.get(&name))).await;
    assert!(failed.iter().all(|failed| matches!(failed, Err(FilesError::Unavailable(_)))), "{failed:?}");
    assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
    // It is known to be away: nobody waits any more.
    let (known, before) = (Instant::now(), asked.load(std::sync::atomic::Ordering::SeqCst));
    for _ in 0..100 {
        assert!(matches!(files.get(&name).await, Err(FilesError::Unavailable(_))));
    }
    assert!(known.elapsed() < Duration::from_millis(900), "{:?}", known.elapsed());
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_stops_half_way_is_given_up() {
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-length: 500\r\netag: \"1\"\r\nlast-modified: Tue, 24 Nov 2026 10:00:00 GMT\r\n\r\nmang";
    let (endpoint, _) = stand_in(&[HALF]).await;
    let begun = Instant::now();
    let failed = bucket_at(&endpoint).get(&Files::name(b"mango")).await.unwrap_err();
    assert!(matches!(failed, FilesError::Unavailable(_)), "{failed:?}");
    assert!(begun.elapsed() < Duration::from_secs(12), "{:?}", begun.elapsed());
}

/// A shop whose pictures are in a bucket behind a wire.
#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_not_saved_by_half_while_its_bucket_is_away() {
    let buckets = Buckets::start().await;
    let socket: SocketAddr = buckets.socket();
    for url in [None, Some(crate::support::postgres_url().await)] {
        let wire = Wire::to(socket).await;
        let access = buckets.access(&format!("http://{}", wire.address));
        let own = Folder::new();
        let url = url.unwrap_or_else(|| format!("sqlite:{}", own.path().join("shop.db").display()));
        let files = FilesAddress::parse("s3://shop/files", Path::new("unused"), &access).unwrap();
        let shop = open(url, own, |config| config.files = files).await;
        let png = {
            let mut png = std::io::Cursor::new(Vec::new());
            image::RgbImage::from_pixel(40, 30, image::Rgb([1, 2, 3])).write_to(&mut png, image::ImageFormat::Png).unwrap();
            png.into_inner()
        };
        let add = async || catalog::add_picture(&shop, &shop.system(), None, png.clone(), Vec::new()).await;
        let first = add().await.unwrap();
        let seen = catalog::picture_file(&shop, first.id, 160, "webp").await.unwrap().unwrap();
        wire.cut();
        let begun = Instant::now();
        assert!(matches!(add().await, Err(CatalogError::Files(FilesError::Unavailable(_)))));
        let read = catalog::picture_file(&shop, first.id, 160, "webp").await;
        assert!(matches!(read, Err(CatalogError::Files(FilesError::Unavailable(_)))), "{read:?}");
        assert!(begun.elapsed() < Duration::from_secs(8), "{:?}", begun.elapsed());
        assert_eq!(number(&shop, "select count(*) from pictures").await, 1);
        wire.mend();
        let begun = Instant::now();
        while add().await.is_err() {
            assert!(begun.elapsed() < Duration::from_secs(20), "it is not used again");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(catalog::picture_file(&shop, first.id, 160, "webp").await.unwrap().unwrap(), seen);
        shop.close().await;
    }
}
