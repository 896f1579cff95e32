// Processor seconds of the browser's processes for the same steps: they tell more than the clock on a machine that others use.
// node processor.mjs URL ADDRESS CITY
import { Drive, settled } from "./browser.mjs";

const [url, address, city] = process.argv.slice(2);
const RUNS = Number(process.env.RUNS ?? 5);
const drive = await Drive.begin(url);
const { seen } = drive;
const session = await drive.browser.newBrowserCDPSession();
const used = async () => (await session.send("SystemInfo.getProcessInfo")).processInfo.reduce((sum, one) => sum + one.cpuTime, 0);
const found = {};
const spent = async (name, work) => {
  const before = await used();
  await work();
  (found[name] ??= []).push((await used()) - before);
};
const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));

for (let k = 0; k < RUNS; k += 1) {
  const page = await drive.open();
  await spent("first paint", async () => {
    await page.goto(url);
    await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length);
  });
  await page.context().close();
  const map = await drive.open();
  await spent("map and legend", async () => {
    await map.goto(url + address);
    await map.waitForSelector("#legend:not([hidden])");
    await map.waitForSelector("body[data-ready=yes]");
    await frames(map);
  });
  await settled(map, 1500);
  const slide = `const s = document.querySelector('[aria-label="high end of the colours"]'); s.value = String(Number(s.min) + (0.5 + 0.05 * ${k}) * (s.max - s.min)); s.dispatchEvent(new Event("input", { bubbles: true }));`;
  await spent("range to a frame", async () => { await map.evaluate((text) => { new Function(text)(); }, slide); await frames(map); });
  await map.context().close();
}
if (city) {
  const page = await drive.start({}, city);
  await page.waitForFunction(() => document.body.dataset.tiles === "drawn");
  const box = await page.locator("#map").boundingBox();
  const centre = [box.x + box.width / 2, box.y + box.height / 2];
  for (let k = 0; k < 2 * RUNS; k += 1) {
    await spent(k < RUNS ? "zoom" : "pan", async () => {
      await page.evaluate(() => { document.body.dataset.tiles = "asked"; });
      await page.mouse.move(...centre);
      if (k < RUNS) await page.mouse.wheel(0, -300);
      else { await page.mouse.down(); await page.mouse.move(centre[0] + (k % 2 ? 300 : -260), centre[1] + 120, { steps: 4 }); await page.mouse.up(); }
      await page.waitForFunction(() => document.body.dataset.tiles === "drawn");
    });
  }
}
seen.processorS = Object.fromEntries(Object.entries(found).map(([name, values]) => [name, { median: Number([...values].sort((a, b) => a - b)[values.length >> 1].toFixed(3)), all: values.map((v) => Number(v.toFixed(3))) }]));
await drive.end();
