import { test, before, after } from "node:test";
import assert from "node:assert/strict";
import { launch, open, url, shot, axe } from "./lib.mjs";

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

for (const size of ["phone", "desk"]) {
  test(`what was said, on a ${size}`, async () => {
    const page = await open(browser, size);
    await page.goto(url + "/");
    await axe(page, "home");
    await shot(page, `home-${size}`);
    await page.getByRole("link", { name: "Xã An Sơn" }).click();
    // The box has said it, or says it now.
    await page.getByRole("heading", { name: "Họp tổ dân phố <b>tối nay</b>" }).waitFor({ timeout: 60000 });
    assert.match(await page.title(), /Xã An Sơn/);
    assert.equal(await page.getByText("bí mật đến ngày mai").count(), 0, "what was not said is told");
    await axe(page, "place");
    await shot(page, `place-${size}`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });
}
