//! A service of buckets that asks for keys: moto, in a process of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use backend::platform;
use backend::platform::files::{Access, FilesAddress};

/// The service, with one user. It ends with its owner.
pub struct Buckets {
    process: Child,
    pub endpoint: String,
    pub access_key: String,
    pub secret_key: String,
}

/// Of whoever asks for users; no signature is looked at before there is one.
const ANYBODY: &str = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=x";
const MAY_ALL: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#;

impl Buckets {
    /// A service with a bucket named `shop`.
    pub async fn start() -> Self {
        let python = std::env::var("TINDAHAN_TEST_MOTO")
            .expect("this test needs moto: run it with `make test-rust`, or set TINDAHAN_TEST_MOTO to a Python that has it");
        let mut process = Command::new(&python)
            .args(["-c", include_str!("buckets.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{python} cannot be started ({error}): run scripts/setup.sh test"));
        let mut endpoint = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut endpoint).unwrap();
        assert!(
            endpoint.starts_with("http://"),
            "moto did not start: run scripts/setup.sh test, and try: {python} -c 'import moto.server'"
        );
        let mut buckets = Self { process, endpoint: endpoint.trim().to_owned(), access_key: String::new(), secret_key: String::new() };
        let http = platform::http::client().build().unwrap();
        let made = http.put(format!("{}/shop", buckets.endpoint)).send().await.unwrap();
        assert_eq!(made.status(), 200);
        buckets.iam(&http, &[("Action", "CreateUser")]).await;
        let key = buckets.iam(&http, &[("Action", "CreateAccessKey")]).await;
        buckets.iam(&http, &[("Action", "PutUserPolicy"), ("PolicyName", "all"), ("PolicyDocument", MAY_ALL)]).await;
        let element = |name: &str| key.split(&format!("<{name}>")).nth(1).unwrap().split('<').next().unwrap().to_owned();
        (buckets.access_key, buckets.secret_key) = (element("AccessKeyId"), element("SecretAccessKey"));
        // From now on each request needs a valid signature.
        let reset = http.post(format!("{}/moto-api/reset-auth", buckets.endpoint)).header("content-type", "text/plain").body("0");
        assert_eq!(reset.send().await.unwrap().status(), 200);
        buckets
    }

    async fn iam(&self, http: &reqwest::Client, form: &[(&str, &str)]) -> String {
        let form = [form, &[("UserName", "shop"), ("Version", "2010-05-08")]].concat();
        let answer = http.post(&self.endpoint).header("authorization", ANYBODY).form(&form).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    }

    /// How they are reached at this address.
    pub fn access(&self, endpoint: &str) -> Access {
        Access {
            endpoint: Some(endpoint.to_owned()),
            region: "us-east-1".to_owned(),
            access_key: self.access_key.clone(),
            secret_key: self.secret_key.clone(),
            path_style: true,
            cache_bytes: 0,
        }
    }

    /// Files in the bucket of the service.
    pub fn address(&self) -> FilesAddress {
        FilesAddress::parse("s3://shop/files", std::path::Path::new("unused"), &self.access(&self.endpoint)).unwrap()
    }

    /// The service's socket.
    pub fn socket(&self) -> std::net::SocketAddr {
        self.endpoint.trim_start_matches("http://").parse().unwrap()
    }
}

impl Drop for Buckets {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
