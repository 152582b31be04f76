/**
 * Letting an object through against the rules is a user's decision, so an event on the object records it. A review
 * alone does not prove that anything was written: it may be forged, and a real write may still fail after us. So the
 * event is sent only for an object that is found stored, with the annotation and the spec that was judged; and it
 * quotes nothing from the review but texts that we have made ourselves.
 */
import type { EventReason } from "../../schema/reasons.ts";
import type { EventRecorder } from "../../kube/runtime/recorder.ts";
import { canBeName, collectionPath, nameSelector } from "../../kube/client/path.ts";
import { ADMITTED, isAdmitted } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import { BREAK_GLASS } from "../../schema/labels.ts";
import type { Override } from "../review/validate.ts";
import { type Complaints, createComplaints } from "../../controller/process/complaints.ts";
import type { Log } from "../../controller/process/log.ts";
import type { Clock } from "../../kube/clock/clock.ts";

export interface OverridePorts {
  readonly client: Pick<KubeClient, "request">;
  readonly clock: Clock;
  readonly log: Log;
  readonly events: Pick<EventRecorder, "record">;
  /** Reviews can come only from the API server: then the user that they name is true, and is shown. */
  readonly authenticated: boolean;
}

/** When to look for the stored object after the review: the write follows within milliseconds, or not at all. */
const readAfterMs: readonly number[] = [200, 2_000, 8_000];
/** Objects looked for at a time: forged reviews must not become a stream of requests. */
const mostSought = 32;
/** Remembered overrides that have their event: the same review again, forged or not, gives no second one. */
const mostRecorded = 1_000;
/** An event's message has at most 1,024 bytes. */
const messageLimit = 1_000;

interface StoredObject {
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: unknown;
}

/** @returns a function that takes note of an override and of the spec that was judged; it never waits, never throws */
export function recordOverrides(ports: OverridePorts): (override: Override, spec: unknown) => void {
  const { clock, log } = ports;
  const complaints = createComplaints(ports);
  const recorded = new Set<string>();
  let sought = 0;
  let crowded = false;

  const readStored = async (override: Override, digest: string, attempt: number): Promise<void> => {
    const found = await read(ports, override).catch((error: unknown) => {
      log.debug("Cannot read an object that was admitted against the rules", { name: override.name, error });
      return undefined;
    });
    const stored = found?.metadata.annotations?.[BREAK_GLASS] === "warn" && digestOf(found.spec) === digest;
    const laterMs = readAfterMs[attempt + 1];
    if (found !== undefined && stored) write({ ...ports, complaints }, recorded, override, found, digest);
    else if (laterMs !== undefined) return readLater(override, digest, attempt + 1, laterMs);
    sought--;
    if (sought === 0) crowded = false;
  };
  const readLater = (override: Override, digest: string, attempt: number, ms: number): void => {
    clock.after(ms, () => void readStored(override, digest, attempt));
  };
  return (override, spec) => {
    if (sought >= mostSought) {
      const message = "Too many objects are admitted against the rules at once: some get no event";
      if (!crowded) complaints.report({ about: "overrides", level: "warn", message });
      crowded = true;
      return;
    }
    sought++;
    readLater(override, digestOf(spec), 0, readAfterMs[0] ?? 0);
  };
}

async function read({ client }: OverridePorts, override: Override): Promise<StoredObject | undefined> {
  const { kind, namespace, name, uid } = override;
  if (!isAdmitted(kind) || !canBeName(name)) return undefined;
  const { items } = await client.request<{ readonly items?: readonly StoredObject[] | null }>({
    method: "GET",
    path: collectionPath(ADMITTED[kind], namespace === "" ? undefined : namespace),
    // A list, not a get: the permission to list is there for the watch and the audit.
    query: { fieldSelector: nameSelector(name) },
    timeoutMs: 5_000,
    retry: false,
  });
  return (items ?? []).find(({ metadata }) => uid === "" || metadata.uid === uid);
}

function write(
  { events, complaints, authenticated }: OverridePorts & { readonly complaints: Complaints },
  recorded: Set<string>,
  { kind, namespace, name, user, refusals }: Override,
  { metadata }: StoredObject,
  digest: string,
): void {
  const key = `${metadata.uid} ${digest}`;
  if (recorded.has(key)) return;
  recorded.add(key);
  for (const oldest of recorded) {
    if (recorded.size <= mostRecorded) break;
    recorded.delete(oldest);
  }
  const by = authenticated ? ` (${user})` : "";
  const message = `Admitted by the annotation ${BREAK_GLASS}${by} although ${refusals.join("; ")}`;
  const who = authenticated ? { user } : {};
  // A user who may write objects can do so without limit: each object gets its event, but many in one namespace are
  // logged in only a few lines.
  complaints.report({
    about: `overrides in ${namespace}`,
    level: "warn",
    message: "Admitted although it breaks the rules",
    fields: { kind, namespace, name, ...who, refusals: refusals.length },
    sameAs: `${kind} ${name}`,
  });
  events.record({
    object: {
      apiVersion: "argoproj.io/v1alpha1",
      kind,
      // Events on cluster-scoped objects are kept in "default".
      namespace: namespace === "" ? "default" : namespace,
      name,
      uid: metadata.uid ?? "",
      resourceVersion: metadata.resourceVersion,
    },
    type: "Warning",
    reason: "AdmissionOverridden" satisfies EventReason,
    message: message.slice(0, messageLimit),
  });
}

/** Equal for equal values, whatever the order of their members. */
function digestOf(value: unknown): string {
  const sorted = JSON.stringify(value ?? null, (_, member: unknown) =>
    typeof member === "object" && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).toSorted(([one], [other]) => (one < other ? -1 : 1)))
      : member,
  );
  return String(Bun.hash(sorted));
}
