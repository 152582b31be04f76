/** Metrics of an AnalysisRun: what is asked, against what it is held, and what was measured. */
import type { MeasurementView, MetricView } from "../../../model.ts";
import { clockTime } from "../parts/clockTime.ts";
import { Copyable } from "../parts/copy.tsx";
import { Phase } from "../parts/phase.tsx";
import { Until } from "../parts/time.tsx";
import { Chart } from "./chart.tsx";
import { tally } from "./limits.ts";

const Measurement = ({ startedAt, finishedAt, phase, value, message, metadata }: MeasurementView) => (
  <tr>
    <td>
      <time dateTime={finishedAt || startedAt}>{clockTime(finishedAt || startedAt)}</time>
    </td>
    <td>
      <Phase phase={phase} />
    </td>
    <td class="value">{value === "" ? "–" : value}</td>
    <td>
      {message}
      {Object.entries(metadata).map(([name, text]) => (
        <span key={name} class="faint">
          {" "}
          {name}: {text}
        </span>
      ))}
    </td>
  </tr>
);

const Measurements = ({ metric: { name, measurements } }: { readonly metric: MetricView }) => (
  <div class="scrolls" tabIndex={0} role="region" aria-label={`Measurements of ${name}`}>
    <table>
      <thead>
        <tr>
          <th scope="col">At</th>
          <th scope="col">Result</th>
          <th scope="col">Value</th>
          <th scope="col">Message</th>
        </tr>
      </thead>
      <tbody>
        {measurements.toReversed().map((measurement, index) => (
          <Measurement key={index} {...measurement} />
        ))}
      </tbody>
    </table>
  </div>
);

const Conditions = ({ metric: { successCondition, failureCondition, query } }: { readonly metric: MetricView }) => (
  <dl class="criteria">
    {successCondition !== "" && (
      <div>
        <dt>succeeds if</dt>
        <dd>
          <code>{successCondition}</code>
        </dd>
      </div>
    )}
    {failureCondition !== "" && (
      <div>
        <dt>fails if</dt>
        <dd>
          <code>{failureCondition}</code>
        </dd>
      </div>
    )}
    {query !== "" && (
      <div>
        <dt>asks</dt>
        <dd>
          <Copyable text={query} what="query" />
        </dd>
      </div>
    )}
  </dl>
);

function Metric({ metric }: { readonly metric: MetricView }) {
  const { name, phase, dryRun, provider, message, measurements, nextAt } = metric;
  const isDrawable = measurements.some(({ numbers }) => Object.keys(numbers).length > 0);
  return (
    <li class="metric">
      <div class="line">
        <h4>{name}</h4>
        <Phase phase={phase === "" ? "Pending" : phase} />
        {dryRun && <span class="tag">dry run</span>}
        <span class="faint">
          {provider}
          {nextAt !== undefined && (
            <>
              {" · next "}
              <Until at={nextAt} />
            </>
          )}
        </span>
      </div>
      <Conditions metric={metric} />
      {message !== "" && <p class="problem">{message}</p>}
      {isDrawable && <Chart metric={metric} />}
      <p class="faint">{tally(metric)}</p>
      {measurements.length > 0 && (
        <details open={!isDrawable}>
          <summary>Measurements as a table</summary>
          <Measurements metric={metric} />
        </details>
      )}
    </li>
  );
}

export const Metrics = ({ metrics }: { readonly metrics: readonly MetricView[] }) => (
  <ul class="metrics">
    {metrics.map((metric) => (
      <Metric key={metric.name} metric={metric} />
    ))}
  </ul>
);
