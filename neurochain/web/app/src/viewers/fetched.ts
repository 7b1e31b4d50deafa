// Bytes that a picture is made of, as they come.
import { ApiError } from "../api/client";

const BUSY = 503;
const TRIES = 4;
const PAUSE = 400; // ms, times the number of the try

/**
 * Bytes of an answer; `count` hears of each piece as it comes.
 *
 * A server that makes too many pictures at once is asked again after a while.
 */
export async function fetched(url: string, signal?: AbortSignal, count?: (bytes: number) => void): Promise<ArrayBuffer> {
  for (let tried = 1; ; tried += 1) {
    const response = await answer(url, signal);
    if (response.ok) return whole(response, count);
    const error = await refusal(response);
    if (response.status !== BUSY || tried === TRIES) throw error;
    await new Promise((done) => setTimeout(done, PAUSE * tried));
    signal?.throwIfAborted();
  }
}

/** As `fetched`, of what answers with JSON. */
export async function facts<T>(url: string, signal?: AbortSignal, count?: (bytes: number) => void): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await fetched(url, signal, count))) as T;
}

export const asError = (error: unknown): ApiError => (error instanceof ApiError ? error : new ApiError(0, "Error", error instanceof Error ? error.message : String(error)));

async function answer(url: string, signal: AbortSignal | undefined): Promise<Response> {
  try {
    return await fetch(url, { signal: signal ?? null, credentials: "same-origin" });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "No answer", "The server does not answer. Is neurochain ui still running? Start it again, and open the address that it prints.");
  }
}

async function whole(response: Response, count: ((bytes: number) => void) | undefined): Promise<ArrayBuffer> {
  const size = Number(response.headers.get("content-length") ?? 0);
  const reader = response.body?.getReader();
  if (!reader || !size) {
    const all = await response.arrayBuffer();
    count?.(all.byteLength);
    return all;
  }
  const all = new Uint8Array(size);
  let at = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    all.set(value, at);
    at += value.length;
    count?.(value.length);
  }
  if (at < size) throw new ApiError(0, "Answer cut short", "The server ended before all of it had come. Its terminal may say why.");
  return all.buffer;
}

async function refusal(response: Response): Promise<ApiError> {
  if (response.status === 401) return new ApiError(401, "The session has ended", "The server was started again, with another token. Open the address that neurochain ui printed last.");
  try {
    const { error } = (await response.json()) as { error: { what: string; message: string } };
    return new ApiError(response.status, error.what, error.message);
  } catch {
    return new ApiError(response.status, `Status ${response.status}`, "The server could not answer this. Its terminal may say why.");
  }
}
