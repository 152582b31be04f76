/** What a person asks of AnalysisRuns and Experiments. */
import { patches, specPatch, type VerbOutcome } from "./verb.ts";

/** `terminate`: it ends, with what has been measured until then. */
export const terminate = (): VerbOutcome => patches(specPatch({ terminate: true }));

/** `retry experiment`: it begins again. Its status is no subresource. */
export const retryExperiment = (): VerbOutcome =>
  patches({ contentType: "application/merge-patch+json", body: { status: null } });
