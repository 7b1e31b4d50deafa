// Which rows a scrolled box shows. Browsers end an element's height at some ten million pixels: of tables beyond, a pixel of the
// scroll bar is more than a pixel of rows, and the wheel still moves by its own.

export const HEIGHT = 28; // of a row, as in table.css
const MOST = 12_000_000;

export class Slide {
  constructor(
    readonly rows: number,
    readonly view: number,
  ) {}

  /** Height of all rows. */
  get all(): number {
    return this.rows * HEIGHT;
  }

  /** Height of what is scrolled. */
  get height(): number {
    return Math.min(this.all, MOST);
  }

  get scaled(): boolean {
    return this.all > MOST;
  }

  private get factor(): number {
    return this.scaled ? Math.max(this.all - this.view, 1) / Math.max(this.height - this.view, 1) : 1;
  }

  /** Where the view begins in the rows, in pixels, of where the box is scrolled to; and the way back. */
  top(scrolled: number): number {
    return scrolled * this.factor;
  }

  scrolled(top: number): number {
    return Math.max(Math.min(top, this.all - this.view), 0) / this.factor;
  }

  first(top: number): number {
    return Math.max(Math.floor(top / HEIGHT), 0);
  }

  last(top: number): number {
    return Math.min(Math.ceil((top + this.view) / HEIGHT), this.rows) - 1;
  }
}
