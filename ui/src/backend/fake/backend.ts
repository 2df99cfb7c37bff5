import type { Backend, Unlisten } from "../index";
import type * as T from "../types";
import { bucketAccess, changedPolicy, checkPolicy, exposureOf } from "./access";
import { FakeDoctor } from "./doctor";
import { atServer, FakeKeys, keysOf, lockOf, PLAIN } from "./keys";
import { FakeListing } from "./listing";
import { FakeQueue } from "./queue";
import { FakeSearch } from "./search";
import { FakeSignIn } from "./signin";
import { bucket as newBucket, type FakeBucket, ipcError, object, PROVIDERS, SANDBOX, World } from "./world";

export type FakeOptions = {
  /** How long a page of a listing takes; 0 answers at once. */
  pageMs?: number;
  /** How long every call takes. */
  callMs?: number;
  /** Bytes a second of all transfers; Infinity ends them at once. */
  speed?: number;
  platform?: T.AppInfo["platform"];
};

export class FakeBackend implements Backend {
  readonly queue: FakeQueue;
  readonly signIn = new FakeSignIn();
  readonly doctor = new FakeDoctor();
  readonly search: FakeSearch;
  readonly keys = new FakeKeys();
  readonly copied: string[] = [];
  readonly opened: string[] = [];
  /** What the next "choose files" answers. */
  choice: T.Staged | null = { handle: 1, files: 2, folders: 0, bytes: 2_400_000, names: ["report.pdf", "photo.jpg"], counting: false };
  /** Calls that fail: the next call of that method rejects with this. */
  readonly failing = new Map<keyof Backend, T.IpcError>();
  readonly calls: { method: keyof Backend; arg: unknown }[] = [];
  testAnswer: T.ProfileTest | null = null;
  sandboxBuckets: () => FakeBucket[] = () => [newBucket("first-bucket")];
  #listings = new Map<number, FakeListing>();
  #frozen = new Map<number, { profile: string; bucket: FakeBucket; keys: Set<string>; title: string }>();
  #next = 1;
  #drop: ((event: T.DropEvent) => void) | null = null;
  #changed: ((changed: T.Changed) => void) | null = null;
  #profileOf = new Map<number, string>();
  /** Objects whose headers were asked for: only they have a lock in the table. */
  #looked = new Set<string>();

  constructor(
    readonly world: World = new World(),
    private readonly options: FakeOptions = {},
  ) {
    this.queue = new FakeQueue(options.speed ?? Infinity);
    this.search = new FakeSearch(world);
  }

