// Prints the sizes of a built site's files as browsers download them: of the style sheet, and of each WebAssembly with its script
// and its parts.
//
//   node scripts/sizes.mjs folder

import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const [folder] = process.argv.slice(2);
const list = JSON.parse(readFileSync(path.join(folder, 'files.json'), 'utf8'));
const size = (address) => {
  const file = path.join(folder, address);
  try { return statSync(`${file}.br`).size; } catch { return statSync(file).size; }
};
const row = (what, bytes, files) => console.log(`${what.padEnd(28)}${(bytes / 1000).toFixed(1).padStart(9)} kB  ${files}`);

row('style sheet', size(list.css), '');
for (const pages of ['shop', 'admin']) {
  const { folder: at, parts } = list[pages];
  row(`${pages}: script`, size(`${at}/tindahan.js`), '');
  row(`${pages}: first WebAssembly`, size(`${at}/tindahan.wasm`), '');
  for (const [part, files] of Object.entries(parts)) {
    row(`${pages}: ${part}`, files.reduce((sum, file) => sum + size(`${at}/${file}.wasm`), 0), `${files.length} files`);
  }
}
