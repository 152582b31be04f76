import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** One write as recorded in the API server's audit log. Times in ms since the epoch, with fractions. */
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

/** Any request, from a log of everything. Watches are recorded when they begin. */
export interface Request extends Write {
  readonly apiGroup: string;
  /** The path with its query. */
  readonly uri: string;
  /** The error message of the response; "" if it succeeded. */
  readonly message: string;
  /** The authorizer's decision: "allow" or "forbid"; "" when it was not asked. */
  readonly decision: string;
}

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly userAgent?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly objectRef?: {
    readonly apiGroup?: string;
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
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

/** Bytes; more than the longest line. */
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

/** A half-written last line is left out. */
async function eventsSince(path: string, mark: number): Promise<AuditEvent[]> {
  const text = await Bun.file(path).slice(mark).text();
  return text
    .slice(0, text.lastIndexOf("\n") + 1)
    .split("\n")
    .flatMap((line) => (line === "" ? [] : [JSON.parse(line) as AuditEvent]));
}

/** The writes recorded after `mark`. */
export async function writesSince(path: string, mark: number): Promise<Write[]> {
  const events = await eventsSince(path, mark);
  return events.filter(({ stage }) => stage === "ResponseComplete").map(writeOf);
}

/** All requests of one user, from the beginning. */
export async function requestsOf(path: string, user: string): Promise<Request[]> {
  const events = await eventsSince(path, 0);
  return events
    .filter(({ user: { username }, stage, verb }) => {
      return username === user && (stage === "ResponseComplete" || (stage === "ResponseStarted" && verb === "watch"));
    })
    .map((event) => ({
      ...writeOf(event),
      apiGroup: event.objectRef?.apiGroup ?? "",
      uri: event.requestURI,
      message: event.responseStatus?.message ?? "",
      decision: event.annotations?.["authorization.k8s.io/decision"] ?? "",
    }));
}

/** To leave out renewals of Leases, which are not part of the work. */
export const isLease = ({ resource }: Write): boolean => resource === "leases";
export const isEvent = ({ resource }: Write): boolean => resource === "events";
/** Whether it is a write on the objects that a controller works on. */
export const isObjectWrite = (write: Write): boolean => !isLease(write) && !isEvent(write);
