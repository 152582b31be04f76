/** Ports of a container. */
import { flatMap } from "../../../object/flatMap.ts";
import { at, items, type Place, text, whole } from "../../place.ts";
import { portName, portNumber } from "../../syntax.ts";
import { duplicate, helped, invalid, invalidTexts, notSupported, required, type Violation } from "../../violation.ts";

export function portViolations(ports: Place): readonly Violation[] {
  const names = new Set<string>();
  return flatMap(items(ports), (port) => [
    ...named(port, names),
    ...containerPort(port),
    ...hostPort(port),
    ...protocol(port),
  ]);
}

function named(port: Place, names: Set<string>): readonly Violation[] {
  const place = at(port, "name");
  const name = text(place);
  if (name === "") return [];
  const messages = portName(name);
  if (messages.length > 0) {
    const help = 'A port has a short name in lower case, such as "http" or "grpc-web"';
    return invalidTexts("port-name", place, messages).map((found) => helped(found, help));
  }
  if (names.has(name)) {
    return [helped(duplicate("port-name-duplicate", place), "Give each port of a container a name of its own")];
  }
  names.add(name);
  return [];
}

function containerPort(port: Place): readonly Violation[] {
  const place = at(port, "containerPort");
  const number = whole(place) ?? 0;
  if (number === 0) {
    return [helped(required("container-port", place), "Write the number of the port that the container listens on")];
  }
  return portNumber(number).map((message) => invalid("container-port", place, message));
}

function hostPort(port: Place): readonly Violation[] {
  const place = at(port, "hostPort");
  const number = whole(place) ?? 0;
  return number === 0 ? [] : portNumber(number).map((message) => invalid("host-port", place, message));
}

/** Empty means TCP. */
function protocol(port: Place): readonly Violation[] {
  const place = at(port, "protocol");
  const supported = ["SCTP", "TCP", "UDP"];
  return text(place) === "" || supported.includes(text(place)) ? [] : [notSupported("port-protocol", place, supported)];
}
