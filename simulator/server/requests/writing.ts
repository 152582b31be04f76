/** create, update, patch and delete, with admission in between. */
import {
  admissionRequest,
  checkAllowed,
  type GroupVersionKind,
  type Reviewed,
  unreviewed,
} from "../objects/admissionPort.ts";
import {
  answer,
  type Call,
  deleteOptionsOf,
  objectIn,
  type Outcome,
  checkKind,
  selectorsOf,
  shownTo,
  writeOptionsOf,
} from "../objects/call.ts";
import { foundSlot, listObjects, removeSlot } from "../objects/core.ts";
import type { ApiObject, DeleteOptions, Draft, WriteOptions } from "../../model/model.ts";
import { badRequest, methodNotAllowed, objectModified } from "../state/refusals.ts";
import type { Slot } from "../state/store.ts";
import { slotOf } from "../state/state.ts";
import { podSecurityWarnings } from "../objects/podSecurity.ts";
import { commit, isCurrent, prepareCreate, type Prepared, prepareUpdate } from "../objects/writes.ts";

/** The user of requests that name no user. */
const somebody = "system:admin";

type Judged = Pick<Reviewed, "operation" | "name" | "object" | "oldObject" | "dryRun" | "options" | "as">;

/**
 * Calls admission, then `act`; at once when there is no review to wait for.
 * @param act is given the warnings of admission.
 */
