import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** One write as the API server's audit log has it. Times in ms since the epoch, with fractions. */
export interface Write {
  readonly user: string;
  readonly userAgent: string;
  readonly verb: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly code: number;
  readonly receivedMs: number;
  readonly doneMs: number;
}

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** Timestamps carry microseconds, of which Date keeps only the first three digits. */
const toMs = (timestamp: string): number =>
  Date.parse(`${timestamp.slice(0, 19)}Z`) + Number(`0${timestamp.slice(19, -1)}`) * 1000;

function writeOf(event: AuditEvent): Write {
  const { objectRef = {} } = event;
  return {
    user: event.user.username,
    userAgent: event.userAgent ?? "",
    verb: event.verb,
    resource: objectRef.resource ?? "",
    subresource: objectRef.subresource ?? "",
    namespace: objectRef.namespace ?? "",
    name: objectRef.name ?? "",
    code: event.responseStatus?.code ?? 0,
    receivedMs: toMs(event.requestReceivedTimestamp),
    doneMs: toMs(event.stageTimestamp),
  };
}

/** More than the longest line. */
const tailBytes = 64 * 1024;

/** Where the last whole line of an audit log ends now; `writesSince` reads from here. A line may be half written. */
export function auditMark(path: string): number {
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const start = Math.max(0, size - tailBytes);
    const tail = new Uint8Array(size - start);
    readSync(file, tail, 0, tail.length, start);
    return start + tail.lastIndexOf(0x0a) + 1;
  } finally {
    closeSync(file);
  }
}

/** The writes recorded after `mark`. A half-written last line is left out. */
export async function writesSince(path: string, mark: number): Promise<Write[]> {
  const text = await Bun.file(path).slice(mark).text();
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as AuditEvent]))
    .filter(({ stage }) => stage === "ResponseComplete")
    .map(writeOf);
}

/** Renewing a Lease is not a write of the work. */
export const isLease = ({ resource }: Write): boolean => resource === "leases";
export const isEvent = ({ resource }: Write): boolean => resource === "events";
/** A write on the objects that a controller works on. */
export const isObjectWrite = (write: Write): boolean => !isLease(write) && !isEvent(write);
