import { expect, live, look, owner, ownerByPages, password, signOut, test } from "./support";

test.use({ allowedErrors: [/status of (401|422)/] });

test("sign up, verify, sign in and add a client", async ({ page }) => {
  await ownerByPages(page, "Acme & Söhne", (name) => look(page, name));

  await expect(page.getByTestId("empty")).toBeVisible();
  await live(page);
  await look(page, "clients-empty");
  await page.getByLabel("Name of the new client").fill("O'Brien & Sons / West");
  await page.getByRole("button", { name: "Add client" }).click();
  await expect(page.getByRole("link", { name: "O'Brien & Sons / West" })).toBeVisible();
  await expect(page.getByLabel("Name of the new client")).toHaveValue("");
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("row")).toHaveCount(3);
  await look(page, "clients");

  await page.getByLabel("Name of the new client").fill("x".repeat(201));
  await page.getByRole("button", { name: "Add client" }).click();
  await expect(page.getByText("Name can have at most 200 characters")).toBeVisible();
  await expect(page.getByLabel("Name of the new client")).toHaveValue("x".repeat(201));
  await look(page, "clients-error");

  await signOut(page);
  await expect(page).toHaveURL("/login");
  await page.goBack();
  await expect(page).toHaveURL(/\/login/);
});

test.describe("a refused form", () => {
  test("keeps what was typed", async ({ page }) => {
    await page.goto("/signup");
    await page.getByLabel("Agency name").fill("Acme");
    await page.getByLabel("Your name").fill("Olga");
    await page.getByLabel("E-mail").fill("olga@example.com");
    await page.getByLabel("Password").fill("password");
  await page.getByLabel("Repeat it").fill("password");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByText("This password is easy to guess")).toBeVisible();
    await expect(page.getByLabel("Agency name")).toHaveValue("Acme");
    await expect(page.getByLabel("E-mail")).toHaveValue("olga@example.com");
    await look(page, "signup-error");
  });
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("signing in, reading the list and adding a client work", async ({ page }) => {
    const email = await owner(page, "Plain Agency");
    await signOut(page);
    await expect(page).toHaveURL("/login");
    await page.goto("/clients");
    await expect(page).toHaveURL("/login?redirect=/clients");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await expect(page).toHaveURL("/clients");
    await expect(page.getByTestId("empty")).toBeVisible();
    await page.getByLabel("Name of the new client").fill("Paper & Ink");
    await page.getByRole("button", { name: "Add client" }).click();
    await expect(page.getByRole("link", { name: "Paper & Ink" })).toBeVisible();
  });
});

test("an unknown address says so", async ({ page }) => {
  const answer = await page.request.get("/no-such-page");
  expect(answer.status()).toBe(404);
  expect(await answer.text()).toContain("There is nothing here");
});
