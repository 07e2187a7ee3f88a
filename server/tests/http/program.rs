//! Starting the program under test.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_tindahan");

/// A folder that is removed after the test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Self {
        let path = std::env::temp_dir().join(format!("tindahan-http-{}", uuid::Uuid::new_v4().simple()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// With the demonstration shop in it.
    pub fn with_shop() -> Self {
        let folder = Self::new();
        copy(&template(), &folder.0, false);
        folder
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.of(PROGRAM);
        command.args(arguments);
        command
    }

    /// As a user who may not write to the folder's files, but may make new ones beside them. Root may write to all.
    pub fn command_of_a_reader(&self, arguments: &[&str]) -> Command {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        use std::os::unix::process::CommandExt;
        const NOBODY: u32 = 65_534;
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for entry in fs::read_dir(&self.0).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            set(&entry.path(), 0o444);
        }
        set(&self.0, 0o777);
        if fs::metadata("/proc/self").unwrap().uid() != 0 {
            return self.command(arguments);
        }
        // The built program may be in a folder of root's own.
        let program = self.0.join("tindahan");
        fs::copy(PROGRAM, &program).unwrap();
        set(&program, 0o555);
        let mut command = self.of(program.to_str().unwrap());
        command.args(arguments).uid(NOBODY).gid(NOBODY);
        command
    }

    /// A program that starts here, without this shell's own settings for the store.
    pub fn of(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).stdin(Stdio::null());
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("TINDAHAN_") {
                command.env_remove(name);
            }
        }
        // No draining: there is no load balancer.
        command.env("TINDAHAN_DRAIN_SECONDS", "0");
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The demonstration shop, made once by the first test that needs one and copied by all.
fn template() -> PathBuf {
    let program = fs::metadata(PROGRAM).unwrap().modified().unwrap().duration_since(std::time::UNIX_EPOCH).unwrap().as_nanos();
    let templates = Path::new(env!("CARGO_TARGET_TMPDIR")).join("demonstration-shop");
    fs::create_dir_all(&templates).unwrap();
    let lock = fs::File::create(templates.join("lock")).unwrap();
    lock.lock().unwrap();
    let ready = templates.join(program.to_string());
    if !ready.is_dir() {
        for old in fs::read_dir(&templates).unwrap().flatten().filter(|entry| entry.path().is_dir()) {
            fs::remove_dir_all(old.path()).unwrap();
        }
        let making = Folder(templates.join("making"));
        fs::create_dir_all(&making.0).unwrap();
        let seeded = making.run(&["seed"]);
        assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
        fs::rename(&making.0, &ready).unwrap();
    }
    ready
}

/// Pictures are linked rather than copied: they are never changed.
fn copy(from: &Path, to: &Path, linked: bool) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target, linked || entry.file_name() == "files");
        } else if linked {
            fs::hard_link(entry.path(), &target).or_else(|_| fs::copy(entry.path(), &target).map(drop)).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}

pub struct Server {
    pub url: String,
    pub child: Child,
    pub folder: Folder,
}

impl Server {
    /// The demonstration shop, served.
    pub fn start() -> Self {
        Self::start_with(Folder::with_shop(), &["--demo", "--limit-api", "0", "--limit-checkout", "0"])
    }

    pub fn start_with(folder: Folder, arguments: &[&str]) -> Self {
        let command = folder.command(&[&["serve", "--listen", "127.0.0.1:0", "--log-format", "json"], arguments].concat());
        Self::run(folder, command)
    }

    /// Where no file can become larger than this many bytes: to the program, a disk that is full.
    pub fn start_on_a_small_disk(folder: Folder, bytes: u64) -> Self {
        // The shell's limit is in blocks of 512 bytes. Without the trap the signal would end the program.
        let limited = format!("trap '' XFSZ; ulimit -f {}; exec \"$@\"", bytes / 512);
        let mut command = folder.of("sh");
        command.args(["-c", &limited, "sh", PROGRAM, "serve", "--listen", "127.0.0.1:0", "--log-format", "json"]);
        command.args(["--limit-api", "0", "--limit-checkout", "0"]);
        Self::run(folder, command)
    }

