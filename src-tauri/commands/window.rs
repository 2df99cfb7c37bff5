//! What the page tells the system: a word when a job has ended, the progress on the task bar, how to leave.

use serde::Deserialize;
use specta::Type;
use tauri::ipc::Channel;
use tauri::window::{ProgressBarState, ProgressBarStatus};
use tauri::{State, WebviewWindow};

use super::Answer;
use crate::desktop::leave::Leaving;
use crate::desktop::tray;

#[derive(Debug, Deserialize, Type)]
pub struct Notice {
    pub title: String,
    pub body: String,
}

#[derive(Debug, Deserialize, Type)]
pub struct TaskProgress {
    /// 0 to 100; none: nothing runs.
    pub percent: Option<u8>,
    pub paused: bool,
}

#[derive(Debug, Clone, Copy, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub enum Leave {
    Stay,
    /// Out of sight, and the jobs go on.
    Minimise,
    /// They go on with the next start.
    Quit,
}

/// What the menu of the icon in the tray says.
#[derive(Debug, Deserialize, Type)]
pub struct TrayWords {
    pub open: String,
    pub quit: String,
}

#[derive(Debug, Deserialize, Type)]
pub struct LeaveRequest {
    pub how: Leave,
    /// None: minimised, also where there is a tray.
    pub tray: Option<TrayWords>,
}

/// Only while nobody looks at the window; where the system shows none, that is no failure.
#[tauri::command]
#[specta::specta]
pub async fn notice_show(window: WebviewWindow, req: Notice) -> Answer<()> {
    if window.is_focused().unwrap_or(false) {
        return Ok(());
    }
    let shown = tokio::task::spawn_blocking(move || {
        let mut notice = notify_rust::Notification::new();
        notice.appname("Dipper").summary(&req.title).body(&escaped(&req.body)).icon("dipper");
        notice.show().map(drop)
    });
    if let Ok(Err(error)) = shown.await {
        tracing::debug!(%error, "no notification");
    }
    Ok(())
}

/// Linux reads markup in the body; a file may be called `<b>`.
fn escaped(text: &str) -> String {
    match cfg!(target_os = "linux") {
        true => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        false => text.to_owned(),
    }
}

#[tauri::command]
#[specta::specta]
pub fn progress_set(window: WebviewWindow, req: TaskProgress) {
    let status = match (req.percent, req.paused) {
        (None, _) => ProgressBarStatus::None,
        (_, true) => ProgressBarStatus::Paused,
        (_, false) => ProgressBarStatus::Normal,
    };
    let progress = req.percent.map(|percent| u64::from(percent.min(100)));
    if let Err(error) = window.set_progress_bar(ProgressBarState { status: Some(status), progress })
    {
        tracing::debug!(%error, "no progress on the task bar");
    }
}

/// Tells when the window is to be closed while jobs run, and whether there is a tray to go to.
#[tauri::command]
#[specta::specta]
pub fn leave_watch(leaving: State<'_, Leaving>, channel: Channel<bool>) {
    leaving.watch(channel);
}

#[tauri::command]
#[specta::specta]
pub fn window_leave(window: WebviewWindow, leaving: State<'_, Leaving>, req: LeaveRequest) {
    leaving.answered();
    let done = match req.how {
        Leave::Stay => Ok(()),
        Leave::Minimise => {
            let words = req.tray.map(|TrayWords { open, quit }| tray::Words { open, quit });
            tray::hide(&window, words)
        }
        Leave::Quit => window.destroy(),
    };
    if let Err(error) = done {
        tracing::warn!(%error, "the window does not do that");
    }
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_name_is_no_markup() {
        assert_eq!(escaped("<b>&</b>"), "&lt;b&gt;&amp;&lt;/b&gt;");
    }
}
