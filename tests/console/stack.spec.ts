// The local stack's own addresses: who is let in, and what it says to what it does not understand.
import { expect, test } from "./parts/page";

const json = { "Content-Type": "application/json" };

test.describe("another page", () => {
  const elsewhere = [
    { Origin: "https://elsewhere.invalid" },
    { Origin: "null" },
    { "Sec-Fetch-Site": "cross-site" },
  ] as Record<string, string>[];

  for (const headers of elsewhere) {
    test(`is told nothing and changes nothing: ${JSON.stringify(headers)}`, async ({ baseURL }) => {
      for (const path of ["state", "runs", "dead-letters"]) {
        const answer = await fetch(new URL(`/pipeline/${path}`, baseURL), { headers });
        expect(answer.status, path).toBe(403);
        expect((await answer.json()).error).toContain("allowed");
      }
      const answer = await fetch(new URL("/pipeline/run", baseURL), { method: "POST", headers: { ...json, ...headers }, body: "{}" });
      expect(answer.status).toBe(403);
    });
  }
});

test("what the stack does not understand is refused with a reason, as JSON", async ({ baseURL }) => {
  for (const [path, body, status, words] of [
    ["run", "{", 400, "JSON"],
    ["run", '{"force":"yes"}', 422, "force"],
    ["poison", '{"kind":"arsenic"}', 422, "arsenic"],
    ["dead-letters/replay", '{"colour":"red"}', 422, "colour"],
    ["dead-letters/purge", "{}", 422, "all"],
    ["dead-letters/purge", '{"function":null}', 422, "all"],
    ["servers/sqs/stop", "{}", 404, "sqs"],
  ] as const) {
    const answer = await fetch(new URL(`/pipeline/${path}`, baseURL), { method: "POST", headers: json, body });
    expect(answer.status, `${path} ${body}`).toBe(status);
    expect((await answer.json()).error, `${path} ${body}`).toContain(words);
  }
  const answer = await fetch(new URL("/pipeline/run", baseURL), { method: "POST", headers: { "Content-Type": "text/plain" }, body: "{}" });
  expect(answer.status).toBe(415);
});
