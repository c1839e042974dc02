// The budget: everything a browser fetches for the board, gzipped, is at most 60 kB.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const BUDGET = 60_000;
const dist = new URL('../dist/', import.meta.url).pathname;

const sizes = readdirSync(dist, { recursive: true, withFileTypes: true })
  .filter((f) => f.isFile())
  .map((f) => join(f.parentPath, f.name))
  .map((path) => [path.slice(dist.length), gzipSync(readFileSync(path), { level: 9 }).length]);
const total = sizes.reduce((sum, [, size]) => sum + size, 0);

for (const [name, size] of sizes) console.log(`${String(size).padStart(7)}  ${name}`);
console.log(`${String(total).padStart(7)}  in all, of ${BUDGET}`);
if (total > BUDGET) {
  console.error(`the board is ${total - BUDGET} bytes over its budget`);
  process.exit(1);
}
