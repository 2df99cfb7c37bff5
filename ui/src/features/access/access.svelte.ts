// The access page of one bucket: what it opens to strangers and the acts that change it.
import type { BucketAccess, IpcError, PublicChange } from "../../backend";
import { asIpcError } from "../../lib/errors";
import type { Host } from "../../lib/host";
import { m } from "../../paraglide/messages.js";

export class Access {
  data = $state.raw<BucketAccess | null>(null);
  error = $state.raw<IpcError | null>(null);
  busy = $state<string | null>(null);

  constructor(
    private readonly host: Host,
    readonly profile: string,
    readonly bucket: string,
    private readonly learnt: (access: BucketAccess) => void,
  ) {}

  async load(): Promise<void> {
    this.error = null;
    try {
      this.#set(await this.host.backend.bucketAccess({ profile: this.profile, bucket: this.bucket }));
    } catch (caught) {
      this.error = asIpcError(caught);
    }
  }

  #set(data: BucketAccess): void {
    this.data = data;
    this.learnt(data);
  }

  /** Runs one act; the control that started it shows that it is busy. */
  async act(name: string, action: () => Promise<BucketAccess>): Promise<boolean> {
    this.busy = name;
    const ok = await this.host.attempt(async () => this.#set(await action()));
    this.busy = null;
    return ok;
  }

  /** Opening takes one confirmation that shows the address and what is written; closing takes none. */
  async setPublic(what: PublicChange["what"], prefix: string, wanted: boolean): Promise<void> {
    const { backend, asks } = this.host;
    const change: PublicChange = { profile: this.profile, bucket: this.bucket, what, prefix, public: wanted };
    const name = `${what}:${prefix}`;
    if (wanted) {
      this.busy = name;
      let agreed = false;
      await this.host.attempt(async () => {
        const preview = await backend.publicPreview(change);
        this.busy = null;
        agreed = await asks.confirm({
          title: publishTitle(change),
          body: [publishBody(change), ...(preview.affected ? [preview.affected] : [])],
          url: preview.url,
          urlCaption: what === "listNames" ? m.access_list_url() : m.access_read_url(),
          ...(preview.policyAfter !== null && preview.policyAfter !== preview.policyBefore
            ? { diff: { before: preview.policyBefore ?? "", after: preview.policyAfter } }
            : {}),
          action: what === "listNames" ? m.access_list_action() : m.access_read_action(),
          tone: "warning",
        });
      });
      this.busy = null;
      if (!agreed) return;
    }
    await this.act(name, () => backend.publicSet(change));
  }

  async enableAcl(): Promise<void> {
    const yes = await this.host.asks.confirm({
      title: m.acl_enable_title(),
      body: [m.acl_enable_body({ bucket: this.bucket })],
      action: m.acl_enable_action(),
      tone: "warning",
    });
    if (yes) await this.act("acl", () => this.host.backend.aclEnable({ profile: this.profile, bucket: this.bucket }));
  }

  async allowPublic(): Promise<void> {
    const yes = await this.host.asks.confirm({
      title: m.block_allow_title(),
      body: [m.block_allow_body({ bucket: this.bucket })],
      action: m.block_allow_action(),
      tone: "warning",
    });
    if (yes) await this.act("block", () => this.host.backend.publicAccessAllow({ profile: this.profile, bucket: this.bucket }));
  }

  async savePolicy(text: string, makesPublic: boolean): Promise<boolean> {
    if (makesPublic) {
      const yes = await this.host.asks.confirm({
        title: m.policy_public_title(),
        body: [m.policy_public_body({ bucket: this.bucket })],
        diff: { before: this.data?.policy ?? "", after: text },
        action: m.policy_public_action(),
        tone: "warning",
      });
      if (!yes) return false;
    }
    return this.act("policy", () => this.host.backend.policyPut({ profile: this.profile, bucket: this.bucket, text }));
  }

  async deletePolicy(): Promise<boolean> {
    const yes = await this.host.asks.confirm({
      title: m.policy_delete_title({ bucket: this.bucket }),
      body: [m.policy_delete_body()],
      action: m.policy_delete_action(),
      tone: "danger",
    });
    if (!yes) return false;
    return this.act("policy", () => this.host.backend.policyDelete({ profile: this.profile, bucket: this.bucket }));
  }
}

function publishTitle(change: PublicChange): string {
  if (change.what === "listNames") return m.access_list_title({ bucket: change.bucket });
  return change.prefix === "" ? m.access_read_title({ bucket: change.bucket }) : m.access_prefix_title({ prefix: change.prefix });
}

function publishBody(change: PublicChange): string {
  if (change.what === "listNames") return m.access_list_body();
  return change.prefix === "" ? m.access_read_body({ bucket: change.bucket }) : m.access_prefix_body({ prefix: change.prefix });
}

/** The whole bucket readable by anyone, as a start for one's own policy. */
export function publicReadTemplate(bucket: string): string {
  const policy = {
    Version: "2012-10-17",
    Statement: [
      {
        Sid: "PublicRead",
        Effect: "Allow",
        Principal: "*",
        Action: "s3:GetObject",
        Resource: `arn:aws:s3:::${bucket}/*`,
      },
    ],
  };
  return JSON.stringify(policy, null, 2);
}
