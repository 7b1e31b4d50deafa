// Filters: what is taken out for the eye, on the server. See neurochain/web/media/filtered.py.
import type { Query } from "../../api/client";
import { ranges } from "./ranges";

export interface Filters {
  highpass: number; // Hz; 0: none
  lowpass: number;
  notch: number;
  average: boolean;
}

export const NONE: Filters = { highpass: 0, lowpass: 0, notch: 0, average: false };

export const filtering = (filters: Filters): boolean => filters.highpass > 0 || filters.lowpass > 0 || filters.notch > 0 || filters.average;

/** As the server is asked for them. */
export function asked(filters: Filters, bad: readonly number[]): Query {
  return {
    highpass: filters.highpass || null,
    lowpass: filters.lowpass || null,
    notch: filters.notch || null,
    reference: filters.average ? "average" : null,
    bad: filters.average ? ranges(bad) : null,
  };
}

/** In a few words. */
export function said(filters: Filters): string {
  const { highpass, lowpass, notch, average } = filters;
  const band = highpass && lowpass ? `${highpass}–${lowpass} Hz` : highpass ? `above ${highpass} Hz` : lowpass ? `below ${lowpass} Hz` : "";
  return [band, notch ? `no ${notch} Hz` : "", average ? "average reference" : ""].filter(Boolean).join(", ");
}
