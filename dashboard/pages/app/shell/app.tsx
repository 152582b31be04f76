/** Which page is shown, to whom. */
import { useEffect } from "preact/hooks";
import type { Session } from "../../../model.ts";
import { ExperimentPage, RunPage } from "../analysis/pages.tsx";
import { ActDialog } from "../actions/actDialog.tsx";
import { Overview } from "../overview/overview.tsx";
import { Link } from "../parts/link.tsx";
import { RolloutPage } from "../rollout/rolloutPage.tsx";
import { SimulationPage } from "../simulation/simulationPage.tsx";
import { go, type Page, pathOf, route } from "../state/route.ts";
import { askWho, login } from "../state/session.ts";
import { useStore } from "../state/store.ts";
import { Connection, Header } from "./header.tsx";
import { Help, helpIsOpen } from "./help.tsx";
import { LoginPage } from "./login.tsx";
import { Toasts } from "./toasts.tsx";

function Shown({ page, session }: { readonly page: Page; readonly session: Session }) {
  switch (page.page) {
    case "overview":
      return <Overview namespace={page.namespace} session={session} />;
    case "rollout":
      return <RolloutPage {...page} />;
    case "simulation":
      return <SimulationPage {...page} />;
    case "run":
      return <RunPage {...page} />;
    case "experiment":
      return <ExperimentPage {...page} />;
    case "nowhere":
      return (
        <main id="main" tabIndex={-1}>
          <h1>There is no such page</h1>
          <p>
            <Link to={{ page: "overview", namespace: "" }}>All Rollouts</Link>
          </p>
        </main>
      );
    default:
      return page satisfies never;
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof Element && target.closest("input, textarea, select, dialog") !== null;

/** Keys of every page; those of the list are its own. */
function onKey(event: KeyboardEvent): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (isTyping(event.target) || document.querySelector("dialog[open]") !== null) return;
  const page = route.get();
  if (event.key === "?") helpIsOpen.set(true);
  else if (page.page === "overview") return;
  else if (event.key === "Escape") go({ page: "overview", namespace: "" });
  else if (event.key === "/") go({ page: "overview", namespace: "" }, "?search");
  else return;
  event.preventDefault();
}

function Inside({ session }: { readonly session: Session }) {
  const page = useStore(route);
  const place = page.page === "nowhere" ? page.path : `${page.page} ${pathOf(page)}`;
  useEffect(() => {
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);
  // After another page was opened its heading has the focus, as after loading it.
  useEffect(() => {
    if (document.activeElement === document.body || document.activeElement?.closest("main") === null) {
      document.querySelector<HTMLElement>("main")?.focus({ preventScroll: true });
    }
  }, [place]);
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        To the content
      </a>
      <Header session={session} page={page} />
      <Connection />
      <Shown page={page} session={session} key={place} />
      <ActDialog />
      {useStore(helpIsOpen) && <Help />}
    </>
  );
}

/** By hand: with a base address, a link to a part of this page would lead to another one. */
function skip(event: MouseEvent): void {
  event.preventDefault();
  document.querySelector<HTMLElement>("main")?.focus();
}

export function App() {
  const now = useStore(login);
  const content = (() => {
    switch (now.kind) {
      case "asking":
        return <main class="login" aria-busy="true" />;
      case "unreachable":
        return (
          <main class="login">
            <h1>Sluice</h1>
            <p role="alert">{now.why}</p>
            <button type="button" class="primary" onClick={() => void askWho()}>
              Try again
            </button>
          </main>
        );
      case "out":
        return <LoginPage session={now.session} why={now.why} />;
      case "in":
        return <Inside session={now.session} />;
      default:
        return now satisfies never;
    }
  })();
  return (
    <>
      {content}
      <Toasts />
    </>
  );
}
