/** Below the range of ports for outgoing connections, so that the kernel does not give ours to one of them. */
const lowest = 20_000;
const highest = 32_000;

function isFree(port: number): boolean {
  try {
    Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => undefined } }).stop(true);
    return true;
  } catch {
    return false;
  }
}

/** A TCP port of loopback on which nothing listens. */
export function freePort(): number {
  for (let attempt = 0; attempt < 200; attempt++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    if (isFree(port)) return port;
  }
  throw new Error(`Cannot find a free port between ${lowest} and ${highest} on 127.0.0.1 (200 attempts)`);
}

/** Distinct free ports. */
export function freePorts(count: 3): [number, number, number];
export function freePorts(count: number): number[] {
  const ports = new Set<number>();
  while (ports.size < count) ports.add(freePort());
  return [...ports];
}
