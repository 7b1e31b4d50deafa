// Where the page is. The address holds the whole view: going back, reloading and sharing give the same.
import { batch, computed, signal } from "@preact/signals";

export const path = signal(decodeURIComponent(location.pathname));
export const query = signal(new URLSearchParams(location.search));
export const href = computed(() => {
  const text = query.value.toString();
  return text ? `${encodeURI(path.value)}?${text}` : encodeURI(path.value);
});

function read(): void {
  batch(() => {
    path.value = decodeURIComponent(location.pathname);
    query.value = new URLSearchParams(location.search);
  });
}

export function go(to: string, replace = false): void {
  if (to === `${location.pathname}${location.search}`) return;
  history[replace ? "replaceState" : "pushState"](null, "", to);
  const before = path.peek();
  read();
  if (path.peek() !== before) scrollTo(0, 0);
}

export type Changes = Record<string, string | null | undefined>;

/** The address of this view with some of its parameters changed; null takes one away. */
export function changed(changes: Changes): string {
  const next = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === undefined || value === "") next.delete(name);
    else next.set(name, value);
  }
  const text = next.toString();
  return text ? `${location.pathname}?${text}` : location.pathname;
}

export function change(changes: Changes, replace = false): void {
  go(changed(changes), replace);
}

export function follow(): void {
  addEventListener("popstate", read);
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = (event.target as Element).closest?.("a");
    if (!link || link.origin !== location.origin || link.target || link.hasAttribute("download")) return;
    if (link.pathname.startsWith("/api/") || link.pathname.startsWith("/media/")) return;
    if (link.hash && link.pathname === location.pathname) return;
    event.preventDefault();
    go(`${link.pathname}${link.search}`);
  });
}

// Addresses of the views, in one place.
const encoded = (values: Record<string, string | null | undefined>): string =>
  new URLSearchParams(Object.entries(values).filter((pair): pair is [string, string] => !!pair[1])).toString();
export const toDataset = (name: string): string => `/d/${name.split("/").map(encodeURIComponent).join("/")}`;
export const toVersion = (ref: string, tab?: string): string => `/v?${encoded({ ref, tab })}`;
export const toRow = (ref: string, key: string, rest: Record<string, string | null | undefined> = {}): string => `/v/row?${encoded({ ref, key, ...rest })}`;
export const toCompare = (old: string, recent: string): string => `/compare?${encoded({ old, new: recent })}`;
export const toLineage = (ref: string, node?: string): string => `/lineage?${encoded({ ref, node })}`;
