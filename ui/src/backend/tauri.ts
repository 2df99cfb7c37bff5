// The engine behind IPC. The only importer of @tauri-apps/*. Every command is `noun_verb` and takes one
// argument object named `req`; subscriptions take a `channel` beside it.
import { Channel, invoke } from "@tauri-apps/api/core";
import type { Backend, MenuBarMenu, Unlisten } from "./index";

function call<R>(command: string, req?: object): Promise<R> {
  return invoke<R>(command, req === undefined ? undefined : { req });
}

/** Starts a subscription. Leaving it only stops the calls: the channel dies with the page. */
async function watch<E>(command: string, callback: (event: E) => void): Promise<Unlisten> {
  let live = true;
  const channel = new Channel<E>((event) => {
    if (live) callback(event);
  });
  await invoke(command, { channel });
  return () => {
    live = false;
  };
}

/** "Mod+Shift+U" as Tauri writes it. */
function accelerator(shortcut: string): string {
  return shortcut.replace("Mod", "CmdOrCtrl").replace("Arrow", "");
}

async function menuBarSet(menus: MenuBarMenu[], onChoose: (id: string) => void): Promise<void> {
  const { Menu, MenuItem, PredefinedMenuItem, Submenu } = await import("@tauri-apps/api/menu");
  const items = await Promise.all(
    menus.map(async ({ label, items }) =>
      Submenu.new({
        text: label,
        items: await Promise.all(
          items.map((item) =>
            item === null
              ? PredefinedMenuItem.new({ item: "Separator" })
              : MenuItem.new({
                  id: item.id,
                  text: item.label,
                  ...(item.shortcut ? { accelerator: accelerator(item.shortcut) } : {}),
                  action: onChoose,
                }),
          ),
        ),
      }),
    ),
  );
  // Without these the system's own copy, paste and quit keys would be gone.
  const own = async (text: string, names: ("Undo" | "Redo" | "Separator" | "Cut" | "Copy" | "Paste" | "SelectAll" | "Hide" | "Quit")[]) =>
    Submenu.new({ text, items: await Promise.all(names.map((item) => PredefinedMenuItem.new({ item }))) });
  const app = await own("Dipper", ["Hide", "Separator", "Quit"]);
  const edit = await own("Edit", ["Undo", "Redo", "Separator", "Cut", "Copy", "Paste", "SelectAll"]);
  const menu = await Menu.new({ items: [app, edit, ...items] });
  await menu.setAsAppMenu();
}

