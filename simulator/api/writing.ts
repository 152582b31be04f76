/** create, update, patch and delete, with admission in between. */
import { admissionRequest, checkAllowed, type Reviewed, unreviewed } from "./admission.ts";
import {
  answer,
  type Call,
  deleteOptionsOf,
  objectIn,
  type Outcome,
  selectorsOf,
  shownTo,
  writeOptionsOf,
} from "./call.ts";
import { foundSlot, listObjects, removeSlot } from "./core.ts";
import type { ApiObject, DeleteOptions, Draft, WriteOptions } from "./model.ts";
import { badRequest, objectModified } from "./refusals.ts";
import type { Slot } from "./store.ts";
import { slotOf } from "./world.ts";
import { commit, isCurrent, prepareCreate, type Prepared, prepareUpdate } from "./writes.ts";

/** Whoever asks without saying who. */
const somebody = "system:admin";

type Judged = Pick<Reviewed, "operation" | "name" | "object" | "oldObject" | "dryRun" | "options">;

/**
 * Has admission judge, then acts; at once when there is nothing to wait for.
 * @param act is given the warnings of admission.
 */
const admitted = (call: Call, judged: Judged, act: (warnings: readonly string[]) => Outcome): Outcome => {
  const { admission, world, route, request } = call;
  if (admission?.applies(route.kind.resource) !== true) return act([]);
  const { kind, subresource, namespace } = route;
  const review = admissionRequest(
    { ...judged, kind, subresource, namespace, user: request.user ?? somebody },
    world.random,
  );
  const asked = admission.review(review);
  if (asked === undefined) return act([]);
  return asked.then(
    (response) => {
      checkAllowed(admission, response);
      return act(response.warnings ?? []);
    },
    (error: unknown) => {
      throw unreviewed(admission, error);
    },
  );
};

const mostAttempts = 5;

/**
 * Prepares, has it judged, stores it; once more from the start when the object moved in the meantime.
 * @param status of the answer.
 */
const write = (
  call: Call,
  options: WriteOptions & { readonly dryRun: boolean },
  status: number,
  prepare: () => Prepared,
  attempts = 1,
): Outcome => {
  const prepared = prepare();
  const { old, next, kind } = prepared;
  const operation = old === undefined ? "CREATE" : "UPDATE";
  const { dryRun, fieldValidation, fieldManager } = options;
  const judged: Judged = {
    operation,
    name:
      call.route.name ??
      (old === undefined && next.metadata.generateName !== undefined ? undefined : next.metadata.name),
    object: next,
    oldObject: old,
    dryRun,
    options: {
      kind: operation === "CREATE" ? "CreateOptions" : "UpdateOptions",
      apiVersion: "meta.k8s.io/v1",
      ...(dryRun ? { dryRun: ["All"] } : {}),
      ...(fieldManager === undefined ? {} : { fieldManager }),
      ...(fieldValidation === undefined ? {} : { fieldValidation }),
    },
  };
  return admitted(call, judged, (warnings): Outcome => {
    if (!isCurrent(call.world, prepared)) {
      if (attempts >= mostAttempts) throw objectModified(kind.resource, next.metadata.name);
      return write(call, options, status, prepare, attempts + 1);
    }
    const stored = commit(call.world, prepared, dryRun);
    return answer(status, shownTo(call)(stored), [...prepared.warnings, ...warnings]);
  });
};

/** From the version of the path to the one that is stored. */
const storedForm = ({ route: { kind } }: Call, draft: Draft): Draft => {
  if (kind.view === undefined) return draft;
  return kind.view.store(draft as ApiObject);
};

export const create = (call: Call): Outcome => {
  const { world, route } = call;
  const options = writeOptionsOf(call);
  const draft = storedForm(call, objectIn(call));
  return write(call, options, 201, () =>
    prepareCreate(world, route.kind, draft, { ...options, namespace: route.namespace }),
  );
};

