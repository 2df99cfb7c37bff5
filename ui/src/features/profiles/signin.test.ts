import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import axe from "axe-core";
import { describe, expect, it } from "vitest";
import { FakeBackend, ipcError } from "../../backend/fake";
import { OPTIONS, SANDBOX } from "../../backend/fake/world";
import { all, bucket, find, get, gone, openWindow, world } from "../../test/window";

async function violations(): Promise<string[]> {
  const { violations: found } = await axe.run(document.body, {
    rules: { "color-contrast": { enabled: false }, region: { enabled: false }, "page-has-heading-one": { enabled: false } },
  });
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html.slice(0, 160)).join(" | ")}`);
}

async function sheet(way: string, backend = new FakeBackend()) {
  const opened = openWindow(backend);
  await opened.user.click(await find("welcome-connect"));
  await find("connect-sheet");
  await opened.user.selectOptions(get("connect-way"), way);
  return opened;
}
const saved = (backend: FakeBackend) => backend.called("profileSave").at(-1);

describe("the ways to sign in", () => {
  it("takes a profile of the AWS files, with what it says of itself", async () => {
    const { user, backend } = await sheet("awsProfile");
    await screen.findByRole("option", { name: "deploy (eu-west-1)" });
    expect(all("connect-secret")).toHaveLength(0);
    await user.click(get("connect-save"));
    expect(get("connect-sheet").textContent).toContain("Choose a profile.");
    await user.selectOptions(get("aws-profile"), "deploy");
    expect(await violations()).toEqual([]);
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ name: "deploy", region: "eu-west-1", accessKeyId: "", options: { signIn: { way: "awsProfile", name: "deploy" } } });
  });

  it("shows the browser's code, then the accounts and roles", async () => {
    const { user, backend } = await sheet("sso");
    await user.type(get("sso-start-url"), "https://acme.awsapps.com/start");
    await user.type(get("sso-region"), "eu-west-1");
    await user.click(get("sso-sign-in"));
    expect((await find("device-code")).textContent).toContain("QKBF-TRWD");
    expect(await violations()).toEqual([]);
    await user.click(get("device-open"));
    expect(backend.opened[0]).toContain("user_code=QKBF-TRWD");
    backend.signIn.endDevice();
    await find("sso-account");
    await user.selectOptions(get("sso-role"), "S3Admin");
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ options: { signIn: { way: "sso", sso: { accountId: "112233445566", roleName: "S3Admin", session: "dipper" } } } });
  });

  it("gives the code up when it is cancelled or the form closes", async () => {
    const { user, backend } = await sheet("sso");
    await user.type(get("sso-start-url"), "https://acme.awsapps.com/start");
    await user.type(get("sso-region"), "eu-west-1");
    await user.click(get("sso-sign-in"));
    await user.click(await find("device-cancel"));
    await gone("device-flow");
    await user.click(get("sso-sign-in"));
    await find("device-flow");
    await user.click(screen.getByRole("button", { name: "Close" }));
    await gone("connect-sheet");
    expect(backend.signIn.cancelled).toEqual([1, 2]);
  });

  it("takes on a role with keys", async () => {
    const { user, backend } = await sheet("role");
    await user.type(get("role-arn"), "arn:aws:iam::1:role/x");
    await user.type(get("role-mfa"), "arn:aws:iam::1:mfa/ada");
    await user.click(get("connect-save"));
    expect(backend.called("profileSave")).toHaveLength(0);
    await user.type(get("connect-access-key"), "k");
    await user.type(get("connect-secret"), "s");
    expect(await violations()).toEqual([]);
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ accessKeyId: "k", options: { signIn: { way: "role", role: { source: { from: "keys" }, mfaSerial: "arn:aws:iam::1:mfa/ada", externalId: null } } } });
  });

  it.each([["environment", { way: "environment" }], ["anonymous", { way: "keys" }], ["instance", { way: "instance", endpoint: null }]])("%s needs no keys", async (way, signIn) => {
    const { user, backend } = await sheet(way);
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ accessKeyId: "", secretAccessKey: "", options: { signIn } });
  });

  it("web identity needs a role and a file", async () => {
    const { user, backend } = await sheet("webIdentity");
    await user.type(get("role-arn"), "arn:aws:iam::1:role/x");
    await user.click(get("connect-save"));
    expect(get("connect-sheet").textContent).toContain("Enter the path of the token file.");
    await user.type(get("web-token-file"), "/var/run/token");
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ options: { signIn: { way: "webIdentity", tokenFile: "/var/run/token" } } });
  });
});

describe("the way to the server", () => {
  it("keeps what is under Advanced, and is accessible", async () => {
    const { user, backend } = await sheet("environment");
    await user.click(screen.getByRole("button", { name: "Advanced" }));
    await user.type(get("connect-start"), "b/p/");
    await user.click(get("connect-fips"));
    await user.click(screen.getByRole("radio", { name: "Address" }));
    await user.type(get("connect-proxy-url"), "socks5://p:1080");
    // Prototypes are frozen here, so that the files are put in by hand.
    Object.defineProperty(get("connect-roots"), "files", { value: [new File(["-----BEGIN CERTIFICATE-----\nAA\n"], "ca.pem")] });
    await fireEvent.change(get("connect-roots"));
    await waitFor(() => expect(get("connect-sheet").textContent).toContain("ca.pem"));
    expect(await violations()).toEqual([]);
    await user.click(get("connect-save"));
    await gone("connect-sheet");
    expect(saved(backend)).toMatchObject({ options: { start: "b/p/", fips: true, network: { proxy: { use: "url", url: "socks5://p:1080" }, roots: "-----BEGIN CERTIFICATE-----\nAA\n" } } });
  });

  it("offers to pin the certificate that a test has met", async () => {
    const { user, backend } = await sheet("environment");
    const fingerprint = "ab".repeat(32);
    const s3 = { op: "ListBuckets", httpStatus: null, s3Code: null, requestId: null, bucket: null, key: null, certificate: { host: "nas.lan", fingerprint, reason: "self-signed" } };
    backend.testAnswer = { ok: false, buckets: null, suggestedRegion: null, error: ipcError("tls", "unknown issuer", { s3 }) };
    await user.click(get("connect-test"));
    expect((await find("connect-certificate")).textContent).toContain(fingerprint);
    backend.testAnswer = { ok: true, buckets: 1, suggestedRegion: null, error: null };
    await user.click(get("connect-pin-offer"));
    await waitFor(() => expect(backend.called("profileTest").at(-1)).toMatchObject({ options: { network: { pin: fingerprint } } }));
    await waitFor(() => expect(get("connect-test-result").dataset["ok"]).toBe("true"));
  });
});

describe("a question that waits", () => {
  const prompt = { id: 4, serial: "arn:aws:iam::1:mfa/ada", roleArn: "arn:aws:iam::1:role/x" };

  it("is shown when it comes up, and answered", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    const { user } = openWindow(backend);
    await find("grid-empty");
    backend.signIn.prompts = [prompt];
    backend.emitChanged({ what: "signIn", profile: null, bucket: null });
    expect((await find("prompt")).textContent).toContain(prompt.serial);
    expect(await violations()).toEqual([]);
    await user.type(get("prompt-code"), "123 456{Enter}");
    await gone("prompt");
    expect(backend.signIn.answers).toEqual([{ id: 4, answer: "123456" }]);
  });

  it("is declined by Esc", async () => {
    const backend = new FakeBackend(world(bucket("b")));
    backend.signIn.prompts = [prompt];
    const { user } = openWindow(backend);
    await find("prompt");
    await user.keyboard("{Escape}");
    await gone("prompt");
    await waitFor(() => expect(backend.signIn.answers).toEqual([{ id: 4, answer: null }]));
  });
});

describe("a session that ends", () => {
  const sso = { startUrl: "https://acme.awsapps.com/start", region: "eu-west-1", session: null, accountId: "1", roleName: "R", oidcEndpoint: null, portalEndpoint: null };
  function open(state: "signedIn" | "needsUser") {
    const backend = new FakeBackend(world());
    backend.world.profiles = [];
    backend.world.add({ ...SANDBOX, id: "s", kind: "vault", options: { ...OPTIONS, signIn: { way: "sso", sso } } }, [bucket("b")]);
    backend.signIn.status.set("s", { state, expires: state === "signedIn" ? new Date(Date.now() + 3_600_000).toISOString() : null, renewable: false });
    return openWindow(backend);
  }

  it("says until when, and renews", async () => {
    const { user, backend } = open("signedIn");
    expect((await find("session-note")).textContent).toContain("Signed in until");
    expect(await violations()).toEqual([]);
    await user.click(get("session-renew"));
    await waitFor(() => expect(backend.called("sessionRenew")).toEqual(["s"]));
  });

  it("goes to the browser where only a person can renew", async () => {
    const { user, backend } = open("needsUser");
    expect((await find("session-note")).textContent).toContain("Not signed in");
    backend.failing.set("sessionRenew", ipcError("expired_token", "the token has ended"));
    await user.click(get("session-renew"));
    await find("device-code");
    backend.signIn.endDevice();
    await gone("sign-in-dialog");
  });
});

describe("imports", () => {
  async function sheet(backend = new FakeBackend()) {
    const opened = openWindow(backend);
    await opened.user.click(await find("welcome-import"));
    await find("import-sheet");
    return opened;
  }

  it("shows what was found, and takes what is chosen", async () => {
    const { user, backend } = await sheet();
    await user.selectOptions(get("import-kind"), "rclone");
    await user.click(get("import-look"));
    await find("import-notes");
    expect(all("import-found")).toHaveLength(3);
    expect(get("import-sheet").textContent).toContain("uploads are private unless you say otherwise");
    const [, second, third] = all("import-check");
    expect(third).toHaveProperty("disabled", true);
    expect(await violations()).toEqual([]);
    await user.click(second!);
    await user.click(get("import-take"));
    await user.click(await find("import-done"));
    await gone("import-sheet");
    expect(backend.called("importTake")[0]).toMatchObject({ names: ["wasabi"] });
    expect((await find("sidebar-profile")).textContent).toContain("wasabi");
    expect(backend.signIn.closed).toHaveLength(1);
  });

  it("asks for the password of an encrypted file", async () => {
    const backend = new FakeBackend();
    backend.signIn.filePassword = "open";
    const { user } = await sheet(backend);
    await user.click(get("import-file"));
    await user.type(await find("import-password"), "wrong");
    await user.click(get("import-look"));
    await find("error");
    await user.clear(get("import-password"));
    await user.type(get("import-password"), "open{Enter}");
    await find("import-notes");
    expect(backend.called("importOpen").at(-1)).toMatchObject({ file: 7, password: "open" });
  });
});
