/** axe-core in the page: run from outside of its policy, which allows no script but its own. */
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const source = await Bun.file(require.resolve("axe-core/axe.min.js")).text();

export interface Violation {
  readonly id: string;
  readonly impact: string | null | undefined;
  readonly nodes: readonly { readonly target: string; readonly failureSummary: string }[];
}

/** All rules that axe-core has, on the page as it is. */
export async function violationsOf(page: Page): Promise<readonly Violation[]> {
  await page.evaluate(source);
  const { violations } = await page.evaluate<AxeResults>("axe.run(document)");
  return violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    nodes: nodes.map(({ target, failureSummary }) => ({
      target: target.join(" "),
      failureSummary: failureSummary ?? "",
    })),
  }));
}
