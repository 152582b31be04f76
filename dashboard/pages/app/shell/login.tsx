/** Logging in, with a token or at an identity provider. */
import type { TargetedSubmitEvent } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../../../model.ts";
import { logIn } from "../state/session.ts";

export interface LoginProps {
  readonly session: Session;
  readonly why: string;
}

export function LoginPage({ session, why }: LoginProps) {
  const { logins, readOnly, loginFailure = "" } = session;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = "Log in – Sluice";
    heading.current?.focus();
  }, []);
  return (
    <main class="login">
      <h1 ref={heading} tabIndex={-1}>
        Sluice
      </h1>
      <p class="faint">Progressive delivery, as you may see and steer it{readOnly ? " (here: see only)" : ""}.</p>
      {why !== "" && (
        <p class="notice" role="status">
          {why}
        </p>
      )}
      {loginFailure !== "" && (
        <p class="problem" role="alert">
          {loginFailure}
        </p>
      )}
      {logins.includes("oidc") && (
        <a class="button primary wide" href="api/sluice/oidc/start">
          Log in with your organisation
        </a>
      )}
      {logins.length > 1 && <p class="or">or</p>}
      {logins.includes("token") && <TokenForm />}
    </main>
  );
}

function TokenForm() {
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const submit = async (event: TargetedSubmitEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const token = field.current?.value.trim() ?? "";
    if (token === "") return setProblem("Paste a token first.");
    setBusy(true);
    try {
      await logIn(token);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      setBusy(false);
      field.current?.focus();
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)}>
      <label for="token">Token of Kubernetes</label>
      <input
        id="token"
        ref={field}
        type="password"
        autocomplete="off"
        spellcheck={false}
        aria-describedby="token-help token-problem"
        aria-invalid={problem !== ""}
      />
      <p id="token-problem" class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="primary wide" disabled={isBusy}>
        {isBusy ? "Asking the cluster…" : "Log in"}
      </button>
      <p id="token-help" class="faint">
        As your kubectl uses it, or of a ServiceAccount: <code>kubectl create token NAME</code>. All that you see and do
        here is asked of the cluster in your name.
      </p>
    </form>
  );
}
