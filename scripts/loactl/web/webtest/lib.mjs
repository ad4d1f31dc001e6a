// The browser of all web tests: Debian's Chromium, at the sizes of a phone and a desk.
import { chromium } from "playwright-core";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import assert from "node:assert/strict";

export const url = process.env.LOA_URL;
export const sizes = {
  phone: { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desk: { viewport: { width: 1280, height: 900 } },
};

// launch starts a browser with nothing in it; whoever starts it closes it.
export const launch = (more = []) => chromium.launch({
  executablePath: process.env.CHROMIUM || "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--ignore-certificate-errors", "--autoplay-policy=no-user-gesture-required", ...more],
});

// open is a new page of a new reader, which notes what goes wrong in it.
export const open = async (browser, size = "phone", more = {}) => {
  const context = await browser.newContext({ ...sizes[size], ignoreHTTPSErrors: true, locale: "vi-VN", timezoneId: "Asia/Ho_Chi_Minh", ...more });
  context.setDefaultTimeout(60000);
  const page = await context.newPage();
  page.faults = [];
  page.on("pageerror", (e) => page.faults.push(String(e)));
  page.on("console", (m) => { if (m.type() === "error") page.faults.push(m.text()); });
  return page;
};

// shot keeps a picture of the whole page for a person to look at.
export const shot = (page, name) => page.screenshot({ path: join(process.env.LOA_WEB, name + ".png"), fullPage: true });

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

// axe fails on anything that WCAG 2.2 A and AA, and axe's good practice, would not have.
export const axe = async (page, name) => {
  await page.evaluate(axeSource); // by the debugger: the page's own policy would not let it in
  const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  const said = found.violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.map((n) => n.html).join("\n  ")}`).join("\n");
  assert.equal(found.violations.length, 0, `${name}:\n${said}`);
};

// threeG makes the line of a page as slow as Lighthouse's slow 3G.
export const threeG = async (page) => {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 400, downloadThroughput: 400 * 1024 / 8, uploadThroughput: 400 * 1024 / 8 });
  return cdp;
};
