/** Statuses, deployments, comments, checks and events of GitHub (docs/notifications/services.md#github). */
import { isFields } from "../../kube/object/goJson.ts";
import { type App, appOf, callGitHub } from "./gitHubApp.ts";
import { type GitHubPart, gitHubPart, repositoryOf } from "./gitHubPart.ts";
import { orNone, structJson } from "./json.ts";
import { type Answered, jsonOf, type Sending, serviceRow, shortened } from "./row.ts";

/** Characters that GitHub takes. */
const LONGEST_DESCRIPTION = 140;
const LONGEST_COMMENT = 65_536;

/** What the statuses and checks belong to. */
interface Target {
  readonly app: App;
  readonly sending: Sending;
  /** `/repos/owner/name` */
  readonly at: string;
  readonly revision: string;
}

type Sender = (target: Target, part: GitHubPart) => Promise<void>;

const description = ({ sending }: Target): string => shortened(sending.notification.message, LONGEST_DESCRIPTION);

const post = ({ app, sending, at }: Target, path: string, body: unknown, accept?: string): Promise<Answered> =>
  callGitHub(app, sending, {
    method: "POST",
    path: `${at}${path}`,
    body: structJson(body),
    ...(accept !== undefined && { accept }),
  });

async function list({ app, sending, at }: Target, path: string, accept?: string): Promise<readonly Fields[]> {
  const { body } = await callGitHub(app, sending, {
    method: "GET",
    path: `${at}${path}`,
    ...(accept !== undefined && { accept }),
  });
  const listed = jsonOf(body, "an answer of GitHub");
  return Array.isArray(listed) ? listed.filter(isFields) : [];
}

type Fields = Readonly<Record<string, unknown>>;

const sendStatus: Sender = async (target, { status }) => {
  if (status === undefined) return;
  await post(target, `/statuses/${encodeURIComponent(target.revision)}`, {
    state: status.state,
    target_url: status.targetURL,
    description: description(target),
    context: status.label,
  });
};

const DEPLOYMENTS = "application/vnd.github.ant-man-preview+json, application/vnd.github.flash-preview+json";

const sendDeployment: Sender = async (target, { deployment }) => {
  if (deployment === undefined) return;
  const { environment, environmentURL, logURL, state, reference } = deployment;
  const asked = new URLSearchParams([
    ...(environment === "" ? [] : [["environment", environment]]),
    ["ref", target.revision],
  ] as [string, string][]);
  const [known] = await list(target, `/deployments?${asked.toString()}`);
  const made =
    known ??
    answered(
      await post(
        target,
        "/deployments",
        {
          ref: reference === "" ? target.revision : reference,
          auto_merge: deployment.autoMerge,
          required_contexts: deployment.requiredContexts,
          environment,
          transient_environment: deployment.transientEnvironment,
        },
        DEPLOYMENTS,
      ),
    );
  const id = made["id"];
  if (typeof id !== "number") throw new Error("GitHub names no deployment that a status could be for");
  await post(
    target,
    `/deployments/${id}/statuses`,
    { state, log_url: logURL, description: description(target), environment, environment_url: environmentURL },
    DEPLOYMENTS,
  );
};

/** 202: it merged the default branch first, and there is no deployment yet. */
function answered({ body }: Answered): Fields {
  const value = jsonOf(body, "an answer of GitHub");
  return isFields(value) ? value : {};
}

const COMMENTS = "application/vnd.github.squirrel-girl-preview";
const PULLS_OF_COMMIT = "application/vnd.github.groot-preview+json";
const PER_PAGE = 100;
/** Comments of one pull request that are looked through. */
const MOST_PAGES = 10;

