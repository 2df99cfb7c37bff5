//! Logs to stderr, off unless `DIPPER_LOG` asks. The SDK's own targets stay at INFO at most, since
//! its debug output can hold headers; the sandbox's answers to strangers are no errors of ours.

use tracing_subscriber::EnvFilter;

pub fn start() {
    let asked = std::env::var("DIPPER_LOG").unwrap_or_else(|_| "warn".into());
    let filter = EnvFilter::try_new(format!("{asked},aws=info,hyper=info,rustls=info,s3s=off"))
        .unwrap_or_else(|_| EnvFilter::new("warn"));
    let started =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).try_init();
    if started.is_err() {
        tracing::debug!("logging was already on");
    }
}
