/** Columns of custom resources: those that their definition names, or the age. */
import { since } from "../../../kube/object/humanDuration.ts";
import type { ApiObject } from "../../model/model.ts";
import { type Cell, column, type Column, nameColumn } from "./column.ts";
import { countAt, listAt, textAt } from "./readFields.ts";
import { jsonPath } from "./jsonPath.ts";

function cellOf(type: string, value: unknown, nowMs: number): Cell {
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "string":
      return typeof value === "string" ? value : JSON.stringify(value);
    case "date":
      if (typeof value !== "string") return null;
      return Number.isNaN(Date.parse(value)) ? "<invalid>" : since(value, nowMs);
    default:
      return null;
  }
}

function columnOf(spec: unknown): Column {
  const type = textAt(spec, "type");
  const find = jsonPath(textAt(spec, "jsonPath"));
  const cell = (object: ApiObject, nowMs: number): Cell => {
    const value = find?.(object)[0];
    return value === undefined || value === null ? null : cellOf(type, value, nowMs);
  };
  const description = textAt(spec, "description");
  const path = textAt(spec, "jsonPath");
  return column(textAt(spec, "name"), cell, {
    type,
    format: textAt(spec, "format"),
    priority: countAt(spec, "priority"),
    description: description === "" ? `Custom resource definition column (in JSONPath format): ${path}` : description,
  });
}

const age = columnOf({ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" });

/** Cached by the definition's version object, which is replaced when it changes. */
const known = new WeakMap<object, readonly Column[]>();

/** @param definition a CustomResourceDefinition. */
export function customColumns(definition: ApiObject, version: string): readonly Column[] {
  const served = listAt(definition, "spec", "versions").find((one) => textAt(one, "name") === version);
  if (typeof served !== "object" || served === null) return [nameColumn, age];
  const made = known.get(served);
  if (made !== undefined) return made;
  const own = listAt(served, "additionalPrinterColumns").map(columnOf);
  const columns = [nameColumn, ...(own.length === 0 ? [age] : own)];
  known.set(served, columns);
  return columns;
}
