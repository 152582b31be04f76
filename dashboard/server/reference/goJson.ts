/**
 * Answers in the form of the reference's API: members with a zero value are left out, as its generated types have it
 * (`omitempty`), except for times. Pure.
 */
import { isList, isObject } from "../../../kube/object/json.ts";
import type { AnalysisRunInfo, ExperimentInfo, ObjectInfo, RolloutInfo } from "../../../controller/view/info.ts";

const isZero = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === "" ||
  value === 0 ||
  value === false ||
  (isList(value) && value.length === 0) ||
  (isObject(value) && Object.keys(value).length === 0);

/** Go has `time` as a struct, which `omitempty` does not leave out. */
const objectMeta = ({ creationTimestamp, ...rest }: ObjectInfo): object => ({
  ...withoutZeros(rest),
  creationTimestamp: creationTimestamp === "" ? null : creationTimestamp,
});

function withoutZeros(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => !isZero(member)));
}

type Shaped = Readonly<Record<string, unknown>>;

/** Members that are written by rules of their own. */
const SHAPES: Readonly<Record<string, (value: never) => unknown>> = {
  objectMeta: (value: ObjectInfo) => objectMeta(value),
  // As they are stored.
  steps: (value: readonly unknown[]) => value,
  specAndStatus: (value: AnalysisRunInfo["specAndStatus"]) => value,
};

function shaped(value: unknown): unknown {
  if (isList(value)) return value.map(shaped);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
      const shape = SHAPES[key];
      if (shape !== undefined && member !== undefined) {
        const made = shape(member as never);
        return isZero(made) ? [] : [[key, made]];
      }
      if (isZero(member)) return [];
      return [[key, shaped(member)]];
    }),
  );
}

export const infoJson = (info: RolloutInfo | ExperimentInfo): Shaped => shaped(info) as Shaped;
