import type { Api, KubeObject } from "../cluster/harness/api.ts";

export interface Followed {
  stop(): void;
}

/**
 * Lists and watches the objects of a path. Calls `changed` with all that exist, and with those that went, once at the
 * beginning and after every change. A watch that breaks begins again with a list.
 */
export async function follow<T extends KubeObject>(
  api: Api,
  path: string,
  changed: (objects: readonly T[], gone: readonly T[]) => void,
): Promise<Followed> {
  const stopping = new AbortController();
  const known = new Map<string, T>();
  const list = async (): Promise<string> => {
    const { items, resourceVersion } = await api.list<T>(path);
    const names = new Set(items.map(({ metadata }) => metadata.name));
    const gone = [...known.values()].filter(({ metadata }) => !names.has(metadata.name));
    for (const { metadata } of gone) known.delete(metadata.name);
    for (const item of items) known.set(item.metadata.name, item);
    changed([...known.values()], gone);
    return resourceVersion;
  };
  const watch = async (resourceVersion: string): Promise<void> => {
    for await (const { type, object } of api.watch<T>(path, resourceVersion, stopping.signal)) {
      if (type === "ERROR") return;
      if (type === "BOOKMARK") continue;
      if (type === "DELETED") known.delete(object.metadata.name);
      else known.set(object.metadata.name, object);
      changed([...known.values()], type === "DELETED" ? [object] : []);
    }
  };
  const begin = await list();
  void (async () => {
    let resourceVersion: string | undefined = begin;
    while (!stopping.signal.aborted) {
      try {
        await watch((resourceVersion ??= await list()));
      } catch (error) {
        if (!stopping.signal.aborted) console.error(`dataplane: the watch of ${path} broke: ${String(error)}`);
      }
      resourceVersion = undefined;
      if (!stopping.signal.aborted) await Bun.sleep(100);
    }
  })();
  return { stop: () => stopping.abort() };
}
