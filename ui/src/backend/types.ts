// The wire types, as the Rust side (src-tauri/dto) defines them. JSON is camelCase; times are RFC 3339
// UTC strings; sizes are bytes as numbers; absent values are null.

export type Code =
  | "unauthenticated" | "expired_token" | "access_denied" | "acl_disabled" | "bucket_not_found"
  | "object_not_found" | "version_not_found" | "upload_not_found" | "already_exists"
  | "precondition_failed" | "conflict" | "invalid_input" | "unsupported" | "object_archived"
  | "throttled" | "network" | "timeout" | "tls" | "clock_skew" | "wrong_region"
  | "keychain_unavailable" | "local_io" | "disk_full" | "source_changed" | "checksum_mismatch"
  | "key_missing" | "decrypt_failed" | "database" | "cancelled" | "internal";

export type S3Context = {
  op: string;
  httpStatus: number | null;
  s3Code: string | null;
  requestId: string | null;
  bucket: string | null;
  key: string | null;
  /** What the server showed that is not trusted here, to be pinned if the user knows it. */
  certificate?: { host: string; fingerprint: string; reason: string } | null;
};

/** Every command rejects with this. The words shown come from the catalogue by `code`; `message` stands under "Details". */
export type IpcError = {
  code: Code;
  message: string;
  /** A second sentence for this very case, in English: what to do next. */
  hint: string | null;
  retry: "never" | "now" | "after";
  retryAfterMs: number | null;
  s3: S3Context | null;
};

// ---- app ------------------------------------------------------------------------------------
export type Theme = "system" | "light" | "dark";
export type Density = "compact" | "normal" | "relaxed";
export type Settings = { theme: Theme; density: Density };

/** ready: keys can be kept. unavailable: no keychain here (connections can be kept for this run only).
 *  keyMissing: there are sealed credentials whose key is gone: ask for the passphrase, or an explicit reset. */
export type VaultState = "ready" | "empty" | "unavailable" | "keyMissing";
export type VaultStatus = { state: VaultState; reason: string | null; hasPassphrase: boolean };
export type AppInfo = { version: string; platform: "linux" | "macos" | "windows"; dataDir: string; vault: VaultStatus };

// ---- profiles (the UI says "connections") -----------------------------------------------------
export type Addressing = "auto" | "path" | "virtual";
export type Provider = {
  id: string;
  name: string;
  /** e.g. "https://s3.{region}.amazonaws.com"; empty for "custom". "{region}" and "{account}" are filled in. */
  endpointTemplate: string;
  regions: string[];
  defaultRegion: string;
  addressing: Addressing;
  note: string | null;
};
export type ProfileKind = "sandbox" | "vault" | "session" | "environment";
export type Profile = {
  id: string;
  name: string;
  kind: ProfileKind;
  provider: string;
  endpoint: string;
  region: string;
  addressing: Addressing;
  /** First and last four characters only, never the whole id; null when anonymous or from the environment. */
  accessKeyHint: string | null;
  /** Plain http to something that is not this machine: shown as a permanent badge. */
  insecure: boolean;
  /** Absent in old fakes: as new. */
  options?: ProfileOptions;
};
export type SsoWay = {
  startUrl: string;
  region: string;
  /** A session of that name shares its token with the AWS CLI, and renews it. */
  session: string | null;
  accountId: string;
  roleName: string;
  oidcEndpoint: string | null;
  portalEndpoint: string | null;
};
export type RoleWay = {
  source: { from: "keys" } | { from: "environment" } | { from: "awsProfile"; name: string } | { from: "instance" };
  roleArn: string;
  externalId: string | null;
  sessionName: string | null;
  durationSeconds: number | null;
  mfaSerial: string | null;
  stsEndpoint: string | null;
  region: string | null;
};
export type Way =
  | { way: "keys" }
  | { way: "environment" }
  | { way: "awsProfile"; name: string }
  | { way: "sso"; sso: SsoWay }
  | { way: "role"; role: RoleWay }
  | { way: "webIdentity"; tokenFile: string; roleArn: string; sessionName: string | null; stsEndpoint: string | null; region: string | null }
  | { way: "instance"; endpoint: string | null };
