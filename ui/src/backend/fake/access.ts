// A small judge of policies: only what the demo writes. The engine's own evaluator decides in the app.
import type { AccessLine, BucketAccess, Exposure, PolicyCheck, PolicyProblem, PublicChange } from "../types";
import type { FakeBucket, FakeObject } from "./world";

type Statement = { Sid?: string; Effect: string; Principal: unknown; Action: string | string[]; Resource: string | string[] };
type Policy = { Version: string; Statement: Statement[] };

const list = (v: string | string[]): string[] => (Array.isArray(v) ? v : [v]);

function parse(policy: string | null): Policy {
  if (policy === null) return { Version: "2012-10-17", Statement: [] };
  const parsed = JSON.parse(policy) as Policy;
  return { ...parsed, Statement: Array.isArray(parsed.Statement) ? parsed.Statement : [parsed.Statement] };
}

function isPublicRead(s: Statement): boolean {
  const everyone = s.Principal === "*" || JSON.stringify(s.Principal) === '{"AWS":"*"}';
  return s.Effect === "Allow" && everyone && list(s.Action).some((a) => a === "s3:GetObject" || a === "s3:*" || a === "*");
}

/** Prefixes that everyone may read; "" is the whole bucket. */
export function publicPrefixes(bucket: FakeBucket): string[] {
  if (bucket.blocked) return [];
  const root = `arn:aws:s3:::${bucket.name}/`;
  return parse(bucket.policy)
    .Statement.filter(isPublicRead)
    .flatMap((s) => list(s.Resource))
    .filter((r) => r.startsWith(root) && r.endsWith("*"))
    .map((r) => r.slice(root.length, -1));
}

export function exposureOf(bucket: FakeBucket, key: string, object?: FakeObject): Exposure {
  const prefixes = publicPrefixes(bucket);
  if (prefixes.some((p) => key.startsWith(p))) return "public";
  if (object?.public && !bucket.aclsOff && !bucket.blocked) return "public";
  if (key.endsWith("/") && (prefixes.some((p) => p.startsWith(key)) || bucket.objects.some((o) => o.public && o.key.startsWith(key)))) return "partly";
  return "private";
}

export function bucketAccess(bucket: FakeBucket): BucketAccess {
  const prefixes = publicPrefixes(bucket);
  const listNames = bucket.listPublic && !bucket.aclsOff && !bucket.blocked;
  const lines: AccessLine[] = [
    { who: "owner", what: "readObjects", prefix: "", allowed: true, by: "acl", detail: "owner FULL_CONTROL" },
  ];
  for (const prefix of prefixes) {
    lines.push({ who: "everyone", what: "readObjects", prefix, allowed: true, by: "policy", detail: prefix === "" ? "PublicRead" : `PublicRead-${prefix}` });
  }
  if (!prefixes.includes("")) {
    lines.push({ who: "everyone", what: "readObjects", prefix: "", allowed: false, by: bucket.blocked ? "publicAccessBlock" : "default", detail: bucket.blocked ? "RestrictPublicBuckets" : "" });
  }
  lines.push({
    who: "everyone", what: "listNames", prefix: null, allowed: listNames,
    by: listNames ? "acl" : bucket.aclsOff ? "ownership" : "default", detail: listNames ? "AllUsers READ" : bucket.aclsOff ? "BucketOwnerEnforced" : "",
  });
  return {
    exposure: prefixes.includes("") ? "public" : prefixes.length > 0 || listNames ? "partly" : "private",
    readAll: prefixes.includes(""),
    readPrefixes: prefixes.filter((p) => p !== ""),
    listNames,
    write: false,
    lines,
    aclOff: bucket.aclsOff ? { kind: "ownershipEnforced" } : bucket.blocked ? { kind: "publicAccessBlocked", setting: "BlockPublicAcls" } : null,
    policyOff: bucket.blocked ? { kind: "publicAccessBlocked", setting: "BlockPublicPolicy" } : null,
    policy: bucket.policy,
  };
}

/** The policy after a change, or null when nothing would be left in it. */
export function changedPolicy(bucket: FakeBucket, change: PublicChange): string | null {
  const policy = parse(bucket.policy);
  const resource = `arn:aws:s3:::${bucket.name}/${change.prefix}*`;
  const rest = policy.Statement.filter((s) => !(isPublicRead(s) && list(s.Resource).includes(resource)));
  if (change.public) {
    const name = change.prefix.replace(/[^A-Za-z0-9]/g, "");
    rest.push({ Sid: `DipperPublicRead${name}`, Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: resource });
  }
  return rest.length === 0 ? null : JSON.stringify({ Version: policy.Version, Statement: rest }, null, 2);
}

export function checkPolicy(bucket: string, text: string): PolicyCheck {
  const problems: PolicyProblem[] = [];
  let policy: Policy;
  try {
    policy = parse(text);
  } catch (caught) {
    return { ok: false, makesPublic: false, problems: [{ ...placeOf(text, caught), message: "This is not valid JSON: a comma, quote or bracket is missing here.", severity: "error" }] };
  }
  const lineOf = (needle: string): number | null => {
    const at = text.indexOf(needle);
    return at === -1 ? null : text.slice(0, at).split("\n").length;
  };
  if (policy.Version !== "2012-10-17") problems.push({ line: lineOf('"Version"'), column: null, message: 'Version should be "2012-10-17".', severity: "warning" });
  for (const s of policy.Statement) {
    if (s?.Effect !== "Allow" && s?.Effect !== "Deny") problems.push({ line: lineOf('"Effect"') ?? 1, column: null, message: 'Effect must be "Allow" or "Deny".', severity: "error" });
    if (s?.Principal === undefined) problems.push({ line: lineOf('"Statement"') ?? 1, column: null, message: "A bucket policy's statement needs a Principal.", severity: "error" });
    for (const r of list(s?.Resource ?? [])) {
      if (!r.startsWith(`arn:aws:s3:::${bucket}`)) problems.push({ line: lineOf(r), column: null, message: `The resource names another bucket than “${bucket}”.`, severity: "error" });
    }
  }
  return { ok: problems.every((p) => p.severity !== "error"), problems, makesPublic: policy.Statement.some(isPublicRead) };
}

function placeOf(text: string, caught: unknown): { line: number | null; column: number | null } {
  const position = /position (\d+)/.exec(String(caught))?.[1];
  if (position === undefined) return { line: text.split("\n").length, column: 1 };
  const before = text.slice(0, Number(position)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
