/** What a PATCH does with an object, by its content type. */
import { applyJsonPatch } from "../patch/jsonPatch.ts";
import { applyMergePatch } from "../patch/mergePatch.ts";
import { applyStrategicMerge } from "../patch/strategicMerge.ts";
import { builtinSchema } from "../schema/builtin.ts";
import type { Call } from "./call.ts";
import { StatusError } from "./statusError.ts";

export const applyPatchType = "application/apply-patch+yaml";

const ofBuiltins = [
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  applyPatchType,
  "application/apply-patch+cbor",
];
const ofCustom = ofBuiltins.filter((type) => !type.startsWith("application/strategic"));

const unsupported = (supported: readonly string[]): StatusError =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`,
    {},
  );

/** @throws {StatusError} 415; what it returns throws when the patch does not fit */
export const patcherOf = ({ request, route: { kind } }: Call): ((shown: object) => unknown) => {
  const { body } = request;
  switch (request.contentType) {
    case "application/json-patch+json":
      return (shown) => applyJsonPatch(shown, body);
    case "application/merge-patch+json":
      return (shown) => applyMergePatch(shown, body);
    case "application/strategic-merge-patch+json": {
      const { group, version, kind: name } = kind.resource;
      const schema = kind.custom ? undefined : builtinSchema(group, version, name);
      if (schema === undefined) throw unsupported(ofCustom);
      return (shown) => applyStrategicMerge(shown, body, schema);
    }
    default:
      throw unsupported(kind.custom ? ofCustom : ofBuiltins);
  }
};
