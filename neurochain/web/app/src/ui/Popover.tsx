import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  title: string;
  panel: string;
  open: boolean;
  set: (open: boolean) => void;
  children: ComponentChildren;
  class?: string;
}

/** A button with a panel under it; Escape and a click beside it close it, and the focus goes back. */
export function Popover({ label, title, panel, open, set, children, class: kind = "" }: Props) {
  const all = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const box = all.current!;
    const inside = box.querySelector<HTMLElement>(".panel")!;
    const over = inside.getBoundingClientRect().right - document.documentElement.clientWidth + 12;
    if (over > 0) inside.style.left = `${-over}px`;
    box.querySelector<HTMLElement>("[data-first]")?.focus({ preventScroll: true });
    const outside = (event: Event) => {
      if (!box.contains(event.target as Node)) set(false);
    };
    const escape = (event: KeyboardEvent) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      set(false);
      button.current?.focus();
    };
    document.addEventListener("pointerdown", outside);
    box.addEventListener("keydown", escape);
    return () => {
      document.removeEventListener("pointerdown", outside);
      box.removeEventListener("keydown", escape);
    };
  }, [open]);
  return (
    <div class="popover" ref={all}>
      <button ref={button} type="button" class={kind} title={title} aria-expanded={open} aria-haspopup="dialog" onClick={() => set(!open)}>
        {label}
      </button>
      {open && (
        <div class="panel" role="dialog" aria-label={panel}>
          {children}
        </div>
      )}
    </div>
  );
}
