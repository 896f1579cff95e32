// A simulated cell: made, dragged, turned, painted, compared with its truth, taken away, kept.   node ask.mjs URL PICTURES
import { Drive, content, over, settled, tab } from "./browser.mjs";

const [url, folder] = process.argv.slice(2);
const drive = await Drive.begin(url, folder);
const { seen } = drive;
const page = await drive.start();
await drive.check(page, "start");

await page.click("#demo-city");
await page.waitForSelector("#preview table");
await page.waitForSelector("#make:not([disabled])");
await page.fill("#size", "64");
await page.uncheck("#check");
await settled(page);
await drive.check(page, "demo");
await page.click("#make");
await over(page);
await page.waitForSelector("#layer");
await settled(page, 1500);
await drive.colours(page, "map");
seen.verdict = await page.textContent("#verdict");
seen.local = await page.textContent("#map-panel");

// the transmitter is dragged by keys: the last position is the one that is shown
await tab(page, "whatif");
await page.click("#drag");
await page.waitForFunction(() => Number(document.body.dataset.turn ?? 0) >= 1);
await page.focus("canvas");
const begun = Date.now();
for (let k = 0; k < 12; k += 1) { await page.keyboard.press("ArrowLeft"); await page.waitForTimeout(40); }
await page.waitForFunction(() => document.body.dataset.turn === "13");
seen.ms.dragged = Date.now() - begun;
seen.turn = await page.evaluate(() => document.body.dataset.turn);
seen.dragged = await page.textContent("#drag-said");
await settled(page);
await drive.colours(page, "drag");
await drive.check(page, "drag");
await page.click("#drag");

// the antenna is turned
await page.fill("#then-azimuth", "90");
await page.click("#change");
await over(page);
await settled(page, 1500);
seen.change = await page.textContent("#legend");
await drive.colours(page, "change");
await drive.check(page, "change");
seen.changeAddress = page.url();

// a hole is painted by keyboard alone
await page.focus("#paint-hole");
await page.keyboard.press("Enter");
await page.focus("canvas");
for (const key of [...Array(29).fill("ArrowUp"), " ", ...Array(14).fill("ArrowRight"), " ", ...Array(14).fill("ArrowDown"), " ", ...Array(14).fill("ArrowLeft"), " ", "Enter"]) await page.keyboard.press(key === " " ? "Space" : key);
seen.painted = await page.textContent("#painted");
await page.click("#reconstruct");
await over(page);
await page.waitForSelector("#notes .good");
seen.reconstructed = await page.textContent("#notes");
await settled(page);
await drive.check(page, "paint");

// on a plane of its own no drive can be planned: said so
await page.click("#plan");
await page.waitForSelector("#notes .bad");
seen.noPlan = await page.textContent("#notes");

// beside the truth, and beside kriging
await tab(page, "compare");
await page.click("#with-truth");
await over(page);
await page.waitForSelector("#notes .good");
seen.truth = await page.textContent("#notes");
await settled(page, 1500);
await drive.colours(page, "truth");
await drive.check(page, "truth");
await page.click("#with-classical");
await over(page);
await page.waitForSelector("#mode-swipe");
await page.check("#mode-swipe");
await settled(page);
let asked = 0;
page.on("request", (request) => { if (!request.url().endsWith("/health")) asked += 1; });
await page.evaluate(() => {
  const slider = document.querySelector("#swipe");
  slider.value = "0.4";
  slider.dispatchEvent(new Event("input", { bubbles: true }));
});
await settled(page, 300);
seen.askedBySwipe = asked;
seen.swipeAddress = page.url();
await drive.colours(page, "swipe");
await drive.check(page, "swipe");

/** Number of dark pixels in the last rows of a picture. */
const ink = (page, bytes, rows) => page.evaluate(async ([numbers, count]) => {
  const picture = await createImageBitmap(new Blob([new Uint8Array(numbers)], { type: "image/png" }));
  const copy = new OffscreenCanvas(picture.width, count);
  const brush = copy.getContext("2d");
  brush.drawImage(picture, 0, count - picture.height);
  const data = brush.getImageData(0, 0, copy.width, count).data;
  let found = 0;
  for (let k = 0; k < data.length; k += 4) if (data[k] < 128 && data[k + 3] > 128) found += 1;
  return found;
}, [[...bytes], rows]);

// taken away
await tab(page, "take");
seen.files = {};
for (const [id, ending] of [["take-tif", "tif"], ["take-png", "png"], ["take-world", "pgw"], ["take-geojson", "geojson"], ["take-kml", "kml"]]) {
  const { name, bytes } = await content(page, `#${id}`);
  seen.files[ending] = { name, size: bytes.length, begins: bytes.subarray(0, 200).toString("latin1") };
  if (ending === "png") seen.creditInk = await ink(page, bytes, 20);
}
seen.credit = await page.textContent("#credit");
seen.command = await page.textContent("#command");
seen.python = await page.textContent("#python");
seen.request = await page.textContent("#request");
await drive.check(page, "take");

// kept under a name, opened again, and the way back
await tab(page, "stored");
await page.fill("#keep-name", "<img src=x onerror=alert(1)>");
await page.click("#keep");
await page.waitForSelector("#notes .bad");
seen.badName = await page.textContent("#notes");
await page.fill("#keep-name", "demo/city");
await page.click("#keep");
await page.waitForSelector("#notes .good");
seen.kept = await page.textContent("#notes");
await page.click('#stored-panel button:has-text("demo/city")');
await page.waitForFunction(() => location.hash.includes("map=store"));
await settled(page, 1500);
await drive.colours(page, "stored");
await page.focus("canvas");
await page.keyboard.press("ArrowUp");
seen.storedReadout = await page.textContent("#readout");
await page.focus("#tab-stored");
await drive.check(page, "stored");
seen.storedAddress = page.url();
await page.goBack();
await page.waitForFunction(() => !location.hash.includes("map=store"));
await settled(page, 1500);
seen.backAddress = page.url();

// an address brings a state back, in the dark and on a narrow screen
for (const [state, options] of [["dark", { colorScheme: "dark" }], ["narrow", { viewport: { width: 320, height: 700 } }]]) {
  const other = await drive.start(options, new URL(seen.swipeAddress).hash);
  await other.waitForSelector("#layer", { state: "attached" });
  await settled(other, 1500);
  await drive.colours(other, state);
  seen[`${state}Swipe`] = await other.inputValue("#swipe");
  await other.context().close();
}

// without WebGL2: the picture and the table
const bare = await drive.open();
await bare.addInitScript(() => {
  const made = HTMLCanvasElement.prototype.getContext;
  HTMLCanvasElement.prototype.getContext = function (kind, ...rest) { return kind === "webgl2" ? null : made.call(this, kind, ...rest); };
});
await bare.goto(url + new URL(seen.storedAddress).hash);
await bare.waitForSelector("#plain table");
await bare.waitForFunction(() => document.querySelector("#picture")?.naturalWidth > 100);
seen.plain = await bare.textContent("#plain");
await drive.check(bare, "plain");
await drive.end();
