// The pictures of the READMEs: `./console/pictures` takes them from a running stack.
import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

export default defineConfig(tests, { testMatch: "pictures.ts", use: { locale: "en-GB", viewport: { width: 1280, height: 860 } } });
