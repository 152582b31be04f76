/** What a probe or a lifecycle hook does: run a command, call HTTP, open a socket, ask gRPC, sleep. */
import { at, count, items, pathOf, type Place, placed, text, whole } from "../../place.ts";
import { headerName, portName, portNumber } from "../../syntax.ts";
import { helped, invalid, notSupported, required, type Violation } from "../../violation.ts";
import { type Choice, onlyOne } from "../../oneOf.ts";

const SECOND_HANDLER = "may not specify more than 1 handler type";

const exec = (place: Place): readonly Violation[] => {
  const command = at(place, "command");
  return count(command) === 0 ? [required("handler-command", command)] : [];
};

const tcpSocket = (place: Place): readonly Violation[] => port(at(place, "port"));

const grpc = (place: Place): readonly Violation[] => {
  const number = at(place, "port");
  return port({ ...number, value: whole(number) ?? 0 });
};

const PROBE_HANDLERS: readonly Choice[] = [
  { member: "exec", check: exec },
  { member: "httpGet", check: httpGet },
  { member: "tcpSocket", check: tcpSocket },
  { member: "grpc", check: grpc },
];

const HANDLERS =
  "Write one of httpGet, tcpSocket, exec and (in a probe) grpc, such as httpGet: {path: /healthz, port: 8080}";

const noHandler = (place: Place): readonly Violation[] => [
  helped(required("handler-required", place, "must specify a handler type"), HANDLERS),
];

export const probeHandler = (probe: Place): readonly Violation[] =>
  onlyOne("handler-single", probe, PROBE_HANDLERS, SECOND_HANDLER) ?? noHandler(probe);

export function hookHandler(hook: Place, gracePeriodSeconds: number): readonly Violation[] {
  const handlers: readonly Choice[] = [
    ...PROBE_HANDLERS.filter(({ member }) => member !== "grpc"),
    { member: "sleep", check: (place) => sleep(place, gracePeriodSeconds) },
  ];
  return onlyOne("handler-single", hook, handlers, SECOND_HANDLER) ?? noHandler(hook);
}

function sleep(place: Place, gracePeriodSeconds: number): readonly Violation[] {
  const seconds = whole(at(place, "seconds")) ?? 0;
  if (seconds > 0 && seconds <= gracePeriodSeconds) return [];
  const detail =
    `must be greater than 0 and less than terminationGracePeriodSeconds (${gracePeriodSeconds}). ` +
    "Enable AllowPodLifecycleSleepActionZeroValue feature gate for zero sleep.";
  return [invalid("handler-sleep", place, detail, seconds)];
}

/** An empty path means "/" and an empty scheme HTTP. */
function httpGet(place: Place): readonly Violation[] {
  const scheme = at(place, "scheme");
  const known = ["", "HTTP", "HTTPS"].includes(text(scheme));
  return [
    ...port(at(place, "port")),
    ...(known ? [] : [notSupported("handler-scheme", scheme, ["HTTP", "HTTPS"])]),
    ...items(at(place, "httpHeaders")).flatMap((header) => {
      const name = text(at(header, "name"));
      const list = placed(name, pathOf(at(place, "httpHeaders")), pathOf(at(header, "name")));
      return headerName(name).map((message) => invalid("handler-header", list, message));
    }),
  ];
}

/** A number, or the name of one of the container's ports; absent counts as 0. */
function port(place: Place): readonly Violation[] {
  if (typeof place.value === "string") {
    return portName(place.value).map((message) => invalid("handler-port", place, message));
  }
  const number = whole(place) ?? 0;
  return portNumber(number).map((message) => invalid("handler-port", place, message, number));
}
