/** Objects by name, as far as rules need them: a `Map`, or a cache that looks an object up on demand. */
export interface Lookup<T> {
  get(name: string): T | undefined;
  has(name: string): boolean;
  /** The names of those that are there, for people who have misspelt one; absent: not known. */
  keys?(): Iterable<string>;
}
