/** Tolerations of the pod. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, items, type Place, present, text } from "../../place.ts";
import { labelKeyViolations } from "../../labelSelector.ts";
import { labelValue } from "../../syntax.ts";
import { invalid, notSupported, type Violation } from "../../violation.ts";

const ALL_KEYS = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
const EFFECTS = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export const tolerationViolations = (tolerations: Place): readonly Violation[] =>
  flatMap(items(tolerations), (toleration) => [
    ...key(toleration),
    ...seconds(toleration),
    ...value(toleration),
    ...effect(toleration),
  ]);

function key(toleration: Place): readonly Violation[] {
  const place = at(toleration, "key");
  if (text(place) !== "") return labelKeyViolations("toleration-key", place);
  const operator = at(toleration, "operator");
  return text(operator) === "Exists" ? [] : [invalid("toleration-key", operator, ALL_KEYS, text(operator))];
}

function seconds(toleration: Place): readonly Violation[] {
  const place = at(toleration, "effect");
  if (!present(at(toleration, "tolerationSeconds")) || text(place) === "NoExecute") return [];
  return [
    invalid("toleration-seconds", place, "effect must be 'NoExecute' when `tolerationSeconds` is set", text(place)),
  ];
}

/** The reference reports a wrong value at the operator. */
function value(toleration: Place): readonly Violation[] {
  const operator = at(toleration, "operator");
  const given = text(at(toleration, "value"));
  switch (text(operator)) {
    case "Equal":
    case "": {
      const messages = labelValue(given);
      return messages.length === 0 ? [] : [invalid("toleration-value", operator, messages.join(";"), given)];
    }
    case "Exists":
      if (given === "") return [];
      return [invalid("toleration-value", operator, "value must be empty when `operator` is 'Exists'", given)];
    default:
      return [notSupported("toleration-operator", operator, ["Equal", "Exists"])];
  }
}

function effect(toleration: Place): readonly Violation[] {
  const place = at(toleration, "effect");
  return text(place) === "" || EFFECTS.includes(text(place)) ? [] : [notSupported("toleration-effect", place, EFFECTS)];
}
