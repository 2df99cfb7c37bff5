//! The commands: DTO in, one call of the app, DTO out.

pub mod access;
pub mod app;
pub mod buckets;
pub mod doctor;
pub mod imports;
pub mod keys;
pub mod listings;
pub mod objects;
pub mod profiles;
pub mod search;
pub mod sign_in;
pub mod transfers;
pub mod uploads;
pub mod vault;
pub mod window;

use std::sync::Arc;

use dipper_app::App;

use crate::dto::IpcError;

pub type Answer<T> = Result<T, IpcError>;
pub type Dipper<'a> = tauri::State<'a, Arc<App>>;
