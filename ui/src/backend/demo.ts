// The fake engine with a lively world, for a plain browser. Query: ?first (first run), ?many (1,000 buckets),
// ?rows=N (rows in events/), ?vault=unavailable|keyMissing, ?calm (no running jobs), ?nokeys, ?theme=dark.
import type { Encryption, Theme, VaultState } from "./types";
import { FakeBackend } from "./fake";
import { bucket, type FakeBucket, type FakeObject, ipcError, object, OPTIONS, SANDBOX, World } from "./fake/world";

const NOW = Date.now();
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

/** Always the same "random" numbers, so that two screenshots differ only by what changed. */
function dice(seed: number): () => number {
  let s = seed;
  return () => {
    s = (s * 1664525 + 1013904223) % 4294967296;
    return s / 4294967296;
  };
}

function studio(): FakeObject[] {
  const roll = dice(7);
  const list: FakeObject[] = [
    object("archive/2019/masters.tar", 10_400_000_000_000, ago(900_000), { storageClass: "DEEP_ARCHIVE" }),
    object("brand/logo.svg", 18_200, ago(61)),
    object("brand/guidelines.pdf", 4_812_331, ago(3_000)),
    object("photos/IMG_0001.jpg", 4_100_000, ago(200)),
    object("press/kit.zip", 88_000_000, ago(8_000), { public: true }),
    object("backup-2026-11-22T23-00-00Z-full-database-production-eu-central-1-primary.sql.gz", 84_120_331_902, ago(411), { storageClass: "STANDARD_IA" }),
    object("Annual report 2025 – final (reviewed by finance, second round of corrections).pdf", 12_443_921, ago(3)),
    object("catalogue.parquet", 1_204_882_113, ago(7_300), { storageClass: "INTELLIGENT_TIERING" }),
    object("dataset-full.tar.zst", 10_995_116_277_760, ago(44_000), { storageClass: "GLACIER" }),
    object("hero.mp4", 734_003_200, ago(1_450)),
    object("index.html", 3_122, ago(12), { public: true, metadata: [["author", "ada"], ["build", "2026.11.3-rc1"]] }),
    object("invoice-0042.pdf", 88_213, ago(55)),
    object("notes.md", 0, ago(0.05)),
    object("release-notes\u0007\u001b[31m.txt", 1_204, ago(90)),
    object("settings.json", 942, ago(2)),
    object("summer-party-2026.jpg", 6_204_118, ago(30_000), { public: true }),
    object("تقرير المبيعات 2025.xlsx", 482_113, ago(9_000)),
    object("דוח שנתי.docx", 92_000, ago(9_100)),
    object("写真アルバム・京都の秋.zip", 220_881_223, ago(12_000)),
    object("🏔️ Alps trip – day 3.heic", 9_113_004, ago(86)),
  ];
  for (let i = 2; i < 420; i++) list.push(object(`photos/IMG_${String(i).padStart(4, "0")}.jpg`, Math.round(2_000_000 + roll() * 6_000_000), ago(200 + i * 7)));
  for (let i = 0; i < 40; i++) list.push(object(`invoices/2026/invoice-${String(i).padStart(4, "0")}.pdf`, Math.round(60_000 + roll() * 90_000), ago(55 + i * 900)));
  return list;
}

function events(rows: number): FakeObject[] {
  const roll = dice(11);
  const list: FakeObject[] = [];
  for (let i = 0; i < rows; i++) {
    list.push(object(`events/${String(i).padStart(7, "0")}-${Math.floor(roll() * 1e9).toString(36)}.json.gz`, Math.round(900 + roll() * 90_000), ago(i / 3), i % 7 === 0 ? { storageClass: "STANDARD_IA" } : {}));
  }
  return list;
}

function buckets(rows: number, many: boolean): FakeBucket[] {
  const list = [
    bucket("acme-studio", studio(), { versioned: false, policy: publicFolder("acme-studio", "brand/") }),
    bucket("acme-telemetry-eu-central-1-production", events(rows), { aclsOff: true, blocked: true, region: "eu-central-1" }),
    bucket("empty-handed"),
    bucket("finance-vault", [object("2026/q3.xlsx", 88_000, ago(900))], { aclsOff: true, versioned: true }),
    bucket("locked-out", [], {
      broken: ipcError("access_denied", "User: arn:aws:iam::112233445566:user/ada is not authorized to perform: s3:ListBucket", {
        hint: "Your key may not list this bucket. Ask for s3:ListBucket on it.",
        s3: { op: "ListObjectsV2", httpStatus: 403, s3Code: "AccessDenied", requestId: "8Q2M4B7N1C0R", bucket: "locked-out", key: null },
      }),
    }),
    bucket("www.example.com", [object("index.html", 4_200, ago(30)), object("app.css", 18_000, ago(30))], {
      policy: publicFolder("www.example.com", ""),
      listPublic: true,
    }),
  ];
  for (let i = 0; many && i < 1000; i++) list.push(bucket(`tenant-${String(i).padStart(4, "0")}`));
  return list;
}

