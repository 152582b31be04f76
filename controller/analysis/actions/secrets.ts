/** Reads Secrets when something is measured. They are held for a moment only, and nothing is watched. */
import { objectPath } from "../../../kube/client/path.ts";
import { readIfThere } from "../../../kube/client/readIfThere.ts";
import { SECRETS } from "../../../kube/client/resources.ts";
import type { KubeClient } from "../../../kube/client/transport.ts";
import type { Clock } from "../../../kube/clock/clock.ts";

/** Keys with their decoded values. */
export type SecretData = Readonly<Record<string, string>>;

/** @returns undefined: there is none. @throws {ApiError} and Error for a name that no Secret can have */
export type ReadSecret = (namespace: string, name: string) => Promise<SecretData | undefined>;

interface RawSecret {
  readonly data?: Readonly<Record<string, string>> | null;
}

/** The metrics of a run, and runs of one owner, are measured at about the same time. */
const KEPT_MS = 5_000;
const TIMEOUT_MS = 5_000;

export function createSecretReader(client: Pick<KubeClient, "request">, clock: Clock): ReadSecret {
  const known = new Map<string, Promise<SecretData | undefined>>();
  return (namespace, name) => {
    const path = objectPath(SECRETS, { namespace, name });
    const held = known.get(path);
    if (held !== undefined) return held;
    const read = readIfThere<RawSecret>(client, path, { timeoutMs: TIMEOUT_MS }).then((secret) =>
      secret === undefined ? undefined : decoded(secret),
    );
    known.set(path, read);
    const forget = (): void => void (known.get(path) === read && known.delete(path));
    clock.after(KEPT_MS, forget);
    // A failure is not kept. Whoever asked sees it.
    read.catch(forget);
    return read;
  };
}

const decoded = ({ data }: RawSecret): SecretData =>
  Object.fromEntries(Object.entries(data ?? {}).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]));
