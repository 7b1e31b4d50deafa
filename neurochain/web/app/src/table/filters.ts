// Filters as the server takes them (neurochain/tables/filters/filter.py): [column, operator, value].
import type { Kind } from "../api/types";
import { text as said } from "../format";

export type Value = string | number | boolean;
export type Filter = [column: string, operator: string] | [column: string, operator: string, value: Value | Value[]];

const ORDER = ["=", "!=", "<", "<=", ">", ">=", "between", "in", "not in"];
const NULLS = ["is null", "is not null"];
const OPERATORS: Partial<Record<Kind, string[]>> = {
  number: [...ORDER, ...NULLS],
  time: ["<", "<=", ">", ">=", "between", "=", "!=", ...NULLS],
  text: ["contains", "=", "!=", "in", "not in", ...NULLS],
  json: ["contains", ...NULLS],
  boolean: ["=", ...NULLS],
  list: ["includes", "includes any", "includes all", ...NULLS],
};
const SAID: Record<string, string> = { "!=": "≠", "<=": "≤", ">=": "≥", "is null": "has no value", "is not null": "has a value", "in": "is one of", "not in": "is none of" };

export const operators = (kind: Kind): string[] => OPERATORS[kind] ?? [];
export const filters = (kind: Kind): boolean => kind in OPERATORS;
export const sorts = (kind: Kind): boolean => kind in OPERATORS && kind !== "list";
export const operatorText = (operator: string): string => SAID[operator] ?? operator;
export const takes = (operator: string): "none" | "one" | "two" | "many" =>
  NULLS.includes(operator) ? "none" : operator === "between" ? "two" : ["in", "not in", "includes any", "includes all"].includes(operator) ? "many" : "one";

export function valueText(filter: Filter): string {
  const value = filter[2];
  if (value === undefined) return "";
  if (!Array.isArray(value)) return said(value);
  return filter[1] === "between" ? value.map(said).join(" and ") : value.map(said).join(", ");
}

/** Filters of an address; what is none is left for the server to refuse. */
export function read(given: string | null): Filter[] {
  if (!given) return [];
  try {
    const found: unknown = JSON.parse(given);
    return Array.isArray(found) ? found.filter((one): one is Filter => Array.isArray(one) && one.length >= 2) : [];
  } catch {
    return [];
  }
}

export const write = (given: Filter[]): string | null => (given.length ? JSON.stringify(given) : null);

/** A value as somebody typed it; a text says what is wrong with it. */
export function parsed(kind: Kind, typed: string): { value: Value } | { wrong: string } {
  const trimmed = typed.trim();
  if (kind === "number" || (kind === "list" && trimmed !== "" && !Number.isNaN(Number(trimmed)))) {
    const value = Number(trimmed.replace(/[,_\s]/g, "").replace("−", "-"));
    if (trimmed === "" || Number.isNaN(value)) return { wrong: `“${typed}” is no number.` };
    return { value };
  }
  if (kind === "boolean") return { value: trimmed === "yes" };
  if (trimmed === "") return { wrong: "Type a value." };
  if (kind === "time") {
    if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?$/.test(trimmed)) return { wrong: `“${typed}” is no time. Write 2026-03-09 or 2026-03-09 14:30:00.` };
    return { value: trimmed.replace(" ", "T") };
  }
  return { value: typed };
}
