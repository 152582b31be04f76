/** The versions that an Experiment runs. */
import type { ExperimentView } from "../../../model.ts";
import { Phase } from "../parts/phase.tsx";

export const Templates = ({ templates }: Pick<ExperimentView, "templates">) => (
  <div class="scrolls" tabIndex={0} role="region" aria-label="Templates">
    <table>
      <thead>
        <tr>
          <th scope="col">Template</th>
          <th scope="col">Status</th>
          <th scope="col">Pods</th>
          <th scope="col">Weight</th>
          <th scope="col">Message</th>
        </tr>
      </thead>
      <tbody>
        {templates.map(({ name, phase, available, replicas, weight, message }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Phase phase={phase} />
            </td>
            <td>
              {available}/{replicas}
            </td>
            <td>{weight === undefined ? "–" : `${weight}%`}</td>
            <td>{message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  </div>
);
