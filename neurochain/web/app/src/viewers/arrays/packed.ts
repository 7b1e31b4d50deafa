// Numbers with what they mean, as one answer: see neurochain/web/media/packed.py.
import type { Values } from "../volume/held";

export interface ArrayHeader {
  shape: number[];
  dtype: string;
  axes: string[];
  unit: string | null;
  stored: string; // dtype of the values themselves
  down: number[];
  whole: number[];
}

const TYPES: Record<string, { new (buffer: ArrayBuffer, at: number): ArrayLike<number | bigint> }> = {
  uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array, uint32: Uint32Array, int32: Int32Array,
  uint64: BigUint64Array, int64: BigInt64Array, float32: Float32Array, float64: Float64Array, bool: Uint8Array,
}; // prettier-ignore

/** Header and values; whole numbers of 64 bits come as floats. */
export function unpack(answer: ArrayBuffer): { header: ArrayHeader; values: Values } {
  const length = new DataView(answer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(answer, 4, length))) as ArrayHeader;
  const Type = TYPES[header.dtype];
  if (!Type) throw new Error(`Values of the kind ${header.dtype} cannot be shown.`);
  const found = new Type(answer, 4 + length);
  const values = header.dtype.endsWith("int64") ? Float64Array.from(found as ArrayLike<bigint>, Number) : (found as Values);
  return { header, values };
}
