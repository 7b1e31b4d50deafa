// What an answer of /media/array says of its values.
export interface ArrayInfo {
  shape: number[];
  dtype: string;
  axes: string[];
  unit: string | null;
  stored: string; // dtype of the values themselves
  down: number[];
  whole: number[];
}
