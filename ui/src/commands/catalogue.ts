// Every command of the window, once: palette, shortcuts, menus, context menus, toolbar and the native menu read this.
// Who does the work says so with `commands.provide`; a command that nobody provides now is off.
import { m } from "../paraglide/messages.js";

export type CommandGroup = "go" | "view" | "object" | "upload" | "bucket" | "connection" | "transfer" | "app";
export type Definition = {
  label: () => string;
  group: CommandGroup;
  shortcuts?: readonly string[];
  danger?: boolean;
  /** Works while a field has the focus although it has no modifier. */
  always?: boolean;
  /** The shortcut is listed, but the component in focus handles the key. */
  local?: boolean;
};

export const CATALOGUE = {
  "go.back": { label: m.cmd_go_back, group: "go", shortcuts: ["Alt+ArrowLeft"] },
  "go.forward": { label: m.cmd_go_forward, group: "go", shortcuts: ["Alt+ArrowRight"] },
  "go.up": { label: m.cmd_go_up, group: "go", shortcuts: ["Alt+ArrowUp", "Mod+ArrowUp"] },
  "go.path": { label: m.cmd_go_path, group: "go", shortcuts: ["Mod+L"] },
  "go.search": { label: m.cmd_go_search, group: "go", shortcuts: ["Mod+Shift+F"] },
  "go.transfers": { label: m.cmd_go_transfers, group: "go", shortcuts: ["Mod+J"] },
  "go.settings": { label: m.cmd_go_settings, group: "go", shortcuts: ["Mod+,"] },
  "go.keys": { label: m.cmd_go_keys, group: "go" },
  "view.refresh": { label: m.cmd_view_refresh, group: "view", shortcuts: ["F5", "Mod+R"] },
  "view.filter": { label: m.cmd_view_filter, group: "view", shortcuts: ["Mod+F"] },
  "view.inspector": { label: m.cmd_view_inspector, group: "view", shortcuts: ["Mod+I"] },
  "view.sidebar": { label: m.cmd_view_sidebar, group: "view", shortcuts: ["Mod+B"] },
  "view.compact": { label: m.cmd_view_compact, group: "view" },
  "view.normal": { label: m.cmd_view_normal, group: "view" },
  "view.relaxed": { label: m.cmd_view_relaxed, group: "view" },
  "view.light": { label: m.cmd_view_light, group: "view" },
  "view.dark": { label: m.cmd_view_dark, group: "view" },
  "view.system": { label: m.cmd_view_system, group: "view" },
  "object.open": { label: m.cmd_object_open, group: "object", shortcuts: ["Enter"], local: true },
  "object.download": { label: m.cmd_object_download, group: "object", shortcuts: ["Mod+D"] },
  "object.downloadStored": { label: m.cmd_object_download_stored, group: "object" },
  "object.encrypt": { label: m.cmd_object_encrypt, group: "object" },
  "object.copyUri": { label: m.cmd_object_copy_uri, group: "object", shortcuts: ["Mod+Shift+C"] },
  "object.copyUrl": { label: m.cmd_object_copy_url, group: "object", shortcuts: ["Mod+Alt+C"] },
  "object.access": { label: m.cmd_object_access, group: "object", shortcuts: ["Mod+Shift+P"] },
  "object.delete": { label: m.cmd_object_delete, group: "object", shortcuts: ["Delete", "Mod+Backspace"], danger: true },
  "select.all": { label: m.cmd_select_all, group: "object", shortcuts: ["Mod+A"] },
  "select.invert": { label: m.cmd_select_invert, group: "object", shortcuts: ["Mod+Shift+A"] },
  "select.none": { label: m.cmd_select_none, group: "object" },
  "folder.create": { label: m.cmd_folder_create, group: "object", shortcuts: ["Mod+Shift+N"] },
  "upload.files": { label: m.cmd_upload_files, group: "upload", shortcuts: ["Mod+U"] },
  "upload.folder": { label: m.cmd_upload_folder, group: "upload", shortcuts: ["Mod+Shift+U"] },
  "upload.options": { label: m.cmd_upload_options, group: "upload" },
  "bucket.create": { label: m.cmd_bucket_create, group: "bucket", shortcuts: ["Mod+Shift+B"] },
  "bucket.access": { label: m.cmd_bucket_access, group: "bucket", shortcuts: ["Mod+Shift+E"] },
  "bucket.index": { label: m.cmd_bucket_index, group: "bucket" },
  "place.encryption": { label: m.cmd_place_encryption, group: "bucket" },
  "bucket.copyUri": { label: m.cmd_bucket_copy_uri, group: "bucket" },
  "bucket.delete": { label: m.cmd_bucket_delete, group: "bucket", danger: true },
  "key.create": { label: m.cmd_key_create, group: "app" },
  "connection.create": { label: m.cmd_connection_create, group: "connection", shortcuts: ["Mod+N"] },
  "connection.import": { label: m.cmd_connection_import, group: "connection" },
  "connection.sandbox": { label: m.cmd_connection_sandbox, group: "connection" },
  "connection.edit": { label: m.cmd_connection_edit, group: "connection" },
  "connection.refresh": { label: m.cmd_connection_refresh, group: "connection" },
  "connection.doctor": { label: m.cmd_connection_doctor, group: "connection" },
  "connection.signIn": { label: m.cmd_connection_sign_in, group: "connection" },
  "connection.signOut": { label: m.cmd_connection_sign_out, group: "connection" },
  "connection.remove": { label: m.cmd_connection_remove, group: "connection", danger: true },
  "transfers.files": { label: m.cmd_transfers_files, group: "transfer", shortcuts: ["ArrowRight"], local: true },
  "transfers.pause": { label: m.cmd_transfers_pause, group: "transfer", shortcuts: [" "], local: true },
  "transfers.resume": { label: m.cmd_transfers_resume, group: "transfer" },
  "transfers.cancel": { label: m.cmd_transfers_cancel, group: "transfer", shortcuts: ["Mod+."] },
  "transfers.retry": { label: m.cmd_transfers_retry, group: "transfer", shortcuts: ["Mod+Shift+R"] },
  "transfers.repeat": { label: m.cmd_transfers_repeat, group: "transfer" },
  "transfers.up": { label: m.cmd_transfers_up, group: "transfer", shortcuts: ["Mod+Shift+ArrowUp"] },
  "transfers.down": { label: m.cmd_transfers_down, group: "transfer", shortcuts: ["Mod+Shift+ArrowDown"] },
  "transfers.high": { label: m.cmd_transfers_high, group: "transfer" },
  "transfers.normal": { label: m.cmd_transfers_normal, group: "transfer" },
  "transfers.low": { label: m.cmd_transfers_low, group: "transfer" },
  "transfers.limit": { label: m.cmd_transfers_limit, group: "transfer", shortcuts: ["Mod+Shift+L"] },
  "transfers.report": { label: m.cmd_transfers_report, group: "transfer", shortcuts: ["Mod+S"] },
  "transfers.pauseAll": { label: m.cmd_transfers_pause_all, group: "transfer", shortcuts: ["F8"] },
  "transfers.resumeAll": { label: m.cmd_transfers_resume_all, group: "transfer", shortcuts: ["Shift+F8"] },
  "transfers.clear": { label: m.cmd_transfers_clear, group: "transfer" },
  "transfers.kindAll": { label: m.cmd_transfers_kind_all, group: "transfer" },
  "transfers.kindUpload": { label: m.cmd_transfers_kind_upload, group: "transfer" },
  "transfers.kindDownload": { label: m.cmd_transfers_kind_download, group: "transfer" },
  "transfers.kindDelete": { label: m.cmd_transfers_kind_delete, group: "transfer" },
  "transfers.kindCopy": { label: m.cmd_transfers_kind_copy, group: "transfer" },
  "transfers.kindChange": { label: m.cmd_transfers_kind_change, group: "transfer" },
  "transfers.sortLine": { label: m.cmd_transfers_sort_line, group: "transfer" },
  "transfers.sortNewest": { label: m.cmd_transfers_sort_newest, group: "transfer" },
  "transfers.sortName": { label: m.cmd_transfers_sort_name, group: "transfer" },
  "transfers.sortSize": { label: m.cmd_transfers_sort_size, group: "transfer" },
  "app.palette": { label: m.cmd_app_palette, group: "app", shortcuts: ["Mod+K"] },
  "app.shortcuts": { label: m.cmd_app_shortcuts, group: "app", shortcuts: ["?"] },
} as const satisfies Record<string, Definition>;

