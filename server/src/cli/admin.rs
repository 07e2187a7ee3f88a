//! `tindahan admin create`, `tindahan admin reset` and `tindahan admin key`.

use std::io::{BufRead, IsTerminal, Write};
use std::process::ExitCode;

use backend::identity::{self, IdentityError};
use domain::Locale;
use domain::permission::{Permission, Role};
use domain::view::ContactDetails;

use super::{open, open_to_read};
use crate::config::Config;

/// Creates a staff account; the password comes from the terminal or from standard input.
pub async fn create(config: &Config, email: &str, name: &str, role: &str) -> Result<ExitCode, String> {
    let role: Role = role.parse().map_err(|_| format!("“{role}” is no role; write owner, manager or clerk"))?;
    let password = password()?;
    let contact = ContactDetails { name: name.to_owned(), email: email.to_owned(), phone: String::new() };
    let shop = open(config).await?;
    let created = identity::create_staff(&shop, &shop.system(), Locale::En, contact, role, &password).await;
    shop.close().await;
    match created {
        Ok(_) => {
            println!("{email} may sign in as {} at /admin", role.as_str());
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(message(error)),
    }
}

/// Prints a link by which somebody who is locked out sets a new password; their sessions end, and their second factor is taken away.
pub async fn reset(config: &Config, email: &str) -> Result<ExitCode, String> {
    // Fails when there is no shop, which a mistyped database would otherwise create.
    open_to_read(config).await?.close().await;
    let shop = open(config).await?;
    let path = identity::rescue(&shop, &shop.system(), Locale::En, email).await;
    let address = path.map(|path| format!("{}{path}", shop.config().public_url));
    shop.close().await;
    match address {
        Ok(address) => {
            println!("Within half an hour, set a new password at\n{address}");
            Ok(ExitCode::SUCCESS)
        }
        Err(IdentityError::Unknown) => Err(format!("nobody may sign in with {email}")),
        Err(error) => Err(message(error)),
    }
}

/// Creates a key of the HTTP API, and prints it: only its hash is stored.
pub async fn key(config: &Config, name: &str, scopes: &[String]) -> Result<ExitCode, String> {
    let all_scopes = || Permission::API_SCOPES.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(", ");
    let read = |scope: &String| scope.parse::<Permission>().map_err(|_| format!("“{scope}” is no scope; there are {}", all_scopes()));
    let scopes = scopes.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    // Fails when there is no shop, which a mistyped database would otherwise create.
    open_to_read(config).await?.close().await;
    let shop = open(config).await?;
    let created = identity::create_api_key(&shop, &shop.system(), Locale::En, name, &scopes).await;
    shop.close().await;
    match created {
        Ok((_, secret)) => {
            println!("{secret}");
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => Err(message(error)),
    }
}

/// One line for each error.
fn message(error: IdentityError) -> String {
    match error {
        IdentityError::Invalid(errors) => {
            errors.into_iter().map(|(field, message)| format!("{field}: {message}")).collect::<Vec<_>>().join("\ntindahan: ")
        }
        other => other.to_string(),
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
    if password.is_empty() {
        Err("a password is needed: type it, or send it to standard input".to_owned())
    } else {
        Ok(password.to_owned())
    }
}
