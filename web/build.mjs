// Bundles src/ into app.js, app.css, licenses.txt and sources.sha256. `node build.mjs FOLDER` names the folder.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

// build.py compares the hash of these with sources.sha256.
const SOURCES = ["build.mjs", "package-lock.json", "package.json", "src", "tsconfig.json"];
const PERMISSIVE = ["MIT", "ISC", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0"];
const LICENCE_FILE = /^(licen[cs]e|copying)\b/i;

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, "../pytest_hiddenlayer/report/page/bundle"));

/** Hexadecimal SHA-256 of the names and contents of the sources. */
function sourceHash() {
  const names = SOURCES.flatMap((name) => {
    if (!statSync(join(here, name)).isDirectory()) return [name];
    const entries = readdirSync(join(here, name), { recursive: true }).map((entry) => join(name, entry));
    return entries.filter((entry) => statSync(join(here, entry)).isFile());
  });
  const sha256 = (content) => createHash("sha256").update(content).digest("hex");
  const lines = names.sort().map((name) => `${name}\0${sha256(readFileSync(join(here, name)))}\n`);
  return sha256(lines.join(""));
}

/** Folders of the npm packages whose files are in the bundle, relative to here. */
function bundledPackages(metafile) {
  const folders = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const match = bytesInOutput > 0 && path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/);
      if (match) folders.add(match[0]);
    }
  }
  return [...folders].sort();
}

/** Name, version and licence text of one package. Throws if the licence is not a permissive one. */
function licence(folder) {
  const root = join(here, folder);
  const { name, version, license, author } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  if (!PERMISSIVE.includes(license)) {
    throw new Error(`${name} ${version} has the licence ${JSON.stringify(license)}; allowed are ${PERMISSIVE.join(", ")}`);
  }
  const files = readdirSync(root).filter((entry) => LICENCE_FILE.test(entry)).sort();
  const texts = files.map((file) => readFileSync(join(root, file), "utf8").trim());
  const authorName = typeof author === "string" ? author.replace(/\s*[<(].*$/, "") : author?.name;
  const attribution = `The package has no licence text. Its author is ${authorName ?? "not named"}.`;
  return `${name} ${version} (${license})\n\n${texts.join("\n\n") || attribution}`;
}

/** The text of an output, which must not end the element of the page that holds it. */
function inline(text, name) {
  if (/<\/(script|style)|<!--/i.test(text)) throw new Error(`${name} holds a text that would end its element in the page`);
  return text;
}

async function main() {
  const result = await build({
    absWorkingDir: here,
    entryPoints: { app: "src/main.tsx", style: "src/style.css" },
    bundle: true,
    minify: true,
    format: "iife",
    target: "es2022",
    outdir: "out",
    write: false,
    metafile: true,
    legalComments: "none",
    charset: "utf8",
    loader: { ".svg": "dataurl" },
    logLevel: "silent",
  });
  const texts = Object.fromEntries(result.outputFiles.map((file) => [file.path.split(/[\\/]/).pop(), file.text]));
  const separator = `\n\n${"-".repeat(72)}\n\n`;
  const files = {
    "app.js": inline(texts["app.js"], "app.js"),
    "app.css": inline((texts["app.css"] ?? "") + texts["style.css"], "app.css"),
    "licenses.txt": bundledPackages(result.metafile).map(licence).join(separator) + "\n",
    "sources.sha256": sourceHash() + "\n", // last: it says that the others are complete
  };
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, "unavailable.txt"), { force: true });
  rmSync(join(folder, "sources.sha256"), { force: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

main().catch((error) => {
  const faults = (error.errors ?? []).map(({ text, location }) => `${location ? `${location.file}:${location.line}: ` : ""}${text}`);
  console.error(faults.length ? faults.map((fault) => `Error: ${fault}`).join("\n") : `Error: ${error.message}`);
  process.exit(1);
});
