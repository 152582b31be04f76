/** The stages and the analyses of a simulated update, as tables. */
import type { SimulationView } from "../../../model.ts";
import { percent, timeText } from "../../../../simulator/simulate/words.ts";
import { Panel } from "../parts/panel.tsx";
import { Phase } from "../parts/phase.tsx";

const podsText = ({ ready, starting }: { readonly ready: number; readonly starting: number }): string =>
  starting === 0 ? String(ready) : `${ready} + ${starting}`;

export const Stages = ({ view: { stages, analyses } }: { readonly view: SimulationView }) => (
  <>
    <Panel title="Stages">
      <div class="scrolls" tabIndex={0} role="region" aria-label="Stages">
        <table>
          <thead>
            <tr>
              {["From", "Lasts", "Stage", "To the new", "New pods", "Old pods", "Least capacity"].map((head) => (
                <th key={head} scope="col">
                  {head}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr key={`${stage.fromMs} ${stage.text}`}>
                <td>{timeText(stage.fromMs)}</td>
                <td>{timeText(stage.toMs - stage.fromMs)}</td>
                <th scope="row">{stage.text}</th>
                <td>{percent(stage.share)}</td>
                <td>{podsText(stage.new)}</td>
                <td>{podsText(stage.old)}</td>
                <td>{percent(stage.worstCapacity)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p class="faint">Pods that are not ready stand behind the plus.</p>
    </Panel>
    {analyses.length > 0 && (
      <Panel title="Analyses">
        <ul class="judges">
          {analyses.map(({ name, kind, phase, fromMs, toMs, message, metrics }) => (
            <li key={name} class="judge">
              <div class="line">
                <h3>{name}</h3>
                <Phase phase={phase} />
                <span class="faint">
                  {kind}, {timeText(fromMs)}
                  {toMs === undefined ? "" : ` to ${timeText(toMs)}`}
                </span>
              </div>
              {message !== undefined && <p>{message}</p>}
              <p class="faint">
                {metrics
                  .map((metric) => `${metric.name}: ${metric.phase} after ${metric.measurements.length}`)
                  .join(", ")}
              </p>
            </li>
          ))}
        </ul>
      </Panel>
    )}
  </>
);
