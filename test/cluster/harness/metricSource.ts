/** A source of metrics for analyses: an HTTP server whose answers are written in the path that it is asked for. */

export interface MetricSource {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** How often a path was asked for. */
  asked(path: string): number;
  stop(): void;
}

const answers: Readonly<Record<string, () => Response>> = {
  S: () => Response.json({ v: 1 }),
  F: () => Response.json({ v: 0 }),
  I: () => Response.json({ v: 0.5 }),
  E: () => new Response("broken", { status: 500 }),
  N: () => Response.json({ v: [] }),
};

/**
 * `/NAME/SFIE` answers with 1, with 0, with 0.5 and with an error in turn, then with the last one for ever; `N` is an
 * empty list. `/NAME/H` never answers.
 */
export function startMetricSource(): MetricSource {
  const counts = new Map<string, number>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 0,
    fetch({ url }) {
      const path = new URL(url).pathname;
      const letters = path.split("/").at(-1) ?? "";
      const before = counts.get(path) ?? 0;
      counts.set(path, before + 1);
      const letter = letters[Math.min(before, letters.length - 1)] ?? "";
      return letter === "H"
        ? new Promise<Response>(() => {})
        : (answers[letter]?.() ?? new Response("", { status: 404 }));
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    asked: (path) => counts.get(path) ?? 0,
    stop: () => void server.stop(true),
  };
}
