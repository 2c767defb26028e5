// Prints the bytes that a browser with an empty cache receives until a page is complete and live.
//   node first-load.mjs URL [COOKIE]
import { chromium } from "@playwright/test";

const [url, cookie] = process.argv.slice(2);
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
const network = await context.newCDPSession(page);
let bytes = 0;
await network.send("Network.enable");
network.on("Network.loadingFinished", (event) => (bytes += event.encodedDataLength));
await page.goto(url, { waitUntil: "networkidle" });
if (cookie) await page.waitForFunction(() => document.documentElement.dataset.live === "true");
await page.waitForTimeout(500);
console.log(bytes);
await browser.close();
