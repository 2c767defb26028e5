import { defineConfig, devices } from "@playwright/test";

// ./dev starts the server under test and says where it is.
const phone = { ...devices["Pixel 7"], viewport: { width: 375, height: 812 }, defaultBrowserType: undefined };
const desktop = { viewport: { width: 1280, height: 800 } };

export default defineConfig({
  testDir: "tests",
  globalSetup: "./tests/furnished",
  timeout: 90_000,
  expect: { timeout: 20_000 },
  // As in .dev/test.sh: what passes only the second time is named as flaky.
  retries: process.env.CI ? 1 : 0,
  workers: 2,
  fullyParallel: true,
  reporter: [["list"]],
  use: {
    baseURL: process.env.E2E_URL,
    testIdAttribute: "data-test",
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync",
      ],
    },
  },
  // Pictures are taken light and dark, by `look`.
  projects: [
    { name: "desktop", use: { ...desktop, colorScheme: "light" } },
    { name: "phone", use: { ...phone, colorScheme: "light" } },
  ],
});
