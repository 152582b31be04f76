/** Which rows of a long list are drawn: those that are seen, and some around them. Pure; all sizes in CSS pixels. */
export interface View {
  /** How far the top of the list is above that of the window; negative: below it. */
  readonly above: number;
  readonly height: number;
}

export interface Range {
  /** The first row, and the one behind the last. */
  readonly from: number;
  readonly to: number;
}

/** Rows that are drawn before they are seen: a fast wheel scrolls less than that in one frame. */
const AROUND = 12;
/** Ranges begin at multiples of it, so that not every frame of a scroll draws anew. */
const GRAIN = 6;

export function rangeOf({ above, height }: View, rowHeight: number, count: number): Range {
  const first = Math.floor(above / rowHeight) - AROUND;
  const last = Math.ceil((above + height) / rowHeight) + AROUND;
  const from = Math.min(Math.max(0, Math.floor(first / GRAIN) * GRAIN), Math.max(0, count - 1));
  return { from, to: Math.max(from, Math.min(count, Math.ceil(last / GRAIN) * GRAIN)) };
}

/** How far to scroll so that a row is seen whole; 0: it is. @param hidden what covers the window's top */
export function scrollTowards({ above, height }: View, rowHeight: number, index: number, hidden: number): number {
  const top = index * rowHeight - above;
  if (top < hidden) return top - hidden;
  return Math.max(0, top + rowHeight - height);
}
