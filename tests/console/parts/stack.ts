// The running local stack as a test reads and controls it, beside the page.
import { expect, test } from "@playwright/test";

const at = (path: string): URL => new URL(`/pipeline/${path}`, test.info().project.use.baseURL);

export async function state(): Promise<any> {
  const response = await fetch(at("state"));
  if (!response.ok) throw new Error(`/pipeline/state answered ${response.status}`);
  return response.json();
}

export async function read(path: string): Promise<any> {
  const response = await fetch(at(path));
  return response.ok ? response.json() : undefined;
}

/** Has the stack do something; throws with its words when it does not. */
export async function control(path: string, body: unknown = {}): Promise<any> {
  const response = await fetch(at(path), { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const text = await response.text();
  if (!response.ok) throw new Error(`/pipeline/${path} answered ${response.status}: ${text}`);
  return JSON.parse(text);
}

const waiting = (state: any, role: string): number | null => {
  const queue = state.queues.find((one: any) => one.role === role);
  return queue.visible === null ? null : queue.visible + (queue.hidden ?? 0);
};

/** Puts everything right again that a test may have left: servers run, the table is whole, no dead letter is kept, nothing waits. */
export async function heal(): Promise<void> {
  await expect(async () => {
    for (const server of (await state()).servers) if (server.state === "stopped") await control(`servers/${server.name}/start`);
    const now = await state();
    if (now.table_is_broken) await control("mend");
    if (waiting(now, "dead_letters") !== 0) await control("dead-letters/purge", { all: true });
    expect(now.servers.filter((server: any) => server.state !== "running")).toEqual([]);
    expect(now.table_is_broken).toBe(false);
    expect(waiting(now, "dead_letters")).toBe(0);
    expect(waiting(now, "backup")).toBe(0);
    expect(now.mappings.filter((mapping: any) => mapping.state !== "running").map((mapping: any) => `${mapping.function} ${mapping.state}`)).toEqual([]);
    expect(now.mappings.reduce((sum: number, mapping: any) => sum + (mapping.lag ?? 1), 0)).toBeLessThan(50);
  }).toPass({ timeout: 110_000, intervals: [500, 1_000] });
}
