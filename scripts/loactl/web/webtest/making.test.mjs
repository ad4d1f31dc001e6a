import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { launch, shot, axe } from "./lib.mjs";
import { desk, place, run, loactl, enrol, signs } from "./desk.mjs";

let browser;
before(async () => { browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); });
after(async () => { await browser.close(); });

const drawn = (page, img) => img.evaluate(async (i) => { if (!i.complete) await new Promise((done) => { i.onload = i.onerror = done; }); return i.naturalWidth; });
const until = async (what, is, times = 60) => {
  for (let i = 0; !(await is()); i++) {
    assert.ok(i < times, what);
    await new Promise((done) => setTimeout(done, 500));
  }
};

// A bulletin in two languages with a picture: who was named vouches for the translation,
// and then it is signed, kept as a template, put away and found again.
test("making: languages, pictures, templates, archive", async () => {
  const one = await enrol(browser, `hoa-${run}`, "officer", "desk");
  const khmer = await enrol(browser, `son-${run}`, "approver", "phone");
  const title = `Nước lên ${run}`;
  await one.goto(desk + "/desk/write");
  await one.getByLabel("Tiêu đề").fill(title);
  await one.getByLabel("Nội dung").fill("Nước sông đang lên. Bà con đưa đồ đạc lên cao.");
  await one.getByRole("button", { name: "Tiếp tục" }).click();
  await one.waitForURL("**/desk/draft/*");
  const draft = one.url();
  await one.getByRole("button", { name: "Lưu và đọc thành lời" }).click();
  await one.locator("audio").waitFor();

  // A picture, larger than any board: it is seen as the board will show it.
  const photo = join(dirname(process.env.LOA_TONE), "photo.png");
  const painter = await one.context().newPage();
  await painter.setContent("<body style='margin:0;background:linear-gradient(90deg,#c00,#ff0)'><p style='font:bold 200px sans-serif;color:#fff;margin:0;text-align:center'>LŨ</p></body>");
  await painter.setViewportSize({ width: 1200, height: 300 });
  writeFileSync(photo, await painter.screenshot());
  await painter.close();
  const boards = await one.locator("img[data-board]").count();
  await one.getByLabel("Tải ảnh lên").setInputFiles(photo);
  await one.locator("form[action$='/picture'] button").click();
  await one.waitForURL("**/desk/draft/*#pictures");
  await until("the board does not show the picture", async () => await one.locator("img[data-board]").count() > boards);
  const seen = one.locator("img[data-board]").last();
  assert.ok(await drawn(one, seen) > 0, "the board's picture does not come");
  await one.getByLabel("Hiện (giây)").fill("12");
  await one.locator("form[action$='/pictures'] button[value=stay]").click();
  await one.getByText("12 s").first().waitFor();
  await one.getByLabel("Tải ảnh lên").setInputFiles({ name: "x.svg", mimeType: "image/svg+xml", buffer: Buffer.from("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>") });
  await one.locator("form[action$='/picture'] button").click();
  await one.getByText("không đọc được ảnh nào").waitFor();
  one.faults.length = 0; // the browser notes that answer
  await one.goto(draft);

  // Khmer, which no machine reads here: recorded, and vouched for by who was named.
  await one.getByRole("combobox", { name: "Ngôn ngữ" }).selectOption({ label: "tiếng Khmer" });
  await one.getByLabel("Người bảo đảm").selectOption(`son-${run}`);
  await one.getByRole("button", { name: "Thêm ngôn ngữ" }).click();
  await one.waitForURL("**/desk/language/**");
  await one.getByLabel("Bản dịch").fill("ទឹកទន្លេកំពុងឡើង។");
  const saved = one.waitForEvent("load");
  await one.getByRole("button", { name: "Lưu" }).click();
  await saved;
  await one.getByText("Chưa có tiếng").waitFor();
  await axe(one, "language");
  await one.getByRole("button", { name: "Ghi âm" }).click();
  await one.getByRole("button", { name: "Dừng ghi" }).waitFor();
  await new Promise((done) => setTimeout(done, 2500));
  await one.getByRole("button", { name: "Dừng ghi" }).click();
  await one.locator("audio").waitFor();
  await shot(one, "desk-language");
  await one.goto(draft);
  await one.getByText(`chờ son-${run} bảo đảm`).waitFor();
  assert.ok(await one.getByRole("button", { name: "Xem lại và ký" }).isDisabled(), "it can be signed before anybody vouched");
  await axe(one, "draft in two languages");
  await shot(one, "desk-draft-languages");

  await khmer.goto(desk + "/desk/");
  await khmer.getByRole("link", { name: new RegExp(`Xem bản dịch.*${title}`) }).click();
  await khmer.getByRole("button", { name: "Tôi bảo đảm bản dịch này đúng" }).waitFor();
  await axe(khmer, "a word");
  await shot(khmer, "desk-language-phone");
  await khmer.getByRole("button", { name: "Tôi bảo đảm bản dịch này đúng" }).click();
  await khmer.getByText(`son-${run} bảo đảm lúc`).first().waitFor();

  await one.goto(draft);
  await one.getByText(`son-${run} bảo đảm lúc`).waitFor();
  await one.getByRole("button", { name: "Lưu làm mẫu" }).click();
  await one.waitForURL("**/desk/write#templates");
  await axe(one, "templates");
  await shot(one, "desk-templates");
  await one.goto(draft);
  await one.getByRole("button", { name: "Xem lại và ký" }).click();
  await one.locator("#exactly img").first().waitFor();
  await one.locator("#exactly").getByText("tiếng Khmer (km)").first().waitFor();
  await one.locator("#exactly").getByText(`son-${run}`).waitFor();
  await signs(one, "desk-languages-sign", true);

  await one.goto(desk + "/desk/write");
  await one.getByRole("button", { name: new RegExp(`Soạn từ mẫu này.*${title}`) }).click();
  await one.waitForURL("**/desk/draft/*");
  await one.getByText(`chờ son-${run} bảo đảm`).waitFor(); // a word is for one bulletin

  await one.goto(desk + `/desk/library?place=${place}`);
  await one.locator("li", { hasText: title }).filter({ hasText: "đã duyệt" }).getByRole("button", { name: /Cất đi/ }).click();
  await one.waitForURL("**/desk/library?place=*");
  assert.equal(await one.locator("li", { hasText: title }).filter({ hasText: "đã duyệt" }).count(), 0, "what was put away is in sight");
  await one.getByRole("searchbox").fill(`nuoc len ${run}`);
  await one.getByRole("button", { name: "Tìm" }).click();
  await one.locator("li", { hasText: title }).filter({ hasText: "đã cất" }).first().waitFor();
  await axe(one, "library with what was put away");
  await shot(one, "desk-library-archive");
  for (const page of [one, khmer]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

// ended is what the box's ledger says of a talk once it is over.
const ended = async (title) => {
  let entry;
  await until("the ledger does not say how it ended", async () => {
    entry = loactl("ledger", "d-0001").find((e) => e.title === title && e.result);
    return entry;
  });
  console.log("live talk in the ledger:", JSON.stringify(entry));
  return entry;
};

// asks leads to where a talk is signed, with a microphone that hears.
const asks = async (page, title) => {
  await page.goto(desk + "/desk/live");
  await page.getByLabel("Nói về việc gì").fill(title);
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await page.waitForURL("**/desk/sign/*");
  await page.locator("#talk").waitFor();
  await page.waitForFunction(() => document.getElementById("level").value > 20); // the microphone hears
};

const speaks = async (page) => {
  await page.getByRole("button", { name: "Ký và nói" }).click();
  await page.getByText("MỜI NÓI").waitFor();
  await page.getByText("1 trong 1 thiết bị đang phát").waitFor();
  await new Promise((done) => setTimeout(done, 4000));
};

// Somebody speaks into the browser's microphone and the box is heard: the key of the talk
// is made in the browser, the order is signed by the person, and the big button ends it.
// Whose browser goes away is silent soon, too.
test("making: live talk is heard", async () => {
  const page = await enrol(browser, `noi-${run}`, "approver", "phone");
  await page.getByRole("link", { name: "Nói trực tiếp" }).click();
  await axe(page, "live");
  await shot(page, "desk-live");
  await asks(page, `Trực tiếp ${run}`);
  await axe(page, "before live talk");
  await shot(page, "desk-live-sign");
  const stop = page.getByRole("button", { name: "Dừng", exact: true });
  assert.ok(!(await stop.isVisible()), "it can be stopped before it was begun");
  await speaks(page);
  await axe(page, "live talk");
  await shot(page, "desk-live-speaks");
  assert.ok(!(await page.getByRole("button", { name: "Ký và nói" }).isVisible()), "it can be signed once more");
  await page.evaluate(() => scrollTo(0, 0));
  const box = await stop.boundingBox();
  assert.ok(box.y > 0 && box.y + box.height <= page.viewportSize().height, "the button to stop is out of sight: " + JSON.stringify(box));
  assert.ok(box.height >= 70 && box.width >= 250, `the button to stop is ${box.width}×${box.height}`);
  await stop.click();
  await page.getByText("Đã dừng.").waitFor();
  const entry = await ended(`Trực tiếp ${run}`);
  assert.equal(entry.result, "heard");
  assert.match(entry.detail, / 0\.0 s \(0\.0 %\) lost/);

  await asks(page, `Bỏ đi ${run}`);
  await speaks(page);
  assert.deepEqual(page.faults, []);
  await page.context().close();
  const cut = await ended(`Bỏ đi ${run}`);
  assert.ok(["heard", "partial"].includes(cut.result) && cut.heard_s > 3, JSON.stringify(cut));
});