function publicFolder(name: string, prefix: string): string {
  return JSON.stringify(
    { Version: "2012-10-17", Statement: [{ Sid: "PublicRead", Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${name}/${prefix}*` }] },
    null,
    2,
  );
}

export function demoBackend(query: URLSearchParams): FakeBackend {
  const world = new World();
  const rows = Number(query.get("rows") ?? 100_000);
  const theme = query.get("theme");
  if (theme) world.settings = { ...world.settings, theme: theme as Theme };
  const vault = query.get("vault");
  if (vault) {
    world.vault = {
      state: vault as VaultState,
      reason: vault === "unavailable" ? "No Secret Service answered on the session bus." : null,
      hasPassphrase: vault === "keyMissing",
    };
  }
  const fake = new FakeBackend(world, { callMs: 6, pageMs: 25, speed: 82_000_000 });
  fake.sandboxBuckets = () => buckets(rows, false);
  fake.choice = { handle: 1, files: 3, folders: 0, bytes: 612_000_000, names: ["DSC_0412.NEF", "DSC_0413.NEF", "Übersicht & Notizen.txt"], counting: false };
  if (query.has("first")) return fake;

  world.add(SANDBOX, buckets(rows, query.has("many")));
  world.add({ ...SANDBOX, id: "aws", name: "Acme production", kind: "vault", provider: "aws", endpoint: "https://s3.eu-central-1.amazonaws.com", region: "eu-central-1", accessKeyHint: "AKIA…7Q2M" }, []);
  const sso = { startUrl: "https://acme.awsapps.com/start", region: "eu-west-1", session: "acme", accountId: "112233445566", roleName: "S3Admin", oidcEndpoint: null, portalEndpoint: null };
  world.add(
    { ...SANDBOX, id: "sso", name: "Acme archive", kind: "vault", provider: "aws", endpoint: "https://s3.eu-west-1.amazonaws.com", region: "eu-west-1", accessKeyHint: null, options: { ...OPTIONS, signIn: { way: "sso", sso } } },
    [bucket("acme-archive", [object("2024/ledger.parquet", 41_000_000, ago(2_000))])],
  );
  fake.signIn.status.set("sso", { state: "signedIn", expires: new Date(NOW + 3 * 3_600_000).toISOString(), renewable: true });
  if (query.has("mfa")) fake.signIn.prompts = [{ id: 1, serial: "arn:aws:iam::112233445566:mfa/ada", roleArn: "arn:aws:iam::112233445566:role/deploy" }];
  world.add({ ...SANDBOX, id: "nas", name: "NAS in the cellar", kind: "session", provider: "custom", endpoint: "http://nas.lan:9000", accessKeyHint: "mini…dmin", insecure: true }, [bucket("backups")]);
  if (!query.has("nokeys")) keys(fake);
  if (!query.has("calm")) jobs(fake);
  Object.assign(window, { __demo: fake });
  return fake;
}

function keys(fake: FakeBackend): void {
  const recipients = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kudmsn3qqzvqk0p";
  fake.keys.list = [
    { name: "Archive 2026", kind: "age", createdAt: ago(80_000), recipients },
    { name: "customer eu-central-1", kind: "customer", createdAt: ago(44_000), recipients: null },
    { name: "Finance team and auditors", kind: "recipients", createdAt: ago(9_000), recipients: `${recipients}\n${recipients}` },
    { name: "s3cmd", kind: "passphrase", createdAt: ago(300_000), recipients: null },
  ];
  fake.keys.places = [
    { profile: "sandbox", bucket: "acme-studio", prefix: "invoices/2026/", protection: { by: "here", format: "openpgp", keys: ["s3cmd"] } },
    { profile: "sandbox", bucket: "acme-studio", prefix: "archive/", protection: { by: "here", format: "age", keys: ["Archive 2026", "Finance team and auditors"] } },
    { profile: "sandbox", bucket: "finance-vault", prefix: "", protection: { by: "server", way: { with: "kms", key: "arn:aws:kms:eu-central-1:112233445566:key/6f1c2d3e-4b5a-4978-8c6d-7e8f9a0b1c2d", bucketKey: true } } },
  ];
  fake.keys.defaults.set("acme-studio", { way: { with: "s3" }, blocked: ["SSE-C"] });
  const studio = fake.world.bucket("sandbox", "acme-studio");
  const of = (key: string, encryption: Encryption): void => {
    const found = studio.objects.find((o) => o.key === key);
    if (found) found.encryption = encryption;
  };
  of("invoice-0042.pdf", { server: { method: "AES256", key: null, bucketKey: false }, here: { format: "openpgp", keys: ["s3cmd"] }, etagIsMd5: true });
  of("settings.json", { server: { method: "AES256", key: null, bucketKey: false }, here: { format: "rclone", keys: [] }, etagIsMd5: true });
  of("catalogue.parquet", { server: { method: "aws:kms", key: "arn:aws:kms:eu-central-1:112233445566:key/6f1c2d3e-4b5a-4978-8c6d-7e8f9a0b1c2d", bucketKey: true }, here: null, etagIsMd5: false });
}

function jobs(fake: FakeBackend): void {
  const where = { profile: "sandbox", profileName: "Sandbox", bucket: "acme-studio", prefix: "photos/" };
  const roll = dice(3);
  const files = (n: number, ext: string, size: number) =>
    Array.from({ length: n }, (_, i) => ({ name: `DSC_${1000 + i}.${ext}`, key: `photos/DSC_${1000 + i}.${ext}`, size: Math.round(size * (0.5 + roll())) }));
  fake.queue.put(
    {
      id: 1, kind: "upload", state: "failed", ...where, prefix: "invoices/2026/", title: "48 items", createdAt: ago(42), finishedAt: ago(38),
      filesTotal: 48, filesDone: 46, filesFailed: 2, filesSkipped: 0, bytesTotal: 4_800_000, bytesDone: 4_600_000, rate: 0, secondsLeft: null, planning: false, priority: "normal", position: 0, speedLimit: null, elsewhere: false, error: null,
    },
    [
      { id: 0, name: "invoice-0007.pdf", key: "invoices/2026/invoice-0007.pdf", state: "failed", size: 90_112, bytesDone: 0, rate: 0, secondsLeft: null, verified: null, error: ipcError("source_changed", "size was 90112, is 90548") },
      { id: 1, name: "rechnung größe 12.pdf", key: "invoices/2026/rechnung größe 12.pdf", state: "failed", size: 81_400, bytesDone: 0, rate: 0, secondsLeft: null, verified: null, error: ipcError("access_denied", "Access Denied") },
      ...Array.from({ length: 46 }, (_, i) => ({ id: i + 2, name: `invoice-${i}.pdf`, key: `invoices/2026/invoice-${i}.pdf`, state: "completed" as const, size: 100_000, bytesDone: 100_000, rate: 0, secondsLeft: null, verified: "verified by CRC64NVME", error: null })),
    ],
  );
  fake.queue.put(
    {
      id: 2, kind: "download", state: "completed", ...where, prefix: "", title: "hero.mp4", createdAt: ago(20), finishedAt: ago(18),
      filesTotal: 1, filesDone: 1, filesFailed: 0, filesSkipped: 0, bytesTotal: 734_003_200, bytesDone: 734_003_200, rate: 0, secondsLeft: null, planning: false, priority: "normal", position: 0, speedLimit: null, elsewhere: false, error: null,
    },
    [{ id: 0, name: "hero.mp4", key: "hero.mp4", state: "completed", size: 734_003_200, bytesDone: 734_003_200, rate: 0, secondsLeft: null, verified: "verified by CRC64NVME", error: null }],
  );
  const paused = fake.queue.add("download", { ...where, profile: "nas", profileName: "NAS in the cellar", bucket: "backups", prefix: "2026/" }, "214 items", files(214, "tar", 410_000_000));
  fake.queue.pause(paused);
  fake.queue.add("upload", where, "Kyoto selection (412 items)", files(412, "NEF", 28_000_000));
  fake.queue.add("upload", { ...where, prefix: "" }, "dataset-full.tar.zst", [{ name: "dataset-full.tar.zst", key: "dataset-full.tar.zst", size: 10_995_116_277_760 }]);
  const small = fake.queue.add("download", { ...where, bucket: "www.example.com", prefix: "" }, "2 items", files(2, "html", 4_000_000));
  fake.queue.set(small, { priority: "low", speedLimit: 500_000 });
  const other = fake.queue.add("copy", { ...where, bucket: "finance-vault", prefix: "2026/" }, "q3.xlsx", [{ name: "q3.xlsx", key: "2026/q3.xlsx", size: 88_000 }]);
  fake.queue.set(other, { elsewhere: true });
}
