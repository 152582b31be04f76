/** Notices at the edge of the page: failures interrupt a screen reader, the rest waits for its turn. */
import { Icon } from "../parts/icons.tsx";
import { useStore } from "../state/store.ts";
import { dismiss, spoken, type Toast, toasts } from "../state/toasts.ts";

const Notice = ({ id, kind, text }: Toast) => (
  <div class={`toast ${kind}`}>
    <Icon name={kind === "done" ? "check" : "alert"} />
    <p>{text}</p>
    <button type="button" class="quiet" aria-label="Dismiss" onClick={() => dismiss(id)}>
      <Icon name="cross" />
    </button>
  </div>
);

export function Toasts() {
  const all = useStore(toasts);
  const of = (kind: Toast["kind"]) =>
    all.filter((toast) => toast.kind === kind).map((toast) => <Notice key={toast.id} {...toast} />);
  return (
    <div class="toasts">
      <div role="status">{of("done")}</div>
      <div role="alert">{of("failed")}</div>
      <p class="unseen" role="status">
        {useStore(spoken)}
      </p>
    </div>
  );
}
