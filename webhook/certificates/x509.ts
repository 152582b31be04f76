/** Makes and reads the two kinds of certificates that the webhook needs: a CA's and a server's, ECDSA on P-256. */
import {
  bitString,
  concat,
  constructed,
  element,
  type Element,
  elementsOf,
  integer,
  oid,
  pem,
  pemBlocks,
  primitive,
  sequence,
  TAG,
  time,
  timeOf,
  utf8,
} from "./der.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** A certificate that was read. Its texts are PEM; times in milliseconds since the epoch. */
export interface Certificate {
  readonly pem: string;
  /** Hexadecimal; identifies the certificate. */
  readonly serial: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  /** From the subject alternative name: DNS names and IPv4 addresses, as text. */
  readonly names: readonly string[];
  readonly isAuthority: boolean;
}

/** With the private key that belongs to it, PEM (PKCS #8). Never log one. */
export interface KeyedCertificate extends Certificate {
  readonly key: string;
}

export interface Validity {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const OID = {
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
  commonName: "2.5.4.3",
  subjectKeyId: "2.5.29.14",
  keyUsage: "2.5.29.15",
  alternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  authorityKeyId: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
} as const;

/** A CA with a name of its own, so that several can be in one bundle and each certificate finds its issuer there. */
export async function makeAuthority(validity: Validity): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const serial = newSerial();
  const subject = nameOf(`sluice-webhook-ca-${serial.toHex()}`);
  const spki = await spkiOf(keys.publicKey);
  const keyId = await keyIdOf(spki);
  const extensions = [
    extension(
      OID.basicConstraints,
      true,
      sequence(element(TAG.boolean, Uint8Array.of(0xff)), integer(Uint8Array.of(0))),
    ),
    extension(OID.keyUsage, true, bitString(Uint8Array.of(0x06), 1)), // signs certificates and revocation lists
    extension(OID.subjectKeyId, false, element(TAG.octetString, keyId)),
  ];
  return keyed(await sign({ serial, issuer: subject, subject, validity, spki, extensions }, keys.privateKey), keys);
}

/** A serving certificate for `names` (DNS names and IPv4 addresses), signed by `authority`. */
export async function makeServing(
  authority: KeyedCertificate,
  names: readonly string[],
  validity: Validity,
): Promise<KeyedCertificate> {
  const keys = await newKeys();
  const signer = await privateKeyOf(authority.key);
  const issuer = fieldsOf(derOf(authority.pem));
  const spki = await spkiOf(keys.publicKey);
  const issuerKeyId = await keyIdOf(issuer.spki);
  const extensions = [
    extension(OID.basicConstraints, true, sequence()),
    extension(OID.keyUsage, true, bitString(Uint8Array.of(0x80), 7)), // signs handshakes
    extension(OID.extendedKeyUsage, false, sequence(oid(OID.serverAuth))),
    extension(OID.subjectKeyId, false, element(TAG.octetString, await keyIdOf(spki))),
    extension(OID.authorityKeyId, false, sequence(element(primitive(0), issuerKeyId))),
    extension(OID.alternativeName, false, sequence(...names.map(generalName))),
  ];
  const subject = nameOf("sluice-webhook");
  return keyed(
    await sign({ serial: newSerial(), issuer: issuer.subject, subject, validity, spki, extensions }, signer),
    keys,
  );
}

