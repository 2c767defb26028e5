import { area, expect, live, look, owner, test } from "./support";

test.use({ allowedErrors: [/status of (404|500)/] });

test("the skip link moves the focus to the page", async ({ page }) => {
  await owner(page, "Skip Agency");
  await live(page);
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the page" })).toBeFocused();
  await look(page, "skip-link");
  await page.keyboard.press("Enter");
  await expect(page.locator("main#page")).toBeFocused();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "List" })).toBeFocused();
});

test("? lists the keys of the page, and they work until they are switched off", async ({ page }) => {
  await owner(page, "Keys Agency");
  await live(page);
  const alerts = page.getByRole("link", { name: "Alerts" });
  await alerts.focus();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys of this page" });
  await expect(keys.getByText("Add a client")).toBeVisible();
  await expect(keys.getByText("Search the clients")).toBeVisible();
  await expect(keys.getByText("g i", { exact: true })).toBeVisible();
  await expect(keys.getByText("Go to Inbox")).toBeVisible();
  await look(page, "keys");
  await page.keyboard.press("n");
  await expect(keys).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(keys).toBeHidden();
  await expect(alerts).toBeFocused();
  await page.keyboard.press("n");
  await expect(page.getByLabel("Name of the new client")).toBeFocused();
  await page.keyboard.type("m?");
  await expect(page.getByLabel("Name of the new client")).toHaveValue("m?");
  await page.locator("main#page").focus();
  await page.keyboard.press("/");
  await expect(page.getByLabel("Search")).toBeFocused();
  await page.locator("main#page").focus();
  await page.keyboard.press("m");
  await expect(page).toHaveURL("/members");
  await page.locator("main#page").focus();
  await page.keyboard.press("?");
  await keys.getByLabel("Single letters work as keys").uncheck();
  await page.keyboard.press("Escape");
  await page.locator("main#page").focus();
  await page.keyboard.press("c");
  await page.keyboard.press("?");
  await expect(keys).toBeVisible();
  await expect(page).toHaveURL("/members");
});

test("the palette keeps the focus, gives it back, and does what the page offers", async ({ page }) => {
  await owner(page, "Palette Agency");
  await live(page);
  const opener = page.getByRole("button", { name: "Go to a page or client" });
  await opener.click();
  const palette = page.getByRole("dialog", { name: "Go to" });
  await expect(palette.getByRole("combobox")).toBeFocused();
  for (let press = 0; press < 4; press += 1) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement === document.body || !!document.activeElement?.closest("dialog"))).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(palette).toBeHidden();
  await expect(opener).toBeFocused();
  await page.keyboard.press("Control+k");
  await page.keyboard.type("add a");
  await expect(palette.getByRole("option", { name: "Add a client" })).toHaveAttribute("aria-selected", "true");
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Name of the new client")).toBeFocused();
});

test("another page takes the focus and its title is told", async ({ page }) => {
  await owner(page, "Route Agency");
  await live(page);
  await area(page, "Settings");
  await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
  await expect(page.locator("main#page")).toBeFocused();
  await expect(page.getByTestId("told")).toHaveText("Settings · AudienceOS");
});

test("what is done is told in a polite region and goes by itself", async ({ page }) => {
  await owner(page, "Toast Agency");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  const toasts = page.getByTestId("toasts");
  await expect(toasts).toHaveAttribute("aria-live", "polite");
  await expect(toasts.getByText("Bakery Beta is added")).toBeVisible();
  await look(page, "toast");
  await expect(page.getByLabel("Name of the new client")).toBeFocused();
  await toasts.getByRole("button", { name: "Dismiss" }).click();
  await expect(toasts.getByText("Bakery Beta is added")).toHaveCount(0);
});

