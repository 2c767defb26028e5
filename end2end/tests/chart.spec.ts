import { type Page } from "@playwright/test";
import { expect, live, look, picture, test, watch } from "./support";

const KINDS = ["lines", "stack", "response", "heat"];

/** All charts, each asked for by coming near. */
async function drawn(page: Page) {
  for (const chart of await page.locator("figure.chart").all()) {
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator("chart-canvas[data-drawn] canvas")).toBeVisible();
  }
  await page.evaluate(() => scrollTo(0, 0));
}

/** Digits in charts that are neither a figure that can be opened nor marked as none. */
const loose = (page: Page) =>
  page.evaluate(() => {
    const found: string[] = [];
    for (const chart of document.querySelectorAll("figure.chart")) {
      const walker = document.createTreeWalker(chart, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        if (/\d/.test(node.textContent ?? "") && !node.parentElement!.closest("[data-figure], [data-literal]")) found.push(node.textContent!);
      }
    }
    return found;
  });

/** How many points of the canvas differ from its corner's: what is drawn on it. */
const ink = (page: Page, at: number) =>
  page.locator("figure.chart canvas").nth(at).evaluate((canvas: HTMLCanvasElement) => {
    const { data } = canvas.getContext("2d", { willReadFrequently: true })!.getImageData(0, 0, canvas.width, canvas.height);
    let sum = 0;
    for (let point = 0; point < data.length; point += 4) if (data[point + 3] > 0) sum += data[point] + 256 * data[point + 1] + 65536 * data[point + 2];
    return sum;
  });

// These tests read what was drawn, more than once; pages do not.
test.use({ allowedErrors: [/willReadFrequently/] });

test("without scripts a chart is a drawing, a sentence and a table", async ({ browser }) => {
  const { viewport, colorScheme, baseURL } = test.info().project.use as { viewport: { width: number; height: number }; colorScheme: "light"; baseURL: string };
  const context = await browser.newContext({ javaScriptEnabled: false, viewport, colorScheme });
  const page = watch(await context.newPage());
  await page.goto(new URL("/styleguide", baseURL ?? process.env.E2E_URL).href);
  for (const kind of KINDS) {
    const chart = page.getByTestId(`chart ${kind}`).first();
    await expect(chart.getByRole("img")).toBeVisible();
    await expect(chart.locator(kind === "heat" ? "svg rect" : "svg path").first()).toBeVisible();
    await expect(chart.getByTestId("chart-about")).toContainText("Example");
    await chart.locator("summary").click();
    await expect(chart.getByRole("table").getByRole("row").nth(1)).toBeVisible();
    await expect(chart.locator("chart-canvas")).toHaveCount(0);
  }
  // A missing day is a gap in the drawing, and a dash in the table.
  const lines = page.getByTestId("chart lines");
  const course = await lines.locator("path.chart-line.s1:not(.chart-dashed)").getAttribute("d");
  expect(course!.match(/M/g)!.length).toBe(4);
  await expect(lines.getByRole("row").filter({ hasText: "2026-06-12" }).getByRole("cell").first()).toHaveText("–");
  expect(await page.locator("figure.chart [style]").count()).toBe(0);
  await picture(page, "chart-plain");
  await context.close();
});

test("the browser's chart lies over the drawing, in both themes and sizes, under the strict policy", async ({ page }) => {
  const violations: string[] = [];
  await page.exposeFunction("violated", (what: string) => violations.push(what));
  await page.addInitScript(() =>
    document.addEventListener("securitypolicyviolation", (event) => (window as unknown as { violated(what: string): void }).violated(`${event.violatedDirective} ${event.blockedURI}`)),
  );
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/charts/") && asked.push(request.url()));
  await page.goto("/styleguide");
  await live(page);
  expect(await loose(page)).toEqual([]);
  await drawn(page);
  expect(asked.length, "the code is asked for once").toBe(1);
  const code = await page.request.get(asked[0]);
  expect(code.headers()["cache-control"]).toContain("immutable");
  await expect(page.locator("chart-canvas[data-drawn]")).toHaveCount(5);
  await expect(page.locator(".chart-plot > svg.chart-area").first()).toBeHidden();
  await look(page, "charts");
  expect(await loose(page)).toEqual([]);
  expect(violations).toEqual([]);

  // The theme is followed where it is, without reading the page again.
  const before = await ink(page, 0);
  await page.evaluate(() => (document.documentElement.dataset.theme = "dark"));
  await expect.poll(() => ink(page, 0)).not.toBe(before);
});

