import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { request } from "node:https";
import { deflateSync } from "node:zlib";
import { launch, open, url, shot, axe, threeG } from "./lib.mjs";

const place = "/p/26734";
const evil = `"><script>document.title='taken'</script><img src=x onerror="document.title='taken'">`;
let browser;
before(async () => { browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); });
after(async () => { await browser.close(); });

// until asks a page until it says yes; Playwright's own waiting takes a promise for a yes.
const until = async (page, what) => {
  for (let i = 0; !(await page.evaluate(what)); i++) {
    assert.ok(i < 300, String(what));
    await new Promise((done) => setTimeout(done, 100));
  }
};
const ends = async (page) => { assert.deepEqual(page.faults, []); await page.context().close(); };

test("what a push service brings is shown", async () => {
  const page = await open(browser);
  await page.context().grantPermissions(["notifications"], { origin: url });
  await page.goto(url + place);
  await page.evaluate(() => navigator.serviceWorker.ready);
  const cdp = await page.context().newCDPSession(page);
  const known = new Promise((done) => cdp.on("ServiceWorker.workerRegistrationUpdated", (e) => e.registrations.length && done(e.registrations[0])));
  await cdp.send("ServiceWorker.enable");
  const { registrationId } = await known;
  const tell = (data) => cdp.send("ServiceWorker.deliverPushMessage", { origin: url, registrationId, data: JSON.stringify(data) });
  await tell({ title: "KHẨN CẤP – Xã An Sơn: Lũ quét", body: "Lên cao <b>", tag: "k", place: "26734", lang: "vi", urgent: true });
  await tell({ title: "BÁO NHẦM – Xã An Sơn: Lũ quét", body: "Xin bỏ qua.", tag: "k", place: "../evil", lang: "vi", urgent: true });
  const shown = async () => page.evaluate(async () => (await (await navigator.serviceWorker.ready).getNotifications()).map((n) => [n.title, n.body, n.tag, n.data.place]));
  for (let i = 0; !(await shown()).some((n) => n[0].startsWith("BÁO NHẦM")); i++) {
    assert.ok(i < 50, `shown: ${JSON.stringify(await shown())}`);
    await new Promise((done) => setTimeout(done, 200));
  }
  assert.deepEqual(await shown(), [["BÁO NHẦM – Xã An Sơn: Lũ quét", "Xin bỏ qua.", "k", ""]], "a later one takes the place of an earlier");
  await ends(page);
});

test("a poll, from a slip", async () => {
  const codes = [...readFileSync(process.env.LOA_SLIPS, "utf8").matchAll(/<code>([a-z2-7-]{19})<\/code>/g)].map((m) => m[1]);
  for (const [i, size] of ["phone", "desk"].entries()) {
    const page = await open(browser, size);
    await page.goto(url + place);
    await page.getByRole("link", { name: "Chợ mới đặt ở đâu?" }).click();
    await axe(page, "poll");
    await shot(page, `poll-${size}`);
    await page.goto("about:blank");
    await page.goto(`${url}/poll/cho#${codes[i]}`); // as its QR is scanned
    assert.equal(await page.getByLabel("Mã trên phiếu").inputValue(), codes[i]);
    assert.ok(!page.url().includes(codes[i]), "the code stays in the address");
    await page.getByRole("button", { name: "Gửi câu trả lời" }).click();
    await page.getByText("Hãy chọn câu trả lời").waitFor();
    await axe(page, "poll without a choice");
    await page.getByLabel("Ngã ba").check();
    await page.getByRole("button", { name: "Gửi câu trả lời" }).click();
    await page.getByText("Đã ghi nhận").waitFor();
    await axe(page, "poll answered");
    page.faults = page.faults.filter((f) => !/422/.test(f)); // Chromium notes the answer to the first try
    await ends(page);
  }
});

