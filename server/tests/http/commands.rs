use crate::program::{Folder, PROGRAM, Server, read, stderr, stdout};

#[test]
fn config_shows_each_value_with_its_origin_and_no_secret() {
    let folder = Folder::new();
    std::fs::write(folder.0.join("tindahan.toml"), "log = \"warn\"\n").unwrap();
    let output = folder
        .command(&["config", "--listen", "127.0.0.1:1"])
        .env("TINDAHAN_GATEWAY_SECRET", "sk_live_1")
        .env("TINDAHAN_LIMIT_API", "5")
        .output()
        .unwrap();
    let output_text = stdout(&output);
    assert!(output.status.success());
    for line in [
        "listen 127.0.0.1:1 flag",
        "log warn tindahan.toml",
        "limit-api 5 TINDAHAN_LIMIT_API",
        "database sqlite:shop.db default",
        "gateway-secret (hidden) TINDAHAN_GATEWAY_SECRET",
    ] {
        let found = output_text.lines().any(|shown| shown.split_whitespace().collect::<Vec<_>>().join(" ") == line);
        assert!(found, "{line}\n{output_text}");
    }
    assert!(!output_text.contains("sk_live_1"));
}

#[test]
fn a_wrong_setting_stops_the_program_and_names_its_origin() {
    let folder = Folder::new();
    let output = folder.command(&["serve"]).env("TINDAHAN_LISTEN", "everywhere").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("TINDAHAN_LISTEN"), "{}", stderr(&output));
    std::fs::write(folder.0.join("tindahan.toml"), "lisen = \"x\"\n").unwrap();
    assert!(stderr(&folder.run(&["migrate"])).contains("lisen"));
}