test("on a phone five areas are a bar at the bottom, the others behind More, all large enough for fingers", async ({ page, isMobile }) => {
  test.skip(!isMobile, "a wide screen has them at the side");
  await owner(page, "Thumb Agency");
  await live(page);
  const areas = page.getByRole("navigation", { name: "Areas" });
  await expect(areas.getByRole("link", { name: "Inbox" })).toBeVisible();
  const bar = (await areas.boundingBox())!;
  expect(Math.abs(bar.y + bar.height - page.viewportSize()!.height)).toBeLessThan(1);
  const large = async () => {
    const targets = await areas.locator("a:visible, button:visible").all();
    for (const target of targets) {
      const box = (await target.boundingBox())!;
      expect(Math.min(box.width, box.height), (await target.textContent())!).toBeGreaterThanOrEqual(44);
    }
    return targets.length;
  };
  expect(await large()).toBe(5);
  const settings = areas.getByRole("link", { name: "Settings" });
  await expect(settings).toBeHidden();
  await areas.getByRole("button", { name: "More" }).click();
  await expect(settings).toBeVisible();
  expect(await large()).toBe(14);
  await look(page, "more-areas");
  await page.keyboard.press("Escape");
  await expect(settings).toBeHidden();
  await areas.getByRole("button", { name: "More" }).click();
  await settings.click();
  await expect(page).toHaveURL("/settings");
  await expect(settings).toBeHidden();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("every area is reached", async ({ page }) => {
    await owner(page, "Still Agency");
    for (const [name, path] of [["Reports", "/reports"], ["Inbox", "/inbox"]]) {
      await area(page, name);
      await expect(page).toHaveURL(path);
    }
  });
});

test("unknown addresses keep the areas for those who are signed in", async ({ page }) => {
  await page.goto("/no-such-page");
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Areas" })).toHaveCount(0);
  await expect(page.getByTestId("request-id")).toHaveText(/^[0-9a-f]{32}$/);
  await look(page, "missing-outside");
  await owner(page, "Lost Agency");
  await page.goto("/no-such-page");
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  await expect(page).toHaveTitle("There is nothing here · AudienceOS");
  await look(page, "missing");
  await page.getByRole("link", { name: "Clients" }).click();
  await expect(page).toHaveURL("/clients");
  await page.goto("/clients/01890000-0000-7000-8000-000000000000");
  await expect(page).toHaveTitle("There is no such client · AudienceOS");
  await expect(page.getByRole("heading", { name: "There is no such client" })).toBeVisible();
  await expect(page.getByRole("navigation", { name: "Areas" })).toBeVisible();
  await live(page);
  await look(page, "client-missing");
});

test("what loads shows the rows that will stand there, and then them", async ({ page }) => {
  await owner(page, "Loading Agency");
  await page.goto("/settings");
  await live(page);
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route("**/app/list_jobs*", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("navigation", { name: "Parts of the settings" }).getByRole("link", { name: "Background work" }).click();
  await expect(page.getByRole("heading", { name: "Background work" })).toBeVisible();
  const rows = page.locator("main .skeleton");
  await expect(rows.first()).toBeVisible();
  await look(page, "skeleton");
  go();
  await expect(rows).toHaveCount(0);
  await expect(page.getByTestId("empty").or(page.getByTestId("jobs"))).toBeVisible();
});

test("a part that fails says so, leaves the rest, and is tried again", async ({ page }) => {
  await owner(page, "Broken Agency");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("clients").getByRole("link", { name: "Bakery Beta" })).toBeVisible();
  await page.route("**/app/list_contacts*", (route) => route.fulfill({ status: 500, contentType: "application/json", body: JSON.stringify([7, ["0f3a"]]) }));
  await page.getByTestId("clients").getByRole("link", { name: "Bakery Beta" }).click();
  const failed = page.getByTestId("failed-part");
  await expect(failed).toContainText("The contacts could not be loaded");
  await expect(failed).toContainText("0f3a");
  await expect(page.getByLabel("Website")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Way over the board" })).toBeVisible();
  await page.getByLabel("Website").fill("still.typing");
  await look(page, "failed-part");
  await page.unroute("**/app/list_contacts*");
  await failed.getByRole("button", { name: "Try again: The contacts" }).click();
  await expect(failed).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Add contact" })).toBeVisible();
  await expect(page.getByLabel("Website")).toHaveValue("still.typing");
});
