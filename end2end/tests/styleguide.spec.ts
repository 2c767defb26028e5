import { expect, live, look, test } from "./support";

test("the style guide shows every component, and each keeps its word", async ({ page }) => {
  await page.goto("/styleguide");
  await live(page);
  await look(page, "styleguide");
  const opener = page.getByRole("button", { name: "Open the dialog" });
  await opener.click();
  const dialog = page.getByRole("dialog", { name: "Remove Ann" });
  await expect(dialog).toBeVisible();
  for (let press = 0; press < 5; press += 1) {
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement === document.body || !!document.activeElement?.closest("dialog"))).toBe(true);
  }
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(opener).toBeFocused();

  await page.getByRole("button", { name: "Open the drawer" }).click();
  await look(page, "styleguide-drawer");
  await page.getByRole("button", { name: "Close" }).last().click();
  await expect(page.getByRole("button", { name: "Open the drawer" })).toBeFocused();

  const more = page.getByRole("button", { name: "More about Ann" });
  await more.focus();
  await page.keyboard.press("Enter");
  const item = page.getByRole("button", { name: "Deactivate" });
  await expect(item).toBeVisible();
  await look(page, "styleguide-menu");
  await page.keyboard.press("Escape");
  await expect(item).toBeHidden();
  await expect(more).toBeFocused();

  await page.getByRole("button", { name: "Show one with undo" }).click();
  await page.getByRole("button", { name: "Undo", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("taken")).toHaveText("1");
  await expect(page.getByTestId("toasts").getByText("Taken back")).toBeVisible();
  await page.getByRole("button", { name: "Try again: The contacts" }).click();
  await expect(page.getByTestId("again")).toHaveText("1");
});
