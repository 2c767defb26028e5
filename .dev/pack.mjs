// Packs the shared parts of the WASM into one file.
//
// `cargo leptos build --split` writes a part of its own for every set of pages that shares something: dozens of small
// files, each asked for and compressed by itself. Here they become custom sections of one file, and the loader takes them
// from there. What only one page needs stays a file of its own.
//   node pack.mjs PKG_FOLDER HASH_FILE [--precompress]
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const [pkg, hashFile, precompress] = process.argv.slice(2);
const path = (name) => `${pkg}/${name}`;
const stop = (why) => {
  throw new Error(`the WASM cannot be packed: ${why}. Was cargo-leptos or wasm-bindgen updated?`);
};

const hashes = readFileSync(hashFile, "utf8");
const hash = (kind) => hashes.match(new RegExp(`^${kind}: (.+)$`, "m"))?.[1] ?? stop(`no ${kind} in ${hashFile}`);
const files = readdirSync(pkg);
const shared = new Set(files.filter((name) => /^chunk_.+\.wasm$/.test(name)));
if (!shared.size) stop("no shared parts");

// Each part must carry its own texts and tables (section 11): without room the splitter leaves all of them, without a
// word, in what everybody loads.
const texts = (bytes) => {
  let at = 8;
  const length = () => {
    let [value, shift, byte] = [0, 0, 0];
    do {
      byte = bytes[at++];
      value |= (byte & 127) << shift;
      shift += 7;
    } while (byte > 127);
    return value;
  };
  while (at < bytes.length) {
    const kind = bytes[at++];
    const size = length();
    if (kind === 11) return size;
    at += size;
  }
  return 0;
};
const parts = files.filter((name) => /^split_.+\.wasm$/.test(name));
if (parts.reduce((sum, name) => sum + texts(readFileSync(path(name))), 0) < 100 * parts.length) {
  throw new Error("the parts of the WASM carry no texts of their own: make ROOM in frontend/src/lib.rs larger");
}

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
const packed = Buffer.concat([Buffer.from("\0asm\x01\0\0\0", "latin1"), ...[...shared].map(section)]);
const pack = `shared.${createHash("md5").update(packed).digest("base64url")}`;
writeFileSync(path(`${pack}.wasm`), packed);

// The loader asks that file instead of the network.
const loader = `__wasm_split.${hash("split")}.js`;
let changed = 0;
const text = readFileSync(path(loader), "utf8").replace(
  /fetch\(new URL\("\.\/([^"]+\.wasm)", import\.meta\.url\)\)/g,
  (asked, name) => {
    if (!shared.has(name)) return asked;
    changed += 1;
    return `part("${title(name)}")`;
  },
);
if (changed !== shared.size) stop(`${shared.size} parts, ${changed} in the loader`);
const taken = `let pack;
const part = async (name) => {
  pack ??= WebAssembly.compileStreaming(fetch(new URL("./${pack}.wasm", import.meta.url)));
  try {
    return new Response(WebAssembly.Module.customSections(await pack, name)[0], { headers: { "content-type": "application/wasm" } });
  } catch (error) {
    pack = undefined;
    throw error;
  }
};
`;
writeFileSync(path(loader), taken + text.replace(/^\s*\/[/*].*\n/gm, ""));

// What the server tells browsers to load ahead.
const manifest = `__wasm_split_manifest.${hash("manifest")}.json`;
const routes = JSON.parse(readFileSync(path(manifest), "utf8"));
for (const route of Object.keys(routes)) {
  routes[route] = [...new Set(routes[route].map((name) => (shared.has(`${name}.wasm`) ? pack : name)))];
}
writeFileSync(path(manifest), JSON.stringify(routes));

for (const name of files) {
  const plain = name.replace(/\.(br|gz)$/, "");
  if (shared.has(plain) || (plain !== name && [loader, manifest].includes(plain))) rmSync(path(name), { force: true });
}
if (precompress) {
  // The code of charts, too, is worth the best that there is: with what cargo-leptos does it would be larger.
  const charts = readdirSync(path("../charts")).filter((name) => name.endsWith(".js")).map((name) => `../charts/${name}`);
  for (const name of [`${pack}.wasm`, loader, ...charts]) {
    const bytes = readFileSync(path(name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(path(`${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(path(`${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
