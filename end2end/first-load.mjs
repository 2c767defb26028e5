// Prints the bytes, with Brotli, of everything that a browser with an empty cache asks for until a page is complete and
// live. On plain http browsers do not offer Brotli themselves, so what they asked for is asked for again with it.
// With a PART, only of what has that in its address, asked for until the first chart of the page is drawn.
//   node first-load.mjs URL [COOKIE [PART]]
import { get } from "node:http";
import { chromium } from "@playwright/test";

const [url, cookie, part] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
});
const context = await browser.newContext();
if (cookie) {
  const [name, value] = cookie.split("=");
  await context.addCookies([{ name, value, url }]);
}
const page = await context.newPage();
const asked = new Set();
page.on("request", (request) => request.method() === "GET" && request.resourceType() !== "eventsource" && asked.add(request.url()));
// A page that is live keeps a line open on which it is told what changes, so it never rests; what it loads is over long before.
await page.goto(url, { waitUntil: cookie ? "load" : "networkidle" });
if (cookie || part) await page.waitForFunction(() => document.documentElement.dataset.live === "true");
if (part) {
  await page.locator("figure.chart").first().scrollIntoViewIfNeeded();
  await page.waitForSelector("chart-canvas[data-drawn]");
}
for (let before = -1; before !== asked.size; await page.waitForTimeout(1000)) before = asked.size;
await browser.close();

const size = (url) =>
  new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { "accept-encoding": "br", ...(cookie && { cookie }) } }, (answer) => {
      let bytes = 0;
      answer.on("data", (part) => (bytes += part.length));
      answer.on("end", () => (answer.statusCode === 200 ? resolve(bytes) : reject(new Error(`${url}: ${answer.statusCode}`))));
    }).on("error", (error) => reject(new Error(`${url}: ${error.message}`)));
  });
const counted = [...asked].filter((each) => !part || each.includes(part));
if (!counted.length) throw new Error(`nothing with ${part} in its address was asked for`);
let bytes = 0;
for (const each of counted) bytes += await size(each);
console.log(bytes);
if (process.env.VERBOSE) for (const each of counted) console.error(await size(each), each);
