import { chmod, mkdir } from "node:fs/promises";
import { join } from "node:path";
import { type Authority, type CertificatePems, newAuthority, newKeyPems } from "./certificates.ts";

/** The files of one control plane, by what they hold. */
export interface PlaneFiles {
  readonly dir: string;
  readonly authority: Authority;
  /** Path of the CA certificate. */
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly tokenKey: string;
  readonly tokenPublicKey: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  readonly etcdData: string;
  readonly logs: string;
}

/** "writes" records each write once, with user and user agent; "everything" also reads and non-resource requests. */
export type Audited = "writes" | "everything";

const auditPolicy = (audited: Audited) => ({
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    ...(audited === "everything"
      ? []
      : [
          { level: "None", verbs: ["get", "list", "watch"] },
          { level: "None", nonResourceURLs: ["*"] },
        ]),
    { level: "Metadata", omitManagedFields: true },
  ],
});

const write = async (path: string, text: string): Promise<string> => {
  await Bun.write(path, text);
  await chmod(path, 0o600);
  return path;
};

/** Makes the CA, the certificates and the configuration files of a control plane in `dir`. */
export async function planeFiles(dir: string, audited: Audited = "writes"): Promise<PlaneFiles> {
  const pki = join(dir, "pki");
  await mkdir(pki, { recursive: true });
  await mkdir(join(dir, "logs"), { recursive: true });
  const authority = await newAuthority();
  const dns = ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"];
  const server = await authority.server({ dns, ip: ["127.0.0.1", "::1"] });
  const tokens = await newKeyPems();
  return {
    dir,
    authority,
    ca: await write(join(pki, "ca.crt"), authority.ca),
    serverCert: await write(join(pki, "server.crt"), server.cert),
    serverKey: await write(join(pki, "server.key"), server.key),
    tokenKey: await write(join(pki, "tokens.key"), tokens.key),
    tokenPublicKey: await write(join(pki, "tokens.pub"), tokens.publicKey),
    auditPolicy: await write(join(dir, "audit-policy.json"), JSON.stringify(auditPolicy(audited))),
    auditLog: join(dir, "audit.log"),
    etcdData: join(dir, "etcd"),
    logs: join(dir, "logs"),
  };
}

const base64 = (text: string): string => new TextEncoder().encode(text).toBase64();

/** Writes a kubeconfig that carries its certificates inside, so that a client needs this one file only. */
export async function writeKubeconfig(
  path: string,
  server: string,
  ca: string,
  client: CertificatePems,
): Promise<string> {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "sluice-test",
    clusters: [{ name: "sluice-test", cluster: { server, "certificate-authority-data": base64(ca) } }],
    users: [
      { name: "user", user: { "client-certificate-data": base64(client.cert), "client-key-data": base64(client.key) } },
    ],
    contexts: [{ name: "sluice-test", context: { cluster: "sluice-test", user: "user", namespace: "default" } }],
  };
  // JSON is valid YAML; every reader of kubeconfigs accepts it.
  return write(path, JSON.stringify(config, undefined, 2));
}
