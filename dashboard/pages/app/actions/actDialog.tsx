/** The dialog before every change: what it will do, in the words of the server, and the same as a command. */
import { useEffect, useState } from "preact/hooks";
import type { Act, Preview } from "../../../model.ts";
import { Copyable } from "../parts/copy.tsx";
import { Dialog } from "../parts/dialog.tsx";
import { perform, preview } from "../state/session.ts";
import { useStore } from "../state/store.ts";
import { say } from "../state/toasts.ts";
import { asked, type Asked } from "./buttons.tsx";
import { ImageFields } from "./imageFields.tsx";
import { WORDS } from "./words.ts";

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
const close = (): void => asked.set(undefined);

type Foretold =
  | { readonly kind: "asking" }
  | { readonly kind: "told"; readonly preview: Preview }
  | { readonly kind: "refused"; readonly why: string };

/** An image is typed letter by letter: not each of them is asked about. */
const TYPING_MS = 250;

function useForetold(act: Act): Foretold {
  const [foretold, setForetold] = useState<Foretold>({ kind: "asking" });
  const isIncomplete = act.verb === "set-image" && (act.image ?? "") === "";
  useEffect(() => {
    let isOver = false;
    setForetold({ kind: "asking" });
    if (isIncomplete) return undefined;
    const ask = async (): Promise<void> => {
      try {
        const answer = await preview(act);
        if (!isOver) setForetold({ kind: "told", preview: answer });
      } catch (error) {
        if (!isOver) setForetold({ kind: "refused", why: messageOf(error) });
      }
    };
    const timer = setTimeout(() => void ask(), act.verb === "set-image" ? TYPING_MS : 0);
    return () => {
      isOver = true;
      clearTimeout(timer);
    };
  }, [JSON.stringify(act)]);
  return isIncomplete ? { kind: "refused", why: "Write the image that it is to run." } : foretold;
}

const WhatItDoes = ({ foretold }: { readonly foretold: Foretold }) => (
  <div class="foretold" aria-live="polite" aria-busy={foretold.kind === "asking"}>
    {foretold.kind === "asking" && <p class="faint">Asking what it will do…</p>}
    {foretold.kind === "refused" && <p class="problem">{foretold.why}</p>}
    {foretold.kind === "told" && (
      <>
        <ul class={foretold.preview.applies ? "" : "problem"}>
          {foretold.preview.sentences.map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
        {foretold.preview.command !== "" && <Copyable text={foretold.preview.command} />}
      </>
    )}
  </div>
);

function Question({ ask }: { readonly ask: Asked }) {
  const [act, setAct] = useState(ask.act);
  const [isBusy, setBusy] = useState(false);
  const foretold = useForetold(act);
  const words = WORDS[act.verb];
  const confirm = async (): Promise<void> => {
    setBusy(true);
    try {
      const { sentence } = await perform(act);
      say("done", sentence);
    } catch (error) {
      say("failed", messageOf(error));
    }
    close();
  };
  const isReady = foretold.kind === "told" && foretold.preview.applies && !isBusy;
  return (
    <Dialog title={`${words.title} ${act.name}?`} close={close}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (isReady) void confirm();
        }}
      >
        {act.verb === "set-image" && <ImageFields ask={ask} act={act} change={setAct} />}
        <WhatItDoes foretold={foretold} />
        <div class="buttons">
          <button type="button" onClick={close}>
            Cancel
          </button>
          <button type="submit" class={words.isHarsh ? "primary harsh" : "primary"} disabled={!isReady}>
            {words.label}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

export function ActDialog() {
  const ask = useStore(asked);
  return ask === undefined ? null : <Question ask={ask} key={JSON.stringify(ask.act)} />;
}
