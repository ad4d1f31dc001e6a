import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { launch, open, shot, axe, url } from "./lib.mjs";
import { desk, place, run, loactl, enrol, signs } from "./desk.mjs";

let browser, officer;
const title = `Tin chiều ${run}`;
const week = () => `${desk}/desk/week?place=${place}&from=${monday}`;

// The Monday after this week: whatever day it is, all of that week is to come.
const here = new Date(Date.now() + 7 * 3600e3);
const iso = (plus) => new Date(Date.UTC(here.getUTCFullYear(), here.getUTCMonth(), here.getUTCDate() - ((here.getUTCDay() + 6) % 7) + 7 + plus)).toISOString().slice(0, 10);
const monday = iso(0);
const cell = (page, date, hour) => page.locator(`tr:has(th:text-is("${hour}")) td[data-date="${date}"]`);
const slotIn = (page, date, hour) => cell(page, date, hour).getByRole("link", { name: title });

// bulletin makes one with sound, and signs it.
const bulletin = async (title, kind) => {
  await officer.goto(desk + "/desk/write");
  await officer.getByLabel("Tiêu đề").fill(title);
  await officer.getByLabel("Nội dung").fill(`Mời bà con nghe: ${title}.`);
  await officer.getByRole("button", { name: "Tiếp tục" }).click();
  await officer.waitForURL("**/desk/draft/*");
  if (kind) {
    await officer.getByLabel("Loại").selectOption(kind);
    await officer.getByRole("button", { name: "Lưu", exact: true }).click();
    await officer.waitForURL("**/desk/draft/*");
  }
  await officer.getByLabel("Tải âm thanh lên").setInputFiles(process.env.LOA_TONE);
  await officer.getByRole("button", { name: "Tải lên" }).click();
  await officer.waitForURL("**/desk/draft/*#sound");
  await officer.getByRole("button", { name: "Xem lại và ký" }).click();
  await signs(officer, "plan-bulletin", true);
};

// onAir puts a bulletin into the week, every day at a time.
const onAir = async (title, time) => {
  await officer.goto(week());
  await officer.getByLabel("Bản tin").selectOption({ label: `${title} (${place})` });
  await officer.getByLabel("Giờ", { exact: true }).fill(time);
  await officer.getByRole("button", { name: "Xem sẽ ra sao và ký" }).last().click();
  await signs(officer, "plan-slot", true);
};

before(async () => {
  browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  officer = await enrol(browser, `mai-${run}`, "officer", "desk");
  await bulletin(title);
});
after(async () => { await browser.close(); });

test("week: mouse, keys, no script, holiday", async () => {
  await onAir(title, "17:00");

  // By mouse: it fills in a form, and nothing has changed.
  await officer.goto(week());
  await slotIn(officer, iso(0), "17").dragTo(cell(officer, iso(2), "18"));
  await officer.waitForURL("**/desk/week/slot?*");
  assert.equal(await officer.getByLabel("Sang ngày").inputValue(), iso(2));
  assert.equal(await officer.getByLabel("Giờ", { exact: true }).inputValue(), "18:00");
  await axe(officer, "slot");
  await shot(officer, "plan-move");
  await officer.getByRole("button", { name: "Xem sẽ ra sao và ký" }).click();
  await officer.waitForURL("**/desk/sign/*");
  const other = await officer.context().newPage();
  await other.goto(week());
  assert.equal(await slotIn(other, iso(0), "17").count(), 1, "it changed before it was signed");
  await other.close();
  await signs(officer, "plan-move-signs", true);
  await officer.goto(week());
  assert.equal(await slotIn(officer, iso(0), "17").count(), 0);
  assert.equal(await slotIn(officer, iso(2), "18").count(), 1);

  // By keys: the same form, filled in the same way.
  await slotIn(officer, iso(3), "17").focus();
  await officer.keyboard.press("Space");
  await officer.keyboard.press("ArrowRight");
  for (let i = 0; i < 6; i++) await officer.keyboard.press("ArrowDown");
  await officer.locator("#said:has-text('18:30')").waitFor();
  await axe(officer, "week, picked up");
  await shot(officer, "plan-week");
  await officer.keyboard.press("Escape");
  await officer.locator("#said:has-text('Để nguyên')").waitFor();
  await officer.keyboard.press("Space");
  await officer.keyboard.press("ArrowLeft");
  await officer.keyboard.press("ArrowUp");
  await officer.keyboard.press("Enter");
  await officer.waitForURL("**/desk/week/slot?*");
  assert.equal(await officer.getByLabel("Sang ngày").inputValue(), iso(2));
  assert.equal(await officer.getByLabel("Giờ", { exact: true }).inputValue(), "16:45");

  // Without a script, on a phone.
  const bare = await browser.newContext({ ignoreHTTPSErrors: true, javaScriptEnabled: false, storageState: await officer.context().storageState(), viewport: { width: 360, height: 740 } });
  const page = await bare.newPage();
  await page.goto(week());
  await shot(page, "plan-week-phone");
  await slotIn(page, iso(3), "17").click();
  await page.getByLabel("Sang ngày").fill(iso(2));
  await page.getByLabel("Giờ", { exact: true }).fill("16:45");
  await page.getByLabel(/^mọi Thứ/).check();
  await page.getByRole("button", { name: "Xem sẽ ra sao và ký" }).click();
  assert.match(page.url(), /\/desk\/sign\/[0-9a-f]{64}$/);
  await bare.close();

  await officer.goto(week());
  const tet = officer.locator("details", { hasText: "Tết Nguyên đán" });
  await tet.locator("summary").click();
  await axe(officer, "holidays");
  await shot(officer, "plan-holidays");
  await tet.getByRole("button").click();
  await signs(officer, "plan-holiday-signs", true);
  await officer.getByText("Các ngày nghỉ (6)").click(); // five of Tết, and the one that was moved
  assert.equal(await officer.locator("details[open]").getByRole("button", { name: /Phát lại ngày ấy/ }).count(), 6);
  const lines = loactl("ahead", place);
  assert.equal(await officer.locator("h2:has-text('24 giờ tới') ~ .scroll").first().locator("tbody tr").count(), lines.length);
  assert.deepEqual(officer.faults, []);
});

