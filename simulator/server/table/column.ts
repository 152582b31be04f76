/** The columns of a kind's table. */
import { since } from "../../../kube/object/humanDuration.ts";
import type { ApiObject } from "../../model/model.ts";
import { textAt } from "./readFields.ts";

export type Cell = string | number | boolean | null;

export interface Column {
  readonly name: string;
  readonly type: string;
  /** "name" marks the column with the object's name. */
  readonly format: string;
  /** 0: always shown; 1: only in the wide form (`kubectl get -o wide`). */
  readonly priority: number;
  readonly description: string;
  readonly cell: (object: ApiObject, nowMs: number) => Cell;
}

type Marks = Partial<Pick<Column, "type" | "format" | "priority" | "description">>;

export const column = (name: string, cell: Column["cell"], marks: Marks = {}): Column => ({
  name,
  type: marks.type ?? "string",
  format: marks.format ?? "",
  priority: marks.priority ?? 0,
  description: marks.description ?? "",
  cell,
});

export const integer = { type: "integer" } as const;
export const wide = { priority: 1 } as const;

export const nameColumn = column("Name", ({ metadata }) => metadata.name, { format: "name" });

export const ageColumn = column("Age", ({ metadata }, nowMs) => since(metadata.creationTimestamp, nowMs));

/** A column with the text at a path, and what to show when it is empty. */
export const textCell =
  (path: readonly string[], empty = ""): Column["cell"] =>
  (object) => {
    const text = textAt(object, ...path);
    return text === "" ? empty : text;
  };
