/**
 * Decodes Kubernetes objects from protobuf, which kubectl's own commands (`kubectl create deployment`, `kubectl drain`)
 * send, into their form in JSON. Answers never need it: every client that sends protobuf accepts JSON.
 */
import { type Field, type Message, messageOf } from "./messageFields.ts";
import { type Reader, readerOf, type Wire } from "./wire.ts";

/** The bytes before every object, "k8s" and a zero. */
const magic = [0x6b, 0x38, 0x73, 0x00];

/** The field numbers of the envelope around every object. */
const envelope = { typeMeta: 1, raw: 2 };
const typeMeta = { apiVersion: 1, kind: 2 };

export interface Decoded {
  readonly apiVersion: string;
  readonly kind: string;
  /** Undefined when objects of this kind cannot be read. */
  readonly object: Readonly<Record<string, unknown>> | undefined;
}

/** @throws {Error} with the reason when this is not an object in protobuf */
export function decodeProtobuf(bytes: Uint8Array): Decoded {
  if (magic.some((byte, at) => bytes[at] !== byte)) throw new Error("the body does not begin as protobuf does");
  let apiVersion = "";
  let kind = "";
  let raw: Uint8Array = new Uint8Array();
  for (const [number, value] of readerOf(bytes.subarray(magic.length))) {
    if (number === envelope.raw) raw = bytesOf(value);
    if (number !== envelope.typeMeta) continue;
    for (const [inner, text] of readerOf(bytesOf(value))) {
      if (inner === typeMeta.apiVersion) apiVersion = textOf(text);
      if (inner === typeMeta.kind) kind = textOf(text);
    }
  }
  const message = messageOf(messageName(apiVersion, kind));
  if (message === undefined) return { apiVersion, kind, object: undefined };
  return { apiVersion, kind, object: { apiVersion, kind, ...membersOf(message, readerOf(raw)) } };
}

/** "rbac.authorization.k8s.io/v1 Role" → "rbac.v1.Role". */
function messageName(apiVersion: string, kind: string): string {
  if (kind === "DeleteOptions") return "apis.meta.v1.DeleteOptions";
  const [version = "", group = "core"] = apiVersion.split("/").toReversed();
  return `${group.split(".")[0] ?? ""}.${version}.${kind}`;
}

function membersOf(message: Message, reader: Reader): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [number, wire] of reader) {
    const field = message.get(number);
    // A newer client's field: as unknown as it would be in JSON, but without a name for a warning.
    if (field === undefined) continue;
    addMember(members, field, wire);
  }
  return members;
}

function addMember(members: Record<string, unknown>, field: Field, wire: Wire): void {
  const { name, many, type } = field;
  if (many === "map") {
    let key = "";
    let value: unknown = emptyOf(type);
    for (const [number, inner] of readerOf(bytesOf(wire))) {
      if (number === 1) key = textOf(inner);
      if (number === 2) value = valueOf(type, inner);
    }
    members[name] = { ...(members[name] as object | undefined), [key]: value };
    return;
  }
  const value = valueOf(type, wire);
  if (many === "inline") Object.assign(members, value);
  else if (many === "list") members[name] = [...((members[name] as unknown[] | undefined) ?? []), value];
  else if (value !== undefined) members[name] = value;
}

/**
 * Go also writes zero values of absent members. In objects the schema decides later which of them to drop; metadata is
 * read before that, and has no member whose zero value means something.
 */
const withoutZeros = (members: Readonly<Record<string, unknown>>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== "" && value !== 0));

const emptyOf = (type: string): unknown => (type === "text" || type === "bytes" ? "" : {});

function valueOf(type: string, wire: Wire): unknown {
  switch (type) {
    case "text":
      return textOf(wire);
    case "int":
      return intOf(wire);
    case "bool":
      return intOf(wire) !== 0;
    case "bytes":
      return bytesOf(wire).toBase64();
    default: {
      const special = specials[type];
      if (special !== undefined) return special(readerOf(bytesOf(wire)));
      const message = messageOf(type);
      if (message === undefined) throw new Error(`fields.txt refers to ${type}, which it does not have`);
      const members = membersOf(message, readerOf(bytesOf(wire)));
      return type === "apis.meta.v1.ObjectMeta" ? withoutZeros(members) : members;
    }
  }
}

/** The value of a field by its number. */
const fieldOf = (reader: Reader, wanted: number): Wire | undefined => {
  for (const [number, wire] of reader) if (number === wanted) return wire;
  return undefined;
};

const firstText = (reader: Reader): string => {
  const wire = fieldOf(reader, 1);
  return wire === undefined ? "" : textOf(wire);
};

const firstJson = (reader: Reader): unknown => {
  const text = firstText(reader);
  return text === "" ? undefined : (JSON.parse(text) as unknown);
};

/** RFC 3339; undefined for Go's zero time, which is null in JSON. */
const timeOf =
  (digits: number) =>
  (reader: Reader): string | undefined => {
    const fields = new Map(reader);
    const seconds = fields.get(1);
    if (seconds === undefined) return undefined;
    const nanos = fields.get(2);
    const micros = Math.floor((nanos === undefined ? 0 : intOf(nanos)) / 1_000);
    const whole = new Date(intOf(seconds) * 1_000).toISOString().slice(0, 19);
    return digits === 0 ? `${whole}Z` : `${whole}.${String(micros).padStart(digits, "0")}Z`;
  };

/** Messages whose JSON does not follow from their fields. */
const specials: Readonly<Record<string, (reader: Reader) => unknown>> = {
  "api.resource.Quantity": firstText,
  "apis.meta.v1.Time": timeOf(0),
  "apis.meta.v1.MicroTime": timeOf(6),
  "apis.meta.v1.FieldsV1": firstJson,
  "runtime.RawExtension": firstJson,
  "util.intstr.IntOrString": (reader) => {
    const fields = new Map(reader);
    const [isText, int, text] = [fields.get(1), fields.get(2), fields.get(3)];
    if (isText !== undefined && intOf(isText) === 1) return text === undefined ? "" : textOf(text);
    return int === undefined ? 0 : intOf(int);
  },
};

function bytesOf(wire: Wire): Uint8Array {
  if (wire instanceof Uint8Array) return wire;
  throw new Error("a number stands where protobuf has bytes");
}

const decoder = new TextDecoder("utf-8", { fatal: true });

const textOf = (wire: Wire): string => decoder.decode(bytesOf(wire));

function intOf(wire: Wire): number {
  if (typeof wire === "bigint") return Number(BigInt.asIntN(64, wire));
  throw new Error("bytes stand where protobuf has a number");
}
