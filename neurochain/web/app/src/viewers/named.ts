// Names of a viewer's state in the address: those of a row's further files stand behind the file's column.
import { change, query } from "../route";

export interface Named {
  get: (name: string) => string | null;
  set: (values: Record<string, string | null>) => void;
}

export function named(column: string): Named {
  const full = (name: string): string => (column === "file" ? name : `${column}.${name}`);
  return {
    get: (name) => query.peek().get(full(name)),
    set: (values) => change(Object.fromEntries(Object.entries(values).map(([name, value]) => [full(name), value])), true),
  };
}
