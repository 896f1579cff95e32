// What is wrong with files and addresses, as a user meets it.   node trouble.mjs URL FILES MILLION LAYOUT PICTURES: FILES is a
// JSON of names to base64, MILLION a drive test of a million rows about 24.94, 60.17, LAYOUT one of another city
import { readFileSync } from "node:fs";
import { Drive, settled } from "./browser.mjs";

const [url, files, million, layout, folder] = process.argv.slice(2);
const drive = await Drive.begin(url, folder);
const { seen } = drive;
seen.said = {};
const page = await drive.start();
const said = async (name) => {
  await page.waitForFunction(() => document.querySelector("#notes .bad, #preview .note, #preview p"));
  seen.said[name] = `${await page.textContent("#notes")} ${await page.textContent("#preview")}`;
};
for (const { name, file, content } of JSON.parse(readFileSync(files, "utf8"))) {
  await page.evaluate(() => { document.querySelector("#notes").replaceChildren(); document.querySelector("#preview").replaceChildren(); });
  await page.setInputFiles("#readings-file", { name: file, mimeType: "application/octet-stream", buffer: Buffer.from(content, "base64") });
  await said(name);
  await settled(page, 150);
  await drive.check(page, name);
}

// the last of them has places in feet: the page asks for their coordinate system
await page.waitForSelector("#notes .bad");
seen.makeWithoutCrs = await page.isEnabled("#make");
await page.fill("#crs", "EPSG:2263");
await page.press("#crs", "Tab");
await page.waitForSelector("#make:not([disabled])");
await page.waitForSelector("body[data-points=drawn]");
seen.said.withCrs = await page.textContent("#preview");
await drive.check(page, "crs");
seen.images = await page.locator("aside img").count();

// two files at once
await page.evaluate(() => {
  const transfer = new DataTransfer();
  for (const name of ["a.csv", "b.csv"]) transfer.items.add(new File(["x"], name));
  document.querySelector(".drop").dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true, cancelable: true }));
});
seen.said.two = await page.textContent("#notes");
await drive.check(page, "two");

// a place that is none; an address that was edited by hand; a map that is gone
await page.goto(`${url}#map=<img onerror=x>&range=5,1&layer=../..&at=999,0,1&line=1,2;x`);
await page.reload();
await page.waitForSelector("body[data-ready=yes]");
seen.edited = await page.textContent("#notes");
await drive.check(page, "edited");
const gone = await drive.start({}, "#map=gone");
await gone.waitForSelector("#notes .bad");
seen.said.gone = await gone.textContent("#notes");
await drive.check(gone, "gone");
await gone.context().close();

// a layout of another city, and a base station so far away that all of a million rows lie outside the map
const far = await drive.start();
const make = async (name) => {
  await far.click("#make");
  await far.waitForSelector("#notes .bad");
  seen.said[name] = await far.textContent("#notes");
  await drive.check(far, name);
};
await far.setInputFiles("#readings-file", { name: "drive.csv", mimeType: "text/csv", buffer: Buffer.from("lon,lat,rsrp\n" + Array.from({ length: 60 }, (_, k) => `${24.94 + k * 1e-5},${60.17 + (k % 7) * 1e-5},${-90 - (k % 9)}`).join("\n")) });
await far.waitForSelector("#make:not([disabled])");
await far.setInputFiles("#layout-file", layout);
await far.waitForSelector("text=is the layout");
await far.fill("#place", "24.94,60.17");
await far.fill("#size", "32");
await far.uncheck("#check");
await make("otherCity");
await far.reload();
await far.waitForSelector("body[data-ready=yes]");
await far.setInputFiles("#readings-file", million);
await far.waitForSelector("body[data-points=drawn]");
seen.million = await far.textContent("#preview");
await far.fill("#place", "25.9,60.9");
await far.fill("#size", "64");
await far.uncheck("#check");
await make("outside");
await drive.end();
