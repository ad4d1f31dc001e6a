import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { launch, shot, axe } from "./lib.mjs";
import { desk, run, enrol, heard, signs } from "./desk.mjs";

let browser;
before(async () => { browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); });
after(async () => { await browser.close(); });

const size = process.env.LOA_SIZE;

test(`author, approver, box, on a ${size}`, async () => {
  const author = await enrol(browser, `lan-${size}-${run}`, "writer", size);
  const approver = await enrol(browser, `minh-${size}-${run}`, "approver", size);
  const title = `Tiêm chủng ${size} ${run}`;

  await author.getByRole("link", { name: "Soạn bản tin" }).click();
  await axe(author, "write");
  await author.getByLabel("Tiêu đề").fill(title);
  await author.getByLabel("Nội dung").fill(`Ngày 15/12 lúc 7h30 tại trạm y tế xã.\n<img src=x onerror=alert(1)>`);
  await author.getByRole("button", { name: "Tiếp tục" }).click();
  await author.waitForURL("**/desk/draft/*");
  await author.getByRole("textbox", { name: "Nội dung" }).fill("Ngày 15/12 lúc 7h30 tại trạm y tế xã, mời bà con đưa trẻ đi tiêm.");
  // Words behind what looks like a date are words, and whoever signs has to see them.
  await author.getByLabel("Dòng chạy").fill("2026-12-15T07:30:00 (mang theo sổ tiêm)");
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
  await approver.locator("#exactly").getByText("2026-12-15T07:30:00 (mang theo sổ tiêm)").waitFor();
  await approver.locator("#exactly").getByText("bản tin (bulletin)").waitFor();
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
  await heard(title);
  for (const page of [author, approver]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
