//! Files dropped on the window. The system tells paths; the page gets a handle and names.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use dipper_app::App;
use tauri::ipc::Channel;
use tauri::{DragDropEvent, PhysicalPosition, Runtime, WebviewWindow, WindowEvent};

use crate::dto::{DropEvent, Staged};

/// A page that loads anew watches anew; earlier watches fall silent.
static WATCH: AtomicU32 = AtomicU32::new(0);

pub fn watch<R: Runtime>(window: &WebviewWindow<R>, app: Arc<App>, channel: Channel<DropEvent>) {
    let own = WATCH.fetch_add(1, Ordering::Relaxed) + 1;
    let scale = window.clone();
    let entered: Mutex<Option<Staged>> = Mutex::new(None);
    window.on_window_event(move |event| {
        let WindowEvent::DragDrop(event) = event else { return };
        if WATCH.load(Ordering::Relaxed) != own {
            return;
        }
        let at = |position: &PhysicalPosition<f64>| {
            let logical = position.to_logical::<i32>(scale.scale_factor().unwrap_or(1.0));
            (logical.x, logical.y)
        };
        let held = || entered.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let told = match event {
            DragDropEvent::Enter { paths, position } => {
                let staged: Staged = app.stage(paths.clone()).into();
                *held() = Some(staged.clone());
                let (x, y) = at(position);
                DropEvent::Enter { x, y, staged }
            }
            DragDropEvent::Over { position } => {
                let (x, y) = at(position);
                DropEvent::Over { x, y }
            }
            DragDropEvent::Drop { paths, position } => {
                let (x, y) = at(position);
                // What entered is what drops; a system that tells the paths only now stages now.
                let staged = match held().take() {
                    Some(staged) if staged.files + staged.folders > 0 => staged,
                    _ => app.stage(paths.clone()).into(),
                };
                DropEvent::Drop { x, y, staged }
            }
            DragDropEvent::Leave => {
                held().take();
                DropEvent::Leave
            }
            _ => return,
        };
        if let Err(error) = channel.send(told) {
            tracing::debug!(%error, "the page is gone");
        }
    });
}
