/** Addresses of metrics that did not answer when they were asked from where the doctor runs. */
import type { DoctorFacts } from "../facts/facts.ts";
import { type Finding, rolloutsNamed } from "../facts/finding.ts";

export const metrics = ({ silences }: DoctorFacts): readonly Finding[] =>
  (silences ?? []).map(({ url, of, rollouts, why }) => ({
    severity: "warning",
    about: rolloutsNamed(rollouts),
    what: `the ${of} asks ${new URL(url).origin}, which does not answer from this machine (${why})`,
    why: "the controller asks it from its pod, where names and networks are others: if it does not answer there, analyses end with an error",
    mend: `kubectl run -it --rm probe -n argo-rollouts --image=curlimages/curl --restart=Never -- -sI ${url}`,
  }));
