/** Images in few letters. */

/** `registry.example.com/shop/web:1.2` → `web:1.2`; a digest keeps its first letters. */
export function shortImage(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  const [name = last, digest] = last.split("@sha256:");
  return digest === undefined ? last : `${name}@${digest.slice(0, 8)}`;
}
