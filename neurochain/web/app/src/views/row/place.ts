// Which row its values are of: an array is fetched when somebody opens it.
import { createContext } from "preact";

export interface RowPlace {
  reference: string;
  rowKey: string;
}

export const RowPlaced = createContext<RowPlace | null>(null);
