import type { Read, RowFile } from "../../api/types";
import { bytes, count, plural } from "../../format";

const WIDTH = 1000;
const LANE = 14;

/** Which bytes of a file were read, by whom: a bar of its length for each function. */
export function ByteMap({ file, reads }: { file: RowFile; reads: Read[] }) {
  if (!reads.length || !file.size) return null;
  return (
    <figure class="byte-map">
      <figcaption>Bytes read, on the file's length of {bytes(file.size)}</figcaption>
      {reads.map((read) => {
        const share = read.bytes / file.size;
        const said = `${share >= 0.9995 ? "100" : share < 0.001 ? "<0.1" : (share * 100).toFixed(1)} %`;
        return (
          <div class="lane" key={read.function}>
            <code class="cut" title={read.function}>
              {read.function}
            </code>
            <svg viewBox={`0 0 ${WIDTH} ${LANE}`} preserveAspectRatio="none" role="img" aria-label={`${read.function} read ${bytes(read.bytes)} of ${bytes(file.size)} in ${plural(read.ranges.length, "range")}`}>
              <rect class="whole" width={WIDTH} height={LANE} />
              {read.ranges.map(([start, end], i) => (
                <rect key={i} class="read" x={(start / file.size) * WIDTH} width={Math.max(((end - start) / file.size) * WIDTH, 1.5)} height={LANE}>
                  <title>{`[${count(start)}, ${count(end)})`}</title>
                </rect>
              ))}
            </svg>
            <span class="quiet nowrap">
              {bytes(read.bytes)}, {said}
            </span>
          </div>
        );
      })}
      <div class="lane axis quiet" aria-hidden="true">
        <span />
        <span class="ends">
          <span>0</span>
          <span>{count(file.size)}</span>
        </span>
        <span />
      </div>
    </figure>
  );
}