export type ProfileOptions = {
  signIn: Way;
  network: {
    /** The address goes in with its password, and comes out without. */
    proxy: { use: "environment" } | { use: "none" } | { use: "url"; url: string };
    /** PEM. */
    roots: string | null;
    clientCertificate: string | null;
    /** SHA-256 of the one certificate that is taken although nobody vouches for it. */
    pin: string | null;
  };
  /** BUCKET or BUCKET/PREFIX/, for keys that may not list buckets. */
  start: string | null;
  requesterPays: boolean;
  fips: boolean;
  dualStack: boolean;
  accelerate: boolean;
};
export type SignInStatus = { state: "permanent" | "ready" | "signedIn" | "needsUser"; expires: string | null; renewable: boolean };
export type DeviceFlow = { id: number; userCode: string; verificationUri: string; verificationUriComplete: string | null; expires: string };
export type DeviceEnd = { status: SignInStatus | null; error: IpcError | null };
export type SsoAccount = { id: string; name: string; email: string; roles: string[] };
export type AwsFiles = {
  profiles: { name: string; region: string | null; endpoint: string | null; way: string | null; mfaSerial: string | null }[];
  sessions: { name: string; startUrl: string; region: string }[];
};
export type OpenPrompt = { id: number; serial: string; roleArn: string };
export type ImportKind = "s3cfg" | "rclone" | "aws" | "mc" | "cyberduck";
export type ImportRequest = { kind: ImportKind; file: number | null; password: string | null };
export type ImportNote = { what: string; whyNot: string | null };
export type ImportPreview = {
  id: number;
  found: { name: string; provider: string; endpoint: string; region: string; hasKeys: boolean; unusable: string | null; notes: ImportNote[] }[];
  notes: ImportNote[];
};
export type ImportTaken = { name: string; profile: Profile | null; error: IpcError | null };
export type ProfileDraft = {
  /** null: a new one. With an id and empty secret, the kept secret is used. */
  id: string | null;
  name: string;
  provider: string;
  endpoint: string;
  region: string;
  addressing: Addressing;
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string | null;
  /** vault: in the keychain-sealed vault. session: forgotten when Dipper quits. */
  keep: "vault" | "session";
  /** The user has agreed to plain http to another machine. */
  allowHttp: boolean;
  /** null or absent: as they are saved, or none for a new one. */
  options?: ProfileOptions | null;
  /** PEM, to the client certificate of the options; null uses the kept one. */
  clientKey?: string | null;
};
export type ProfileTest = {
  ok: boolean;
  buckets: number | null;
  /** The region the server says it is in, if it is not the one given. */
  suggestedRegion: string | null;
  error: IpcError | null;
};

// ---- the check-up -----------------------------------------------------------------------------
/** One change of the connection. */
export type Fix = { change: "region"; to: string } | { change: "addressing"; to: Addressing };
export type Finding = {
  /** A stable word: its title and what it is good for are in the catalogue. */
  check: string;
  /** missing: Dipper does without. bad: it stands in the way. */
  outcome: "good" | "missing" | "bad";
  /** What was seen, in English; "works" where there is no more to say. */
  detail: string;
  fix: Fix | null;
};
export type DoctorEvent =
  | { event: "found"; finding: Finding }
  /** The last word. `left`: keys that could not be cleaned up. */
  | { event: "ended"; left: string[]; error: IpcError | null };

// ---- buckets ----------------------------------------------------------------------------------
/** What strangers (anonymous requests) can do here, as far as Dipper can see. */
export type Exposure = "private" | "public" | "partly" | "unknown";
export type Bucket = { name: string; createdAt: string | null; region: string | null };

export type OffReason =
  | { kind: "ownershipEnforced" }        // ACLs are off: Object Ownership is "Bucket owner enforced"
  | { kind: "publicAccessBlocked"; setting: "BlockPublicAcls" | "IgnorePublicAcls" | "BlockPublicPolicy" | "RestrictPublicBuckets" }
  | { kind: "notSupported"; detail: string }
  | { kind: "accessDenied"; action: string };

/** One line of explanation: who may do what, and which line decides. */
export type AccessLine = {
  who: "everyone" | "authenticated" | "owner" | "other";
  what: "readObjects" | "listNames" | "writeObjects" | "readAcl" | "writeAcl";
  /** "" = the whole bucket, or a prefix such as "photos/", or null where it does not apply (list). */
  prefix: string | null;
  allowed: boolean;
  by: "acl" | "policy" | "publicAccessBlock" | "ownership" | "owner" | "default";
  /** The deciding text: a grant ("AllUsers READ") or a policy statement's id or number. */
  detail: string;
};
export type BucketAccess = {
  exposure: Exposure;
  /** Everyone may GET every object by policy. */
  readAll: boolean;
  /** Prefixes that everyone may GET by policy, e.g. ["photos/"]. */
  readPrefixes: string[];
  /** Everyone may list the names (bucket ACL READ, or policy). */
  listNames: boolean;
  /** Everyone may write: always a warning. */
  write: boolean;
  lines: AccessLine[];
  /** null: ACLs work here. */
  aclOff: OffReason | null;
  /** null: a public policy can be written here. */
  policyOff: OffReason | null;
  policy: string | null;
};
/** readObjects by policy (whole bucket or a folder); listNames by bucket ACL. */
export type PublicChange = {
  profile: string;
  bucket: string;
  what: "readObjects" | "listNames";
  /** For readObjects: "" = all objects, or a folder "photos/". */
  prefix: string;
  public: boolean;
};
/** What a change would write, shown before it is done. */
export type PublicPreview = { url: string; policyBefore: string | null; policyAfter: string | null; affected: string };
export type PolicyProblem = { line: number | null; column: number | null; message: string; severity: "error" | "warning" };
export type PolicyCheck = { ok: boolean; problems: PolicyProblem[]; makesPublic: boolean };

