// The one seam between the UI and the engine. Features see this interface and nothing behind it:
// `tauri.ts` (the only importer of @tauri-apps/*) implements it in the app, `fake.ts` in tests.
import type * as T from "./types";

export * from "./types";

export type Unlisten = () => void;

/** One menu of the native menu bar; null is a line between groups. */
export type MenuBarMenu = { label: string; items: ({ id: string; label: string; shortcut: string | null } | null)[] };

export interface Backend {
  appInfo(): Promise<T.AppInfo>;
  settingsGet(): Promise<T.Settings>;
  settingsSet(settings: T.Settings): Promise<void>;
  onChanged(callback: (changed: T.Changed) => void): Promise<Unlisten>;
  /** Text to the system clipboard. */
  clipboardWrite(text: string): Promise<void>;
  /** Opens an http(s) URL in the browser. */
  urlOpen(url: string): Promise<void>;
  /** The native menu bar, where the system has one. Built with Tauri's own menu API: no command of ours. */
  menuBarSet?(menus: MenuBarMenu[], onChoose: (id: string) => void): Promise<void>;

  vaultStatus(): Promise<T.VaultStatus>;
  vaultSetPassphrase(passphrase: string): Promise<void>;
  vaultUnlock(passphrase: string): Promise<T.VaultStatus>;
  /** Forgets every sealed credential. Only after a typed confirmation. */
  vaultReset(): Promise<T.VaultStatus>;

  providerList(): Promise<T.Provider[]>;
  profileList(): Promise<T.Profile[]>;
  profileSave(draft: T.ProfileDraft): Promise<T.Profile>;
  /** Never rejects for what a server says: the answer is in the result. */
  profileTest(draft: T.ProfileDraft): Promise<T.ProfileTest>;
  profileRemove(profile: string): Promise<void>;
  /** Starts the built-in server if need be and returns its profile. */
  sandboxStart(): Promise<T.Profile>;

  /** What is known without asking anybody. */
  sessionStatus(profile: string): Promise<T.SignInStatus>;
  /** Signs in now. It ends when the user has answered (`promptList`), so it may take minutes. */
  sessionRenew(profile: string): Promise<T.SignInStatus>;
  /** Forgets the token of IAM Identity Center, for the AWS CLI, too. */
  sessionEnd(profile: string): Promise<void>;
  /** Asks for a code that the user confirms in a browser. */
  deviceStart(sso: T.SsoWay): Promise<T.DeviceFlow>;
  /** Tells once how a device flow ended. */
  deviceWatch(id: number, onEnd: (end: T.DeviceEnd) => void): Promise<void>;
  deviceCancel(id: number): Promise<void>;
  /** What there is to choose from, once somebody is signed in. */
  ssoAccounts(sso: T.SsoWay): Promise<T.SsoAccount[]>;
  awsProfiles(): Promise<T.AwsFiles>;
  /** Questions that wait for the user; `signIn` of `onChanged` says when to look. */
  promptList(): Promise<T.OpenPrompt[]>;
  /** null: the user will not say. */
  promptAnswer(req: { id: number; answer: string | null }): Promise<void>;

  /** Tries the connection out on a bucket, and tells each finding at once. Answers with its number. */
  doctorStart(req: { profile: string; bucket: string }, onEvent: (event: T.DoctorEvent) => void): Promise<number>;
  /** It still cleans up, and ends with its last word. */
  doctorStop(id: number): Promise<void>;
  /** Makes the one change that a finding offers. Kept keys stay. */
  doctorMend(req: { profile: string; fix: T.Fix }): Promise<void>;

