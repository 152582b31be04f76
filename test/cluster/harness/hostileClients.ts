/** Unauthenticated clients of the webhook: large, half-sent and slow requests, and many of them, until `stop`. */
import { connect as connectTls, type TLSSocket } from "node:tls";
import { VALIDATE_PATH } from "../../../webhook/configuration/configuration.ts";

export interface HostileClients {
  /** Answers by HTTP status; 0: the connection ended without an answer. */
  readonly answers: ReadonlyMap<number, number>;
  stop(): Promise<void>;
}

const head = (length: number): string =>
  `POST ${VALIDATE_PATH} HTTP/1.1\r\nHost: webhook\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;

/** Valid JSON of about 6 MB that is not a review worth judging. */
const large = (): string =>
  `{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","x":"${"y".repeat(6_200_000)}"}`;

type Deed = (socket: TLSSocket) => void;

const body = large();
const deeds = {
  whole: (socket) => socket.write(head(body.length) + body),
  half: (socket) => socket.write(head(body.length) + body.slice(0, body.length / 2)),
  slow: (socket) => {
    socket.write(`POST ${VALIDATE_PATH} HTTP/1.1\r\nHost: webhook\r\n`);
    const timer = setInterval(() => socket.write("X-More: 1\r\n"), 1_000);
    socket.once("close", () => clearInterval(timer));
  },
  silent: () => undefined,
} as const satisfies Record<string, Deed>;

/** How many clients of each type run at once: each begins anew when its connection ends. */
const crowd: Readonly<Record<keyof typeof deeds, number>> = { whole: 60, half: 40, slow: 60, silent: 40 };

export function startHostileClients(port: () => number): HostileClients {
  const answers = new Map<number, number>();
  const sockets = new Set<TLSSocket>();
  let busy = true;
  const once = (deed: Deed): Promise<void> =>
    new Promise((resolve) => {
      let answer = "";
      const socket = connectTls({ port: port(), host: "127.0.0.1", rejectUnauthorized: false }, () => deed(socket));
      sockets.add(socket);
      socket.on("data", (chunk) => (answer += chunk.toString("latin1").slice(0, 20)));
      socket.on("error", () => socket.destroy());
      // A connection that the server leaves open is given up after a while, and opened again.
      socket.setTimeout(20_000, () => socket.destroy());
      socket.once("close", () => {
        sockets.delete(socket);
        const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1] ?? 0);
        if (busy) answers.set(status, (answers.get(status) ?? 0) + 1);
        resolve();
      });
    });
  const client = async (deed: Deed): Promise<void> => {
    while (busy) {
      await once(deed);
      await Bun.sleep(100);
    }
  };
  const going = Object.entries(crowd).flatMap(([name, count]) =>
    Array.from({ length: count }, () => client(deeds[name as keyof typeof deeds])),
  );
  return {
    answers,
    async stop() {
      busy = false;
      for (const socket of sockets) socket.destroy();
      await Promise.all(going);
    },
  };
}
