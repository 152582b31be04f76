/** The Secret of the certificates: from its data to the parts that fit together, and from a plan to new data. */
import type { CertificatePlan, Stored } from "./certificates.ts";
import {
  type Certificate,
  isKeyOf,
  isSignedBy,
  type KeyedCertificate,
  makeAuthority,
  makeServing,
  readCertificates,
} from "./x509.ts";

export interface Secret {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [other: string]: unknown;
  };
  readonly type?: string;
  readonly immutable?: boolean;
  readonly data?: Readonly<Record<string, string>>;
}

/** Named as cert-manager and `kubectl create secret tls` do; `ca.crt` holds all trusted CAs, the signing one first. */
const FIELDS = { authorities: "ca.crt", authorityKey: "ca.key", serving: "tls.crt", servingKey: "tls.key" } as const;

/** The usable parts of a Secret. Never throws: contents that cannot be used are named in `problems`. */
export async function inspect(secret: Secret): Promise<Stored> {
  const text = (field: string): string => decoded(secret.data?.[field]);
  const problems: string[] = [];
  const [first, ...others] = await authoritiesIn(text(FIELDS.authorities));
  if (first === undefined) problems.push(`${FIELDS.authorities} holds no CA`);
  const authority = await withKey(first, text(FIELDS.authorityKey));
  if (first !== undefined && authority === undefined) {
    problems.push(`${FIELDS.authorityKey} is not the key of the first CA in ${FIELDS.authorities}`);
  }
  const previous = authority === undefined && first !== undefined ? [first, ...others] : others;
  const trusted = authority === undefined ? previous : [authority, ...previous];
  const [leaf] = readCertificates(text(FIELDS.serving));
  const serving = await withKey(leaf, text(FIELDS.servingKey));
  if (leaf === undefined) problems.push(`${FIELDS.serving} holds no certificate`);
  else if (serving === undefined) problems.push(`${FIELDS.servingKey} is not the key of ${FIELDS.serving}`);
  const signer = serving === undefined ? undefined : await signerOf(serving, trusted);
  return { authority, previous, serving, signer: signer?.serial, problems };
}

/** Only whole ones: the API server refuses a caBundle with a part that it cannot read. */
async function authoritiesIn(text: string): Promise<Certificate[]> {
  const found: Certificate[] = [];
  for (const certificate of readCertificates(text)) {
    if (certificate.isAuthority && (await isSignedBy(certificate, certificate))) found.push(certificate);
  }
  return found;
}

async function withKey(certificate: Certificate | undefined, key: string): Promise<KeyedCertificate | undefined> {
  return certificate !== undefined && (await isKeyOf(certificate, key)) ? { ...certificate, key } : undefined;
}

async function signerOf(certificate: Certificate, trusted: readonly Certificate[]): Promise<Certificate | undefined> {
  for (const authority of trusted) if (await isSignedBy(certificate, authority)) return authority;
  return undefined;
}

/** The data that a plan asks for; new keys are made here. `stored` is what the plan was decided on. */
export async function dataFor(
  plan: Extract<CertificatePlan, { kind: "write" }>,
  stored: Stored | undefined,
): Promise<Record<string, string>> {
  const authority = plan.authority.kind === "make" ? await makeAuthority(plan.authority.validity) : stored?.authority;
  if (authority === undefined) throw new Error("A plan keeps a CA that is not there");
  const serving =
    plan.serving.kind === "make"
      ? await makeServing(authority, plan.serving.names, plan.serving.validity)
      : stored?.serving;
  if (serving === undefined) throw new Error("A plan keeps a serving certificate that is not there");
  return {
    [FIELDS.authorities]: encoded([authority, ...plan.previous].map(({ pem }) => pem).join("")),
    [FIELDS.authorityKey]: encoded(authority.key),
    [FIELDS.serving]: encoded(serving.pem),
    [FIELDS.servingKey]: encoded(serving.key),
  };
}

/** `old` with new data: everything else in it stays, whoever wrote it. */
export function secretWith(name: string, namespace: string, data: Record<string, string>, old?: Secret): Secret {
  const labels = { ...old?.metadata.labels, "app.kubernetes.io/managed-by": "sluice" };
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: old?.type ?? "kubernetes.io/tls",
    metadata: { ...old?.metadata, name, namespace, labels },
    data,
  };
}

const encoded = (text: string): string => new TextEncoder().encode(text).toBase64();

const decoded = (text: string | undefined): string => {
  try {
    return new TextDecoder().decode(Uint8Array.fromBase64(text ?? ""));
  } catch {
    return "";
  }
};
