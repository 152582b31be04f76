/** Server-side apply over a stored object, or in place of one that is not there. */
import { serverSideApply } from "../../patch/serverSideApply.ts";
import { type Call, type Outcome, writeOptionsOf } from "../objects/call.ts";
import { foundSlot } from "../objects/core.ts";
import type { ApiObject, Cause, Draft } from "../../model/model.ts";
import { ignoredBy } from "../objects/ownership.ts";
import { badRequest, invalid } from "../state/refusals.ts";
import { schemaOf } from "../objects/shaping.ts";
import { StatusError } from "../../model/statusError.ts";
import { checkPlace, storedForm, write } from "./writing.ts";
import { prepareCreate, type PrepareOptions, prepareUpdate } from "../objects/writes.ts";
import { slotOf } from "../state/state.ts";

const patchOptions = { group: "meta.k8s.io", name: "", kind: "PatchOptions" };

const optionFault = (reason: string, field: string, message: string): StatusError =>
  invalid(patchOptions, "", [{ reason, field, message }]);

/** @throws {StatusError} 422 for options that only an apply may have */
export const checkNoForce = ({ request: { query } }: Call): void => {
  if (query["force"] === undefined || query["force"] === "") return;
  throw optionFault("FieldValueForbidden", "force", "Forbidden: may not be specified for non-apply patch");
};

const conflictOf = (causes: readonly Cause[], message: string): StatusError =>
  new StatusError(409, "Conflict", message, { causes });

/** As Go writes it: "/v1", "apps/v1", "/". */
const groupVersion = (apiVersion = ""): string => (apiVersion.includes("/") ? apiVersion : `/${apiVersion}`);

const configurationIn = ({ request: { body }, route }: Call, name: string): Draft => {
  if (typeof body !== "object" || body === null || Array.isArray(body)) {
    throw badRequest("error decoding YAML: the applied configuration is no object");
  }
  const configuration: Draft = { ...body };
  const { apiVersion, kind, metadata } = configuration;
  const wanted = route.kind;
  if (apiVersion !== wanted.apiVersion || kind !== wanted.resource.kind) {
    throw badRequest(`invalid object type: ${groupVersion(apiVersion)}, Kind=${kind ?? ""}`);
  }
  if ((metadata?.name ?? "") === "") {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (metadata?.managedFields !== undefined) throw badRequest("metadata.managedFields must be nil");
  return configuration;
};

/** @throws {StatusError} 409 with the fields of other managers, unless forced */
export const apply = (call: Call, name: string): Outcome => {
  const { world, route, request } = call;
  const { kind, subresource } = route;
  const manager = request.query["fieldManager"] ?? "";
  if (manager === "") {
    throw optionFault("FieldValueRequired", "fieldManager", "Required value: is required for apply patch");
  }
  const configuration = configurationIn(call, name);
  const schema = schemaOf(kind) ?? { type: "object", "x-kubernetes-preserve-unknown-fields": true };
  // The merged object already has its managedFields.
  const { fieldManager: _, ...asked } = writeOptionsOf(call);
  const options: PrepareOptions & { readonly dryRun: boolean } = { ...asked, isPatch: true };
  const show = kind.view?.show ?? ((object: ApiObject) => object);
  const merged = (live: ApiObject | undefined): Draft => {
    const applied = serverSideApply({
      live: live === undefined ? undefined : show(live),
      applied: configuration,
      schema,
      manager,
      subresource,
      time: world.now(),
      apiVersion: kind.apiVersion,
      force: request.query["force"] === "true",
      ignored: ignoredBy(kind, subresource),
    });
    if ("conflicts" in applied) throw conflictOf(applied.conflicts, applied.message);
    const draft = storedForm(call, applied.object as Draft);
    checkPlace(call, draft, name);
    return draft;
  };
  const isNew = subresource === undefined && slotOf(world, kind, route.namespace, name) === undefined;
  if (isNew) {
    return write(call, options, { status: 201 }, () =>
      prepareCreate(world, kind, merged(undefined), { ...options, namespace: route.namespace }),
    );
  }
  return write(call, options, { status: 200 }, () => {
    const slot = foundSlot(world, kind, route.namespace, name);
    return prepareUpdate(world, kind, slot, merged(slot.object), options);
  });
};
