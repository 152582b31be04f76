import type { WebhookFigure } from "./webhook.ts";
export async function clusterFigures(): Promise<WebhookFigure[]> {
  return [];
}
