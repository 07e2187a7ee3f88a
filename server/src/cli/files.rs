//! `tindahan files`.

use std::process::ExitCode;

use backend::platform::files::{self, CopyReport, FilesAddress};

use super::progress::Progress;
use crate::config::Config;

/// Copies all files from one place to another.
pub async fn copy(config: &Config, from: &str, to: &str, compare: bool) -> Result<ExitCode, String> {
    let (from, to) = (config.files_at(from)?, config.files_at(to)?);
    if from == to {
        return Err(format!("both are {from}"));
    }
    if let FilesAddress::Folder(folder) = &from
        && !folder.is_dir()
    {
        return Err(format!("there is no folder {}", folder.display()));
    }
    let open = |address: &FilesAddress| adapters::open_files(address).map_err(|error| error.to_string());
    let progress = Progress::new("Copying, parts of the names");
    let copied = files::copy(&open(&from)?, &open(&to)?, compare, &|done, all| progress.step(done, all)).await;
    progress.end();
    let report = copied.map_err(|error| format!("{error}; what was copied stays: run it again to go on"))?;
    for name in &report.damaged_names {
        eprintln!("damaged and left out: {name}");
    }
    let CopyReport { copied, copied_bytes, present, damaged, .. } = report;
    println!(
        "{copied} files copied ({:.1} MB), {present} were there already, {damaged} damaged and left out: from {from} to {to}",
        copied_bytes as f64 / 1_048_576.0
    );
    Ok(if damaged == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
