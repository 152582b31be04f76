/** The port through which objects are reviewed before they are stored, as by a validating webhook. */
import type { Kind } from "../state/kinds.ts";
import type { Cause, Resource } from "../../model/model.ts";
import { StatusError } from "../../model/statusError.ts";
import { newUid } from "../state/identity.ts";
import { messageOf } from "../../../kube/object/errors.ts";

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

interface GroupVersionResource {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
}

/** `request` of an AdmissionReview (admission.k8s.io/v1). */
export interface AdmissionRequest {
  readonly uid: string;
  readonly kind: GroupVersionKind;
  readonly resource: GroupVersionResource;
  readonly subResource?: string;
  readonly requestKind: GroupVersionKind;
  readonly requestResource: GroupVersionResource;
  readonly requestSubResource?: string;
  /** Absent when the name is still to be generated. */
  readonly name?: string;
  readonly namespace?: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE";
  readonly userInfo: { readonly username: string; readonly groups: readonly string[] };
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly dryRun: boolean;
  readonly options: unknown;
}

/** `response` of an AdmissionReview. */
export interface AdmissionResponse {
  readonly uid: string;
  readonly allowed: boolean;
  readonly status?: {
    readonly code?: number;
    readonly reason?: string;
    readonly message?: string;
    readonly details?: {
      readonly name?: string;
      readonly group?: string;
      readonly kind?: string;
      readonly causes?: readonly Partial<Cause>[];
    };
  };
  readonly warnings?: readonly string[];
}

export interface Admission {
  /** Its name in refusals: "rollouts.sluice.dev". */
  readonly webhook: string;
  /** Whether it reviews objects of this kind at all: a quick check, before a review is made. */
  readonly applies: (resource: Resource) => boolean;
  /** Undefined for what it does not review; then the write happens at once. A rejection is answered with HTTP 500. */
  readonly review: (request: AdmissionRequest) => Promise<AdmissionResponse> | undefined;
}

export interface Reviewed {
  readonly operation: AdmissionRequest["operation"];
  readonly kind: Kind;
  readonly subresource: string | undefined;
  readonly name: string | undefined;
  readonly namespace: string | undefined;
  readonly object: unknown;
  readonly oldObject: unknown;
  readonly dryRun: boolean;
  readonly options: unknown;
  readonly user: string;
  /** The kind of the reviewed object where it is not that of the path: a Scale. */
  readonly as: GroupVersionKind | undefined;
}

export const admissionRequest = (reviewed: Reviewed, random: () => number): AdmissionRequest => {
  const { resource } = reviewed.kind;
  const { group, version } = resource;
  const kind = reviewed.as ?? { group, version, kind: resource.kind };
  const place = { group, version, resource: resource.name };
  const { subresource, name, namespace } = reviewed;
  return {
    uid: newUid(random),
    kind,
    resource: place,
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: kind,
    requestResource: place,
    ...(subresource === undefined ? {} : { requestSubResource: subresource }),
    ...(name === undefined ? {} : { name }),
    ...(namespace === undefined ? {} : { namespace }),
    operation: reviewed.operation,
    userInfo: { username: reviewed.user, groups: ["system:masters", "system:authenticated"] },
    object: reviewed.object ?? null,
    oldObject: reviewed.oldObject ?? null,
    dryRun: reviewed.dryRun,
    options: reviewed.options,
  };
};

/** @throws {StatusError} with the API server's words for a webhook's refusal */
export const checkAllowed = ({ webhook }: Admission, { allowed, status, warnings }: AdmissionResponse): void => {
  if (allowed) return;
  const message = status?.message ?? "";
  const reason = status?.reason ?? "";
  const why = message !== "" ? `: ${message}` : reason !== "" ? `: ${reason}` : " without explanation";
  const { causes = [], ...named } = status?.details ?? {};
  const given = status?.code ?? 0;
  throw new StatusError(
    given < 400 ? 403 : given,
    reason === "" ? "Forbidden" : reason,
    `admission webhook "${webhook}" denied the request${why}`,
    status?.details === undefined
      ? undefined
      : {
          ...named,
          causes: causes.map(({ reason: why = "", message: text = "", field = "" }) => ({
            reason: why,
            message: text,
            field,
          })),
        },
    warnings,
  );
};

/** The error when the webhook could not be called. */
export const unreviewed = ({ webhook }: Admission, error: unknown): StatusError => {
  const why = messageOf(error);
  return new StatusError(500, "InternalError", `Internal error occurred: failed calling webhook "${webhook}": ${why}`, {
    causes: [{ reason: "", message: `failed calling webhook "${webhook}": ${why}`, field: "" }],
  });
};
