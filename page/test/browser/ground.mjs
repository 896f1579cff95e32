// What lies under a map: the node's background before there is one, then streets and water of its own layout, and houses that
// stand in the line of sight.   node ground.mjs URL READINGS LAYOUT PICTURES
import { Drive, over, settled } from "./browser.mjs";

const [url, readings, layout, folder] = process.argv.slice(2);
const WATER = [169, 207, 228];
const STREET = [255, 255, 255];
const drive = await Drive.begin(url, folder);
const { seen } = drive;
const page = await drive.start();
await page.setInputFiles("#readings-file", readings);
await page.waitForSelector("body[data-points=drawn]");
await page.waitForSelector("body[data-idle=yes]");
await settled(page, 1500);
seen.background = { water: await drive.pixels(page, WATER), street: await drive.pixels(page, STREET) };
await drive.check(page, "background");

await page.setInputFiles("#layout-file", layout);
await page.waitForSelector("text=is the layout");
await page.fill("#place", "24.9405,60.1705");
await page.fill("#size", "32");
await page.fill("#cell", "4");
await page.uncheck("#check");
await page.click("#make");
await over(page);
await page.waitForSelector("#layer");
await settled(page, 1500);
const box = await page.locator("#map").boundingBox();
const sights = [];
for (let k = 1; k < 10; k += 1) {
  await page.mouse.move(box.x + 0.1 * k * box.width, box.y + 0.5 * box.height);
  await settled(page, 80);
  sights.push((await page.textContent("#readout")).split("\n").at(-1));
}
seen.sights = sights;
await page.mouse.wheel(0, 500);
await settled(page, 2500);
seen.ground = { water: await drive.pixels(page, WATER), street: await drive.pixels(page, STREET) };
await drive.colours(page, "ground");
await drive.check(page, "ground");
await drive.end();