for (const size of ["phone", "desk"]) {
  test(`what was said, on a ${size}`, async () => {
    const page = await open(browser, size);
    await page.goto(url + "/");
    await axe(page, "home");
    await shot(page, `home-${size}`);
    await page.getByRole("link", { name: "Xã An Sơn" }).click();
    // The box has said it, or says it now.
    await page.getByRole("heading", { name: "Họp tổ dân phố <b>tối nay</b>" }).waitFor();
    assert.match(await page.title(), /Xã An Sơn/);
    assert.equal(await page.getByText("bí mật đến ngày mai").count(), 0, "what was not said is told");
    await axe(page, "place");
    await shot(page, `place-${size}`);
    await page.getByRole("link", { name: "English" }).click();
    await page.getByRole("heading", { name: "What was said" }).waitFor();
    await axe(page, "place in English");
    await ends(page);
  });

  test(`a report and its follow-up, on a ${size}`, async () => {
    const page = await open(browser, size);
    await page.goto(url + "/o/d-0001");
    await axe(page, "form");
    await shot(page, `form-${size}`);
    await page.getByLabel("Không nghe được").check();
    await page.getByLabel("Nói rõ thêm").fill(evil + size);
    await page.getByLabel("Số điện thoại hoặc thư điện tử").fill(evil);
    await page.getByRole("button", { name: "Gửi phản ánh" }).click();
    const code = await page.locator(".code").textContent();
    assert.match(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){3}$/);
    await axe(page, "sent");
    await shot(page, `sent-${size}`);
    await page.goto(url + "/follow");
    await axe(page, "code");
    await page.getByLabel("Mã phản ánh").fill(code.toLowerCase());
    await page.getByRole("button", { name: "Xem" }).click();
    await page.getByText("Đã nhận, chưa xem").waitFor();
    assert.ok((await page.locator("main").textContent()).includes(evil), "words are words");
    assert.ok(!page.url().includes(code), "the code is in the address");
    assert.notEqual(await page.title(), "taken");
    await axe(page, "followed");
    await shot(page, `follow-${size}`);
    await page.getByText("Xoá…").click();
    await page.getByRole("button", { name: "Xoá" }).click();
    await page.getByText("Đã xoá phản ánh").waitFor();
    await ends(page);
  });
}

test("everything without a script", async () => {
  const page = await open(browser, "phone", { javaScriptEnabled: false });
  await page.goto(url + place);
  await page.getByRole("link", { name: "Phản ánh về loa" }).click();
  await page.getByLabel("Loa quá to").check();
  await page.getByRole("button", { name: "Gửi phản ánh" }).click();
  await page.locator(".code").waitFor();
  await page.getByRole("button", { name: "Xem phản ánh" }).click();
  await page.getByText("Loa quá to").waitFor();
  await ends(page);
});

test("by keyboard alone", async () => {
  const page = await open(browser, "desk");
  await page.goto(url + place);
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className), "skip");
  await page.keyboard.press("Enter");
  assert.equal(await page.evaluate(() => document.activeElement.id), "main");
  for (let i = 0; i < 30 && !(await page.evaluate(() => document.activeElement.matches("a[href*=report]"))); i++) await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForURL(/report/);
  await ends(page);
});

// A picture as a browser makes it small, and a voice note by the button.
test("photo and voice", async () => {
  const page = await open(browser, "phone", { permissions: ["microphone"] });
  await page.goto(url + "/o/d-0001");
  await page.getByLabel("Loa, bảng hỏng").check();
  await page.getByLabel("Ảnh").setInputFiles({ name: "a.png", mimeType: "image/png", buffer: png(64, 48) });
  await page.getByRole("button", { name: "Ghi âm" }).click();
  await page.waitForTimeout(1500);
  await page.getByRole("button", { name: "Dừng ghi" }).click();
  await page.locator("#heard").waitFor();
  await page.getByRole("button", { name: "Gửi phản ánh" }).click();
  await page.getByRole("button", { name: "Xem phản ánh" }).click();
  await page.getByText("Có ảnh kèm theo. Có lời nói kèm theo.").waitFor();
  await ends(page);
});

