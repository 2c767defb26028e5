// Packs the shared parts of the WASM into a few files.
//
// `cargo leptos build --split` writes a part of its own for every set of pages that shares something: hundreds of small
// files, each asked for and compressed by itself. Here they become custom sections of a few files, and the loader takes
// them from there: parts that mostly the same pages need stand in one file, and the page where everybody begins loads no
// part that it does not need. What only one page needs stays a file of its own.
//   node pack.mjs PKG_FOLDER HASH_FILE [--precompress]
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
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

// Where everybody begins after signing in (`server/src/routes.rs` leads there).
const START = /^__dashboard_route_/;
// What one more file costs whoever loads it, in bytes of WASM: a request, and words that are compressed once more.
const FILE = 49_152;

const manifest = `__wasm_split_manifest.${hash("manifest")}.json`;
const routes = JSON.parse(readFileSync(path(manifest), "utf8"));
const pages = Object.keys(routes);
const start = pages.findIndex((page) => START.test(page));
if (start < 0) stop(`no page where everybody begins in ${manifest}`);

// Two packs become one as long as what its pages save by loading one file is more than what they load in vain with it;
// always the two that gain most.
const gain = (one, other) => {
  if (one.of[start] !== other.of[start]) return 0;
  let sum = 0;
  for (let page = 0; page < pages.length; page++) {
    if (one.of[page] && other.of[page]) sum += FILE;
    else if (one.of[page]) sum -= other.size;
    else if (other.of[page]) sum -= one.size;
  }
  return sum;
};
const numbered = (one, other) => one.localeCompare(other, "en", { numeric: true });
let packs = [...shared].sort(numbered).map((name) => {
  const of = pages.map((page) => routes[page].includes(title(name)));
  return { names: [name], size: statSync(path(name)).size, of, gains: new Map() };
});
for (;;) {
  let [most, pair] = [0];
  packs.forEach((one, at) => {
    for (const other of packs.slice(0, at)) {
      if (!one.gains.has(other)) one.gains.set(other, gain(one, other));
      if (one.gains.get(other) > most) [most, pair] = [one.gains.get(other), [one, other]];
    }
  });
  if (!pair) break;
  const [one, other] = pair;
  packs = packs.filter((pack) => pack !== one && pack !== other);
  const names = [...one.names, ...other.names].sort(numbered);
  packs.push({ names, size: one.size + other.size, of: one.of.map((needs, page) => needs || other.of[page]), gains: new Map() });
}
const places = new Map();
packs.forEach((pack, at) => {
  const packed = Buffer.concat([Buffer.from("\0asm\x01\0\0\0", "latin1"), ...pack.names.map(section)]);
  pack.file = `shared.${createHash("md5").update(packed).digest("base64url")}`;
  writeFileSync(path(`${pack.file}.wasm`), packed);
  pack.names.forEach((name) => places.set(name, at));
});

// The loader asks those files instead of the network.
const loader = `__wasm_split.${hash("split")}.js`;
let changed = 0;
const text = readFileSync(path(loader), "utf8").replace(
  /fetch\(new URL\("\.\/([^"]+\.wasm)", import\.meta\.url\)\)/g,
  (asked, name) => {
    if (!shared.has(name)) return asked;
    changed += 1;
    return `part(${places.get(name)}, "${title(name)}")`;
  },
);
if (changed !== shared.size) stop(`${shared.size} parts, ${changed} in the loader`);
const taken = `const packs = ${JSON.stringify(packs.map((pack) => pack.file))};
const loading = [];
const part = async (at, name) => {
  loading[at] ??= WebAssembly.compileStreaming(fetch(new URL(\`./\${packs[at]}.wasm\`, import.meta.url)));
  try {
    return new Response(WebAssembly.Module.customSections(await loading[at], name)[0], { headers: { "content-type": "application/wasm" } });
  } catch (error) {
    loading[at] = undefined;
    throw error;
  }
};
`;
writeFileSync(path(loader), taken + text.replace(/^\s*\/[/*].*\n/gm, ""));

// What the server tells browsers to load ahead.
for (const page of pages) {
  const asked = routes[page].map((name) => (places.has(`${name}.wasm`) ? packs[places.get(`${name}.wasm`)].file : name));
  routes[page] = [...new Set(asked)];
}
writeFileSync(path(manifest), JSON.stringify(routes));

for (const name of files) {
  const plain = name.replace(/\.(br|gz)$/, "");
  if (shared.has(plain) || (plain !== name && [loader, manifest].includes(plain))) rmSync(path(name), { force: true });
}
if (precompress) {
  // The code of charts, too, is worth the best that there is: with what cargo-leptos does it would be larger. So would
  // everything else.
  const charts = readdirSync(path("../charts")).map((name) => `../charts/${name}`);
  for (const name of [...readdirSync(pkg), ...charts].filter((name) => /\.(wasm|js|css)$/.test(name))) {
    const bytes = readFileSync(path(name));
    const params = { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 22, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length };
    writeFileSync(path(`${name}.br`), brotliCompressSync(bytes, { params }));
    writeFileSync(path(`${name}.gz`), gzipSync(bytes, { level: 9 }));
  }
}
