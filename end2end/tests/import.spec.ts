import { expect, live, look, owner, test } from "./support";

test.use({ allowedErrors: [/status of 422/] });

const file = (name: string, text: string) => ({ name, mimeType: "text/csv", buffer: Buffer.from(text) });

test("a file with a bad row is looked at, imported without it, and taken back", async ({ page }) => {
  await owner(page, "Radio Agency");
  await page.goto("/settings/integrations/import");
  await live(page);
  await expect(page.getByTestId("empty")).toContainText("add a source");
  await page.getByRole("textbox", { name: "Name" }).fill("Radio Berlin");
  await page.getByLabel("Currency").selectOption("EUR");
  await look(page, "import-empty");
  await page.getByRole("button", { name: "Add source" }).click();
  await expect(page.getByTestId("sources").getByText("Radio Berlin")).toBeVisible();

  const text = "Day;Campaign;Cost;Clicks\n13.02.2026;Spring;1.234,50;7\n30.02.2026;Spring;1,00;1\n14.02.2026;=1+1;2,00;x\n15.02.2026;Spring;3,00;2\n";
  await page.getByLabel("File", { exact: true }).setInputFiles(file("radio.csv", text));
  await page.getByRole("button", { name: "Upload file" }).click();
  await expect(page.getByRole("heading", { name: "radio.csv" })).toBeVisible();
  await live(page);
  await expect(page.getByTestId("preview")).toContainText("1.234,50");
  await expect(page.getByLabel("Spend")).toHaveValue(/^spend:3$/);
  await expect(page.getByLabel("Days are written")).toHaveValue("day_first");
  await look(page, "import-columns");

  await page.getByLabel("Clicks").selectOption("");
  await page.getByRole("button", { name: "Check every row" }).click();
  await expect(page.getByTestId("checked")).toContainText("3 rows can be imported");
  await expect(page.getByTestId("wrong-rows").getByRole("row", { name: /30\.02\.2026/ })).toContainText("3");
  await page.getByLabel("Clicks").selectOption({ label: "Clicks" });
  await page.getByRole("button", { name: "Check again with these columns" }).click();
  await expect(page.getByTestId("checked")).toContainText("2 rows can be imported");
  await expect(page.getByTestId("wrong-rows").getByRole("row").filter({ hasText: "Clicks" })).toContainText("is not a number");
  await page.getByLabel("Save these columns for the next file").fill("Radio export");
  await page.getByRole("button", { name: "Save columns" }).click();
  await expect(page.getByTestId("toasts").getByText("The columns are saved.")).toBeVisible();
  await look(page, "import-checked");

  await page.getByRole("button", { name: "Import the other 2 rows" }).click();
  await expect(page.getByTestId("result")).toContainText("2 new, 2 left out");
  await expect(page.getByTestId("wrong-rows")).toContainText("30.02.2026");
  await look(page, "import-done");

  await page.getByRole("main").getByRole("link", { name: "Import files" }).click();
  const row = page.getByTestId("imports").getByRole("row", { name: /radio\.csv/ });
  await expect(row).toContainText("Imported");
  await look(page, "import-history");
  await row.getByRole("button", { name: "Undo the import of radio.csv" }).click();
  await expect(row).toContainText("Undone");
  await row.getByRole("link", { name: "radio.csv" }).click();
  await expect(page.getByText("Reports read what they read without it")).toBeVisible();
});

test("what a file leaves open is chosen by a person, and what was typed stays", async ({ page }) => {
  await owner(page, "Open Agency");
  await page.goto("/settings/integrations/import");
  await live(page);
  await page.getByRole("textbox", { name: "Name" }).fill("Shop till");
  await page.getByLabel("Rows are").selectOption("shop");
  await page.getByRole("button", { name: "Add source" }).click();
  await expect(page.getByTestId("sources").getByText("Shop till")).toBeVisible();
  await page.getByLabel("File", { exact: true }).setInputFiles(file("till.csv", "Day;Orders;Net sales\n01/02/2026;3;1,234\n"));
  await page.getByRole("button", { name: "Upload file" }).click();
  await live(page);
  await expect(page.getByText("The file does not say it: 01/02/2026 can be read in more than one way.")).toBeVisible();
  await page.getByLabel("Leave out rows that begin with").fill("Total");
  await page.getByRole("button", { name: "Check every row" }).click();
  await expect(page.getByText("Choose how the file writes numbers")).toBeVisible();
  await expect(page.getByLabel("Leave out rows that begin with")).toHaveValue("Total");
  await page.getByLabel("Numbers are written").selectOption("point");
  await page.getByLabel("Days are written").selectOption("month_first");
  await page.getByRole("button", { name: "Check every row" }).click();
  await expect(page.getByTestId("checked")).toContainText("1 row can be imported, from 2026-01-02 to 2026-01-02");
});
