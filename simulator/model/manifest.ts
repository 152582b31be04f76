import type { Json } from "../../kube/object/json.ts";

/** An object as a file has it. */
export interface Manifest extends Json {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Json & { readonly name: string; readonly namespace?: string };
}