// ---- encryption ---------------------------------------------------------------------------------
/** customer: for SSE-C. passphrase: OpenPGP or age. age: a key pair, or an SSH key. recipients: public keys, which only encrypt. rclone: of a crypt remote. */
export type KeyKind = "customer" | "passphrase" | "age" | "recipients" | "rclone";
export type PlaceRef = { profile: string; bucket: string; prefix: string };
export type Key = { name: string; kind: KeyKind; createdAt: string; /** Public keys, a line each. */ recipients: string | null; places: PlaceRef[] };
/** `secret` goes in and never comes out; null: it is made in Rust, where that can be. */
export type NewKey = { name: string; kind: KeyKind; secret: string | null };
export type KeyUses = { places: PlaceRef[]; /** Buckets whose upload options name it. */ uploads: PlaceRef[]; /** Titles of jobs that have not ended. */ jobs: string[] };
export type ServerWay =
  | { with: "s3" }
  | { with: "kms"; key: string | null; bucketKey: boolean | null }
  | { with: "dsse"; key: string | null }
  | { with: "customer"; key: string };
/** `here`: before it leaves, as openpgp, age or rclone. */
export type Protection = { by: "server"; way: ServerWay } | { by: "here"; format: string; keys: string[] };
/** place: as the place says. none: as the bucket has it. */
export type UploadProtection = { how: "place" } | { how: "none" } | { how: "with"; protection: Protection };
export type ProtectedPlace = PlaceRef & { protection: Protection };
/** The bucket's own, at the server. `blocked`: what it refuses, in the server's words. */
export type BucketDefault = { way: ServerWay | null; blocked: string[] };
export type Lock = "kms" | "dsse" | "customer" | "openPgp" | "age" | "rclone";
export type Encryption = {
  /** `method` in S3's words; `key` of KMS, or the name of the customer's key in the vault. */
  server: { method: string; key: string | null; bucketKey: boolean } | null;
  /** Before it was uploaded; `keys` of the vault that may open it. */
  here: { format: string; keys: string[] } | null;
  etagIsMd5: boolean;
};

// ---- listing sessions ---------------------------------------------------------------------------
export type ListingId = number;
export type ListingEvent = {
  generation: number;
  /** Rows known so far (before the filter). */
  loaded: number;
  /** Rows in the view (after the filter). */
  count: number;
  complete: boolean;
  listedAt: string | null;
  error: IpcError | null;
};
export type SortColumn = "name" | "size" | "modified" | "storageClass";
export type ViewRequest = { id: ListingId; sort: SortColumn; descending: boolean; filter: string };
export type Row = {
  /** Never changes while the session lives. */
  id: number;
  kind: "object" | "folder";
  /** Last segment; a folder's ends in "/". */
  name: string;
  key: string;
  size: number | null;
  modified: string | null;
  storageClass: string | null;
  selected: boolean;
};
export type RowWindow = { stale: boolean; generation: number; start: number; rows: Row[] };
/** `lock` of an object: how it is encrypted, if it was looked at. Of a folder: how what comes into it is. */
export type RowAccess = { id: number; exposure: Exposure; lock: Lock | null };
export type Selection = { count: number; folders: number; bytes: number; complete: boolean; ids: number[] | null };
export type SelectOp =
  | { op: "only"; index: number }                 // select just this row of the view
  | { op: "toggle"; index: number }
  | { op: "range"; from: number; to: number; add: boolean } // inclusive view indexes
  | { op: "all" }                                 // waits until the listing is complete
  | { op: "invert" }
  | { op: "none" };
/** A frozen selection: the job that takes this token touches exactly this set. */
export type Frozen = {
  token: number;
  objects: number;
  folders: number;
  bytes: number;
  /** A few names for the confirmation. */
  sample: string[];
  /** "unversioned": gone for good; "versioned": adds delete markers; "unknown". */
  versioning: "unversioned" | "versioned" | "unknown";
};

