// Draws the icons of the residents' application from look/icon.svg: node icons.mjs
import { readFileSync, writeFileSync } from "node:fs";
import { launch } from "./lib.mjs";

const svg = readFileSync(new URL("../look/icon.svg", import.meta.url), "utf8");
const browser = await launch();
for (const size of [192, 512]) {
  const page = await browser.newPage({ viewport: { width: size, height: size } });
  await page.setContent(`<style>body{margin:0}svg{display:block;width:${size}px;height:${size}px}</style>${svg}`);
  writeFileSync(new URL(`../residents/static/icon-${size}.png`, import.meta.url), await page.screenshot());
  await page.close();
}
await browser.close();
