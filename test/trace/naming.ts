/** Replaces generated values (hashes, names of pods, uids, times) by names that are the same in two runs. */
import { HASH_LABEL } from "../../schema/labels.ts";
import type { KubeObject } from "../cluster/harness/api.ts";
import { revisionOf } from "../cluster/harness/rolloutView.ts";

const timeForm = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g;
const uidForm = /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/g;

/** A letter for each revision's hash: A for the oldest. */
const letterOf = (index: number): string => String.fromCodePoint(65 + index);

export interface Naming {
  /** Letters for the hashes that are new in a namespace; @returns those, by letter. */
  learn(replicaSets: readonly KubeObject[]): ReadonlyMap<string, string>;
  /** From now until the next edit, times belong to the next keyframe. */
  beginChapter(nowMs: number): void;
  /**
   * A text with generated parts replaced. A time is replaced by the number of its chapter: `@0` is the installation.
   */
  named(text: string, nowMs: number): string;
  /** The letter of a hash that was learned. */
  letter(hash: string): string | undefined;
}

/** The naming for the namespace of this name. */
export function newNaming(namespace: string): Naming {
  const letters = new Map<string, string>();
  const chaptersMs: number[] = [];
  /** Times of the API are whole seconds: a chapter begins with the second of its edit. */
  const timeName = (time: string, nowMs: number): string => {
    const atMs = Date.parse(time);
    if (atMs > nowMs) return "later";
    return `@${Math.max(
      0,
      chaptersMs.findLastIndex((startMs) => Math.floor(startMs / 1000) * 1000 <= atMs),
    )}`;
  };
  return {
    learn: (replicaSets) => {
      const news = replicaSets
        .filter(({ metadata }) => !letters.has(metadata.labels?.[HASH_LABEL] ?? ""))
        .filter(({ metadata }) => metadata.labels?.[HASH_LABEL] !== undefined)
        .toSorted((a, b) => timeOf(a) - timeOf(b) || revisionOf(a) - revisionOf(b));
      const named = new Map<string, string>();
      for (const { metadata } of news) {
        const hash = metadata.labels?.[HASH_LABEL] ?? "";
        letters.set(hash, letterOf(letters.size));
        named.set(letters.get(hash) ?? "", hash);
      }
      return named;
    },
    beginChapter: (nowMs) => void chaptersMs.push(nowMs),
    named: (text, nowMs) => {
      let renamed = text.replaceAll(timeForm, (time) => timeName(time, nowMs)).replaceAll(uidForm, "UID");
      for (const [hash, letter] of letters) {
        renamed = renamed.replaceAll(new RegExp(`\\b${hash}-[bcdfghjklmnpqrstvwxz2456789]{5}\\b`, "g"), `${letter}-*`);
        renamed = renamed.replaceAll(hash, letter);
      }
      return renamed.replaceAll(namespace, "NAMESPACE");
    },
    letter: (hash) => letters.get(hash),
  };
}

const timeOf = ({ metadata }: KubeObject): number => Date.parse(metadata.creationTimestamp ?? "") || 0;
