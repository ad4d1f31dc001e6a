import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { launch, shot, axe } from "./lib.mjs";
import { desk, place, run, loactl, enrol, signs } from "./desk.mjs";

let browser;
before(async () => { browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]); });
after(async () => { await browser.close(); });

// The pages for those who do more: upload, record, week, alarm and its undoing, report.
test("officers: upload, record, week, alarm, report", async () => {
  const one = await enrol(browser, `dung-${run}`, "officer", "desk");
  const two = await enrol(browser, `nga-${run}`, "officer", "phone");
  const title = `Phát tiếng ${run}`;

  await one.goto(desk + "/desk/write");
  await one.getByLabel("Tiêu đề").fill(title);
  await one.getByLabel("Nội dung").fill("Mời nghe.");
  await one.getByRole("button", { name: "Tiếp tục" }).click();
  await one.waitForURL("**/desk/draft/*");
  await one.getByRole("button", { name: "Ghi âm" }).click();
  await one.getByRole("button", { name: "Dừng ghi" }).waitFor();
  await new Promise((done) => setTimeout(done, 2500));
  await one.getByRole("button", { name: "Dừng ghi" }).click();
  await one.locator("audio").waitFor();
  const recorded = await one.locator("audio").getAttribute("src");
  await one.getByLabel("Tải âm thanh lên").setInputFiles(process.env.LOA_TONE);
  await one.getByRole("button", { name: "Tải lên" }).click();
  await one.waitForURL("**/desk/draft/*#sound");
  assert.notEqual(await one.locator("audio").getAttribute("src"), recorded);
  // The board follows what is typed.
  const before = await one.locator("img[data-board]").first().getAttribute("src");
  await one.getByLabel("Chữ trên bảng").fill("Mời nghe đài");
  await one.waitForFunction((src) => document.querySelector("img[data-board]").getAttribute("src") !== src, before);
  const saved = one.waitForEvent("load");
  await one.getByRole("button", { name: "Lưu", exact: true }).click();
  await saved;
  await one.getByRole("button", { name: "Xem lại và ký" }).click();
  await signs(one, "desk-officer-signs", true);

  // On air every day at a time, and the list is the one of loactl ahead.
  await one.goto(desk + `/desk/week?place=${place}`);
  await one.getByLabel("Bản tin").selectOption({ label: `${title} (${place})` });
  await one.getByRole("button", { name: "Xem sẽ ra sao và ký" }).click();
  await signs(one, "desk-schedule-signs", true);
  await one.getByText(title).first().waitFor();
  await axe(one, "week");
  await shot(one, "desk-week");
  const lines = loactl("ahead", place).filter((l) => l.sounds || l.shows);
  const told = await one.locator("h2:has-text('24 giờ tới') ~ .scroll").first().locator("tbody tr").count();
  assert.equal(told, loactl("ahead", place).length);
  assert.ok(lines.some((l) => l.title === title), JSON.stringify(lines));

  // An alarm: two people, another colour; and taken back by one.
  await one.goto(desk + "/desk/emergency");
  await axe(one, "emergency");
  await shot(one, "desk-emergency");
  await one.getByLabel("Sự việc").fill("Lũ");
  await one.getByLabel("Dòng chính").fill(`Lũ quét ${run}`);
  await one.getByRole("button", { name: "Xem lại và ký báo động" }).click();
  await signs(one, "desk-alarm-first");
  await two.goto(desk + "/desk/emergency");
  assert.equal(await two.getByText("BÁO ĐỘNG ĐANG PHÁT").count(), 0, "one person was enough");
  await two.getByRole("link", { name: new RegExp(`Xem và ký.*Lũ quét ${run}`) }).click();
  await signs(two, "desk-alarm-second");
  await two.getByText("BÁO ĐỘNG ĐANG PHÁT").waitFor();
  await axe(two, "alarm sounds");
  await shot(two, "desk-alarm-sounds");
  await one.goto(desk + "/desk/library");
  await one.getByRole("button", { name: "Báo nhầm: rút lại" }).click();
  await signs(one, "desk-alarm-undo");
  assert.equal(await one.getByText("BÁO ĐỘNG ĐANG PHÁT").count(), 0);

  await one.goto(desk + `/desk/report?place=${place}`);
  await axe(one, "report");
  await shot(one, "desk-report");
  await one.locator("tbody th a").first().click();
  await axe(one, "why");
  await shot(one, "desk-why");
  for (const path of ["", "write", "library", "week", "now", "emergency", "report"]) {
    await one.goto(desk + `/desk/${path}?lang=en`);
    assert.equal(await one.locator("html").getAttribute("lang"), "en");
    await axe(one, "en " + path);
  }
  for (const page of [one, two]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
