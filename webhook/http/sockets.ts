/** Our own sockets as the kernel has them: what Bun.serve neither shows nor lets us set. Linux with glibc only. */
import { dlopen, ptr } from "bun:ffi";
import { readdirSync } from "node:fs";

export interface Accepted {
  readonly descriptor: number;
  /** In the format of `peerOf`. */
  readonly peer: string;
}

export interface Sockets {
  /** Connections that came in on a port of ours. */
  accepted(port: number): Accepted[];
  /** Both sides see the end; the server closes its side as if the client had ended the connection. */
  end(descriptor: number): void;
  /** Limits how much the kernel buffers for connections that come in on the port from now on. */
  bound(port: number): void;
  /**
   * Has `report` called when a connection has come in on a port that is bound, so that nobody need look for one. @returns a function that ends it; undefined: the kernel does not tell
   */
  announce?(report: () => void): (() => void) | undefined;
}

/** `127.0.0.1 40123`, from the result of `server.requestIP`. */
export const peerOf = (address: string, port: number): string => `${address} ${port}`;

const AF_INET = 2;
const AF_INET6 = 10;
const SHUT_RDWR = 2;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const F_GETFL = 3;
const F_SETFL = 4;
const F_SETOWN = 8;
const F_SETSIG = 10;
const O_ASYNC = 0o20000;
/** Ignored where nobody listens for it, so it does no harm before and after. */
const SIGNAL = { name: "SIGURG", number: 23 } as const;
const IPPROTO_TCP = 6;
const TCP_USER_TIMEOUT = 18;

/** The kernel doubles it for its own bookkeeping; its default would let 6 MiB accumulate on a connection. */
const receiveBytes = 128 * 2 ** 10;
/** An answer that the client does not read for this long ends the connection. The API server waits for 2 s. */
const unreadAnswerMs = 10_000;

const load = () =>
  dlopen("libc.so.6", {
    getsockname: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    getpeername: { args: ["i32", "ptr", "ptr"], returns: "i32" },
    inet_ntop: { args: ["i32", "ptr", "ptr", "u32"], returns: "ptr" },
    shutdown: { args: ["i32", "i32"], returns: "i32" },
    fcntl: { args: ["i32", "i32", "i32"], returns: "i32" },
    setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  }).symbols;

let loaded: { readonly sockets: Sockets | undefined } | undefined;

/** Undefined where the system does not provide them. */
export function ownSockets(): Sockets | undefined {
  // Loading takes some milliseconds, and a process has one C library.
  loaded ??= { sockets: tryLoad() };
  return loaded.sockets;
}

function tryLoad(): Sockets | undefined {
  try {
    readdirSync("/proc/self/fd");
    return socketsBy(load());
  } catch {
    return undefined;
  }
}

function socketsBy(libc: ReturnType<typeof load>): Sockets {
  /** struct sockaddr_storage */
  const address = new Uint8Array(128);
  const view = new DataView(address.buffer);
  const length = new Uint32Array(1);
  const text = new Uint8Array(64);
  const portBy = (ask: typeof libc.getsockname, descriptor: number): number | undefined => {
    length[0] = address.length;
    if (ask(descriptor, ptr(address), ptr(length)) !== 0) return undefined;
    const family = view.getUint16(0, true);
    return family === AF_INET || family === AF_INET6 ? view.getUint16(2) : undefined;
  };
  /** To call after `portBy` of the peer. */
  const addressText = (): string => {
    const family = view.getUint16(0, true);
    libc.inet_ntop(family, ptr(address, family === AF_INET ? 4 : 8), ptr(text), text.length);
    return new TextDecoder("latin1").decode(text.subarray(0, text.indexOf(0)));
  };
  const on = (port: number): number[] =>
    readdirSync("/proc/self/fd")
      .map(Number)
      .filter((descriptor) => portBy(libc.getsockname, descriptor) === port);
  const set = (descriptor: number, level: number, option: number, value: number): void => {
    const bytes = new Int32Array([value]);
    libc.setsockopt(descriptor, level, option, ptr(bytes), 4);
  };
  // A listening socket has no peer.
  const peerPort = (descriptor: number): number | undefined => portBy(libc.getpeername, descriptor);
  let isTold = false;
  const tellOf = (descriptor: number): boolean =>
    libc.fcntl(descriptor, F_SETSIG, SIGNAL.number) === 0 &&
    libc.fcntl(descriptor, F_SETOWN, process.pid) === 0 &&
    libc.fcntl(descriptor, F_SETFL, libc.fcntl(descriptor, F_GETFL, 0) | O_ASYNC) === 0;
  return {
    accepted: (port) =>
      on(port).flatMap((descriptor) => {
        const peer = peerPort(descriptor);
        return peer === undefined ? [] : [{ descriptor, peer: peerOf(addressText(), peer) }];
      }),
    end: (descriptor) => void libc.shutdown(descriptor, SHUT_RDWR),
    bound(port) {
      // Accepted connections inherit these from the listening socket.
      for (const descriptor of on(port)) {
        set(descriptor, SOL_SOCKET, SO_RCVBUF, receiveBytes);
        set(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, unreadAnswerMs);
        if (peerPort(descriptor) === undefined) isTold = tellOf(descriptor);
      }
    },
    announce(report) {
      if (!isTold) return undefined;
      process.on(SIGNAL.name, report);
      return () => void process.off(SIGNAL.name, report);
    },
  };
}
