import { furnished } from "./furnished";
import { area, expect, live, look, owner, test } from "./support";

test("before anything was thought the summary says so, and where to begin", async ({ page }) => {
  await owner(page, "Summary Agency");
  await area(page, "Summary");
  await expect(page).toHaveURL("/summary");
  await expect(page.getByRole("heading", { name: "Summary", level: 1 })).toBeVisible();
  await expect(page.getByTestId("empty")).toContainText("Nothing has been analysed yet");
  await look(page, "summary-empty");
  await page.getByTestId("empty").getByRole("link", { name: "Connect an account" }).click();
  await expect(page).toHaveURL("/settings/integrations");
});

test("three personas are told the same figures in other words, and every number opens", async ({ page, browser }) => {
  test.setTimeout(420_000);
  await furnished(page, "/summary");
  const told = page.getByTestId("summary");
  await expect(told.locator("[data-figure]").first()).toBeVisible();
  await live(page);
  const tabs = page.getByRole("navigation", { name: "For whom" });
  const texts: string[][] = [];
  for (const [name, key, first] of [["CMO", "cmo", "Money"], ["VP Growth", "vp_growth", "What moved"], ["Director of Performance", "director", "Check"]]) {
    await tabs.getByRole("link", { name }).click();
    await expect(page).toHaveURL(`/summary?persona=${key}`);
    await expect(tabs.getByRole("link", { name })).toHaveAttribute("aria-current", "page");
    await expect(told.getByRole("heading", { name: first, level: 2 })).toBeVisible();
    const number = told.locator("a[data-figure]").first();
    await number.click();
    const drawer = page.getByRole("dialog", { name: "What it is made of" });
    await expect(drawer.getByTestId("evidence")).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(number).toBeFocused();
    await look(page, `summary-${key}`);
    texts.push(await told.getByTestId("sentence").allInnerTexts());
  }
  expect(new Set(texts.flat()).size, "no sentence is shared").toBe(texts.flat().length);

  // The same without scripts, and on paper.
  const cookies = await page.context().cookies();
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: page.viewportSize() });
  await plain.addCookies(cookies);
  const still = await plain.newPage();
  await still.goto(new URL("/summary", page.url()).href);
  await still.getByRole("navigation", { name: "For whom" }).getByRole("link", { name: "VP Growth" }).click();
  await expect(still.getByRole("heading", { name: "What moved" })).toBeVisible();
  await still.getByTestId("mail").locator("summary").click();
  await still.getByRole("button", { name: "Mail it" }).click();
  await expect(still).toHaveURL(/\/summary\?persona=vp_growth$/);
  await still.getByTestId("summary").locator("[data-figure]").first().click();
  await expect(still.getByTestId("evidence")).toBeVisible();
  await plain.close();

  // Kept: as text, and as a mail that says that all of it is simulated.
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  // The other pages were in front: a browser lets only that one copy.
  await page.bringToFront();
  await page.getByRole("button", { name: "Copy as text" }).click();
  await expect(page.getByText("Copied", { exact: true })).toBeVisible();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  expect(copied).toContain("Simulated: nobody here is real");
  expect(copied).toContain((await told.getByTestId("sentence").first().innerText()).trim());
  await page.getByTestId("mail").locator("summary").click();
  await page.getByRole("button", { name: "Mail it" }).click();
  await expect(page.getByText("It is on its way", { exact: true })).toBeVisible();
  await look(page, "summary-mail");
  await page.emulateMedia({ media: "print" });
  await expect(page.getByRole("navigation", { name: "Areas" })).toBeHidden();
  await expect(told).toBeVisible();
  await page.screenshot({ path: `screenshots/${test.info().project.name}-print/summary.png`, fullPage: true });
});
