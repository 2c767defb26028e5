// Mail of others in a real browser: whatever is in it, no script runs, nothing is loaded from elsewhere, and nothing leaves its frame.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { keep, mailbox, type Letter } from "./mailbox";
import { expect, owner, test } from "./support";

const file = join(process.env.AUDIENCEOS_SHARED ?? "../../shared", "data/security/email_html_vectors.json");
const from = { name: "Stranger", address: "stranger@letters.test" };
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
  "base64",
);

const vectors = (): string[] => JSON.parse(readFileSync(file, "utf8")).map((one: { html: string }) => one.html);

/** A vector as a letter; some are told in words. */
function letter(vector: string): Letter {
  const plain = { from, subject: "Vector", text: "Hello" };
  const utf7 = "charset=utf-7: ";
  if (vector.startsWith("Subject: ")) return { ...plain, subject: vector.slice("Subject: ".length) };
  if (vector.startsWith("attachment name")) return { ...plain, files: [{ name: "<img src=x onerror=alert(1)>.png", type: "image/png", bytes: png }] };
  if (vector.startsWith("TNEF")) {
    return { ...plain, files: [{ name: "winmail.dat", type: 'application/ms-tnef; name="<script>alert(1)</script>.dat"', bytes: Buffer.from("x") }] };
  }
  if (vector.startsWith("text/enriched")) {
    return { ...plain, raw: { type: "text/enriched", body: "<bold>Hello</bold><color><param>red</param><script>alert(1)</script></color>" } };
  }
  if (vector.startsWith("deep nesting")) return { from, subject: "Vector", html: "<div>".repeat(100_000) };
  if (vector.startsWith("10 MB")) return { from, subject: "Vector", html: `<p title="${"x".repeat(10_000_000)}">` };
  if (vector.startsWith(utf7)) return { from, subject: "Vector", raw: { type: "text/html; charset=utf-7", body: vector.slice(utf7.length) } };
  return { from, subject: "Vector", html: vector };
}

