// What the place that serves the page says of itself: `config.json` beside it. A distribution has a file, the local stack answers with what runs.
import { signal } from "@preact/signals";

export interface Settings {
  /** Whether the pipeline can be seen here; `control` means that it can be worked with, too. */
  readonly pipeline: false | "view" | "control";
  /** Whether the rates are days of the past that go by one after the other, as the local feed has them: all of them are old then, and none is late. */
  readonly replay: boolean;
  /** Seconds from one poll of the rates to the next. */
  readonly poll_seconds: number;
}

export const settings = signal<Settings>({ pipeline: false, replay: false, poll_seconds: 30 });

/** Reads the settings; without them the page shows what every deployment has. */
export async function load(): Promise<void> {
  const response = await fetch("config.json", { cache: "no-cache" });
  if (!response.ok) throw new Error(`config.json: status ${response.status}`);
  settings.value = (await response.json()) as Settings;
}
