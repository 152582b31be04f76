/** The revisions, newest first, with their pods. */
import type { Detail, RevisionView } from "../../../model.ts";
import { ActButton } from "../actions/buttons.tsx";
import { shortImage } from "../parts/images.ts";
import { Link } from "../parts/link.tsx";
import { Panel } from "../parts/panel.tsx";
import { Ago } from "../parts/time.tsx";

const GOOD = /^(Running|Completed|Succeeded)$/;
const STARTING = /^(Pending|ContainerCreating|PodInitializing|Terminating|Init:.*)$/;

function Pods({ pods }: Pick<RevisionView, "pods">) {
  if (pods.length === 0) return null;
  return (
    <ul class="pods-list">
      {pods.map(({ objectMeta: { name }, status, ready, restarts }) => {
        const [are = "", all = ""] = ready.split("/");
        const isReady = GOOD.test(status) && are === all;
        const tone = isReady ? "good" : GOOD.test(status) || STARTING.test(status) ? "moving" : "bad";
        const again = restarts === 0 ? "" : `, ${restarts} ${restarts === 1 ? "restart" : "restarts"}`;
        return (
          <li key={name} class={tone} title={name}>
            <span class="dot" aria-hidden="true" />
            <span class="name">{name}</span>
            <span class="faint">
              {status}, {ready} ready{again}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

const TONE_OF_TAG: Readonly<Record<string, string>> = {
  stable: "stable",
  active: "stable",
  canary: "canary",
  preview: "canary",
};

interface RevisionProps {
  readonly revision: RevisionView;
  readonly isNewest: boolean;
  readonly whole: Detail;
}

function Judges({ revision: { runs, experiments }, whole }: RevisionProps) {
  const { namespace } = whole.card;
  const all = [
    ...runs.map((name) => ({ page: "run", namespace, name }) as const),
    ...experiments.map((name) => ({ page: "experiment", namespace, name }) as const),
  ];
  if (all.length === 0) return null;
  return (
    <p class="faint judged">
      judged by{" "}
      {all.map((to, index) => (
        <span key={to.name}>
          {index > 0 && ", "}
          <Link to={to}>{to.name}</Link>
        </span>
      ))}
    </p>
  );
}

function Revision(props: RevisionProps) {
  const { revision, isNewest, whole } = props;
  const { tags, images, pods, replicaSet, notUndoable } = revision;
  const { namespace, name } = whole.card;
  const { objectMeta, replicas, available } = replicaSet;
  return (
    <li class={pods.length === 0 && tags.length === 0 ? "revision old" : "revision"}>
      <div class="line">
        <h3>Revision {revision.revision}</h3>
        {tags.map((tag) => (
          <span key={tag} class={`tag ${TONE_OF_TAG[tag] ?? ""}`}>
            {tag}
          </span>
        ))}
        <span class="faint">
          {available}/{replicas} available · <Ago at={objectMeta.creationTimestamp} />
        </span>
        {!isNewest && whole.may.undo === true && notUndoable === undefined && (
          <ActButton
            ask={{ act: { verb: "undo", namespace, name, revision: revision.revision } }}
            kind="quiet"
            label={`Go back to ${revision.revision}`}
          />
        )}
      </div>
      <p class="image-names" title={images.join("\n")}>
        {images.map(shortImage).join(", ")} <span class="faint">{objectMeta.name}</span>
      </p>
      <Judges {...props} />
      <Pods pods={pods} />
    </li>
  );
}

export function Revisions({ whole }: { readonly whole: Detail }) {
  const { revisions } = whole;
  return (
    <Panel title="Revisions" aside={`${revisions.length}`}>
      {revisions.length === 0 && <p class="faint">None yet: no ReplicaSet is made.</p>}
      <ol class="revisions">
        {revisions.map((revision, index) => (
          <Revision
            key={revision.replicaSet.objectMeta.name}
            revision={revision}
            isNewest={index === 0}
            whole={whole}
          />
        ))}
      </ol>
    </Panel>
  );
}
