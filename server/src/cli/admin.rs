//! `tindahan admin create`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use backend::identity::{self, IdentityError};
use domain::Locale;
use domain::permission::Role;
use domain::view::ContactDetails;

use super::open;
use crate::config::Config;

/// Makes a staff account; the password comes from the terminal or from standard input.
pub async fn create(config: &Config, email: &str, name: &str, role: &str) -> Result<ExitCode, String> {
    let role: Role = role.parse().map_err(|_| format!("“{role}” is no role; write owner, manager or clerk"))?;
    let password = password()?;
    let contact = ContactDetails { name: name.to_owned(), email: email.to_owned(), phone: String::new() };
    let shop = open(config).await?;
    let made = identity::create_staff(&shop, &shop.system(), Locale::En, contact, role, &password).await;
    shop.close().await;
    match made {
        Ok(_) => {
            println!("{email} may sign in as {} at /admin", role.as_str());
            Ok(ExitCode::SUCCESS)
        }
        Err(IdentityError::Invalid(errors)) => Err(errors.into_iter().map(|(field, message)| format!("{field}: {message}")).collect::<Vec<_>>().join("\ntindahan: ")),
        Err(error) => Err(error.to_string()),
    }
}

fn password() -> Result<String, String> {
    if std::io::stdin().is_terminal() {
        eprint!("Password (it is shown while you type): ");
        std::io::stderr().flush().map_err(|error| error.to_string())?;
    }
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(|error| format!("the password cannot be read: {error}"))?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() { Err("a password is needed: type it, or send it to standard input".to_owned()) } else { Ok(password.to_owned()) }
}
