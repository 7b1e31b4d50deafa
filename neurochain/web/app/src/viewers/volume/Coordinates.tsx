import { useEffect, useRef, useState } from "preact/hooks";
import type { Scan } from "./scan";
import type { Vec3 } from "./space";

const said = (value: number, digits: number): string => value.toFixed(digits).replace(/^-(?=0\.?0*$)/, "");

/** Where the crosshair stands, in voxels and millimetres: what is typed there is gone to. */
export function Coordinates({ scan }: { scan: Scan }) {
  const at = scan.at.value;
  const millimetres = scan.millimetres(at);
  return (
    <>
      <Field label="Voxel" text={at.join(", ")} go={(to) => scan.go(to)} wide={11} />
      {millimetres && <Field label="mm" text={millimetres.map((v) => said(v, 1)).join(", ")} go={(to) => scan.go(scan.voxel(to)!)} wide={18} />}
    </>
  );
}

function Field({ label, text, go, wide }: { label: string; text: string; go: (to: Vec3) => void; wide: number }) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, type] = useState<string | null>(null);
  const [wrong, setWrong] = useState(false);
  useEffect(() => type(null), [text]);
  const take = () => {
    if (typed === null || typed === text) return type(null);
    const found = typed.replace(/[−–]/g, "-").split(/[\s,;]+/).filter(Boolean).map(Number);
    const fits = found.length === 3 && found.every(Number.isFinite);
    setWrong(!fits);
    if (!fits) return;
    type(null);
    go(found as Vec3);
  };
  return (
    <label class="coordinate">
      <span>{label}</span>
      <input
        ref={input}
        type="text"
        class="mono"
        spellcheck={false}
        autocomplete="off"
        size={Math.max(wide, text.length)}
        value={typed ?? text}
        aria-invalid={wrong}
        title={wrong ? "Three numbers are needed: 12, 40, 33" : `Type three numbers to go there`}
        onFocus={(e) => e.currentTarget.select()}
        onInput={(e) => {
          setWrong(false);
          type(e.currentTarget.value);
        }}
        onBlur={take}
        onKeyDown={(e) => {
          if (e.key === "Enter") take();
          else if (e.key === "Escape") {
            type(null);
            setWrong(false);
          }
        }}
      />
    </label>
  );
}
