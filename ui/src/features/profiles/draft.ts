// The form's own rules, apart from its looks.
import type { Profile, ProfileDraft, ProfileOptions, Provider, VaultState } from "../../backend";
import { filled, hasKeptKeys, NO_OPTIONS, type SignInFields, takesKeys, wayOf } from "./signin";

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

export type DraftProblem = "endpoint" | "account" | "region" | "keys" | "http";

/** What still keeps it from being tested or saved, apart from the way to sign in. */
export function draftProblem(draft: ProfileDraft, fields: SignInFields, profile: Profile | null): DraftProblem | null {
  if (/\{account\}/.test(draft.endpoint)) return "account";
  if (!/^https?:\/\/[^\s/]+/i.test(draft.endpoint.trim())) return "endpoint";
  if (draft.region.trim() === "") return "region";
  if (takesKeys(fields)) {
    const [id, secret] = [draft.accessKeyId.trim() !== "", draft.secretAccessKey !== ""];
    if (id !== secret || (!id && !hasKeptKeys(profile))) return "keys";
  }
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

/** The options of a form: a copy, so that leaving the form changes nothing. */
export function optionsOf(profile: Profile | null): ProfileOptions {
  return structuredClone(profile?.options ?? NO_OPTIONS);
}

/** What is sent: only what belongs to the chosen way and provider. */
export function wholeDraft(draft: ProfileDraft, fields: SignInFields, options: ProfileOptions, keep: ProfileDraft["keep"]): ProfileDraft {
  const keys = takesKeys(fields);
  const aws = draft.provider === "aws";
  const { network } = options;
  return {
    ...draft,
    endpoint: draft.endpoint.trim(),
    region: draft.region.trim(),
    accessKeyId: keys ? draft.accessKeyId.trim() : "",
    secretAccessKey: keys ? draft.secretAccessKey : "",
    sessionToken: keys ? filled(draft.sessionToken) : null,
    keep,
    clientKey: network.clientCertificate ? (draft.clientKey ?? null) : null,
    options: {
      signIn: wayOf(fields),
      network: {
        ...network,
        proxy: network.proxy.use === "url" ? { use: "url", url: network.proxy.url.trim() } : network.proxy,
        pin: filled(network.pin),
      },
      start: filled(options.start),
      requesterPays: options.requesterPays,
      fips: aws && options.fips,
      dualStack: aws && options.dualStack,
      accelerate: aws && options.accelerate,
    },
  };
}
