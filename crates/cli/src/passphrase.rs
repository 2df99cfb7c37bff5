//! The vault's passphrase, where there is no keychain: from a command, from systemd, or typed. Never
//! from the command line or the environment, which others on the machine can read.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;

use dipper_app::{App, Code, Failure, Result, VaultStanding};
use dipper_types::Secret;

use crate::args::Args;
use crate::output;

const CREDENTIAL: &str = "dipper-passphrase";

/// Opens a vault that only its passphrase opens.
pub async fn unlock(app: &Arc<App>, args: &Args) -> Result<()> {
    unlock_with(app, args.password_command.as_deref()).await
}

/// The same where nobody needs to type: what is read may need a key, and may not.
pub async fn unlock_unasked(app: &Arc<App>, args: &Args) -> Result<()> {
    match args.password_command.is_some() || credential(CREDENTIAL).is_some() {
        true => unlock(app, args).await,
        false => Ok(()),
    }
}

/// The same, with another command than the one for the new passphrase.
pub async fn unlock_with(app: &Arc<App>, command: Option<&str>) -> Result<()> {
    if app.has_key_file() {
        output::note(
            "WARNING: the vault's key lies in clear in vault.key: whoever reads the data folder reads the \
             credentials",
        );
        return Ok(());
    }
    if !app.vault_has_passphrase().await?
        || app.vault_status().await?.state != VaultStanding::KeyMissing
    {
        return Ok(());
    }
    let passphrase = match given(command)? {
        Some(given) => given,
        None => typed("Passphrase of the vault: ")?.ok_or_else(|| {
            Failure::new(Code::KeychainUnavailable, "the vault is locked, and nobody is here to type its passphrase")
                .with_hint(
                    "Name a command that prints it with --password-command or $DIPPER_PASSWORD_COMMAND, or \
                     give it as the systemd credential `dipper-passphrase`.",
                )
        })?,
    };
    app.unlock_vault(passphrase).await.map(drop)
}

/// A new one, typed twice where a person types it.
pub fn new(args: &Args) -> Result<Secret<String>> {
    if let Some(given) = given(args.password_command.as_deref())? {
        return Ok(given);
    }
    let nobody = || {
        Failure::invalid("nobody is here to type a passphrase")
            .with_hint("Name a command that prints it with --password-command.")
    };
    let first = typed("New passphrase of the vault: ")?.ok_or_else(nobody)?;
    let again = typed("Once more: ")?.ok_or_else(nobody)?;
    match first.expose() == again.expose() {
        true => Ok(first),
        false => Err(Failure::invalid("the two are not the same")),
    }
}

/// The one that needs nobody.
fn given(command: Option<&str>) -> Result<Option<Secret<String>>> {
    if let Some(command) = command {
        return printed(command).map(Some);
    }
    match credential(CREDENTIAL).filter(|path| path.is_file()) {
        Some(path) => {
            let text = std::fs::read_to_string(&path).map_err(|error| {
                Failure::new(Code::LocalIo, format!("{}: {error}", path.display()))
            })?;
            Ok(Some(first_line(&text)))
        }
        None => Ok(None),
    }
}

/// What systemd was told to pass to this service (`LoadCredential=`).
pub fn credential(name: &str) -> Option<PathBuf> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").filter(|folder| !folder.is_empty())?;
    Some(PathBuf::from(folder).join(name))
}

/// The first line that a command prints.
fn printed(command: &str) -> Result<Secret<String>> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let failed = |why: String| Failure::new(Code::LocalIo, format!("--password-command: {why}"));
    let ran = Command::new(shell)
        .args([option, command])
        .stdin(Stdio::inherit())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| failed(error.to_string()))?;
    if !ran.status.success() {
        return Err(failed(format!("it ended with {}", ran.status)));
    }
    let text = Secret::new(
        String::from_utf8(ran.stdout).map_err(|_| failed("it printed no text".into()))?,
    );
    let line = first_line(text.expose());
    match line.expose().is_empty() {
        true => Err(failed("it printed nothing".into())),
        false => Ok(line),
    }
}

fn first_line(text: &str) -> Secret<String> {
    Secret::new(text.lines().next().unwrap_or_default().to_owned())
}

/// Typed without being seen. `None`: there is no terminal.
pub fn typed(question: &str) -> Result<Option<Secret<String>>> {
    let terminal = console::Term::stderr();
    if !terminal.is_term() || !std::io::stdin().is_terminal() {
        return Ok(None);
    }
    let asked = terminal.write_str(question).and_then(|()| terminal.read_secure_line());
    match asked {
        Ok(line) if line.is_empty() => Err(Failure::new(Code::Cancelled, "nothing was typed")),
        Ok(line) => Ok(Some(Secret::new(line))),
        Err(error) => Err(Failure::new(Code::LocalIo, format!("the terminal: {error}"))),
    }
}
