import { Refused, unreachable, type ErrorBody } from "./wire";

/** One REST request; throws `Refused`. */
export async function rest<T>(
  method: "GET" | "POST",
  path: string,
  body?: unknown,
  token?: string,
): Promise<T> {
  const request: RequestInit = { method, signal: AbortSignal.timeout(10_000), cache: "no-store" };
  const headers: Record<string, string> = {};
  if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
  if (body !== undefined) {
    headers["content-type"] = "application/json";
    request.body = JSON.stringify(body);
  }
  let answer: Response;
  let content: unknown;
  try {
    answer = await fetch(`api/v1${path}`, { ...request, headers });
    content = await answer.json();
  } catch {
    throw unreachable();
  }
  if (answer.ok) return content as T;
  const error = (content as { error?: ErrorBody }).error;
  throw error ? new Refused(error) : unreachable();
}
