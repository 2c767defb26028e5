// What every browser test needs: a page that fails on console errors, the outbox, accessibility, pictures.
import AxeBuilder from "@axe-core/playwright";
import { test as base, expect, type Browser, type Page } from "@playwright/test";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

export { expect };
export const password = "correct horse battery staple";

/** What the pages of the present test complained of so far. */
let errors: string[] = [];

/** Has the test fail on what this page complains of. Every page that a test opens beside its own goes through here. */
export function watch(page: Page): Page {
  // A page that outlives its test says nothing against the next one.
  const said = errors;
  page.on("console", (message) => {
    if (message.type() !== "error" && message.type() !== "warning") return;
    // How busy this machine is, not what the page does wrong.
    if (!message.text().includes("preloaded using link preload but not used within a few seconds")) said.push(message.text());
  });
  page.on("pageerror", (error) => said.push(String(error)));
  return page;
}

export const test = base.extend<{ allowedErrors: RegExp[] }>({
  allowedErrors: [[], { option: true }],
  page: async ({ page, allowedErrors }, use) => {
    errors = [];
    await use(watch(page));
    expect(errors.filter((error) => !allowedErrors.some((allowed) => allowed.test(error)))).toEqual([]);
  },
});

/** No sideways scrolling, and pictures for people to look at, in the light and in the dark; `judge` looks at each. */
export async function picture(page: Page, name: string, judge = async (_: string) => {}, project = test.info().project.name) {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
  for (const colorScheme of ["dark", "light"] as const) {
    await page.emulateMedia({ colorScheme });
    // Colours that are on their way are neither.
    const moving = () => document.getAnimations().some((one) => one instanceof CSSTransition && one.playState === "running");
    await expect.poll(() => page.evaluate(moving)).toBe(false);
    await judge(colorScheme);
    const folder = `${project}-${colorScheme}`;
    await page.screenshot({ path: join("screenshots", folder, `${name}.png`), fullPage: true });
  }
}

/** The same, and accessibility without a violation. What judges that runs in the page: not where it runs no scripts. */
export async function look(page: Page, name: string, project?: string) {
  const judge = async (colorScheme: string) => {
    const axe = await new AxeBuilder({ page }).analyze();
    const found = axe.violations.map((violation) => `${colorScheme} ${violation.id}: ${violation.nodes.map((node) => node.html).join(" ")}`);
    expect(found).toEqual([]);
  };
  await picture(page, name, judge, project);
}

/** The page answers to clicks: its WASM has loaded. */
export async function live(page: Page) {
  await page.waitForFunction(() => document.documentElement.dataset.live === "true");
}

export function address(name: string) {
  return `${name}-${test.info().project.name}-${Date.now()}-${Math.floor(Math.random() * 1e6)}@example.com`;
}

/** The link under `path` in the newest mail to `email`, read from the outbox folder. */
export async function mailedLink(email: string, path: string): Promise<string> {
  const outbox = join(process.env.E2E_DATA!, "outbox");
  let link: string | undefined;
  await expect
    .poll(() => {
      for (const file of readdirSync(outbox).filter((file) => file.endsWith(".eml"))) {
        const mail = readFileSync(join(outbox, file), "utf8").replace(/=\r\n/g, "").replace(/=3D/g, "=");
        const found = mail.match(new RegExp(`https?://[^/\\s]+(${path}[^\\s"<]*)`));
        if (mail.includes(`To: ${email}`) && found) link = found[1];
      }
      return link;
    }, { intervals: [50, 100, 200] })
    .toBeTruthy();
  return link!;
}

/** Signs up, opens the mailed link and signs in as people do, page by page; `seen` looks at each. */
export async function ownerByPages(page: Page, organization: string, seen = async (_: string) => {}): Promise<string> {
  const email = address("first");
  await page.goto("/");
  await expect(page).toHaveURL("/login?redirect=/");
  await seen("login");
  await page.getByRole("link", { name: "Create an account" }).click();
  await page.getByLabel("Agency name").fill(organization);
  await page.getByLabel("Your name").fill("Olga Owner");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByLabel("Repeat it").fill(password);
  await seen("signup");
  await page.getByRole("button", { name: "Create account" }).click();
  await expect(page.getByText(email)).toBeVisible();
  await seen("signup-sent");
  await page.goto(await mailedLink(email, "/verify-email"));
  await expect(page.getByText("Your address is verified")).toBeVisible();
  await seen("verify-email");
  await page.getByRole("link", { name: "Sign in" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/dashboard");
  await page.goto("/clients");
  return email;
}

/** The same without pages. */
export async function owner(page: Page, organization: string): Promise<string> {
  const email = address("owner");
  const post = async (path: string, data: object) => expect(await page.request.post(`/api/v1/auth/${path}`, { data })).toBeOK();
  await post("signup", { email, password, name: "Olga Owner", organization });
  await expect(await page.request.get(await mailedLink(email, "/verify-email"))).toBeOK();
  await post("login", { email, password });
  await page.goto("/clients");
  return email;
}

/** Invites somebody, opens the mailed link in a browser of its own and joins. */
export async function joined(page: Page, browser: Browser, name: string, role: string) {
  const email = address(role);
  await page.goto("/members");
  await live(page);
  await page.getByLabel("Invite by e-mail").fill(email);
  await page.getByLabel("As", { exact: true }).selectOption(role);
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByTestId("invitations").getByText(email)).toBeVisible();
  const options = test.info().project.use;
  const context = await browser.newContext({ viewport: options.viewport, colorScheme: options.colorScheme, hasTouch: options.hasTouch, isMobile: options.isMobile });
  const guest = watch(await context.newPage());
  await guest.goto(new URL(await mailedLink(email, "/invite/"), page.url()).href);
  await guest.getByLabel("Your name").fill(name);
  await guest.getByLabel("Password").fill(password);
  await guest.getByRole("button", { name: "Join" }).click();
  await expect(guest).toHaveURL(/\/dashboard/);
  await guest.goto(new URL("/clients", page.url()).href);
  return { email, guest, context };
}

const areas = (page: Page) => page.getByRole("navigation", { name: "Areas" });

/** Opens what the bar of a phone has no room for; elsewhere all areas stand there. */
async function more(page: Page) {
  await areas(page).getByRole("link", { name: "Dashboard" }).waitFor();
  if (page.viewportSize()!.width < 768) await areas(page).getByRole("button", { name: "More" }).click();
}

/** Goes to an area by its link, wherever it stands. */
export async function area(page: Page, name: string) {
  const link = areas(page).getByRole("link", { name });
  if (!(await link.isVisible())) await more(page);
  await link.click();
}

export async function signOut(page: Page) {
  await more(page);
  await areas(page).getByRole("button", { name: "Sign out" }).click();
}

/** Digits under `root` that are neither a figure that can be opened nor marked as none. */
export const loose = (page: Page, root = "main") =>
  page.evaluate((root) => {
    const walker = document.createTreeWalker(document.querySelector(root)!, NodeFilter.SHOW_TEXT);
    const found: string[] = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const kept = node.parentElement!.closest("[data-figure], [data-literal], script, style");
      if (/\d/.test(node.textContent ?? "") && !kept) found.push(node.textContent!);
    }
    return found;
  }, root);

/** Shows what is folded away, so that it is looked at, too. */
export const unfold = (page: Page) => page.evaluate(() => document.querySelectorAll<HTMLDetailsElement>("main details").forEach((one) => (one.open = true)));