const admitted = (call: Call, judged: () => Judged, act: (warnings: readonly string[]) => Outcome): Outcome => {
  const { admission, world, route, request } = call;
  if (admission?.applies(route.kind.resource) !== true) return act([]);
  const { kind, subresource, namespace } = route;
  const review = admissionRequest(
    { ...judged(), kind, subresource, namespace, user: request.user ?? somebody },
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

/** How a write is answered, and how admission sees it. */
interface Answering {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** What is answered instead of the object itself. */
  readonly show?: (object: ApiObject) => unknown;
  /** The kind of that. */
  readonly as?: GroupVersionKind;
}

const optionsOf = (operation: string, { dryRun, fieldManager, fieldValidation }: WriteOptions) => ({
  kind: operation === "CREATE" ? "CreateOptions" : "UpdateOptions",
  apiVersion: "meta.k8s.io/v1",
  ...(dryRun === true ? { dryRun: ["All"] } : {}),
  ...(fieldManager === undefined ? {} : { fieldManager }),
  ...(fieldValidation === undefined ? {} : { fieldValidation }),
});

const judgedWrite = ({ route }: Call, { old, next }: Prepared, options: WriteOptions, answering: Answering): Judged => {
  const operation = old === undefined ? "CREATE" : "UPDATE";
  const isGenerated = old === undefined && route.name === undefined && next.metadata.generateName !== undefined;
  const show = answering.show ?? route.kind.view?.show ?? ((object: ApiObject): unknown => object);
  return {
    operation,
    name: isGenerated ? undefined : next.metadata.name,
    object: show(next as ApiObject),
    oldObject: old === undefined ? undefined : show(old),
    dryRun: options.dryRun === true,
    options: optionsOf(operation, options),
    as: answering.as,
  };
};

/** Prepares, has it reviewed, stores it; starts again when the object has changed in the meantime. */
export const write = (
  call: Call,
  options: WriteOptions,
  answering: Answering,
  prepare: () => Prepared,
  attempts = 1,
): Outcome => {
  const prepared = prepare();
  const { kind, next } = prepared;
  const judged = (): Judged => judgedWrite(call, prepared, options, answering);
  return admitted(call, judged, (warnings): Outcome => {
    if (!isCurrent(call.world, prepared)) {
      if (attempts >= mostAttempts) throw objectModified(kind.resource, next.metadata.name);
      return write(call, options, answering, prepare, attempts + 1);
    }
    const stored = commit(call.world, prepared, options.dryRun === true);
    const show = answering.show ?? shownTo(call);
    const security = podSecurityOf(call, next);
    return answer(answering.status, show(stored), [...prepared.warnings, ...security, ...warnings]);
  });
};

/** The workloads whose pod templates Pod Security admission looks at; of ours it knows nothing. */
const WORKLOADS: readonly string[] = ["apps", "batch"];

function podSecurityOf({ world, route }: Call, next: Prepared["next"]): readonly string[] {
  const { kind, subresource, namespace } = route;
  if (subresource !== undefined || !WORKLOADS.includes(kind.resource.group)) return [];
  const namespaces = world.store.collection("namespaces");
  const held = namespaces === undefined ? undefined : world.store.find(namespaces, "", namespace ?? "")?.object;
  return podSecurityWarnings(held?.metadata.labels ?? {}, next);
}

/** From the version of the path to the one that is stored. */
export const storedForm = ({ route: { kind } }: Call, draft: Draft): Draft => {
  if (kind.view === undefined) return draft;
  return kind.view.store(draft as ApiObject);
};

/** The body as an object of the path's kind. @throws {StatusError} 400, 422 */
const draftIn = (call: Call): Draft => {
  const draft = objectIn(call);
  checkKind(call, draft);
  return storedForm(call, draft);
};

export const create = (call: Call): Outcome => {
  const { world, route } = call;
  if (route.kind.resource.namespaced && route.namespace === undefined) throw methodNotAllowed();
  const options = writeOptionsOf(call);
  const draft = draftIn(call);
  return write(call, options, { status: 201 }, () =>
    prepareCreate(world, route.kind, draft, { ...options, namespace: route.namespace }),
  );
};

/** @throws {StatusError} 400 where the object is not the one of the path */
export const checkPlace = ({ route }: Call, { metadata = {} }: Draft, name: string): void => {
  const { name: given = "", namespace = "" } = metadata;
  if (given === "") {
    throw badRequest(`the name of the object (${name} based on URL) was undeterminable: name must be provided`);
  }
  if (given !== name)
    throw badRequest(`the name of the object (${given}) does not match the name on the URL (${name})`);
  if (namespace !== "" && route.namespace !== undefined && namespace !== route.namespace) {
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  }
};

export const update = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const options = writeOptionsOf(call);
  const draft = draftIn(call);
  checkPlace(call, draft, name);
  const held = slotOf(world, route.kind, route.namespace, name);
  if (held === undefined && route.kind.createOnUpdate) {
    return write(call, options, { status: 201 }, () =>
      prepareCreate(world, route.kind, draft, { ...options, namespace: route.namespace }),
    );
  }
  return write(call, options, { status: 200 }, () =>
    prepareUpdate(world, route.kind, foundSlot(world, route.kind, route.namespace, name), draft, options),
  );
};

/** @param patched makes the draft from the object in the version and kind of the path. */
export const patch = (call: Call, name: string, patched: (shown: object) => unknown): Outcome => {
  const { world, route } = call;
  const options = writeOptionsOf(call);
  const show = route.kind.view?.show ?? ((object: ApiObject) => object);
  return write(call, options, { status: 200 }, () => {
    const slot = foundSlot(world, route.kind, route.namespace, name);
    const draft = storedForm(call, patched(show(slot.object)) as Draft);
    checkPlace(call, draft, name);
    checkKind(call, draft);
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
    as: undefined,
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

const podsKept =
  "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning";

export const remove = (call: Call, name: string): Outcome => {
  const { world, route } = call;
  const options = deleteOptionsOf(call);
  const slot = foundSlot(world, route.kind, route.namespace, name);
  return admitted(
    call,
    () => judgedDeletion(slot, options),
    (warnings) => {
      const present = foundSlot(world, route.kind, route.namespace, name);
      const { object, isGone } = removeSlot(world, route.kind, present, options);
      const body = isGone && !route.kind.returnsDeleted ? successOf(call, object) : shownTo(call)(object);
      const keepsPods = route.kind.key === "jobs.batch" && options.propagationPolicy === undefined;
      return answer(200, body, keepsPods ? [...warnings, podsKept] : warnings);
    },
  );
};

export const removeAll = (call: Call): Outcome => {
  const { world, route } = call;
  const options = deleteOptionsOf(call);
  const objects = listObjects(world, route.kind, selectorsOf(call));
  const removeOne = (object: ApiObject): unknown => {
    const slot = slotOf(world, route.kind, object.metadata.namespace, object.metadata.name);
    if (slot === undefined) return undefined;
    return admitted(
      call,
      () => judgedDeletion(slot, options),
      () => {
        if (world.store.byUid(object.metadata.uid) === slot) removeSlot(world, route.kind, slot, options);
        return answer(200, undefined);
      },
    );
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
