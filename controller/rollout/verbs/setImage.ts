/** A new version by its image. */
import type { Rollout } from "../../../schema/rollout.ts";
import { impossible, patches, templatePatch, type VerbOutcome, withoutTemplate } from "./verb.ts";

const lists = ["initContainers", "containers", "ephemeralContainers"] as const;

interface Named {
  readonly name?: unknown;
}

/**
 * `set image NAME CONTAINER=IMAGE`. The plugin replaces the object as a whole, which fails after any other write to it;
 * here the patch fails only when the container is no longer where it was.
 *
 * @param container a container's name, or `*` for all of them
 */
export function setImage(rollout: Rollout, container: string, image: string): VerbOutcome {
  const pod = rollout.spec.template?.spec as Readonly<Partial<Record<string, readonly Named[] | null>>> | undefined;
  if (pod === undefined) return withoutTemplate(rollout);
  const operations = lists.flatMap((list) =>
    (pod[list] ?? []).flatMap(({ name }, index) => {
      if (container !== "*" && name !== container) return [];
      const path = `/spec/template/spec/${list}/${index}`;
      return [
        { op: "test", path: `${path}/name`, value: name ?? null } as const,
        // `add` also replaces an existing member of an object.
        { op: "add", path: `${path}/image`, value: image } as const,
      ];
    }),
  );
  return operations.length === 0
    ? impossible(`unable to find container named "${container}"`)
    : patches(templatePatch(rollout, operations));
}
