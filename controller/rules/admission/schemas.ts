/** The schemas of the admitted kinds as plain data, for rules that follow from what a schema says of a member. */
import { AnalysisRun, AnalysisTemplate, ClusterAnalysisTemplate } from "../../../schema/analysis.ts";
import { Experiment } from "../../../schema/experiment.ts";
import { Rollout } from "../../../schema/rollout.ts";
import { type Marks as CrdMarks, marksOf as allMarksOf } from "../../../schema/scalars.ts";
import type { AdmittedKind } from "./admittedKinds.ts";

/** As much of a valibot schema as the rules read. */
export interface Schema {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Schema>>;
  readonly item?: Schema;
  readonly value?: Schema;
  readonly wrapped?: Schema;
  /** Of a word that is one of several. */
  readonly options?: readonly string[];
}

export type Marks = Omit<CrdMarks, "structure"> & { readonly structure?: Schema };

const SCHEMAS: { readonly [K in AdmittedKind]: unknown } = {
  Rollout,
  AnalysisTemplate,
  ClusterAnalysisTemplate,
  AnalysisRun,
  Experiment,
};

export const schemaOf = (kind: AdmittedKind): Schema => SCHEMAS[kind] as Schema;

/** The marks of a schema and of those that it was made from; the outer one wins. */
export const marksOf = (schema: Schema): Marks => allMarksOf(schema);
