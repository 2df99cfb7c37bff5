use dipper_app::sandbox_server::{Config, Sandbox as Server, Storage};
use dipper_app::{Code, Failure, Result};
use serde_json::json;

use crate::args::Sandbox;
use crate::exit::Ended;
use crate::output::{json as json_line, line};

/// Serves until it is interrupted.
pub async fn run(options: &Sandbox, json: bool) -> Result<Ended> {
    let storage = match (&options.data, options.memory) {
        (_, true) => Storage::Memory,
        (Some(folder), false) => Storage::Folder(folder.clone()),
        (None, false) => {
            let home = dipper_app::data_folder()
                .ok_or_else(|| Failure::invalid("name a folder with --data, or use --memory"))?;
            Storage::Folder(home.join("sandbox"))
        }
    };
    let config = Config {
        storage,
        bind: std::net::SocketAddr::from((std::net::Ipv4Addr::LOCALHOST, options.port)),
        aws_defaults: options.aws_defaults,
        latency: std::time::Duration::from_millis(options.latency),
        ..Config::memory()
    };
    let server = Server::start(config).await?;
    if let Some(keys) = options.seed_keys {
        server.seed("seed", keys).await?;
        if let Some(folders) = options.seed_folders {
            server.seed_in("tree", keys, folders).await?;
        }
    }
    let ended = end()?;
    let (endpoint, main, alt) = (server.endpoint(), server.main(), server.alt());
    // Printing the keys is this command's purpose: they open this machine's sandbox only.
    if json {
        json_line(&json!({
            "type": "sandbox", "endpoint": endpoint,
            "accessKey": main.access_key, "secretKey": main.secret_key.expose(),
            "altAccessKey": alt.access_key, "altSecretKey": alt.secret_key.expose(),
        }));
    } else {
        line(&endpoint);
        line(&format!("AWS_ACCESS_KEY_ID={}", main.access_key));
        line(&format!("AWS_SECRET_ACCESS_KEY={}", main.secret_key.expose()));
    }
    ended.await;
    server.stop().await;
    Ok(Ended::Well)
}

/// Listens from now on: whoever has read the address may already ask for the end.
#[cfg(unix)]
fn end() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let failed = |error| Failure::new(Code::Internal, format!("signals: {error}"));
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

#[cfg(not(unix))]
fn end() -> Result<impl Future<Output = ()>> {
    Ok(async { drop(tokio::signal::ctrl_c().await) })
}
