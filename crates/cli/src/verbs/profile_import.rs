use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;

use dipper_app::{App, Code, Failure, Found, Import, ImportKind, Note, Result};
use dipper_types::Secret;
use serde_json::json;

use crate::args::Args;
use crate::args_profile::{From, ProfileImport};
use crate::exit::Ended;
use crate::output::{failure, json as json_line, line, name, note};

pub async fn run(
    app: &Arc<App>,
    args: &Args,
    options: &ProfileImport,
    dry_run: bool,
) -> Result<Ended> {
    let kind = match options.from {
        Some(from) => kind(from),
        None => options.file.as_deref().and_then(by_name).ok_or_else(|| {
            Failure::invalid("whose file is it?")
                .with_hint("Say --from s3cfg, rclone, aws, mc or cyberduck.")
        })?,
    };
    let file = options.file.as_deref();
    let import = match app.preview_import(kind, file, password()).await {
        Err(error) if error.code == Code::DecryptFailed && std::io::stdin().is_terminal() => {
            note("Password of the file:");
            let typed = tokio::task::spawn_blocking(crate::ask::line).await.ok().flatten();
            app.preview_import(kind, file, typed).await?
        }
        read => read?,
    };
    for name in &options.name {
        if !import.found.iter().any(|found| found.name == *name) {
            return Err(Failure::invalid(format!("there is no connection '{name}' in it"))
                .with_hint("--dry-run says what is there."));
        }
    }
    if dry_run || (!options.all && options.name.is_empty()) {
        told(args, &import);
        if !dry_run && !args.json && !args.quiet {
            note("Nothing was taken: say --all, or --name NAME.");
        }
        return Ok(Ended::Well);
    }
    take(app, args, options, import).await
}

async fn take(
    app: &Arc<App>,
    args: &Args,
    options: &ProfileImport,
    import: Import,
) -> Result<Ended> {
    told(args, &import);
    let names = (!options.all).then_some(options.name.as_slice());
    let (mut well, mut first) = (0, None);
    for taken in app.take_import(import, names).await {
        match taken.result {
            Ok(saved) => {
                well += 1;
                if args.json {
                    json_line(&json!({ "type": "taken", "name": taken.name, "id": saved.id }));
                } else if !args.quiet {
                    line(&format!("Saved '{}' ({})", name(&saved.name), name(&saved.endpoint)));
                }
            }
            Err(mut error) => {
                error.message = format!("{}: {}", taken.name, error.message);
                failure(&error, args.json);
                first.get_or_insert(error);
            }
        }
    }
    match first {
        Some(_) if well > 0 => Ok(Ended::Partly),
        Some(error) => Err(error),
        None => Ok(Ended::Well),
    }
}

/// rclone's own word for it; never from argv.
fn password() -> Option<Secret<String>> {
    std::env::var("RCLONE_CONFIG_PASS").ok().filter(|p| !p.is_empty()).map(Secret::new)
}

fn kind(from: From) -> ImportKind {
    match from {
        From::S3cfg => ImportKind::S3cfg,
        From::Rclone => ImportKind::Rclone,
        From::Aws => ImportKind::Aws,
        From::Mc => ImportKind::Mc,
        From::Cyberduck => ImportKind::Cyberduck,
    }
}

fn by_name(file: &Path) -> Option<ImportKind> {
    let name = file.file_name()?.to_str()?;
    let folder = file.parent().and_then(Path::file_name).and_then(|f| f.to_str());
    Some(match name {
        _ if name.ends_with("s3cfg") || name == "s3cmd.ini" => ImportKind::S3cfg,
        _ if name.ends_with("rclone.conf") => ImportKind::Rclone,
        _ if name.ends_with(".duck") => ImportKind::Cyberduck,
        "config.json" => ImportKind::Mc,
        "config" | "credentials" if folder == Some(".aws") => ImportKind::Aws,
        _ => return None,
    })
}

fn told(args: &Args, import: &Import) {
    let notes = |notes: &[Note]| -> Vec<serde_json::Value> {
        notes.iter().map(|n| json!({ "what": n.what, "whyNot": n.why_not })).collect()
    };
    if args.json {
        for found in &import.found {
            json_line(&json!({
                "type": "found", "name": found.name, "provider": found.provider(),
                "endpoint": found.endpoint(), "region": found.region(),
                "hasKeys": found.has_keys(), "unusable": found.unusable,
                "notes": notes(&found.notes),
            }));
        }
        json_line(&json!({ "type": "report", "notes": notes(&import.notes) }));
        return;
    }
    if args.quiet {
        return;
    }
    for found in &import.found {
        line(&described(found));
        for left in found.notes.iter().filter(|n| n.why_not.is_some()) {
            line(&format!("    not taken: {} ({})", name(&left.what), left.why_not.unwrap_or("")));
        }
    }
    for left in &import.notes {
        line(&format!("not taken: {} ({})", name(&left.what), left.why_not.unwrap_or("")));
    }
}

fn described(found: &Found) -> String {
    let keys = if found.has_keys() { "with keys" } else { "without keys" };
    let endpoint = match found.endpoint() {
        "" => found.provider(),
        endpoint => endpoint,
    };
    match &found.unusable {
        None => format!("{:24} {} {keys}", name(&found.name), name(endpoint)),
        Some(why) => format!("{:24} can't be taken: {}", name(&found.name), name(why)),
    }
}
