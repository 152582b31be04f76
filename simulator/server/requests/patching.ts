/** What a PATCH does with an object, by its content type. */
import { applyJsonPatch } from "../../patch/jsonPatch.ts";
import { applyMergePatch } from "../../patch/applyMergePatch.ts";
import { applyStrategicMerge } from "../../patch/strategicMerge.ts";
import { builtinSchema } from "../../schema/builtin.ts";
import type { Call } from "../objects/call.ts";
import type { Resource } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";

export const applyPatchType = "application/apply-patch+yaml";

const ofCustom = ["application/json-patch+json", "application/merge-patch+json", applyPatchType];
const ofBuiltins = [...ofCustom.slice(0, 2), "application/strategic-merge-patch+json", applyPatchType];

const unsupported = (supported: readonly string[]): StatusError =>
  new StatusError(
    415,
    "UnsupportedMediaType",
    `the body of the request was in an unknown format - accepted media types include: ${supported.join(", ")}`,
  );

/**
 * @param of the kind that the patch is made for, where that is not the path's.
 * @throws {StatusError} 415; what it returns throws when the patch does not fit
 */
export const patcherOf = (
  { request, route: { kind } }: Call,
  of: Pick<Resource, "group" | "version" | "kind"> = kind.resource,
): ((shown: object) => unknown) => {
  const { body } = request;
  switch (request.contentType) {
    case "application/json-patch+json":
      return (shown) => applyJsonPatch(shown, body);
    case "application/merge-patch+json":
      return (shown) => applyMergePatch(shown, body);
    case "application/strategic-merge-patch+json": {
      const schema = kind.custom ? undefined : (builtinSchema(of.group, of.version, of.kind) ?? { type: "object" });
      if (schema === undefined) throw unsupported(ofCustom);
      return (shown) => applyStrategicMerge(shown, body, schema);
    }
    default:
      throw unsupported(kind.custom ? ofCustom : ofBuiltins);
  }
};
