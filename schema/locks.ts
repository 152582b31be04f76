/**
 * The Lease by which controllers of Rollouts keep apart, and what it says of its holder. Its name is Argo Rollouts' own,
 * so one Lease keeps Sluice and it apart, too.
 */

const LOCK = "argo-rollouts-controller-lock";
/** Builds before the first release held one of this name, too. Nothing takes it any more. */
const OLDER_LOCK = "sluice-controller-lock";

const named = (lock: string, instanceId: string): string => (instanceId === "" ? lock : `${lock}-${instanceId}`);

/** @param instanceId "": of the controller without one */
export const lockOf = (instanceId: string): string => named(LOCK, instanceId);
export const olderLockOf = (instanceId: string): string => named(OLDER_LOCK, instanceId);

/** Which lock a Lease is, by its name, and of which instance; undefined: none of a controller. */
export function lockNamed(name: string): { readonly isOlder: boolean; readonly instanceId: string } | undefined {
  const lock = [LOCK, OLDER_LOCK].find((each) => name === each || name.startsWith(`${each}-`));
  return lock === undefined ? undefined : { isOlder: lock === OLDER_LOCK, instanceId: name.slice(lock.length + 1) };
}

/**
 * Argo Rollouts takes over a Lease with its labels and annotations as they are, so only the holder's name can say who it
 * is. Argo Rollouts' begins with the host's name, in which there is no "_".
 */
const OURS = "sluice_";

/** With the profile edge, which takes the Lease for a second at its start and then works without one. */
export const EDGE_HOLDER = `${OURS}edge`;

export const holderName = (host: string, id: string): string => `${OURS}${host}_${id}`;
export const isSluice = (holder: string): boolean => holder.startsWith(OURS);
