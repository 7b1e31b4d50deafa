import { useEffect, useRef } from "preact/hooks";
import { Icon } from "./Icon";
import { keysOn, turn } from "./keys";

const KEYS: [string, [string, string][]][] = [
  [
    "Everywhere",
    [
      ["/", "search"],
      ["g d", "datasets"],
      ["g j", "jobs"],
      ["?", "these shortcuts"],
      ["Esc", "close a panel"],
    ],
  ],
  [
    "Lists and rows",
    [
      ["↑ ↓", "move"],
      ["PgUp PgDn Home End", "move by a page, to the ends"],
      ["Enter", "open"],
      ["f", "filter rows"],
      ["c", "choose columns"],
    ],
  ],
  [
    "A version",
    [
      ["1 … 5", "rows, columns, lineage, versions, code"],
      ["[ ]", "version before, after"],
    ],
  ],
  [
    "A row",
    [
      ["p n", "row before, after"],
      ["u", "back to the rows"],
    ],
  ],
  [
    "A volume",
    [
      ["← → ↑ ↓", "move the crosshair"],
      ["PgUp PgDn", "slice after, before; with Shift, ten"],
      ["1 … 5", "all, axial, coronal, sagittal, 3D"],
      ["+ −", "larger, smaller"],
      [", .", "volume before, after"],
      ["x o", "swap left and right, overlay on and off"],
      ["0", "as it was opened"],
    ],
  ],
  [
    "Signals",
    [
      ["← →", "earlier, later; with Shift a whole window"],
      ["↑ ↓", "larger, smaller"],
      ["+ −", "nearer, farther"],
      ["Home End", "beginning, end"],
      ["PgUp PgDn", "channels before, after"],
      ["t", "go to a time"],
      ["e E", "next event, event before"],
      ["c f l", "channels, filters, events"],
      ["a k", "fit the scale, keep it"],
      ["h s w", "heat map, spectrogram, wide"],
    ],
  ],
  [
    "Video",
    [
      ["Space k", "play, pause"],
      ["← →", "frame before, next; with Shift a second"],
      ["t", "go to a time or frame"],
      ["< >", "slower, faster"],
    ],
  ],
  [
    "Lineage",
    [
      ["← → ↑ ↓", "go along the graph"],
      ["Enter", "open a version"],
      ["+ − 0", "nearer, farther, all of it"],
    ],
  ],
];

export function Shortcuts({ close }: { close: () => void }) {
  const box = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    box.current!.showModal();
  }, []);
  return (
    <dialog
      ref={box}
      class="shortcuts"
      aria-labelledby="shortcuts-title"
      onClose={close}
      onClick={(e) => {
        if (e.target === box.current) box.current!.close();
      }}
    >
      <div class="inside">
        <header>
          <h2 id="shortcuts-title">Shortcuts</h2>
          <button type="button" class="bare" aria-label="Close" onClick={() => box.current!.close()}>
            <Icon name="close" />
          </button>
        </header>
        <div class="groups">
          {KEYS.map(([title, keys]) => (
            <section key={title}>
              <h3>{title}</h3>
              <dl>
                {keys.map(([key, what]) => (
                  <div key={key}>
                    <dt>
                      {key.split(" ").map((one) => (one === "…" ? " … " : <kbd key={one}>{one}</kbd>))}
                    </dt>
                    <dd>{what}</dd>
                  </div>
                ))}
              </dl>
            </section>
          ))}
        </div>
        <label class="pick">
          <input type="checkbox" checked={keysOn.value} onChange={(e) => turn(e.currentTarget.checked)} />
          <span>Single keys work everywhere on the page</span>
        </label>
      </div>
    </dialog>
  );
}