test("without a network", async () => {
  const page = await open(browser, "phone");
  await page.goto(url + place);
  // A busy machine makes the line look like 2G, over which no recording is fetched.
  await page.addInitScript(() => Object.defineProperty(navigator, "connection", { value: { effectiveType: "3g" } }));
  await page.reload();
  // It is kept also where the page was open before it was said.
  await page.waitForFunction(() => document.body.dataset.kept === "1");
  await page.context().setOffline(true);
  await page.reload();
  await page.getByRole("heading", { name: "Họp tổ dân phố <b>tối nay</b>" }).waitFor();
  const seconds = await page.evaluate(() => new Promise((done, fail) => {
    const a = document.querySelector("audio");
    a.addEventListener("loadedmetadata", () => done(a.duration));
    a.addEventListener("error", () => fail(new Error("no sound")));
    a.load();
    a.preload = "auto";
  }));
  assert.ok(Math.abs(seconds - 4) < 0.5, `the recording is ${seconds} s long`);
  await page.getByText("Không có mạng").waitFor();
  await shot(page, "offline-phone");
  await page.context().close();
});

// A page may come out of a cache: it shows what is new without waiting for a change.
test("a page from before", async () => {
  const page = await open(browser, "phone", { serviceWorkers: "block" }); // what goes through a worker passes no route
  let asked = 0;
  await page.route(url + place, async (route) => {
    const response = await route.fetch();
    if (asked++) return route.fulfill({ response });
    const body = (await response.text()).replace(/data-version="[^"]*"/, 'data-version="before"').replaceAll("Họp tổ dân phố", "Từ hôm qua");
    return route.fulfill({ response, body });
  });
  await page.goto(url + place);
  await page.getByRole("heading", { name: "Họp tổ dân phố <b>tối nay</b>" }).waitFor({ timeout: 15000 }); // it asks every 20 s
  assert.equal(asked, 2, "what was new came with the first answer");
  await ends(page);
});

// What was kept is shown to whoever opens a page on a slow line, and never to an open
// page that asks for what is new.
test("a page on a line that takes too long", async () => {
  const line = { wait: 0, n: 0 };
  line.server = createServer((req, res) => {
    const isPage = req.url === place;
    const n = isPage ? ++line.n : 0;
    setTimeout(() => {
      const up = request(url + req.url, { method: req.method, headers: req.headers, rejectUnauthorized: false }, (from) => {
        res.writeHead(from.statusCode, { ...from.headers, "x-line": String(n) });
        from.pipe(res);
      });
      up.on("error", () => res.destroy());
      req.pipe(up);
    }, isPage ? line.wait : 0);
  });
  await new Promise((done) => line.server.listen(0, "127.0.0.1", done));
  const page = await open(browser, "phone");
  await page.goto(`http://127.0.0.1:${line.server.address().port}${place}`);
  await until(page, async () => !!navigator.serviceWorker.controller && !!(await caches.match(location.href)));
  line.wait = 8000; // more than the worker's patience
  const before = line.n;
  const got = await page.evaluate(async () => (await fetch(location.href, { cache: "no-store" })).headers.get("x-line"));
  assert.ok(Number(got) > before, "an open page got what was kept");
  line.wait = 20000;
  const began = Date.now();
  await page.reload({ waitUntil: "domcontentloaded" });
  await page.getByRole("heading", { name: "Đã phát" }).waitFor();
  assert.ok(Date.now() - began < 15000, `whoever opens the page waits ${Date.now() - began} ms`);
  await ends(page);
  line.server.closeAllConnections();
  line.server.close();
});

