import { furnished } from "./furnished";
import { expect, live, look, loose, owner, test, unfold } from "./support";

test("a new agency sees no figure, and every card leads to the first", async ({ page }) => {
  await owner(page, "Morning Agency");
  await page.goto("/");
  await expect(page).toHaveURL("/dashboard");
  await live(page);
  await expect(page.getByRole("heading", { name: "Dashboard", level: 1 })).toBeVisible();
  await expect(page.getByTestId("figures-empty")).toContainText("Nothing is connected yet");
  await expect(page.getByTestId("headline-empty")).toBeVisible();
  await expect(page.getByTestId("sources-empty")).toBeVisible();
  await expect(page.getByTestId("card-empty")).toHaveCount(3);
  expect(await page.locator("main [data-figure]").count()).toBe(0);
  expect(await loose(page)).toEqual([]);
  await look(page, "dashboard-empty");
  await page.getByRole("navigation", { name: "Areas" }).getByRole("link", { name: "Clients" }).click();
  await expect(page).toHaveURL("/clients");
  await page.locator("main#page").focus();
  await page.keyboard.press("d");
  await expect(page).toHaveURL("/dashboard");
  await page.getByTestId("figures-empty").getByRole("link", { name: "Connect an account" }).click();
  await expect(page).toHaveURL("/settings/integrations");
});

test("the page of a moment is asked for in its head, with and without scripts", async ({ page, browser }) => {
  await owner(page, "Backward Agency");
  await page.goto("/dashboard?persona=director");
  await live(page);
  const form = page.getByTestId("as-of");
  await expect(form.getByRole("link", { name: "Now" })).toHaveCount(0);
  await form.getByLabel("As it was known at (UTC)").fill("2024-11-03T12:00");
  await form.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(/\/dashboard\?persona=director&as_of=2024-11-03T12%3A00$/);
  await live(page);
  await expect(page.getByTestId("past")).toContainText("2024-11-03 12:00 UTC");
  await expect(form.getByLabel("As it was known at (UTC)")).toHaveValue("2024-11-03T12:00");
  expect(await loose(page)).toEqual([]);
  await look(page, "dashboard-past");
  await form.getByRole("link", { name: "Now" }).click();
  await expect(page).toHaveURL("/dashboard?persona=director");
  await expect(page.getByTestId("past")).toHaveCount(0);
  await expect(form.getByLabel("As it was known at (UTC)")).toHaveValue("");
  await expect(page.getByRole("heading", { name: "Dashboard", level: 1 })).toBeFocused();

  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: page.viewportSize() });
  await plain.addCookies(await page.context().cookies());
  const still = await plain.newPage();
  await still.goto(new URL("/dashboard?as_of=2024-11-03T12:00", page.url()).href);
  await expect(still.getByTestId("past")).toBeVisible();
  await still.getByTestId("as-of").getByRole("link", { name: "Now" }).click();
  await expect(still).toHaveURL(/\/dashboard$/);
  await still.getByTestId("as-of").getByRole("button", { name: "Show" }).click();
  await expect(still).toHaveURL(/\/dashboard\?as_of=$/);
  await expect(still.getByTestId("past")).toHaveCount(0);
  await plain.close();
});

test.describe("an address that cannot be read", () => {
  test.use({ allowedErrors: [/status of 422/] });

  test("is told once, and the page works", async ({ page }) => {
    await owner(page, "Mistyped Agency");
    await page.goto("/dashboard?persona=x&as_of=rubbish");
    await live(page);
    await expect(page.getByTestId("wrong-address")).toHaveCount(1);
    await expect(page.getByTestId("failed-part")).toHaveCount(0);
    for (const part of ["headline-empty", "figures-empty", "next-empty", "sources-empty"]) await expect(page.getByTestId(part)).toBeVisible();
    expect(await loose(page)).toEqual([]);
    await look(page, "dashboard-wrong");
    await page.getByRole("navigation", { name: "For whom" }).getByRole("link", { name: "VP Growth" }).click();
    await expect(page).toHaveURL("/dashboard?persona=vp%5Fgrowth");
    await expect(page.getByTestId("wrong-address")).toHaveCount(0);
    await page.goBack();
    await page.getByTestId("wrong-address").getByRole("link", { name: "Show the page of now" }).click();
    await expect(page).toHaveURL("/dashboard");
    await expect(page.getByTestId("wrong-address")).toHaveCount(0);
  });
});

test("the bar of a phone has room for the dashboard", async ({ page }) => {
  test.skip(page.viewportSize()!.width >= 768, "phones only");
  await owner(page, "Narrow Agency");
  const bar = page.getByRole("navigation", { name: "Areas" });
  for (const one of await bar.locator(".nav-link:visible").all()) {
    const box = (await one.boundingBox())!;
    expect(box.width, await one.innerText()).toBeGreaterThanOrEqual(44);
    expect(box.x + box.width).toBeLessThanOrEqual(375);
  }
});