export const tauriBackend: Backend = {
  menuBarSet,
  appInfo: () => call("app_info"),
  settingsGet: () => call("settings_get"),
  settingsSet: (settings) => call("settings_set", settings),
  onChanged: (callback) => watch("changed_watch", callback),
  clipboardWrite: (text) => call("clipboard_write", { text }),
  urlOpen: (url) => call("url_open", { url }),

  vaultStatus: () => call("vault_status"),
  vaultSetPassphrase: (passphrase) => call("vault_set_passphrase", { passphrase }),
  vaultUnlock: (passphrase) => call("vault_unlock", { passphrase }),
  vaultReset: () => call("vault_reset"),

  providerList: () => call("provider_list"),
  profileList: () => call("profile_list"),
  profileSave: (draft) => call("profile_save", draft),
  profileTest: (draft) => call("profile_test", draft),
  profileRemove: (profile) => call("profile_remove", { profile }),
  sandboxStart: () => call("sandbox_start"),

  sessionStatus: (profile) => call("session_status", { profile }),
  sessionRenew: (profile) => call("session_renew", { profile }),
  sessionEnd: (profile) => call("session_end", { profile }),
  deviceStart: (sso) => call("device_start", sso),
  deviceWatch: (id, onEnd) => invoke("device_watch", { req: { id }, channel: new Channel(onEnd) }),
  deviceCancel: (id) => call("device_cancel", { id }),
  ssoAccounts: (sso) => call("sso_accounts", sso),
  awsProfiles: () => call("aws_profiles"),
  promptList: () => call("prompt_list"),
  promptAnswer: (req) => call("prompt_answer", req),

  doctorStart: (req, onEvent) => invoke("doctor_start", { req, channel: new Channel(onEvent) }),
  doctorStop: (id) => call("doctor_stop", { id }),
  doctorMend: (req) => call("doctor_mend", req),

  searchOpen: (req) => call("search_open", req),
  searchRows: (req) => call("search_rows", req),
  searchSort: (req) => call("search_sort", req),
  searchClose: () => call("search_close"),
  searchSaved: () => call("search_saved"),
  searchSave: (search) => call("search_save", search),
  searchForget: (name) => call("search_forget", { name }),
  indexList: () => call("index_list"),
  indexRefresh: (req, onEvent) => invoke("index_refresh", { req, channel: new Channel(onEvent) }),
  indexStop: (id) => call("index_stop", { id }),
  indexForget: (req) => call("index_forget", req),

  importChoose: () => call("import_choose"),
  importOpen: (req) => call("import_open", req),
  importTake: (req) => call("import_take", req),
  importClose: (id) => call("import_close", { id }),

  keyList: () => call("key_list"),
  keyAdd: (key) => call("key_add", key),
  keyUses: (name) => call("key_uses", { name }),
  keyExport: (name) => call("key_export", { name }),
  keyRemove: (name) => call("key_remove", { name }),
  placeList: () => call("place_list"),
  placeSet: (req) => call("place_set", req),
  bucketDefault: (req) => call("bucket_default", req),
  bucketDefaultSet: (req) => call("bucket_default_set", req),

  bucketList: (profile) => call("bucket_list", { profile }),
  bucketCreate: (req) => call("bucket_create", req),
  bucketDelete: (req) => call("bucket_delete", req),
  bucketAccess: (req) => call("bucket_access", req),
  publicPreview: (change) => call("public_preview", change),
  publicSet: (change) => call("public_set", change),
  aclEnable: (req) => call("acl_enable", req),
  publicAccessAllow: (req) => call("public_access_allow", req),
  policyCheck: (req) => call("policy_check", req),
  policyPut: (req) => call("policy_put", req),
  policyDelete: (req) => call("policy_delete", req),

  listingOpen: (req, onEvent) => invoke("listing_open", { req, channel: new Channel(onEvent) }),
  listingView: (req) => call("listing_view", req),
  listingRows: (req) => call("listing_rows", req),
  listingAccess: (req) => call("listing_access", req),
  listingSelect: (req) => call("listing_select", req),
  listingFind: (req) => call("listing_find", req),
  listingFreeze: (id) => call("listing_freeze", { id }),
  listingRefresh: (id) => call("listing_refresh", { id }),
  listingClose: (id) => call("listing_close", { id }),

  folderCreate: (req) => call("folder_create", req),
  objectInfo: (req) => call("object_info", req),
  objectSetPublic: (req) => call("object_set_public", req),

  onDrop: (callback) => watch("drop_watch", callback),
  uploadChoose: (what) => call("upload_choose", { what }),
  uploadOptions: (req) => call("upload_options", req),
  uploadOptionsSet: (req) => call("upload_options_set", req),
  uploadReplaces: (req) => call("upload_replaces", req),
  uploadStart: (req) => call("upload_start", req),
  downloadChoose: () => call("download_choose"),
  downloadReplaces: (req) => call("download_replaces", req),
  downloadStart: (req) => call("download_start", req),
  deleteStart: (token) => call("delete_start", { token }),
  encryptionStart: (req) => call("encryption_start", req),

  transferWatch: (callback) => watch("transfer_watch", callback),
  transferItems: (req) => call("transfer_items", req),
  transferCancel: (job) => call("transfer_cancel", { job }),
  transferRetry: (job) => call("transfer_retry", { job }),
  transferRetryItems: (req) => call("transfer_retry_items", req),
  transferRepeat: (job) => call("transfer_repeat", { job }),
  transferPause: (job) => call("transfer_pause", { job }),
  transferResume: (job) => call("transfer_resume", { job }),
  transferPauseAll: () => call("transfer_pause_all"),
  transferResumeAll: () => call("transfer_resume_all"),
  transferPriority: (req) => call("transfer_priority", req),
  transferMove: (req) => call("transfer_move", req),
  transferSpeed: (req) => call("transfer_speed", req),
  transferReport: (job) => call("transfer_report", { job }),
  speedGet: () => call("speed_get"),
  speedSet: (speed) => call("speed_set", speed),
  noticeShow: (req) => call("notice_show", req),
  progressSet: (req) => call("progress_set", req),
  onLeave: (callback) => watch("leave_watch", callback),
  windowLeave: (how, tray) => call("window_leave", { how, tray: tray ?? null }),
  transferClear: () => call("transfer_clear"),
};
