import { defineConfig } from "vite";

// `npm run dev` asks the running local stack: its console server answers for the API and the pipeline.
const stack = process.env.HWANYUL_CONSOLE ?? "http://127.0.0.1:8000";

// As if the page came from there: the stack does what pages of its own origin ask for, and nobody else's.
const target = { target: stack, changeOrigin: true, headers: { origin: stack } };

export default defineConfig({
  // Relative, so that the page works wherever it is put.
  base: "./",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: {
    proxy: Object.fromEntries(["/api", "/health", "/pipeline", "/config.json"].map((path) => [path, target])),
  },
});
