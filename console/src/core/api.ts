// The client of the HTTP API. Paths, parameters and answers are typed by docs/openapi.yaml; an answer's envelope is opened here, and its numbers keep all
// digits (`Decimal`), except those that the document calls integers.
import { parse } from "lossless-json";
import type { components, paths } from "../generated/api";
import { whole } from "../generated/whole";

export type Schemas = components["schemas"];
type Answer<O> = O extends { responses: { 200: { content: { "application/json": infer A } } } }
  ? A
  : O extends { responses: { 201: { content: { "application/json": infer A } } } }
    ? A
    : never;
type Opened<A> = A extends { data: infer D } ? D : never;
type PathOf<M extends "get" | "post"> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Parameters<O, K extends string> = O extends { parameters: { [N in K]: infer Q } } ? Q : O extends { parameters: { [N in K]?: infer Q } } ? Q : never;
type Data<P extends keyof paths, M extends "get" | "post"> = paths[P] extends Record<M, infer O> ? Opened<Answer<O>> : never;

/** The API refused, as it says itself. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: Schemas["ErrorCode"] | "UNKNOWN",
    message: string,
    readonly details: Schemas["Detail"] | undefined,
  ) {
    super(message);
  }
}

/** Nobody answered, or not as the API does. `why` is a status where there was one; people are told in their language. */
export class Unreachable extends Error {
  constructor(
    readonly why: "network" | "late" | number,
    options?: ErrorOptions,
  ) {
    super(`no answer of the API: ${why}`, options);
  }
}

/** How long an answer may take. API Gateway gives up after 30 s, and its refusal needs a moment to get here. */
export const timeoutSeconds = 35;

/** Asks for what the document calls `path`, its `{name}`s taken from `at`. */
export async function get<P extends PathOf<"get">>(
  path: P,
  query?: Parameters<paths[P]["get"], "query">,
  options: { at?: Readonly<Record<string, string>>; signal?: AbortSignal } = {},
): Promise<Data<P, "get">> {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(options.at?.[name] ?? ""));
  const asked = Object.entries(query ?? {}).filter(([, value]) => value !== undefined && value !== null);
  const text = new URLSearchParams(asked.map(([name, value]) => [name, String(value)])).toString();
  // The browser keeps answers by their tags: the same answer again is a 304 without a body.
  return ask(`${filled}${text === "" ? "" : `?${text}`}`, { cache: "no-cache", signal: options.signal ?? null });
}

/** Counts somebody's view of a currency. The same `key` counts once. */
export async function click(body: Schemas["ClickRequest"], key: string): Promise<Schemas["Clicked"]> {
  return ask("/api/v1/rankings/click", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Idempotency-Key": key },
    body: JSON.stringify(body),
  });
}

async function ask<T>(url: string, init: RequestInit): Promise<T> {
  // Without a deadline, one request that hangs would end all polling.
  const late = AbortSignal.timeout(timeoutSeconds * 1000);
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, signal: init.signal ? AbortSignal.any([init.signal, late]) : late });
    text = await response.text();
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(late.aborted ? "late" : "network", { cause: error });
  }
  const answer = read(text);
  if (response.ok && answer?.success === true) return answer.data as T;
  const error = answer?.error;
  if (error?.code === undefined) throw new Unreachable(response.status);
  throw new ApiError(response.status, error.code, error.message, error.details);
}

type Envelope = { success?: boolean; data?: unknown; error?: Schemas["ErrorBody"] };

function read(text: string): Envelope | undefined {
  try {
    const reviver = (name: string, value: unknown): unknown => (whole.has(name) && typeof value === "string" ? Number(value) : value);
    return parse(text, reviver, { parseNumber: (digits) => digits }) as Envelope;
  } catch {
    return undefined;
  }
}
