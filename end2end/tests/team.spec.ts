import { address, area, expect, live, look, mailedLink, owner, ownerByPages, password, signOut, test, watch } from "./support";

test.use({ allowedErrors: [/status of (403|404|409|422)/] });

test("an agency of two: invite, join, assign, move on the board", async ({ page, browser }) => {
  test.setTimeout(180_000);
  await ownerByPages(page, "Acme & Söhne");
  await live(page);
  for (const name of ["Bakery Beta", "Clinic Gamma"]) {
    await page.getByLabel("Name of the new client").fill(name);
    await page.getByRole("button", { name: "Add client" }).click();
    await expect(page.getByRole("link", { name })).toBeVisible();
  }
  await look(page, "clients-two");

  await page.getByRole("link", { name: "Board", exact: true }).click();
  await expect(page.getByTestId("board")).toBeVisible();
  await live(page);
  await page.getByRole("button", { name: "Move Bakery Beta" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Live", exact: true }).click();
  await expect(page.getByRole("region", { name: "Live" }).getByText("Bakery Beta")).toBeVisible();
  await look(page, "board");
  await page.reload();
  await expect(page.getByRole("region", { name: "Live" }).getByText("Bakery Beta")).toBeVisible();

  await page.getByRole("link", { name: "Bakery Beta" }).click();
  await expect(page.getByRole("heading", { name: "Bakery Beta", level: 1 })).toBeVisible();
  await live(page);
  await page.getByLabel("Website").fill("no dots");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Enter an address like https://example.com")).toBeVisible();
  await expect(page.getByLabel("Website")).toHaveValue("no dots");
  await page.getByLabel("Website").fill("beta.example");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByLabel("Website")).toHaveValue("https://beta.example");
  await page.reload();
  await live(page);
  await page.getByLabel("Notes").fill("Call on <Monday> & ask");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.getByLabel("Industry").fill("Food");
  await Promise.all([
    page.waitForResponse((answer) => answer.url().includes("/app/update_client")),
    page.getByRole("button", { name: "Save", exact: true }).click(),
  ]);
  await expect(page.getByLabel("Notes")).toHaveValue("Call on <Monday> & ask");
  await page.reload();
  await expect(page.getByLabel("Notes")).toHaveValue("Call on <Monday> & ask");
  await expect(page.getByLabel("Industry")).toHaveValue("Food");
  await live(page);
  await page.getByRole("button", { name: "Add contact" }).click();
  await page.getByLabel("Contact's name").fill("Jane Doe");
  await page.getByLabel("E-mails").fill("Jane@Beta.example");
  await page.getByRole("button", { name: "Save contact" }).click();
  await expect(page.getByText("jane@beta.example")).toBeVisible();
  await expect(page.getByRole("dialog")).toBeHidden();
  await look(page, "client");

  const max = address("max");
  await area(page, "Members");
  await page.getByLabel("Invite by e-mail").fill("nonsense");
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByText("Enter an e-mail address")).toBeVisible();
  await page.getByLabel("Invite by e-mail").fill(max);
  await page.getByLabel("As", { exact: true }).selectOption("manager");
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByTestId("invitations").getByText(max)).toBeVisible();

  const options = test.info().project.use;
  const second = await browser.newContext({ viewport: options.viewport, colorScheme: options.colorScheme });
  const guest = watch(await second.newPage());
  await guest.goto(new URL(await mailedLink(max, "/invite/"), page.url()).href);
  await look(guest, "invite");
  await guest.getByLabel("Your name").fill("Max Manager");
  await guest.getByLabel("Password").fill(password);
  await guest.getByRole("button", { name: "Join" }).click();
  await expect(guest).toHaveURL(/\/dashboard/);
  await guest.goto(new URL("/clients", page.url()).href);
  await expect(guest.getByTestId("empty")).toBeVisible();
  await expect(guest.getByRole("link", { name: "Members" })).toHaveCount(0);

  await page.reload();
  await live(page);
  const row = page.getByTestId(`member ${max}`);
  await row.getByLabel("Client for Max Manager").fill("bakery");
  await row.getByRole("button", { name: "Find clients for Max Manager" }).click();
  await row.getByRole("button", { name: "Assign Bakery Beta to Max Manager" }).click();
  await expect(row.getByRole("button", { name: "Take Bakery Beta from Max Manager" })).toBeVisible();
  await look(page, "members");

  await guest.reload();
  await expect(guest.getByTestId("clients").getByRole("row")).toHaveCount(2);
  await expect(guest.getByRole("link", { name: "Bakery Beta" })).toBeVisible();
  await guest.goto(new URL("/members", page.url()).href);
  await expect(guest.getByText("Only an Admin or Owner sees the list of members").first()).toBeVisible();
  await second.close();

  await area(page, "Audit log");
  await expect(page.getByRole("cell", { name: "members.edit" }).first()).toBeVisible();
  await look(page, "audit");
  await expect(page.getByRole("row").filter({ hasText: "assigned: Bakery Beta" })).toContainText("Max Manager");
  await page.getByLabel("Outcome").selectOption({ label: "Refused" });
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL("/audit?allowed=false");
  await expect(page.getByRole("cell", { name: "members.read" })).toBeVisible();
  await expect(page.getByRole("cell", { name: "members.edit" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Export CSV" })).toHaveAttribute("href", "/api/v1/audit.csv?allowed=false");
  await page.getByRole("link", { name: "Max Manager" }).first().click();
  await expect(page.getByLabel("Who").locator("option:checked")).toHaveText("Max Manager");
  await page.getByLabel("Up to").fill("2020-01-01");
  await page.getByRole("button", { name: "Show" }).click();
  await expect(page.getByTestId("empty")).toContainText("Nothing matches");
  await look(page, "audit-nothing");
  await page.getByRole("link", { name: "Show everything" }).click();
  await expect(page).toHaveURL("/audit");

  await area(page, "Settings");
  await expect(page.getByLabel("Agency name")).toHaveValue("Acme & Söhne");
  await page.getByLabel("Stuck after days").fill("3");
  await page.getByRole("button", { name: "Save agency" }).click();
  await expect(page.getByText("Stuck must come later than Slow")).toBeVisible();
  await page.getByLabel("Stage 1", { exact: true }).fill("Welcome");
  await page.getByRole("button", { name: "Save stages" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await look(page, "settings");
  await page.getByRole("link", { name: "Clients" }).click();
  await expect(page.getByRole("cell", { name: "Welcome" })).toBeVisible();
});

test("a forgotten password is replaced by a mailed link", async ({ page }) => {
  const email = await owner(page, "Forgetful Agency");
  await signOut(page);
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("E-mail").fill(email);
  await look(page, "forgot");
  await page.getByRole("button", { name: "Send a link" }).click();
  await expect(page.getByText("a link is on its way")).toBeVisible();
  await page.goto(await mailedLink(email, "/reset"));
  await page.getByLabel("New password").fill("password");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("easy to guess")).toBeVisible();
  await look(page, "reset-error");
  await page.getByLabel("New password").fill("another battery horse");
  await page.getByRole("button", { name: "Set password" }).click();
  await expect(page.getByText("Your new password is set")).toBeVisible();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill("another battery horse");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/dashboard");
});
