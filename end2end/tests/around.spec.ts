import { area, expect, live, look, owner, test } from "./support";

test("the palette goes anywhere by keyboard", async ({ page }) => {
  await owner(page, "Keyboard Agency");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Bakery Beta" })).toBeVisible();
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog", { name: "Go to" })).toBeVisible();
  await look(page, "palette");
  await page.keyboard.type("back");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/settings/jobs");
  await expect(page.getByTestId("empty").or(page.getByTestId("jobs"))).toBeVisible();
  await look(page, "jobs");
  await page.keyboard.press("Control+k");
  await page.keyboard.type("bakery");
  await expect(page.getByRole("option", { name: "Bakery Beta" })).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Bakery Beta", level: 1 })).toBeVisible();
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Escape");
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("light and dark are kept", async ({ page }) => {
  await owner(page, "Theme Agency");
  await area(page, "Settings");
  await page.getByRole("button", { name: "Dark" }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await expect(page).toHaveURL("/settings");
  await look(page, "settings-dark");
  await page.getByRole("button", { name: "Like the system" }).click();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme", /./);
});

test("pages that anybody may read", async ({ page }) => {
  for (const path of ["/privacy", "/terms", "/security", "/resend", "/api/docs"]) {
    await page.goto(path);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await look(page, path.replace(/\//g, "_"));
  }
  await expect(page.getByTestId("rules").getByRole("row")).toHaveCount(20);
  const icon = await page.request.get("/favicon.svg");
  expect([icon.status(), icon.headers()["content-type"]]).toEqual([200, "image/svg+xml"]);
});

test("a link to a page that is never live is left to the browser, and Back returns", async ({ page }) => {
  await owner(page, "Reading Agency");
  await live(page);
  for (const [path, heading] of [["/privacy?from=clients#main", "Privacy"], ["/terms", "Terms"]]) {
    await page.evaluate((href) => {
      const link = Object.assign(document.createElement("a"), { href, textContent: "Read it" });
      document.getElementById("page")!.append(link);
    }, path);
    await page.getByRole("link", { name: "Read it" }).click();
    await expect(page).toHaveURL(path);
    await expect(page.getByRole("heading", { level: 1 })).toContainText(heading);
    await page.goBack();
    await expect(page).toHaveURL("/clients");
    await live(page);
    await expect(page.getByRole("heading", { name: "Clients", level: 1 })).toBeVisible();
    await area(page, "Settings");
    await expect(page).toHaveURL("/settings");
    await expect(page.getByRole("button", { name: "Dark" })).toBeVisible();
    await page.goBack();
    await expect(page).toHaveURL("/clients");
  }
});
