//! The list of commands, and their TypeScript face.

use tauri_specta::{Builder, collect_commands};

use crate::commands::*;

/// Every command that the window may call.
pub fn builder() -> Builder<tauri::Wry> {
    Builder::new().commands(collect_commands![
        app::app_info,
        app::settings_get,
        app::settings_set,
        app::changed_watch,
        app::clipboard_write,
        app::url_open,
        vault::vault_status,
        vault::vault_set_passphrase,
        vault::vault_unlock,
        vault::vault_reset,
        profiles::provider_list,
        profiles::profile_list,
        profiles::profile_save,
        profiles::profile_test,
        profiles::profile_remove,
        profiles::sandbox_start,
        sign_in::session_status,
        sign_in::session_renew,
        sign_in::session_end,
        sign_in::device_start,
        sign_in::device_watch,
        sign_in::device_cancel,
        sign_in::sso_accounts,
        sign_in::aws_profiles,
        sign_in::prompt_list,
        sign_in::prompt_answer,
        doctor::doctor_start,
        doctor::doctor_stop,
        doctor::doctor_mend,
        imports::import_choose,
        imports::import_open,
        imports::import_take,
        imports::import_close,
        buckets::bucket_list,
        buckets::bucket_create,
        buckets::bucket_delete,
        access::bucket_access,
        access::public_preview,
        access::public_set,
        access::acl_enable,
        access::public_access_allow,
        access::policy_check,
        access::policy_put,
        access::policy_delete,
        listings::listing_open,
        listings::listing_view,
        listings::listing_rows,
        listings::listing_access,
        listings::listing_select,
        listings::listing_find,
        listings::listing_freeze,
        listings::listing_refresh,
        listings::listing_close,
        objects::folder_create,
        objects::object_info,
        objects::object_set_public,
        uploads::drop_watch,
        uploads::upload_choose,
        uploads::upload_options,
        uploads::upload_options_set,
        uploads::upload_replaces,
        uploads::upload_start,
        transfers::download_choose,
        transfers::download_start,
        transfers::delete_start,
        transfers::transfer_watch,
        transfers::transfer_items,
        transfers::transfer_cancel,
        transfers::transfer_retry,
        transfers::transfer_clear,
    ])
}

/// Writes `ui/src/backend/bindings.ts` as it should be.
pub fn write_bindings(path: &std::path::Path) -> Result<(), Box<dyn std::error::Error>> {
    let typescript = specta_typescript::Typescript::default()
        .header("// Made from src-tauri by `cargo xtask bindings`. Do not edit.\n// @ts-nocheck\n");
    Ok(builder().export(typescript, path)?)
}