test("priority bulletins that meet are a choice", async () => {
  const [one, two] = [`A ưu tiên ${run}`, `B ưu tiên ${run}`];
  for (const name of [one, two]) {
    await bulletin(name, "priority");
    await onAir(name, "06:00");
  }
  await officer.goto(week());
  const note = officer.locator(".note", { hasText: "do xã chọn" });
  await note.getByText(one).first().waitFor();
  await axe(officer, "a choice");
  await shot(officer, "plan-choice");
  await note.getByRole("button", { name: new RegExp(`phát trước.*${two}`) }).click();
  await signs(officer, "plan-choice-signs", true);
  await officer.goto(week());
  assert.equal(await note.count(), 0, "it is asked again");
  const heard = loactl("ahead", place, "--days", "7").filter((l) => l.sounds && l.class === "priority").map((l) => l.title);
  assert.deepEqual(heard.slice(0, 2), [two, one]);
});

test("who heard it, and what sounds now", async () => {
  await officer.goto(desk + "/desk/library");
  await officer.getByRole("button", { name: new RegExp(`Phát ngay….*${title}`) }).click();
  await signs(officer, "plan-play", true);
  for (let i = 0; !(await officer.getByText(`Đang phát: ${title}`).count()); i++) {
    assert.ok(i < 40, "the box does not sound");
    await new Promise((done) => setTimeout(done, 500));
    await officer.goto(desk + "/desk/now");
  }
  await axe(officer, "now, sketch");
  await shot(officer, "plan-now");
  await officer.getByText("không phát gì").waitFor(); // nobody has loaded the page again
  for (let i = 0; ; i++) {
    await officer.goto(desk + "/desk/library");
    await officer.getByRole("link", { name: new RegExp(`Đã nghe ở đâu.*${title}`) }).click();
    if (await officer.getByText("Nghe đủ ở 1 trong 1 thiết bị").count()) break;
    assert.ok(i < 60, "nobody has heard it");
    await new Promise((done) => setTimeout(done, 1000));
  }
  await officer.locator("summary", { hasText: "dòng nhật ký" }).click();
  await axe(officer, "heard");
  await shot(officer, "plan-heard");
  const [file] = await Promise.all([officer.waitForEvent("download"), officer.getByRole("link", { name: "JSON" }).click()]);
  assert.match(file.suggestedFilename(), /^26734-bulletin-.*\.json$/);
  assert.deepEqual(officer.faults, []);
});

