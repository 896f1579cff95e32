// A user's own drive test: read, checked, seen, asked, planned.   node drive.mjs URL READINGS LAYOUT PLACE AZIMUTH SIZE PICTURES
import { Drive, content, over, settled, tab } from "./browser.mjs";

const [url, readings, layout, place, azimuth, size, folder] = process.argv.slice(2);
const drive = await Drive.begin(url, folder);
const { seen } = drive;
const page = await drive.start();
await page.setInputFiles("#readings-file", readings);
await page.waitForSelector("#make:not([disabled])");
await page.setInputFiles("#layout-file", layout);
await page.waitForSelector("text=is the layout");
await page.fill("#place", place);
await page.fill("#azimuth", azimuth);
await page.fill("#cell", "4");
await page.fill("#size", size);
await settled(page);
await drive.check(page, "preview");
seen.preview = await page.textContent("#body-make");
await page.click("#make");
await page.waitForSelector("#layer, #notes .bad", { timeout: 600_000 });
seen.failed = await page.locator(".note.bad:visible").allTextContents();
await page.waitForSelector("#layer");
await settled(page, 1500);
seen.verdict = await page.textContent("#verdict");
await drive.colours(page, "mean");
await drive.check(page, "map");

// values come from memory: hovering, range and opacity ask for nothing
let asked = 0;
page.on("request", (request) => { if (!request.url().endsWith("/health")) asked += 1; });
const box = await page.locator("#map").boundingBox();
seen.readouts = [];
for (const [x, y] of [[0.5, 0.62], [0.42, 0.7], [0.6, 0.75]]) {
  await page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await page.waitForTimeout(60);
  seen.readouts.push(await page.textContent("#readout"));
}
await page.evaluate(() => {
  const slider = document.querySelector('[aria-label="high end of the colours"]');
  slider.value = String(Number(slider.min) + 0.5 * (slider.max - slider.min));
  slider.dispatchEvent(new Event("input", { bubbles: true }));
});
await settled(page, 200);
seen.asked = asked;

// the keyboard's cell cursor
await page.focus("canvas");
await page.keyboard.press("ArrowUp");
seen.cursor = await page.textContent("#readout");

// a line and its profile
await page.click("#draw-line");
await page.mouse.click(box.x + 0.35 * box.width, box.y + 0.6 * box.height);
await settled(page, 400);
await page.mouse.click(box.x + 0.6 * box.width, box.y + 0.65 * box.height);
await page.focus("canvas");
await page.keyboard.press("Enter");
await page.waitForSelector("#profile:not([hidden])");
await settled(page, 300);
seen.profile = await page.textContent("#profile");
const csv = await content(page, "#profile-csv");
seen.csv = csv.bytes.toString().split("\n").slice(0, 3);
await drive.check(page, "profile");

for (const name of ["std", "outage", "direction", "p90"]) {
  await page.selectOption("#layer", name);
  await settled(page, 900);
  await drive.colours(page, name);
  if (name === "direction") await drive.check(page, "direction");
}
await page.selectOption("#dots", "residual");
await settled(page, 500);
await drive.check(page, "residual");
seen.address = page.url();
seen.legend = await page.textContent("#legend");

// where to measure next
await tab(page, "whatif");
await page.fill("#plan-count", "6");
await page.click("#plan");
await over(page);
await page.waitForSelector("#plan-gpx");
await settled(page);
seen.plan = await page.textContent("#plan-list");
seen.gpx = (await content(page, "#plan-gpx")).bytes.toString();
await drive.check(page, "plan");

// an address brings the map back
const other = await drive.start({}, new URL(seen.address).hash);
await other.waitForSelector("#layer", { state: "attached" });
await settled(other, 1000);
seen.again = await other.inputValue("#layer");
seen.readingsInAddress = /8[89]\b.*-9[0-9]/.test(seen.address) && seen.address.length > 600;
await drive.end();