/** @throws {StatusError} 400 where the object is not the one of the path */
const checkPlace = ({ route }: Call, { metadata = {} }: Draft, name: string): void => {
  const said = metadata.name ?? "";
  if (said !== name) throw badRequest(`the name of the object (${said}) does not match the name on the URL (${name})`);
  const { namespace = "" } = metadata;
  if (namespace !== "" && route.namespace !== undefined && namespace !== route.namespace) {
    throw badRequest(
      `the namespace of the object (${namespace}) does not match the namespace on the request (${route.namespace})`,
    );
  }
};

export const update = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const options = writeOptionsOf(call);
  const draft = storedForm(call, objectIn(call));
  checkPlace(call, draft, name);
  const held = slotOf(world, route.kind, route.namespace, name);
  if (held === undefined && route.kind.createOnUpdate) {
    return write(call, options, 201, () =>
      prepareCreate(world, route.kind, draft, { ...options, namespace: route.namespace }),
    );
  }
  return write(call, options, 200, () =>
    prepareUpdate(world, route.kind, foundSlot(world, route.kind, route.namespace, name), draft, options),
  );
};

/** @param patched makes the draft from what is shown of the object now. */
export const patch = (call: Call, name: string, patched: (shown: object) => unknown): Outcome => {
  const { world, route } = call;
  const options = writeOptionsOf(call);
  const show = route.kind.view?.show ?? ((object: ApiObject) => object);
  return write(call, options, 200, () => {
    const slot = foundSlot(world, route.kind, route.namespace, name);
    const draft = storedForm(call, patched(show(slot.object)) as Draft);
    return prepareUpdate(world, route.kind, slot, draft, { ...options, isPatch: true });
  });
};

const successOf = ({ route: { kind } }: Call, { metadata }: ApiObject) => {
  const { group, name } = kind.resource;
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    details: { name: metadata.name, ...(group === "" ? {} : { group }), kind: name, uid: metadata.uid },
  };
};

const judgedDeletion = ({ object }: Slot, options: DeleteOptions & { readonly dryRun: boolean }): Judged => {
  const { dryRun, preconditions, ...others } = options;
  return {
    operation: "DELETE",
    name: object.metadata.name,
    object: undefined,
    oldObject: object,
    dryRun,
    options: {
      kind: "DeleteOptions",
      apiVersion: "meta.k8s.io/v1",
      ...others,
      ...(preconditions === undefined ? {} : { preconditions }),
      ...(dryRun ? { dryRun: ["All"] } : {}),
    },
  };
};

export const remove = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const options = deleteOptionsOf(call);
  const slot = foundSlot(world, route.kind, route.namespace, name);
  return admitted(call, judgedDeletion(slot, options), (warnings) => {
    const present = foundSlot(world, route.kind, route.namespace, name);
    const { object, isGone } = removeSlot(world, route.kind, present, options);
    const body = isGone && !route.kind.tellsDeleted ? successOf(call, object) : shownTo(call)(object);
    return answer(200, body, warnings);
  });
};

export const removeAll = (call: Call): Outcome => {
  const { world, route } = call;
  const options = deleteOptionsOf(call);
  const objects = listObjects(world, route.kind, selectorsOf(call));
  const removeOne = (object: ApiObject): unknown => {
    const slot = slotOf(world, route.kind, object.metadata.namespace, object.metadata.name);
    if (slot === undefined) return undefined;
    return admitted(call, judgedDeletion(slot, options), () => {
      if (world.store.byUid(object.metadata.uid) === slot) removeSlot(world, route.kind, slot, options);
      return answer(200, undefined);
    });
  };
  const waiting = objects.map(removeOne).filter((each) => each instanceof Promise);
  const { listKind } = route.kind.resource;
  const body = {
    kind: listKind,
    apiVersion: route.kind.apiVersion,
    metadata: { resourceVersion: String(world.store.version) },
    items: objects,
  };
  return waiting.length === 0 ? answer(200, body) : Promise.all(waiting).then(() => answer(200, body));
};