test("a key that is in no browser", async () => {
  const name = `${place}-1`; // its key is a file, made by loactl init
  const page = await open(browser, "desk");
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("WebAuthn.enable");
  await cdp.send("WebAuthn.addVirtualAuthenticator", { options: { protocol: "ctap2", transport: "internal", hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  const { code } = loactl("desk", "invite", name);
  await page.goto(desk + "/desk/register");
  await page.getByLabel("Tên của bạn trong sổ").fill(name);
  await page.getByLabel("Mã mời").fill(code);
  await page.getByRole("button", { name: "Tạo khóa truy cập" }).click();
  await page.waitForURL("**/desk/key");
  await page.goto(desk + "/desk/library");
  await page.getByRole("button", { name: new RegExp(`Phát ngay….*${title}`) }).click();
  await page.locator("#exactly dl").first().waitFor();
  await page.getByText("Ký bằng khóa ở ngoài trình duyệt này").click();
  await axe(page, "sign elsewhere");
  await shot(page, "plan-elsewhere");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Tải văn bản về" }).click()]);
  const paper = join(process.env.LOA_AUTHORITY, `../${run}.json`);
  await file.saveAs(paper);
  const key = paper.replace(".json", ".key");
  loactl("key", "export", name, key);
  const said = execFileSync(join(process.env.LOA_BIN, "loactl"), ["desk", "sign", paper, "--key", key], { encoding: "utf8" });
  assert.match(said, new RegExp(page.url().split("/").pop())); // the hash that is on the page
  await page.getByLabel("Tệp đã ký").setInputFiles(paper.replace(".json", `.${name}.json`));
  await page.getByRole("button", { name: "Đưa chữ ký lên" }).click();
  await page.getByRole("heading", { name: "Đã ký và gửi." }).waitFor();
  await axe(page, "signed elsewhere");
  assert.deepEqual(page.faults, []);
});

test("a poll: asked, answered, ended", async () => {
  await officer.goto(desk + "/desk/polls");
  await axe(officer, "polls");
  await officer.getByLabel("Tiêu đề").fill(`Chợ mới ${run}`);
  await officer.getByLabel("Câu hỏi").first().fill("Đặt ở đâu?");
  await officer.getByLabel("Các lựa chọn").first().fill("Bến phà");
  await officer.getByRole("button", { name: "Mở cho người dân trả lời" }).click();
  await officer.getByRole("alert").waitFor(); // one option is no choice; and what was typed is there
  assert.equal(await officer.getByLabel("Câu hỏi").first().inputValue(), "Đặt ở đâu?");
  officer.faults.length = 0; // the browser tells of a 422
  await axe(officer, "polls, wrong");
  await shot(officer, "plan-polls");
  await officer.getByLabel("Các lựa chọn").first().fill("Bến phà\nNgã ba");
  await officer.getByRole("button", { name: "Mở cho người dân trả lời" }).click();
  await officer.waitForURL("**/desk/poll/*");
  await officer.getByText("0 lượt trả lời").waitFor();
  const asked = officer.url().split("/").pop();
  await officer.getByLabel("Số phiếu").fill("2");
  const [file] = await Promise.all([officer.waitForEvent("download"), officer.getByRole("button", { name: "Tạo phiếu" }).click()]);
  const code = readFileSync(await file.path(), "utf8").match(/<code>([^<]+)/)[1];
  const resident = await open(browser, "phone");
  await resident.goto(`${url}/poll/${asked}#${code}`);
  await resident.getByLabel("Ngã ba").check();
  await resident.locator("main form").first().locator("button").last().click();
  await resident.waitForLoadState();
  await officer.reload();
  await officer.getByText("1 lượt trả lời").waitFor();
  await axe(officer, "poll");
  await shot(officer, "plan-poll");
  await officer.getByRole("button", { name: "Kết thúc ngay" }).click();
  await officer.getByText("đã kết thúc").waitFor();
  await resident.goto(`${url}/poll/${asked}`);
  await resident.getByText("Ngã ba").first().waitFor();
  assert.equal(loactl("poll", "result", asked).answers, 1);
  assert.deepEqual(officer.faults, []);
});

test("on a phone", async () => {
  const page = await open(browser, "phone", { storageState: await officer.context().storageState() });
  for (const path of [`week?place=${place}`, "now", "polls", "library", `report?place=${place}`]) {
    await page.goto(desk + "/desk/" + path);
    await axe(page, "phone " + path);
    const name = path.split("?")[0];
    await shot(page, `plan-phone-${name}`);
    const [wide, room] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
    assert.ok(wide <= room, `${name} is ${wide} wide, the screen ${room}`);
  }
  await page.goto(desk + "/desk/library");
  await page.getByRole("link", { name: new RegExp(`Đã nghe ở đâu.*${title}`) }).click();
  await axe(page, "phone heard");
  await shot(page, "plan-phone-heard");
  assert.deepEqual(page.faults, []);
});

test("in English", async () => {
  for (const path of [`week?place=${place}&`, "polls?", "now?", "library?"]) {
    await officer.goto(desk + `/desk/${path}lang=en`);
    assert.equal(await officer.locator("html").getAttribute("lang"), "en");
    await axe(officer, "en " + path);
  }
  assert.deepEqual(officer.faults, []);
});
