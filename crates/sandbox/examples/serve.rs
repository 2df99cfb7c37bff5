//! Serves a sandbox to any S3 tool, for trying things by hand.
//!
//! `cargo run -p dipper-sandbox --example serve -- --memory [--port N] [--aws-defaults] [--seed N]`
//! or with `--data DIR` in place of `--memory`.

use std::net::SocketAddr;

use dipper_sandbox::{Config, Sandbox, SandboxError};

#[expect(clippy::print_stdout, reason = "whoever runs it wants the endpoint and the keys")]
#[tokio::main]
async fn main() -> Result<(), SandboxError> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let value = |name: &str| {
        arguments.iter().position(|a| a == name).and_then(|i| arguments.get(i + 1)).cloned()
    };
    let port = value("--port").and_then(|p| p.parse().ok()).unwrap_or(0);
    let kept = value("--data").map_or_else(Config::memory, Config::folder);
    let config = Config {
        bind: SocketAddr::from(([127, 0, 0, 1], port)),
        aws_defaults: arguments.iter().any(|a| a == "--aws-defaults"),
        ..kept
    };
    let sandbox = Sandbox::start(config).await?;
    println!("AWS_ENDPOINT_URL={}", sandbox.endpoint());
    for account in [sandbox.main(), sandbox.alt()] {
        let name = account.name.to_uppercase();
        println!("{name}_ID={}", account.canonical_id);
        println!("{name}_ACCESS_KEY={}", account.access_key);
        println!("{name}_SECRET_KEY={}", account.secret_key.expose());
    }
    if let Some(keys) = value("--seed").and_then(|n| n.parse().ok()) {
        sandbox.seed("seeded", keys).await?;
    }
    println!("READY");
    std::future::pending::<()>().await;
    Ok(())
}
