/** How wide a part of the page is, so that charts are drawn to its size and their letters stay readable. */
import type { RefObject } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

/** @returns a place for the element, and its width in CSS pixels: 0 before it is known */
export function useWidth<E extends Element>(): readonly [RefObject<E | null>, number] {
  const element = useRef<E>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => setWidth(Math.floor(entry?.contentRect.width ?? 0)));
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
