/** What runs in its pods, and another image for it. */
import type { Detail } from "../../../model.ts";
import { ActButton } from "../actions/buttons.tsx";
import { Panel } from "../parts/panel.tsx";

type Container = Detail["containers"][number];

export function Containers({ whole }: { readonly whole: Detail }) {
  const { containers, initContainers, card, may, revisions } = whole;
  const { namespace, name } = card;
  const all = [...containers, ...initContainers];
  const images = [...new Set([...all.map(({ image }) => image), ...revisions.flatMap((revision) => revision.images)])];
  const item = (container: Container, isInit: boolean) => (
    <li key={container.name}>
      <div>
        <strong>{container.name}</strong>
        {isInit && <span class="faint"> init</span>}
        <code>{container.image}</code>
      </div>
      {may["set-image"] === true && (
        <ActButton
          ask={{
            act: { verb: "set-image", namespace, name, container: container.name, image: container.image },
            containers: all,
            images,
          }}
          kind="quiet"
        />
      )}
    </li>
  );
  return (
    <Panel title="Containers">
      <ul class="containers">
        {containers.map((container) => item(container, false))}
        {initContainers.map((container) => item(container, true))}
      </ul>
    </Panel>
  );
}
