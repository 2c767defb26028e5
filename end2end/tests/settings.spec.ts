import { expect, live, look, owner, test } from "./support";

test.use({ allowedErrors: [/status of (409|422)/] });

test("the agency is renamed at once everywhere, and its stages are put into another order", async ({ page, isMobile }) => {
  await owner(page, "Old Name");
  await page.goto("/settings");
  await live(page);
  await page.getByLabel("Agency name").fill("New Name");
  await page.getByLabel("Time zone").selectOption("America/New_York");
  await page.getByLabel("Currency").selectOption("USD");
  await page.getByLabel("Stage 1", { exact: true }).fill("Welcome, not saved yet");
  await page.getByRole("button", { name: "Save agency" }).click();
  await expect(page.getByTestId("toasts").getByText("Saved.")).toBeVisible();
  await expect(isMobile ? page.getByRole("banner") : page.getByTestId("organization")).toContainText("New Name");
  await expect(page.getByLabel("Time zone")).toHaveValue("America/New_York");
  await expect(page.getByLabel("Stage 1", { exact: true })).toHaveValue("Welcome, not saved yet");

  await page.getByLabel("Stage 1", { exact: true }).fill("Onboarding");
  await page.getByRole("button", { name: "Move Audit up" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Stage 2", { exact: true })).toHaveValue("Audit");
  await expect(page.getByRole("button", { name: "Move Audit up" })).toBeFocused();
  await expect(page.getByTestId("told")).toHaveText("Now stage 2 of the board");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Move Installation down" }).click();
  await page.getByRole("button", { name: "Add a line" }).click();
  await page.keyboard.type("Farewell");
  await page.getByRole("button", { name: "Save stages" }).click();
  await expect(page.getByLabel("Stage 7", { exact: true })).toHaveValue("Farewell");
  await expect(page.getByLabel("Stage 8", { exact: true })).toHaveValue("");
  await look(page, "settings-stages");
  await page.reload();
  const names = ["Audit", "Onboarding", "Live", "Installation", "Needs Support", "Off-boarding", "Farewell"];
  for (const [at, name] of names.entries()) {
    await expect(page.getByLabel(`Stage ${at + 1}`, { exact: true })).toHaveValue(name);
  }
});

test("the tabs of the settings stay where they are", async ({ page }) => {
  await owner(page, "Steady Agency");
  await page.goto("/settings");
  await live(page);
  const tabs = page.getByRole("navigation", { name: "Parts of the settings" });
  const before = await tabs.boundingBox();
  await tabs.getByRole("link", { name: "Background work" }).click();
  await expect(page.getByRole("heading", { name: "Background work" })).toBeVisible();
  const after = await tabs.boundingBox();
  expect(after!.y).toBe(before!.y);
});

test("times follow the agency's time zone", async ({ page }) => {
  await owner(page, "Far Agency");
  await page.goto("/settings");
  await live(page);
  await page.getByLabel("Time zone").selectOption("Pacific/Kiritimati");
  await page.getByRole("button", { name: "Save agency" }).click();
  await expect(page.getByTestId("toasts").getByText("Saved.")).toBeVisible();
  await page.goto("/audit");
  await expect(page.getByText("Times of Pacific/Kiritimati")).toBeVisible();
  const time = page.getByTestId("audit").locator("time").first();
  const shown = Date.parse(`${(await time.textContent())!.replace(" ", "T")}:00Z`);
  const at = Date.parse((await time.getAttribute("datetime"))!);
  expect(Math.floor(shown / 60_000) - Math.floor(at / 60_000)).toBe(14 * 60);
  await look(page, "audit-zone");
});
