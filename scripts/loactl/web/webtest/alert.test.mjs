import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { launch, open, url, shot, axe } from "./lib.mjs";

const loactl = (...args) => promisify(execFile)(process.env.LOA_TOOL, args);
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

// An alert comes to whoever has the page open, and so does what sounds.
test("an alert comes by itself", async () => {
  const page = await open(browser, "phone");
  await page.goto(url + "/p/26734");
  await page.getByRole("heading", { name: "Đã phát" }).waitFor();
  await loactl("alert", "set", "26734", "--event", "Lũ quét", "--headline", "Lũ quét trên sông Sài Gòn", "--instruction", "Lên chỗ cao ngay.", "--as", "26734-1");
  const began = Date.now();
  await page.getByRole("heading", { name: "Báo động: Lũ quét trên sông Sài Gòn" }).waitFor();
  console.log(`the alert is on an open page after ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 60000);
  await axe(page, "alert");
  await shot(page, "alert-phone");
  await loactl("alert", "undo", "26734", "--as", "26734-1");
  await page.getByRole("heading", { name: "Báo động nhầm" }).waitFor();
  await axe(page, "false alarm");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
