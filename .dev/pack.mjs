// Packs the parts of the WASM into few files.
//
// `cargo leptos build --split` writes a part of its own for every set of pages that shares something: dozens of small
// files, each asked for and compressed by itself. Here the parts of the first page become custom sections of the main
// module, which compress together with it (a tenth less in all), and what only other pages share becomes one file. The
// loader takes them from there. What only one other page needs stays a file.
//   node pack.mjs PKG_FOLDER HASH_FILE FIRST_PAGE [--precompress]
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [pkg, hashFile, firstPage, precompress] = process.argv.slice(2);
const path = (name) => `${pkg}/${name}`;
const stop = (why) => {
  throw new Error(`the WASM cannot be packed: ${why}. Was cargo-leptos or wasm-bindgen updated?`);
};

let hashes = readFileSync(hashFile, "utf8");
const hash = (kind) => hashes.match(new RegExp(`^${kind}: (.+)$`, "m"))?.[1] ?? stop(`no ${kind} in ${hashFile}`);
const files = readdirSync(pkg);
const manifest = `__wasm_split_manifest.${hash("manifest")}.json`;
const routes = JSON.parse(readFileSync(path(manifest), "utf8"));
const first = Object.keys(routes).find((route) => route.includes(firstPage)) ?? stop(`no page ${firstPage}`);
const early = new Set(routes[first].map((name) => `${name}.wasm`));
const shared = files.filter((name) => /^chunk_.+\.wasm$/.test(name));
const late = new Set(shared.filter((name) => !early.has(name)));
if (!early.size || !late.size) stop("no shared parts");

// A custom section: 0, size, then the length of its name, the name and the bytes (WebAssembly core specification 5.5.3).
const number = (value) => {
  const bytes = [];
  do bytes.push((value & 127) | (value > 127 ? 128 : 0));
  while ((value >>>= 7));
  return Buffer.from(bytes);
};
const title = (name) => name.split(".")[0];
const section = (name) => {
  const body = Buffer.concat([number(title(name).length), Buffer.from(title(name)), readFileSync(path(name))]);
  return Buffer.concat([Buffer.from([0]), number(body.length), body]);
};
const write = (name, begin, parts) => {
  const bytes = Buffer.concat([begin, ...[...parts].map(section)]);
  const stamp = createHash("md5").update(bytes).digest("base64url");
  writeFileSync(path(`${name}.${stamp}.wasm`), bytes);
  return stamp;
};
const old = `audienceos.${hash("wasm")}.wasm`;
const begin = readFileSync(path(old));
rmSync(path(old));
const stamp = write("audienceos", begin, early);
const main = `audienceos.${stamp}.wasm`;
const rest = `shared.${write("shared", Buffer.from("\0asm\x01\0\0\0", "latin1"), late)}.wasm`;
writeFileSync(hashFile, (hashes = hashes.replace(hash("wasm"), stamp)));

// The loader asks the modules instead of the network.
const loader = `__wasm_split.${hash("split")}.js`;
let changed = 0;
const text = readFileSync(path(loader), "utf8").replace(
  /fetch\(new URL\("\.\/([^"]+\.wasm)", import\.meta\.url\)\)/g,
  (asked, name) => {
    if (!early.has(name) && !late.has(name)) return asked;
    changed += 1;
    return `${early.has(name) ? "early" : "late"}("${title(name)}")`;
  },
);
if (changed !== early.size + late.size) stop(`${early.size + late.size} parts, ${changed} in the loader`);
const taken = `const part = (module, name) =>
  new Response(WebAssembly.Module.customSections(module, name)[0], { headers: { "content-type": "application/wasm" } });
const early = async (name) => part(globalThis.audienceosModule, name);
let rest;
const late = async (name) => {
  rest ??= WebAssembly.compileStreaming(fetch(new URL("./${rest}", import.meta.url)));
  try {
    return part(await rest, name);
  } catch (error) {
    rest = undefined;
    throw error;
  }
};
`;
writeFileSync(path(loader), taken + text.replace(/^\s*\/[*/].*\n/gm, ""));

// The entry keeps the main module for it.
const entry = `audienceos.${hash("js")}.js`;
const before = readFileSync(path(entry), "utf8");
const after = before.replace(
  /function (\w+)\((\w+), ?(\w+)\) ?\{(?=[^{}]*\b\2\.exports)/,
  (start, _name, _instance, module) => `${start}globalThis.audienceosModule=${module};`,
);
if (before === after) stop("the entry does not say where the module is");
writeFileSync(path(entry), after);

// What the server tells browsers to load ahead.
const files_of = (name) => (early.has(name) ? [] : late.has(name) ? [title(rest) + "." + rest.split(".")[1]] : [name.replace(/\.wasm$/, "")]);
for (const route of Object.keys(routes)) routes[route] = [...new Set(routes[route].flatMap((name) => files_of(`${name}.wasm`)))];
writeFileSync(path(manifest), JSON.stringify(routes));

for (const name of files) {
  const plain = name.replace(/\.(br|gz)$/, "");
  if (early.has(plain) || late.has(plain) || (plain !== name && [old, loader, entry, manifest].includes(plain))) {
    rmSync(path(name), { force: true });
  }
}
if (precompress) {
  for (const name of [main, rest, loader, entry]) {
    const bytes = readFileSync(path(name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(path(`${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(path(`${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
