/** The bar above every page. */
import type { Session } from "../../../model.ts";
import { Icon } from "../parts/icons.tsx";
import { Link } from "../parts/link.tsx";
import { connection } from "../state/live.ts";
import type { Page } from "../state/route.ts";
import { logOut } from "../state/session.ts";
import { useStore } from "../state/store.ts";
import { choose, type Theme, theme } from "../state/theme.ts";
import { say } from "../state/toasts.ts";
import { helpIsOpen } from "./help.tsx";

const NEXT: Readonly<Record<Theme, Theme>> = { system: "light", light: "dark", dark: "system" };
const LOOKS = { system: "half", light: "sun", dark: "moon" } as const;
const WORDS: Readonly<Record<Theme, string>> = { system: "as the system has them", light: "light", dark: "dark" };

function ThemeButton() {
  const chosen = useStore(theme);
  const label = `Colours: ${WORDS[chosen]}. Change to: ${WORDS[NEXT[chosen]]}`;
  return (
    <button type="button" class="quiet" aria-label={label} title={label} onClick={() => choose(NEXT[chosen])}>
      <Icon name={LOOKS[chosen]} />
    </button>
  );
}

const leave = (): void =>
  void logOut().catch((error: unknown) => say("failed", error instanceof Error ? error.message : String(error)));

const Logo = () => (
  <svg viewBox="0 0 32 32" width="24" height="24" aria-hidden="true" class="logo">
    <rect width="32" height="32" rx="7" />
    <path d="M6 10h20M6 10v13M26 10v13M12 10v8M20 10v4" />
    <path class="water" d="M6 23q3.3-3 6.7 0t6.6 0t6.7 0" />
  </svg>
);

const Crumbs = ({ page }: { readonly page: Page }) => {
  if (page.page === "overview" || page.page === "nowhere") return null;
  const { namespace, name } = page;
  return (
    <nav aria-label="Where you are" class="crumbs">
      <Link to={{ page: "overview", namespace }}>{namespace}</Link>
      <span aria-hidden="true">/</span>
      {page.page === "simulation" ? (
        <Link to={{ page: "rollout", namespace, name }}>{name}</Link>
      ) : (
        <span aria-current="page">{name}</span>
      )}
    </nav>
  );
};

export const Header = ({ session, page }: { readonly session: Session; readonly page: Page }) => (
  <header class="top">
    <Link to={{ page: "overview", namespace: "" }} class="home">
      <Logo />
      <span>Sluice</span>
    </Link>
    <Crumbs page={page} />
    <div class="right">
      {session.cluster !== "" && (
        <span class="tag cluster wide-only" title={session.cluster}>
          {session.cluster}
        </span>
      )}
      {session.readOnly && <span class="tag">read only</span>}
      <ThemeButton />
      <button type="button" class="quiet" aria-label="Keys" title="Keys (?)" onClick={() => helpIsOpen.set(true)}>
        <kbd>?</kbd>
      </button>
      <span class="who wide-only" title={session.user?.groups.join(", ")}>
        {session.user?.name}
      </span>
      {session.how !== "kubeconfig" && (
        <button type="button" class="quiet" onClick={leave}>
          Log out
        </button>
      )}
    </div>
  </header>
);

/** Always there for screen readers, so that what is written into it is read out. */
export function Connection() {
  const isLost = useStore(connection) === "lost";
  return (
    <div class={isLost ? "connection lost" : "connection"} role="status">
      {isLost ? "The connection is lost: what you see may be old. Trying again…" : ""}
    </div>
  );
}
