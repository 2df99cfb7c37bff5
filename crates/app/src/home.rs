use std::path::PathBuf;

/// The one data folder of both doors: `$DIPPER_HOME`, else the system's data folder + `dipper`.
/// `None` where the system has no notion of a home.
pub fn data_folder() -> Option<PathBuf> {
    match std::env::var_os("DIPPER_HOME") {
        Some(home) if !home.is_empty() => Some(PathBuf::from(home)),
        _ => dirs::data_local_dir().map(|data| data.join("dipper")),
    }
}

pub fn home_folder() -> Option<PathBuf> {
    dirs::home_dir()
}
