// Light or dark: the system's, until somebody chooses. The colours are in styles/colours.css.
import { computed, effect, signal } from "@preact/signals";
import { preferences } from "./preferences";

export type Theme = "light" | "dark";

const isTheme = (value: unknown): value is Theme => value === "light" || value === "dark";
const chosen = signal<Theme | undefined>(preferences.read("theme", isTheme));
const query = matchMedia("(prefers-color-scheme: dark)");
const system = signal<Theme>(query.matches ? "dark" : "light");
query.addEventListener("change", (event) => {
  system.value = event.matches ? "dark" : "light";
});

/** What is shown. Charts read it, because a canvas has no style sheet. */
export const theme = computed<Theme>(() => chosen.value ?? system.value);

effect(() => {
  document.documentElement.dataset.theme = theme.value;
});

export function toggle(): void {
  chosen.value = theme.value === "dark" ? "light" : "dark";
  preferences.write("theme", chosen.value);
}

/** A colour of the style sheet, such as `--line`, as it is now. */
export const colour = (name: `--${string}`): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
