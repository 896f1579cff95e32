// What goes wrong with jobs and maps, as a user meets it, on a node where one job runs and one may wait.
// node jobs.mjs URL READINGS SIGNS PICTURES: files `hold`, `late` and `fail` in the folder SIGNS say what becomes of jobs
import { rmSync, writeFileSync } from "node:fs";
import { Drive, settled } from "./browser.mjs";

const [url, readings, signs, folder] = process.argv.slice(2);
const drive = await Drive.begin(url, folder);
const { seen } = drive;
seen.said = {};
const begun = async () => {
  const page = await drive.start();
  await page.setInputFiles("#readings-file", readings);
  await page.waitForSelector("#make:not([disabled])");
  await page.fill("#place", "24.9405,60.1705");
  await page.fill("#azimuth", "33");
  await page.fill("#size", "32");
  return page;
};
const words = async (page, selector = "#notes .bad") => {
  await page.waitForSelector(selector);
  return page.textContent("#notes");
};

// one job runs out of time; while it holds the node, one waits, and a third is told when to come back
const [first, second, third] = [await begun(), await begun(), await begun()];
writeFileSync(`${signs}/hold`, "");
await first.click("#make");
await first.waitForSelector("text=held by the test"); // it runs, so that the next one waits
await second.click("#make");
await second.waitForSelector("text=of your jobs before it");
await drive.check(second, "waiting");
await third.click("#make");
seen.said.full = await words(third);
await drive.check(third, "full");
await second.click("#cancel");
seen.said.cancelled = await words(second, "#notes .note:not(#progress)");
await drive.check(second, "cancelled");
writeFileSync(`${signs}/late`, "");
seen.said.late = await words(first);
await drive.check(first, "late");
for (const page of [second, third]) await page.context().close();

// a job that fails for a fault of the node itself
for (const sign of ["hold", "late"]) rmSync(`${signs}/${sign}`);
writeFileSync(`${signs}/fail`, "");
await first.evaluate(() => document.querySelector("#notes").replaceChildren());
await first.click("#make");
seen.said.failed = await words(first);
await drive.check(first, "failed");
await first.context().close();

// a kept map without draws, and one on a plane of its own
for (const [name, id] of [["noDraws", "plain"], ["local", "plane"]]) {
  const page = await drive.start({}, `#map=store:${id}&tab=map`);
  await page.waitForSelector("#layer");
  await settled(page, 1000);
  await drive.colours(page, name);
  seen.said[name] = await page.textContent("#map-panel");
  await drive.check(page, name);
  await page.context().close();
}
await drive.end();
