import { expect, live, look, owner, test, watch } from "./support";

test.use({ allowedErrors: [/status of (404|409|422)/] });

test("a client has an owner, contacts that are edited, and an archive with a way back", async ({ page }) => {
  test.setTimeout(150_000);
  await owner(page, "Client Agency");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await page.getByTestId("toasts").getByRole("link", { name: "Open" }).click();
  await expect(page.getByRole("heading", { name: "Bakery Beta", level: 1 })).toBeVisible();
  const toasts = page.getByTestId("toasts");

  await page.getByLabel("Owner").selectOption({ label: "Olga Owner" });
  await page.getByLabel("Currency").selectOption("CHF");
  await page.getByLabel("Time zone").selectOption("Europe/Zurich");
  await page.getByRole("button", { name: "Save", exact: true }).focus();
  await page.keyboard.press("Enter");
  await expect(toasts.getByText("Saved.")).toBeVisible();
  await expect(page.getByRole("button", { name: "Save", exact: true })).toBeFocused();
  await page.reload();
  await live(page);
  await expect(page.getByLabel("Owner").locator("option:checked")).toHaveText("Olga Owner");
  await expect(page.getByLabel("Currency")).toHaveValue("CHF");
  await expect(page.getByLabel("Time zone")).toHaveValue("Europe/Zurich");

  await page.getByRole("button", { name: "Add contact" }).click();
  const drawer = page.getByRole("dialog");
  await expect(page.getByLabel("Contact's name")).toBeFocused();
  await page.getByLabel("Contact's name").fill("Ann Other");
  await page.getByLabel("E-mails").fill("nonsense");
  await look(page, "contact-drawer");
  await page.keyboard.press("Enter");
  await expect(drawer.getByText("Enter an e-mail address")).toBeVisible();
  await expect(page.getByLabel("Contact's name")).toHaveValue("Ann Other");
  await page.getByLabel("E-mails").fill("ann@beta.example");
  await page.keyboard.press("Enter");
  await expect(drawer).toBeHidden();
  await expect(toasts.getByText("Ann Other is saved")).toBeVisible();
  const contacts = page.getByTestId("contacts");
  await expect(contacts.getByText("ann@beta.example")).toBeVisible();
  await contacts.getByRole("button", { name: "Edit Ann Other" }).click();
  await expect(page.getByLabel("E-mails")).toHaveValue("ann@beta.example");
  await page.getByLabel("Contact's name").fill("Ann Baker");
  await page.keyboard.press("Enter");
  await expect(contacts.getByText("Ann Baker")).toBeVisible();
  await expect(contacts.getByText("Ann Other")).toHaveCount(0);
  await expect(contacts.getByRole("button", { name: "Edit Ann Baker" })).toBeFocused();
  await contacts.getByRole("button", { name: "Remove Ann Baker" }).focus();
  await page.keyboard.press("Enter");
  await expect(toasts.getByText("Ann Baker is removed")).toBeVisible();
  await expect(contacts.getByText("Ann Baker")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: "Contacts" })).toBeFocused();
  await page.keyboard.press("u");
  await expect(contacts.getByText("ann@beta.example")).toBeVisible();

  await page.getByRole("button", { name: "Archive Bakery Beta" }).click();
  await expect(page.getByTestId("archived")).toContainText("This client is archived");
  await expect(page.getByTestId("facts")).toBeVisible();
  await expect(page.getByLabel("Website")).toHaveCount(0);
  await expect(page.getByRole("button", { name: /Add contact|Edit Ann|Remove Ann/ })).toHaveCount(0);
  await look(page, "client-archived");
  await toasts.getByRole("button", { name: "Undo" }).last().click();
  await expect(page.getByTestId("archived")).toHaveCount(0);
  await expect(page.getByLabel("Website")).toBeVisible();
});

test("an experiment is entered, stands on the client's page, and is thrown away", async ({ page }) => {
  await owner(page, "Lift Agency");
  const made = await page.request.post("/api/v1/clients", { data: { name: "Bakery Beta", currency: "EUR" } });
  const { id } = await made.json();
  const source = { name: "Radio", holds: "ads", currency: "EUR", time_zone: "UTC", client_id: id };
  await expect(await page.request.post("/api/v1/imports/sources", { data: source })).toBeOK();
  await page.goto(`/clients/${id}`);
  await live(page);
  const part = page.getByRole("region", { name: "Experiments" });
  await part.getByLabel("Revenue for each unit of spend").fill("much");
  await part.getByLabel("First day").fill("2026-03-02");
  await part.getByLabel("Last day").fill("2026-03-15");
  await part.getByLabel("Standard error").fill("0.25");
  await part.getByRole("button", { name: "Enter experiment" }).click();
  await expect(part.getByText("Enter a number, such as 1.8")).toBeVisible();
  await expect(part.getByLabel("Last day")).toHaveValue("2026-03-15");
  await look(page, "client-experiment");
  await part.getByLabel("Revenue for each unit of spend").fill("1.8");
  await part.getByRole("button", { name: "Enter experiment" }).click();
  const words = "Radio, 2 to 15 Mar 2026: 1.8 of revenue for each unit of spend, give or take 0.25";
  await expect(part.getByText(words)).toBeVisible();
  await part.getByLabel("Standard error").fill("0.5");
  await part.getByRole("button", { name: "Throw away the experiment on Radio" }).click();
  await expect(part.getByText("None was entered yet.")).toBeVisible();
  await expect(part.getByLabel("Standard error")).toHaveValue("0.5");
  await page.getByRole("button", { name: "Undo" }).click();
  await expect(part.getByText(words), "it is as it was").toBeVisible();
  await expect(part.getByLabel("Standard error")).toHaveValue("0.5");

  // Nothing of an archived client can be changed.
  await page.getByRole("button", { name: "Archive Bakery Beta" }).click();
  await expect(part.getByRole("button")).toHaveCount(0);
  await expect(part.getByText(words)).toBeVisible();
});

