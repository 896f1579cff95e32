// What all drives of the page share: Debian's Chromium with software rendering, and what must not happen.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export class Drive {
  constructor(url, folder) {
    Object.assign(this, { url, folder, seen: { errors: [], elsewhere: [], axe: {}, wide: {}, colours: {}, ms: {} } });
  }

  static async begin(url, folder, more = []) {
    const drive = new Drive(url, folder);
    drive.browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", ...more],
    });
    return drive;
  }

  /** A page of its own; console errors but refused requests, and requests elsewhere, are noted. */
  async open(options = {}, allowed = /status of [45]|ERR_CONNECTION|ERR_EMPTY/) {
    const context = await this.browser.newContext({ viewport: { width: 1280, height: 860 }, acceptDownloads: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(600_000);
    page.on("console", (message) => {
      if (message.type() === "error" && !allowed.test(message.text())) this.seen.errors.push(message.text());
    });
    page.on("pageerror", (error) => this.seen.errors.push(String(error)));
    page.on("request", (request) => {
      const asked = request.url();
      if (!asked.startsWith(this.url) && !asked.startsWith("data:") && !asked.startsWith("blob:")) this.seen.elsewhere.push(asked);
    });
    await page.addInitScript(() => {
      addEventListener("webglcontextlost", () => console.error("context lost"), true);
    });
    return page;
  }

  async start(options = {}, address = "") {
    const page = await this.open(options);
    await page.goto(this.url + address);
    await page.waitForSelector("body[data-ready=yes]");
    return page;
  }

  /** axe in a state, in light and in dark; how much wider than a narrow screen it is; and pictures of all three. */
  async check(page, state) {
    const picture = (view, options = {}) => (this.folder ? page.screenshot({ path: `${this.folder}/${view}/${state}.png`, ...options }) : undefined);
    await this.axe(page, state);
    await picture("light");
    const size = page.viewportSize();
    await page.emulateMedia({ colorScheme: "dark" });
    await frames(page);
    await this.axe(page, `${state}, dark`);
    await picture("dark");
    await page.emulateMedia({ colorScheme: "light" });
    await page.setViewportSize({ width: 320, height: 700 });
    await frames(page);
    this.seen.wide[state] = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    await picture("narrow", { fullPage: true });
    await page.setViewportSize(size);
    await frames(page);
  }

  async axe(page, state) {
    await page.evaluate(axe); // through the debugger, which the page's own policy does not reach
    const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
    this.seen.axe[state] = found.violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(", ")}`);
  }

  /** Number of different colours in the middle of the map: a page that draws nothing has one. */
  async colours(page, state) {
    this.seen.colours[state] = await page.evaluate(() => {
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

  /** Number of pixels of the map that have a colour, to two steps of 256. */
  pixels(page, colour) {
    return page.evaluate(([r, g, b]) => {
      const canvas = document.querySelector("canvas");
      const copy = document.createElement("canvas");
      [copy.width, copy.height] = [canvas.width, canvas.height];
      const brush = copy.getContext("2d");
      brush.drawImage(canvas, 0, 0);
      const data = brush.getImageData(0, 0, copy.width, copy.height).data;
      let found = 0;
      for (let k = 0; k < data.length; k += 4) if (Math.max(Math.abs(data[k] - r), Math.abs(data[k + 1] - g), Math.abs(data[k + 2] - b)) < 3) found += 1;
      return found;
    }, colour);
  }

  async end() {
    console.log(JSON.stringify(this.seen));
    await this.browser.close();
  }
}

export const tab = (page, name) => page.click(`#tab-${name}`);

/** Wait until a job of the page is over, one way or the other. */
export async function over(page) {
  await page.waitForSelector("#progress", { timeout: 60_000 }).catch(() => undefined);
  await page.waitForSelector("#progress", { state: "detached", timeout: 600_000 });
}

export async function content(page, selector) {
  const [download] = await Promise.all([page.waitForEvent("download"), page.click(selector)]);
  return { name: download.suggestedFilename(), bytes: readFileSync(await download.path()) };
}

export const settled = (page, ms = 800) => page.waitForTimeout(ms);

const frames = (page) => page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
