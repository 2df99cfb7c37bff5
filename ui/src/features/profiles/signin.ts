// How a connection signs in, as the form holds it: every way keeps what was typed while another one is looked at.
import type { Profile, ProfileOptions, RoleWay, SsoWay, Way } from "../../backend";

/** "anonymous" is no way of its own on the wire: keys, and none given. */
export type Choice = Way["way"] | "anonymous";
export const CHOICES: Choice[] = ["keys", "awsProfile", "sso", "role", "webIdentity", "instance", "environment", "anonymous"];

export type SignInFields = {
  choice: Choice;
  awsProfile: string;
  sso: SsoWay;
  role: RoleWay;
  /** The profile of the AWS files that a role is taken on with. */
  roleProfile: string;
  web: Omit<Extract<Way, { way: "webIdentity" }>, "way">;
  instance: string | null;
};

export const NO_OPTIONS: ProfileOptions = {
  signIn: { way: "keys" },
  network: { proxy: { use: "environment" }, roots: null, clientCertificate: null, pin: null },
  start: null,
  requesterPays: false,
  fips: false,
  dualStack: false,
  accelerate: false,
};

export function fieldsOf(profile: Profile | null): SignInFields {
  const way = profile?.options?.signIn ?? { way: "keys" };
  const keyless = profile !== null && way.way === "keys" && profile.accessKeyHint === null;
  return {
    choice: keyless ? "anonymous" : way.way,
    awsProfile: way.way === "awsProfile" ? way.name : "",
    sso: way.way === "sso" ? { ...way.sso } : { startUrl: "", region: "", session: "dipper", accountId: "", roleName: "", oidcEndpoint: null, portalEndpoint: null },
    role:
      way.way === "role"
        ? { ...way.role }
        : { source: { from: "keys" }, roleArn: "", externalId: null, sessionName: null, durationSeconds: null, mfaSerial: null, stsEndpoint: null, region: null },
    roleProfile: way.way === "role" && way.role.source.from === "awsProfile" ? way.role.source.name : "",
    web:
      way.way === "webIdentity"
        ? { tokenFile: way.tokenFile, roleArn: way.roleArn, sessionName: way.sessionName, stsEndpoint: way.stsEndpoint, region: way.region }
        : { tokenFile: "", roleArn: "", sessionName: null, stsEndpoint: null, region: null },
    instance: way.way === "instance" ? way.endpoint : null,
  };
}

/** Null where nothing but blanks was typed. */
export function filled(text: string | null): string | null {
  return text?.trim() || null;
}

export function wayOf(fields: SignInFields): Way {
  const { choice, sso, role, web } = fields;
  switch (choice) {
    case "awsProfile":
      return { way: "awsProfile", name: fields.awsProfile };
    case "sso":
      return { way: "sso", sso: ssoOf(sso) };
    case "role":
      return {
        way: "role",
        role: {
          ...role,
          source: role.source.from === "awsProfile" ? { from: "awsProfile", name: fields.roleProfile } : role.source,
          roleArn: role.roleArn.trim(),
          externalId: filled(role.externalId),
          sessionName: filled(role.sessionName),
          mfaSerial: filled(role.mfaSerial),
        },
      };
    case "webIdentity":
      return { way: "webIdentity", ...web, tokenFile: web.tokenFile.trim(), roleArn: web.roleArn.trim(), sessionName: filled(web.sessionName) };
    case "instance":
      return { way: "instance", endpoint: fields.instance };
    case "environment":
      return { way: "environment" };
    default:
      return { way: "keys" };
  }
}

export function ssoOf(sso: SsoWay): SsoWay {
  return { ...sso, startUrl: sso.startUrl.trim(), region: sso.region.trim(), session: filled(sso.session) };
}

/** Whether keys are typed in this form. */
export function takesKeys({ choice, role }: SignInFields): boolean {
  return choice === "keys" || (choice === "role" && role.source.from === "keys");
}

/** The engine knows keys of this connection, and takes them where none are typed. */
export function hasKeptKeys(profile: Profile | null): boolean {
  return profile !== null && profile.accessKeyHint !== null;
}

export type SignInProblem = "awsProfile" | "ssoStart" | "ssoChoice" | "roleArn" | "roleProfile" | "tokenFile";

export function signInProblem(fields: SignInFields): SignInProblem | null {
  const { choice, sso, role, web } = fields;
  if (choice === "awsProfile" && fields.awsProfile === "") return "awsProfile";
  if (choice === "sso" && ssoStartMissing(sso)) return "ssoStart";
  if (choice === "sso" && (sso.accountId === "" || sso.roleName === "")) return "ssoChoice";
  if (choice === "role" && role.roleArn.trim() === "") return "roleArn";
  if (choice === "role" && role.source.from === "awsProfile" && fields.roleProfile === "") return "roleProfile";
  if (choice === "webIdentity" && web.roleArn.trim() === "") return "roleArn";
  if (choice === "webIdentity" && web.tokenFile.trim() === "") return "tokenFile";
  return null;
}

export function ssoStartMissing(sso: SsoWay): boolean {
  return !/^https?:\/\/[^\s/]+/i.test(sso.startUrl.trim()) || sso.region.trim() === "";
}
