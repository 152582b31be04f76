/** Carries out what webhook/certificates decides, and passes the serving certificate on. */
import type { Clock } from "../../kube/clock/clock.ts";
import type { Log } from "../../controller/process/log.ts";
import { isConflict, isNotFound } from "../../kube/client/apiError.ts";
import { type ApiPath, objectPath } from "../../kube/client/path.ts";
import { SECRETS } from "../../kube/client/resources.ts";
import type { KubeClient } from "../../kube/client/transport.ts";
import {
  type CertificatePlan,
  decideCertificates,
  type Lifetimes,
  salvaged,
  type Stored,
  trustedBy,
} from "../certificates/certificates.ts";
import { dataFor, inspect, type Secret, secretWith } from "../certificates/secret.ts";
import type { KeyedCertificate } from "../certificates/x509.ts";
import type { WatchedObject } from "./keeperWatches.ts";
import type { ServingCertificate } from "../http/server.ts";

/** What to serve from now on. The key must not be logged. */
export interface KeptCertificate extends ServingCertificate {
  /** The CAs that the API server trusts, PEM: a client of ours can test the certificate with them. */
  readonly ca: string;
  readonly serial: string;
}

export interface CertificateOptions {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly log: Log;
  readonly namespace: string;
  /** Name of the Secret. */
  readonly name: string;
  readonly servingNames: readonly string[];
  readonly lifetimes: Lifetimes;
  readonly secret: WatchedObject<Secret>;
  /** Resolves when the certificate is served. */
  readonly serve: (certificate: KeptCertificate) => void | Promise<void>;
}

export interface CertificateTurn {
  /** What is in the Secret now; nothing in it needs to be replaced before `wakeAtMs`. */
  readonly stored: Stored;
  readonly wakeAtMs: number;
  /**
   * Resolves when that is served; rejects with what `serve` throws. A change takes seconds, in which connections move
   * over. The caBundle must not wait for it: after an emergency the new certificate needs it to be trusted.
   */
  readonly served: Promise<void>;
}

/** How many times another writer may be faster; after that the turn starts over. */
const triesLimit = 5;
const writeTimeoutMs = 5_000;

/** @returns a turn: puts the Secret in order and serves what it holds. The turn throws ApiErrors. */
export function createCertificates(options: CertificateOptions): () => Promise<CertificateTurn> {
  const { clock, log, servingNames, lifetimes, secret } = options;
  let remembered: Stored | undefined;
  let served = "";
  const inspected = inspectOnce();

  const serve = async (serving: KeyedCertificate, stored: Stored): Promise<void> => {
    const { pem, key, serial, notAfterMs } = serving;
    if (served === pem) return;
    const ca = trustedBy(stored)
      .map(({ pem }) => pem)
      .join("");
    await options.serve({ pem, key, ca, serial, notAfterMs });
    served = pem;
    log.info("Serving the webhook's certificate", { serial, until: new Date(notAfterMs).toISOString() });
  };
  return async () => {
    for (let tries = 1; ; tries += 1) {
      const current = secret.current();
      const found = current === undefined ? undefined : await inspected(current);
      const stored = salvaged(found, remembered);
      const plan = decideCertificates(stored, clock.now(), servingNames, lifetimes);
      if (plan.kind === "keep") {
        if (stored?.serving === undefined) throw new Error("A plan keeps a serving certificate that is not there");
        remembered = stored;
        return { stored, wakeAtMs: plan.wakeAtMs, served: serve(stored.serving, stored) };
      }
      if (tries > triesLimit) throw new Error(`Others keep writing the Secret "${options.namespace}/${options.name}"`);
      log.info("Renewing the webhook's certificates", { reason: plan.reason });
      await write(options, plan, stored, current);
    }
  };
}

/** Reading keys and verifying signatures takes a millisecond, and the same Secret is read every few seconds. */
function inspectOnce(): (secret: Secret) => Promise<Stored> {
  let last: { readonly secret: Secret; readonly stored: Stored } | undefined;
  return async (secret) => {
    if (last?.secret !== secret) last = { secret, stored: await inspect(secret) };
    return last.stored;
  };
}

/** One attempt to write what is planned. If another replica was faster, what it wrote is read instead. */
async function write(
  { client, namespace, name, secret }: CertificateOptions,
  plan: Extract<CertificatePlan, { kind: "write" }>,
  stored: Stored | undefined,
  current: Secret | undefined,
): Promise<void> {
  const path = objectPath(SECRETS, { namespace, name });
  const body = secretWith(name, namespace, await dataFor(plan, stored), current);
  try {
    secret.learned(
      await client.request<Secret>(
        current === undefined
          ? {
              // Applied instead of posted, so that RBAC can allow this name alone; with a field manager of our own and
              // without force, so that when two replicas create it the second gets a conflict.
              method: "PATCH",
              path,
              query: { fieldManager: `sluice-${crypto.randomUUID().slice(0, 8)}` },
              contentType: "application/apply-patch+yaml",
              body,
              timeoutMs: writeTimeoutMs,
            }
          : { method: "PUT", path, query: { fieldManager: "sluice" }, body, timeoutMs: writeTimeoutMs },
      ),
    );
  } catch (error) {
    if (!isConflict(error) && !isNotFound(error)) throw error;
    await readAgain(client, path, secret);
  }
}

async function readAgain(client: KubeClient, path: ApiPath, secret: WatchedObject<Secret>): Promise<void> {
  try {
    secret.learned(await client.request<Secret>({ method: "GET", path, timeoutMs: writeTimeoutMs }));
  } catch (error) {
    if (!isNotFound(error)) throw error;
    secret.gone();
  }
}
