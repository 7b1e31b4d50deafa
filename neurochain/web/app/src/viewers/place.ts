// Parameters of the address that belong to a viewer: those of a file beside the row's own begin with its column.
import { type Changes, change } from "../route";

export class Place {
  readonly #before: string;

  constructor(column: string) {
    this.#before = column === "file" ? "" : `${column}.`;
  }

  get(asked: URLSearchParams, name: string): string | null {
    return asked.get(this.#before + name);
  }

  change(changes: Changes, replace = true): void {
    change(Object.fromEntries(Object.entries(changes).map(([name, value]) => [this.#before + name, value])), replace);
  }
}
