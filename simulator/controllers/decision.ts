/** What a controller decides: plain data that the driver (driver.ts) carries out. */
import type { ApiObject, DeleteOptions, Draft, ObjectRef } from "../model/model.ts";

/** A Kubernetes Event in the making. */
export interface Remark {
  readonly about: ApiObject;
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export type Write =
  | {
      readonly kind: "create";
      readonly resource: string;
      readonly draft: Draft;
      readonly remark?: (created: ApiObject) => Remark;
    }
  | {
      readonly kind: "change";
      readonly ref: ObjectRef;
      /** Gets what is stored at that moment; the same object back means that nothing is to be written. */
      readonly change: (stored: ApiObject) => Draft;
      readonly subresource?: "status";
      readonly remark?: Remark;
    }
  | {
      readonly kind: "delete";
      readonly ref: ObjectRef;
      readonly options?: DeleteOptions;
      readonly remark?: Remark;
    }
  | { readonly kind: "remark"; readonly remark: Remark };

export interface Decision {
  /** In this order. The first that the server refuses ends them; what is gone already counts as deleted. */
  readonly writes: readonly Write[];
  /** Instead of the writes after a refused one. The same key comes again, after a pause that doubles. */
  readonly ifRefused?: (refused: Write, message: string) => readonly Write[];
  /** When time alone changes the answer, in ms since the epoch. */
  readonly wakeAtMs?: number | undefined;
}

export const nothing: Decision = { writes: [] };

export const refOf = (resource: string, { metadata: { namespace, name } }: ApiObject): ObjectRef => ({
  resource,
  namespace,
  name,
});

/** A write of the status alone. */
export const statusWrite = (resource: string, object: ApiObject, status: unknown): Write => ({
  kind: "change",
  ref: refOf(resource, object),
  change: (stored) => ({ ...stored, status }),
  subresource: "status",
});