test("what a phone keeps", async () => {
  const page = await open(browser, "phone");
  await page.goto(url + place);
  await until(page, async () => !!navigator.serviceWorker.controller && !!(await caches.match(location.href)));
  await page.evaluate(async () => {
    const pages = await caches.open("pages");
    const of = (hours) => new Response("x", { headers: { Date: new Date(Date.now() - hours * 60 * 60 * 1000).toUTCString() } });
    await pages.put("/p/26737", of(73));
    await pages.put("/p/74", of(71));
    await pages.put("/?q=truoc", of(0));
  });
  await page.goto(url + "/?q=an");
  await page.getByRole("link", { name: "Xã An Sơn" }).waitFor();
  const kept = await page.evaluate(async () => (await (await caches.open("pages")).keys()).map((one) => one.url.slice(location.origin.length)));
  assert.deepEqual(kept.sort(), [place, "/p/74"], "searches, or what is older than 72 hours");
  await ends(page);
});

test("on slow 3G", async () => {
  const page = await open(browser, "phone");
  await threeG(page);
  const began = Date.now();
  await page.goto(url + place, { waitUntil: "domcontentloaded" });
  await page.getByRole("heading", { name: "Đã phát" }).waitFor();
  const took = Date.now() - began;
  console.log(`on slow 3G the page is there after ${took} ms`);
  assert.ok(took < 20000, `${took} ms`);
  await ends(page);
});

// A phone of 320 points, or a wider one with letters twice as large: nothing is beside the page.
test("large letters, and a manifest that a browser takes", async () => {
  const page = await open(browser, "phone", { viewport: { width: 320, height: 600 } });
  for (const path of [place, "/", "/o/d-0001", "/follow", "/privacy", "/poll/cho"]) {
    await page.goto(url + path);
    const is = await page.evaluate(() => ({ wide: document.scrollingElement.scrollWidth, letter: parseFloat(getComputedStyle(document.body).fontSize) }));
    assert.ok(is.wide <= 320 && is.letter >= 18, `${path}: ${JSON.stringify(is)}`);
  }
  await page.goto(url + place);
  const cdp = await page.context().newCDPSession(page);
  const { url: at, errors, data } = await cdp.send("Page.getAppManifest");
  assert.ok(at.includes("/p/26734/manifest.webmanifest") && !errors.length, JSON.stringify(errors));
  const icons = JSON.parse(data).icons;
  assert.ok(icons.some((i) => i.sizes === "192x192") && icons.some((i) => i.purpose === "maskable"), data);
  for (const { src } of icons) assert.equal((await page.request.get(url + src)).status(), 200, src);
  await ends(page);
});

test("in somebody else's page", async () => {
  const theirs = createServer((_, res) => res.setHeader("Content-Type", "text/html")
    .end(`<!doctype html><title>x</title><iframe width=600 height=400 src="${url}${place}/strip"></iframe><iframe id=no src="${url}${place}"></iframe>`));
  await new Promise((done) => theirs.listen(0, "127.0.0.1", done));
  const page = await open(browser, "desk");
  await page.goto(`http://127.0.0.1:${theirs.address().port}/`);
  await page.frameLocator("iframe").first().getByText("Họp tổ dân phố").waitFor();
  await page.waitForTimeout(500);
  assert.equal(await page.frameLocator("#no").getByText("Họp tổ dân phố").count(), 0, "a page that takes reports was framed");
  await shot(page, "strip-desk");
  theirs.close();
  await page.context().close();
});

// png is a picture of noise, of which nothing can be packed away.
function png(w, h) {
  const crc = (b) => { let c = ~0; for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1; } return ~c >>> 0; };
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length); body.copy(out, 4); out.writeUInt32BE(crc(body), 8 + data.length);
    return out;
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(w); head.writeUInt32BE(h, 4); head[8] = 8;
  const rows = Buffer.alloc((w + 1) * h);
  for (let i = 0; i < rows.length; i++) rows[i] = i % (w + 1) ? (i * 2654435761) >>> 24 : 0;
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", head), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}
