// Single keys of the whole page, which can be turned off (they get in the way of speech input).
import { signal } from "@preact/signals";

const NAME = "neurochain-keys";

function stored(): boolean {
  try {
    return localStorage.getItem(NAME) !== "off";
  } catch {
    return true;
  }
}

export const keysOn = signal(stored());

export function turn(on: boolean): void {
  keysOn.value = on;
  try {
    localStorage.setItem(NAME, on ? "on" : "off");
  } catch {
    // it lasts as long as the page
  }
}

export const typing = (event: KeyboardEvent): boolean => {
  const at = event.target as HTMLElement;
  return at.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(at.tagName) || at.closest("dialog, [role=dialog]") !== null;
};

/** Call `act` for single keys: not while somebody types, and not with Ctrl, Alt or Meta. */
export function listen(act: (key: string, event: KeyboardEvent) => boolean | void): () => void {
  const heard = (event: KeyboardEvent) => {
    if (!keysOn.peek() || event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event)) return;
    if (act(event.key, event)) event.preventDefault();
  };
  document.addEventListener("keydown", heard);
  return () => document.removeEventListener("keydown", heard);
}
