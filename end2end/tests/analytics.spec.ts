import { devices, type Page } from "@playwright/test";
import { furnished } from "./furnished";
import { expect, live, look, loose, owner, test, unfold, watch } from "./support";

const nobody = "018f0000-0000-7000-8000-000000000000";

/** What a main figure shows. */
const shown = (page: Page, key: string) => page.getByTestId(`figure ${key}`).locator("[data-figure]").first().innerText();

/** Has the page remember that it was not loaded anew. */
const remember = (page: Page) => page.evaluate(() => void ((window as unknown as { kept: boolean }).kept = true));
const kept = (page: Page) => page.evaluate(() => (window as unknown as { kept?: boolean }).kept === true);

/** The rows of a table of values that are separated by commas, each by the names of its columns. */
function rows(csv: string): Record<string, string>[] {
  const cells = (line: string) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell.replace(/^"|"$/g, "").replaceAll('""', '"'));
  const [names, ...lines] = csv.trimEnd().split("\r\n").map(cells);
  return lines.map((line) => Object.fromEntries(names.map((name, at) => [name, line[at]])));
}

/** The number in what a page shows: `1,234.50 EUR`. */
const number = (text: string) => Number(text.replaceAll(",", "").replace("−", "-").replace(/[^\d.-].*$/, ""));

test("a new agency sees no figure, and every card says what will stand there", async ({ page }) => {
  await owner(page, "Curious Agency");
  // On phones the dashboard leads there.
  if (page.viewportSize()!.width < 768) {
    await page.goto("/dashboard");
    await page.getByTestId("to-analytics").click();
  } else {
    await live(page);
    await page.locator("main#page").focus();
    await page.keyboard.press("y");
  }
  await expect(page).toHaveURL("/analytics");
  await live(page);
  await expect(page).toHaveTitle(/^Analytics/);
  await expect(page.getByRole("heading", { name: "Analytics", level: 1 })).toBeVisible();
  for (const part of ["figures-empty", "courses-empty", "breakdown-empty"]) await expect(page.getByTestId(part)).toBeVisible();
  await expect(page.getByTestId("unthought")).toHaveCount(2);
  await expect(page.getByTestId("notes")).toHaveCount(0);
  expect(await page.locator("main [data-figure]").count()).toBe(0);
  await unfold(page);
  await expect(page.getByTestId("views-empty")).toBeVisible();
  expect(await loose(page)).toEqual([]);
  await look(page, "analytics-empty");
  await page.getByTestId("figures-empty").getByRole("link", { name: "Connect an account" }).click();
  await expect(page).toHaveURL("/settings/integrations");
});