test("a page without a chart asks for no code of charts", async ({ page }) => {
  const asked: string[] = [];
  page.on("request", (request) => request.url().includes("/charts/") && asked.push(request.url()));
  await page.goto("/login");
  await page.waitForLoadState("networkidle");
  expect(asked).toEqual([]);
});

test("by keyboard: values are read, series go and come back, and the table opens", async ({ page }) => {
  test.skip(test.info().project.name === "phone", "phones have no keys");
  await page.goto("/styleguide");
  await live(page);
  await drawn(page);
  const chart = page.getByTestId("chart lines");
  const canvas = chart.locator("chart-canvas");
  await canvas.focus();
  await page.keyboard.press("Home");
  await expect(canvas.locator("[aria-live]")).toContainText("2026-05-01");
  await page.keyboard.press("ArrowRight");
  const said = (await canvas.locator("[aria-live]").textContent())!;

  // What is said is what the table says.
  await page.keyboard.press("t");
  const table = chart.getByRole("table");
  await expect(table).toBeVisible();
  await chart.getByTestId("all-rows").click();
  const row = table.getByRole("row").filter({ hasText: "2026-05-02" });
  for (const number of (await row.getByRole("cell").allTextContents()).slice(0, 3)) expect(said).toContain(number);
  await expect(row.locator("[data-figure]").first()).toHaveAttribute("data-figure", /\.2026-05-02\.2026-05-02\.EUR$/);
  expect(await table.getByRole("row").count()).toBe(1 + 120 + 14);
  expect(await loose(page)).toEqual([]);
  await look(page, "chart-table");

  // The key opens the table of the chart in which one is, not the first of the page.
  const heat = page.getByTestId("chart heat");
  await heat.locator("chart-canvas").focus();
  await page.keyboard.press("t");
  await expect(heat.getByRole("table")).toBeVisible();

  const key = chart.getByRole("button", { name: "Claimed revenue" });
  const whole = await ink(page, 0);
  await key.focus();
  await page.keyboard.press("Enter");
  await expect(key).toHaveAttribute("aria-pressed", "false");
  await expect.poll(() => ink(page, 0)).not.toBe(whole);
  await canvas.focus();
  await page.keyboard.press("Home");
  await expect(canvas.locator("[aria-live]")).not.toContainText("Claimed revenue");
  await key.focus();
  await page.keyboard.press("Space");
  await expect(key).toHaveAttribute("aria-pressed", "true");

  const near = await ink(page, 0);
  await chart.getByRole("button", { name: "Zoom in: Revenue by day" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => ink(page, 0)).not.toBe(near);
});

test("a chart is kept as a picture under its name", async ({ page }) => {
  await page.goto("/styleguide");
  await live(page);
  await drawn(page);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByTestId("chart heat").getByRole("button", { name: "Keep as a PNG picture: Who orders again" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("who-orders-again.png");
});

test.describe("where the code cannot be had", () => {
  test.use({ allowedErrors: [/Failed to load resource|ERR_FAILED/] });

  test("the drawing stays", async ({ page }) => {
    await page.route("**/charts/*", (route) => route.abort());
    await page.goto("/styleguide");
    await live(page);
    const chart = page.getByTestId("chart stack").first();
    await chart.scrollIntoViewIfNeeded();
    await expect(chart.locator("chart-canvas")).toHaveCount(1);
    await expect(chart.getByRole("img")).toBeVisible();
    await expect(chart.locator("svg path").first()).toBeVisible();
    await expect(chart.locator("[data-chart-do]").first()).toBeDisabled();
  });
});
