// Copies what the pages borrow from node_modules/ to this folder, each with its licence, and writes VERSIONS.txt.
// Run by `npm install && npm run vendor` when package.json names a new version.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const modules = join(here, "..", "..", "..", "node_modules");
const borrowed = {
  "htmx.org": ["dist/htmx.min.js", "LICENSE"],
  "@fontsource-variable/source-sans-3": [
    "files/source-sans-3-latin-wght-normal.woff2",
    "files/source-sans-3-latin-ext-wght-normal.woff2",
    "LICENSE",
  ],
};

const lines = [];
for (const [name, files] of Object.entries(borrowed)) {
  const folder = name.split("/").pop().replace(".org", "");
  mkdirSync(join(here, folder), { recursive: true });
  for (const file of files) copyFileSync(join(modules, name, file), join(here, folder, file.split("/").pop()));
  const { version, license } = JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
  lines.push(`${folder}\t${name}\t${version}\t${license}`);
}
writeFileSync(join(here, "VERSIONS.txt"), lines.join("\n") + "\n");