test("two people change one client: neither undoes the other unseen", async ({ page }) => {
  test.setTimeout(150_000);
  await owner(page, "Two Hands");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await page.getByTestId("toasts").getByRole("link", { name: "Open" }).click();
  await expect(page.getByRole("heading", { name: "Bakery Beta", level: 1 })).toBeVisible();
  const other = watch(await page.context().newPage());
  await other.goto(page.url());
  await live(other);
  const save = (where: typeof page) => where.getByRole("button", { name: "Save", exact: true }).click();
  await other.getByLabel("Website").fill("https://other.example");
  await other.getByLabel("Notes").fill("Written there");
  await save(other);
  await expect(other.getByTestId("toasts").getByText("Saved.")).toBeVisible();

  await page.getByLabel("Industry").fill("Food");
  await save(page);
  await expect(page.getByTestId("toasts").getByText("Saved.")).toBeVisible();
  await expect(page.getByLabel("Website"), "what was not touched is not undone").toHaveValue("https://other.example");
  await expect(page.getByLabel("Notes")).toHaveValue("Written there");

  await other.getByLabel("Industry").fill("Bread");
  await save(other);
  const words = "Somebody changed this meanwhile: industry is now “Food”. Save again to put yours in its place";
  await expect(other.getByText(words)).toBeVisible();
  await expect(other.getByLabel("Industry")).toHaveValue("Bread");
  await look(other, "client-changed-meanwhile");
  await save(other);
  await expect(other.getByTestId("toasts").getByText("Saved.").last()).toBeVisible();
  await expect(other.getByText(words)).toHaveCount(0);
  await page.reload();
  await expect(page.getByLabel("Industry")).toHaveValue("Bread");
});

test("filters follow Back and Forward, and adding under a filter explains", async ({ page }) => {
  await owner(page, "Filter Agency");
  await live(page);
  for (const name of ["Bakery Beta", "Clinic Gamma"]) {
    await page.getByLabel("Name of the new client").fill(name);
    await page.keyboard.press("Enter");
    await expect(page.getByTestId("clients").getByRole("link", { name })).toBeVisible();
  }
  const rows = page.getByTestId("clients").getByRole("row");
  await page.getByLabel("Search").fill("bakery");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL("/clients?search=bakery");
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Stage").selectOption({ label: "Audit" });
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByTestId("empty")).toContainText("No client matches");
  await look(page, "clients-no-match");
  await page.goBack();
  await expect(rows).toHaveCount(2);
  await expect(page.getByLabel("Search")).toHaveValue("bakery");
  await expect(page.getByLabel("Stage")).toHaveValue("");
  await page.goBack();
  await expect(rows).toHaveCount(3);
  await expect(page.getByLabel("Search")).toHaveValue("");
  await page.goForward();
  await expect(rows).toHaveCount(2);
  await expect(page.getByLabel("Search")).toHaveValue("bakery");
  await page.getByLabel("Name of the new client").fill("Dentist Delta");
  await page.getByRole("button", { name: "Add client" }).click();
  const toast = page.getByTestId("toast").filter({ hasText: "Dentist Delta is added" });
  await expect(toast).toContainText("shows only what matches your filter");
  await expect(rows).toHaveCount(2);
  await toast.getByRole("link", { name: "Open" }).click();
  await expect(page.getByRole("heading", { name: "Dentist Delta", level: 1 })).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("filters work and a client is read", async ({ page }) => {
    await owner(page, "Still Agency");
    await page.getByLabel("Name of the new client").fill("Paper & Ink");
    await page.getByRole("button", { name: "Add client" }).click();
    await page.getByLabel("Search").fill("paper");
    await page.getByRole("button", { name: "Show" }).click();
    await expect(page).toHaveURL(/search=paper/);
    await page.getByRole("link", { name: "Paper & Ink" }).click();
    await expect(page.getByRole("heading", { name: "Paper & Ink", level: 1 })).toBeVisible();
    await page.getByLabel("Industry").fill("Stationery");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByLabel("Industry")).toHaveValue("Stationery");
    await page.getByLabel("Website").fill("no dots");
    await page.getByLabel("Notes").fill("Kept");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await expect(page.getByText("Enter an address like https://example.com")).toBeVisible();
    await expect(page.getByLabel("Website")).toHaveValue("no dots");
    await expect(page.getByLabel("Notes")).toHaveValue("Kept");
  });
});