test.describe("a question that makes no sense", () => {
  test.use({ allowedErrors: [/status of (404|409|422)/] });

  test("is told, what was typed stays, and the rest is shown", async ({ page }) => {
    await owner(page, "Backward Agency");
    const notes = page.getByTestId("notes");
    await page.goto("/analytics?from=2026-11-20&to=2026-11-01&compare=none");
    await live(page);
    await expect(notes).toContainText("must not be before the first");
    await expect(page.getByLabel("From", { exact: true })).toHaveValue("2026-11-20");
    await expect(page.getByLabel("To", { exact: true })).toHaveValue("2026-11-01");
    await expect(page.getByTestId("figures-empty")).toBeVisible();
    await expect(page.getByTestId("failed-part")).toHaveCount(0);
    expect(await loose(page)).toEqual([]);
    await look(page, "analytics-wrong");
    // Mended in the same form, without loading the page anew; what else was asked for stays.
    await remember(page);
    await page.getByLabel("From", { exact: true }).fill("2026-10-20");
    await page.getByTestId("days").getByRole("button", { name: "Show" }).click();
    await expect(page).toHaveURL("/analytics?compare=none&from=2026-10-20&to=2026-11-01");
    await expect(notes).toHaveCount(0);
    await expect(page.getByTestId("about")).toContainText("2026-10-20 to 2026-11-01");
    expect(await kept(page)).toBe(true);

    for (const [query, words] of [
      ["from=1976-11-20&to=2026-11-01", "ten years"],
      ["from=rubbish&to=2026-11-01", "rubbish"],
      ["range=soon", "soon"],
      [`client_id=${nobody}`, "gone or not in your sight"],
      [`channel_id=${nobody}`, "gone or not in your sight"],
      [`campaign=${nobody}:7`, "gone or not in your sight"],
      ["creative=x", "no id"],
    ]) {
      await page.goto(`/analytics?${query}`);
      await expect(notes, query).toContainText(words);
      await expect(page.getByTestId("figures-empty"), query).toBeVisible();
    }
    await live(page);
    await notes.getByRole("link", { name: "Show the usual days of everything" }).click();
    await expect(page).toHaveURL("/analytics");
    await expect(notes).toHaveCount(0);
    await page.goto(`/clients/${nobody}/analytics`);
    await expect(page.getByText("There is no such client in your sight.")).toHaveCount(1);
  });

  test("of a view whose client is archived is told when it is opened", async ({ page }) => {
    await owner(page, "Forgetful Agency");
    const { id } = await (await page.request.post("/api/v1/clients", { data: { name: "Gone Ltd" } })).json();
    await page.goto(`/analytics?range=last_7&client_id=${id}`);
    await live(page);
    await page.getByTestId("views").locator("summary").first().click();
    await page.getByLabel("Keep what is asked under the name").fill("Gone on Mondays");
    await page.getByRole("button", { name: "Save view" }).click();
    const views = page.getByTestId("view-list");
    await expect(views.getByRole("link", { name: "Gone on Mondays" })).toHaveAttribute("href", `/analytics?range=last_7&client_id=${id}`);
    // The same name twice is refused, and stays typed.
    await page.getByLabel("Keep what is asked under the name").fill("Gone on Mondays");
    await page.getByRole("button", { name: "Save view" }).click();
    await expect(page.getByTestId("views")).toContainText("another view of this name");
    await expect(page.getByLabel("Keep what is asked under the name")).toHaveValue("Gone on Mondays");
    await expect(await page.request.delete(`/api/v1/clients/${id}`)).toBeOK();
    await page.goto("/analytics");
    await live(page);
    await page.getByTestId("views").locator("summary").first().click();
    await views.getByRole("link", { name: "Gone on Mondays" }).click();
    await expect(page).toHaveURL(`/analytics?range=last_7&client_id=${id}`);
    await expect(page.getByTestId("notes")).toContainText("Gone Ltd is archived");
    await expect(page.getByTestId("figures-empty")).toBeVisible();

    await views.getByTestId("view").locator("summary").click();
    await views.getByLabel("New name").fill("Long gone");
    await views.getByRole("button", { name: "Rename Gone on Mondays" }).click();
    await expect(views.getByRole("link", { name: "Long gone" })).toBeVisible();
    await unfold(page);
    expect(await loose(page)).toEqual([]);
    await look(page, "analytics-views");
    await views.getByRole("button", { name: "Delete Long gone" }).click();
    await expect(page.getByTestId("views-empty")).toBeVisible();
    await page.getByTestId("toasts").getByRole("button", { name: "Undo" }).click();
    await expect(views.getByRole("link", { name: "Long gone" })).toBeVisible();
  });
});

