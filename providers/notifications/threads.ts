/** Messages of Slack that others belong to, by what they are about; the oldest are forgotten. */

export interface Thread {
  /** What Slack names the first message by. */
  readonly ts: string;
  /** The channel's ID, which updates ask for. */
  readonly channel: string;
}

const MOST = 1_000;

/**
 * Of the process, as the reference has it: settings are read again at every change of a ConfigMap, and a thread outlives
 * that.
 */
const threads = new Map<string, Thread>();

export const threadOf = (key: string): Thread | undefined => threads.get(key);

export const forgetThread = (key: string): boolean => threads.delete(key);

export function keepThread(key: string, thread: Thread): void {
  threads.set(key, thread);
  const [oldest] = threads.keys();
  if (threads.size > MOST && oldest !== undefined) threads.delete(oldest);
}