    fn run(folder: Folder, mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).stderr(fs::File::create(folder.0.join("log")).unwrap()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (found, url) = mpsc::channel();
        std::thread::spawn(move || {
            // It goes on reading, so that the program never waits for a full pipe.
            while let Some(Ok(line)) = lines.next() {
                if let Some(url) = line.trim().strip_prefix("shop ") {
                    let _ = found.send(url.trim().trim_end_matches('/').to_owned());
                }
            }
        });
        let log = folder.0.join("log");
        let url = url
            .recv_timeout(Duration::from_secs(120))
            .unwrap_or_else(|_| panic!("it did not start:\n{}", fs::read_to_string(&log).unwrap_or_default()));
        Self { url, child, folder }
    }

    pub fn get(&self, path: &str) -> reqwest::RequestBuilder {
        client().get(format!("{}{path}", self.url))
    }

    pub fn post(&self, path: &str, body: &serde_json::Value) -> reqwest::RequestBuilder {
        client().post(format!("{}{path}", self.url)).json(body)
    }

    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).unwrap()
    }

    /// Asks it to end, as a service manager does.
    pub fn terminate(&self) {
        self.signal("TERM");
    }

    /// Sends it a signal: `STOP`, `CONT`, `TERM`.
    pub fn signal(&self, name: &str) {
        assert!(Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap().success());
    }

    /// Megabytes that it has taken for itself and that are resident. The pages of its own file are not counted: a build that is not optimised has
    /// more than a hundred megabytes of them, a release a tenth.
    pub fn memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1_024
    }

    /// Waits until it has ended, and returns its status.
    pub fn wait(&mut self) -> std::process::ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Is this a run of the long mode?
pub fn is_long() -> bool {
    std::env::var_os("TINDAHAN_LONG").is_some()
}

/// A new, empty Postgres database: its address.
pub async fn a_postgres() -> String {
    let admin = std::env::var("TINDAHAN_TEST_POSTGRES")
        .expect("this test needs Postgres: run it with `make test-rust`, or set TINDAHAN_TEST_POSTGRES");
    let mut postgres = <sqlx::PgConnection as sqlx::Connection>::connect(&admin).await.unwrap();
    let name = format!("http_{}", uuid::Uuid::new_v4().simple());
    sqlx::raw_sql(sqlx::AssertSqlSafe(format!("create database {name}"))).execute(&mut postgres).await.unwrap();
    format!("{}/{name}", admin.rsplit_once('/').unwrap().0)
}

/// A client that follows nothing and keeps nothing.
pub fn client() -> reqwest::Client {
    backend::platform::http::client().redirect(reqwest::redirect::Policy::none()).build().unwrap()
}

/// Signs the demonstration's owner in; the session, as a `cookie` header has it.
pub async fn owner(server: &Server) -> String {
    let form = [("email", "owner@example.com"), ("password", "demo-owner-2026")];
    let entered = client().post(format!("{}/sign-in", server.url)).header("accept", "text/html").form(&form).send().await.unwrap();
    assert_eq!(entered.status(), 303);
    for cookie in entered.headers().get_all("set-cookie") {
        assert!(cookie.to_str().unwrap().contains("HttpOnly") && cookie.to_str().unwrap().contains("SameSite=Lax"));
    }
    session_of(&entered)
}

/// The session that an answer to a sign-in begins, as a `cookie` header has it.
pub fn session_of(answer: &reqwest::Response) -> String {
    let mut cookies = answer.headers().get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
    cookies.find(|cookie| cookie.starts_with("session=")).unwrap().to_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a file holds; none when it went while others were looked at.
pub fn read(path: &Path) -> Option<Vec<u8>> {
    match fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        read => Some(read.unwrap()),
    }
}
