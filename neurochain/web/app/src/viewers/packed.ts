// Numbers with what they mean, as one answer: see neurochain/web/media/packed.py.
import { fetched } from "./fetched";

const KINDS = {
  bool: Uint8Array, int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array,
  float32: Float32Array, float64: Float64Array,
}; // prettier-ignore
const LONG = { int64: BigInt64Array, uint64: BigUint64Array };

export type Numbers = InstanceType<(typeof KINDS)[keyof typeof KINDS]>;

export interface Packed<H> {
  header: H & { dtype: string; shape: number[] };
  values: Numbers;
  bytes: number; // of the whole answer
}

/** Header and values; whole numbers of 64 bits come as floats. */
export function unpack<H>(buffer: ArrayBuffer): Packed<H> {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Packed<H>["header"];
  return { header, values: numbers(header.dtype, buffer, 4 + length), bytes: buffer.byteLength };
}

export async function packed<H>(url: string, signal?: AbortSignal): Promise<Packed<H>> {
  return unpack<H>(await fetched(url, signal));
}

function numbers(dtype: string, buffer: ArrayBuffer, at: number): Numbers {
  if (dtype in KINDS) return new KINDS[dtype as keyof typeof KINDS](buffer, at);
  if (dtype in LONG) return Float64Array.from(new LONG[dtype as keyof typeof LONG](buffer, at), Number);
  throw new Error(`Values of the kind ${dtype} cannot be shown.`);
}
