//! The desktop shell: a window over [`dipper_app::App`]. It translates and does nothing else.

mod commands;
mod desktop;
mod dto;
mod ipc;

pub use ipc::write_bindings;

use std::process::ExitCode;
use std::sync::Arc;

use dipper_app::App;
use tauri::Manager;

/// Opens the data folder and the window; returns when the window is closed.
pub fn run() -> ExitCode {
    desktop::log::start();
    let Some(home) = dipper_app::data_folder() else {
        return desktop::fatal(
            "This system has no folder for an app's data. Set DIPPER_HOME to one.",
        );
    };
    let opened = tauri::async_runtime::block_on(async {
        let app = App::open(&home)?;
        // There is a window to sign in at: jobs wait for that.
        app.expect_sign_in();
        app.resume_jobs().await?;
        if std::env::args().any(|word| word == "--sandbox") {
            app.start_sandbox().await?;
        }
        Ok::<_, dipper_app::Failure>(app)
    });
    let app = match opened {
        Ok(app) => app,
        Err(failure) => {
            let hint = failure.hint.unwrap_or_default();
            return desktop::fatal(&format!("Dipper can't start: {} {hint}", failure.message));
        }
    };
    let builder = ipc::builder();
    let built = tauri::Builder::default()
        .plugin(tauri_plugin_dialog::init())
        .manage(Arc::clone(&app))
        .manage(desktop::leave::Leaving::default())
        .invoke_handler(builder.invoke_handler())
        .setup(|tauri| {
            desktop::window::open(tauri.handle())?;
            Ok(())
        })
        .on_window_event(desktop::leave::on_event)
        .on_page_load(|webview, _| {
            // A new page knows nothing of the old one's sessions.
            webview.state::<Arc<App>>().close_listings();
        })
        .build(tauri::generate_context!());
    match built {
        Ok(tauri) => {
            let code = tauri.run_return(|_, _| {});
            tauri::async_runtime::block_on(app.close());
            u8::try_from(code).map_or(ExitCode::FAILURE, ExitCode::from)
        }
        Err(error) => desktop::fatal(&format!("Dipper's window can't open: {error}")),
    }
}
