//! nginx beside the shop, serving the same bytes from a file.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::Trouble;
use crate::client::{Answer, Client};
use crate::server::Folder;

/// A running nginx with one file, `/page`.
pub struct Nginx {
    child: Child,
    /// Host and port, for example `127.0.0.1:8080`.
    pub address: String,
}

impl Nginx {
    /// Starts it with the bytes of this page, packed as they are, and its headers; `None` where nginx is not installed.
    pub async fn start(folder: &Folder, page: &Answer) -> Result<Option<Self>, Trouble> {
        let root = folder.path().join("nginx");
        std::fs::create_dir_all(&root)?;
        std::fs::write(root.join("page"), &page.body)?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let shown = root.display();
        // Those that nginx does not write by itself.
        let own = ["content-length", "content-type", "date", "etag", "server", "last-modified"];
        let headers: String = page
            .headers
            .iter()
            .filter(|(name, _)| !own.contains(&name.as_str()))
            .map(|(name, value)| format!("add_header {name} \"{value}\"; "))
            .collect();
        // As many workers as the shop has threads.
        let configuration = format!(
            "worker_processes auto; daemon off; pid {shown}/pid; error_log {shown}/error.log; user root;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=10;\n\
               client_body_temp_path {shown}/a; proxy_temp_path {shown}/b; fastcgi_temp_path {shown}/c; uwsgi_temp_path {shown}/d; scgi_temp_path {shown}/e;\n\
               server {{ listen 127.0.0.1:{port}; root {shown}; default_type 'text/html; charset=utf-8';\n\
                 location / {{ {headers}}} }} }}\n"
        );
        let file = root.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let started = Command::new("nginx").arg("-c").arg(&file).stdout(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true).spawn();
        let Ok(child) = started else { return Ok(None) };
        let nginx = Self { child, address: format!("127.0.0.1:{port}") };
        for _ in 0..200 {
            if Client::connect(&nginx.address).await.is_ok() {
                return Ok(Some(nginx));
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Err("nginx did not start".into())
    }

    /// Ends it, its workers first.
    pub async fn stop(mut self) -> Result<(), Trouble> {
        if let Some(id) = self.child.id() {
            Command::new("kill").args(["-TERM", &id.to_string()]).status().await?;
        }
        self.child.wait().await?;
        Ok(())
    }
}
