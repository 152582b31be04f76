/** JSON for people, cut short: a value quoted in a text may be as large as the whole object. */

/**
 * The JSON of a value as `JSON.stringify` makes it ("null" where it makes nothing); when it is longer than `most`
 * characters, its beginning and "…". Never reads much more of the value than it shows.
 */
export function shownJson(value: unknown, most: number): string {
  const room = { left: most };
  const json = JSON.stringify(clipped(value, room)) ?? "null";
  return room.left >= 0 && json.length <= most ? json : `${json.slice(0, most).toWellFormed()}…`;
}

/** The value itself if it fits; otherwise as much of it as fits. */
function clipped(value: unknown, room: { left: number }): unknown {
  room.left -= 1;
  if (room.left < 0) return undefined;
  if (typeof value === "string") {
    const fits = value.length <= room.left;
    const shown = fits ? value : value.slice(0, room.left);
    room.left -= value.length;
    return shown;
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const list: unknown[] = [];
    for (const item of value) {
      if (room.left < 0) return list;
      list.push(clipped(item, room));
    }
    return list;
  }
  // Without a prototype: a member may have any name.
  const members = Object.create(null) as Record<string, unknown>;
  for (const key in value) {
    room.left -= key.length;
    if (room.left < 0) return members;
    members[key] = clipped((value as Record<string, unknown>)[key], room);
  }
  return members;
}
