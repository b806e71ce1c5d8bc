/** What the page asks the server. */
import type { Refusal } from "../messages.js";

/** Something the server could not do, in its words. */
export class Refused extends Error {}

/** What the server answers. @throws Refused with a line to show */
export async function ask<Answer>(
  name: string,
  query: Readonly<Record<string, string | undefined>> = {},
): Promise<Answer> {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined,
  );
  return answer(await reach(`/api/${name}?${new URLSearchParams(given)}`));
}

/** Has the server do something. @throws Refused with a line to show */
export async function tell<Answer>(name: string, body: object): Promise<Answer> {
  const headers = { "Content-Type": "application/json", "X-Bregman": "1" };
  return answer(
    await reach(`/api/${name}`, { method: "POST", headers, body: JSON.stringify(body) }),
  );
}

async function reach(address: string, init?: RequestInit): Promise<Response> {
  try {
    return await fetch(address, init);
  } catch {
    throw new Refused("The dashboard does not answer; is it still running?");
  }
}

async function answer<Answer>(response: Response): Promise<Answer> {
  const value = (await response.json()) as Answer | Refusal;
  if (response.ok) return value as Answer;
  throw new Refused((value as Refusal).error);
}
