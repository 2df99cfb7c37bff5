//! Out of sight and at work: in the tray where the desktop has one, else minimised.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use tauri::menu::{MenuBuilder, MenuItemBuilder};
use tauri::tray::{MouseButton, TrayIconBuilder, TrayIconEvent};
use tauri::{AppHandle, Manager, WebviewWindow};

const ID: &str = "tray";

static THERE: OnceLock<bool> = OnceLock::new();

/// Finds out, on a thread of its own, whether the desktop has a tray.
pub fn look() {
    std::thread::spawn(|| THERE.get_or_init(shown_here));
}

pub fn is_there() -> bool {
    THERE.get().copied().unwrap_or(false)
}

/// Windows and macOS always have one. On Linux somebody must have taken the name of the StatusNotifier
/// specification's watcher.
#[cfg(target_os = "linux")]
fn shown_here() -> bool {
    let asked = || -> zbus::Result<bool> {
        let bus = zbus::blocking::Connection::session()?;
        let name = zbus::names::BusName::try_from("org.kde.StatusNotifierWatcher")?;
        Ok(zbus::blocking::fdo::DBusProxy::new(&bus)?.name_has_owner(name)?)
    };
    asked().unwrap_or(false)
}

#[cfg(not(target_os = "linux"))]
fn shown_here() -> bool {
    true
}

/// What its menu says, in the page's language.
pub struct Words {
    pub open: String,
    pub quit: String,
}

/// Hides the window; its icon brings it back. Called on the main thread.
pub fn hide(window: &WebviewWindow, words: Option<Words>) -> tauri::Result<()> {
    let app = window.app_handle();
    match words.filter(|_| is_there()).map(|words| icon(app, &words)) {
        Some(Ok(())) => window.hide(),
        Some(Err(error)) => {
            tracing::warn!(%error, "no icon in the tray");
            window.minimize()
        }
        None => window.minimize(),
    }
}

fn icon(app: &AppHandle, words: &Words) -> tauri::Result<()> {
    if app.tray_by_id(ID).is_some() {
        return Ok(());
    }
    let menu = MenuBuilder::new(app)
        .item(&MenuItemBuilder::with_id("open", &words.open).build(app)?)
        .separator()
        .item(&MenuItemBuilder::with_id("quit", &words.quit).build(app)?)
        .build()?;
    let mut builder = TrayIconBuilder::with_id(ID)
        .menu(&menu)
        .tooltip("Dipper")
        .show_menu_on_left_click(false)
        .on_menu_event(|app, event| match event.id().as_ref() {
            "quit" => app.exit(0),
            _ => show(app),
        })
        .on_tray_icon_event(|tray, event| {
            if let TrayIconEvent::Click { button: MouseButton::Left, .. } = event {
                show(tray.app_handle());
            }
        });
    if let Some(icon) = app.default_window_icon() {
        builder = builder.icon(icon.clone());
    }
    // On Linux, the library behind it may be missing, which it tells by a panic.
    catch_unwind(AssertUnwindSafe(|| builder.build(app).map(drop)))
        .unwrap_or_else(|_| Err(tauri::Error::Io(std::io::ErrorKind::NotFound.into())))
}

/// The window as it was. The icon goes: there is a window again.
fn show(app: &AppHandle) {
    let Some(window) = app.get_webview_window("main") else { return };
    let shown = window.show().and_then(|()| window.set_focus());
    if let Err(error) = shown {
        return tracing::warn!(%error, "the window does not come back");
    }
    app.remove_tray_by_id(ID);
}
