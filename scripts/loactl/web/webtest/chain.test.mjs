import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { launch, open, url, shot, axe } from "./lib.mjs";
import { desk, place, run, enrol, heard, signs } from "./desk.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const size = process.env.LOA_SIZE;
const box = process.env.LOA_BOX;

// until asks again and again until the answer is yes, for so many seconds.
const until = async (seconds, what, is) => {
  for (const end = Date.now() + seconds * 1000; !(await is());) {
    assert.ok(Date.now() < end, what);
    await new Promise((done) => setTimeout(done, 500));
  }
};

// aired signs what stands on an author's page, has another sign it, plays it and sees it
// sound at the box and on the page of a resident.
const aired = async (author, approver, resident, title) => {
  await author.getByRole("button", { name: "Lưu và đọc thành lời" }).click();
  await author.locator("audio").waitFor();
  await author.getByRole("button", { name: "Xem lại và ký" }).click();
  await signs(author, `chain-author-${size}`, true);
  await approver.goto(desk + "/desk/");
  await approver.getByRole("link", { name: new RegExp(`Xem và ký.*${title}`) }).click();
  await signs(approver, `chain-approver-${size}`, true);
  await approver.getByRole("button", { name: new RegExp(`Phát ngay….*${title}`) }).click();
  await signs(approver, `chain-play-${size}`, true);
  await until(20, "the box does not sound", async () => {
    await approver.goto(desk + "/desk/now");
    return approver.getByText(`Đang phát: ${title}`).count();
  });
  const began = Date.now();
  await resident.getByRole("heading", { name: title }).waitFor(); // by itself: the page has been open all the time
  console.log(`${size}: a resident's open page shows it ${Date.now() - began} ms after the desk's`);
  await axe(resident, "resident's page");
  await heard(title);
};

test(`author, approver, box, resident, report, answer, on air, on a ${size}`, async () => {
  const author = await enrol(browser, `mai-${size}-${run}`, "writer", size);
  const approver = await enrol(browser, `son-${size}-${run}`, "approver", size);
  const resident = await open(browser, size);
  await resident.goto(`${url}/p/${place}`);
  const title = `Cắt nước ${size} ${run}`;
  await author.getByRole("link", { name: "Soạn bản tin" }).click();
  await author.getByLabel("Tiêu đề").fill(title);
  await author.getByLabel("Nội dung").fill("Ngày mai cắt nước từ tám giờ.");
  await author.getByRole("button", { name: "Tiếp tục" }).click();
  await author.waitForURL("**/desk/draft/*");
  await aired(author, approver, resident, title);
  await shot(resident, `chain-resident-${size}`);

  // A resident answers, with a picture; nobody asks who it is.
  await resident.goto(`${url}/o/${box}`);
  await resident.getByLabel("Nội dung sai").check();
  await resident.getByLabel("Nói rõ thêm").fill(`Cắt đến mấy giờ? <b>${size}</b> ${run}`);
  const picture = await resident.screenshot();
  await resident.getByLabel("Ảnh").setInputFiles({ name: "loa.png", mimeType: "image/png", buffer: picture });
  await resident.getByRole("button", { name: "Gửi phản ánh" }).click();
  const code = await resident.locator(".code").textContent();
  await axe(resident, "sent");
  await shot(resident, `chain-sent-${size}`);

  // Staff reads it, answers, and makes the answer a bulletin in the same step.
  await author.goto(desk + "/desk/inbox");
  await axe(author, "inbox");
  await shot(author, `chain-inbox-${size}`);
  await author.getByRole("listitem").filter({ hasText: `${size}</b> ${run}` }).getByRole("link").click();
  const photo = author.getByRole("img", { name: "Ảnh người dân gửi" });
  await photo.waitFor();
  await author.waitForFunction(() => document.querySelector("main img").naturalWidth > 0);
  await axe(author, "letter");
  await shot(author, `chain-letter-${size}`);
  await author.getByLabel("Trả lời").fill(`Nước có lại lúc mười một giờ. ${run}`);
  await author.getByRole("button", { name: "Trả lời và soạn thành bản tin" }).click();
  await author.waitForURL("**/desk/draft/*");
  const answer = `Trả lời ${size} ${run}`;
  assert.equal(await author.getByLabel("Tiêu đề").inputValue(), "Trả lời phản ánh: nội dung sai");
  await author.getByLabel("Tiêu đề").fill(answer);
  await resident.goto(`${url}/p/${place}`);
  await aired(author, approver, resident, answer);
  await shot(resident, `chain-answer-${size}`);

  // The resident has the answer by the code, and knows that it went on air.
  await resident.goto(url + "/follow");
  await resident.getByLabel("Mã phản ánh").fill(code);
  await resident.getByRole("button", { name: "Xem" }).click();
  await resident.getByText("Đã trả lời").waitFor();
  await resident.getByText(`Nước có lại lúc mười một giờ. ${run}`).waitFor();
  await resident.getByText("Câu trả lời đã được duyệt thành bản tin").waitFor();
  await axe(resident, "followed");
  await shot(resident, `chain-follow-${size}`);
  for (const page of [author, approver, resident]) {
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
