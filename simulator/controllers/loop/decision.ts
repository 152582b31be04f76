/** What a controller decides: plain data that the driver (driver.ts) carries out. */
import type { ApiObject, DeleteOptions, Draft, ObjectRef } from "../../model/model.ts";

/** A Kubernetes Event that is to be emitted. */
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
      /** Is given the object stored at that moment; returns the same object when nothing is to be written. */
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
  /** Carried out in order until the server refuses one. An object that is already gone counts as deleted. */
  readonly writes: readonly Write[];
  /** Replaces the writes that follow a refused one. The same key is queued again, after a pause that doubles. */
  readonly ifRefused?: (refused: Write, message: string) => readonly Write[];
  /** When the decision changes although no object does, in ms since the epoch. */
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
