// Makes the client's types from the API's own documents, and the list of the properties that are whole numbers. Run by `npm run build`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import openapi, { astToString } from "openapi-typescript";
import ts from "typescript";
import { parse } from "yaml";

const here = (path) => new URL(path, import.meta.url);
const documents = { api: "../../docs/openapi.yaml", stack: "../../docs/stack.yaml" };
const decimal = () => ts.factory.createTypeReferenceNode("Decimal");

/** Names of properties by whether they are whole numbers; a name that is both cannot be told apart in an answer. */
function numbers(document) {
  const [whole, decimals] = [new Set(), new Set()];
  const isDecimal = (schema) => schema?.$ref?.endsWith("/Number") || schema?.type === "number" || schema?.oneOf?.some(isDecimal);
  const visit = (node) => {
    if (node === null || typeof node !== "object") return;
    for (const [name, schema] of Object.entries(node.properties ?? {})) {
      if ([schema?.type].flat().includes("integer")) whole.add(name);
      if (isDecimal(schema)) decimals.add(name);
    }
    Object.values(node).forEach(visit);
  };
  visit(document.components.schemas);
  const both = [...whole].filter((name) => decimals.has(name));
  if (both.length > 0) throw new Error(`whole numbers here, decimals there: ${both.join(", ")}`);
  return [...whole].sort();
}

/** The stack writes every field of its answers, null where there is nothing. */
function requireAll(schema) {
  if (schema.properties) schema.required = Object.keys(schema.properties);
}

mkdirSync(here("../src/generated"), { recursive: true });
for (const [name, path] of Object.entries(documents)) {
  const text = readFileSync(here(path), "utf8");
  const isApi = name === "api";
  // The API's decimals are kept as their digits; the stack speaks of milliseconds and counts, which are numbers.
  const transform = (schema) => (isApi && schema.type === "number" ? decimal() : undefined);
  const document = parse(text);
  if (!isApi) Object.values(document.components.schemas).forEach(requireAll);
  const types = astToString(await openapi(document, { transform }));
  const head = `// Made from docs/${path.split("/").pop()} by scripts/generate.mjs.\n`;
  writeFileSync(here(`../src/generated/${name}.ts`), head + (isApi ? 'import type { Decimal } from "../core/decimal";\n' : "") + types);
  if (isApi) {
    const list = JSON.stringify(numbers(parse(text)));
    writeFileSync(here("../src/generated/whole.ts"), `${head}export const whole: ReadonlySet<string> = new Set(${list});\n`);
  }
}