  /** Names in what was listed, of all saved connections. A newer search ends an older one: `whole` is false then. */
  searchOpen(req: { text: string; profile: string | null; bucket: string | null }): Promise<T.FoundNames>;
  searchRows(req: { id: number; start: number; len: number }): Promise<T.Hit[]>;
  searchSort(req: { id: number; sort: T.SortColumn; descending: boolean }): Promise<void>;
  searchClose(): Promise<void>;
  searchSaved(): Promise<T.SavedSearch[]>;
  searchSave(search: T.SavedSearch): Promise<void>;
  searchForget(name: string): Promise<void>;
  /** The buckets that names are known of. */
  indexList(): Promise<T.IndexedBucket[]>;
  /** Lists a whole bucket, so that all its names are found. Answers with a number to stop it by. */
  indexRefresh(req: { profile: string; bucket: string }, onEvent: (event: T.IndexingEvent) => void): Promise<number>;
  indexStop(id: number): Promise<void>;
  indexForget(req: { profile: string; bucket: string }): Promise<void>;

  /** Native dialog; null when closed without a choice. The path stays outside of the page. */
  importChoose(): Promise<number | null>;
  /** What a file holds, without its secrets. `decrypt_failed`: it wants a password. */
  importOpen(req: T.ImportRequest): Promise<T.ImportPreview>;
  importTake(req: { id: number; names: string[] | null }): Promise<T.ImportTaken[]>;
  /** Forgets what was read. */
  importClose(id: number): Promise<void>;

  keyList(): Promise<T.Key[]>;
  keyAdd(key: T.NewKey): Promise<void>;
  keyUses(name: string): Promise<T.KeyUses>;
  /** Native dialog, and the file is written there: the key never comes to the page. false when closed without a choice. */
  keyExport(name: string): Promise<boolean>;
  /** `conflict` where a place is still encrypted with it. */
  keyRemove(name: string): Promise<void>;
  placeList(): Promise<T.ProtectedPlace[]>;
  /** null: the place has no rule of its own any more. */
  placeSet(req: T.PlaceRef & { protection: T.Protection | null }): Promise<void>;
  bucketDefault(req: { profile: string; bucket: string }): Promise<T.BucketDefault>;
  bucketDefaultSet(req: { profile: string; bucket: string; way: T.ServerWay | null }): Promise<T.BucketDefault>;

  bucketList(profile: string): Promise<T.Bucket[]>;
  bucketCreate(req: { profile: string; name: string; region: string | null }): Promise<void>;
  /** Only an empty bucket. */
  bucketDelete(req: { profile: string; bucket: string }): Promise<void>;
  bucketAccess(req: { profile: string; bucket: string }): Promise<T.BucketAccess>;
  publicPreview(change: T.PublicChange): Promise<T.PublicPreview>;
  publicSet(change: T.PublicChange): Promise<T.BucketAccess>;
  /** Sets Object Ownership to "Object writer", so that ACLs work. */
  aclEnable(req: { profile: string; bucket: string }): Promise<T.BucketAccess>;
  /** Takes the bucket's public access block away. */
  publicAccessAllow(req: { profile: string; bucket: string }): Promise<T.BucketAccess>;
  policyCheck(req: { bucket: string; text: string }): Promise<T.PolicyCheck>;
  policyPut(req: { profile: string; bucket: string; text: string }): Promise<T.BucketAccess>;
  policyDelete(req: { profile: string; bucket: string }): Promise<T.BucketAccess>;

  listingOpen(req: { profile: string; bucket: string; prefix: string }, onEvent: (event: T.ListingEvent) => void): Promise<T.ListingId>;
  listingView(req: T.ViewRequest): Promise<{ generation: number; count: number }>;
  listingRows(req: { id: T.ListingId; generation: number; start: number; len: number }): Promise<T.RowWindow>;
  /** Badges for visible rows; asks the server only where bucket settings don't decide, and remembers. */
  listingAccess(req: { id: T.ListingId; rows: number[] }): Promise<T.RowAccess[]>;
  listingSelect(req: { id: T.ListingId; generation: number; op: T.SelectOp }): Promise<T.Selection>;
  /** First row of the view at or after `from` whose name begins with `text` (case-insensitive), wrapping; null if none. */
  listingFind(req: { id: T.ListingId; generation: number; text: string; from: number; exact: boolean }): Promise<number | null>;
  /** Counts what is in selected folders, then freezes the set. */
  listingFreeze(id: T.ListingId): Promise<T.Frozen>;
  listingRefresh(id: T.ListingId): Promise<void>;
  listingClose(id: T.ListingId): Promise<void>;