/** All certificates in a PEM text, in its order; those that cannot be read are left out. */
export function readCertificates(text: string): Certificate[] {
  try {
    return pemBlocks(text, "CERTIFICATE").flatMap((der) => {
      try {
        return [certificateOf(der)];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}

/** Whether `key` (PEM) is the private key of `certificate`. Never throws. */
export async function isKeyOf(certificate: Certificate, key: string): Promise<boolean> {
  try {
    const probe = new TextEncoder().encode(certificate.serial);
    const signature = await crypto.subtle.sign(algorithm, await privateKeyOf(key), probe);
    const { spki } = fieldsOf(derOf(certificate.pem));
    return await crypto.subtle.verify(algorithm, await publicKeyOf(spki), signature, probe);
  } catch {
    return false;
  }
}

/** Whether `authority` has signed `certificate`. Never throws. */
export async function isSignedBy(certificate: Certificate, authority: Certificate): Promise<boolean> {
  try {
    const fields = fieldsOf(derOf(certificate.pem));
    const signer = fieldsOf(derOf(authority.pem));
    if (!Buffer.from(fields.issuer).equals(signer.subject)) return false;
    const given = fields.signature.subarray(1);
    const [r, s] = elementsOf(one(given).body);
    if (r === undefined || s === undefined) return false;
    const halves = [fixed(r.body), fixed(s.body)];
    if (!Buffer.from(sequence(...halves.map(integer))).equals(given)) return false;
    return await crypto.subtle.verify(algorithm, await publicKeyOf(signer.spki), concat(halves), fields.tbs);
  } catch {
    return false;
  }
}

interface ToSign {
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly subject: Bytes;
  readonly validity: Validity;
  readonly spki: Bytes;
  readonly extensions: readonly Bytes[];
}

async function sign(what: ToSign, key: CryptoKey): Promise<Bytes> {
  const { serial, issuer, subject, validity, spki, extensions } = what;
  const method = sequence(oid(OID.ecdsaWithSha256));
  const tbs = sequence(
    element(constructed(0), integer(Uint8Array.of(2))), // version 3
    integer(serial),
    method,
    issuer,
    sequence(time(validity.notBeforeMs), time(validity.notAfterMs)),
    subject,
    spki,
    element(constructed(3), sequence(...extensions)),
  );
  const raw = new Uint8Array(await crypto.subtle.sign(algorithm, key, tbs));
  const signature = sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
  return sequence(tbs, method, bitString(signature));
}

async function keyed(der: Bytes, keys: CryptoKeyPair): Promise<KeyedCertificate> {
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", keys.privateKey));
  return { ...certificateOf(der), key: pem(pkcs8, "PRIVATE KEY") };
}

interface Fields {
  readonly tbs: Bytes;
  readonly signature: Bytes;
  readonly serial: Bytes;
  readonly issuer: Bytes;
  readonly validity: Bytes;
  readonly subject: Bytes;
  readonly spki: Bytes;
  readonly extensions: readonly Element[];
}

/** @throws Error when it is not a certificate of version 3, signed with ECDSA and SHA-256 */
function fieldsOf(der: Bytes): Fields {
  const [tbs, , signature] = elementsOf(one(der).body);
  const [version, serial, , issuer, validity, subject, spki, ...rest] = elementsOf(tbs?.body ?? new Uint8Array());
  if (tbs === undefined || signature === undefined || version?.tag !== constructed(0)) throw new Error("not version 3");
  if (serial === undefined || issuer === undefined || validity === undefined) throw new Error("it lacks fields");
  if (subject === undefined || spki === undefined) throw new Error("it lacks fields");
  // What surrounds the signed part must not differ either: a TLS library would not load it.
  const whole = sequence(tbs.raw, sequence(oid(OID.ecdsaWithSha256)), bitString(signature.body.subarray(1)));
  if (!Buffer.from(whole).equals(der)) throw new Error("not one of ours");
  const block = rest.find(({ tag }) => tag === constructed(3));
  return {
    tbs: tbs.raw,
    signature: signature.body,
    serial: serial.body,
    issuer: issuer.raw,
    validity: validity.body,
    subject: subject.raw,
    spki: spki.raw,
    extensions: block === undefined ? [] : elementsOf(one(block.body).body),
  };
}

function certificateOf(der: Bytes): Certificate {
  const { serial, validity, extensions } = fieldsOf(der);
  const [notBefore, notAfter] = elementsOf(validity);
  if (notBefore === undefined || notAfter === undefined) throw new Error("it lacks a validity");
  const valueOf = (id: string): Bytes | undefined => {
    const name = oid(id);
    const found = extensions.find(({ body }) => Buffer.from(body.subarray(0, name.length)).equals(name));
    return found === undefined ? undefined : one(elementsOf(found.body).at(-1)?.body ?? new Uint8Array()).body;
  };
  const constraints = elementsOf(valueOf(OID.basicConstraints) ?? new Uint8Array());
  return {
    pem: pem(der, "CERTIFICATE"),
    serial: serial.toHex(),
    notBeforeMs: timeOf(notBefore),
    notAfterMs: timeOf(notAfter),
    names: elementsOf(valueOf(OID.alternativeName) ?? new Uint8Array()).flatMap(nameText),
    isAuthority: constraints[0]?.tag === TAG.boolean && constraints[0].body[0] === 0xff,
  };
}

const one = (bytes: Bytes): Element => {
  const [first, ...more] = elementsOf(bytes);
  if (first === undefined || more.length > 0) throw new Error("one element was expected");
  return first;
};

const derOf = (text: string): Bytes => {
  const [der] = pemBlocks(text, "CERTIFICATE");
  if (der === undefined) throw new Error("no certificate in the text");
  return der;
};

/** 16 random bytes; the first one is neither 0 nor so large that the number would be negative. */
const newSerial = (): Bytes => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
};

const nameOf = (commonName: string): Bytes =>
  sequence(element(TAG.set, sequence(oid(OID.commonName), utf8(commonName))));

const extension = (id: string, critical: boolean, value: Uint8Array): Bytes =>
  sequence(oid(id), ...(critical ? [element(TAG.boolean, Uint8Array.of(0xff))] : []), element(TAG.octetString, value));

const ipv4 = /^\d{1,3}(\.\d{1,3}){3}$/;

const generalName = (name: string): Bytes =>
  ipv4.test(name)
    ? element(primitive(7), Uint8Array.from(name.split("."), Number))
    : element(primitive(2), new TextEncoder().encode(name));

const nameText = ({ tag, body }: Element): string[] => {
  if (tag === primitive(2)) return [new TextDecoder().decode(body)];
  return tag === primitive(7) && body.length === 4 ? [body.join(".")] : [];
};

/** An INTEGER's contents as 32 bytes. */
const fixed = (bytes: Bytes): Bytes => {
  const digits = bytes.subarray(Math.max(0, bytes.length - 32));
  return concat([new Uint8Array(32 - digits.length), digits]);
};

const newKeys = (): Promise<CryptoKeyPair> => crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);

const spkiOf = async (key: CryptoKey): Promise<Bytes> => new Uint8Array(await crypto.subtle.exportKey("spki", key));

const keyIdOf = async (spki: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest("SHA-256", spki)).subarray(0, 20);

const publicKeyOf = (spki: Bytes): Promise<CryptoKey> =>
  crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);

const privateKeyOf = async (text: string): Promise<CryptoKey> => {
  const [der] = pemBlocks(text, "PRIVATE KEY");
  if (der === undefined) throw new Error("no private key in the text");
  return crypto.subtle.importKey("pkcs8", der, algorithm, false, ["sign"]);
};