// One agency serves both sizes: to make one takes minutes.
test("the figures of any days, what they are made up of, and what leaves as a file are the same", async ({ page, browser }) => {
  test.skip(test.info().project.name !== "desktop", "looks at both sizes itself");
  test.setTimeout(600_000);
  await furnished(page, "/analytics");
  await live(page);
  const course = page.getByTestId("courses");
  await expect(course.getByTestId("chart lines")).toBeVisible();
  await expect(page.getByTestId("stacks").getByTestId("chart stack")).toHaveCount(3);
  await expect(page.getByTestId("against")).toBeVisible();

  // Other days: the address moves, the page does not load anew, and loaded again it is the same.
  await remember(page);
  const usual = await shown(page, "spend");
  await page.getByRole("navigation", { name: "Days" }).getByRole("link", { name: "Last 14 days" }).click();
  await expect(page).toHaveURL("/analytics?range=last_14");
  await expect(page.getByTestId("figure spend").locator("[data-figure]").first()).not.toHaveText(usual);
  await expect(page.getByRole("navigation", { name: "Days" }).getByRole("link", { name: "Last 14 days" })).toHaveAttribute("aria-current", "page");
  await page.getByRole("navigation", { name: "Compared with" }).getByRole("link", { name: "No comparison" }).click();
  await expect(page.getByTestId("against")).toHaveCount(0);
  await page.getByRole("navigation", { name: "Steps" }).getByRole("link", { name: "Weeks" }).click();
  await expect(page).toHaveURL("/analytics?range=last_14&compare=none&by=week");
  await course.getByRole("link", { name: "Ledger revenue", exact: true }).click();
  await expect(course.getByTestId("chart lines")).toContainText("Ledger revenue");
  await expect(course.getByRole("link", { name: "Ledger revenue", exact: true })).toBeFocused();
  expect(await kept(page)).toBe(true);
  const fortnight = await shown(page, "spend");
  await page.reload();
  await live(page);
  expect(await shown(page, "spend")).toBe(fortnight);
  await expect(course.getByTestId("chart lines")).toContainText("Ledger revenue");
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await page.goBack();
  await expect(page).toHaveURL("/analytics");
  await expect(page.getByTestId("figure spend").locator("[data-figure]").first()).toHaveText(usual);

  // What leaves as a file has the totals that are on the page.
  const href = (await page.getByRole("link", { name: "Export CSV" }).getAttribute("href"))!;
  const answer = await page.request.get(href);
  expect(answer.headers()["content-type"]).toContain("text/csv");
  const table = rows(await answer.text());
  for (const key of ["spend", "ledger_revenue", "orders", "claimed_revenue", "impressions", "clicks"]) {
    const total = table.find((row) => row.table === "total" && row.metric === key)!;
    expect(Math.abs(Number(total.value) - number(await shown(page, key))), key).toBeLessThanOrEqual(0.005_001);
  }
  expect(table.every((row) => row.simulated === "yes")).toBe(true);
  const workbook = await page.request.get((await page.getByRole("link", { name: "Export XLSX" }).getAttribute("href"))!);
  expect((await workbook.body()).subarray(0, 2).toString()).toBe("PK");

  // A figure opens in its place.
  const figure = page.getByTestId("figure spend").locator("[data-figure]").first();
  await figure.click();
  const drawer = page.getByRole("dialog", { name: "What it is made of" });
  await expect(drawer.getByTestId("opened").locator(`[data-figure="${await figure.getAttribute("data-figure")}"]`)).toHaveText(usual);
  await page.keyboard.press("Escape");
  await expect(drawer).toBeHidden();

  // Tables in the order of a column.
  const breakdown = page.getByTestId("breakdown");
  for (const [name, key] of [["Campaigns", "campaign"], ["Creatives", "creative"]]) {
    await breakdown.getByRole("navigation", { name: "By what" }).getByRole("link", { name }).click();
    await expect(page).toHaveURL(`/analytics?table=${key}`);
    await expect(breakdown.getByTestId("breakdown-row").first()).toBeVisible();
  }
  await expect(breakdown.getByRole("columnheader", { name: "Fatigue" })).toBeVisible();
  // What the brain says of creatives stands beside them.
  await expect(breakdown.getByTestId("breakdown-row").filter({ hasText: /Tired|Fresh|Not known: / }).first()).toBeVisible();
  const clicks = breakdown.getByRole("columnheader", { name: "Clicks" });
  await clicks.getByRole("link").click();
  await expect(clicks).toHaveAttribute("aria-sort", "descending");
  await clicks.getByRole("link").click();
  await expect(clicks).toHaveAttribute("aria-sort", "ascending");
  await expect(page).toHaveURL("/analytics?table=creative&sort=-clicks");
  const column = (await breakdown.getByRole("columnheader").allInnerTexts()).indexOf("Clicks");
  const cells = await breakdown.getByTestId("breakdown-row").locator(`td:nth-child(${column + 1}) > [data-figure]`).allInnerTexts();
  expect(cells.length).toBeGreaterThan(3);
  const counted = cells.map(number);
  expect(counted).toEqual(counted.toSorted((one, other) => one - other));

  // Of several clients, what spend brings and what customers are worth.
  const clients = (await (await page.request.get("/api/v1/clients?limit=5")).json()).items.map((client: { id: string }) => client.id);
  await page.goto("/analytics");
  await live(page);
  await expect(page.getByTestId("narrow")).toHaveCount(2);
  await page.getByTestId("filters").locator("summary").click();
  for (const id of clients) await page.getByTestId("filter client_id").locator(`input[value="${id}"]`).check();
  await page.getByTestId("filter-form").getByRole("button", { name: "Show" }).click();
  const of = clients.map((id: string) => `client_id=${id}`);
  await expect(page).toHaveURL(/\/analytics\?client_id=/);
  expect(new URL(page.url()).search.slice(1).split("&").sort()).toEqual(of.sort());
  await expect(page.getByTestId("chart response").first()).toBeVisible();
  await expect(page.getByTestId("chart heat").first()).toBeVisible();
  await expect(page.getByTestId("filter campaign").getByRole("checkbox").first()).toBeAttached();
  expect(await loose(page)).toEqual([]);

  // Both sizes, in the light and in the dark; and a client's own page.
  const { defaultBrowserType: _, ...phone } = devices["Pixel 7"];
  const context = await browser.newContext({ ...phone, viewport: { width: 375, height: 812 }, baseURL: new URL("/", page.url()).origin });
  await context.addCookies(await page.context().cookies());
  const small = watch(await context.newPage());
  const own = `/clients/${clients[0]}/analytics`;
  for (const [one, project] of [[page, "desktop"], [small, "phone"]] as const) {
    await one.goto("/analytics?table=creative");
    await live(one);
    await expect(one.getByTestId("breakdown-row").first()).toBeVisible();
    // Tables that are folded are looked at in tests/chart.spec.ts: there are thousands of cells here.
    await look(one, "analytics", project);
    await unfold(one);
    expect(await loose(one)).toEqual([]);
    await one.goto(own);
    await live(one);
    await expect(one.getByRole("heading", { name: "Analytics of a client", level: 1 })).toBeVisible();
    await expect(one.getByTestId("chart lines")).toBeVisible();
    await expect(one.getByTestId("filter client_id")).toHaveCount(0);
    await look(one, "analytics-client", project);
    await unfold(one);
    expect(await loose(one)).toEqual([]);
  }
  await small.getByRole("navigation", { name: "Days" }).getByRole("link", { name: "Last 14 days" }).click();
  await expect(small).toHaveURL(`${own}?range=last_14`);
  await context.close();

  // The same without scripts: links and forms are pages.
  const plain = await browser.newContext({ javaScriptEnabled: false });
  await plain.addCookies(await page.context().cookies());
  const still = await plain.newPage();
  await still.goto(new URL("/analytics?table=campaign", page.url()).href);
  await expect(still.getByTestId("figure spend").locator("[data-figure]").first()).toHaveText(usual);
  await expect(still.getByTestId("breakdown-row").first()).toBeVisible();
  await expect(still.getByTestId("courses").locator("svg").first()).toBeVisible();
  const days = (await still.getByTestId("about").innerText()).match(/\d{4}-\d\d-\d\d/g)!;
  await still.getByLabel("From", { exact: true }).fill(days[0]);
  await still.getByLabel("To", { exact: true }).fill(days[1]);
  await still.getByTestId("days").getByRole("button", { name: "Show" }).click();
  await expect(still).toHaveURL(new RegExp(`/analytics\\?table=campaign&from=${days[0]}&to=${days[1]}$`));
  await expect(still.getByTestId("figure spend").locator("[data-figure]").first()).toHaveText(usual);
  await plain.close();
});
