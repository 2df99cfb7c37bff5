//! Text to the clipboard. The owner must live on: on X11 it is asked when somebody pastes.

use std::sync::{Mutex, OnceLock, PoisonError};

use dipper_app::{Code, Failure};

static OWNER: OnceLock<Mutex<Option<arboard::Clipboard>>> = OnceLock::new();

pub fn write(text: String) -> Result<(), Failure> {
    let failed = |error: arboard::Error| {
        Failure::new(Code::Internal, format!("the clipboard can't be used: {error}"))
    };
    let mut owner =
        OWNER.get_or_init(Mutex::default).lock().unwrap_or_else(PoisonError::into_inner);
    let clipboard = match &mut *owner {
        Some(clipboard) => clipboard,
        none => none.insert(arboard::Clipboard::new().map_err(failed)?),
    };
    clipboard.set_text(text).map_err(failed)
}