#[test]
fn help_shows_examples_and_completions_are_written() {
    let folder = Folder::new();
    for command in ["serve", "seed", "import", "backup", "restore", "audit"] {
        assert!(stdout(&folder.run(&[command, "--help"])).contains("Example"), "{command}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(stdout(&folder.run(&["completions", shell])).contains("tindahan"), "{shell}");
    }
}

/// As by `tindahan completions fish | head -1`.
#[test]
fn who_reads_what_is_printed_may_stop_early() {
    let folder = Folder::new();
    for arguments in [&["completions", "fish"][..], &["config"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ended = folder.command(arguments).stdout(writer).output().unwrap();
        assert!(ended.status.success(), "{arguments:?}: {}", stderr(&ended));
    }
}

#[test]
fn migrating_twice_changes_nothing() {
    let folder = Folder::new();
    assert!(stdout(&folder.run(&["migrate"])).contains("0001"));
    assert!(stdout(&folder.run(&["migrate"])).contains("is up to date"));
}

/// A file of this program's with rows, on which no migration has run.
async fn an_old_file(folder: &Folder) {
    use sqlx::{Connection, SqliteConnection};
    let mut file = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", folder.0.join("shop.db").display())).await.unwrap();
    let sql = "create table _sqlx_migrations (version bigint primary key, description text not null,
            installed_on timestamp not null default current_timestamp, success boolean not null, checksum blob not null,
            execution_time bigint not null);
         create table notes (note text);
         insert into notes (note) values (hex(randomblob(1000000))), (hex(randomblob(1000000)))";
    sqlx::raw_sql(sql).execute(&mut file).await.unwrap();
    file.close().await.unwrap();
}

#[tokio::test]
async fn a_file_with_rows_is_copied_before_it_is_migrated_and_the_copy_is_named() {
    for (backup, is_made) in [("true", true), ("false", false)] {
        let folder = Folder::new();
        an_old_file(&folder).await;
        let output = folder.run(&["migrate", "--backup-before-migrating", backup]);
        assert!(output.status.success(), "{}", stderr(&output));
        let copy = "shop.db.before-0001_baseline";
        assert_eq!([stdout(&output).contains(copy), stderr(&output).contains(copy), folder.0.join(copy).is_file()], [is_made; 3]);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_is_killed_while_it_copies_leaves_nothing_under_a_copys_name() {
    use std::os::unix::process::ExitStatusExt;
    let folder = Folder::new();
    an_old_file(&folder).await;
    let files = || {
        let mut names: Vec<String> =
            std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.retain(|name| name.contains(".before-") || name.contains(".unfinished"));
        names
    };
    for _ in 0..2 {
        // The system ends what writes more than a megabyte into one file.
        let mut killed = folder.of("sh");
        let killed = killed.args(["-c", "ulimit -c 0; ulimit -f 2048; exec \"$@\"", "sh", PROGRAM, "migrate"]).output().unwrap();
        assert!(killed.status.signal().is_some(), "{:?} {}", killed.status, stderr(&killed));
        // Beside it may be the journal with which it was made.
        assert!(files().iter().all(|name| name.starts_with("shop.db.unfinished-copy")), "{:?}", files());
        assert!(files().contains(&"shop.db.unfinished-copy".to_owned()), "{:?}", files());
    }
    let output = folder.run(&["migrate"]);
    assert!(output.status.success(), "{}", stderr(&output));
    assert_eq!(files(), ["shop.db.before-0001_baseline"]);
}

#[test]
fn the_demonstration_shop_passes_its_audit() {
    let folder = Folder::with_shop();
    let output = folder.run(&["audit"]);
    assert!(output.status.success(), "{}{}", stdout(&output), stderr(&output));
    assert!(stdout(&output).contains("all agree"));
}

#[test]
fn commands_that_only_read_make_no_database() {
    let folder = Folder::new();
    let typo = "sqlite:typo/typo.db";
    for command in
        [&["audit"][..], &["export", "products.csv"], &["backup", "copy.db"], &["admin", "key", "--name", "x", "--scope", "read_orders"]]
    {
        let output = folder.run(&[command, &["--database", typo]].concat());
        assert_eq!(output.status.code(), Some(1), "{command:?}: {}", stdout(&output));
        assert!(stderr(&output).contains("typo.db"), "{command:?}: {}", stderr(&output));
    }
    let doctor = folder.run(&["doctor", "--database", typo]);
    assert!(stdout(&doctor).contains("there is no shop at"), "{}{}", stdout(&doctor), stderr(&doctor));
    let created: Vec<_> = std::fs::read_dir(&folder.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(created.is_empty(), "{created:?}");
    // A database that is no shop is left as it is.
    std::fs::write(folder.0.join("empty.db"), "").unwrap();
    let output = folder.run(&["audit", "--database", "sqlite:empty.db"]);
    assert!(stderr(&output).contains("holds no shop"), "{}", stderr(&output));
    assert_eq!(std::fs::metadata(folder.0.join("empty.db")).unwrap().len(), 0);
}

#[test]
fn doctor_audit_and_export_run_beside_the_server() {
    let mut server = Server::start();
    let audit = server.folder.run(&["audit"]);
    assert!(audit.status.success() && stdout(&audit).contains("all agree"), "{}{}", stdout(&audit), stderr(&audit));
    let doctor = server.folder.run(&["doctor"]);
    assert!(stdout(&doctor).contains("every page of the file is sound") && stdout(&doctor).contains("owner"), "{}", stdout(&doctor));
    let export = server.folder.run(&["export", "products.csv", "--pictures", "pictures"]);
    assert!(export.status.success(), "{}", stderr(&export));
    assert!(std::fs::read_dir(server.folder.0.join("pictures")).unwrap().count() > 10);
    assert_eq!(server.folder.run(&["export", "products.csv"]).status.code(), Some(1), "a file is never written over");
    let preview = server.folder.run(&["import", "products.csv", "--preview"]);
    assert!(stdout(&preview).contains("0 products would be created"), "{}{}", stdout(&preview), stderr(&preview));
    let nowhere = server.folder.run(&["import", "products.csv", "--preview", "--database", "sqlite:nowhere.db", "--data-dir", "none"]);
    assert_eq!(nowhere.status.code(), Some(1));
    assert!(!server.folder.0.join("nowhere.db").exists() && !server.folder.0.join("none").exists());
    server.terminate();
    assert!(server.wait().success());
    // Imported into another shop, the products are the same.
    let read =
        server.folder.run(&["import", "products.csv", "--pictures", "pictures", "--database", "sqlite:other.db", "--data-dir", "other"]);
    assert!(read.status.success(), "{}{}", stdout(&read), stderr(&read));
    let again = server.folder.run(&["export", "again.csv", "--pictures", "more", "--database", "sqlite:other.db", "--data-dir", "other"]);
    assert!(again.status.success(), "{}", stderr(&again));
    let bytes = |name: &str| std::fs::read(server.folder.0.join(name)).unwrap();
    assert_eq!(bytes("products.csv"), bytes("again.csv"));
    let preview = server.folder.run(&["import", "again.csv", "--preview", "--pictures", "more"]);
    assert!(stdout(&preview).contains("0 products would be created, 0 updated"), "{}", stdout(&preview));
}

#[tokio::test]
async fn doctor_names_settings_that_cannot_be_read() {
    use sqlx::{Connection, SqliteConnection};
    let folder = Folder::with_shop();
    let mut file = SqliteConnection::connect(&format!("sqlite:{}", folder.0.join("shop.db").display())).await.unwrap();
    let changed = sqlx::raw_sql("update settings set value = '{\"currency\":' where key = 'shop'").execute(&mut file).await.unwrap();
    assert_eq!(changed.rows_affected(), 1);
    file.close().await.unwrap();
    for command in ["doctor", "audit"] {
        let output = folder.run(&[command]);
        assert_eq!(output.status.code(), Some(1), "{command}");
        let told = format!("{}{}", stdout(&output), stderr(&output));
        assert!(told.contains("the setting “shop” cannot be read"), "{command}: {told}");
    }
}

#[test]
fn a_damaged_database_is_found() {
    use std::os::unix::fs::FileExt;
    let folder = Folder::with_shop();
    let file = std::fs::File::options().read(true).write(true).open(folder.0.join("shop.db")).unwrap();
    let pages = file.metadata().unwrap().len() / 4096;
    let damage = |pages: std::ops::Range<u64>| pages.for_each(|page| file.write_all_at(&[0x5a; 4096], page * 4096).unwrap());
    // Rows, not the schema, which comes first.
    damage(pages - 9..pages - 1);
    let audit = folder.run(&["audit"]);
    assert_eq!(audit.status.code(), Some(1));
    assert!(stdout(&audit).contains("every page of the file is sound") && stdout(&audit).contains("FAILED"), "{}", stdout(&audit));
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(stdout(&doctor).contains("put back a backup"), "{}", stdout(&doctor));
    // So much that it cannot be opened.
    damage(1..pages);
    assert_eq!(folder.run(&["audit"]).status.code(), Some(1));
    let doctor = folder.run(&["doctor"]);
    assert_eq!(doctor.status.code(), Some(1));
    assert!(stdout(&doctor).contains("put back a backup"), "{}", stdout(&doctor));
}

#[tokio::test]
async fn a_shop_is_copied_while_it_serves_and_put_back() {
    let mut server = Server::start();
    let copied = server.folder.run(&["backup", "copy.db"]);
    assert!(copied.status.success(), "{}", stderr(&copied));
    assert_eq!(server.folder.run(&["backup", "copy.db"]).status.code(), Some(1), "a copy is never written over");
    let refused = server.folder.run(&["restore", "copy.db"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("in use"), "{}", stderr(&refused));
    server.terminate();
    assert!(server.wait().success());

    let database = server.folder.0.join("shop.db");
    std::fs::write(server.folder.0.join("no.db"), "no database at all, really").unwrap();
    let before = read(&database).unwrap();
    let wrong = server.folder.run(&["restore", "no.db"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("nothing was changed"));
    assert_eq!(read(&database).unwrap(), before);

    let restored = server.folder.run(&["restore", "copy.db"]);
    assert!(restored.status.success(), "{}", stderr(&restored));
    assert!(server.folder.0.join("shop.db.before-restore").is_file());
    let audit = server.folder.run(&["audit"]);
    assert!(audit.status.success(), "{}{}", stdout(&audit), stderr(&audit));
}

#[test]
fn a_restored_copy_replaces_the_database_and_keeps_the_old_one_beside_it() {
    let folder = Folder::with_shop();
    let copied = folder.run(&["backup", "copies/today/shop.db"]);
    assert!(copied.status.success(), "{}", stderr(&copied));
    let file = |name: &str| folder.0.join(name);
    let whole = read(&file("shop.db")).unwrap();
    let restore = || {
        let restored = folder.run(&["restore", "copies/today/shop.db"]);
        assert!(restored.status.success(), "{}", stderr(&restored));
        stdout(&restored)
    };
    restore();
    assert_eq!(read(&file("shop.db.before-restore")).unwrap(), whole);

    std::fs::write(file("shop.db"), "a damaged disk left this, which is no database any more").unwrap();
    std::fs::write(file("shop.db-wal"), "the newest orders").unwrap();
    assert!(restore().contains("shop.db.before-restore-2"));
    assert_eq!(read(&file("shop.db.before-restore")).unwrap(), whole);
    assert!(read(&file("shop.db.before-restore-2")).unwrap().starts_with(b"a damaged disk"));
    assert_eq!(read(&file("shop.db.before-restore-2-wal")).unwrap(), b"the newest orders");
    assert!(!file("shop.db-wal").exists());
    let audit = folder.run(&["audit"]);
    assert!(audit.status.success(), "{}{}", stdout(&audit), stderr(&audit));
}

#[test]
fn backup_of_postgres_names_pg_dump_and_pg_restore() {
    let folder = Folder::new();
    let output = folder.run(&["backup", "shop.dump", "--database", "postgres://ana:geheim@db/shop"]);
    assert!(output.status.success());
    assert!(stdout(&output).contains("pg_dump") && !stdout(&output).contains("geheim"), "{}", stdout(&output));
}

#[test]
fn an_owner_is_made_and_a_weak_password_refused() {
    use std::io::Write;
    use std::process::Stdio;
    let folder = Folder::new();
    let create = |password: &str| {
        let mut command = folder.command(&["admin", "create", "--email", "ana@shop.example", "--name", "Ana Reyes", "--role", "owner"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    };
    assert_eq!(create("123").status.code(), Some(1));
    let created = create("a long enough secret 4");
    assert!(created.status.success(), "{}", stderr(&created));
    let doctor = folder.run(&["doctor"]);
    assert!(stdout(&doctor).contains("1 owner"), "{}", stdout(&doctor));
}
