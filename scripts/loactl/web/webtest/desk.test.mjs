import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { launch, open, shot, axe } from "./lib.mjs";

const desk = process.env.LOA_DESK, place = "26734";
const loactl = (...args) => {
  const out = execFileSync(join(process.env.LOA_BIN, "loactl"), [...args, "--json"], { encoding: "utf8" });
  return out.trim() ? JSON.parse(out) : null;
};

const run = Date.now().toString(36); // so that it can be tried again at the same centre

let browser;
before(async () => { browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); });
after(async () => { await browser.close(); });

// enrol is a new person at a new device: a passkey, a signing key, a role.
const enrol = async (name, role, size) => {
  const page = await open(browser, size, { permissions: ["microphone"] });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  const { code } = loactl("desk", "invite", name);
  await page.goto(desk + "/desk/register");
  await axe(page, "register");
  await page.getByLabel("Tên của bạn trong sổ").fill(name);
  await page.getByLabel("Mã mời").fill(code);
  await page.getByRole("button", { name: "Tạo khóa thiết bị" }).click();
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
  await page.getByRole("button", { name: "Đăng nhập bằng khóa thiết bị" }).click();
  await page.waitForURL("**/desk/");
  return page;
};

// signs reads what is to be signed, and signs it.
const signs = async (page, name, wait) => {
  await page.locator("#exactly dl").first().waitFor();
  if (wait) await page.getByText("✓ đã kiểm mã băm").first().waitFor();
  await axe(page, name);
  await shot(page, name);
  await page.getByRole("button", { name: "Ký", exact: true }).click();
  await page.getByRole("link", { name: "Tiếp tục" }).click();
};

for (const size of ["phone", "desk"]) {
  test(`author, approver, box, on a ${size}`, async () => {
    const author = await enrol(`lan-${size}-${run}`, "writer", size);
    const approver = await enrol(`minh-${size}-${run}`, "approver", size);
    const title = `Tiêm chủng ${size} ${run}`;

    await author.getByRole("link", { name: "Soạn bản tin" }).click();
    await axe(author, "write");
    await author.getByLabel("Tiêu đề").fill(title);
    await author.getByLabel("Nội dung").fill(`Ngày 15/12 lúc 7h30 tại trạm y tế xã.\n<img src=x onerror=alert(1)>`);
    await author.getByRole("button", { name: "Tiếp tục" }).click();
    await author.waitForURL("**/desk/draft/*");
    await author.getByRole("textbox", { name: "Nội dung" }).fill("Ngày 15/12 lúc 7h30 tại trạm y tế xã, mời bà con đưa trẻ đi tiêm.");
    await author.getByRole("button", { name: "Lưu và đọc thành lời" }).click();
    await author.locator("audio").waitFor();
    await axe(author, "draft");
    await shot(author, `desk-draft-${size}`);
    await author.getByRole("button", { name: "Xem lại và ký" }).click();
    await signs(author, `desk-author-signs-${size}`, true);

    await approver.goto(desk + "/desk/");
    await axe(approver, "home");
    await shot(approver, `desk-home-${size}`);
    await approver.getByRole("link", { name: new RegExp(`Xem và ký.*${title}`) }).click();
    await approver.getByText("bảy giờ ba mươi phút").first().waitFor();
    await signs(approver, `desk-approver-signs-${size}`, true);
    await axe(approver, "library");
    await shot(approver, `desk-library-${size}`);

    await approver.getByRole("button", { name: new RegExp(`Phát ngay….*${title}`) }).click();
    await signs(approver, `desk-play-${size}`, true);
    await approver.waitForURL("**/desk/now");
    // The box itself says that it sounds, and later, signed, that it was heard.
    for (let i = 0; !(await approver.getByText(`Đang phát: ${title}`).count()); i++) {
      assert.ok(i < 40, "the box does not sound");
      await new Promise((done) => setTimeout(done, 500));
      await approver.goto(desk + "/desk/now");
    }
    await axe(approver, "now");
    await shot(approver, `desk-now-${size}`);
    for (let i = 0; ; i++) {
      const heard = JSON.stringify(loactl("ledger", "d-0001"));
      if (heard.includes(title) && heard.includes('"heard"')) break;
      assert.ok(i < 60, "the ledger does not say it was heard: " + heard.slice(-2000));
      await new Promise((done) => setTimeout(done, 500));
    }
    for (const page of [author, approver]) {
      assert.deepEqual(page.faults, []);
      await page.context().close();
    }
  });
}