  async #call<R>(method: keyof Backend, arg: unknown, answer: () => R): Promise<R> {
    this.calls.push({ method, arg });
    if (this.options.callMs) await new Promise((resolve) => setTimeout(resolve, this.options.callMs));
    const failure = this.failing.get(method);
    if (failure) {
      this.failing.delete(method);
      throw failure;
    }
    return answer();
  }

  called(method: keyof Backend): unknown[] {
    return this.calls.filter((c) => c.method === method).map((c) => c.arg);
  }

  /** A file drag over the window, as the shell reports it. */
  emitDrop(event: T.DropEvent): void {
    this.#drop?.(event);
  }
  emitChanged(changed: T.Changed): void {
    this.#changed?.(changed);
  }

  appInfo = () =>
    this.#call("appInfo", null, (): T.AppInfo => ({ version: "0.1.0", platform: this.options.platform ?? "linux", dataDir: "/home/ada/.local/share/dipper", vault: this.world.vault }));
  settingsGet = () => this.#call("settingsGet", null, () => this.world.settings);
  settingsSet = (settings: T.Settings) => this.#call("settingsSet", settings, () => void (this.world.settings = settings));
  onChanged = async (callback: (changed: T.Changed) => void): Promise<Unlisten> => {
    this.#changed = callback;
    return () => (this.#changed = null);
  };
  clipboardWrite = (text: string) => this.#call("clipboardWrite", text, () => void this.copied.push(text));
  urlOpen = (url: string) => this.#call("urlOpen", url, () => void this.opened.push(url));

  vaultStatus = () => this.#call("vaultStatus", null, () => this.world.vault);
  vaultSetPassphrase = (passphrase: string) =>
    this.#call("vaultSetPassphrase", null, () => {
      this.world.passphrase = passphrase;
      this.world.vault = { ...this.world.vault, hasPassphrase: true };
    });
  vaultUnlock = (passphrase: string) =>
    this.#call("vaultUnlock", null, () => {
      if (passphrase !== this.world.passphrase) throw ipcError("decrypt_failed", "wrong passphrase", { hint: "That passphrase does not open the vault." });
      return (this.world.vault = { state: "ready", reason: null, hasPassphrase: true });
    });
  vaultReset = () => this.#call("vaultReset", null, () => (this.world.vault = { state: "empty", reason: null, hasPassphrase: false }));

  providerList = () => this.#call("providerList", null, () => PROVIDERS);
  profileList = () => this.#call("profileList", null, () => [...this.world.profiles]);
  profileSave = (draft: T.ProfileDraft) =>
    this.#call("profileSave", draft, () => {
      const key = draft.accessKeyId;
      const before = this.world.profiles.find((p) => p.id === draft.id);
      const profile: T.Profile = {
        id: draft.id ?? `p${this.#next++}`,
        name: draft.name,
        kind: draft.keep,
        provider: draft.provider,
        endpoint: draft.endpoint,
        region: draft.region,
        addressing: draft.addressing,
        ...(draft.options ? { options: draft.options } : {}),
        accessKeyHint: key ? `${key.slice(0, 4)}…${key.slice(-4)}` : (before?.accessKeyHint ?? null),
        insecure: draft.endpoint.startsWith("http://") && draft.allowHttp,
      };
      this.world.add(profile, this.world.buckets.get(profile.id) ?? []);
      return profile;
    });
  profileTest = (draft: T.ProfileDraft) =>
    this.#call("profileTest", draft, (): T.ProfileTest => {
      if (this.testAnswer) return this.testAnswer;
      if (draft.endpoint.includes("wrong")) {
        return { ok: false, buckets: null, suggestedRegion: null, error: ipcError("network", "dns error: failed to lookup address", { hint: "Check the endpoint's spelling and your network." }) };
      }
      if (draft.provider === "aws" && draft.region === "us-east-1") {
        return { ok: false, buckets: null, suggestedRegion: "eu-central-1", error: ipcError("wrong_region", "The authorization header is malformed; the region 'us-east-1' is wrong; expecting 'eu-central-1'") };
      }
      return { ok: true, buckets: 12, suggestedRegion: null, error: null };
    });
  profileRemove = (profile: string) =>
    this.#call("profileRemove", profile, () => {
      this.world.profiles = this.world.profiles.filter((p) => p.id !== profile);
      this.world.buckets.delete(profile);
    });
  sandboxStart = () =>
    this.#call("sandboxStart", null, () => {
      if (!this.world.profiles.some((p) => p.id === SANDBOX.id)) this.world.add(SANDBOX, this.sandboxBuckets());
      return SANDBOX;
    });

  sessionStatus = (profile: string) => this.#call("sessionStatus", profile, () => this.signIn.statusOf(profile));
  sessionRenew = (profile: string) =>
    this.#call("sessionRenew", profile, () => {
      const status = this.signIn.renew(profile);
      this.emitChanged({ what: "signIn", profile, bucket: null });
      return status;
    });
  sessionEnd = (profile: string) =>
    this.#call("sessionEnd", profile, () => {
      this.signIn.status.set(profile, { state: "needsUser", expires: null, renewable: false });
      this.emitChanged({ what: "signIn", profile, bucket: null });
    });
  deviceStart = (sso: T.SsoWay) => this.#call("deviceStart", sso, () => this.signIn.start());
  deviceWatch = (id: number, onEnd: (end: T.DeviceEnd) => void) => this.#call("deviceWatch", id, () => this.signIn.watch(id, onEnd));
  deviceCancel = (id: number) => this.#call("deviceCancel", id, () => this.signIn.cancel(id));
  ssoAccounts = (sso: T.SsoWay) => this.#call("ssoAccounts", sso, () => this.signIn.list());
  awsProfiles = () => this.#call("awsProfiles", null, () => this.signIn.awsFiles);
  promptList = () => this.#call("promptList", null, () => this.signIn.prompts);
  promptAnswer = (req: { id: number; answer: string | null }) => this.#call("promptAnswer", req, () => this.signIn.answer(req));
  doctorStart = (req: { profile: string; bucket: string }, onEvent: (event: T.DoctorEvent) => void) =>
    this.#call("doctorStart", req, () => this.doctor.start(onEvent));
  doctorStop = (id: number) => this.#call("doctorStop", id, () => this.doctor.stop(id));
  doctorMend = (req: { profile: string; fix: T.Fix }) =>
    this.#call("doctorMend", req, () => {
      this.world.profiles = this.world.profiles.map((p) => (p.id === req.profile ? { ...p, [req.fix.change]: req.fix.to } : p));
      this.emitChanged({ what: "profiles", profile: req.profile, bucket: null });
    });
  importChoose = () => this.#call("importChoose", null, () => this.signIn.chosenFile);
  importOpen = (req: T.ImportRequest) => this.#call("importOpen", req, () => this.signIn.open(req));
  importTake = (req: { id: number; names: string[] | null }) =>
    this.#call("importTake", req, () =>
      this.signIn.take(req.names).map((profile): T.ImportTaken => {
        this.world.add(profile, []);
        return { name: profile.name, profile, error: null };
      }),
    );
  importClose = (id: number) => this.#call("importClose", id, () => void this.signIn.closed.push(id));

  keyList = () => this.#call("keyList", null, () => this.keys.told());
  /** What a test sees of the call has no secret in it. */
  keyAdd = (key: T.NewKey) => this.#call("keyAdd", { ...key, secret: key.secret === null ? null : "…" }, () => this.keys.add(key)).then(() => this.#keysChanged());
  keyUses = (name: string) => this.#call("keyUses", name, () => ({ ...this.keys.uses(name), uploads: this.#uploadsWith(name) }));
  keyExport = (name: string) => this.#call("keyExport", name, () => this.keys.paper);
  keyRemove = (name: string) => this.#call("keyRemove", name, () => this.keys.remove(name)).then(() => this.#keysChanged());
  placeList = () => this.#call("placeList", null, () => [...this.keys.places]);
  placeSet = (req: T.PlaceRef & { protection: T.Protection | null }) => this.#call("placeSet", req, () => this.keys.protect(req)).then(() => this.#keysChanged());
  bucketDefault = (req: { profile: string; bucket: string }) => this.#call("bucketDefault", req, () => this.keys.defaultOf(this.world.bucket(req.profile, req.bucket).name));
  bucketDefaultSet = (req: { profile: string; bucket: string; way: T.ServerWay | null }) =>
    this.#call("bucketDefaultSet", req, () => this.keys.setDefault(this.world.bucket(req.profile, req.bucket).name, req.way));
  #keysChanged(): void {
    this.emitChanged({ what: "keys", profile: null, bucket: null });
  }
  #uploadsWith(name: string): T.PlaceRef[] {
    const uses = (how: T.UploadProtection): boolean => how.how === "with" && keysOf(how.protection).includes(name);
    return [...this.world.buckets].flatMap(([profile, list]) =>
      list.filter((b) => uses(b.options.protection)).map((b) => ({ profile, bucket: b.name, prefix: "" })),
    );
  }

  bucketList = (profile: string) =>
    this.#call("bucketList", profile, () => this.world.bucketsOf(profile).map(({ name, createdAt, region }) => ({ name, createdAt, region })));
  bucketCreate = (req: { profile: string; name: string; region: string | null }) =>
    this.#call("bucketCreate", req, () => {
      const list = this.world.bucketsOf(req.profile);
      if (list.some((b) => b.name === req.name)) throw ipcError("already_exists", "BucketAlreadyOwnedByYou");
      list.push(newBucket(req.name, [], req.region ? { region: req.region } : {}));
      list.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  bucketDelete = (req: { profile: string; bucket: string }) =>
    this.#call("bucketDelete", req, () => {
      if (this.world.bucket(req.profile, req.bucket).objects.length > 0) {
        throw ipcError("conflict", "The bucket you tried to delete is not empty", { hint: "Delete its objects first." });
      }
      const list = this.world.bucketsOf(req.profile);
      list.splice(list.findIndex((b) => b.name === req.bucket), 1);
    });
  bucketAccess = (req: { profile: string; bucket: string }) => this.#call("bucketAccess", req, () => bucketAccess(this.world.bucket(req.profile, req.bucket)));
  publicPreview = (change: T.PublicChange) =>
    this.#call("publicPreview", change, (): T.PublicPreview => {
      const bucket = this.world.bucket(change.profile, change.bucket);
      const n = bucket.objects.filter((o) => o.key.startsWith(change.prefix)).length;
      return {
        url: `${this.#base(change.profile)}/${bucket.name}/${change.prefix}`,
        policyBefore: change.what === "readObjects" ? bucket.policy : null,
        policyAfter: change.what === "readObjects" ? changedPolicy(bucket, change) : null,
        affected: change.what === "readObjects" ? `${n.toLocaleString("en")} objects that are here now, and every later one.` : "",
      };
    });
  publicSet = (change: T.PublicChange) =>
    this.#call("publicSet", change, () => {
      const bucket = this.world.bucket(change.profile, change.bucket);
      if (change.what === "listNames") bucket.listPublic = change.public;
      else bucket.policy = changedPolicy(bucket, change);
      return bucketAccess(bucket);
    });
  aclEnable = (req: { profile: string; bucket: string }) => this.#edit("aclEnable", req, (b) => (b.aclsOff = false));
  publicAccessAllow = (req: { profile: string; bucket: string }) => this.#edit("publicAccessAllow", req, (b) => (b.blocked = false));
  policyCheck = (req: { bucket: string; text: string }) => this.#call("policyCheck", req, () => checkPolicy(req.bucket, req.text));
  policyPut = (req: { profile: string; bucket: string; text: string }) => this.#edit("policyPut", req, (b) => (b.policy = req.text));
  policyDelete = (req: { profile: string; bucket: string }) => this.#edit("policyDelete", req, (b) => (b.policy = null));

  #edit(method: keyof Backend, req: { profile: string; bucket: string }, change: (bucket: FakeBucket) => void): Promise<T.BucketAccess> {
    return this.#call(method, req, () => {
      const bucket = this.world.bucket(req.profile, req.bucket);
      change(bucket);
      return bucketAccess(bucket);
    });
  }

  #base(profile: string): string {
    return this.world.profiles.find((p) => p.id === profile)?.endpoint ?? "https://s3.example.com";
  }

  // ---- listings --------------------------------------------------------------------------------

  listingOpen = (req: { profile: string; bucket: string; prefix: string }, onEvent: (event: T.ListingEvent) => void) =>
    this.#call("listingOpen", req, () => {
      const id = this.#next++;
      this.#listings.set(id, new FakeListing(id, this.world.bucket(req.profile, req.bucket), req.prefix, onEvent, this.options.pageMs ?? 0));
      this.#profileOf.set(id, req.profile);
      return id;
    });
  #listing(id: number): FakeListing {
    const listing = this.#listings.get(id);
    if (!listing) throw ipcError("internal", `no listing ${id}`);
    return listing;
  }
  listingView = (req: T.ViewRequest) => this.#call("listingView", req, () => this.#listing(req.id).view(req));
  listingRows = (req: { id: number; generation: number; start: number; len: number }) =>
    this.#call("listingRows", req, () => this.#listing(req.id).rows(req.generation, req.start, req.len));
  listingAccess = (req: { id: number; rows: number[] }) =>
    this.#call("listingAccess", req, () => {
      const listing = this.#listing(req.id);
      return req.rows.flatMap((id): T.RowAccess[] => {
        const row = listing.rowById(id);
        if (!row) return [];
        const object = row.kind === "object" ? listing.bucket.objects.find((o) => o.key === row.key) : undefined;
        const seen = object !== undefined && this.#looked.has(`${listing.bucket.name}/${row.key}`);
        const lock = object ? (seen ? lockOf(object.encryption) : null) : this.keys.ruleLock(this.#profileOf.get(req.id) ?? "", listing.bucket.name, row.key);
        return [{ id, exposure: exposureOf(listing.bucket, row.key, object), lock }];
      });
    });
  listingSelect = (req: { id: number; generation: number; op: T.SelectOp }) => this.#call("listingSelect", req, () => this.#listing(req.id).select(req.op));
  listingFind = (req: { id: number; generation: number; text: string; from: number; exact: boolean }) =>
    this.#call("listingFind", req, () => this.#listing(req.id).find(req.text, req.from, req.exact));
  searchOpen = (req: { text: string; profile: string | null; bucket: string | null }) => this.#call("searchOpen", req, () => this.search.open(req));
  searchRows = (req: { id: number; start: number; len: number }) => this.#call("searchRows", req, () => this.search.rows(req));
  searchSort = (req: { id: number; sort: T.SortColumn; descending: boolean }) => this.#call("searchSort", req, () => this.search.sort(req));
  searchClose = () => this.#call("searchClose", null, () => undefined);
  searchSaved = () => this.#call("searchSaved", null, () => [...this.search.saved]);
  searchSave = (saved: T.SavedSearch) =>
    this.#call("searchSave", saved, () => void (this.search.saved = [...this.search.saved.filter((s) => s.name !== saved.name), saved]));
  searchForget = (name: string) => this.#call("searchForget", name, () => void (this.search.saved = this.search.saved.filter((s) => s.name !== name)));
  indexList = () => this.#call("indexList", null, () => this.search.list());
  indexRefresh = (req: { profile: string; bucket: string }, onEvent: (event: T.IndexingEvent) => void) =>
    this.#call("indexRefresh", req, () => this.search.refresh(req, onEvent));
  indexStop = (id: number) => this.#call("indexStop", id, () => undefined);
  indexForget = (req: { profile: string; bucket: string }) => this.#call("indexForget", req, () => void this.search.listed.delete(`${req.profile}/${req.bucket}`));
  listingFreeze = (id: number) =>
    this.#call("listingFreeze", id, () => {
      const token = this.#next++;
      const listing = this.#listing(id);
      const frozen = listing.freeze(token);
      const title = frozen.objects === 1 ? (frozen.sample[0] ?? "") : `${frozen.objects} items`;
      this.#frozen.set(token, { profile: this.#profileOf.get(id) ?? "", bucket: listing.bucket, keys: new Set(listing.keys()), title });
      return frozen;
    });
  listingRefresh = (id: number) => this.#call("listingRefresh", id, () => this.#listing(id).refresh());
  listingClose = (id: number) =>
    this.#call("listingClose", id, () => {
      this.#listings.get(id)?.close();
      this.#listings.delete(id);
    });

  // ---- objects ---------------------------------------------------------------------------------

  folderCreate = (req: { profile: string; bucket: string; prefix: string; name: string }) =>
    this.#call("folderCreate", req, () => {
      this.world.bucket(req.profile, req.bucket).objects.push(object(`${req.prefix}${req.name}/`, 0, new Date().toISOString()));
    });
  objectInfo = (req: { profile: string; bucket: string; key: string }) => this.#call("objectInfo", req, () => this.#info(req));
  objectSetPublic = (req: { profile: string; bucket: string; key: string; public: boolean }) =>
    this.#call("objectSetPublic", req, () => {
      this.world.object(req.profile, req.bucket, req.key).public = req.public;
      return this.#info(req);
    });

  #info(req: { profile: string; bucket: string; key: string }): T.ObjectInfo {
    const bucket = this.world.bucket(req.profile, req.bucket);
    const o = this.world.object(req.profile, req.bucket, req.key);
    this.#looked.add(`${bucket.name}/${o.key}`);
    const access = bucketAccess(bucket);
    const exposure = exposureOf(bucket, o.key, o);
    const byPolicy = access.lines.find((l) => l.who === "everyone" && l.what === "readObjects" && l.allowed && o.key.startsWith(l.prefix ?? ""));
    const line: T.AccessLine = byPolicy ?? {
      who: "everyone", what: "readObjects", prefix: null, allowed: exposure === "public", by: exposure === "public" ? "acl" : "default",
      detail: exposure === "public" ? "AllUsers READ" : "",
    };
    return {
      bucket: bucket.name, key: o.key, size: o.size, modified: o.modified, etag: '"9b2cf535f27731c974343645a3985328"',
      contentType: TYPES[o.key.split(".").at(-1) ?? ""] ?? "application/octet-stream",
      cacheControl: o.metadata.length > 0 ? "max-age=86400" : null, contentDisposition: null, contentEncoding: null,
      storageClass: o.storageClass, versionId: bucket.versioned ? "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY" : null, encryption: o.encryption ?? PLAIN,
      checksums: [["CRC64NVME", "AAAAAK1hJdY="]], metadata: o.metadata, s3Uri: `s3://${bucket.name}/${o.key}`,
      url: `${this.#base(req.profile)}/${bucket.name}/${o.key.split("/").map(encodeURIComponent).join("/")}`,
      exposure, lines: [line], aclOff: access.aclOff,
    };
  }

  // ---- transfers -------------------------------------------------------------------------------

  onDrop = async (callback: (event: T.DropEvent) => void): Promise<Unlisten> => {
    this.#drop = callback;
    return () => (this.#drop = null);
  };
  uploadChoose = (what: "files" | "folder") => this.#call("uploadChoose", what, () => this.choice);
  uploadOptions = (req: { profile: string; bucket: string }) => this.#call("uploadOptions", req, () => this.world.bucket(req.profile, req.bucket).options);
  uploadOptionsSet = (req: { profile: string; bucket: string; options: T.UploadOptions }) =>
    this.#call("uploadOptionsSet", req, () => void (this.world.bucket(req.profile, req.bucket).options = req.options));
  replaces: T.Replaces | null = null;
  uploadReplaces = (req: { handle: number; profile: string; bucket: string; prefix: string }) =>
    this.#call("uploadReplaces", req, (): T.Replaces => {
      const keys = new Set(this.world.bucket(req.profile, req.bucket).objects.map((o) => o.key));
      const sample = (this.choice?.names ?? []).filter((name) => keys.has(req.prefix + name));
      return this.replaces ?? { count: sample.length, more: false, sample, versioning: "unversioned" };
    });
  uploadStart = (req: T.UploadRequest) =>
    this.#call("uploadStart", req, () => {
      const bucket = this.world.bucket(req.profile, req.bucket);
      const names = this.choice?.names ?? ["file.bin"];
      const size = Math.round((this.choice?.bytes ?? 1000) / names.length);
      const files = names.map((name) => ({ name, key: req.prefix + name, size }));
      return this.queue.add("upload", this.#where(req.profile, req.bucket, req.prefix), names.length === 1 ? (names[0] ?? "") : `${names.length} items`, files, () => {
        for (const f of files) {
          bucket.objects = bucket.objects.filter((o) => o.key !== f.key);
          bucket.objects.push(object(f.key, f.size, new Date().toISOString(), { public: req.options.visibility === "public", metadata: req.options.metadata }));
        }
      });
    });
  downloadChoose = () => this.#call("downloadChoose", null, (): T.FolderChoice | null => ({ handle: 1, name: "Downloads" }));
  folderReplaces: T.Replaces = { count: 0, more: false, sample: [], versioning: "unversioned" };
  downloadReplaces = (req: { token: number; folder: number }) => this.#call("downloadReplaces", req, () => this.folderReplaces);
  downloadStart = (req: T.DownloadRequest) =>
    this.#call("downloadStart", req, () => {
      const frozen = this.#take(req.token);
      const files = frozen.bucket.objects.filter((o) => frozen.keys.has(o.key)).map((o) => ({ name: o.key.split("/").at(-1) ?? o.key, key: o.key, size: o.size }));
      return this.queue.add("download", this.#where(frozen.profile, frozen.bucket.name, ""), frozen.title, files);
    });
  deleteStart = (token: number) =>
    this.#call("deleteStart", token, () => {
      const frozen = this.#take(token);
      const files = [...frozen.keys].map((key) => ({ name: key.split("/").at(-1) ?? key, key, size: 0 }));
      return this.queue.add("delete", this.#where(frozen.profile, frozen.bucket.name, ""), frozen.title, files, () => {
        frozen.bucket.objects = frozen.bucket.objects.filter((o) => !frozen.keys.has(o.key));
      });
    });
  encryptionStart = (req: { token: number; way: T.ServerWay }) =>
    this.#call("encryptionStart", req, () => {
      this.keys.check({ by: "server", way: req.way });
      const frozen = this.#take(req.token);
      const files = [...frozen.keys].map((key) => ({ name: key.split("/").at(-1) ?? key, key, size: 0 }));
      return this.queue.add("change", this.#where(frozen.profile, frozen.bucket.name, ""), frozen.title, files, () => {
        for (const o of frozen.bucket.objects) if (frozen.keys.has(o.key)) o.encryption = atServer(req.way);
      });
    });
  #take(token: number) {
    const frozen = this.#frozen.get(token);
    if (!frozen) throw ipcError("invalid_input", `no frozen selection ${token}`);
    this.#frozen.delete(token);
    return frozen;
  }
  #where(profile: string, bucket: string, prefix: string) {
    return { profile, profileName: this.world.profiles.find((p) => p.id === profile)?.name ?? profile, bucket, prefix };
  }

  transferWatch = async (callback: (update: T.TransferUpdate) => void): Promise<Unlisten> => this.queue.watch(callback);
  transferItems = (req: { job: number; start: number; len: number; only: "all" | "failed" | "active" }) =>
    this.#call("transferItems", req, () => this.queue.items(req.job, req.start, req.len, req.only));
  transferCancel = (job: number) => this.#call("transferCancel", job, () => this.queue.cancel(job));
  transferRetry = (job: number) => this.#call("transferRetry", job, () => this.queue.retry(job));
  transferRetryItems = (req: { job: number; items: number[] }) => this.#call("transferRetryItems", req, () => this.queue.retry(req.job, req.items));
  transferRepeat = (job: number) => this.#call("transferRepeat", job, () => this.queue.repeat(job));
  transferPause = (job: number) => this.#call("transferPause", job, () => this.queue.pause(job));
  transferResume = (job: number) => this.#call("transferResume", job, () => this.queue.resume(job));
  transferPauseAll = () => this.#call("transferPauseAll", null, () => this.queue.all("unfinished", (id) => this.queue.pause(id)));
  transferResumeAll = () => this.#call("transferResumeAll", null, () => this.queue.all("paused", (id) => this.queue.resume(id)));
  transferPriority = (req: { job: number; priority: T.Priority }) => this.#call("transferPriority", req, () => this.queue.set(req.job, { priority: req.priority }));
  transferMove = (req: { job: number; before: number | null }) => this.#call("transferMove", req, () => this.queue.move(req.job, req.before));
  transferSpeed = (req: { job: number; limit: number | null }) => this.#call("transferSpeed", req, () => this.queue.set(req.job, { speedLimit: req.limit }));
  transferReport = (job: number) => this.#call("transferReport", job, () => this.reportChosen);
  reportChosen = true;
  speed: T.Speed = { limit: null, timetable: [] };
  speedGet = () => this.#call("speedGet", null, () => this.speed);
  speedSet = (speed: T.Speed) => this.#call("speedSet", speed, () => void (this.speed = speed));
  noticeShow = (req: { title: string; body: string }) => this.#call("noticeShow", req, () => undefined);
  progressSet = (req: { percent: number | null; paused: boolean }) => this.#call("progressSet", req, () => undefined);
  /** The person closes the window while jobs run. */
  emitLeave: (tray?: boolean) => void = () => undefined;
  onLeave = async (callback: (tray: boolean) => void): Promise<Unlisten> => {
    this.emitLeave = (tray = false) => callback(tray);
    return () => (this.emitLeave = () => undefined);
  };
  windowLeave = (how: "stay" | "minimise" | "quit") => this.#call("windowLeave", how, () => undefined);
  transferClear = () => this.#call("transferClear", null, () => this.queue.clear());
}

const TYPES: Record<string, string> = {
  jpg: "image/jpeg", png: "image/png", pdf: "application/pdf", json: "application/json", csv: "text/csv", mp4: "video/mp4", zip: "application/zip", html: "text/html",
};
