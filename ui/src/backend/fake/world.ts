// What the fake engine holds: connections, buckets, objects.
import type {
  Code, Encryption, IpcError, Profile, ProfileOptions, Provider, Settings, UploadOptions, VaultStatus,
} from "../types";

export type FakeObject = {
  key: string;
  size: number;
  modified: string;
  storageClass: string;
  public: boolean;
  metadata: [string, string][];
  /** SSE-S3 where it is not said. */
  encryption?: Encryption;
};

export type FakeBucket = {
  name: string;
  createdAt: string;
  region: string;
  objects: FakeObject[];
  policy: string | null;
  listPublic: boolean;
  aclsOff: boolean;
  blocked: boolean;
  versioned: boolean;
  options: UploadOptions;
  /** Every listing of it fails with this. */
  broken: IpcError | null;
};

export function ipcError(code: Code, message: string, extra: Partial<IpcError> = {}): IpcError {
  return { code, message, hint: null, retry: "never", retryAfterMs: null, s3: null, ...extra };
}

export const PRIVATE: UploadOptions = { visibility: "private", storageClass: null, contentType: null, cacheControl: null, metadata: [], protection: { how: "place" } };

export function object(key: string, size: number, modified: string, extra: Partial<FakeObject> = {}): FakeObject {
  return { key, size, modified, storageClass: "STANDARD", public: false, metadata: [], ...extra };
}

export function bucket(name: string, objects: FakeObject[] = [], extra: Partial<FakeBucket> = {}): FakeBucket {
  return {
    name,
    createdAt: "2025-03-04T09:12:00Z",
    region: "us-east-1",
    objects,
    policy: null,
    listPublic: false,
    aclsOff: false,
    blocked: false,
    versioned: false,
    options: PRIVATE,
    broken: null,
    ...extra,
  };
}

export const SANDBOX: Profile = {
  id: "sandbox",
  name: "Sandbox",
  kind: "sandbox",
  provider: "sandbox",
  endpoint: "http://127.0.0.1:9444",
  region: "us-east-1",
  addressing: "path",
  accessKeyHint: "SBX1…9QXD",
  insecure: false,
};

export const OPTIONS: ProfileOptions = {
  signIn: { way: "keys" },
  network: { proxy: { use: "environment" }, roots: null, clientCertificate: null, pin: null },
  start: null, requesterPays: false, fips: false, dualStack: false, accelerate: false,
};

const AWS_REGIONS = [
  "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "eu-central-1", "eu-west-1", "eu-west-2",
  "eu-west-3", "eu-north-1", "eu-south-1", "ap-south-1", "ap-southeast-1", "ap-southeast-2", "ap-northeast-1", "sa-east-1",
];

export const PROVIDERS: Provider[] = [
  { id: "aws", name: "Amazon S3", endpointTemplate: "https://s3.{region}.amazonaws.com", regions: AWS_REGIONS, defaultRegion: "us-east-1", addressing: "auto", note: null },
  { id: "r2", name: "Cloudflare R2", endpointTemplate: "https://{account}.r2.cloudflarestorage.com", regions: ["auto"], defaultRegion: "auto", addressing: "path", note: "Replace {account} with your account id." },
  { id: "b2", name: "Backblaze B2", endpointTemplate: "https://s3.{region}.backblazeb2.com", regions: ["us-west-004", "eu-central-003"], defaultRegion: "us-west-004", addressing: "auto", note: null },
  { id: "custom", name: "Other S3 server", endpointTemplate: "", regions: [], defaultRegion: "us-east-1", addressing: "path", note: "MinIO, Ceph, Garage, SeaweedFS and others." },
];

export class World {
  profiles: Profile[] = [];
  settings: Settings = { theme: "system", density: "normal" };
  vault: VaultStatus = { state: "ready", reason: null, hasPassphrase: false };
  passphrase = "correct horse";
  readonly buckets = new Map<string, FakeBucket[]>();

  add(profile: Profile, buckets: FakeBucket[] = []): this {
    this.profiles = [...this.profiles.filter((p) => p.id !== profile.id), profile];
    this.buckets.set(profile.id, buckets);
    return this;
  }

  bucketsOf(profile: string): FakeBucket[] {
    const found = this.buckets.get(profile);
    if (!found) throw ipcError("internal", `no connection ${profile}`);
    return found;
  }

  bucket(profile: string, name: string): FakeBucket {
    const found = this.bucketsOf(profile).find((b) => b.name === name);
    if (!found) {
      throw ipcError("bucket_not_found", "The specified bucket does not exist", {
        s3: { op: "ListObjectsV2", httpStatus: 404, s3Code: "NoSuchBucket", requestId: "4442587FB7D0A2F9", bucket: name, key: null },
      });
    }
    return found;
  }

  object(profile: string, bucketName: string, key: string): FakeObject {
    const found = this.bucket(profile, bucketName).objects.find((o) => o.key === key);
    if (!found) throw ipcError("object_not_found", "The specified key does not exist.");
    return found;
  }
}
