/** A step of a canary in a few words. Pure. */
import type { CanaryStep } from "../../schema/rollout.ts";

/** A step as a line has it: its kind, and what tells it from others of its kind. */
export function stepText(step: CanaryStep): string {
  const [kind = "step", settings] = Object.entries(step).find(([, value]) => value !== undefined) ?? [];
  if (typeof settings !== "object" || settings === null) return `${kind} ${String(settings)}`;
  const { duration, templates, name, replicas, weight, matchTrafficWeight } = settings as {
    readonly duration?: number | string;
    readonly templates?: readonly { readonly templateName?: string; readonly name?: string }[];
    readonly name?: string;
    readonly replicas?: number;
    readonly weight?: number;
    readonly matchTrafficWeight?: boolean;
  };
  const names = (templates ?? []).map((each) => each.templateName ?? each.name ?? "");
  const detail = [
    typeof duration === "number" ? `${duration}s` : duration,
    name,
    ...names,
    replicas === undefined ? undefined : `${replicas} pods`,
    weight === undefined ? undefined : `${weight}%`,
    matchTrafficWeight === true ? "as the traffic" : undefined,
  ];
  return [kind, ...detail.filter((each) => each !== undefined && each !== "")].join(" ");
}
