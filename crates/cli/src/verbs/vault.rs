//! `vault`: where saved connections' secrets are, and what opens them.

use std::sync::Arc;

use clap::{Args as ClapArgs, Subcommand};
use dipper_app::{App, Failure, Result, VaultStanding, VaultStatus};
use serde_json::json;

use crate::args::Args;
use crate::exit::Ended;
use crate::output::{json as json_line, line};
use crate::passphrase;

#[derive(Debug, ClapArgs)]
pub struct VaultVerb {
    #[command(subcommand)]
    pub action: VaultAction,
    /// Say what would be done
    #[arg(short = 'n', long, global = true)]
    pub dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub enum VaultAction {
    /// Whether it is open, and what opens it
    Status,
    /// Set the passphrase that opens it, where there is no keychain or beside it
    Passphrase {
        /// What prints the passphrase that it has until now, where it has one
        #[arg(long, value_name = "COMMAND")]
        old_password_command: Option<String>,
    },
    /// Keep its key in clear in a file, for machines where nobody types and no command prints
    KeyFile {
        /// Yes: whoever reads the data folder reads the credentials
        #[arg(long, required_unless_present = "remove")]
        plaintext: bool,
        /// Away with it: the passphrase opens the vault again
        #[arg(long, conflicts_with = "plaintext")]
        remove: bool,
    },
    /// Forget every secret in it; connections stay, without their keys
    Reset {
        /// Really
        #[arg(short, long)]
        force: bool,
    },
}

pub async fn run(app: &Arc<App>, args: &Args, options: &VaultVerb) -> Result<Ended> {
    let word = match &options.action {
        VaultAction::Status => None,
        VaultAction::Passphrase { .. } => Some("set the passphrase"),
        VaultAction::KeyFile { remove: true, .. } => Some("remove the key file"),
        VaultAction::KeyFile { .. } => Some("write the key, in clear, into a file"),
        VaultAction::Reset { .. } => Some("forget every secret"),
    };
    if let (true, Some(word)) = (options.dry_run, word) {
        if args.json {
            json_line(&json!({ "type": "vault", "would": word, "dryRun": true }));
        } else {
            line(&format!("vault: {word}"));
        }
        return Ok(Ended::Well);
    }
    match &options.action {
        VaultAction::Status => {
            let status = app.vault_status().await?;
            tell(app, args, &status);
        }
        VaultAction::Passphrase { old_password_command } => {
            passphrase::unlock_with(app, old_password_command.as_deref()).await?;
            app.set_vault_passphrase(passphrase::new(args)?).await?;
            say(
                args,
                "The vault has a passphrase. Who loses it loses what is sealed: keep it somewhere safe.",
            );
        }
        VaultAction::KeyFile { remove: true, .. } => {
            app.remove_key_file().await?;
            say(args, "The key file is gone; the passphrase opens the vault.");
        }
        VaultAction::KeyFile { .. } => {
            passphrase::unlock(app, args).await?;
            let path = app.make_key_file().await?;
            say(args, &format!("The vault's key lies in clear in {}", path.display()));
        }
        VaultAction::Reset { force: false } => {
            return Err(Failure::invalid("every saved secret would be forgotten")
                .with_hint("--force, if that is meant."));
        }
        VaultAction::Reset { force: true } => {
            let status = app.reset_vault().await?;
            tell(app, args, &status);
        }
    }
    Ok(Ended::Well)
}

fn say(args: &Args, text: &str) {
    if !args.quiet && !args.json {
        line(text);
    }
}

fn tell(app: &App, args: &Args, status: &VaultStatus) {
    let state = match status.state {
        VaultStanding::Ready => "open",
        VaultStanding::Empty => "empty",
        VaultStanding::Unavailable => "unavailable",
        VaultStanding::KeyMissing => "locked",
    };
    if args.json {
        return json_line(&json!({
            "type": "vault",
            "state": state,
            "passphrase": status.has_passphrase,
            "keyFile": app.has_key_file(),
            "reason": status.reason,
        }));
    }
    line(&format!("State:       {state}"));
    line(&format!("Passphrase:  {}", if status.has_passphrase { "yes" } else { "no" }));
    line(&format!("Key file:    {}", if app.has_key_file() { "yes, in clear" } else { "no" }));
    if let Some(reason) = &status.reason {
        line(&format!("Keychain:    {reason}"));
    }
}
