/** When a watch has nobody left to go on for. */
interface Ends {
  readonly signal: AbortSignal;
  readonly unread?: AbortSignal | undefined;
}

/** Aborted when the person stopped it, or reads no further: the `signal` and `unread` of a command's ports. */
export const endOfWatch = ({ signal, unread }: Ends): AbortSignal =>
  unread === undefined ? signal : AbortSignal.any([signal, unread]);
