/** A command or a query to be copied. */
import { say } from "../state/toasts.ts";
import { Icon } from "./icons.tsx";

export function Copyable({ text, what = "command" }: { readonly text: string; readonly what?: string }) {
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text);
      say("done", `Copied the ${what}.`);
    } catch {
      say("failed", `The browser does not let this page copy the ${what}: select it, and copy it yourself.`);
    }
  };
  return (
    <span class="copyable">
      <code tabIndex={0}>{text}</code>
      <button type="button" class="quiet" aria-label={`Copy the ${what}: ${text}`} onClick={() => void copy()}>
        <Icon name="copy" />
      </button>
    </span>
  );
}
