// Asks the server. An answer that says what is wrong becomes an ApiError, with what to do about it.

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly what: string,
    message: string,
  ) {
    super(message);
  }
}

export type Query = Record<string, string | number | boolean | null | undefined>;

export function address(place: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "" && value !== false) given.set(name, String(value === true ? 1 : value));
  }
  const text = given.toString();
  return text ? `${place}?${text}` : place;
}

export async function get<T>(url: string, signal?: AbortSignal): Promise<T> {
  return (await (await ask(url, signal)).json()) as T;
}

/** Send a change. */
export async function post<T>(url: string, body: unknown): Promise<T> {
  const how = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return (await (await asked(url, how)).json()) as T;
}

/** An answer that is no error, whatever it holds. */
export const ask = (url: string, signal?: AbortSignal): Promise<Response> => asked(url, { signal: signal ?? null });

async function asked(url: string, how: RequestInit): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(url, { ...how, credentials: "same-origin" });
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiError(0, "No answer", "The server does not answer. Is neurochain ui still running? Start it again, and open the address that it prints.");
  }
  if (response.ok) return response;
  if (response.status === 401) {
    throw new ApiError(401, "The session has ended", "The server was started again, with another token. Open the address that neurochain ui printed last.");
  }
  throw await refusal(response);
}

async function refusal(response: Response): Promise<ApiError> {
  try {
    const { error } = (await response.json()) as { error: { what: string; message: string } };
    return new ApiError(response.status, error.what, error.message);
  } catch {
    return new ApiError(response.status, `Status ${response.status}`, "The server could not answer this. Its terminal may say why.");
  }
}
