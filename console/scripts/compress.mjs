// Writes a .br and a .gz beside every text of the built page, so that the local stack can send what a distribution would make.
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const dist = new URL("../dist/", import.meta.url);
const texts = /\.(css|html|js|json|svg|webmanifest)$/;

for (const name of readdirSync(dist, { recursive: true })) {
  const file = new URL(name, dist);
  if (!texts.test(name) || !statSync(file).isFile()) continue;
  const text = readFileSync(file);
  writeFileSync(new URL(`${name}.br`, dist), brotliCompressSync(text, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  writeFileSync(new URL(`${name}.gz`, dist), gzipSync(text, { level: 9 }));
}
