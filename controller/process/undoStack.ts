/** Undoes what has been begun, in the opposite order, whatever happens in between. */

type Step = () => unknown;

export interface Undo {
  push(step: Step): void;
  /** Runs each step once; one that fails does not keep the others from running. Never rejects. */
  all(): Promise<void>;
}

export function createUndo(onError: (error: unknown) => void): Undo {
  const steps: Step[] = [];
  return {
    push: (step) => void steps.push(step),
    async all() {
      for (let step = steps.pop(); step !== undefined; step = steps.pop()) {
        try {
          await step();
        } catch (error) {
          onError(error);
        }
      }
    },
  };
}
