/** The help texts of the command line. */

export const usage = `Progressive delivery for Kubernetes in one small binary.

Usage:
  sluice controller [flags]   drive Rollouts, and serve the admission webhook where asked to
                              (sluice controller --help lists the flags)
  sluice demo                 see a canary, a blue-green update and a refused Rollout, without a cluster
  sluice dev [flags]          serve a cluster from this process for kubectl, with Sluice in it
                              (sluice dev --help lists the flags)
  sluice convert -f FILE      print Deployments as Rollouts, or back
                              (sluice convert --help lists the flags)
  sluice version              print the version
`;

/** For an unknown command; in cobra's words, which users of kubectl know. */
export const unknownCommand = (command: string): string =>
  `Error: unknown command "${command}" for "sluice"\nRun 'sluice --help' for usage.`;
