/** Help for somebody whose quantity cannot be read. */

/** What people write for a unit, and what Kubernetes calls it. */
const UNITS: Readonly<Record<string, string>> = {
  k: "Ki",
  kb: "k",
  ki: "Ki",
  kib: "Ki",
  mb: "M",
  mi: "Mi",
  mib: "Mi",
  g: "G",
  gb: "G",
  gi: "Gi",
  gib: "Gi",
  tb: "T",
  ti: "Ti",
  tib: "Ti",
};

/** `Write "512M". A quantity is a number with …` */
export function quantityHelp(value: unknown): string {
  const form = "A quantity is a number with or without a unit, such as 500m or 2 for cpu, 128Mi or 2Gi for memory";
  const [, number, unit = ""] =
    typeof value === "string" ? (/^(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]*)$/i.exec(value.trim()) ?? []) : [];
  if (number === undefined) return form;
  const right =
    unit === "" ? "" : /^m(?:illi)?(?:cpu|cores?)?$/i.test(unit) && unit.length > 1 ? "m" : UNITS[unit.toLowerCase()];
  return right === undefined ? form : `Write "${number}${right}". ${form}`;
}
