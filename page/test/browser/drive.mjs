// Drives the page as a user would, in Debian's Chromium with software rendering, and prints what it saw as JSON.
// node drive.mjs URL READINGS LAYOUT PLACE AZIMUTH SIZE SCREENSHOTS
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const [url, readings, layout, place, azimuth, size, folder] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const seen = { errors: [], elsewhere: [], axe: {}, colours: {}, ms: {} };

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"],
});

async function open(options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, bypassCSP: false, ...options });
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().includes("status of 4")) seen.errors.push(message.text());
  });
  page.on("pageerror", (error) => seen.errors.push(String(error)));
  page.on("request", (request) => {
    const asked = request.url();
    if (!asked.startsWith(url) && !asked.startsWith("data:") && !asked.startsWith("blob:")) seen.elsewhere.push(asked);
  });
  return page;
}

/** Number of different colours in the middle of the map: a page that draws nothing has one. */
async function colours(page) {
  return page.evaluate(() => {
    const canvas = document.querySelector("canvas");
    const copy = document.createElement("canvas");
    copy.width = copy.height = 200;
    const brush = copy.getContext("2d");
    brush.drawImage(canvas, canvas.width / 2 - 100, canvas.height / 2 - 100, 200, 200, 0, 0, 200, 200);
    const data = brush.getImageData(0, 0, 200, 200).data;
    const found = new Set();
    for (let k = 0; k < data.length; k += 4) found.add((data[k] << 16) | (data[k + 1] << 8) | data[k + 2]);
    return found.size;
  });
}

async function check(page, state) {
  // axe runs through the debugger, which the page's own policy does not reach
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  seen.axe[state] = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  if (folder) await page.screenshot({ path: `${folder}/${state}.png` });
}

const page = await open({});
await page.goto(url);
await page.waitForSelector("body[data-ready=yes]");
seen.ms.paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? null);
await check(page, "start");
await page.setInputFiles("#readings-file", readings);
await page.waitForSelector("button.main:not([disabled])");
await page.setInputFiles("#layout-file", layout);
await page.waitForSelector("text=is the layout");
await page.fill("#place", place);
await page.fill("#azimuth", azimuth);
await page.fill("#cell", "4");
await page.fill("#size", size);
await check(page, "preview");
seen.preview = await page.textContent("form");
await page.click("button.main");
await page.waitForSelector("#layer, .note.bad", { timeout: 600000 });
seen.failed = await page.locator(".note.bad").allTextContents();
await page.waitForSelector("#layer");
await page.waitForTimeout(1500);
seen.colours.mean = await colours(page);
await check(page, "map");

// values come from memory: hovering, range and opacity ask for nothing
let asked = 0;
page.on("request", () => (asked += 1));
const box = await page.locator("#map").boundingBox();
seen.readouts = [];
for (const [x, y] of [[0.5, 0.62], [0.42, 0.7], [0.6, 0.75]]) {
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.waitForTimeout(60);
  seen.readouts.push(await page.textContent("#readout"));
}
seen.ms.range = await page.evaluate(async () => {
  const slider = document.querySelector('[aria-label="high end of the colours"]');
  slider.value = String(Number(slider.min) + 0.5 * (slider.max - slider.min));
  const begun = performance.now();
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
});
seen.asked = asked;

// the keyboard's cell cursor
await page.focus("canvas");
await page.keyboard.press("ArrowUp");
seen.cursor = await page.textContent("#readout");

// a line and its profile
await page.click("#draw-line");
await page.mouse.click(box.x + 0.35 * box.width, box.y + 0.7 * box.height);
await page.waitForTimeout(400);
await page.mouse.click(box.x + 0.6 * box.width, box.y + 0.75 * box.height);
await page.focus("canvas");
await page.keyboard.press("Escape");
await page.waitForSelector("#profile:not([hidden])");
await page.waitForTimeout(300);
seen.profile = await page.textContent("#profile");
await check(page, "profile");

for (const name of ["std", "outage", "p90"]) {
  await page.selectOption("#layer", name);
  await page.waitForTimeout(900);
  seen.colours[name] = await colours(page);
}
seen.address = page.url();
seen.legend = await page.textContent("#legend");

// an address brings the map back, in the dark and on a narrow screen, too
for (const [state, options] of [["dark", { colorScheme: "dark" }], ["narrow", { viewport: { width: 320, height: 700 } }]]) {
  const other = await open(options);
  await other.goto(seen.address);
  await other.waitForSelector("#layer", { timeout: 120000 });
  await other.waitForTimeout(1500);
  seen.colours[state] = await colours(other);
  seen[`${state}Layer`] = await other.inputValue("#layer");
  seen[`${state}Wide`] = await other.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  await check(other, state);
  await other.close();
}

// what is wrong is told on the page
const bad = await open({});
await bad.goto(`${url}#map=gone`);
await bad.waitForSelector(".note.bad");
seen.gone = await bad.textContent(".note.bad");
await bad.setInputFiles("#readings-file", { name: "<img src=x onerror=alert(1)>.csv", mimeType: "text/csv", buffer: Buffer.from("\u0000\u0001rubbish") });
await bad.waitForFunction(() => document.querySelector(".note.bad")?.textContent?.includes("binary"));
seen.rubbish = await bad.textContent(".note.bad");
seen.images = await bad.locator("aside img").count();

console.log(JSON.stringify(seen));
await browser.close();
