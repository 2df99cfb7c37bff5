//! The main window: our own pages only.

use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, WebviewUrl, WebviewWindowBuilder};

pub fn open(app: &AppHandle) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Dipper")
        .inner_size(1280.0, 800.0)
        .min_inner_size(640.0, 420.0)
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false)
        .build()?;
    Ok(())
}

/// The app's own origin: `tauri://localhost`, on Windows `http://tauri.localhost`; with the dev
/// server, that.
fn is_own(url: &tauri::Url) -> bool {
    match (url.scheme(), url.host_str(), url.port()) {
        ("tauri", Some("localhost"), None) => true,
        ("http" | "https", Some("tauri.localhost"), None) => cfg!(windows),
        ("http", Some("localhost"), Some(5173)) => {
            cfg!(all(debug_assertions, not(feature = "custom-protocol")))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn navigation_stays_at_home() {
        let own = |url: &str| is_own(&url.parse().unwrap());
        assert!(own("tauri://localhost/"));
        for bad in [
            "https://example.com/",
            "tauri://evil/",
            "http://localhost:8080/",
            "http://tauri.localhost.evil.com/",
            "file:///etc/passwd",
            "data:text/html,x",
            "javascript:alert(1)",
        ] {
            assert!(!own(bad), "{bad}");
        }
    }
}
