/** Images in few letters. */

/** `registry.example.com/shop/web:1.2` → `web:1.2`; a digest keeps its first letters. */
export function shortImage(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  const [name = last, digest] = last.split("@sha256:");
  return digest === undefined ? last : `${name}@${digest.slice(0, 8)}`;
}

/** `web:1.2` → `1.2`; all of it where there is no tag. */
export function tagOf(image: string): string {
  const short = shortImage(image);
  const colon = short.indexOf(":");
  return colon < 0 ? short : short.slice(colon + 1);
}
