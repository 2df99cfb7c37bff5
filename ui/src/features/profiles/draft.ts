// The form's own rules, apart from its looks.
import type { Profile, ProfileDraft, Provider, VaultState } from "../../backend";

export function newDraft(provider: Provider | undefined, vault: VaultState): ProfileDraft {
  const region = provider?.defaultRegion ?? "us-east-1";
  return {
    id: null,
    name: "",
    provider: provider?.id ?? "custom",
    endpoint: provider ? fillTemplate(provider.endpointTemplate, region) : "",
    region,
    addressing: provider?.addressing ?? "auto",
    accessKeyId: "",
    secretAccessKey: "",
    sessionToken: null,
    keep: canKeep(vault) ? "vault" : "session",
    allowHttp: false,
  };
}

export function draftOf(profile: Profile, vault: VaultState): ProfileDraft {
  return {
    id: profile.id,
    name: profile.name,
    provider: profile.provider,
    endpoint: profile.endpoint,
    region: profile.region,
    addressing: profile.addressing,
    accessKeyId: "",
    secretAccessKey: "",
    sessionToken: null,
    keep: profile.kind === "session" || !canKeep(vault) ? "session" : "vault",
    allowHttp: profile.insecure,
  };
}

export function canKeep(vault: VaultState): boolean {
  return vault === "ready" || vault === "empty";
}

/** "{account}" stays: the person has to fill it in. */
export function fillTemplate(template: string, region: string): string {
  return template.replaceAll("{region}", region);
}

export function isHttpElsewhere(endpoint: string): boolean {
  if (!/^http:\/\//i.test(endpoint)) return false;
  try {
    const { hostname } = new URL(endpoint);
    return !(hostname === "localhost" || hostname.endsWith(".localhost") || hostname === "[::1]" || /^127\./.test(hostname));
  } catch {
    return true;
  }
}

export type DraftProblem = "endpoint" | "account" | "region" | "keys" | "http" | "name";

/** What still keeps it from being tested or saved. */
export function draftProblem(draft: ProfileDraft): DraftProblem | null {
  if (/\{account\}/.test(draft.endpoint)) return "account";
  if (!/^https?:\/\/[^\s/]+/i.test(draft.endpoint.trim())) return "endpoint";
  if (draft.region.trim() === "") return "region";
  if (draft.id === null && (draft.accessKeyId.trim() === "" || draft.secretAccessKey === "")) return "keys";
  if (draft.accessKeyId.trim() !== "" && draft.secretAccessKey === "") return "keys";
  if (isHttpElsewhere(draft.endpoint) && !draft.allowHttp) return "http";
  return null;
}

/** A name nobody typed: the provider's, or the host's. */
export function suggestedName(draft: ProfileDraft, provider: Provider | undefined): string {
  if (provider && provider.id !== "custom") return provider.name;
  try {
    return new URL(draft.endpoint).host;
  } catch {
    return "";
  }
}
