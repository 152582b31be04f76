/** `on-` and the event's reason in kebab case: RolloutCompleted → on-rollout-completed. */
export const triggerOfReason = (reason: string): string =>
  `on-${reason
    .replace(/(.)([A-Z][a-z]+)/g, "$1-$2")
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .toLowerCase()}`;