export type CommandId = keyof typeof CATALOGUE;
export const COMMAND_IDS = Object.keys(CATALOGUE) as CommandId[];

export function definition(id: CommandId): Definition {
  return CATALOGUE[id];
}

export const GROUP_LABELS: Record<CommandGroup, () => string> = {
  go: m.group_go,
  view: m.group_view,
  object: m.group_object,
  upload: m.group_upload,
  bucket: m.group_bucket,
  connection: m.group_connection,
  transfer: m.group_transfer,
  app: m.group_app,
};

/** "-" is a line between groups. */
export type Menu = readonly (CommandId | "-")[];
export const MENUS = {
  row: ["object.open", "-", "object.download", "object.downloadStored", "object.copyUri", "object.copyUrl", "object.access", "object.encrypt", "place.encryption", "-", "object.delete"],
  background: ["upload.files", "upload.folder", "upload.options", "folder.create", "-", "select.all", "view.refresh", "bucket.access", "place.encryption"],
  upload: ["upload.files", "upload.folder", "-", "upload.options"],
  view: ["view.compact", "view.normal", "view.relaxed"],
  bucket: ["bucket.access", "upload.options", "place.encryption", "bucket.copyUri", "bucket.index", "-", "bucket.delete"],
  connection: ["bucket.create", "connection.refresh", "-", "connection.signIn", "connection.signOut", "-", "connection.edit", "connection.doctor", "connection.remove"],
  job: [
    "transfers.pause", "transfers.resume", "transfers.retry", "transfers.repeat", "-",
    "transfers.up", "transfers.down", "transfers.high", "transfers.normal", "transfers.low", "transfers.limit", "-",
    "transfers.files", "transfers.report", "-", "transfers.cancel",
  ],
  jobKind: ["transfers.kindAll", "-", "transfers.kindUpload", "transfers.kindDownload", "transfers.kindDelete", "transfers.kindCopy", "transfers.kindChange"],
  jobSort: ["transfers.sortLine", "transfers.sortNewest", "transfers.sortName", "transfers.sortSize"],
} as const satisfies Record<string, Menu>;

/** The native menu bar (macOS); the same commands. */
export const MENU_BAR: { label: () => string; items: Menu }[] = [
  { label: m.group_object, items: ["upload.files", "upload.folder", "folder.create", "-", "object.download", "object.copyUri", "object.copyUrl", "-", "object.delete"] },
  { label: m.group_view, items: ["view.refresh", "view.filter", "-", "view.inspector", "view.sidebar", "-", "view.compact", "view.normal", "view.relaxed"] },
  { label: m.group_go, items: ["go.back", "go.forward", "go.up", "go.path", "-", "go.search", "go.transfers", "go.keys", "go.settings", "-", "app.palette"] },
  { label: m.group_transfer, items: ["go.transfers", "-", "transfers.pauseAll", "transfers.resumeAll", "transfers.clear"] },
  { label: m.group_connection, items: ["connection.create", "connection.import", "connection.sandbox", "-", "connection.doctor", "connection.signIn", "-", "bucket.create", "bucket.access", "place.encryption"] },
];
