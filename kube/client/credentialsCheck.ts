/** Finds the mistakes in credentials that show without a connection, and that no retry would mend. */
import type { CredentialOptions, Credentials } from "./credentials.ts";
import { shownServer } from "./errorText.ts";
import { CredentialsError } from "./kubeconfig.ts";

/**
 * @param options flags that name files, for messages
 * @throws {CredentialsError} naming what cannot be used, and why
 */
export function checkCredentials(credentials: Credentials, options: CredentialOptions = {}): void {
  const { server, source } = credentials;
  if (!/^https?:\/\/[^/]/.test(server) || !URL.canParse(server)) {
    throw new CredentialsError(
      `Cannot use the server "${shownServer(server)}" of ${source}: write it like https://host:6443`,
    );
  }
  const { ca, cert, key } = credentials.tls() ?? {};
  const parts = [
    ["certificate authority", "CERTIFICATE", ca, options.certificateAuthority],
    ["client certificate", "CERTIFICATE", cert, options.clientCertificate],
    ["client key", "PRIVATE KEY", key, options.clientKey],
  ] as const;
  for (const [what, label, text, path] of parts) {
    if (text === undefined || isPem(text, label)) continue;
    throw new CredentialsError(
      `Cannot use the ${what} ${path ?? `of ${source}`}: it holds no whole "-----BEGIN ${label}-----" in PEM`,
    );
  }
  if ((cert === undefined) !== (key === undefined)) {
    const [has, lacks] = cert === undefined ? ["key", "certificate"] : ["certificate", "key"];
    throw new CredentialsError(`Cannot use the client ${has} of ${source} without its client ${lacks}`);
  }
}

/** Whether there is a block, and each one of this label (a key may be an "EC PRIVATE KEY") is a whole DER sequence. */
export function isPem(text: string, label: string): boolean {
  const blocks = text.matchAll(/-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g);
  const ours = [...blocks].flatMap(([, name = "", body = ""]) => (name.endsWith(label) ? [body] : []));
  const begun = text.split(`${label}-----`).length - 1;
  return ours.length > 0 && begun === 2 * ours.length && ours.every(isSequence);
}

/** A PEM body: DER's tag of a sequence, and as many bytes as its length gives. Encrypted keys do not match. */
function isSequence(body: string): boolean {
  const bytes = Buffer.from(body, "base64");
  const [tag, first = 0] = bytes;
  if (tag !== 0x30) return false;
  if (first < 0x80) return bytes.length === 2 + first;
  const size = first - 0x80;
  if (size < 1 || size > 4 || bytes.length < 2 + size) return false;
  return bytes.length === 2 + size + bytes.readUIntBE(2, size);
}
