// The commands that the shell itself answers; features provide their own while they are on screen.
import type { CommandId } from "../commands/catalogue";
import type { Handler } from "../commands/registry.svelte";
import { queueCommands } from "../features/transfers/commands";
import { m } from "../paraglide/messages.js";
import type { App } from "./app.svelte";

export function shellCommands(app: App): Partial<Record<CommandId, Handler>> {
  const { host, browser, buckets, profiles, signIns, imports, uploads, settings } = app;
  const { nav } = host;

  const noBucket = (): string | null => (app.target?.bucket ? null : m.off_no_bucket());
  const noListing = (): string | null => (browser.listing ? null : m.off_no_bucket());
  const noProfile = (): string | null => (app.target ? null : m.off_no_connection());
  const withBucket = (run: (profile: string, bucket: string) => void) => () => {
    const target = app.target;
    if (target?.bucket) run(target.profile, target.bucket);
  };
  const density = (value: "compact" | "normal" | "relaxed"): Handler => ({
    run: () => settings.set({ density: value }),
    checked: () => settings.density === value,
  });
  const theme = (value: "light" | "dark" | "system"): Handler => ({
    run: () => settings.set({ theme: value }),
    checked: () => settings.theme === value,
  });

  return {
    "go.back": { run: () => nav.back(), off: () => (nav.canBack ? null : m.off_no_back()) },
    "go.forward": { run: () => nav.forward(), off: () => (nav.canForward ? null : m.off_no_forward()) },
    "go.up": {
      run: () => {
        if (nav.place.kind === "access") nav.go({ ...nav.place, kind: "browse", prefix: "" });
        else browser.up();
      },
      off: () => (nav.place.kind === "access" || (browser.listing && browser.listing.place.prefix !== "") ? null : m.off_at_top()),
    },
    "go.path": { run: () => (app.pathEdit = true), off: () => (profiles.list.length > 0 ? null : m.off_no_connection()) },
    "go.search": { run: () => app.openSearch() },
    "go.transfers": { run: () => nav.go({ kind: "transfers" }) },
    "go.keys": { run: () => nav.go({ kind: "keys" }) },
    "key.create": { run: () => app.keys.add("passphrase") },
    "place.encryption": {
      run: () => (app.keys.place = app.encryptionPlace),
      off: () => noBucket() ?? (app.encryptionPlace ? null : m.off_place_folder()),
    },
    "object.encrypt": { run: () => void app.changeEncryption(), off: () => noListing() ?? browser.selectionOff() },
    "object.downloadStored": { run: () => void browser.download(true), off: () => noListing() ?? browser.selectionOff() },
    "go.settings": { run: () => nav.go({ kind: "settings" }) },
    "view.filter": {
      run: () => document.querySelector<HTMLInputElement>("#filter")?.select(),
      off: noListing,
    },
    "view.inspector": { run: () => (app.inspector = !app.inspector), checked: () => app.inspector },
    "view.sidebar": { run: () => (app.sidebar = !app.sidebar), checked: () => app.sidebar },
    "view.compact": density("compact"),
    "view.normal": density("normal"),
    "view.relaxed": density("relaxed"),
    "view.light": theme("light"),
    "view.dark": theme("dark"),
    "view.system": theme("system"),
    "object.access": {
      run: () => {
        app.inspector = true;
        requestAnimationFrame(() => document.querySelector<HTMLElement>("[data-testid=object-public-toggle]")?.focus());
      },
      off: () => browser.oneOff() ?? (browser.listing?.chosen?.kind === "folder" ? m.off_folder_access() : null),
    },
    "upload.files": { run: () => void uploads.choose("files"), off: noListing },
    "upload.folder": { run: () => void uploads.choose("folder"), off: noListing },
    "upload.options": { run: withBucket((profile, bucket) => (uploads.sheet = { profile, bucket })), off: noBucket },
    "bucket.create": { run: () => (buckets.dialog = app.target?.profile ?? null), off: noProfile },
    "bucket.access": { run: withBucket((profile, bucket) => nav.go({ kind: "access", profile, bucket })), off: noBucket },
    "bucket.index": {
      run: withBucket((profile, bucket) => {
        app.openSearch();
        void app.search.index(profile, bucket);
      }),
      off: noBucket,
    },
    "bucket.copyUri": { run: withBucket((_, bucket) => void browser.copy(`s3://${bucket}`)), off: noBucket },
    "bucket.delete": { run: withBucket((profile, bucket) => void buckets.remove(profile, bucket)), off: noBucket },
    "connection.create": { run: () => (profiles.form = { profile: null }) },
    "connection.sandbox": { run: () => void app.startSandbox() },
    "connection.edit": {
      run: () => {
        const profile = profiles.byId(app.target?.profile ?? "");
        if (profile) profiles.form = { profile };
      },
      off: () => noProfile() ?? (fixed(app) ? m.off_fixed_connection() : null),
    },
    "connection.doctor": {
      run: () => {
        if (app.target) app.openDoctor(app.target.profile, app.target.bucket);
      },
      off: noProfile,
    },
    "connection.import": { run: () => imports.start() },
    "connection.signIn": {
      run: () => {
        const profile = profiles.byId(app.target?.profile ?? "");
        if (profile) void signIns.renew(profile);
      },
      off: () => noProfile() ?? (wayOf(app) === "keys" ? m.off_no_sign_in() : null),
    },
    "connection.signOut": {
      run: () => {
        const profile = profiles.byId(app.target?.profile ?? "");
        if (profile) void signIns.end(profile);
      },
      off: () => noProfile() ?? (wayOf(app) === "sso" ? null : m.off_no_sign_out()),
    },
    "connection.refresh": {
      run: () => {
        if (app.target) void buckets.load(app.target.profile);
      },
      off: noProfile,
    },
    "connection.remove": {
      run: () => {
        const profile = profiles.byId(app.target?.profile ?? "");
        if (!profile) return;
        void profiles.remove(profile).then((gone) => {
          if (!gone) return;
          buckets.forget(profile.id);
          nav.forget((p) => "profile" in p && p.profile === profile.id);
        });
      },
      off: () => noProfile() ?? (profiles.byId(app.target?.profile ?? "")?.kind === "environment" ? m.off_fixed_connection() : null),
    },
    ...queueCommands(app.transfers),
    "app.palette": { run: () => (app.palette = true) },
    "app.shortcuts": { run: () => (app.shortcuts = true) },
  };
}

function wayOf(app: App): string {
  return app.profiles.byId(app.target?.profile ?? "")?.options?.signIn.way ?? "keys";
}

/** The sandbox and the environment's connection have nothing to edit. */
function fixed(app: App): boolean {
  const kind = app.profiles.byId(app.target?.profile ?? "")?.kind;
  return kind === "sandbox" || kind === "environment";
}
