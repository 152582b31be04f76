/** Objects by name, as far as rules need them: a `Map`, or a cache that looks an object up on demand. */
export interface Lookup<T> {
  get(name: string): T | undefined;
  has(name: string): boolean;
}
