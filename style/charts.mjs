// Bundles the browser's code for charts, with the parts of ECharts that it uses, into ../public/charts/chart.<hash>.js.
// The name is made of the content, so that browsers keep it for good; the server finds it there.
//   node charts.mjs
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const { outputFiles } = await build({
  entryPoints: [here("./chart/element.js")],
  absWorkingDir: here("."),
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  legalComments: "none",
  define: { "process.env.NODE_ENV": '"production"' },
  // Its licence asks for its notice.
  banner: { js: "/* Contains Apache ECharts and zrender, licensed under Apache-2.0 and BSD-3-Clause. */" },
  write: false,
});
const code = outputFiles[0].contents;
const name = `chart.${createHash("sha256").update(code).digest("base64url").slice(0, 22)}.js`;
const folder = here("../public/charts/");
mkdirSync(folder, { recursive: true });
const old = readdirSync(folder).filter((file) => file !== name);
for (const file of old) rmSync(folder + file);
// What has not changed is not written: who watches the folder would build anew.
if (!readdirSync(folder).includes(name)) writeFileSync(folder + name, code);
