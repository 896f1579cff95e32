// The bars of the page, each measured RUNS times.   node measure.mjs URL ADDRESS CITY MILLION KILLED:
// of a made map, a large map, a file, and the command of a node at URL that is killed and started again
import { spawn } from "node:child_process";
import { Drive, settled } from "./browser.mjs";

const [url, address, city, million, killed] = process.argv.slice(2);
const RUNS = Number(process.env.RUNS ?? 5);
const PAN_S = Number(process.env.PAN_S ?? 0); // the heap is measured after so long
const drive = await Drive.begin(url, undefined, ["--enable-precise-memory-info"]);
const { seen } = drive;
seen.browser = `Chromium ${drive.browser.version()}, swiftshader`;
const note = (name, values) => { seen.ms[name] = values.map((value) => Math.round(10 * value) / 10); };
const frame = (page, change) => page.evaluate(async (text) => {
  const begun = performance.now();
  new Function(text)();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begun;
}, change);

const [paint, packed, idle] = [[], [], []];
for (let k = 0; k < RUNS && !killed; k += 1) {
  const page = await drive.open();
  let bytes = 0;
  page.on("response", async (answer) => {
    if (/\/page\/index\.|\/$/.test(answer.url())) bytes += Number((await answer.allHeaders())["content-length"] ?? 0);
  });
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length);
  paint.push(await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime));
  packed.push(bytes / 1000);
  await page.context().close();
  if (!address) continue;
  const map = await drive.open();
  const begun = Date.now();
  await map.goto(url + address);
  await map.waitForSelector("#legend:not([hidden])");
  await map.waitForSelector("body[data-ready=yes]");
  await map.waitForSelector("body[data-idle=yes]");
  idle.push(Date.now() - begun);
  await map.context().close();
}
if (!killed) {
  note("paint", paint);
  note("packed_kB", packed);
}

if (address) {
  note("map", idle);
  const page = await drive.start({}, address);
  await page.waitForSelector("#opacity", { state: "attached" });
  await settled(page, 2000);
  let asked = 0;
  page.on("request", (request) => { if (!request.url().endsWith("/health")) asked += 1; });
  const set = (selector, value) => `const s = document.querySelector('${selector}'); s.value = ${value}; s.dispatchEvent(new Event("input", { bubbles: true }));`;
  const [range, opacity, threshold, hover] = [[], [], [], []];
  await page.selectOption("#layer", "outage");
  await settled(page, 500);
  asked = 0;
  for (let k = 0; k < RUNS; k += 1) threshold.push(await frame(page, set("#threshold", `String(-100 + 3 * ${k})`)));
  await page.selectOption("#layer", "mean");
  await settled(page, 300);
  for (let k = 0; k < RUNS; k += 1) {
    range.push(await frame(page, set('[aria-label="high end of the colours"]', `String(Number(s.min) + (0.5 + 0.05 * ${k}) * (s.max - s.min))`)));
    opacity.push(await frame(page, set("#opacity", `String(0.4 + 0.1 * ${k})`)));
  }
  const box = await page.locator("#map").boundingBox();
  for (let k = 0; k < RUNS; k += 1) {
    hover.push(await page.evaluate(async ([x, y]) => {
      const canvas = document.querySelector("canvas");
      const begun = performance.now();
      canvas.dispatchEvent(new MouseEvent("mousemove", { clientX: x, clientY: y, bubbles: true }));
      return performance.now() - begun;
    }, [box.x + (0.4 + 0.03 * k) * box.width, box.y + 0.55 * box.height]));
  }
  note("range", range);
  note("opacity", opacity);
  note("threshold", threshold);
  note("hover", hover);
  note("asked", [asked]);
  await page.click("#tab-whatif");
  await page.click("#drag");
  await page.waitForFunction(() => Number(document.body.dataset.turn ?? 0) >= 1);
  await page.focus("canvas");
  const [rates, last] = [[], []];
  for (let k = 0, pressed = 1; k < RUNS; k += 1) {
    const turns = new Set();
    const begun = Date.now();
    while (Date.now() - begun < 4000) {
      await page.keyboard.press(pressed % 2 ? "ArrowLeft" : "ArrowRight");
      pressed += 1;
      await page.waitForTimeout(60);
      turns.add(await page.evaluate(() => document.body.dataset.turn));
    }
    rates.push(turns.size / 4);
    await settled(page, 1500);
    last.push((await page.evaluate(() => document.body.dataset.turn)) === String(pressed) ? 1 : 0);
  }
  note("predictions", rates);
  note("newestLast", last);
  await page.context().close();
}