  folderCreate(req: { profile: string; bucket: string; prefix: string; name: string }): Promise<void>;
  objectInfo(req: { profile: string; bucket: string; key: string }): Promise<T.ObjectInfo>;
  /** Object ACL: public-read or private. */
  objectSetPublic(req: { profile: string; bucket: string; key: string; public: boolean }): Promise<T.ObjectInfo>;

  onDrop(callback: (event: T.DropEvent) => void): Promise<Unlisten>;
  /** Native dialog; null when closed without a choice. */
  uploadChoose(what: "files" | "folder"): Promise<T.Staged | null>;
  uploadOptions(req: { profile: string; bucket: string }): Promise<T.UploadOptions>;
  uploadOptionsSet(req: { profile: string; bucket: string; options: T.UploadOptions }): Promise<void>;
  /** Which objects the staged files would replace. */
  uploadReplaces(req: { handle: number; profile: string; bucket: string; prefix: string }): Promise<T.Replaces>;
  uploadStart(req: T.UploadRequest): Promise<number>;
  downloadChoose(): Promise<T.FolderChoice | null>;
  /** Which files of the folder the frozen selection would meet. */
  downloadReplaces(req: { token: number; folder: number }): Promise<T.Replaces>;
  downloadStart(req: T.DownloadRequest): Promise<number>;
  deleteStart(token: number): Promise<number>;
  /** Encrypts a frozen selection anew at the server. */
  encryptionStart(req: { token: number; way: T.ServerWay }): Promise<number>;

  transferWatch(callback: (update: T.TransferUpdate) => void): Promise<Unlisten>;
  transferItems(req: { job: number; start: number; len: number; only: "all" | "failed" | "active" }): Promise<T.TransferItems>;
  transferCancel(job: number): Promise<void>;
  /** Failed and cancelled items again. */
  transferRetry(job: number): Promise<void>;
  /** Some files of a finished job again. */
  transferRetryItems(req: { job: number; items: number[] }): Promise<void>;
  /** The same again, as a new job. */
  transferRepeat(job: number): Promise<number>;
  transferPause(job: number): Promise<void>;
  transferResume(job: number): Promise<void>;
  transferPauseAll(): Promise<void>;
  transferResumeAll(): Promise<void>;
  transferPriority(req: { job: number; priority: T.Priority }): Promise<void>;
  /** Before another job; null: behind all. */
  transferMove(req: { job: number; before: number | null }): Promise<void>;
  /** Bytes a second. */
  transferSpeed(req: { job: number; limit: number | null }): Promise<void>;
  /** Native dialog; false when closed without a choice. */
  transferReport(job: number): Promise<boolean>;
  /** How fast all jobs together may be, and when. */
  speedGet(): Promise<T.Speed>;
  speedSet(speed: T.Speed): Promise<void>;
  /** A system notification, only while nobody looks at the window. */
  noticeShow(req: { title: string; body: string }): Promise<void>;
  /** On the task bar or dock; percent null: nothing runs. */
  progressSet(req: { percent: number | null; paused: boolean }): Promise<void>;
  /** The window is to be closed while jobs run: the page asks, and answers with `windowLeave`. */
  onLeave(callback: (tray: boolean) => void): Promise<Unlisten>;
  /** With words for its icon, the window goes to the tray where there is one. */
  windowLeave(how: "stay" | "minimise" | "quit", tray?: { open: string; quit: string }): Promise<void>;
  /** Forgets finished jobs. */
  transferClear(): Promise<void>;
}
