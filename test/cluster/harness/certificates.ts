// reflect-metadata has to be loaded before @peculiar/x509: its decorators register on it while the module is evaluated.
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
  type X509Certificate,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 24 * 60 * 60 * 1000;

/** A key pair as PEM texts (PKCS #8 and SPKI). */
export interface KeyPems {
  readonly key: string;
  readonly publicKey: string;
}

/** A certificate and its private key as PEM texts. */
export interface CertificatePems {
  readonly cert: string;
  readonly key: string;
}

/** A throw-away certificate authority, which lives in this process and in the files of one control plane. */
export interface Authority {
  /** The CA certificate, PEM. */
  readonly ca: string;
  server(names: { dns: readonly string[]; ip: readonly string[] }): Promise<CertificatePems>;
  /** A client certificate of the given user; by default in group system:masters, so that every request is allowed. */
  client(user: string, group?: string): Promise<CertificatePems>;
}

const newKeys = () => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<CryptoKeyPair>;

const keyPem = async (keys: CryptoKeyPair): Promise<string> =>
  PemConverter.encode(await crypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY");

/** A fresh P-256 key pair, such as the API server uses for service account tokens. */
export async function newKeyPems(): Promise<KeyPems> {
  const keys = await newKeys();
  const spki = await crypto.subtle.exportKey("spki", keys.publicKey);
  return { key: await keyPem(keys), publicKey: PemConverter.encode(spki, "PUBLIC KEY") };
}

/** Valid from a day ago (clocks may disagree) for a month from now. */
const validity = () => ({ notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + 30 * dayMs) });

const serial = () =>
  crypto
    .getRandomValues(new Uint8Array(8))
    .toHex()
    .replace(/^[89a-f]/, "7");

async function selfSigned(keys: CryptoKeyPair): Promise<X509Certificate> {
  return X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(),
    name: "CN=sluice-test-ca",
    ...validity(),
    signingAlgorithm: algorithm,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
    ],
  });
}

/** Makes a CA with a fresh key; every certificate has a key of its own. */
export async function newAuthority(): Promise<Authority> {
  const caKeys = await newKeys();
  const ca = await selfSigned(caKeys);

  const issue = async (subject: string, usage: ExtendedKeyUsage, san?: SubjectAlternativeNameExtension) => {
    const keys = await newKeys();
    const cert = await X509CertificateGenerator.create({
      serialNumber: serial(),
      subject,
      issuer: ca.subject,
      ...validity(),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: caKeys.privateKey,
      extensions: [
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...(san === undefined ? [] : [san]),
      ],
    });
    return { cert: cert.toString("pem"), key: await keyPem(keys) };
  };

  return {
    ca: ca.toString("pem"),
    server: ({ dns, ip }) =>
      issue(
        `CN=${dns[0] ?? ip[0] ?? "server"}`,
        ExtendedKeyUsage.serverAuth,
        new SubjectAlternativeNameExtension([
          ...dns.map((value) => ({ type: "dns" as const, value })),
          ...ip.map((value) => ({ type: "ip" as const, value })),
        ]),
      ),
    client: (user, group = "system:masters") => issue(`O=${group},CN=${user}`, ExtendedKeyUsage.clientAuth),
  };
}