if (city) {
  const page = await drive.start({}, city);
  await page.waitForFunction(() => document.body.dataset.tiles === "drawn");
  await drive.colours(page, "city");
  const moves = [];
  const move = async (dx, dy, wheel) => {
    const begun = Date.now();
    await page.evaluate(() => { document.body.dataset.tiles = "asked"; });
    const box = await page.locator("#map").boundingBox();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    if (wheel) await page.mouse.wheel(0, wheel);
    else {
      await page.mouse.down();
      await page.mouse.move(box.x + box.width / 2 + dx, box.y + box.height / 2 + dy, { steps: 4 });
      await page.mouse.up();
    }
    await page.waitForFunction(() => document.body.dataset.tiles === "drawn");
    moves.push(Date.now() - begun);
  };
  for (let k = 0; k < RUNS; k += 1) await move(0, 0, -300);
  note("zoom", moves.splice(0));
  for (let k = 0; k < RUNS; k += 1) await move(k % 2 ? 300 : -260, 120);
  note("pan", moves.splice(0));
  const end = Date.now() + PAN_S * 1000;
  for (let k = 0; Date.now() < end; k += 1) await move(k % 4 < 2 ? 250 : -250, k % 3 ? 150 : -300);
  if (PAN_S) {
    const session = await page.context().newCDPSession(page);
    await session.send("HeapProfiler.collectGarbage");
    note("heap", [await page.evaluate(() => performance.memory.usedJSHeapSize / 1e6)]);
    note("panned", [moves.length]);
  }
  await page.context().close();
}

// From the file's drop until all points are drawn and the map is idle; what the browser's own start takes stands apart.
if (million) {
  const [preview, points, longest, start] = [[], [], [], []];
  for (let k = 0; k < RUNS; k += 1) {
    const page = await drive.open();
    await page.addInitScript(() => {
      globalThis.tasks = [];
      const note = (list) => globalThis.tasks.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration]));
      new PerformanceObserver(note).observe({ type: "longtask", buffered: true });
    });
    await page.goto(url);
    await page.waitForSelector("body[data-ready=yes]");
    const dropped = await page.evaluate(() => performance.now());
    const begun = Date.now();
    await page.setInputFiles("#readings-file", million);
    await page.waitForSelector("#preview table", { timeout: 300_000 });
    preview.push(Date.now() - begun);
    await page.waitForSelector("body[data-points=drawn]", { timeout: 300_000 });
    points.push(Date.now() - begun);
    await settled(page, 500);
    const tasks = await page.evaluate(() => globalThis.tasks);
    longest.push(Math.max(0, ...tasks.filter(([at, ms]) => at + ms > dropped).map(([, ms]) => ms)));
    start.push(Math.max(0, ...tasks.filter(([at, ms]) => at + ms <= dropped).map(([, ms]) => ms)));
    await page.context().close();
  }
  note("millionPreview", preview);
  note("millionPoints", points);
  note("millionLongestTask", longest);
  note("startLongestTask", start);
}
if (killed) {
  const [missed, found, kept] = [[], [], []];
  const begin = async () => {
    const service = spawn("sh", ["-c", `exec ${killed}`], { stdio: "ignore" });
    while (!(await fetch(`${url}health`).then((answer) => answer.ok, () => false))) await new Promise((done) => setTimeout(done, 20));
    return service;
  };
  let service = await begin();
  const page = await drive.start();
  for (let k = 0; k < RUNS; k += 1) {
    await page.fill("#azimuth", String(k));
    await settled(page, 1500 + 137 * k); // at any phase of the page's own clock
    const begun = Date.now();
    service.kill("SIGKILL");
    await page.waitForSelector("#banner:not([hidden])");
    missed.push(Date.now() - begun);
    service = await begin();
    const back = Date.now();
    await page.waitForSelector("#banner", { state: "hidden" });
    found.push(Date.now() - back);
    kept.push((await page.inputValue("#azimuth")) === String(k) ? 1 : 0);
  }
  service.kill("SIGKILL");
  note("missed", missed);
  note("found", found);
  note("kept", kept);
}
await drive.end();
