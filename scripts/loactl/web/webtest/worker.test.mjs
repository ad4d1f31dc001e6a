import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { request } from "node:https";
import { launch, open, url } from "./lib.mjs";

// What a phone keeps when its clock is off, when the pages change under it, and when the
// network goes while somebody writes.
const place = "/p/26734";
let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const until = async (page, what) => {
  for (let i = 0; !(await page.evaluate(what)); i++) {
    assert.ok(i < 300, String(what));
    await new Promise((done) => setTimeout(done, 100));
  }
};

// between stands between a phone and the centre, and may change what passes.
const between = async (t, change) => {
  const server = createServer((req, res) => {
    const asked = { ...req.headers, "accept-encoding": "identity" };
    delete asked["if-none-match"]; // what has changed here has not at the centre
    const up = request(url + change.path(req.url), { method: req.method, headers: asked, rejectUnauthorized: false }, async (from) => {
      const parts = [];
      for await (const part of from) parts.push(part);
      const headers = { ...from.headers };
      delete headers["content-length"];
      delete headers.etag;
      if (change.off) headers.date = new Date(Date.now() - change.off).toUTCString();
      const body = /text|javascript|json/.test(headers["content-type"]) ? change.body(Buffer.concat(parts).toString()) : Buffer.concat(parts);
      res.writeHead(from.statusCode, headers).end(body);
    });
    up.on("error", () => res.destroy());
    req.pipe(up);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const close = () => { server.closeAllConnections(); server.close(); };
  t.after(close);
  return { at: `http://127.0.0.1:${server.address().port}`, close };
};
const same = { path: (p) => p, body: (b) => b };

// To a phone whose clock is ahead, what the centre says of when it is lies in the past.
for (const [off, hours] of [["an hour", 1], ["a day", 24], ["four days", 96], ["a day back", -24]]) {
  test(`a phone whose clock is ${off} off reads without a network`, async (t) => {
    const line = await between(t, { ...same, off: hours * 3600e3 });
    const page = await open(browser, "phone");
    await page.goto(line.at + place);
    await until(page, async () => !!navigator.serviceWorker.controller && !!(await caches.match(location.href)));
    await page.reload(); // through the worker
    await page.getByRole("heading", { name: "Đã phát" }).waitFor();
    await page.context().setOffline(true);
    await page.reload();
    await page.getByRole("heading", { name: "Đã phát" }).waitFor();
    await page.context().close();
  });
}

// After an update a page that was kept before it is whole without a network.
test("the pages change while a phone keeps them", async (t) => {
  const change = { ...same };
  const line = await between(t, change);
  const page = await open(browser, "phone");
  await page.goto(line.at + "/p/74");
  await until(page, async () => !!navigator.serviceWorker.controller && !!(await caches.match(location.href)));
  const style = await page.evaluate(() => new URL(document.querySelector("link[rel=stylesheet]").href).pathname);
  const next = style.replace(/style[^/]*\.css/, "style-of-tomorrow.css");
  assert.notEqual(next, style);
  change.path = (p) => (p === next ? style : p);
  change.body = (b) => b.replaceAll(style, next);
  await page.goto(line.at + place);
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration()).update());
  await until(page, new Function(`return caches.match(${JSON.stringify(next)}).then((r) => !!r && fetch("/sw.js").then((s) => s.text()).then((s) => s.includes("tomorrow")))`));
  await until(page, async () => !(await navigator.serviceWorker.getRegistration()).waiting && (await navigator.serviceWorker.getRegistration()).active.state === "activated");
  await page.reload();
  line.close();
  await (await page.context().newCDPSession(page)).send("Network.clearBrowserCache"); // a phone empties it when it likes
  await page.context().setOffline(true);
  for (const at of [place, "/p/74"]) {
    await page.goto(line.at + at);
    await page.getByRole("heading", { name: "Đã phát" }).waitFor();
    assert.equal(await page.evaluate(() => getComputedStyle(document.body).margin), "0px", `${at} has lost its looks`);
  }
  await page.context().close();
});

test("the network goes while somebody reports", async () => {
  const page = await open(browser, "phone");
  await page.goto(url + "/o/d-0001");
  await page.getByLabel("Việc khác").check();
  await page.getByLabel("Nói rõ thêm").fill("Dây điện đứt trước cổng trường.");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Gửi phản ánh" }).click();
  await page.getByText("Chưa gửi được: không có mạng").waitFor();
  assert.equal(await page.getByLabel("Nói rõ thêm").inputValue(), "Dây điện đứt trước cổng trường.");
  await page.context().setOffline(false);
  await page.getByRole("button", { name: "Gửi phản ánh" }).dblclick(); // as people do on a slow line
  await page.locator(".code").waitFor();
  await page.context().close();
});
