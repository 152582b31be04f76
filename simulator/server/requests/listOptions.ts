/** Which options exclude each other in the query of a list or a watch. */
import type { ApiRequest, Cause } from "../../model/model.ts";
import { badRequest, invalid } from "../state/refusals.ts";
import { versionNumber } from "./watching.ts";

const listOptions = { group: "meta.k8s.io", name: "", kind: "ListOptions" };

const field = "resourceVersionMatch";

const forbidden = (place: string, why: string): Cause => ({
  reason: "FieldValueForbidden",
  field: place,
  message: `Forbidden: ${why}`,
});

const unsupported = (match: string, supported: readonly string[]): Cause => ({
  reason: "FieldValueNotSupported",
  field,
  message: `Unsupported value: ${JSON.stringify(match)}: supported values: ${supported.map((one) => JSON.stringify(one)).join(", ")}`,
});

const watchFaults = (match: string, sendsInitial: boolean): readonly Cause[] => {
  if (!sendsInitial) {
    return match === ""
      ? []
      : [forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`)];
  }
  if (match === "NotOlderThan") return [];
  const needed = forbidden(field, `sendInitialEvents requires setting ${field} to NotOlderThan`);
  return match === "" ? [needed] : [needed, unsupported(match, ["NotOlderThan"])];
};

const listFaults = (match: string, version: string, isContinued: boolean): readonly Cause[] => {
  if (match === "") return [];
  if (isContinued) return [forbidden(field, `${field} is forbidden when continue is provided`)];
  if (version === "") return [forbidden(field, `${field} is forbidden unless resourceVersion is provided`)];
  if (match !== "Exact" && match !== "NotOlderThan") return [unsupported(match, ["Exact", "NotOlderThan", ""])];
  return match === "Exact" && version === "0"
    ? [forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`)]
    : [];
};

/** @throws {StatusError} 400 for a text that is not a resourceVersion, 422 for options that contradict each other */
export const checkListOptions = ({ query }: ApiRequest, isWatch: boolean): void => {
  const { resourceVersion = "", resourceVersionMatch: match = "", sendInitialEvents = "" } = query;
  const faults = isWatch
    ? watchFaults(match, sendInitialEvents === "true" || sendInitialEvents === "1")
    : [
        ...(sendInitialEvents === ""
          ? []
          : [forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list")]),
        ...listFaults(match, resourceVersion, (query["continue"] ?? "") !== ""),
      ];
  if (faults.length > 0) throw invalid(listOptions, "", faults);
  if (!isWatch && resourceVersion !== "" && !/^\d+$/.test(resourceVersion)) {
    const why = `strconv.ParseUint: parsing "${resourceVersion}": invalid syntax`;
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: ${JSON.stringify(resourceVersion)}: ${why}`,
    );
  }
  versionNumber(resourceVersion);
};
