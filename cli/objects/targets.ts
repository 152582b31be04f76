/** Which objects a command is about: by their names, by labels, or all of a namespace. */
import { type Command, Option } from "commander";
import type { Cluster } from "../../controller/acting/cluster.ts";
import { Refused } from "../../controller/acting/failure.ts";
import type { TargetKind } from "../../controller/acting/targets.ts";
import { pagesOf } from "../../kube/client/pagedLists.ts";
import { canBeName, collectionPath } from "../../kube/client/path.ts";
import type { KubeObject } from "../../kube/runtime/watch.ts";
import { booleanFlag } from "../flagValues.ts";

export interface Wanted {
  readonly names: readonly string[];
  /** As `-l` takes it. */
  readonly selector: string | undefined;
  readonly all: boolean;
}

export function withTargetFlags(command: Command): Command {
  return command
    .addOption(new Option("-l, --selector <selector>", "those with these labels, such as app=web,tier!=db"))
    .addOption(booleanFlag("--all", "all of the namespace"));
}

/** Undefined: nothing was named. @throws {Refused} when it was named in two ways */
export function wantedOf(command: Command, names: readonly string[]): Wanted | undefined {
  const { selector, all } = command.opts<{ selector?: string; all: boolean }>();
  const ways = [names.length > 0, selector !== undefined, all].filter(Boolean).length;
  if (ways > 1) throw new Refused("give names, --selector or --all: one of them");
  return ways === 0 ? undefined : { names, selector, all };
}

/**
 * Their names, in the order of the list, or as given. `rollout/web` and `rollout.argoproj.io/web` are names, too.
 * @throws {Refused} for what no object can be called
 * @throws {ApiError}
 */
export async function targetsOf(cluster: Cluster, kind: TargetKind, wanted: Wanted): Promise<readonly string[]> {
  if (wanted.names.length > 0) return [...new Set(wanted.names.map((name) => plainName(kind, name)))];
  const { client, namespace, signal } = cluster;
  const { resource } = kind;
  const names: string[] = [];
  const query = { labelSelector: wanted.selector };
  const pages = pagesOf<KubeObject>({ client, path: collectionPath(resource, namespace), query, signal });
  for await (const { items } of pages) names.push(...(items ?? []).map(({ metadata }) => metadata.name ?? ""));
  return names;
}

function plainName({ word, aliases, resource }: TargetKind, given: string): string {
  const [before = "", name] = given.split("/");
  const kinds = [word, ...aliases].flatMap((each) => [each, `${each}.${resource.group}`]);
  const plain = name !== undefined && kinds.includes(before.toLowerCase()) ? name : given;
  if (canBeName(plain)) return plain;
  throw new Refused(`"${plain.slice(0, 80)}" cannot be the name of ${word === "rollout" ? "a" : "an"} ${word}`);
}
