/** What a template says to GitHub. */
import { renderText, renderTexts } from "./row.ts";
import type { RenderText } from "./service.ts";
import type { Settings } from "./settings.ts";

export interface GitHubPart {
  readonly repoURL: string;
  readonly revision: string;
  readonly status?: Record<"state" | "label" | "targetURL", string>;
  readonly deployment?: Deployment;
  readonly pullRequestComment?: { readonly content: string; readonly commentTag: string };
  readonly checkRun?: CheckRun;
  readonly repositoryDispatch?: Record<"event_type" | "client_payload", string>;
}

interface Deployment extends Record<"state" | "environment" | "environmentURL" | "logURL" | "reference", string> {
  readonly autoMerge: boolean;
  readonly transientEnvironment: boolean;
  readonly requiredContexts: readonly string[] | null;
}

interface CheckRun extends Record<
  "name" | "details_url" | "status" | "conclusion" | "started_at" | "completed_at",
  string
> {
  readonly output?: Record<"title" | "summary" | "text", string>;
}

export function gitHubPart(part: Settings, render: RenderText): GitHubPart {
  const [status, dispatch] = [part.within("status"), part.within("repositoryDispatch")];
  const [deployment, comment, checkRun] = [
    part.within("deployment"),
    part.within("pullRequestComment"),
    part.within("checkRun"),
  ];
  return {
    repoURL: renderText(part, render, "repoURLPath"),
    revision: renderText(part, render, "revisionPath"),
    ...(status !== undefined && { status: renderTexts(status, render, ["state", "label", "targetURL"]) }),
    ...(deployment !== undefined && { deployment: deploymentOf(deployment, render) }),
    ...(comment !== undefined && {
      pullRequestComment: {
        content: renderText(comment, render, "content"),
        commentTag: comment.text("commentTag"),
      },
    }),
    ...(checkRun !== undefined && { checkRun: checkRunOf(checkRun, render) }),
    ...(dispatch !== undefined && {
      repositoryDispatch: renderTexts(dispatch, render, ["event_type", "client_payload"]),
    }),
  };
}

const deploymentOf = (deployment: Settings, render: RenderText): Deployment => ({
  ...renderTexts(deployment, render, ["state", "environment", "environmentURL", "logURL", "reference"]),
  autoMerge: deployment.flagOr("autoMerge") ?? true,
  transientEnvironment: deployment.flagOr("transientEnvironment") ?? false,
  requiredContexts: deployment.textsOr("requiredContexts") ?? null,
});

function checkRunOf(checkRun: Settings, render: RenderText): CheckRun {
  const output = checkRun.within("output");
  return {
    ...renderTexts(checkRun, render, ["name", "details_url", "status", "conclusion", "started_at", "completed_at"]),
    ...(output !== undefined && { output: renderTexts(output, render, ["title", "summary", "text"]) }),
  };
}

/**
 * `owner/name` of whatever Git takes for an address: https://host/owner/name.git, git@host:owner/name, ssh://…
 * Undefined: there are no two parts.
 */
export function repositoryOf(url: string): string | undefined {
  const path = /^(?:ssh|git|git\+ssh|https?|ftps?|rsync|file):\/\//.test(url)
    ? (URL.parse(url)?.pathname ?? "")
    : (/^(?:[\w.~-]+@)?[\w.-]+:([\w./-]+)/.exec(url)?.[1] ?? url);
  const [owner = "", name = ""] = path
    .replace(/\.git$/, "")
    .split("/")
    .filter((each) => each !== "");
  return owner === "" || name === "" ? undefined : `${encoded(owner)}/${encoded(name)}`;
}

function encoded(part: string): string {
  try {
    return encodeURIComponent(decodeURIComponent(part));
  } catch {
    return encodeURIComponent(part);
  }
}