test("three personas see the same figures, each opens, and no digit is loose", async ({ page, browser }) => {
  test.setTimeout(600_000);
  await furnished(page, "/dashboard");
  await live(page);
  const tabs = page.getByRole("navigation", { name: "For whom" });
  const spend = await page.getByTestId("figure spend").locator("[data-figure]").first().innerText();
  for (const [name, key] of [["VP Growth", "vp_growth"], ["Director of Performance", "director"], ["CMO", "cmo"]]) {
    await tabs.getByRole("link", { name }).click();
    await expect(page).toHaveURL(`/dashboard?persona=${key.replace("_", "%5F")}`);
    await expect(tabs.getByRole("link", { name })).toHaveAttribute("aria-current", "page");
    await expect(page.getByTestId("card memory").getByTestId("sentence").first()).toBeVisible();
    await expect(page.getByTestId("figure spend").locator("[data-figure]").first()).toHaveText(spend);
    await unfold(page);
    expect(await loose(page)).toEqual([]);
    await look(page, `dashboard-${key}`);
  }

  // Every figure opens in the drawer by keyboard, with its value, and gives the focus back.
  await unfold(page);
  const drawer = page.getByRole("dialog", { name: "What it is made of" });
  const figures = page.locator("main a[data-figure]");
  const many = await figures.count();
  expect(many).toBeGreaterThan(20);
  let turned = false;
  // The same ones on phones: there the drawer is looked at.
  const phone = page.viewportSize()!.width < 768;
  for (let at = 0; at < many && !(phone && turned); at += 1) {
    const figure = figures.nth(at);
    const id = (await figure.getAttribute("data-figure"))!;
    await figure.focus();
    await page.keyboard.press("Enter");
    await expect(drawer.getByTestId("opened").locator(`[data-figure="${id}"]`)).toBeVisible();
    if (id.startsWith("m.")) await expect(drawer.getByTestId("figure-rows").getByRole("row").nth(1)).toBeVisible();
    if (id.startsWith("s.") || id.startsWith("p.")) await expect(drawer.getByTestId("evidence")).toBeVisible();
    if (!turned && id.startsWith("m.spend.")) {
      turned = true;
      await expect(drawer.getByTestId("runs").getByRole("link").first()).toHaveAttribute("href", /\/settings\/integrations\//);
      const first = await drawer.getByTestId("figure-rows").getByRole("row").nth(1).innerText();
      await drawer.getByRole("link", { name: "More rows" }).click();
      await expect(drawer.getByRole("link", { name: "First rows" })).toBeVisible();
      await expect(drawer.getByTestId("figure-rows").getByRole("row").nth(1)).not.toHaveText(first);
      await look(page, "figure-drawer");
    }
    await page.keyboard.press("Escape");
    await expect(drawer).toBeHidden();
    await expect(figure).toBeFocused();
  }
  expect(turned).toBe(true);

  // A client's own dashboard, and a figure as a page.
  await page.getByTestId("source").locator('a[href$="/dashboard"]').first().click();
  await expect(page).toHaveURL(/\/clients\/[0-9a-f-]+\/dashboard$/);
  await live(page);
  await expect(page.getByTestId("figure spend")).toBeVisible();
  await unfold(page);
  expect(await loose(page)).toEqual([]);
  await look(page, "dashboard-client");
  const client = new URL(page.url()).pathname.split("/")[2];
  const id = (await page.getByTestId("figure spend").locator("[data-figure]").first().getAttribute("data-figure"))!;
  await page.goto(`/figures/${id}`);
  await live(page);
  await expect(page.getByTestId("opened")).toContainText("Spend");
  expect(await loose(page)).toEqual([]);
  await look(page, "figure");

  // No digit of the other pages is loose, and a figure of each opens in its place. That all of them open is looked at without a
  // browser (server/tests/it/dashboard/pages.rs).
  for (const [path, root, name] of [
    ["/findings", "main", "findings"],
    ["/alerts", "main", "alerts-of-cycle"],
    ["/actions?proposals=all", "main", "actions-of-cycle"],
    ["/summary?persona=director", "main", "summary-of-cycle"],
    [`/clients/${client}`, '[aria-label="Performance"]', "performance"],
  ]) {
    await page.goto(path);
    await live(page);
    const figure = page.locator(`${root} a[data-figure]`).first();
    await expect(figure).toBeVisible();
    await unfold(page);
    expect(await loose(page, root), path).toEqual([]);
    await look(page, name);
    await figure.focus();
    await page.keyboard.press("Enter");
    await expect(drawer.getByTestId("opened").locator(`[data-figure="${await figure.getAttribute("data-figure")}"]`)).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(figure).toBeFocused();
  }
  // The bar at the top says what changed, in the words of whoever was asked for last.
  await page.goto("/findings");
  if (page.viewportSize()!.width >= 768) {
    await expect(page.getByTestId("what-changed").locator("[data-figure]").first()).toHaveAttribute("href", /^\/figures\/s\./);
    await page.goto("/dashboard");
    await expect(page.getByTestId("changed")).toBeVisible();
    await expect(page.getByTestId("what-changed")).toHaveCount(0);
  }

  // The same without scripts: a figure is a link, its rows are pages.
  const plain = await browser.newContext({ javaScriptEnabled: false, viewport: page.viewportSize() });
  await plain.addCookies(await page.context().cookies());
  const still = await plain.newPage();
  await still.goto(new URL("/dashboard?persona=director", page.url()).href);
  await expect(still.getByTestId("changed")).toBeVisible();
  await still.getByTestId("figure spend").locator("[data-figure]").first().click();
  await expect(still).toHaveURL(/\/figures\/m\.spend\./);
  await expect(still.getByTestId("opened")).toBeVisible();
  await still.getByRole("link", { name: "More rows" }).click();
  await expect(still).toHaveURL(/cursor=25/);
  await expect(still.getByTestId("figure-rows").getByRole("row").nth(1)).toBeVisible();
  await plain.close();
});
