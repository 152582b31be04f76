/** `dnsConfig` (docs/behaviour/validation.md#pod-template). */
import { at, count, items, type Place, present, text, texts } from "../place.ts";
import { byteLength, dnsSubdomain, ipAddress } from "../syntax.ts";
import { invalid, invalidTexts, required, type Violation } from "../violation.ts";

export function dnsConfigViolations(spec: Place): readonly Violation[] {
  const config = at(spec, "dnsConfig");
  const incomplete = text(at(spec, "dnsPolicy")) === "None" ? neededForNone(config) : undefined;
  return incomplete === undefined ? [...nameservers(config), ...searches(config), ...options(config)] : [incomplete];
}

function neededForNone(config: Place): Violation | undefined {
  const rule = "dns-none-needs-config";
  if (!present(config)) return required(rule, config, "must provide `dnsConfig` when `dnsPolicy` is None");
  const servers = at(config, "nameservers");
  if (count(servers) > 0) return undefined;
  return required(rule, servers, "must provide at least one DNS nameserver when `dnsPolicy` is None");
}

function nameservers(config: Place): readonly Violation[] {
  const place = at(config, "nameservers");
  return [
    ...(count(place) > 3 ? [invalid("dns-nameservers", place, "must not have more than 3 nameservers")] : []),
    ...items(place).flatMap((server) => invalidTexts("dns-nameserver", server, ipAddress(text(server)))),
  ];
}

function searches(config: Place): readonly Violation[] {
  const place = at(config, "searches");
  const long = byteLength(texts(place).join(" ")) > 2048;
  const tooLong = "must not have more than 2048 characters (including spaces) in the search list";
  return [
    ...(count(place) > 32 ? [invalid("dns-searches", place, "must not have more than 32 search paths")] : []),
    ...(long ? [invalid("dns-searches", place, tooLong)] : []),
    ...items(place).flatMap((search) => {
      const domain = text(search).replace(/\.$/, "");
      return invalidTexts("dns-search", { ...search, value: domain }, dnsSubdomain(domain));
    }),
  ];
}

const options = (config: Place): readonly Violation[] =>
  items(at(config, "options"))
    .filter((option) => text(at(option, "name")) === "")
    .map((option) => required("dns-option", option, "must not be empty"));
