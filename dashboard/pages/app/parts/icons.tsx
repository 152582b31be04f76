/** Pictures of 16 by 16, in the colour of the text around them. Decoration: what they mean is said in words beside them. */

const SHAPES = {
  check: "M3 8.5l3.2 3.2L13 5",
  cross: "M4 4l8 8M12 4l-8 8",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  moving: "M8 2.5a5.5 5.5 0 1 1-5.2 3.7M2.5 2.8v3.6h3.6",
  unknown: "M5.6 6a2.4 2.4 0 1 1 3.4 2.2c-.7.4-1 .8-1 1.6M8 12.4v.3",
  star: "M8 2l1.8 3.8 4.2.5-3.1 2.8.9 4.1L8 11.2 4.2 13.2l.9-4.1L2 6.3l4.2-.5z",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 0 0 0-9M10.3 10.3L14 14",
  sun: "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6M8 1.5v1.4M8 13.1v1.4M1.5 8h1.4M13.1 8h1.4M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13 9.5A5.5 5.5 0 1 1 6.5 3a4.4 4.4 0 0 0 6.5 6.5z",
  half: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8 2.5v11",
  alert: "M8 2.2L14.3 13.2H1.7zM8 6.4v3.2M8 11.3v.2",
  play: "M5 3.3l7.5 4.7L5 12.7z",
  fast: "M2.5 3.8L8 8l-5.5 4.2zM8.5 3.8L14 8l-5.5 4.2z",
  back: "M6 3.5L2.5 7 6 10.5M2.8 7H10a3 3 0 0 1 0 6H7",
  again: "M13 8a5 5 0 1 1-1.5-3.6M13.2 2.5v3h-3",
  restart: "M3 7.5a5 5 0 0 1 9-2.5M13 8.5a5 5 0 0 1-9 2.5M12.3 2v3.2H9.1M3.7 14v-3.2h3.2",
  image: "M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5L8 8l5.5-3M8 8v6",
  clock: "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 0 0 0-11M8 5v3.2l2.2 1.3",
  stop: "M4 4h8v8H4z",
  copy: "M5.5 5.5h7.5v7.5H5.5zM3 10.5V3h7.5",
} as const;

export type IconName = keyof typeof SHAPES;

export function Icon({ name, filled = false }: { readonly name: IconName; readonly filled?: boolean }) {
  return (
    <svg class={filled ? "icon filled" : "icon"} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={SHAPES[name]} />
    </svg>
  );
}
