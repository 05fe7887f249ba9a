// Bundles src/ into app.js, app.css and licenses.txt. `node build.mjs FOLDER` names the folder to write to.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, mkdirSync, writeFileSync, existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const folder = resolve(process.argv[2] ?? join(here, "../pytest_hiddenlayer/report/page/bundle"));

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
});

/** Names of the npm packages whose files are in the bundle. */
function bundledPackages(metafile) {
  const names = new Set();
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      const match = bytesInOutput > 0 && path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/);
      if (match) names.add(match[1]);
    }
  }
  return [...names].sort();
}

/** Name, version and licence text of one package. */
function licence(name) {
  const root = join(here, "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const file = readdirSync(root).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(root, file), "utf8").trim() : "";
  return `${name} ${version} (${license})\n\n${text}`;
}

const texts = Object.fromEntries(result.outputFiles.map((file) => [file.path.split("/").pop(), file.text]));
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, "app.js"), texts["app.js"]);
writeFileSync(join(folder, "app.css"), (texts["app.css"] ?? "") + texts["style.css"]);
writeFileSync(join(folder, "licenses.txt"), bundledPackages(result.metafile).map(licence).join(`\n\n${"-".repeat(72)}\n\n`) + "\n");
