// Numbers with what they mean, as one answer: see neurochain/web/media/packed.py.
import { ask } from "../api/client";

const KINDS = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array, int32: Int32Array, uint32: Uint32Array, float32: Float32Array, float64: Float64Array };

export type Numbers = InstanceType<(typeof KINDS)[keyof typeof KINDS]>;

export interface Packed<H> {
  header: H & { dtype: string; shape: number[] };
  values: Numbers;
  bytes: number; // of the whole answer
}

export function unpack<H>(buffer: ArrayBuffer): Packed<H> {
  const length = new DataView(buffer).getUint32(0, true);
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))) as Packed<H>["header"];
  const kind = KINDS[header.dtype as keyof typeof KINDS];
  return { header, values: new kind(buffer, 4 + length), bytes: buffer.byteLength };
}

export async function packed<H>(url: string, signal?: AbortSignal): Promise<Packed<H>> {
  return unpack<H>(await (await ask(url, signal)).arrayBuffer());
}
