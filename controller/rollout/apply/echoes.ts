/**
 * The watch's echo of a write often comes before the answer to it. It holds nothing that the decision behind the write
 * did not know, so it must not cost a pass of its own; what others have written meanwhile must. So news about an object
 * is kept back while a write of ours about it is under way, for as long as a write may take.
 */
import type { Resource } from "../../../schema/kube.ts";

export interface Echoes {
  /**
   * A write about an object begins. `key`: "namespace/name". @returns to be called when it has ended, with the version
   * in the answer; without one when it failed. All news but that version is heeded then.
   */
  writing(resource: Resource, key: string): (resourceVersion?: string) => void;
  /** A watch has brought this version of an object: calls `heed`, or keeps it until the write about it has ended. */
  heard(resource: Resource, key: string, resourceVersion: string | undefined, heed: () => void): void;
}

interface News {
  readonly resourceVersion: string | undefined;
  readonly heed: () => void;
}

const nameOf = ({ plural }: Resource, key: string): string => `${plural}/${key}`;

export function createEchoes(): Echoes {
  /** By object under write: one write at a time, since a pass writes one after the other. */
  const kept = new Map<string, News[]>();
  return {
    writing(resource, key) {
      const name = nameOf(resource, key);
      const news: News[] = [];
      kept.set(name, news);
      return (resourceVersion) => {
        if (kept.get(name) === news) kept.delete(name);
        for (const each of news) {
          if (resourceVersion === undefined || each.resourceVersion !== resourceVersion) each.heed();
        }
      };
    },
    heard(resource, key, resourceVersion, heed) {
      const news = kept.size === 0 ? undefined : kept.get(nameOf(resource, key));
      if (news === undefined) heed();
      else news.push({ resourceVersion, heed });
    },
  };
}
