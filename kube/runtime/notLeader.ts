/** We may no longer be the leader: nothing was sent. */
export class NotLeaderError extends Error {
  override readonly name = "NotLeaderError";
}