/** A page of ours that stands still, with an empty place for frames; and what left it for elsewhere. */
async function stage(page: Page) {
  const left: string[] = [];
  const here = new URL(page.url()).origin;
  // What a policy refuses does not come so far.
  await page.route(
    (url) => url.origin !== here,
    (route) => {
      left.push(route.request().url());
      return route.abort();
    },
  );
  page.on("dialog", (dialog) => {
    left.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("popup", () => left.push("popup"));
  await page.goto("/privacy");
  await page.evaluate(() => {
    const place = document.createElement("div");
    place.id = "place";
    document.body.append(place);
    (window as unknown as { told: unknown[] }).told = [];
    addEventListener("message", (event) => (window as unknown as { told: unknown[] }).told.push(event.data));
  });
  return left;
}

/** Shows an address in a frame and waits until it is loaded. */
const show = (page: Page, address: string, sandbox: string | null = "") =>
  page.evaluate(
    async ([address, sandbox]) => {
      const frame = document.createElement("iframe");
      if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
      frame.width = "400";
      frame.height = "200";
      frame.src = address!;
      const loaded = new Promise((resolve) => frame.addEventListener("load", resolve));
      document.getElementById("place")!.replaceChildren(frame);
      await loaded;
      // What runs late has run.
      await new Promise((resolve) => setTimeout(resolve, 50));
      return frame.contentDocument === null;
    },
    [address, sandbox] as const,
  );

/** What stands on the page beside the frame, where it is, and what it was told. */
const beside = (page: Page) =>
  page.evaluate(() => {
    const all = document.documentElement.cloneNode(true) as HTMLElement;
    all.querySelector("#place")!.replaceChildren();
    return [all.outerHTML, location.href, document.cookie, JSON.stringify((window as unknown as { told: unknown[] }).told)];
  });

// What asks a frame from here is told that nothing runs in it, too.
test.use({ allowedErrors: [/^Blocked script execution in 'http:\/\/localhost:\d+\/app\/messages\/[^']*' because the document's frame is sandboxed/] });

test("each vector is shown in a frame, and nothing else happens", async ({ page }) => {
  test.skip(!process.env.CI && !existsSync(file), "the vectors are not here");
  test.skip(test.info().project.name === "phone", "a browser's policy does not depend on its size");
  test.setTimeout(240_000);
  await owner(page, "Careful Agency");
  const box = await mailbox(page);
  const all = vectors();
  expect(all).toHaveLength(47);
  const kept = keep(box, all.map(letter));
  const left = await stage(page);
  // Of what was cleaned nothing is even refused.
  page.on("requestfailed", (request) => left.push(`failed: ${request.url()}`));
  const before = await beside(page);
  for (const [n, vector] of all.entries()) {
    for (const address of [`/app/messages/${kept[n].message}/html`, `/app/messages/${kept[n].message}/html?images=1`]) {
      const answered = page.waitForResponse((answer) => answer.url().endsWith(address));
      expect(await show(page, address), `the frame is of no origin: ${vector.slice(0, 80)}`).toBe(true);
      const answer = await answered;
      expect(answer.status()).toBe(200);
      expect(await answer.text()).not.toMatch(/<script/i);
      expect(answer.headers()["content-security-policy"]).toBe("default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox");
    }
    expect(await beside(page), vector.slice(0, 80)).toEqual(before);
    expect(left, vector.slice(0, 80)).toEqual([]);
  }
  // The stored copy is what came.
  const stored = await page.request.get(`/app/messages/${kept[0].message}/source`);
  expect(await stored.text()).toContain(all[0]);
});

test("a letter shows its own pictures, which come without a cookie", async ({ page }) => {
  await owner(page, "Pictured Agency");
  const box = await mailbox(page);
  const html = '<p>Hello</p><img src="cid:file-0@letters.test" width="50" height="50">';
  const [kept] = keep(box, [{ from, subject: "Pictures", html, files: [{ name: "logo.png", type: "image/png", bytes: png }] }]);
  const left = await stage(page);
  const picture = page.waitForResponse((answer) => answer.url().includes("/parts/0?preview=1&pass="));
  await show(page, `/app/messages/${kept.message}/html`);
  const answer = await picture;
  expect(answer.status()).toBe(200);
  expect(answer.headers()["content-type"]).toBe("image/png");
  expect((await answer.request().allHeaders())["cookie"]).toBeUndefined();
  expect(left).toEqual([]);
});

test("the policy holds by itself, where nothing was cleaned", async ({ page, browser }) => {
  test.skip(!process.env.CI && !existsSync(file), "the vectors are not here");
  test.skip(test.info().project.name === "phone", "a browser's policy does not depend on its size");
  test.setTimeout(240_000);
  await owner(page, "Doubtful Agency");
  const box = await mailbox(page);
  const [kept] = keep(box, [{ from, subject: "Vector", html: "<p>Hello</p>" }]);
  const address = `/app/messages/${kept.message}/html`;
  const { baseURL, viewport } = test.info().project.use;
  const context = await browser.newContext({ baseURL, viewport });
  await context.addCookies(await page.context().cookies());
  // What is refused is said on the console, so this page is not watched for that.
  const other = await context.newPage();
  await other.goto("/privacy");
  const left = await stage(other);
  let policy = true;
  let body = "";
  await other.route(`**${address}`, async (route) => {
    const response = await route.fetch();
    const headers = response.headers();
    if (!policy) delete headers["content-security-policy"];
    await route.fulfill({ response, headers, body: `<!doctype html><body>${body}` });
  });
  const before = await beside(other);
  for (const vector of vectors().filter((vector) => vector.startsWith("<"))) {
    body = vector.replaceAll("alert(1)", "parent.postMessage('ran','*')");
    // As if the attribute of the frame had been forgotten, too.
    await show(other, address, null);
    expect(await beside(other), vector).toEqual(before);
    expect(left, vector).toEqual([]);
  }
  // This test can fail: without the policy a script runs and tells, and a picture is asked for.
  policy = false;
  body = "<img src=//evil.test/p.gif><img src=x onerror=parent.postMessage('ran','*')>";
  await show(other, address, null);
  await expect.poll(async () => (await beside(other))[3]).toContain("ran");
  expect(left.filter((address) => address.includes("evil.test"))).toHaveLength(1);
  await context.close();
});
