import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { launch, shot, axe, threeG } from "./lib.mjs";
import { desk, place, run, enrol, lend, signs } from "./desk.mjs";

// What goes wrong around somebody who writes and signs: the session ends, the network is
// gone or slow, a second tab is open, the clock of the machine is off.
let browser, author, approver;
before(async () => {
  browser = await launch(["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]);
  author = await enrol(browser, `hue-${run}`, "writer", "phone");
  approver = await enrol(browser, `phuc-${run}`, "approver", "desk");
});
after(async () => { await browser.close(); });

const texts = (page) => page.getByRole("textbox", { name: "Nội dung" });
const drafted = async (page, title, text) => {
  await page.goto(desk + "/desk/write");
  await page.getByLabel("Tiêu đề").fill(title);
  await texts(page).fill(text);
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await page.waitForURL("**/desk/draft/*");
};
const pressed = async (page, name) => {
  const loaded = page.waitForEvent("load");
  await page.getByRole("button", { name, exact: true }).click();
  await loaded;
};

test("a session that ends while somebody writes", async () => {
  const page = author;
  await page.goto(desk + "/desk/write");
  await page.getByLabel("Tiêu đề").fill(`Mất phiên ${run}`);
  await texts(page).fill("Viết nửa tiếng đồng hồ.");
  await page.context().clearCookies();
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await page.getByText("Bạn đã bị đăng xuất").waitFor();
  await axe(page, "signed out");
  await shot(page, "desk-signed-out-phone");
  assert.equal(await texts(page).inputValue(), "Viết nửa tiếng đồng hồ.");
  const [tab] = await Promise.all([page.waitForEvent("popup"), page.getByRole("link", { name: "Đăng nhập ở thẻ mới" }).click()]);
  await tab.waitForLoadState();
  await lend(page, tab);
  await tab.getByRole("button", { name: "Đăng nhập bằng khóa truy cập" }).click();
  await tab.waitForURL("**/desk/");
  await tab.close();
  await page.getByRole("button", { name: "Tiếp tục" }).click();
  await page.waitForURL("**/desk/draft/*");
  assert.equal(await texts(page).inputValue(), "Viết nửa tiếng đồng hồ.");
});

test("no network while somebody writes, then a slow one", async () => {
  const page = author;
  await drafted(page, `Mất mạng ${run}`, "Bản đầu.");
  await texts(page).fill("Bản hai, viết lúc mất mạng.");
  await page.context().setOffline(true);
  await page.getByRole("button", { name: "Lưu", exact: true }).click();
  await page.getByText("không có mạng").waitFor();
  assert.equal(await texts(page).inputValue(), "Bản hai, viết lúc mất mạng.");
  await page.context().setOffline(false);
  const cdp = await threeG(page);
  const began = Date.now();
  await pressed(page, "Lưu");
  console.log(`on slow 3G a draft is saved and shown after ${Date.now() - began} ms`);
  assert.ok(Date.now() - began < 20000);
  await cdp.detach();
  assert.equal(await texts(page).inputValue(), "Bản hai, viết lúc mất mạng.");
});

test("what is typed stays when a sound is sent", async () => {
  const page = author;
  await drafted(page, `Gửi tiếng ${run}`, "Bản đầu.");
  await texts(page).fill("Viết thêm rồi mới gửi tiếng.");
  await page.getByLabel("Tải âm thanh lên").setInputFiles(process.env.LOA_TONE);
  await page.getByRole("button", { name: "Tải lên" }).click();
  await page.waitForURL("**/desk/draft/*#sound");
  await page.locator("audio").waitFor();
  assert.equal(await texts(page).inputValue(), "Viết thêm rồi mới gửi tiếng.");
  await texts(page).fill("Viết thêm rồi ghi âm.");
  await page.getByRole("button", { name: "Ghi âm" }).click();
  await page.getByRole("button", { name: "Dừng ghi" }).waitFor();
  const before = await page.locator("audio").getAttribute("src");
  await new Promise((done) => setTimeout(done, 1500)); // so long somebody speaks
  await page.getByRole("button", { name: "Dừng ghi" }).click();
  await page.waitForFunction((src) => document.querySelector("audio")?.getAttribute("src") !== src, before);
  assert.equal(await texts(page).inputValue(), "Viết thêm rồi ghi âm.");
  // So it is with a translation, which is typed and then spoken.
  await page.getByRole("button", { name: "Thêm ngôn ngữ" }).click();
  await page.waitForURL("**/desk/language/*/*");
  await page.getByLabel("Bản dịch").fill("Lời dịch, chưa lưu.");
  await page.getByRole("button", { name: "Ghi âm" }).click();
  await page.getByRole("button", { name: "Dừng ghi" }).waitFor();
  await new Promise((done) => setTimeout(done, 1500));
  await page.getByRole("button", { name: "Dừng ghi" }).click();
  await page.locator("audio").waitFor();
  assert.equal(await page.getByLabel("Bản dịch").inputValue(), "Lời dịch, chưa lưu.");
});

test("one draft in two tabs", async () => {
  const page = author;
  await drafted(page, `Hai thẻ ${run}`, "Chung.");
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await texts(tab).fill("Của thẻ hai.");
  await pressed(tab, "Lưu");
  await texts(page).fill("Của thẻ một.");
  await page.getByRole("button", { name: "Lưu", exact: true }).click();
  await page.getByText("đã được lưu ở nơi khác").waitFor();
  await axe(page, "two tabs");
  await shot(page, "desk-two-tabs-phone");
  assert.equal(await texts(page).inputValue(), "Của thẻ một.");
  await tab.reload();
  assert.equal(await texts(tab).inputValue(), "Của thẻ hai.");
  await tab.close();
});

test("one signature in two tabs", async () => {
  const page = approver;
  await drafted(page, `Ký hai lần ${run}`, "Chỉ một lần.");
  await page.getByRole("button", { name: "Xem lại và ký" }).click();
  await page.waitForURL("**/desk/sign/*");
  const tab = await page.context().newPage();
  await tab.goto(page.url());
  await tab.locator("#exactly dl").first().waitFor();
  await signs(page, "desk-once");
  await tab.getByRole("button", { name: "Ký", exact: true }).click();
  await tab.getByText("Văn bản này không còn chờ bạn ký").waitFor();
  await shot(tab, "desk-signed-twice");
  await tab.goto(desk + `/desk/library?place=${place}`);
  assert.equal(await tab.getByRole("heading", { name: new RegExp(`Ký hai lần ${run}`) }).count(), 1);
  await tab.close();
});

// The clock of a person's machine signs nothing, and no time on a page comes from it.
for (const [off, ms] of [["an hour", 3600e3], ["a day", 24 * 3600e3], ["a day back", -24 * 3600e3]]) {
  test(`a machine whose clock is ${off} off`, async () => {
    const page = await approver.context().newPage();
    await page.clock.install({ time: Date.now() + ms });
    const title = `Lệch giờ ${off} ${run}`;
    await drafted(page, title, "Đúng giờ.");
    await page.getByRole("button", { name: "Xem lại và ký" }).click();
    await page.waitForURL("**/desk/sign/*");
    await signs(page, "desk-skew");
    // By the centre's clock it was written today, and counts for thirty days from now.
    const days = (n) => new Date(Date.now() + n * 24 * 3600e3).toLocaleDateString("en-GB", { timeZone: "Asia/Ho_Chi_Minh" });
    const row = page.getByRole("listitem").filter({ hasText: title });
    for (const day of [days(0), days(30)]) assert.ok((await row.textContent()).includes(day), `${day}: ${await row.textContent()}`);
    await page.close();
  });
}