// ---- objects ------------------------------------------------------------------------------------
export type ObjectInfo = {
  bucket: string;
  key: string;
  size: number;
  modified: string | null;
  etag: string | null;
  contentType: string | null;
  cacheControl: string | null;
  contentDisposition: string | null;
  contentEncoding: string | null;
  storageClass: string | null;
  versionId: string | null;
  encryption: Encryption;
  checksums: [string, string][];
  metadata: [string, string][];
  s3Uri: string;
  /** Where an anonymous GET would find it, whether or not it may. */
  url: string;
  exposure: Exposure;
  lines: AccessLine[];
  aclOff: OffReason | null;
};

// ---- dropped and chosen files -----------------------------------------------------------------
/** Paths stay in Rust; the UI gets this. */
export type Staged = { handle: number; files: number; folders: number; bytes: number; names: string[]; /** true while folders are still being counted */ counting: boolean };
export type DropEvent =
  | { phase: "enter"; x: number; y: number; staged: Staged }
  | { phase: "over"; x: number; y: number }
  | { phase: "leave" }
  | { phase: "drop"; x: number; y: number; staged: Staged };
export type UploadOptions = {
  visibility: "private" | "public";
  storageClass: string | null;
  contentType: string | null;
  cacheControl: string | null;
  metadata: [string, string][];
  protection: UploadProtection;
};
/** What happens to what is there already under that name. */
export type OnExisting = "overwrite" | "skip" | "newer" | "sizeDiffers" | "differs" | "keepBoth" | "refuse";
export type UploadRequest = { handle: number; profile: string; bucket: string; prefix: string; options: UploadOptions; onExisting: OnExisting };
/** `asStored`: what was encrypted before it was uploaded stays so. */
export type DownloadRequest = { token: number; folder: number; onExisting: OnExisting; asStored: boolean };
/** What an upload or a download would write over; `more`: looking was cut short. */
export type Replaces = { count: number; more: boolean; sample: string[]; versioning: Frozen["versioning"] };
export type FolderChoice = { handle: number; name: string };

// ---- transfers ----------------------------------------------------------------------------------
export type JobKind = "upload" | "download" | "delete" | "copy" | "change";
export type JobState = "queued" | "running" | "paused" | "waiting" | "verifying" | "completed" | "failed" | "cancelled";
export type Priority = "low" | "normal" | "high";
/** Bytes a second; `from` and `to` in minutes since midnight, days from 1 (Monday), none: every day. */
export type SpeedRule = { days: number[]; from: number; to: number; limit: number | null };
export type Speed = { limit: number | null; timetable: SpeedRule[] };
export type Job = {
  id: number;
  kind: JobKind;
  state: JobState;
  profile: string;
  profileName: string;
  bucket: string;
  prefix: string;
  /** "report.pdf" or "12 items"; made by Rust from names, shown as text. */
  title: string;
  createdAt: string;
  finishedAt: string | null;
  filesTotal: number;
  filesDone: number;
  filesFailed: number;
  filesSkipped: number;
  bytesTotal: number;
  bytesDone: number;
  /** Bytes a second over the last few seconds; 0 when not running. */
  rate: number;
  secondsLeft: number | null;
  /** Still counting what there is to do. */
  planning: boolean;
  priority: Priority;
  /** Among jobs of one priority, the smaller goes first. */
  position: number;
  /** Bytes a second. */
  speedLimit: number | null;
  /** Another running Dipper has it. */
  elsewhere: boolean;
  error: IpcError | null;
};
export type TransferTotals = { running: number; queued: number; bytesTotal: number; bytesDone: number; rate: number; secondsLeft: number | null };
/** Complete on the first message; later only the jobs that changed. `removed` lists jobs that were cleared. */
export type TransferUpdate = { jobs: Job[]; removed: number[]; totals: TransferTotals };
export type TransferItem = {
  id: number;
  name: string;
  key: string;
  state: JobState | "skipped";
  size: number | null;
  bytesDone: number;
  rate: number;
  secondsLeft: number | null;
  /** By what it was verified; null until done. */
  verified: string | null;
  /** Why it failed or was skipped. */
  error: IpcError | null;
};
export type TransferItems = { total: number; items: TransferItem[] };

/** "X changed, refetch." */

export type FoundNames = { id: number; count: number; bytes: number; oldest: string | null; whole: boolean };
export type Hit = {
  profile: string;
  bucket: string;
  key: string;
  kind: "object" | "folder";
  size: number | null;
  modified: string | null;
  storageClass: string | null;
  listedAt: string;
};
export type IndexedBucket = { profile: string; bucket: string; names: number };
export type IndexingEvent = { event: "listed"; count: number } | { event: "ended"; error: IpcError | null };
export type SavedSearch = { name: string; text: string; profile: string | null; bucket: string | null };
export type Changed = { what: "profiles" | "buckets" | "settings" | "vault" | "keys" | "signIn"; profile: string | null; bucket: string | null };
