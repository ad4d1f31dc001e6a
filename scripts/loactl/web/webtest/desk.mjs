// People at the desk: how they come in, and how they sign.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import assert from "node:assert/strict";
import { open, shot, axe } from "./lib.mjs";

export const desk = process.env.LOA_DESK;
export const place = "26734";
export const loactl = (...args) => {
  const out = execFileSync(join(process.env.LOA_BIN, "loactl"), [...args, "--json"], { encoding: "utf8" });
  return out.trim() ? JSON.parse(out) : null;
};

// heard waits until the centre has it from the box, signed, that an item was heard: the box
// hands in what happened at once (agent/box, handLedger).
export const heard = async (title) => {
  for (const end = Date.now() + 30_000; ;) {
    const all = loactl("ledger", "d-0001");
    if (all.some((e) => e.title === title && e.result === "heard")) return;
    assert.ok(Date.now() < end, `the ledger does not say that ${title} was heard: ${JSON.stringify(all).slice(-2000)}`);
    await new Promise((done) => setTimeout(done, 500));
  }
};

export const run = Date.now().toString(36); // so that it can be tried again at the same centre

const authenticator = { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } };

// lend gives another tab the authenticator of a person's device.
export const lend = async (from, to) => {
  const { cdp, authenticatorId } = from.passkeys;
  const { credentials } = await cdp.send("WebAuthn.getCredentials", { authenticatorId });
  const other = await to.context().newCDPSession(to);
  await other.send("WebAuthn.enable");
  const made = await other.send("WebAuthn.addVirtualAuthenticator", authenticator);
  for (const credential of credentials) await other.send("WebAuthn.addCredential", { authenticatorId: made.authenticatorId, credential });
};

// enrol is a new person at a new device: a passkey, a signing key, a role.
export const enrol = async (browser, name, role, size) => {
  const page = await open(browser, size, { permissions: ["microphone"] });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  page.passkeys = { cdp, ...await cdp.send("WebAuthn.addVirtualAuthenticator", authenticator) };
  const { code } = loactl("desk", "invite", name);
  await page.goto(desk + "/desk/register");
  await axe(page, "register");
  await page.getByLabel("Tên của bạn trong sổ").fill(name);
  await page.getByLabel("Mã mời").fill(code);
  await page.getByRole("button", { name: "Tạo khóa truy cập" }).click();
  await page.waitForURL("**/desk/key");
  await page.getByRole("button", { name: "Tạo khóa ký" }).click();
  const mark = await page.locator(".code").textContent();
  await axe(page, "key");
  await shot(page, `desk-key-${size}`);
  loactl("desk", "accept", name, mark, "--role", role, "--place", place, "--as", "root-1,root-2,root-3", "--send");
  // Out, and in again by the passkey alone.
  await page.getByRole("button", { name: "Đăng xuất" }).click();
  await page.waitForURL("**/desk/sign-in");
  await axe(page, "sign-in");
  await shot(page, `desk-sign-in-${size}`);
  await page.getByRole("button", { name: "Đăng nhập bằng khóa truy cập" }).click();
  await page.waitForURL("**/desk/");
  return page;
};

// signs reads what is to be signed, and signs it.
export const signs = async (page, name, wait) => {
  await page.locator("#exactly dl").first().waitFor();
  if (wait) await page.getByText("✓ đã kiểm mã băm").first().waitFor();
  await axe(page, name);
  await shot(page, name);
  await page.getByRole("button", { name: "Ký", exact: true }).click();
  const here = page.url();
  await page.getByRole("link", { name: "Tiếp tục" }).click();
  await page.waitForURL((to) => String(to) !== here); // and loaded: whoever looks next looks at the next page
};

