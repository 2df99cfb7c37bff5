// Signing in and taking connections over, as the engine would: sessions, the browser's code, prompts, imports.
import type * as T from "../types";
import { ipcError } from "./world";

const ACCOUNTS: T.SsoAccount[] = [
  { id: "112233445566", name: "Acme production", email: "aws-production@acme.example", roles: ["ReadOnly", "S3Admin"] },
  { id: "998877665544", name: "Acme sandbox", email: "aws-sandbox@acme.example", roles: ["Developer"] },
];

const AWS_FILES: T.AwsFiles = {
  profiles: [
    { name: "default", region: "eu-central-1", endpoint: null, way: "keys", mfaSerial: null },
    { name: "deploy", region: "eu-west-1", endpoint: null, way: "role", mfaSerial: "arn:aws:iam::112233445566:mfa/ada" },
    { name: "studio-nas", region: null, endpoint: "https://nas.lan:9000", way: "process", mfaSerial: null },
  ],
  sessions: [{ name: "acme", startUrl: "https://acme.awsapps.com/start", region: "eu-west-1" }],
};

const FOUND: T.ImportPreview["found"] = [
  {
    name: "wasabi", provider: "wasabi", endpoint: "https://s3.eu-central-1.wasabisys.com", region: "eu-central-1", hasKeys: true, unusable: null,
    notes: [
      { what: "access_key_id", whyNot: null },
      { what: "region", whyNot: null },
      { what: "acl", whyNot: "uploads are private unless you say otherwise" },
    ],
  },
  { name: "minio at home", provider: "custom", endpoint: "http://nas.lan:9000", region: "us-east-1", hasKeys: false, unusable: null, notes: [] },
  { name: "old", provider: "custom", endpoint: "", region: "", hasKeys: true, unusable: "it signs with version 2, which is no longer used", notes: [] },
];

export class FakeSignIn {
  accounts: T.SsoAccount[] = ACCOUNTS;
  awsFiles: T.AwsFiles = AWS_FILES;
  /** By the connection's id; others have permanent keys. */
  readonly status = new Map<string, T.SignInStatus>();
  prompts: T.OpenPrompt[] = [];
  readonly answers: { id: number; answer: string | null }[] = [];
  /** Somebody is signed in to the start URL. */
  token = false;
  readonly cancelled: number[] = [];
  #watchers = new Map<number, (end: T.DeviceEnd) => void>();
  #next = 1;

  /** What the next file holds. */
  found: T.ImportPreview["found"] = FOUND;
  fileNotes: T.ImportNote[] = [{ what: "gdrive", whyNot: "it is no S3 remote" }];
  /** The file is encrypted with this. */
  filePassword: string | null = null;
  chosenFile: number | null = 7;
  readonly closed: number[] = [];

  start(): T.DeviceFlow {
    const id = this.#next++;
    return {
      id, userCode: "QKBF-TRWD", verificationUri: "https://acme.awsapps.com/start/#/device",
      verificationUriComplete: "https://acme.awsapps.com/start/#/device?user_code=QKBF-TRWD", expires: new Date(Date.now() + 600_000).toISOString(),
    };
  }
  watch(id: number, onEnd: (end: T.DeviceEnd) => void): void {
    this.#watchers.set(id, onEnd);
  }
  cancel(id: number): void {
    this.cancelled.push(id);
    this.#watchers.delete(id);
  }
  /** As if the code had been confirmed in the browser, or refused there. */
  endDevice(error: T.IpcError | null = null): void {
    this.token = error === null;
    const status: T.SignInStatus = { state: "signedIn", expires: new Date(Date.now() + 8 * 3_600_000).toISOString(), renewable: true };
    for (const tell of this.#watchers.values()) tell(error ? { status: null, error } : { status, error: null });
    this.#watchers.clear();
  }
  list(): T.SsoAccount[] {
    if (!this.token) throw ipcError("expired_token", "nobody is signed in");
    return this.accounts;
  }

  statusOf(profile: string): T.SignInStatus {
    return this.status.get(profile) ?? { state: "permanent", expires: null, renewable: false };
  }
  renew(profile: string): T.SignInStatus {
    const status: T.SignInStatus = { state: "signedIn", expires: new Date(Date.now() + 3_600_000).toISOString(), renewable: true };
    this.status.set(profile, status);
    return status;
  }
  answer(req: { id: number; answer: string | null }): void {
    this.answers.push(req);
    this.prompts = this.prompts.filter((p) => p.id !== req.id);
  }

  open(req: T.ImportRequest): T.ImportPreview {
    if (this.filePassword !== null && req.password !== this.filePassword) {
      throw ipcError("decrypt_failed", "the configuration is encrypted", { hint: "Enter the password of this file." });
    }
    return { id: this.#next++, found: this.found, notes: this.fileNotes };
  }
  /** The connections that are made of what was found. */
  take(names: string[] | null): T.Profile[] {
    const usable = this.found.filter((f) => f.unusable === null && (names === null || names.includes(f.name)));
    return usable.map((f) => ({
      id: `i${this.#next++}`, name: f.name, kind: "vault", provider: f.provider, endpoint: f.endpoint, region: f.region, addressing: "auto",
      accessKeyHint: f.hasKeys ? "WSBI…41QX" : null, insecure: f.endpoint.startsWith("http://"),
    }));
  }
}
