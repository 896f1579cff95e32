// A node that ends while the page is open, and comes back with another token.   node killed.mjs URL READINGS SIGNS PICTURES
import { existsSync, writeFileSync } from "node:fs";
import { Drive } from "./browser.mjs";

const [url, readings, signs, folder] = process.argv.slice(2);
const drive = await Drive.begin(url, folder);
const { seen } = drive;
const page = await drive.start();
const sign = async (token) => {
  await page.waitForSelector("#token");
  await page.fill("#token", token);
  await page.click("#notes button[type=submit]");
};

await page.setInputFiles("#readings-file", readings);
await sign("wrong");
await sign("first");
await page.waitForSelector("#make:not([disabled])");
await page.fill("#place", "24.9405,60.1705");
await page.fill("#azimuth", "33");

writeFileSync(`${signs}/kill`, "");
while (!existsSync(`${signs}/killed`)) await new Promise((done) => setTimeout(done, 10));
const killed = Date.now();
await page.waitForSelector("#banner:not([hidden])");
seen.noticedMs = Date.now() - killed;
seen.away = await page.textContent("#banner");
await drive.check(page, "away");

// what is asked for meanwhile waits, and is done when the node is back
await page.fill("#size", "32");
await page.uncheck("#check");
await page.click("#make");
writeFileSync(`${signs}/restart`, "");
await page.waitForSelector("#token");
seen.asksToken = await page.textContent("#notes");
await drive.check(page, "token");
await sign("second");
await page.waitForSelector("#layer", { state: "attached", timeout: 300_000 });
seen.made = true;
seen.typed = { place: await page.inputValue("#place"), azimuth: await page.inputValue("#azimuth") };
seen.preview = await page.textContent("#preview");

// a result that expired: directions are asked for when they are first wanted
await page.waitForTimeout(9500);
await page.evaluate(() => { document.querySelector("#notes").replaceChildren(); });
await page.selectOption("#layer", "direction");
await page.waitForSelector("#notes .bad");
seen.expired = await page.textContent("#notes");
await drive.check(page, "expired");
await drive.end();
