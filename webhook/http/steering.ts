/**
 * When several sockets listen on one port (SO_REUSEPORT), the kernel distributes new connections among them. While a
 * server with a new certificate runs beside the one with the old, all of them must go to the new one: a connection that
 * reaches the old one as it closes is reset. On Linux a program of one instruction can decide that.
 */
import { dlopen, ptr } from "bun:ffi";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const SOL_SOCKET = 1;
const SO_ATTACH_REUSEPORT_CBPF = 51;
/** BPF_RET | BPF_K: returns a constant. */
const RETURN_CONSTANT = 0x06;
const LISTEN = "0A";

/** The inodes of the sockets that listen on a port, in the format of /proc/net/tcp and tcp6. */
export function listeningInodes(table: string, port: number): string[] {
  const ending = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  return table
    .split("\n")
    .map((line) => line.trim().split(/\s+/))
    .filter(([, local = "", , state]) => local.endsWith(ending) && state === LISTEN)
    .flatMap((fields) => fields[9] ?? []);
}

/** One of our descriptors that listen on the port. */
function listeningDescriptor(port: number): number | undefined {
  const inodes = new Set(
    ["tcp", "tcp6"].flatMap((name) => listeningInodes(readFileSync(`/proc/self/net/${name}`, "utf8"), port)),
  );
  const isOne = (descriptor: string): boolean => {
    try {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${descriptor}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    } catch {
      // Closed meanwhile: the descriptor that lists the folder, for instance.
      return false;
    }
  };
  const found = readdirSync("/proc/self/fd").find(isOne);
  return found === undefined ? undefined : Number(found);
}

/** struct sock_filter, then struct sock_fprog that points to it. */
function programOf(index: number): { readonly filter: Uint8Array; readonly program: Uint8Array } {
  const filter = new Uint8Array(8);
  const instruction = new DataView(filter.buffer);
  instruction.setUint16(0, RETURN_CONSTANT, true);
  instruction.setUint32(4, index, true);
  const program = new Uint8Array(16);
  const description = new DataView(program.buffer);
  description.setUint16(0, 1, true);
  description.setBigUint64(8, BigInt(ptr(filter)), true);
  return { filter, program };
}

/**
 * Sends new connections to the socket with this index among those that listen on the port, in the order in which they
 * began; when one ends, the last takes its index. With an index that does not exist the kernel chooses.
 * @returns false where this is not possible: then all of them get some
 */
export function steerTo(port: number, index: number): boolean {
  try {
    const descriptor = listeningDescriptor(port);
    if (descriptor === undefined) return false;
    const libc = dlopen("libc.so.6", {
      setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
    });
    const { filter, program } = programOf(index);
    const code = libc.symbols.setsockopt(descriptor, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, ptr(program), 16);
    libc.close();
    // Uses `filter`, which the kernel reads up to here, so that its memory is kept.
    return code === 0 && filter.length > 0;
  } catch {
    return false;
  }
}
