/** Objects by name, as far as rules need them: a `Map`, or a cache that looks one up when it is asked. */
export interface Lookup<T> {
  get(name: string): T | undefined;
  has(name: string): boolean;
}