const sendComment: Sender = async (target, { pullRequestComment: comment }) => {
  if (comment === undefined) return;
  const tag = comment.commentTag === "" ? undefined : `<!-- argocd-notifications ${comment.commentTag} -->`;
  const tail = tag === undefined ? "" : `\n${tag}`;
  const body = `${shortened(comment.content, LONGEST_COMMENT - tail.length)}${tail}`;
  const path = `/commits/${encodeURIComponent(target.revision)}/pulls`;
  for (const { number } of await list(target, path, PULLS_OF_COMMIT)) {
    if (typeof number !== "number") continue;
    const earlier = tag === undefined ? undefined : await taggedComment(target, number, tag);
    if (earlier === undefined) await post(target, `/issues/${number}/comments`, { body });
    else {
      const { app, sending, at } = target;
      const changed = structJson({ body });
      await callGitHub(app, sending, { method: "PATCH", path: `${at}/issues/comments/${earlier}`, body: changed });
    }
  }
};

async function taggedComment(target: Target, pull: number, tag: string): Promise<number | undefined> {
  for (let page = 1; page <= MOST_PAGES; page++) {
    const query = `per_page=${PER_PAGE}&page=${page}`;
    const comments = await list(target, `/issues/${pull}/comments?${query}`, COMMENTS);
    const tagged = comments.find(({ body }) => typeof body === "string" && body.includes(tag));
    if (typeof tagged?.["id"] === "number") return tagged["id"];
    if (comments.length < PER_PAGE) return undefined;
  }
  return undefined;
}

const CHECK_RUNS = "application/vnd.github.antiope-preview+json";

/** RFC 3339, as GitHub wants it. @throws {Error} */
function timeOf(text: string, what: string): string | undefined {
  if (text === "") return undefined;
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(Date.parse(text)))
    throw new Error(`not sent: github.checkRun.${what} of the template is no time such as 2006-01-02T15:04:05Z`);
  return text;
}

const sendCheckRun: Sender = async (target, { checkRun }) => {
  if (checkRun === undefined) return;
  const { name, details_url, conclusion, output } = checkRun;
  const status = conclusion !== "" && checkRun.status === "" ? "completed" : checkRun.status;
  if (conclusion === "" && (status === "completed" || checkRun.completed_at !== ""))
    throw new Error("not sent: github.checkRun of the template needs a conclusion, since it says that it is completed");
  await post(
    target,
    "/check-runs",
    {
      name,
      head_sha: target.revision,
      details_url,
      external_id: "argocd-notifications",
      status: orNone(status),
      conclusion: orNone(conclusion),
      started_at: timeOf(checkRun.started_at, "started_at"),
      completed_at: timeOf(checkRun.completed_at, "completed_at"),
      output: output && { title: output.title, summary: output.summary, text: output.text },
    },
    CHECK_RUNS,
  );
};

const sendDispatch: Sender = async (target, { repositoryDispatch: dispatch }) => {
  if (dispatch === undefined) return;
  const { event_type, client_payload } = dispatch;
  const payload =
    client_payload === "" ? undefined : jsonOf(client_payload, "github.repositoryDispatch.client_payload");
  await post(target, "/dispatches", { event_type, client_payload: payload });
};

const SENDERS: readonly Sender[] = [sendStatus, sendDeployment, sendComment, sendCheckRun, sendDispatch];

export const gitHub = serviceRow<App>({
  type: "github",
  configure: appOf,
  secrets: ({ privateKey }) => [privateKey],
  render: gitHubPart,
  async send(app, sending) {
    if (sending.part === undefined)
      throw new Error("not sent: the template has no part github, which says what to set");
    const part = sending.part as GitHubPart;
    const repository = repositoryOf(part.repoURL);
    if (repository === undefined)
      throw new Error("not sent: github.repoURLPath of the template must give the address of a repository");
    const { revision } = part;
    if (revision === "" || revision === "<no value>")
      throw new Error("not sent: github.revisionPath of the template must give a commit");
    const target: Target = { app, sending, at: `/repos/${repository}`, revision };
    for (const send of SENDERS) await send(target, part);
  },
});
