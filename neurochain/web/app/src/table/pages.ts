// Rows of a table as they come from the server, a page at a time: those that are looked at, and no others.
import { signal } from "@preact/signals";
import { ApiError, type Query, address, get } from "../api/client";
import type { Row, RowPage } from "../api/types";

export const SIZE = 100; // rows of a page
const KEPT = 80; // pages
const REST = 70; // ms without scrolling before pages are asked for: who drags past them does not want them

export class Pages {
  /** Goes up with every answer: whoever shows rows reads it. */
  readonly round = signal(0);
  readonly error = signal<ApiError | null>(null);
  matched: number | null = null;
  seconds = 0;
  columns: string[] = [];
  private first: readonly Row[] | undefined;
  private readonly pages = new Map<number, Row[]>();
  private readonly asked = new Map<number, AbortController>();
  private timer = 0;
  private closed = false;

  constructor(private readonly query: Query) {}

  row(index: number): Row | undefined {
    return this.pages.get(Math.floor(index / SIZE))?.[index % SIZE];
  }

  /** Rows by which the widths of columns are chosen: those that came first. */
  some(): readonly Row[] | undefined {
    return this.first;
  }

  /** Rows first to last are looked at now: fetch what is missing, forget what nobody waits for any more. */
  want(first: number, last: number): void {
    const from = Math.max(Math.floor(first / SIZE), 0);
    const to = Math.max(Math.floor(last / SIZE), from);
    for (const [page, control] of this.asked) {
      if (page < from - 1 || page > to + 1) {
        control.abort();
        this.asked.delete(page);
      }
    }
    clearTimeout(this.timer);
    const missing: number[] = [];
    for (let page = from; page <= to; page += 1) if (!this.pages.has(page) && !this.asked.has(page)) missing.push(page);
    if (!missing.length) return;
    if (this.matched === null && !this.asked.size) missing.forEach((page) => void this.fetch(page));
    else this.timer = window.setTimeout(() => missing.forEach((page) => void this.fetch(page)), REST);
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    for (const control of this.asked.values()) control.abort();
    this.asked.clear();
  }

  again(): void {
    this.error.value = null;
    this.round.value += 1;
  }

  private async fetch(page: number): Promise<void> {
    if (this.closed || this.asked.has(page) || this.error.peek()) return;
    const control = new AbortController();
    this.asked.set(page, control);
    try {
      const found = await get<RowPage>(address("/api/rows", { ...this.query, offset: page * SIZE, limit: SIZE }), control.signal);
      this.matched = found.matched;
      this.seconds = found.seconds;
      this.columns = found.columns;
      this.first ??= found.rows;
      this.pages.delete(page);
      this.pages.set(page, found.rows);
      if (this.pages.size > KEPT) this.pages.delete(this.pages.keys().next().value!);
    } catch (error) {
      if (control.signal.aborted) return;
      this.error.value = error instanceof ApiError ? error : new ApiError(0, "Error", String(error));
    } finally {
      if (this.asked.get(page) === control) this.asked.delete(page);
    }
    if (!this.closed) this.round.value += 1;
  }
}
