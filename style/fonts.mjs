// Cuts the typeface into the files that pages load: ../public/fonts/<name>.woff2, and fonts.css that names them.
// What every page needs (plain Latin letters, figures, common marks) is one small file; other scripts load when a
// page shows them. Weights outside 400–600 and stylistic alternates are left out, since no page uses them.
//   node fonts.mjs
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import subset from "subset-font";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = here("./node_modules/@fontsource-variable/inter/");
const marks = [0xa0, 0xb7, 0xd7, 0x2013, 0x2014, 0x2018, 0x2019, 0x201c, 0x201d, 0x2026, 0x2212];
const basic = [...Array.from({ length: 0x5f }, (_, i) => 0x20 + i), ...marks];

// "U+0041-005A,U+00D7" as numbers, and back.
const numbers = (ranges) =>
  ranges.split(",").flatMap((range) => {
    const [first, last = first] = range.replace("U+", "").split("-").map((hex) => parseInt(hex, 16));
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
const ranges = (codes) => {
  const runs = [];
  for (const code of [...codes].sort((a, b) => a - b)) {
    const run = runs.at(-1);
    if (run && run[1] === code - 1) run[1] = code;
    else runs.push([code, code]);
  }
  const hex = (code) => code.toString(16).toUpperCase();
  return runs.map(([first, last]) => `U+${hex(first)}${last > first ? `-${hex(last)}` : ""}`).join(",");
};

const css = readFileSync(folder + "wght.css", "utf8");
const published = [...css.matchAll(/files\/inter-([a-z-]+)-wght-normal\.woff2[^}]*unicode-range: ([^;]+);/g)];
if (!published.length) throw new Error("the typeface's package has changed its form: no ranges in wght.css");
const faces = [["basic", "latin", basic]];
for (const [, name, range] of published) faces.push([name, name, numbers(range).filter((code) => !basic.includes(code))]);

const stamp = createHash("sha256").update(css + readFileSync(here("./fonts.mjs"))).digest("hex");
const sheet = here("./fonts.css");
if (existsSync(sheet) && readFileSync(sheet, "utf8").includes(stamp)) process.exit();

mkdirSync(here("../public/fonts"), { recursive: true });
let text = `/* Written by fonts.mjs: ${stamp} */\n`;
for (const [name, from, codes] of faces) {
  const source = readFileSync(`${folder}files/inter-${from}-wght-normal.woff2`);
  const cut = await subset(source, String.fromCodePoint(...codes), {
    targetFormat: "woff2",
    variationAxes: { wght: { min: 400, max: 600 } },
    keepFeatures: name === "basic" ? ["kern", "tnum"] : ["kern", "tnum", "ccmp", "locl", "mark", "mkmk"],
  });
  writeFileSync(here(`../public/fonts/inter-${name}.woff2`), cut);
  text += `@font-face {
  font-family: "Inter Variable"; font-style: normal; font-weight: 400 600; font-display: swap;
  src: url("/fonts/inter-${name}.woff2") format("woff2");
  unicode-range: ${ranges(codes)};
}\n`;
}
writeFileSync(sheet, text);
